/*
 * A judge on a bench: a real simulated GPU and RAM, and a driver that is a text of event lines.
 *
 * Lines of the driver are carried out (a write reaches the device, a store reaches RAM, a read gets
 * its value from there); the device then runs until it has nothing to do. Lines of others are only
 * told to the judge. A line's number is its pc, so that every line is a place of its own. Five
 * pages of DMA memory are given: desc, avail, used, command, response, from PAGE_DESC on.
 */
#ifndef RINGSIDE_TESTS_JUDGE_RIG_H
#define RINGSIDE_TESTS_JUDGE_RIG_H

#include <check.h>
#include <stdio.h>
#include <string.h>
#include "gpu.h"
#include "judge.h"

#define RIG_BASE       UINT64_C(0x40000000)
#define RIG_BYTES      (UINT64_C(16) << 20)
#define RIG_LINE_BYTES 200u
#define RIG_DEVICE_MAX 100000u /* micro-steps of the device between two lines */

struct rig_config {
    unsigned version;
    enum sim_profile profile;
    uint64_t features; /* besides VERSION_1 */
    const struct sim_fault *fault;
};

struct rig {
    struct arena arena;
    struct sim_device device;
    struct findings findings;
    uint64_t exercised[RULES_MAX];
    struct judge judge;
    uint64_t step;
    uintptr_t pc;
};

static struct rig rig;
/* Sees every event after the judge; NULL = nobody does. */
static void (*rig_watch)(const struct event *event);

static inline void rig_emit(void *context, struct event *event)
{
    struct rig *r = context;
    event->step = ++r->step;
    judge_event(&r->judge, event);
    if (rig_watch != NULL)
        rig_watch(event);
}

static inline void rig_open(const struct rig_config *config)
{
    static const char *const name[] = {"desc", "avail", "used", "command", "response"};
    struct arena_config memory = {.base = RIG_BASE, .size_bytes = RIG_BYTES};
    struct sim_config device = {.version = config->version,
                                .profile = config->profile,
                                .slot = 31,
                                .features = config->features,
                                .queue_size_max = 64};
    struct gpu_config gpu = {.num_scanouts = 1, .width_px = 64, .height_px = 48};

    memset(&rig, 0, sizeof rig);
    ck_assert_ptr_null(arena_create(&rig.arena, &memory));
    for (unsigned i = 0; i < sizeof name / sizeof name[0]; i++)
        ck_assert_uint_eq(arena_alloc(&rig.arena, 4096, 4096, name[i], 1, 1),
                          RIG_BASE + UINT64_C(4096) * i);
    if (config->version == 2)
        device.features |= UINT64_C(1) << 32;
    sim_device_create(&rig.device, &device, &gpu_class, &rig.arena,
                      (struct event_observer){rig_emit, &rig});
    ck_assert(gpu_create(&rig.device, &gpu));
    if (config->fault != NULL)
        ck_assert(sim_fault_arm(&rig.device.faults, config->fault));
    judge_create(&rig.judge, NULL, &rig.arena, &rig.device, &rig.findings, rig.exercised, true);
}

static inline void rig_close(void)
{
    judge_destroy(&rig.judge);
    gpu_destroy(&rig.device);
    sim_device_destroy(&rig.device);
    arena_destroy(&rig.arena);
}

static inline bool rig_in_ram(const struct event *event)
{
    return event->addr >= RIG_BASE && event->width_bytes <= 8 &&
           event->addr + event->width_bytes <= RIG_BASE + RIG_BYTES;
}

static inline void rig_locate(struct event *event)
{
    uint32_t width_bytes = event->width_bytes;

    if (event->place > EVENT_PLACE_MEMORY && place_address(&rig.device, event))
        event->width_bytes = width_bytes;
    else if (event->place == EVENT_PLACE_MEMORY &&
             !sim_queue_place(&rig.device, event->addr, event))
        event->place = EVENT_PLACE_MEMORY;
}

static inline void rig_driver(struct event *event)
{
    bool other = (event->flags & EVENT_OTHER_SLOT) != 0;
    bool is_write = event->kind == EVENT_WRITE;

    event->pc = rig.pc;
    if (!other && (is_write || event->kind == EVENT_READ)) {
        event->slot = 31;
        event->verdict =
            (uint8_t)mmio_check(&rig.device, (uint32_t)event->addr, event->width_bytes, is_write);
        if (!is_write)
            event->value = mmio_read(&rig.device, (uint32_t)event->addr, event->width_bytes);
    }
    if (event->kind == EVENT_STORE || event->kind == EVENT_LOAD || event->kind == EVENT_UPDATE) {
        rig_locate(event);
        if (rig_in_ram(event) && event->kind == EVENT_LOAD) {
            event->value = 0;
            memcpy(&event->value, arena_host(&rig.arena, event->addr), event->width_bytes);
        } else if (rig_in_ram(event)) {
            memcpy(arena_host(&rig.arena, event->addr), &event->value, event->width_bytes);
        }
    }
    if (event->kind == EVENT_FREE)
        arena_free(&rig.arena, event->addr, rig.step + 1);
    rig_emit(&rig, event);
    if (!other && is_write)
        mmio_write(&rig.device, (uint32_t)event->addr, event->width_bytes, event->value);
}

static inline void rig_line(const char *line)
{
    const char *error = NULL;
    size_t column = 0;
    struct event event;

    rig.pc++;
    if (!event_parse(line, &event, &error, &column))
        ck_abort_msg("%s\n%zu: %s", line, column, error);
    if (event.party == EVENT_PARTY_DRIVER)
        rig_driver(&event);
    else
        rig_emit(&rig, &event);
    for (unsigned i = 0; i < RIG_DEVICE_MAX; i++) {
        rig.device.clock_steps = rig.step;
        if (!sim_device_step(&rig.device))
            break;
    }
}

/* Plays lines, one an event; empty ones are left out. */
static inline void rig_play(const char *script)
{
    while (*script != '\0') {
        char line[RIG_LINE_BYTES];
        size_t length = strcspn(script, "\n");
        ck_assert_uint_lt(length, sizeof line);
        memcpy(line, script, length);
        line[length] = '\0';
        if (length != 0)
            rig_line(line);
        script += length + (script[length] == '\n');
    }
}

/* Ids of the findings of at least `level`, in order, with blanks between; lives until the next
 * call. */
static inline const char *rig_ids(enum finding_level level)
{
    static char ids[1024];
    size_t used = 0;

    ids[0] = '\0';
    for (uint32_t i = 0; i < rig.findings.count; i++) {
        const struct finding *finding = &rig.findings.item[i];
        if (finding->level < level)
            continue;
        used += (size_t)snprintf(ids + used, sizeof ids - used, "%s%s", used != 0 ? " " : "",
                                 finding->rule->id);
    }
    return ids;
}

static inline const char *rig_text(const struct event *event)
{
    static char text[EVENT_TEXT_BYTES];
    event_format(event, NULL, NULL, text, sizeof text);
    return text;
}

/* ---- scripts ---- */

/* clang-format off */

#define PAGE_DESC     "0x40000000"
#define PAGE_AVAIL    "0x40001000"
#define PAGE_USED     "0x40002000"
#define PAGE_COMMAND  "0x40003000"
#define PAGE_RESPONSE "0x40004000"

#define CALL        "world call 0\n"
#define RETURN_OK   "world return 0 OK\n"
#define RETURN_LATE "world return 0 TIMEOUT\n"
#define R(name)     "driver read " name " 0\n"
#define W(name)     "driver write " name "\n"
#define PROBE       R("MagicValue") R("Version") R("DeviceID")
#define RESET       W("Status 0")
#define WELCOME     W("Status 1") W("Status 3")
#define OFFER       W("DeviceFeaturesSel 0") R("DeviceFeatures") W("DeviceFeaturesSel 1") \
    R("DeviceFeatures")
#define ACCEPT      W("DriverFeaturesSel 0") W("DriverFeatures 0") W("DriverFeaturesSel 1") \
    W("DriverFeatures 1")
#define ACCEPT_1    W("DriverFeaturesSel 0") W("DriverFeatures 0")
#define AGREE       W("Status 11") R("Status")
#define SELECT      W("QueueSel 0") R("QueueReady") R("QueueSizeMax") W("QueueSize 8")
#define ADDRESSES                                                                                  \
    W("QueueDescLow " PAGE_DESC) W("QueueDescHigh 0") W("QueueDriverLow " PAGE_AVAIL)              \
    W("QueueDriverHigh 0") W("QueueDeviceLow " PAGE_USED) W("QueueDeviceHigh 0")
#define READY       W("QueueReady 1")
#define GO          W("Status 15")
#define BEGIN_2     PROBE RESET WELCOME OFFER ACCEPT AGREE
#define UP_2        BEGIN_2 SELECT ADDRESSES READY GO

/* Version 1: one block from the first page on, QueueAlign 4096, so `used` begins the second. */
#define BEGIN_1     PROBE RESET WELCOME W("DeviceFeaturesSel 0") R("DeviceFeatures") ACCEPT_1
#define SELECT_1    W("QueueSel 0") R("QueuePFN") R("QueueSizeMax") W("QueueSize 8")
#define PFN         W("QueuePFN 0x40000")
#define GO_1        W("Status 7")
/* QueueAlign 4: the used ring lies behind the available ring, in the same page. */
#define UP_1        BEGIN_1 W("GuestPageSize 4096") SELECT_1 W("QueueAlign 4") PFN GO_1

#define S(text)     "driver store " text "\n"
#define COMMAND     S(PAGE_COMMAND "/4 0x100")
#define DESC_0      S("q0.desc[0].addr " PAGE_COMMAND) S("q0.desc[0].len 24") \
    S("q0.desc[0].flags 1") S("q0.desc[0].next 1")
#define DESC_1      S("q0.desc[1].addr " PAGE_RESPONSE) S("q0.desc[1].len 408") \
    S("q0.desc[1].flags 2") S("q0.desc[1].next 0")
#define PUBLISH     S("q0.avail.ring[0] 0") S("q0.avail.idx 1")
#define NOTIFY      W("QueueNotify 0")
#define TAKE_BACK   "driver load q0.used.idx 0\ndriver load q0.used.ring[0].id 0\n"
#define ZERO        S(PAGE_AVAIL "/4 0") S(PAGE_USED "/4 0")
#define REQUEST     COMMAND DESC_0 DESC_1 PUBLISH NOTIFY TAKE_BACK
#define STUCK       "driver load q0.used.idx 0\nworld stuck\n"
/* clang-format on */

#endif
