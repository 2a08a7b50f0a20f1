/*
 * Wild drivers: made-up sequences of whatever a driver can do to a device, good and bad, with
 * faults of the device and without. Whatever comes, ringside ends with a verdict, the same one each
 * time, each event is a line that can be read again, and a device without faults keeps its own
 * rules.
 *
 * RINGSIDE_SEED and RINGSIDE_ROUNDS choose another part of the wilderness.
 */
#include <check.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "random.h"
#include "report.h"
#include "rule.h"
#include "scenario.h"
#include "virtio/gpu.h"
#include "virtio/mmio.h"
#include "world.h"

#define ROUNDS     400u
#define LINES_MAX  90u /* of one driver */
#define TEXT_BYTES 32768u
#define STEPS_MAX  30000u
#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))

/* Where `bring-up` puts descriptors, available and used ring of queue 0; then what else there is.
 */
#define PARTS      UINT64_C(0x41000000)
#define BUFFERS    UINT64_C(0x42000000)
#define PAGE_BYTES UINT64_C(0x1000)

static uint64_t state;

static unsigned below(size_t bound)
{
    return (unsigned)(random_next(&state) >> 32) % (unsigned)bound;
}

static bool one_in(unsigned odds)
{
    return below(odds) == 0;
}

/* ---- a driver, line by line --------------------------------------------------------------------
 */

static char text[TEXT_BYTES];
static size_t text_bytes;

__attribute__((format(printf, 1, 2))) static void put(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    text_bytes += (size_t)vsnprintf(text + text_bytes, sizeof text - text_bytes, format, arguments);
    va_end(arguments);
    ck_assert_uint_lt(text_bytes, sizeof text);
}

#define put_one_of(format, words) put(format, (words)[below(COUNT(words))])

/* Small ones, large ones, powers of two, addresses: what is worth a try. */
static uint64_t some_value(void)
{
    switch (below(8)) {
    case 0:
        return below(9);
    case 1:
        return below(0x10000);
    case 2:
        return one_in(2) ? UINT64_MAX : UINT32_MAX;
    case 3:
        return UINT64_C(1) << below(64);
    case 4:
        return (UINT64_C(1) << below(40)) - 1;
    case 5:
        return PARTS + below(4) * PAGE_BYTES + below(256) * 16;
    case 6:
        return BUFFERS + below(16) * PAGE_BYTES;
    default:
        return 24;
    }
}

static uint64_t cut_to(uint64_t value, unsigned width_bytes)
{
    return width_bytes < 8 ? value & ((UINT64_C(1) << 8 * width_bytes) - 1) : value;
}

#define X(name, ...) #name,
static const char *const registers[] = {VIRTIO_MMIO_REGISTERS(X)};
static const char *const commands[] = {VIRTIO_GPU_COMMANDS(X)};
#undef X
#define X(name, word, ...) word,
static const char *const faults[] = {SIM_FAULT_KINDS(X)};
#undef X

enum notation { NUMBER, FORMAT, RECT, POSITION, ENTRIES, PADDING };

static const struct {
    const char *command, *name;
    enum notation notation;
} fields[] = {
#define X(command, layout, field, notation) {#command, #field, notation},
    VIRTIO_GPU_REQUEST_FIELDS(X)
#undef X
};

static void put_field(size_t row)
{
    switch (fields[row].notation) {
    case RECT:
        put(" %s %ux%u+%u+%u", fields[row].name, below(200), below(200), below(100), below(100));
        break;
    case FORMAT:
        put(" %s %u", fields[row].name, one_in(2) ? 1 : below(140));
        break;
    case POSITION:
        put(" %s %u,%u,%u", fields[row].name, below(3), below(200), below(200));
        break;
    case NUMBER:
    case ENTRIES:
    case PADDING:
        put(" %s 0x%" PRIx64, fields[row].name, one_in(2) ? 1 + below(3) : cut_to(some_value(), 4));
        break;
    }
}

static void put_command(void)
{
    const char *command = commands[below(COUNT(commands))];
    unsigned entries = one_in(3) ? below(4) : 0;

    put("send %s", command);
    for (size_t i = 0; i < COUNT(fields); i++) {
        if (strcmp(fields[i].command, command) == 0 && !one_in(4))
            put_field(i);
    }
    for (unsigned i = 0; i < entries; i++)
        put(" entry 0x%" PRIx64 " 0x%" PRIx64, BUFFERS + below(16) * PAGE_BYTES,
            one_in(2) ? below(9) * PAGE_BYTES : cut_to(some_value(), 4));
    if (one_in(8))
        put(" on %u", below(2));
    if (one_in(8))
        put(" bytes %u", below(256));
    if (one_in(8))
        put(" room %u", below(512));
    put(one_in(6) ? " unnotified\n" : "\n");
}

static void put_store(void)
{
    static const char *const indices[] = {"avail.flags",      "avail.idx",  "avail.used_event",
                                          "used.avail_event", "used.flags", "used.idx"};
    static const char *const parts[] = {"addr", "len", "flags", "next"};
    unsigned width_bytes = 1u << below(4);

    switch (below(4)) {
    case 0:
        put("store q%u.", below(2));
        put_one_of("%s", indices);
        put(" 0x%" PRIx64 "\n", cut_to(some_value(), 2));
        break;
    case 1:
        put("store q%u.desc[%u].", below(2), below(9));
        put_one_of("%s", parts);
        put(" 0x%" PRIx64 "\n", some_value());
        break;
    case 2:
        put("store q%u.avail.ring[%u] %u\n", below(2), below(9), below(12));
        break;
    default:
        put("store 0x%" PRIx64 " %u 0x%" PRIx64 "\n",
            PARTS + below(5) * PAGE_BYTES + below(256) * 8, width_bytes,
            cut_to(some_value(), width_bytes));
        break;
    }
}

static void put_memory(void)
{
    put("%s m%u 0x%" PRIx64 " at 0x%" PRIx64 "\n", one_in(2) ? "alloc" : "free", below(4),
        (1 + below(16)) * PAGE_BYTES, BUFFERS + below(16) * PAGE_BYTES);
}

static void put_world(void)
{
    static const char *const barriers[] = {"compiler", "load", "store", "release", "full", "sync"};

    switch (below(7)) {
    case 0:
        put("happens %s\n", one_in(2) ? "config-change" : "needs-reset");
        break;
    case 1:
        put("happens display %ux%u\n", 1 + below(2048), 1 + below(2048));
        break;
    case 2:
        put("interrupt\n");
        break;
    case 3:
        put(one_in(2) ? "hold\n" : "release\n");
        break;
    case 4:
        put("step device %u\n", 1 + below(20));
        break;
    case 5:
        put_one_of("barrier %s\n", barriers);
        break;
    default:
        put("load q%u.used.idx\n", below(2));
        break;
    }
}

static const char *const stages[] = {"found",       "reset", "driver",   "features",
                                     "features-ok", "queue", "driver-ok"};

static void put_line(bool faulty)
{
    switch (below(faulty ? 9 : 8)) {
    case 0:
        put_one_of("write %s ", registers);
        put("0x%" PRIx64 "\n", cut_to(some_value(), 4));
        break;
    case 1:
        put_one_of("read %s\n", registers);
        break;
    case 2:
    case 3:
        put_store();
        break;
    case 4:
        put_command();
        break;
    case 5:
        put(one_in(3) ? "request unnotified\n" : "request\n");
        break;
    case 6:
        put_memory();
        break;
    case 7:
        if (one_in(6))
            put_one_of("bring-up %s\n", stages);
        else if (one_in(4))
            put("write QueueNotify %u\n", below(3));
        else
            put_world();
        break;
    default:
        put_one_of("fault %s", faults);
        put(one_in(2) ? " %u\n" : "\n", below(256));
        break;
    }
}

/* A device that keeps to the specification unless `faulty`, and its driver. */
static void make_up(bool faulty)
{
    static const char *const devices[] = {"gpu", "gpu", "gpu", "blk", "rng"};
    static const char *const features[] = {"+EDID",     "-EVENT_IDX",       "-INDIRECT_DESC",
                                           "+IN_ORDER", "+RING_RESET",      "-RING_RESET",
                                           "?UNUSED",   "+ACCESS_PLATFORM", "-NOTIFY_ON_EMPTY"};
    static const char *const personalities[] = {"strict",       "eager",  "lazy",
                                                "out-of-order", "qemu-7", "qemu-11"};
    const char *device = devices[below(COUNT(devices))];
    unsigned lines = 1 + below(LINES_MAX);

    text_bytes = 0;
    put("device %s version %u", device, one_in(4) ? 1 : 2);
    if (one_in(3))
        put(" queue-size-max %u", 1u << below(11));
    if (one_in(3))
        put_one_of(" features %s", features);
    if (one_in(3))
        put(" personality %s", personalities[below(COUNT(personalities) - (faulty ? 0 : 2))]);
    if (one_in(3) && strcmp(device, "gpu") == 0)
        put(" scanouts %u", 1 + below(16));
    put("\n");
    if (one_in(4))
        put("schedule %s\nseed %u\n", one_in(2) ? "lazy" : "random", below(1000));
    if (!one_in(6))
        put("bring-up %s\n%s", one_in(5) ? stages[below(COUNT(stages))] : "driver-ok",
            one_in(3) ? "queue 1\n" : "");
    for (unsigned i = 0; i < lines; i++)
        put_line(faulty);
}

/* ---- what must hold ----------------------------------------------------------------------------
 */

/* Takes out the line that a message is about. */
static void take_out(unsigned line)
{
    char *at = text, *end;

    for (unsigned i = 1; i < line && at != NULL; i++)
        at = strchr(at, '\n') != NULL ? strchr(at, '\n') + 1 : NULL;
    end = at != NULL ? strchr(at, '\n') : NULL;
    ck_assert_msg(end != NULL, "a message about line %u of\n%s", line, text);
    memmove(at, end + 1, strlen(end + 1) + 1);
}

/* A line that makes no sense gives one message, and is left out. NULL when nothing is left then. */
static struct scenario *parse(void)
{
    struct scenario *scenario = NULL;

    for (unsigned i = 0; i < LINES_MAX + 8 && scenario == NULL && *text != '\0'; i++) {
        char *message = NULL;
        size_t bytes = 0;
        FILE *errors = open_memstream(&message, &bytes);
        unsigned line;

        scenario = scenario_parse("wild.scn", text, errors);
        fclose(errors);
        if (scenario == NULL) {
            ck_assert_msg(sscanf(message, "wild.scn:%u:", &line) == 1, "`%s`\n%s", message, text);
            take_out(line);
        }
        free(message);
    }
    return scenario;
}

static uint64_t hash;

/* Each event is a line of text that is the same event again. */
static void take_event(void *context, const struct event *event, const struct world_sight *sight)
{
    char line[EVENT_TEXT_BYTES], again[EVENT_TEXT_BYTES];
    const char *error = NULL;
    struct event read;
    size_t column;

    (void)context;
    (void)sight;
    event_format(event, NULL, NULL, line, sizeof line);
    ck_assert_msg(event_parse(line, &read, &error, &column), "`%s`: %s\n%s", line, error, text);
    event_format(&read, NULL, NULL, again, sizeof again);
    ck_assert_msg(strcmp(line, again) == 0, "`%s` is read as `%s`\n%s", line, again, text);
    for (const char *at = line; *at != '\0'; at++)
        hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
}

static uint64_t run(const struct scenario *scenario, struct world_outcome *outcome)
{
    struct world_options options = {.check_stores = true,
                                    .rules = true,
                                    .until_step = STEPS_MAX,
                                    .reader_count = 1,
                                    .reader = {{take_event, NULL}}};
    const char *error;

    hash = UINT64_C(0xcbf29ce484222325);
    error = world_run(scenario, &options, outcome);
    ck_assert_msg(error == NULL, "%s\n%s", error, text);
    return hash;
}

static void check_device(const struct world_outcome *outcome)
{
    size_t count;
    const struct rule *rule = rule_table(&count);

    for (size_t i = 0; i < count; i++)
        ck_assert_msg(outcome->device_broken[i] == 0, "the device broke %s\n%s", rule[i].id, text);
}

static void check_report(const struct world_outcome *outcome)
{
    struct report_options options = {.columns = 80, .verbose = true};
    char *said = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&said, &bytes);

    report_outcome(out, &options, outcome);
    fclose(out);
    ck_assert_msg(strstr(said, "wild") != NULL, "a report without a name\n%s", text);
    free(said);
}

static struct world_outcome first, second;

static bool check_one(bool faulty)
{
    struct scenario *scenario;
    uint64_t events;

    make_up(faulty);
    scenario = parse();
    if (scenario == NULL)
        return false;
    events = run(scenario, &first);
    if (!faulty)
        check_device(&first);
    check_report(&first);
    ck_assert_msg(run(scenario, &second) == events && second.findings.count == first.findings.count,
                  "not twice the same\n%s", text);
    world_outcome_free(&first);
    world_outcome_free(&second);
    scenario_free(scenario);
    return true;
}

static uint64_t number_of(const char *variable, uint64_t otherwise)
{
    const char *given = getenv(variable);

    return given != NULL ? strtoull(given, NULL, 0) : otherwise;
}

static void check_many(bool faulty)
{
    uint64_t seed = number_of("RINGSIDE_SEED", 1);
    uint64_t rounds = number_of("RINGSIDE_ROUNDS", ROUNDS);

    uint64_t ran = 0;

    for (uint64_t round = 0; round < rounds; round++) {
        state = (seed << 32 ^ round) * 2 + 1;
        for (unsigned i = 0; i < 8; i++)
            random_next(&state);
        ran += check_one(faulty);
    }
    ck_assert_uint_gt(ran, rounds / 2);
}

START_TEST(a_wild_driver_comes_to_a_verdict_and_the_device_keeps_its_rules)
{
    check_many(false);
}
END_TEST

START_TEST(a_wild_driver_in_front_of_a_faulty_device_comes_to_a_verdict)
{
    check_many(true);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("wild");
    TCase *tcase = tcase_create("wild");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, a_wild_driver_comes_to_a_verdict_and_the_device_keeps_its_rules);
    tcase_add_test(tcase, a_wild_driver_in_front_of_a_faulty_device_comes_to_a_verdict);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
