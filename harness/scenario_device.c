/*
 * Scenario verbs that set the run up: spec, violates, device, driver, schedule, seed, fault.
 *
 * Options of a driver are kept as they stand: the driver knows them, not the parser.
 */
#include "scenario_parse.h"
#include <string.h>
#include "blk.h"
#include "gpu.h"
#include "rng.h"
#include "virtio/blk.h"
#include "virtio/config.h"
#include "virtio/ring.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool parse_ids(struct parser *parser, char (*ids)[SCENARIO_WORD_BYTES], size_t *count)
{
    const struct word *word = parse_next(parser);
    do { /* bounded by the words of the line */
        if (word && *count == SCENARIO_SPECS_MAX) {
            return parse_fail(parser, word, NULL, NULL, "more than %u rules", SCENARIO_SPECS_MAX);
        }
        char id[SCENARIO_WORD_BYTES];
        if (!parse_rule_id(parser, word, true, id)) {
            return false;
        }
        memcpy(ids[(*count)++], id, sizeof id);
        word = parse_next(parser);
    } while (word);
    return true;
}

bool parse_spec(struct parser *parser)
{
    return parse_ids(parser, parser->scenario->spec, &parser->scenario->spec_count);
}

bool parse_violates(struct parser *parser)
{
    return parse_ids(parser, parser->scenario->violates, &parser->scenario->violates_count);
}

/* ---- device ---- */

/* X(kind, word, features of the device type that are offered unless the scenario says otherwise) */
#define DEVICE_KINDS(X)                                                                            \
    X(GPU, gpu, 0)                                                                                 \
    X(BLK, blk,                                                                                    \
      VIRTIO_BIT(VIRTIO_BLK_F_SEG_MAX) | VIRTIO_BIT(VIRTIO_BLK_F_BLK_SIZE) |                       \
          VIRTIO_BIT(VIRTIO_BLK_F_FLUSH))                                                          \
    X(RNG, rng, 0)

static const char *const kind_words[SCENARIO_DEVICE_COUNT] = {
#define X(kind, word, offered) [SCENARIO_DEVICE_##kind] = #word,
    DEVICE_KINDS(X)
#undef X
};

static const struct sim_class *class_of(enum scenario_device kind)
{
    switch (kind) {
#define X(kind, word, offered)                                                                     \
    case SCENARIO_DEVICE_##kind:                                                                   \
        return &word##_class;
        DEVICE_KINDS(X)
#undef X
    case SCENARIO_DEVICE_COUNT:
        break;
    }
    return &gpu_class;
}

const char *scenario_device_word(enum scenario_device kind)
{
    return class_of(kind)->name;
}

static uint64_t offered_by(enum scenario_device kind)
{
    static const uint64_t offered_features[SCENARIO_DEVICE_COUNT] = {
#define X(kind, word, offered) [SCENARIO_DEVICE_##kind] = (offered),
        DEVICE_KINDS(X)
#undef X
    };
    return offered_features[kind];
}

struct feature {
    const char *name;
    unsigned bit;
    int kind; /* enum scenario_device, or -1 for features of every device */
};

#define ANY(name, bit) {#name, bit, -1},
#define GPU(name, bit) {#name, bit, SCENARIO_DEVICE_GPU},
#define BLK(name, bit) {#name, bit, SCENARIO_DEVICE_BLK},
static const struct feature features[] = {VIRTIO_FEATURES(ANY) VIRTIO_GPU_FEATURES(GPU)
                                              VIRTIO_BLK_FEATURES(BLK)};
#undef ANY
#undef GPU
#undef BLK
#define X(name, bit) #name,
static const char *const feature_names[] = {VIRTIO_FEATURES(X) VIRTIO_GPU_FEATURES(X)
                                                VIRTIO_BLK_FEATURES(X)};
#undef X

int parse_feature(struct parser *parser, const struct word *word)
{
    int row = parse_choose(parser, word, "feature", feature_names, COUNT(feature_names));
    return row < 0 ? -1 : (int)features[row].bit;
}

/* What the simulated transport and queue can do, or what asks nothing of them. */
#define FEATURES_SIMULATED                                                                         \
    (VIRTIO_BIT(VIRTIO_F_NOTIFY_ON_EMPTY) | VIRTIO_BIT(VIRTIO_F_ANY_LAYOUT) |                      \
     VIRTIO_BIT(VIRTIO_F_INDIRECT_DESC) | VIRTIO_BIT(VIRTIO_F_EVENT_IDX) |                         \
     VIRTIO_BIT(VIRTIO_F_VERSION_1) | VIRTIO_BIT(VIRTIO_F_ACCESS_PLATFORM) |                       \
     VIRTIO_BIT(VIRTIO_F_IN_ORDER) | VIRTIO_BIT(VIRTIO_F_ORDER_PLATFORM) |                         \
     VIRTIO_BIT(VIRTIO_F_RING_RESET))

/* Offered when the scenario does not say: what QEMU 7.2's virtio-gpu-device offers, but for EDID.
 */
#define FEATURES_VERSION_1                                                                         \
    (VIRTIO_BIT(VIRTIO_F_NOTIFY_ON_EMPTY) | VIRTIO_BIT(VIRTIO_F_ANY_LAYOUT) |                      \
     VIRTIO_BIT(VIRTIO_F_INDIRECT_DESC) | VIRTIO_BIT(VIRTIO_F_EVENT_IDX))
#define FEATURES_VERSION_2                                                                         \
    (VIRTIO_BIT(VIRTIO_F_INDIRECT_DESC) | VIRTIO_BIT(VIRTIO_F_EVENT_IDX) |                         \
     VIRTIO_BIT(VIRTIO_F_VERSION_1) | VIRTIO_BIT(VIRTIO_F_RING_RESET))

#define FEATURES_LEGACY_MASK UINT64_C(0xffffffff) /* a legacy device has 32 feature bits */

/* Where each option of a `device` line stands: 0 words before it was given. */
struct device_line {
    const struct word *version;
    const struct word *feature_on[COUNT(features)]; /* by row of the table */
    const struct word *feature_off[COUNT(features)];
};

static bool device_features(struct parser *parser, struct device_line *line)
{
    static const char expected[] = "+NAME to offer a feature or -NAME not to offer it";
    size_t seen = 0;
    const struct word *word;
    while ((word = parse_peek(parser)) && memchr("+-?", word->text[0], 3) != NULL) {
        parse_next(parser);
        if (word->bytes == 1) {
            return parse_fail(parser, word, expected, NULL, "the feature's name is missing");
        }
        seen++;
        struct word name = {word->text + 1, word->bytes - 1, word->column + 1};
        uint64_t bit = 0;
        if (word->text[0] == '?' && word_number(&name, &bit)) {
            if (!parse_number_in(parser, &name, "a feature bit", 0, 63, &bit)) {
                return false;
            }
            parser->scenario->features_on |= VIRTIO_BIT(bit);
            parser->scenario->features_pretended |= VIRTIO_BIT(bit);
            continue;
        }
        int row = parse_choose(parser, &name, "feature", feature_names, COUNT(feature_names));
        if (row < 0) {
            return false;
        }
        if (line->feature_on[row] || line->feature_off[row]) {
            return parse_fail(parser, &name, NULL, NULL, "feature `%s` is given twice",
                              features[row].name);
        }
        enum scenario_device kind = parser->scenario->kind;
        if (features[row].kind >= 0 && features[row].kind != (int)kind) {
            return parse_fail(parser, &name, NULL, NULL, "feature `%s` is one of %s devices",
                              features[row].name, kind_words[features[row].kind]);
        }
        uint64_t mask = VIRTIO_BIT(features[row].bit);
        if (word->text[0] == '-') {
            line->feature_off[row] = word;
            parser->scenario->features_off |= mask;
            continue;
        }
        if (word->text[0] == '+' && ((FEATURES_SIMULATED | class_of(kind)->features) & mask) == 0) {
            return parse_fail(parser, &name, NULL, NULL,
                              "feature `%s` is not implemented by the simulated device",
                              features[row].name);
        }
        line->feature_on[row] = word;
        parser->scenario->features_on |= mask;
        parser->scenario->features_pretended |= word->text[0] == '?' ? mask : 0;
    }
    if (seen == 0) {
        return parse_fail(parser, word, expected, NULL, "no feature is named");
    }
    return true;
}

/* What is offered in the end; only now is the version known. */
static bool device_apply_features(struct parser *parser, const struct device_line *line)
{
    struct scenario *scenario = parser->scenario;
    bool legacy = scenario->device.version == 1;
    for (size_t row = 0; row < COUNT(features); row++) {
        uint64_t mask = VIRTIO_BIT(features[row].bit);
        if (legacy && line->feature_on[row] && (mask & FEATURES_LEGACY_MASK) == 0) {
            return parse_fail(parser, line->feature_on[row], "version 2 with it", NULL,
                              "a version-1 device has no feature bit %u (%s)", features[row].bit,
                              features[row].name);
        }
        if (!legacy && line->feature_off[row] && features[row].bit == VIRTIO_F_VERSION_1) {
            return parse_fail(parser, line->feature_off[row], "version 1 with it", NULL,
                              "a version-2 device always offers VERSION_1");
        }
    }
    scenario->device.features = legacy ? FEATURES_VERSION_1 : FEATURES_VERSION_2;
    scenario->device.features |= offered_by(scenario->kind);
    if (scenario->disk_read_only) {
        scenario->device.features |= VIRTIO_BIT(VIRTIO_BLK_F_RO);
    }
    scenario->device.features |= scenario->features_on;
    scenario->device.features &= ~scenario->features_off;
    return true;
}

enum device_option {
    DEVICE_VERSION,
    DEVICE_PROFILE,
    DEVICE_QUEUE_SIZE_MAX,
    DEVICE_DISPLAY,
    DEVICE_SCANOUTS,
    DEVICE_SLOT,
    DEVICE_FEATURES,
    DEVICE_EAGER_POLL,
    DEVICE_BYTE_ORDER,
    DEVICE_DISK,
    DEVICE_READ_ONLY,
    DEVICE_PERSONALITY,
    DEVICE_OPTION_COUNT
};

static const char *const device_options[DEVICE_OPTION_COUNT] = {
    "version",  "profile",    "queue-size-max", "display", "scanouts",  "slot",
    "features", "eager-poll", "byte-order",     "disk",    "read-only", "personality"};

/* The one kind of device that has an option, or -1. */
static int kind_with(enum device_option option)
{
    if (option == DEVICE_DISPLAY || option == DEVICE_SCANOUTS) {
        return SCENARIO_DEVICE_GPU;
    }
    return option == DEVICE_DISK || option == DEVICE_READ_ONLY ? SCENARIO_DEVICE_BLK : -1;
}

static bool device_disk(struct parser *parser)
{
    struct scenario *scenario = parser->scenario;
    const struct word *word = parse_peek(parser);
    if (!parse_size(parser, "a size", VIRTIO_BLK_SECTOR_BYTES, BLK_DISK_BYTES_MAX,
                    &scenario->disk_bytes)) {
        return false;
    }
    if (scenario->disk_bytes % VIRTIO_BLK_SECTOR_BYTES != 0) {
        return parse_fail(parser, word, "a multiple of 512", NULL, "the disk is not whole sectors");
    }
    return true;
}

/* A lazy one has its schedule, whichever of the two lines comes first. */
static bool device_personality(struct parser *parser)
{
#define X(name, word, profile, eager, hush, strict, order, size, lazy, text) word,
    static const char *const personalities[] = {SIM_PERSONALITIES(X)};
#undef X
    struct scenario *scenario = parser->scenario;
    const struct word *word = parse_peek(parser);
    int personality = parse_choice(parser, "personality", personalities, COUNT(personalities));
    if (personality < 0) {
        return false;
    }
    if (sim_personality_is_lazy((enum sim_personality)personality) && parser->schedule_line != 0 &&
        scenario->schedule != SCHEDULE_LAZY) {
        return parse_fail(parser, word, "another one, or no schedule", NULL,
                          "this personality has a schedule of its own, and line %u has another",
                          parser->schedule_line);
    }
    scenario_give_personality(scenario, (enum sim_personality)personality);
    return true;
}

static bool device_option(struct parser *parser, enum device_option option,
                          struct device_line *line)
{
    static const char *const profiles[] = {"spec", "qemu"};
    static const char *const orders[] = {"little", "big"};
    struct scenario *scenario = parser->scenario;
    struct sim_config *device = &scenario->device;
    uint64_t number = 0;
    switch (option) {
    case DEVICE_VERSION:
        line->version = parse_peek(parser);
        if (!parse_number(parser, "a virtio-mmio version", 1, 2, &number)) {
            return false;
        }
        device->version = (uint32_t)number;
        return true;
    case DEVICE_PROFILE: {
        int profile = parse_choice(parser, "profile", profiles, COUNT(profiles));
        device->profile = profile == 1 ? SIM_PROFILE_QEMU : SIM_PROFILE_SPEC;
        parser->scenario->profile_given = true;
        return profile >= 0;
    }
    case DEVICE_QUEUE_SIZE_MAX:
        if (!parse_number(parser, "a queue size", 0, VIRTQ_SIZE_MAX, &number)) {
            return false;
        }
        device->queue_size_max = (uint32_t)number;
        return true;
    case DEVICE_DISPLAY:
        scenario->display_given = true;
        return parse_extent(parser, parse_next(parser), &scenario->display_width_px,
                            &scenario->display_height_px);
    case DEVICE_SCANOUTS:
        if (!parse_number(parser, "a number of scanouts", 1, VIRTIO_GPU_MAX_SCANOUTS, &number)) {
            return false;
        }
        scenario->scanouts = (uint32_t)number;
        return true;
    case DEVICE_SLOT:
        if (!parse_number(parser, "a slot of the bus", 0, scenario->machine.slots - 1, &number)) {
            return false;
        }
        device->slot = (uint32_t)number;
        return true;
    case DEVICE_FEATURES:
        return device_features(parser, line);
    case DEVICE_EAGER_POLL:
        device->eager_poll = true;
        return true;
    case DEVICE_BYTE_ORDER: {
        int order = parse_choice(parser, "byte order", orders, COUNT(orders));
        device->big_endian = order == 1;
        return order >= 0;
    }
    case DEVICE_DISK:
        return device_disk(parser);
    case DEVICE_READ_ONLY:
        scenario->disk_read_only = true;
        return true;
    case DEVICE_PERSONALITY:
        return device_personality(parser);
    case DEVICE_OPTION_COUNT:
        break;
    }
    return false;
}

bool parse_device(struct parser *parser)
{
    int kind = parse_choice(parser, "device type", kind_words, COUNT(kind_words));
    if (kind < 0) {
        return false;
    }
    parser->scenario->kind = (enum scenario_device)kind;
    struct device_line line = {0};
    bool seen[DEVICE_OPTION_COUNT] = {false};
    const struct word *word;
    while ((word = parse_next(parser))) { /* bounded by the words of the line */
        int option =
            parse_choose(parser, word, "device option", device_options, DEVICE_OPTION_COUNT);
        if (option < 0) {
            return false;
        }
        if (seen[option]) {
            return parse_fail(parser, word, NULL, NULL, "`%s` is given twice",
                              device_options[option]);
        }
        seen[option] = true;
        if (seen[DEVICE_PERSONALITY] && (seen[DEVICE_PROFILE] || seen[DEVICE_EAGER_POLL])) {
            return parse_fail(parser, word, "one or the other", NULL,
                              "a personality has its profile, and polls or does not");
        }
        int owner = kind_with((enum device_option)option);
        if (owner >= 0 && owner != kind) {
            return parse_fail(parser, word, NULL, NULL, "`%s` is an option of %s devices",
                              device_options[option], kind_words[owner]);
        }
        if (!device_option(parser, (enum device_option)option, &line)) {
            return false;
        }
    }
    return device_apply_features(parser, &line);
}

/* ---- driver ---- */

bool parse_driver(struct parser *parser)
{
    struct scenario *scenario = parser->scenario;
    const struct word *word = parse_need(parser, "the driver's name", "NAME [option value]...");
    if (!word || !parse_name(parser, word, "a driver's name", scenario->driver)) {
        return false;
    }
    scenario->driver_line = parser->line_number;
    scenario->driver_column = word->column;
    while ((word = parse_next(parser))) { /* bounded by the words of the line */
        if (scenario->option_count == SCENARIO_OPTIONS_MAX) {
            return parse_fail(parser, word, NULL, NULL, "more than %u options of a driver",
                              SCENARIO_OPTIONS_MAX);
        }
        struct scenario_option *option = &scenario->option[scenario->option_count];
        if (!parse_name(parser, word, "an option's name", option->name)) {
            return false;
        }
        for (size_t i = 0; i < scenario->option_count; i++) {
            if (strcmp(scenario->option[i].name, option->name) == 0) {
                return parse_fail(parser, word, NULL, NULL, "option `%s` is given twice",
                                  option->name);
            }
        }
        scenario->option_count++;
        option->line = parser->line_number;
        option->name_column = word->column;
        const struct word *value = parse_next(parser);
        if (!value) {
            memcpy(option->value, "on", sizeof "on");
            return true;
        }
        option->value_column = value->column;
        if (!word_copy(value, option->value, sizeof option->value)) {
            return parse_fail(parser, value, NULL, NULL, "the value is longer than %u bytes",
                              SCENARIO_WORD_BYTES - 1);
        }
    }
    return true;
}

/* ---- schedule, seed, fault ---- */

void scenario_give_personality(struct scenario *scenario, enum sim_personality personality)
{
    sim_personality_apply(personality, &scenario->device);
    scenario->personality = (int)personality;
    if (sim_personality_is_lazy(personality)) {
        scenario->schedule = SCHEDULE_LAZY;
    }
}

static const char *const schedule_words[] = {
    [SCHEDULE_EAGER] = "eager", [SCHEDULE_LAZY] = "lazy", [SCHEDULE_RANDOM] = "random"};

const char *scenario_schedule_word(enum schedule_kind kind)
{
    return schedule_words[kind];
}

bool parse_schedule(struct parser *parser)
{
    int kind = parse_choice(parser, "schedule", schedule_words, COUNT(schedule_words));
    if (kind < 0) {
        return false;
    }
    int personality = parser->scenario->personality;
    if (personality >= 0 && sim_personality_is_lazy((enum sim_personality)personality) &&
        kind != SCHEDULE_LAZY) {
        return parse_fail(parser, &parser->word[parser->next - 1], "lazy, or no schedule", NULL,
                          "the personality of line %u has a schedule of its own",
                          parser->scenario->device_line);
    }
    parser->schedule_line = parser->line_number;
    parser->scenario->schedule = (enum schedule_kind)kind;
    if (kind == SCHEDULE_RANDOM && word_is(parse_peek(parser), "odds")) {
        uint64_t odds = 0;
        parse_next(parser);
        if (!parse_number(parser, "odds", 1, SCENARIO_ODDS_MAX - 1, &odds)) {
            return false;
        }
        parser->scenario->odds = (uint32_t)odds;
    }
    if (word_is(parse_peek(parser), "interrupts")) {
        static const char *const whens[] = {"idle", "any"};
        parse_next(parser);
        int when = parse_choice(parser, "time of interrupts", whens, COUNT(whens));
        if (when < 0) {
            return false;
        }
        parser->scenario->interrupts_any = when == 1;
    }
    return parse_end(parser);
}

bool parse_seed(struct parser *parser)
{
    return parse_number(parser, "a seed", 0, UINT64_MAX, &parser->scenario->seed) &&
           parse_end(parser);
}

/* Whether a fault acts always, in one request, at one moment, at a step, or from a step on. */
static bool fault_when(struct parser *parser, struct sim_fault *fault)
{
    enum { REQUEST, AT, FROM, OCCURRENCE };
    static const char *const whens[] = {"request", "at", "from", "occurrence"};
    const struct word *word = parse_next(parser);
    if (!word) {
        return true;
    }
    int when = parse_choose(parser, word, "time of a fault", whens, COUNT(whens));
    enum sim_fault_scope scope = sim_fault_scope(fault->kind);
    switch (when) {
    case REQUEST:
        if (scope == SIM_FAULT_SCOPE_READ || scope == SIM_FAULT_SCOPE_WRITE) {
            return parse_fail(parser, word, "`at STEP`, `from STEP` or `occurrence N`", NULL,
                              "`%s` is about a register, not about a request",
                              sim_fault_word(fault->kind));
        }
        return parse_number(parser, "a request's number", 1, UINT32_MAX, &fault->request);
    case AT:
    case FROM:
        fault->repeats = when == FROM;
        return parse_number(parser, "a step", 1, UINT64_MAX, &fault->from_step);
    case OCCURRENCE:
        return parse_number(parser, "how often it could have acted", 1, UINT32_MAX,
                            &fault->occurrence);
    }
    return false;
}

bool parse_fault_words(struct parser *parser, struct sim_fault *out)
{
#define X(name, word, scope, argument) word,
    static const char *const words[] = {SIM_FAULT_KINDS(X)};
#undef X
    int kind = parse_choice(parser, "fault", words, COUNT(words));
    if (kind < 0) {
        return false;
    }
    *out = (struct sim_fault){.kind = (enum sim_fault_kind)kind};
    const char *argument = sim_fault_argument(out->kind);
    bool takes_argument = strncmp(argument, "none", 4) != 0;
    char what[128];
    snprintf(what, sizeof what, "a number (%s)", argument);
    if (takes_argument && !parse_number(parser, what, 0, UINT64_MAX, &out->argument)) {
        return false;
    }
    return fault_when(parser, out) && parse_end(parser);
}

bool parse_fault(struct parser *parser)
{
    const struct word *at = parse_peek(parser);
    struct sim_fault fault;
    if (!parse_fault_words(parser, &fault)) {
        return false;
    }
    if (parser->first_action_line != 0) {
        struct scenario_action *action = parse_new_action(parser, SCENARIO_FAULT);
        if (action && fault.request == 0 && fault.from_step == 0 && fault.occurrence == 0) {
            fault.from_step = SIM_FAULT_NEXT; /* from here on, once */
        }
        if (action) {
            action->fault = fault;
        }
        return action != NULL;
    }
    if (!sim_fault_arm(&parser->scenario->faults, &fault)) {
        return parse_fail(parser, at, NULL, NULL, "more than %u faults", SIM_FAULTS_MAX);
    }
    return true;
}
