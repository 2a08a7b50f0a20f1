/*
 * Scenario verbs that stand for many accesses: `bring-up`, `queue` and `request`, as a conforming
 * driver makes them. Each becomes plain actions of its own line; nothing is left after the parse.
 *
 * Where the rings and buffers lie: 16 MiB into memory, a page for each part, in the order of
 * `enum page`. A version-1 queue has its descriptors and its available ring in the first page and
 * its used ring at the beginning of the second (QueueAlign 4096).
 */
#include "scenario_parse.h"
#include <string.h>
#include "virtio/config.h"
#include "virtio/gpu.h"
#include "virtio/mmio.h"
#include "virtio/ring.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define PLAY_OFFSET_BYTES UINT64_C(0x1000000)
#define RESPONSE_OFFSET   UINT64_C(0x100) /* in the page of the request */

enum page {
    PAGE_DESC,
    PAGE_AVAIL,
    PAGE_USED,
    PAGE_COUNT,
    PAGE_BUFFERS = PAGE_COUNT,
    PAGE_RINGS_1, /* of queue 1 */
};

/* X(name, word) */
#define STAGES(X)                                                                                  \
    X(FOUND, "found")                                                                              \
    X(RESET, "reset")                                                                              \
    X(DRIVER, "driver")                                                                            \
    X(FEATURES, "features")                                                                        \
    X(FEATURES_OK, "features-ok")                                                                  \
    X(QUEUE, "queue")                                                                              \
    X(DRIVER_OK, "driver-ok")

enum stage {
#define X(name, word) STAGE_##name,
    STAGES(X)
#undef X
        STAGE_COUNT
};

static const char *const stage_words[] = {
#define X(name, word) word,
    STAGES(X)
#undef X
};

/* Values that are known only when the scenario is. */
enum play_value {
    PLAY_READ = -100, /* nothing is written */
    PLAY_FEATURES_LOW,
    PLAY_FEATURES_HIGH,
    PLAY_PFN,
};
#define ADDRESS_LOW(page)  (-50 - 2 * (int)(page))
#define ADDRESS_HIGH(page) (-51 - 2 * (int)(page))

enum { V1 = 1, V2 = 2, BOTH = V1 | V2 };

#define ACKNOWLEDGED (VIRTIO_STATUS_ACKNOWLEDGE)
#define DRIVEN       (ACKNOWLEDGED | VIRTIO_STATUS_DRIVER)
#define AGREED       (DRIVEN | VIRTIO_STATUS_FEATURES_OK)

/* X(stage, versions, register, value): the bring-up of 3.1.1 and 4.2.3, 4.2.4 */
#define BRING_UP(X)                                                                                \
    X(FOUND, BOTH, MagicValue, PLAY_READ)                                                          \
    X(FOUND, BOTH, Version, PLAY_READ)                                                             \
    X(FOUND, BOTH, DeviceID, PLAY_READ)                                                            \
    X(RESET, BOTH, Status, 0)                                                                      \
    X(RESET, BOTH, Status, PLAY_READ)                                                              \
    X(DRIVER, BOTH, Status, ACKNOWLEDGED)                                                          \
    X(DRIVER, BOTH, Status, DRIVEN)                                                                \
    X(FEATURES, BOTH, DeviceFeaturesSel, 0)                                                        \
    X(FEATURES, BOTH, DeviceFeatures, PLAY_READ)                                                   \
    X(FEATURES, V2, DeviceFeaturesSel, 1)                                                          \
    X(FEATURES, V2, DeviceFeatures, PLAY_READ)                                                     \
    X(FEATURES, BOTH, DriverFeaturesSel, 0)                                                        \
    X(FEATURES, BOTH, DriverFeatures, PLAY_FEATURES_LOW)                                           \
    X(FEATURES, V2, DriverFeaturesSel, 1)                                                          \
    X(FEATURES, V2, DriverFeatures, PLAY_FEATURES_HIGH)                                            \
    X(FEATURES_OK, V2, Status, AGREED)                                                             \
    X(FEATURES_OK, V2, Status, PLAY_READ)                                                          \
    X(QUEUE, V1, GuestPageSize, (int)PLAY_PAGE_BYTES)                                              \
    X(QUEUE, BOTH, QueueSel, 0)                                                                    \
    X(QUEUE, V1, QueuePFN, PLAY_READ)                                                              \
    X(QUEUE, V2, QueueReady, PLAY_READ)                                                            \
    X(QUEUE, BOTH, QueueSizeMax, PLAY_READ)                                                        \
    X(QUEUE, BOTH, QueueSize, (int)PLAY_QUEUE_SIZE)                                                \
    X(QUEUE, V1, QueueAlign, (int)PLAY_PAGE_BYTES)                                                 \
    X(QUEUE, V1, QueuePFN, PLAY_PFN)                                                               \
    X(QUEUE, V2, QueueDescLow, ADDRESS_LOW(PAGE_DESC))                                             \
    X(QUEUE, V2, QueueDescHigh, ADDRESS_HIGH(PAGE_DESC))                                           \
    X(QUEUE, V2, QueueDriverLow, ADDRESS_LOW(PAGE_AVAIL))                                          \
    X(QUEUE, V2, QueueDriverHigh, ADDRESS_HIGH(PAGE_AVAIL))                                        \
    X(QUEUE, V2, QueueDeviceLow, ADDRESS_LOW(PAGE_USED))                                           \
    X(QUEUE, V2, QueueDeviceHigh, ADDRESS_HIGH(PAGE_USED))                                         \
    X(QUEUE, V2, QueueReady, 1)                                                                    \
    X(DRIVER_OK, V1, Status, DRIVEN | VIRTIO_STATUS_DRIVER_OK)                                     \
    X(DRIVER_OK, V2, Status, AGREED | VIRTIO_STATUS_DRIVER_OK)

static const struct play_row {
    enum stage stage;
    unsigned versions;
    enum virtio_mmio_reg reg;
    int value;
} bring_up_rows[] = {
#define X(stage, versions, name, value) {STAGE_##stage, versions, VIRTIO_MMIO_REG_##name, value},
    BRING_UP(X)
#undef X
};

/* ---- actions ---- */

uint64_t play_page_addr(const struct scenario *scenario, unsigned page)
{
    return scenario->memory_base + PLAY_OFFSET_BYTES + page * PLAY_PAGE_BYTES;
}

bool play_alloc(struct parser *parser, const char *name, unsigned page, unsigned pages)
{
    const struct scenario *scenario = parser->scenario;
    struct scenario_action *action = parse_new_action(parser, SCENARIO_ALLOC);
    uint64_t end_bytes = PLAY_OFFSET_BYTES + (page + pages) * PLAY_PAGE_BYTES;
    if (action && end_bytes > scenario->memory_bytes) {
        return parse_fail(parser, &parser->word[0], "at least 17 MiB of memory", NULL,
                          "the memory is too small for it");
    }
    if (!action) {
        return false;
    }
    snprintf(action->name, sizeof action->name, "%s", name);
    action->event = (struct event){.party = EVENT_PARTY_DRIVER,
                                   .kind = EVENT_ALLOC,
                                   .place = EVENT_PLACE_MEMORY,
                                   .addr = play_page_addr(scenario, page),
                                   .value = pages * PLAY_PAGE_BYTES};
    return true;
}

bool play_register(struct parser *parser, enum virtio_mmio_reg reg, bool is_write, uint64_t value)
{
    struct scenario_action *action =
        parse_new_action(parser, is_write ? SCENARIO_WRITE : SCENARIO_READ);
    if (!action) {
        return false;
    }
    action->event = (struct event){.party = EVENT_PARTY_DRIVER,
                                   .kind = is_write ? EVENT_WRITE : EVENT_READ,
                                   .place = EVENT_PLACE_REGISTER,
                                   .index = reg,
                                   .addr = mmio_register_offset((int)reg),
                                   .width_bytes = sizeof(le32),
                                   .value = value,
                                   .slot = (uint16_t)parser->scenario->device.slot};
    return true;
}

bool play_store(struct parser *parser, enum event_place place, uint32_t queue, uint32_t index,
                uint32_t width_bytes, uint64_t addr, uint64_t value)
{
    struct scenario_action *action = parse_new_action(parser, SCENARIO_STORE);
    if (!action) {
        return false;
    }
    action->event = (struct event){.party = EVENT_PARTY_DRIVER,
                                   .kind = EVENT_STORE,
                                   .place = (uint8_t)place,
                                   .queue = (uint16_t)queue,
                                   .index = index,
                                   .width_bytes = width_bytes,
                                   .addr = addr,
                                   .value = value};
    return true;
}

/* ---- bring-up ---- */

/* `rings` is the first page of the queue's own. */
static uint64_t row_value(const struct scenario *scenario, const struct play_row *row,
                          uint64_t features, unsigned rings)
{
    if (row->value >= 0) {
        return (uint64_t)row->value;
    }
    switch (row->value) {
    case PLAY_FEATURES_LOW:
        return features & UINT32_MAX;
    case PLAY_FEATURES_HIGH:
        return features >> 32;
    case PLAY_PFN:
        return play_page_addr(scenario, rings + PAGE_DESC) / PLAY_PAGE_BYTES;
    }
    unsigned page = (unsigned)(-50 - row->value) / 2;
    uint64_t addr = play_page_addr(scenario, rings + page);
    return row->value == ADDRESS_LOW(page) ? addr & UINT32_MAX : addr >> 32;
}

/* `accept NAME...`, to the end of the line */
static bool parse_accepted(struct parser *parser, uint64_t *features)
{
    const struct word *word = parse_need(parser, "a feature's name", NULL);
    while (word) { /* bounded by the words of the line */
        int bit = parse_feature(parser, word);
        if (bit < 0) {
            return false;
        }
        if (parser->scenario->device.version == 1 && bit >= 32) {
            return parse_fail(parser, word, "version 2 with it", NULL,
                              "a version-1 device has no feature bit %d", bit);
        }
        *features |= VIRTIO_BIT(bit);
        word = parse_next(parser);
    }
    return !parser->failed;
}

/* Memory for the rings, or zeros where both sides count when they are used again. */
static bool play_rings(struct parser *parser, unsigned queue)
{
    const struct scenario *scenario = parser->scenario;
    bool legacy = scenario->device.version == 1;
    unsigned page = queue == 0 ? 0 : PAGE_RINGS_1;
    uint64_t desc = play_page_addr(scenario, page + PAGE_DESC);
    uint64_t avail = legacy ? desc + virtq_desc_bytes(PLAY_QUEUE_SIZE)
                            : play_page_addr(scenario, page + PAGE_AVAIL);
    uint64_t used = play_page_addr(scenario, page + (legacy ? PAGE_AVAIL : PAGE_USED));
    if (!parser->rings_given[queue]) {
        parser->rings_given[queue] = true;
        return play_alloc(parser, queue == 0 ? "rings" : "rings-1", page, PAGE_COUNT);
    }
    return play_store(parser, EVENT_PLACE_MEMORY, 0, 0, sizeof(le32), avail, 0) &&
           play_store(parser, EVENT_PLACE_MEMORY, 0, 0, sizeof(le32), used, 0);
}

static bool play_rows(struct parser *parser, int first, int last, uint64_t features)
{
    const struct scenario *scenario = parser->scenario;
    unsigned version = scenario->device.version == 1 ? V1 : V2;
    bool rings = false;
    for (size_t i = 0; i < COUNT(bring_up_rows); i++) {
        const struct play_row *row = &bring_up_rows[i];
        if ((int)row->stage < first || (int)row->stage > last || (row->versions & version) == 0) {
            continue;
        }
        if (row->stage == STAGE_QUEUE && !rings) {
            rings = true;
            if (!play_rings(parser, 0)) {
                return false;
            }
        }
        if (!play_register(parser, row->reg, row->value != PLAY_READ,
                           row->value != PLAY_READ ? row_value(scenario, row, features, 0) : 0)) {
            return false;
        }
        if (row->stage == STAGE_RESET) {
            parser->requests = 0;
            memset(parser->sent, 0, sizeof parser->sent);
        }
    }
    return true;
}

bool parse_bring_up(struct parser *parser)
{
    uint64_t features = parser->scenario->device.version == 1 ? 0 : VIRTIO_BIT(VIRTIO_F_VERSION_1);
    int after = -1;
    int last = parse_choice(parser, "stage", stage_words, COUNT(stage_words));
    if (last < 0) {
        return false;
    }
    const struct word *word = parse_peek(parser);
    if (word_is(word, "after")) {
        parse_next(parser);
        word = parse_peek(parser);
        after = parse_choice(parser, "stage", stage_words, COUNT(stage_words));
        if (after < 0) {
            return false;
        }
        if (after >= last) {
            return parse_fail(parser, word, NULL, NULL, "`%s` does not come before `%s`",
                              stage_words[after], stage_words[last]);
        }
    }
    if (word_is(parse_peek(parser), "accept")) {
        parse_next(parser);
        if (!parse_accepted(parser, &features)) {
            return false;
        }
    }
    return parse_end(parser) && play_rows(parser, after + 1, last, features);
}

/* Queue 1, in pages of its own, by the same rows as queue 0. */
bool parse_queue(struct parser *parser)
{
    const struct scenario *scenario = parser->scenario;
    unsigned version = scenario->device.version == 1 ? V1 : V2;
    uint64_t number = 0;
    if (!parse_number(parser, "a queue's number (`bring-up` makes queue 0)", 1, 1, &number) ||
        !parse_end(parser) || !play_rings(parser, 1)) {
        return false;
    }
    for (size_t i = 0; i < COUNT(bring_up_rows); i++) {
        const struct play_row *row = &bring_up_rows[i];
        bool is_write = row->value != PLAY_READ;
        if (row->stage != STAGE_QUEUE || (row->versions & version) == 0 ||
            row->reg == VIRTIO_MMIO_REG_GuestPageSize) {
            continue;
        }
        uint64_t value = is_write ? row_value(scenario, row, 0, PAGE_RINGS_1) : 0;
        if (!play_register(parser, row->reg, is_write,
                           row->reg == VIRTIO_MMIO_REG_QueueSel ? number : value)) {
            return false;
        }
    }
    return true;
}

/* ---- request ---- */

bool play_descriptor(struct parser *parser, uint32_t queue, uint32_t index,
                     const struct virtq_desc *desc)
{
    return play_store(parser, EVENT_PLACE_DESC_ADDR, queue, index, sizeof(le64), 0, desc->addr) &&
           play_store(parser, EVENT_PLACE_DESC_LEN, queue, index, sizeof(le32), 0, desc->len) &&
           play_store(parser, EVENT_PLACE_DESC_FLAGS, queue, index, sizeof(le16), 0, desc->flags) &&
           play_store(parser, EVENT_PLACE_DESC_NEXT, queue, index, sizeof(le16), 0, desc->next);
}

bool parse_request(struct parser *parser)
{
    const struct scenario *scenario = parser->scenario;
    uint64_t header = play_page_addr(scenario, PAGE_BUFFERS);
    bool notified = !word_is(parse_peek(parser), "unnotified");
    if (scenario->kind != SCENARIO_DEVICE_GPU) {
        return parse_fail(parser, &parser->word[0], "`device gpu`", NULL,
                          "only a GPU is asked for its displays");
    }
    if (!notified) {
        parse_next(parser);
    }
    if (!parse_end(parser)) {
        return false;
    }
    if (!parser->buffers_given) {
        parser->buffers_given = true;
        if (!play_alloc(parser, "buffers", PAGE_BUFFERS, 1)) {
            return false;
        }
    }
    bool good = true;
    for (unsigned at = 0; at < sizeof(struct virtio_gpu_ctrl_hdr) && good; at += sizeof(le64)) {
        good = play_store(parser, EVENT_PLACE_MEMORY, 0, 0, sizeof(le64), header + at,
                          at == 0 ? VIRTIO_GPU_CMD_GET_DISPLAY_INFO : 0);
    }
    uint32_t slot = parser->requests % PLAY_QUEUE_SIZE;
    const struct virtq_desc in = {header, sizeof(struct virtio_gpu_ctrl_hdr), VIRTQ_DESC_F_NEXT, 1};
    const struct virtq_desc out = {header + RESPONSE_OFFSET,
                                   sizeof(struct virtio_gpu_resp_display_info), VIRTQ_DESC_F_WRITE,
                                   0};
    parser->requests++;
    return good && play_descriptor(parser, 0, 0, &in) && play_descriptor(parser, 0, 1, &out) &&
           play_store(parser, EVENT_PLACE_AVAIL_RING, 0, slot, sizeof(le16), 0, 0) &&
           play_store(parser, EVENT_PLACE_AVAIL_IDX, 0, 0, sizeof(le16), 0, parser->requests) &&
           (!notified || play_register(parser, VIRTIO_MMIO_REG_QueueNotify, true, 0));
}
