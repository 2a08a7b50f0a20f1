/*
 * The scenario parser: what good scenarios come to.
 */
#include "test_scenario.h"
#include <stdlib.h>
#include <string.h>
#include "command.h"
#include "virtio/config.h"
#include "virtio/gpu.h"
#include "virtio/mmio.h"

const char test_scenario_all_verbs[] =
    "# First line.\n"
    "#   Second line.\n"
    "#\n"
    "spec      LMMIO-DRV-D10 STATUS-DRV-01\n"
    "violates  LMMIO-DRV-D10\n"
    "device    gpu  version 1  profile qemu  queue-size-max 64  display 640x480  scanouts 2  "
    "slot 3  features -EVENT_IDX +ANY_LAYOUT  eager-poll\n"
    "driver    levitate  queue-size 16  legacy  # a comment\n"
    "memory    base 0x80000000  size 32MiB  next 0x80010000  identity static-dma stack-dma poison\n"
    "schedule  random  odds 8  interrupts any\n"
    "seed      0x123456789abcdef0\n"
    "fault     completion-late 100 request 2\n"
    "fault     completion-lost\n"
    "exhibit   A1 one/two#3 a/b@1234567\n"
    "mended    device -> TIMEOUT OK\n"
    "call      init\n"
    "call      show 640 0x1e0 -> OK\n"
    "call      get_display_info -> TIMEOUT\n"
    "call      shutdown -> ...\n"
    "read      MagicValue -> 0x74726976\n"
    "read      config+0x8\n"
    "read      Version -> ...\n"
    "write     QueueNum 16\n"
    "store     q0.desc[2].addr 0x80010000\n"
    "store     0x80010004 2 65535\n"
    "alloc     ring 4KiB at 0x80020000\n"
    "free      ring 4096 at 0x80020000\n"
    "interrupt\n"
    "expect    stuck queue-live\n"
    "expect    finding LMMIO-DRV-D10 at transport.c:88\n"
    "expect    finding LMMIO-DRV-D10 at driver/x.c\n"
    "expect    finding LMMIO-DRV-D10\n"
    "expect    response filled\n"
    "expect    scanout 0 active 640x480\n"
    "expect    scanout 1 never\n"
    "expect    picture test-card\n"
    "expect    q0.used.idx 1\n"
    "expect    QueuePFN 0\n"
    "expect    dma-live 0\n"
    "replay    qemu aarch64\n";

/* Parses or fails the test with the parser's message. */
static struct scenario *parse(const char *text)
{
    char *message = NULL;
    size_t bytes = 0;
    FILE *errors = open_memstream(&message, &bytes);
    struct scenario *scenario = scenario_parse("dir/x.scn", text, errors);
    fclose(errors);
    ck_assert_msg(scenario != NULL, "%s", message);
    ck_assert_uint_eq(bytes, 0);
    free(message);
    return scenario;
}

START_TEST(every_verb_is_read)
{
    struct scenario *s = parse(test_scenario_all_verbs);
    ck_assert_str_eq(s->path, "dir/x.scn");
    ck_assert_str_eq(s->name, "x");
    ck_assert_str_eq(s->description, "First line.\n  Second line.\n");
    ck_assert_uint_eq(s->spec_count, 2);
    ck_assert_str_eq(s->spec[1], "STATUS-DRV-01");
    ck_assert_uint_eq(s->violates_count, 1);
    ck_assert_str_eq(s->violates[0], "LMMIO-DRV-D10");
    ck_assert_uint_eq(s->schedule, SCHEDULE_RANDOM);
    ck_assert_uint_eq(s->odds, 8);
    ck_assert(s->interrupts_any);
    ck_assert_uint_eq(s->seed, UINT64_C(0x123456789abcdef0));
    ck_assert_uint_eq(s->target_count, 1);
    ck_assert_str_eq(s->target[0], "aarch64");
    ck_assert_uint_eq(s->target_line, 39);
    scenario_free(s);
}
END_TEST

START_TEST(device_options_are_read)
{
    struct scenario *s = parse(test_scenario_all_verbs);
    ck_assert_uint_eq(s->device.version, 1);
    ck_assert_uint_eq(s->device.profile, SIM_PROFILE_QEMU);
    ck_assert_uint_eq(s->device.queue_size_max, 64);
    ck_assert_uint_eq(s->device.slot, 3);
    ck_assert(s->device.eager_poll);
    ck_assert_uint_eq(s->display_width_px, 640);
    ck_assert_uint_eq(s->display_height_px, 480);
    ck_assert_uint_eq(s->scanouts, 2);
    ck_assert_uint_eq(s->features_on, VIRTIO_BIT(VIRTIO_F_ANY_LAYOUT));
    ck_assert_uint_eq(s->features_off, VIRTIO_BIT(VIRTIO_F_EVENT_IDX));
    scenario_free(s);
}
END_TEST

START_TEST(driver_memory_and_faults_are_read)
{
    struct scenario *s = parse(test_scenario_all_verbs);
    ck_assert_str_eq(s->driver, "levitate");
    ck_assert_uint_eq(s->driver_line, 7);
    ck_assert_uint_eq(s->driver_column, 11);
    ck_assert_uint_eq(s->option_count, 2);
    ck_assert_str_eq(s->option[0].name, "queue-size");
    ck_assert_str_eq(s->option[0].value, "16");
    ck_assert_uint_eq(s->option[0].value_column, 32);
    ck_assert_str_eq(s->option[1].name, "legacy");
    ck_assert_str_eq(s->option[1].value, "on");
    ck_assert_uint_eq(s->option[1].value_column, 0);
    ck_assert_uint_eq(s->memory_base, 0x80000000u);
    ck_assert_uint_eq(s->memory_bytes, 32u << 20);
    ck_assert_uint_eq(s->memory_next, 0x80010000u);
    ck_assert(s->identity && s->static_dma && s->stack_dma && s->poison);
    ck_assert_uint_eq(s->faults.count, 2);
    ck_assert_uint_eq(s->faults.fault[0].kind, SIM_FAULT_COMPLETION_LATE);
    ck_assert_uint_eq(s->faults.fault[0].argument, 100);
    ck_assert_uint_eq(s->faults.fault[0].request, 2);
    ck_assert_uint_eq(s->faults.fault[1].kind, SIM_FAULT_COMPLETION_LOST);
    ck_assert_uint_eq(s->faults.fault[1].request, 0);
    scenario_free(s);
}
END_TEST

START_TEST(exhibits_are_read_and_mended)
{
    struct scenario *s = parse(test_scenario_all_verbs);
    struct scenario *mended = malloc(sizeof *mended);
    ck_assert_ptr_nonnull(mended);
    ck_assert_str_eq(s->exhibit.id, "A1");
    ck_assert_uint_eq(s->exhibit.reference_count, 2);
    ck_assert_str_eq(s->exhibit.reference[1], "a/b@1234567");
    ck_assert(s->exhibit.device_mended);
    ck_assert_uint_eq(s->exhibit.result_count, 2);
    ck_assert(scenario_mend(s, mended));
    ck_assert_uint_eq(s->faults.count, 2);
    ck_assert_uint_eq(mended->faults.count, 0);
    ck_assert_uint_eq(mended->option_count, 2);
    ck_assert_int_eq(mended->action[0].result, SUITE_TIMEOUT);
    ck_assert_int_eq(mended->action[1].result, SUITE_OK);
    ck_assert_int_eq(mended->action[3].result, SUITE_OK);
    ck_assert_uint_eq(mended->violates_count, 0);
    ck_assert_uint_eq(mended->expect_count, 2);
    ck_assert_int_eq(mended->expect[0].rung, -1);
    ck_assert_uint_eq(mended->expect[1].kind, SCENARIO_EXPECT_PICTURE);
    scenario_free(s);

    s = parse("exhibit B12 one/two\ndevice gpu\ndriver x\ncall init -> TIMEOUT\n");
    ck_assert(scenario_mend(s, mended));
    ck_assert_uint_eq(mended->option_count, 1);
    ck_assert_str_eq(mended->option[0].name, "mended");
    ck_assert_str_eq(mended->option[0].value, "on");
    ck_assert_int_eq(mended->action[0].result, SUITE_OK);
    ck_assert_uint_eq(mended->expect_count, 1);
    scenario_free(s);
    free(mended);
}
END_TEST

START_TEST(a_fault_is_armed_for_a_step_a_moment_or_from_there_on)
{
    struct scenario *s = scenario_parse("faults.scn",
                                        "device gpu\n"
                                        "fault magic 0x10 at 30\n"
                                        "fault used-idx-jump 7 from 40\n"
                                        "fault reset-lost occurrence 2\n"
                                        "read Version\n"
                                        "fault needs-reset\n"
                                        "fault needs-reset occurrence 3\n",
                                        stderr);
    ck_assert_ptr_nonnull(s);
    ck_assert_uint_eq(s->faults.count, 3);
    ck_assert_uint_eq(s->faults.fault[0].argument, 16);
    ck_assert_uint_eq(s->faults.fault[0].from_step, 30);
    ck_assert(!s->faults.fault[0].repeats);
    ck_assert_uint_eq(s->faults.fault[1].from_step, 40);
    ck_assert(s->faults.fault[1].repeats);
    ck_assert_uint_eq(s->faults.fault[2].occurrence, 2);
    ck_assert_uint_eq(s->action[1].fault.from_step, SIM_FAULT_NEXT);
    ck_assert_uint_eq(s->action[2].fault.from_step, 0);
    ck_assert_uint_eq(s->action[2].fault.occurrence, 3);
    scenario_free(s);
}
END_TEST

START_TEST(a_personality_is_settings_of_the_device)
{
    static const struct {
        const char *word;
        bool qemu, eager, hush, strict, order, size;
        enum schedule_kind schedule;
    } cases[] = {
        {"qemu-7", true, false, false, false, false, false, SCHEDULE_EAGER},
        {"qemu-11", true, false, false, false, false, true, SCHEDULE_EAGER},
        {"strict", false, false, false, true, false, false, SCHEDULE_EAGER},
        {"eager", false, true, true, false, false, false, SCHEDULE_EAGER},
        {"lazy", false, false, false, false, false, false, SCHEDULE_LAZY},
        {"out-of-order", false, false, false, false, true, false, SCHEDULE_EAGER},
    };
    ck_assert_uint_eq(sizeof cases / sizeof cases[0], SIM_PERSONALITY_COUNT);
    for (int i = 0; i < SIM_PERSONALITY_COUNT; i++) {
        char text[128];
        snprintf(text, sizeof text, "device gpu personality %s\nread Version\n", cases[i].word);
        struct scenario *s = scenario_parse("personality.scn", text, stderr);
        ck_assert_ptr_nonnull(s);
        ck_assert_int_eq(s->personality, i);
        ck_assert_int_eq(s->device.profile == SIM_PROFILE_QEMU, cases[i].qemu);
        ck_assert_int_eq(s->device.eager_poll, cases[i].eager);
        ck_assert_int_eq(s->device.no_notify, cases[i].hush);
        ck_assert_int_eq(s->device.strict, cases[i].strict);
        ck_assert_int_eq(s->device.out_of_order, cases[i].order);
        ck_assert_int_eq(s->device.checks_queue_size, cases[i].size);
        ck_assert_int_eq(s->schedule, cases[i].schedule);
        scenario_free(s);
    }
}
END_TEST

START_TEST(actions_are_read)
{
    struct scenario *s = parse(test_scenario_all_verbs);
    const struct scenario_action *a = s->action;
    ck_assert_uint_eq(s->action_count, 13);
    ck_assert_str_eq(a[0].name, "init");
    ck_assert_int_eq(a[0].result, SUITE_OK); /* no arrow: OK is expected */
    ck_assert_uint_eq(a[1].args.count, 2);
    ck_assert_uint_eq(a[1].args.value[1], 480);
    ck_assert_int_eq(a[2].result, SUITE_TIMEOUT);
    ck_assert_int_eq(a[3].result, -1);
    ck_assert_uint_eq(a[3].line, 18);
    ck_assert_uint_eq(a[4].kind, SCENARIO_READ);
    ck_assert_uint_eq(a[4].event.place, EVENT_PLACE_REGISTER);
    ck_assert_uint_eq(a[4].event.index, VIRTIO_MMIO_REG_MagicValue);
    ck_assert_uint_eq(a[4].event.value, VIRTIO_MMIO_MAGIC);
    ck_assert_uint_eq(a[4].event.slot, 3);
    ck_assert(a[4].check_value);
    ck_assert_uint_eq(a[5].event.place, EVENT_PLACE_CONFIG);
    ck_assert_uint_eq(a[5].event.addr, VIRTIO_MMIO_CONFIG + 8);
    ck_assert_uint_eq(a[5].event.width_bytes, 4);
    ck_assert(!a[5].check_value && !a[6].check_value);
    ck_assert_uint_eq(a[7].kind, SCENARIO_WRITE);
    ck_assert_uint_eq(a[7].event.index, VIRTIO_MMIO_REG_QueueSize); /* by its alias */
    ck_assert_uint_eq(a[7].event.addr, VIRTIO_MMIO_QueueSize);
    ck_assert_uint_eq(a[7].event.width_bytes, 4);
    ck_assert_uint_eq(a[8].kind, SCENARIO_STORE);
    ck_assert_uint_eq(a[8].event.place, EVENT_PLACE_DESC_ADDR);
    ck_assert_uint_eq(a[8].event.index, 2);
    ck_assert_uint_eq(a[8].event.width_bytes, 8);
    ck_assert_uint_eq(a[9].event.place, EVENT_PLACE_MEMORY);
    ck_assert_uint_eq(a[9].event.addr, 0x80010004u);
    ck_assert_uint_eq(a[9].event.width_bytes, 2);
    ck_assert_uint_eq(a[9].event.value, 65535);
    ck_assert_uint_eq(a[10].kind, SCENARIO_ALLOC);
    ck_assert_str_eq(a[10].name, "ring");
    ck_assert_uint_eq(a[10].event.kind, EVENT_ALLOC);
    ck_assert_uint_eq(a[10].event.value, 4096);
    ck_assert_uint_eq(a[10].event.addr, 0x80020000u);
    ck_assert_uint_eq(a[11].kind, SCENARIO_FREE);
    ck_assert_uint_eq(a[11].event.kind, EVENT_FREE);
    ck_assert_uint_eq(a[11].event.addr, 0x80020000u);
    ck_assert_uint_eq(a[12].kind, SCENARIO_INTERRUPT);
    scenario_free(s);
}
END_TEST

START_TEST(a_bring_up_and_a_request_stand_for_accesses_of_their_line)
{
    struct scenario *s = parse("device gpu\nbring-up features accept EVENT_IDX\n"
                               "bring-up driver-ok after features\nrequest\nrequest unnotified\n"
                               "load q0.used.idx -> 2\nwait\nreturn TIMEOUT\n");
    const struct scenario_action *a = s->action;
    size_t at = 0;
    ck_assert_uint_eq(a[0].event.index, VIRTIO_MMIO_REG_MagicValue);
    while (a[at].kind != SCENARIO_WRITE || a[at].event.index != VIRTIO_MMIO_REG_DriverFeatures)
        at++;
    ck_assert_uint_eq(a[at].event.value, VIRTIO_BIT(VIRTIO_F_EVENT_IDX));
    ck_assert_uint_eq(a[at].line, 2);
    ck_assert_uint_eq(a[at + 2].event.value, 1); /* VERSION_1 */
    ck_assert_uint_eq(a[at + 3].event.index, VIRTIO_MMIO_REG_Status);
    ck_assert_uint_eq(a[at + 3].line, 3);
    while (a[at].event.index != VIRTIO_MMIO_REG_QueueDriverLow)
        at++;
    ck_assert_uint_eq(a[at].event.value, 0x41001000u);
    while (a[at].event.place != EVENT_PLACE_AVAIL_IDX)
        at++;
    ck_assert_uint_eq(a[at].event.value, 1);
    ck_assert_uint_eq(a[at + 1].event.index, VIRTIO_MMIO_REG_QueueNotify);
    ck_assert_uint_eq(a[s->action_count - 4].event.place, EVENT_PLACE_AVAIL_IDX);
    ck_assert_uint_eq(a[s->action_count - 4].event.value, 2);
    ck_assert_uint_eq(a[s->action_count - 3].kind, SCENARIO_LOAD);
    ck_assert(a[s->action_count - 3].check_value);
    ck_assert_uint_eq(a[s->action_count - 2].kind, SCENARIO_WAIT);
    ck_assert_uint_eq(a[s->action_count - 1].kind, SCENARIO_RETURN);
    ck_assert_int_eq(a[s->action_count - 1].result, SUITE_TIMEOUT);
    scenario_free(s);

    s = parse("device gpu version 1\nbring-up driver-ok\n");
    a = s->action;
    for (size_t i = 0; i < s->action_count; i++)
        ck_assert(a[i].kind == SCENARIO_ALLOC || a[i].event.index != VIRTIO_MMIO_REG_QueueReady);
    ck_assert_uint_eq(a[s->action_count - 1].event.value, 7);
    ck_assert_uint_eq(a[s->action_count - 2].event.value, 0x41000u);
    scenario_free(s);
}
END_TEST

START_TEST(expectations_are_read)
{
    struct scenario *s = parse(test_scenario_all_verbs);
    const struct scenario_expect *e = s->expect;
    ck_assert_uint_eq(s->expect_count, 11);
    ck_assert_int_eq(e[0].rung, LADDER_QUEUE_LIVE);
    ck_assert_str_eq(e[1].id, "LMMIO-DRV-D10");
    ck_assert_str_eq(e[1].file, "transport.c");
    ck_assert_uint_eq(e[1].at_line, 88);
    ck_assert_str_eq(e[2].file, "driver/x.c");
    ck_assert_uint_eq(e[2].at_line, 0);
    ck_assert_str_eq(e[3].file, "");
    ck_assert(e[4].filled);
    ck_assert_uint_eq(e[5].state, SCENARIO_SCANOUT_ACTIVE);
    ck_assert_uint_eq(e[5].width_px, 640);
    ck_assert_uint_eq(e[5].height_px, 480);
    ck_assert_uint_eq(e[6].scanout, 1);
    ck_assert_uint_eq(e[6].state, SCENARIO_SCANOUT_NEVER);
    ck_assert_uint_eq(e[7].kind, SCENARIO_EXPECT_PICTURE);
    ck_assert_uint_eq(e[8].kind, SCENARIO_EXPECT_VALUE);
    ck_assert_uint_eq(e[8].event.place, EVENT_PLACE_USED_IDX);
    ck_assert_uint_eq(e[8].event.value, 1);
    ck_assert_uint_eq(e[9].event.index, VIRTIO_MMIO_REG_QueuePFN);
    ck_assert_uint_eq(e[10].kind, SCENARIO_EXPECT_DMA_LIVE);
    ck_assert_uint_eq(e[10].line, 38);
    scenario_free(s);
}
END_TEST

START_TEST(what_is_not_said_has_the_documented_default)
{
    struct scenario *s = parse("device gpu\nread Version\n");
    ck_assert_uint_eq(s->device.version, 2);
    ck_assert_uint_eq(s->device.profile, SIM_PROFILE_SPEC);
    ck_assert_uint_eq(s->device.queue_size_max, 1024);
    ck_assert_uint_eq(s->device.slot, 31);
    ck_assert(!s->device.eager_poll);
    ck_assert_uint_eq(s->display_width_px, 1280);
    ck_assert_uint_eq(s->display_height_px, 800);
    ck_assert_uint_eq(s->scanouts, 1);
    ck_assert_str_eq(s->driver, "");
    ck_assert_str_eq(s->description, "");
    ck_assert_uint_eq(s->memory_base, 0x40000000u);
    ck_assert_uint_eq(s->memory_bytes, 64u << 20);
    ck_assert_uint_eq(s->memory_next, 0);
    ck_assert_uint_eq(s->schedule, SCHEDULE_EAGER);
    ck_assert_uint_eq(s->seed, 0);
    scenario_free(s);
}
END_TEST

/* What QEMU 7.2's virtio-gpu-device offers, EDID left out; read from it over qtest. */
#define QEMU_EDID            VIRTIO_BIT(VIRTIO_GPU_F_EDID)
#define QEMU_LEGACY_FEATURES UINT64_C(0x39000002)
#define QEMU_MODERN_FEATURES UINT64_C(0x10130000002)

START_TEST(features_are_qemus_unless_the_scenario_says_otherwise)
{
    static const struct {
        const char *device;
        uint64_t features;
    } cases[] = {
        {"version 1", QEMU_LEGACY_FEATURES & ~QEMU_EDID},
        {"version 2", QEMU_MODERN_FEATURES & ~QEMU_EDID},
        {"features -EVENT_IDX", UINT64_C(0x10110000000)},
        {"features -INDIRECT_DESC -EVENT_IDX -RING_RESET", UINT64_C(0x100000000)},
        {"features +IN_ORDER", UINT64_C(0x10930000000)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[256];
        snprintf(text, sizeof text, "device gpu %s\nread Version\n", cases[i].device);
        struct scenario *s = parse(text);
        ck_assert_msg(s->device.features == cases[i].features, "%s: %#llx", cases[i].device,
                      (unsigned long long)s->device.features);
        scenario_free(s);
    }
}
END_TEST

START_TEST(line_ends_and_byte_order_marks_do_not_matter)
{
    static const char *const texts[] = {
        "# about\ndevice gpu\nread Version -> 2\n",
        "# about\ndevice gpu\nread Version -> 2",
        "# about\r\ndevice gpu\r\nread Version -> 2\r\n",
        "\xef\xbb\xbf# about\ndevice gpu\nread Version -> 2\n",
        "\n\n# about\n\n\tdevice\tgpu  \n  read   Version  ->  2 # yes\n",
        "#about\ndevice gpu\nread Version -> 2 #\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct scenario *s = parse(texts[i]);
        ck_assert_str_eq(s->description, "about");
        ck_assert_uint_eq(s->action_count, 1);
        ck_assert_uint_eq(s->action[0].event.value, 2);
        scenario_free(s);
    }
}
END_TEST

START_TEST(places_may_have_a_width_and_a_slot)
{
    struct scenario *s = parse("device gpu\nread slot4.MagicValue\nwrite QueueSel/2 1\n"
                               "store q0.avail.idx/1 255\nread QueueSel+0x2/1\n");
    ck_assert_uint_eq(s->action[0].event.slot, 4);
    ck_assert_uint_eq(s->action[1].event.slot, 31);
    ck_assert_uint_eq(s->action[1].event.width_bytes, 2);
    ck_assert_uint_eq(s->action[2].event.width_bytes, 1);
    ck_assert_uint_eq(s->action[3].event.width_bytes, 1);
    scenario_free(s);
}
END_TEST

START_TEST(every_register_can_be_read_by_name_and_alias)
{
#define X(name, offset, v1, v2, scope, alias) {#name, alias, offset},
    static const struct {
        const char *name, *alias;
        uint32_t offset;
    } registers[] = {VIRTIO_MMIO_REGISTERS(X)};
#undef X
    for (size_t i = 0; i < sizeof registers / sizeof registers[0]; i++) {
        char text[256];
        snprintf(text, sizeof text, "device gpu\nread %s\nwrite %s 1\n", registers[i].name,
                 registers[i].alias);
        struct scenario *s = parse(text);
        for (size_t j = 0; j < 2; j++) {
            ck_assert_uint_eq(s->action[j].event.index, i);
            ck_assert_uint_eq(s->action[j].event.addr, registers[i].offset);
        }
        scenario_free(s);
    }
}
END_TEST

START_TEST(every_word_of_the_tables_is_a_word_of_the_language)
{
#define X(name, word, question) word,
    static const char *const rungs[] = {LADDER_RUNGS(X)};
#undef X
#define X(name, meaning) #name,
    static const char *const results[] = {SUITE_RESULTS(X)};
#undef X
    char text[256];
    for (size_t i = 0; i < sizeof rungs / sizeof rungs[0]; i++) {
        snprintf(text, sizeof text, "device gpu\nread Version\nexpect stuck %s\n", rungs[i]);
        struct scenario *s = parse(text);
        ck_assert_int_eq(s->expect[0].rung, (int)i);
        scenario_free(s);
    }
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
        snprintf(text, sizeof text, "device gpu\ndriver x\ncall y -> %s\n", results[i]);
        struct scenario *s = parse(text);
        ck_assert_int_eq(s->action[0].result, (int)i);
        scenario_free(s);
    }
    struct scenario *s = parse("device gpu\nread Version\nexpect stuck none\n");
    ck_assert_int_eq(s->expect[0].rung, -1);
    scenario_free(s);
}
END_TEST

START_TEST(the_nearest_word_is_near)
{
    static const char *const words[] = {"device", "driver", "memory", "QueueReady", "QueueSel"};
    static const struct {
        const char *word, *nearest;
    } cases[] = {
        {"devise", "device"},
        {"dveice", "device"},
        {"DEVICE", "device"},
        {"drive", "driver"},
        {"memroy", "memory"},
        {"queueready", "QueueReady"},
        {"QueueRdy", "QueueReady"},
        {"QueueSell", "QueueSel"},
        {"deliver", "driver"},
        {"x", NULL},
        {"", NULL},
        {"banana", NULL},
        {"dev", NULL},
        {"memorandum", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *nearest = scenario_nearest(cases[i].word, words, 5);
        ck_assert_msg((nearest == NULL) == (cases[i].nearest == NULL) &&
                          (!nearest || strcmp(nearest, cases[i].nearest) == 0),
                      "%s: %s", cases[i].word, nearest ? nearest : "nothing");
    }
}
END_TEST

START_TEST(a_name_loses_its_folder_and_ending)
{
    static const struct {
        const char *path, *name;
    } cases[] = {{"a.scn", "a"},
                 {"/x/y/b-c.scn", "b-c"},
                 {".scn", ".scn"},
                 {"x/d", "d"},
                 {"e.txt", "e.txt"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scenario *s = scenario_parse(cases[i].path, "device gpu\nread Version\n", stderr);
        ck_assert_ptr_nonnull(s);
        ck_assert_str_eq(s->name, cases[i].name);
        scenario_free(s);
    }
}
END_TEST

START_TEST(every_scenario_of_the_project_can_be_read)
{
    struct string_list files = {0};
    ck_assert(files_find(&files, RINGSIDE_SOURCE_DIR "/scenarios"));
    ck_assert_uint_gt(files.count, 0);
    for (size_t i = 0; i < files.count; i++) {
        struct scenario *s = scenario_read(files.item[i], stderr);
        ck_assert_msg(s != NULL, "%s cannot be read", files.item[i]);
        ck_assert_msg(s->description[0] != '\0', "%s does not say what it is about", files.item[i]);
        scenario_free(s);
    }
    string_list_free(&files);
}
END_TEST

START_TEST(limits_can_be_reached)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    fprintf(out, "#%0*d\ndevice gpu\ndriver d", (int)SCENARIO_LINE_BYTES - 1, 0);
    for (unsigned i = 0; i < SCENARIO_OPTIONS_MAX; i++) {
        fprintf(out, " option%u %u", i, i);
    }
    fprintf(out, "\nspec");
    for (unsigned i = 0; i < SCENARIO_SPECS_MAX; i++) {
        fprintf(out, " STATUS-DRV-%02u", i);
    }
    for (unsigned i = 0; i < SIM_FAULTS_MAX; i++) {
        fprintf(out, "\nfault completion-lost request %u", i + 1);
    }
    for (unsigned i = 0; i < SCENARIO_ACTIONS_MAX; i++) {
        fprintf(out, "\ncall init 1 2 3 4 5 6 7 0xffffffffffffffff");
    }
    for (unsigned i = 0; i < SCENARIO_EXPECTS_MAX; i++) {
        fprintf(out, "\nexpect Status 15");
    }
    for (unsigned i = 0; i < SCENARIO_LINES_MAX - 4 - 16 - 256 - 128; i++) {
        fprintf(out, "\n");
    }
    fclose(out);
    struct scenario *s = parse(text);
    ck_assert_uint_eq(s->option_count, SCENARIO_OPTIONS_MAX);
    ck_assert_uint_eq(s->spec_count, SCENARIO_SPECS_MAX);
    ck_assert_uint_eq(s->faults.count, SIM_FAULTS_MAX);
    ck_assert_uint_eq(s->action_count, SCENARIO_ACTIONS_MAX);
    ck_assert_uint_eq(s->expect_count, SCENARIO_EXPECTS_MAX);
    ck_assert_uint_eq(s->action[0].args.value[7], UINT64_MAX);
    scenario_free(s);
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scenario");
    TCase *good = tcase_create("good");
    tcase_add_test(good, every_verb_is_read);
    tcase_add_test(good, device_options_are_read);
    tcase_add_test(good, driver_memory_and_faults_are_read);
    tcase_add_test(good, exhibits_are_read_and_mended);
    tcase_add_test(good, a_fault_is_armed_for_a_step_a_moment_or_from_there_on);
    tcase_add_test(good, a_personality_is_settings_of_the_device);
    tcase_add_test(good, actions_are_read);
    tcase_add_test(good, a_bring_up_and_a_request_stand_for_accesses_of_their_line);
    tcase_add_test(good, expectations_are_read);
    tcase_add_test(good, what_is_not_said_has_the_documented_default);
    tcase_add_test(good, features_are_qemus_unless_the_scenario_says_otherwise);
    tcase_add_test(good, line_ends_and_byte_order_marks_do_not_matter);
    tcase_add_test(good, places_may_have_a_width_and_a_slot);
    tcase_add_test(good, every_register_can_be_read_by_name_and_alias);
    tcase_add_test(good, every_word_of_the_tables_is_a_word_of_the_language);
    tcase_add_test(good, the_nearest_word_is_near);
    tcase_add_test(good, a_name_loses_its_folder_and_ending);
    tcase_add_test(good, every_scenario_of_the_project_can_be_read);
    tcase_add_test(good, limits_can_be_reached);
    suite_add_tcase(suite, good);
    suite_add_tcase(suite, scenario_errors_case());
    suite_add_tcase(suite, scenario_fuzz_case());
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
