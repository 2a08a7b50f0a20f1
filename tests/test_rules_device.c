/*
 * Rules that bind devices: after a set-up with the real simulated device, the judge is told of
 * things that no device should do. The simulated device itself breaks none in any other test.
 */
#include "explain.h"
#include "golden.h"
#include "judge_rig.h"
#include "rules_rig.h"

/* Rows end where they have nothing more to say. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

struct device_case {
    const char *name;
    enum machine machine;
    const char *script; /* the driver's part, carried out */
    const char *told;   /* what the judge is told besides; nobody does it */
    const char *ids;    /* of the errors that this gives, in order */
    /* and then: what a line of text cannot say, as it has an address or bytes of its own; or NULL
     */
    void (*told_last)(void);
    bool has_scenario; /* a rule that asks what the scenario lets the device offer */
};

static const struct scenario blank;

/* An access of the device to memory, at an address that it should not or should use. */
static void feed(enum event_kind kind, enum event_place place, uint64_t addr, uint32_t width_bytes,
                 const void *bytes)
{
    struct event event = {.party = EVENT_PARTY_DEVICE,
                          .kind = (uint8_t)kind,
                          .place = (uint8_t)place,
                          .addr = addr,
                          .width_bytes = width_bytes,
                          .bytes = bytes};

    if (bytes != NULL)
        memcpy(&event.value, bytes, sizeof event.value);
    rig_emit(&rig, &event);
}

#define FEED(name, kind, place, addr, width)                                                       \
    static void name(void)                                                                         \
    {                                                                                              \
        feed(EVENT_##kind, EVENT_PLACE_##place, addr, width, NULL);                                \
    }

FEED(reads_avail_idx, LOAD, AVAIL_IDX, RIG_BASE + 0x1002, 2)
FEED(reads_avail_idx_elsewhere, LOAD, AVAIL_IDX, RIG_BASE + 0x1102, 2)
FEED(reads_avail_idx_legacy, LOAD, AVAIL_IDX, RIG_BASE + 0x82, 2)
FEED(reads_descriptor, LOAD, DESC, RIG_BASE, 16)
FEED(reads_descriptor_elsewhere, LOAD, DESC, RIG_BASE + 0x1000, 16)
FEED(reads_request, LOAD, REQUEST, RIG_BASE + 0x3000, 24)
FEED(reads_response, LOAD, RESPONSE, RIG_BASE + 0x4000, 24)
FEED(writes_request, STORE, REQUEST, RIG_BASE + 0x3000, 24)
FEED(writes_response, STORE, RESPONSE, RIG_BASE + 0x4000, 24)

/* The answer to a request with FLAG_FENCE and fence_id 7. */
static void answer_fence(uint32_t flags, uint64_t fence_id)
{
    const struct virtio_gpu_ctrl_hdr header = {.type = virtio_le32(VIRTIO_GPU_RESP_OK_DISPLAY_INFO),
                                               .flags = virtio_le32(flags),
                                               .fence_id = virtio_le64(fence_id)};

    feed(EVENT_STORE, EVENT_PLACE_RESPONSE, RIG_BASE + 0x4000, sizeof header, &header);
}

static void answers_the_fence(void)
{
    answer_fence(VIRTIO_GPU_FLAG_FENCE, 7);
}

static void answers_without_the_flag(void)
{
    answer_fence(0, 7);
}

static void answers_another_fence(void)
{
    answer_fence(VIRTIO_GPU_FLAG_FENCE, 6);
}

/* clang-format off */
#define READ(text)   "driver read " text "\n"
#define DEV(text)    "device " text "\n"
#define IN_HAND      CALL UP_2 COMMAND DESC_0 DESC_1 PUBLISH
#define TAKEN        DEV("load q0.avail.idx 1") DEV("load q0.avail.ring[0] 0") \
    DEV("take q0 head 0 segments 2") DEV("execute GET_DISPLAY_INFO at 0x40003000 on q0")
#define ANSWERED     TAKEN DEV("respond OK_DISPLAY_INFO 408 on q0")
#define RETURNED     ANSWERED DEV("store q0.used.ring[0] 0x19800000000") DEV("store q0.used.idx 1")
#define UP_RESET     PROBE RESET WELCOME OFFER W("DriverFeaturesSel 0") W("DriverFeatures 0") \
    W("DriverFeaturesSel 1") W("DriverFeatures 0x101") AGREE SELECT ADDRESSES READY GO

/* With EVENT_IDX; with IN_ORDER, and two requests in hand. */
#define UP_WITH(low, high) PROBE RESET WELCOME OFFER W("DriverFeaturesSel 0") \
    W("DriverFeatures " low) W("DriverFeaturesSel 1") W("DriverFeatures " high) AGREE SELECT \
    ADDRESSES READY GO
#define UP_EVENT     UP_WITH("0x20000000", "1")
#define UP_ORDER     UP_WITH("0", "9")
#define EVENT_HAND   CALL UP_EVENT COMMAND DESC_0 DESC_1 PUBLISH
#define TWO_IN_HAND  CALL UP_ORDER COMMAND DESC_0 DESC_1 S("q0.desc[2].addr " PAGE_COMMAND) \
    S("q0.desc[2].len 24") S("q0.desc[2].flags 1") S("q0.desc[2].next 3") \
    S("q0.desc[3].addr " PAGE_RESPONSE) S("q0.desc[3].len 408") S("q0.desc[3].flags 2") \
    S("q0.desc[3].next 0") S("q0.avail.ring[0] 0") S("q0.avail.ring[1] 2") S("q0.avail.idx 2")
#define SERVED(head) DEV("take q0 head " head " segments 2") \
    DEV("execute GET_DISPLAY_INFO at 0x40003000 on q0") DEV("respond OK_DISPLAY_INFO 408 on q0")
#define TWO_SERVED   DEV("load q0.avail.idx 2") DEV("load q0.avail.ring[0] 0") \
    DEV("load q0.avail.ring[1] 2") SERVED("0") SERVED("2")
#define FENCED_HAND  CALL UP_2 COMMAND S("0x40003004/4 1") S("0x40003008/8 7") DESC_0 \
    DESC_1 PUBLISH
#define RENEWED      UP_RESET W("QueueReset 1") R("QueueReset") SELECT ADDRESSES READY

static const struct device_case cases[] = {
    {"all is well", V2, IN_HAND, RETURNED DEV("load q0.avail.flags 0") DEV("interrupt used")
     DEV("load q0.avail.idx 1") READ("InterruptStatus 1"), ""},
    {"works too early", V2, BEGIN_2 SELECT ADDRESSES READY, DEV("take q0 head 0 segments 2"),
     "STATUS-DEV-01"},
    {"hides that it is broken", V2, UP_2, DEV("needs-reset head-range on q0")
     DEV("interrupt config") READ("Status 15"), "STATUS-DEV-02"},
    {"is broken and says so", V2, UP_2, DEV("needs-reset head-range on q0")
     DEV("interrupt config") READ("Status 0x4f") READ("InterruptStatus 2"), ""},
    {"is broken and does not notify", V2, UP_2, DEV("needs-reset head-range on q0")
     READ("InterruptStatus 0"), "STATUS-DEV-03"},
    {"refuses what it offers", V2, PROBE RESET WELCOME OFFER ACCEPT W("Status 11"),
     DEV("refuse features-veto on q0"), "FEAT-DEV-02"},
    {"refuses what it had accepted", V2, PROBE RESET WELCOME OFFER ACCEPT AGREE RESET WELCOME
     OFFER ACCEPT W("Status 11"), DEV("refuse features-veto on q0"), "FEAT-DEV-02 FEAT-DEV-05"},
    {"refuses and shows FEATURES_OK", V2, PROBE RESET WELCOME OFFER W("DriverFeaturesSel 0")
     W("DriverFeatures 0") W("DriverFeaturesSel 1") W("DriverFeatures 0") W("Status 11"),
     READ("Status 11"), "RSVD-DRV-01 FEAT-DEV-03"},
    {"refuses and shows it", V2, PROBE RESET WELCOME OFFER W("DriverFeaturesSel 0")
     W("DriverFeatures 0") W("DriverFeaturesSel 1") W("DriverFeatures 0") W("Status 11"),
     READ("Status 3"), "RSVD-DRV-01"},
    {"forgets its status", V2, UP_2 RESET, READ("Status 0"), ""},
    {"keeps its status", V2, UP_2 RESET, READ("Status 15"), "RESET-DEV-01"},
    {"writes after a reset", V2, UP_2 RESET, DEV("store q0.used.idx 1"),
     "RESET-DEV-02 SPLIT-DEV-13 MMIO-DEV-07"},
    {"works on a queue that was reset", RING_RESET, UP_RESET W("QueueReset 1"),
     DEV("take q0 head 0 segments 2"), "VQR-DEV-01"},
    {"goes on with a queue that was reset", RING_RESET, UP_RESET W("QueueReset 1") R("QueueReset")
     SELECT ADDRESSES READY, DEV("load q0.avail.ring[3] 0"), "VQR-DEV-02"},
    {"writes a descriptor", V2, IN_HAND, DEV("store q0.desc[0].flags 0"), "SPLIT-DEV-04"},
    {"writes the available ring", V2, IN_HAND, DEV("store q0.avail.idx 0"), "XSPLIT-DEV-02"},
    {"does not notify", V2, IN_HAND, RETURNED DEV("load q0.avail.flags 0")
     DEV("load q0.avail.idx 1"), "SPLIT-DEV-09"},
    {"notifies against a wish", V2, IN_HAND, RETURNED DEV("load q0.avail.flags 1")
     DEV("interrupt used"), "SPLIT-DEV-08"},
    {"returns what it does not hold", V2, IN_HAND, TAKEN
     DEV("respond OK_DISPLAY_INFO 408 on q0") DEV("store q0.used.ring[0] 0x19800000005"),
     "XSPLIT-DEV-01"},
    {"moves used.idx first", V2, IN_HAND, ANSWERED DEV("store q0.used.idx 1"), "SPLIT-DEV-13"},
    {"says that it wrote more", V2, IN_HAND, ANSWERED DEV("store q0.used.ring[0] 0x20000000000"),
     "SPLIT-DEV-14"},
    {"odd used.flags", V2, IN_HAND, DEV("store q0.used.flags 2"), "SPLIT-DEV-15"},
    {"changes in silence", V2, UP_2, DEV("config-change generation 1") READ("InterruptStatus 0"),
     "XCONF-DEV-01"},
    {"changes and says so", V2, UP_2, DEV("config-change generation 1") DEV("interrupt config")
     READ("InterruptStatus 2") READ("ConfigGeneration 1"), ""},
    {"the wrong magic value", V2, "", READ("MagicValue 1"), "MMIO-DEV-01"},
    {"the wrong version", V2, "", READ("Version 1"), "MMIO-DEV-02"},
    {"the wrong version, legacy", V1, "", READ("Version 2"), "LMMIO-DEV-D1"},
    {"loses an event", V2, UP_2, DEV("interrupt used") READ("InterruptStatus 0"), "MMIO-DEV-03"},
    {"keeps an event", V2, UP_2, DEV("interrupt used") READ("InterruptStatus 1"), ""},
    {"invents an event", V2, UP_2, READ("InterruptStatus 2"), "MMIO-DEV-04"},
    {"an event stays acknowledged", V2, UP_2, DEV("interrupt used") READ("InterruptStatus 1")
     "driver write InterruptACK 1\n" READ("InterruptStatus 1"), "MMIO-DEV-04"},
    {"a queue survives a reset", V2, UP_2 RESET W("QueueSel 0"), READ("QueueReady 1"),
     "MMIO-DEV-05"},
    {"the generation stands still", V2, UP_2, DEV("config-change generation 1")
     DEV("interrupt config") READ("ConfigGeneration 0"), "MMIO-DEV-06"},
    {"QueueReset without a reason", RING_RESET, UP_RESET, READ("QueueReset 1"), "MMIO-DEV-09"},
    {"QueueReset after a reset", RING_RESET, UP_RESET RESET W("QueueSel 0"), READ("QueueReset 1"),
     "MMIO-DEV-08"},
    {"QueueReset after a reset, and quiet", RING_RESET, UP_RESET RESET W("QueueSel 0"),
     READ("QueueReset 0"), ""},
    {"QueueReset is quiet", RING_RESET, UP_RESET, READ("QueueReset 0"), ""},
    {"a reset queue is ready", RING_RESET, UP_RESET W("QueueReset 1"), READ("QueueReady 1"),
     "MMIO-DEV-12"},
    {"QueueReady is forgotten", V2, UP_2, READ("QueueReady 0"), "XMMIO-DEV-01"},
    {"QueuePFN is forgotten", V1, UP_1, READ("QueuePFN 0"), "LMMIO-DEV-D2"},
    {"QueueReady is remembered", V2, UP_2, READ("QueueReady 1"), ""},
    {"QueuePFN is remembered", V1, UP_1, READ("QueuePFN 0x40000"), ""},
    {"QueuePFN survives a reset", V1, UP_1 RESET W("QueueSel 0"), READ("QueuePFN 0x40000"),
     "LMMIO-DEV-D3"},
    {"no scanouts", V2, UP_2, READ("config+0x8 0"), "XGPU-DEV-01"},
    {"one scanout", V2, UP_2, READ("config+0x8 1"), ""},
    {"answers without acting", V2, IN_HAND, DEV("load q0.avail.ring[0] 0")
     DEV("take q0 head 0 segments 2") DEV("respond OK_DISPLAY_INFO 408 on q0")
     DEV("store q0.used.ring[0] 0x19800000000"), "XGPU-DEV-02 GPU-DEV-03"},
    {"another command's answer", V2, IN_HAND, TAKEN DEV("respond OK_EDID 408 on q0"),
     "XGPU-DEV-02"},
    {"CONTEXT_INIT without VIRGL", CONTEXT_ALONE, PROBE RESET WELCOME OFFER, "", "FEAT-DEV-01"},
    {"CONTEXT_INIT with VIRGL", CONTEXT, PROBE RESET WELCOME OFFER, "", ""},
    {"SR_IOV on mmio", JUNK, PROBE RESET WELCOME OFFER, "", "FEAT-DEV-04", NULL, true},
    {"a reset queue where it was", RING_RESET, RENEWED, "", "VQR-DEV-03",
     reads_avail_idx_elsewhere},
    {"a reset queue where it is", RING_RESET, RENEWED, DEV("load q0.avail.ring[0] 0"), "",
     reads_avail_idx},
    {"another layout", V1, UP_1, "", "LSPLIT-DEV-01", reads_avail_idx_elsewhere},
    {"the layout of version 1", V1, UP_1, "", "", reads_avail_idx_legacy},
    {"another page size", V1, UP_1, "", "LMMIO-DEV-D4", reads_descriptor_elsewhere},
    {"QueuePFN times GuestPageSize", V1, UP_1, "", "", reads_descriptor},
    {"writes the request", V2, IN_HAND, TAKEN, "SPLIT-DEV-02", writes_request},
    {"reads the response", V2, IN_HAND, TAKEN, "SPLIT-DEV-03", reads_response},
    {"reads the request", V2, IN_HAND, TAKEN, "", reads_request},
    {"writes the response", V2, IN_HAND, TAKEN, "", writes_response},
    {"does not notify, EVENT_IDX", EVENT_IDX, EVENT_HAND, RETURNED DEV("load q0.avail.used_event 0")
     DEV("load q0.avail.idx 1"), "SPLIT-DEV-11"},
    {"notifies too early, EVENT_IDX", EVENT_IDX, EVENT_HAND, RETURNED
     DEV("load q0.avail.used_event 5") DEV("interrupt used"), "SPLIT-DEV-12"},
    {"notifies in time, EVENT_IDX", EVENT_IDX, EVENT_HAND, RETURNED
     DEV("load q0.avail.used_event 0") DEV("interrupt used") DEV("load q0.avail.idx 1"), ""},
    {"used.flags with EVENT_IDX", EVENT_IDX, EVENT_HAND, DEV("store q0.used.flags 1"),
     "SPLIT-DEV-16"},
    {"used.flags of 0 with EVENT_IDX", EVENT_IDX, EVENT_HAND, DEV("store q0.used.flags 0"), ""},
    {"QueueReset comes to nothing", RING_RESET, UP_RESET, "driver write QueueReset 1\n"
     READ("QueueReset 0"), "MMIO-DEV-10"},
    {"QueueReset is done", RING_RESET, UP_RESET W("QueueReset 1"), READ("QueueReset 0"), ""},
    {"answers a fence without its flag", V2, FENCED_HAND, TAKEN, "GPU-DEV-04a",
     answers_without_the_flag},
    {"answers another fence", V2, FENCED_HAND, TAKEN, "GPU-DEV-04b", answers_another_fence},
    {"answers a fence", V2, FENCED_HAND, TAKEN, "", answers_the_fence},
    {"the second comes back first", IN_ORDER, TWO_IN_HAND, TWO_SERVED
     DEV("store q0.used.ring[0] 0x19800000002"), "RSVD-DEV-03"},
    {"the first comes back first", IN_ORDER, TWO_IN_HAND, TWO_SERVED
     DEV("store q0.used.ring[0] 0x19800000000"), ""},
    {"a legacy device without ANY_LAYOUT", V1, PROBE RESET WELCOME W("DeviceFeaturesSel 0")
     R("DeviceFeatures"), "", "LRSVD-DEV-02", NULL, true},
    {"a legacy device with ANY_LAYOUT", LAYOUT_1, PROBE RESET WELCOME W("DeviceFeaturesSel 0")
     R("DeviceFeatures"), "", "", NULL, true},
    {"refuses to work without ACCESS_PLATFORM", ACCESS, PROBE RESET WELCOME OFFER ACCEPT
     W("Status 11"), DEV("refuse features-veto on q0"), ""},
    {"VERSION_1 is missing", V2, PROBE RESET WELCOME W("DeviceFeaturesSel 1"),
     READ("DeviceFeatures 0"), "RSVD-DEV-01"},
};
/* clang-format on */

/* Told, not done: no device acts on it. */
static void tell(const char *script)
{
    while (*script != '\0') {
        char line[RIG_LINE_BYTES];
        size_t length = strcspn(script, "\n");
        const char *error = NULL;
        size_t column = 0;
        struct event event;
        ck_assert_uint_lt(length, sizeof line);
        memcpy(line, script, length);
        line[length] = '\0';
        if (!event_parse(line, &event, &error, &column))
            ck_abort_msg("%s\n%zu: %s", line, column, error);
        rig.pc++;
        if (event.party == EVENT_PARTY_DRIVER) {
            event.slot = 31;
            event.pc = rig.pc;
        }
        if (event.kind == EVENT_LOAD || event.kind == EVENT_STORE)
            rig_locate(&event);
        rig_emit(&rig, &event);
        script += length + (script[length] == '\n');
    }
}

static void play_case(const struct device_case *row)
{
    rig_open(&machines[row->machine]);
    if (row->has_scenario)
        rig.judge.scenario = &blank;
    rig_play(row->script);
    tell(row->told);
    if (row->told_last != NULL)
        row->told_last();
}

START_TEST(a_device_that_breaks_a_rule_is_found)
{
    const struct device_case *row = &cases[_i];
    const char *ids;

    play_case(row);
    ids = rig_ids(FINDING_ERROR);
    ck_assert_msg(strcmp(ids, row->ids) == 0, "%s: found [%s], expected [%s]", row->name, ids,
                  row->ids);
    rig_close();
}
END_TEST

/* ---- what `ringside explain` shows ---- */

#define SEQUENCE_LINES 4u
#define SEQUENCE_BYTES (SEQUENCE_LINES * EVENT_TEXT_BYTES)
#define EXPLAIN_DEVICE RINGSIDE_SOURCE_DIR "/harness/explain_device.c"

/* A rule's first breaking sequence, and the one that passes closest by. */
struct shown {
    char wrong[SEQUENCE_BYTES], right[SEQUENCE_BYTES];
    size_t wrong_at, distance;      /* in the table of cases, from 1; between the two */
    char last_look[SEQUENCE_BYTES]; /* of the case that is played */
    bool found;                     /* in it */
};

static struct shown shown[RULES_MAX];
static char last_lines[SEQUENCE_LINES][EVENT_TEXT_BYTES];
static size_t last_count;

/* A ring that is looked for elsewhere has no name there. */
static void keep_line(const struct event *event)
{
    struct event copy = *event, named = *event;

    copy.bytes = NULL;
    if ((event->place == EVENT_PLACE_AVAIL_IDX || event->place == EVENT_PLACE_DESC) &&
        place_address(&rig.device, &named) && named.addr != event->addr)
        copy.place = EVENT_PLACE_MEMORY;
    char *line = last_lines[last_count++ % SEQUENCE_LINES];
    event_format(&copy, NULL, NULL, line, EVENT_TEXT_BYTES);
    if (event->place == EVENT_PLACE_RESPONSE && event->bytes != NULL) {
        size_t used = strlen(line);
        struct virtio_gpu_ctrl_hdr header;
        memcpy(&header, event->bytes, sizeof header);
        snprintf(line + used, EVENT_TEXT_BYTES - used, "  # fence_id %u",
                 (unsigned)virtio_le64(header.fence_id));
    }
}

static void copy_lines(char out[SEQUENCE_BYTES])
{
    size_t used = 0;

    for (size_t i = last_count > SEQUENCE_LINES ? last_count - SEQUENCE_LINES : 0; i < last_count;
         i++)
        used += (size_t)snprintf(out + used, SEQUENCE_BYTES - used, "%s\n",
                                 last_lines[i % SEQUENCE_LINES]);
}

static void watch(const struct event *event)
{
    size_t count = 0;
    const struct rule *rules = rule_table(&count);

    keep_line(event);
    for (size_t i = 0; i < count; i++) {
        if (rules[i].party != EVENT_PARTY_DEVICE)
            continue;
        if (rig.exercised[i] == event->step)
            copy_lines(shown[i].last_look);
        if (!shown[i].found && judge_has(&rig.judge, rules[i].id)) {
            shown[i].found = true;
            if (shown[i].wrong[0] == '\0')
                copy_lines(shown[i].wrong);
        }
    }
}

/* Is the device without any fault in this case? Only then does it show what is right. */
static bool is_good(void)
{
    for (uint32_t i = 0; i < rig.findings.count; i++) {
        if (rig.findings.item[i].rule->party == EVENT_PARTY_DEVICE)
            return false;
    }
    return true;
}

static void watch_case(size_t at)
{
    last_count = 0;
    play_case(&cases[at]);
    bool good = is_good();
    rig_close();
    for (size_t i = 0; i < RULES_MAX; i++) {
        struct shown *rule = &shown[i];
        size_t distance = at > rule->wrong_at ? at - rule->wrong_at : rule->wrong_at - at;
        if (rule->found && rule->wrong_at == 0)
            rule->wrong_at = at + 1; /* its neighbour is the next one */
        if (good && rule->last_look[0] != '\0' &&
            (rule->right[0] == '\0' || distance <= rule->distance)) {
            memcpy(rule->right, rule->last_look, SEQUENCE_BYTES);
            rule->distance = distance;
        }
        rule->last_look[0] = '\0';
        rule->found = false;
    }
}

/* Twice, as the case that passes is chosen by how close it is to the one that breaks. */
static void watch_cases(void)
{
    size_t count = sizeof cases / sizeof cases[0];

    rig_watch = watch;
    for (size_t at = 0; at < count; at++)
        watch_case(at);
    for (size_t i = 0; i < RULES_MAX; i++)
        shown[i].right[0] = '\0';
    for (size_t at = 0; at < count; at++)
        watch_case(at);
    rig_watch = NULL;
}

/* As `ringside rules --evidence` asks it of the rules that bind drivers. */
START_TEST(every_rule_has_a_device_that_breaks_it_and_one_that_passes_close_by)
{
    char lacking[1024] = "";
    size_t count = 0, used = 0, seen = 0;
    const struct rule *rules = rule_table(&count);

    watch_cases();
    for (size_t i = 0; i < count; i++) {
        bool broken = shown[i].wrong[0] != '\0', passed = shown[i].right[0] != '\0';
        if (rules[i].party != EVENT_PARTY_DEVICE)
            continue;
        seen++;
        if ((!broken || !passed) && used < sizeof lacking)
            used +=
                (size_t)snprintf(lacking + used, sizeof lacking - used, " %s%s%s", rules[i].id,
                                 broken ? "" : " (never broken)", passed ? "" : " (never passed)");
    }
    ck_assert_uint_gt(seen, 50);
    ck_assert_msg(lacking[0] == '\0', "rules that lack a case:%s", lacking);
}
END_TEST

static void put_lines(FILE *out, const char *lines)
{
    while (*lines != '\0') {
        size_t bytes = strcspn(lines, "\n");
        fprintf(out, "     \"%.*s\\n\"%s\n", (int)bytes, lines,
                lines[bytes + 1] == '\0' ? "," : "");
        lines += bytes + 1;
    }
}

/* RINGSIDE_BLESS=1 writes the table anew. */
START_TEST(the_sequences_that_are_explained_are_those_of_the_cases)
{
    size_t count = 0, bytes = 0;
    const struct rule *rules = rule_table(&count);
    char *text = NULL;
    FILE *out = open_memstream(&text, &bytes);

    watch_cases();
    fputs("/*\n"
          " * What devices do that break their rules, and that keep them: made by\n"
          " * RINGSIDE_BLESS=1 tests/test_rules_device, of its cases; the same test holds it "
          "against them.\n"
          " */\n"
          "#include \"explain.h\"\n\n#include <string.h>\n\n"
          "/* clang-format off */\nstatic const struct explain_device sequences[] = {\n",
          out);
    for (size_t i = 0; i < count; i++) {
        if (rules[i].party != EVENT_PARTY_DEVICE)
            continue;
        fprintf(out, "    {\"%s\",\n", rules[i].id);
        put_lines(out, shown[i].wrong);
        put_lines(out, shown[i].right);
        fputs("    },\n", out);
    }
    fputs("};\n/* clang-format on */\n\n"
          "const struct explain_device *explain_device(const char *id)\n{\n"
          "    for (size_t i = 0; i < sizeof sequences / sizeof sequences[0]; i++) {\n"
          "        if (strcmp(sequences[i].id, id) == 0)\n"
          "            return &sequences[i];\n    }\n    return NULL;\n}\n",
          out);
    fclose(out);
    if (getenv("RINGSIDE_BLESS") != NULL)
        golden_write(EXPLAIN_DEVICE, text);
    char *wanted = golden_read(EXPLAIN_DEVICE);
    ck_assert_msg(
        strcmp(wanted, text) == 0,
        "harness/explain_device.c is not what the cases make; RINGSIDE_BLESS=1 writes it");
    free(wanted);
    free(text);
}
END_TEST

/* What a scenario lets the device pretend is not its fault; the rest is. */
START_TEST(a_device_offers_only_what_it_has)
{
    static struct scenario scenario;

    for (int pretended = 0; pretended < 2; pretended++) {
        scenario.features_pretended = pretended ? VIRTIO_BIT(VIRTIO_F_SR_IOV) : 0;
        rig_open(&machines[JUNK]);
        rig.judge.scenario = &scenario;
        rig_play(PROBE RESET WELCOME OFFER);
        ck_assert_str_eq(rig_ids(FINDING_ERROR), pretended ? "" : "FEAT-DEV-04");
        rig_close();
    }
}
END_TEST

/* What a device was told to do wrong, and what QEMU does otherwise, is no finding. */
START_TEST(what_was_asked_for_is_only_counted)
{
    static uint32_t counts[RULES_MAX];
    size_t at = rule_index(rule_by_id("MMIO-DEV-04"));

    rig_open(&machines[QEMU_2]);
    judge_count_device(&rig.judge, counts);
    rig_play(UP_2);
    tell(READ("InterruptStatus 2"));
    ck_assert_str_eq(rig_ids(FINDING_NOTE), "");
    ck_assert_uint_eq(counts[at], 1);
    rig_close();

    rig_open(&machines[V2]);
    judge_count_device(&rig.judge, counts);
    rig_play(UP_2);
    tell(DEV("fault interrupt-bits argument 2 on q0") READ("InterruptStatus 2"));
    ck_assert_str_eq(rig_ids(FINDING_NOTE), "");
    ck_assert_uint_eq(counts[at], 1);
    rig_close();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_was_asked_for_is_only_counted,
        every_rule_has_a_device_that_breaks_it_and_one_that_passes_close_by,
        the_sequences_that_are_explained_are_those_of_the_cases, a_device_offers_only_what_it_has,
        NULL};

    return rules_main("device rules", a_device_that_breaks_a_rule_is_found,
                      sizeof cases / sizeof cases[0], tests);
}
