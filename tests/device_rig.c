/*
 * The bench of device_rig.h.
 */
#include "device_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"

#define TRACE_BYTES_MAX 65536u

static struct bench *bench_of(struct sim_device *device)
{
    return device->state;
}

/* ---- the class ---- */

static void echo_reset(struct sim_device *device)
{
    bench_of(device)->resets++;
}

static void echo_config_read(struct sim_device *device, uint32_t offset, uint32_t width_bytes,
                             uint8_t *out)
{
    ck_assert_uint_le(offset + width_bytes, BENCH_CONFIG_BYTES);
    memcpy(out, bench_of(device)->config + offset, width_bytes);
}

static void echo_config_write(struct sim_device *device, uint32_t offset, uint32_t width_bytes,
                              const uint8_t *in)
{
    ck_assert_uint_le(offset + width_bytes, BENCH_CONFIG_BYTES);
    memcpy(bench_of(device)->config + offset, in, width_bytes);
}

static void echo_request(struct sim_device *device, uint32_t queue)
{
    struct bench *bench = bench_of(device);
    bench->request_bytes = sim_chain_read(device, queue, 0, bench->request, sizeof(bench->request));
}

static void echo_execute(struct sim_device *device, uint32_t queue)
{
    struct event event = sim_event(device, EVENT_EXECUTE, queue);
    event.value = bench_of(device)->request_bytes;
    sim_emit(device, &event);
}

static void echo_respond(struct sim_device *device, uint32_t queue)
{
    struct bench *bench = bench_of(device);
    uint64_t moved = sim_chain_write(device, queue, 0, bench->request, bench->request_bytes);
    struct event event = sim_event(device, EVENT_RESPOND, queue);
    event.extra = moved;
    sim_emit(device, &event);
}

/* ---- the bench ---- */

static void keep_event(void *context, struct event *event)
{
    struct bench *bench = context;
    BENCH_CHECK(event->kind < EVENT_KIND_COUNT);
    bench->count[event->kind]++;
    if (event->kind == EVENT_REFUSE)
        bench->refused[event->value]++;
    if (bench->event_count < BENCH_EVENTS_MAX) {
        bench->event[bench->event_count] = *event;
        bench->event[bench->event_count].bytes = NULL;
    }
    bench->event_count++;
}

struct bench *bench_create_as(uint32_t device_id, uint32_t version, enum sim_profile profile,
                              uint64_t features, uint32_t queue_size_max)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    ck_assert_ptr_nonnull(bench);
    const struct arena_config ram = {.base = BENCH_RAM_BASE,
                                     .size_bytes = BENCH_RAM_BYTES,
                                     .shadow = true};
    ck_assert_ptr_null(arena_create(&bench->arena, &ram));
    bench->class = (struct sim_class){.name = "echo",
                                      .device_id = device_id,
                                      .queue_count = BENCH_QUEUES,
                                      .config_bytes = BENCH_CONFIG_BYTES,
                                      .reset = echo_reset,
                                      .config_read = echo_config_read,
                                      .config_write = echo_config_write,
                                      .request = echo_request,
                                      .execute = echo_execute,
                                      .respond = echo_respond};
    for (uint32_t i = 0; i < BENCH_CONFIG_BYTES; i++)
        bench->config[i] = (uint8_t)(0x10 + i);
    if (version == 2)
        features |= VIRTIO_BIT(VIRTIO_F_VERSION_1);
    const struct sim_config config = {.version = version,
                                      .profile = profile,
                                      .features = features,
                                      .queue_size_max = queue_size_max};
    const struct event_observer observer = {.emit = keep_event, .context = bench};
    sim_device_create(&bench->device, &config, &bench->class, &bench->arena, observer);
    bench->device.state = bench;
    bench->device.check_stores = true;
    return bench;
}

struct bench *bench_create(uint32_t version, enum sim_profile profile, uint64_t features,
                           uint32_t queue_size_max)
{
    return bench_create_as(VIRTIO_ID_ENTROPY, version, profile, features, queue_size_max);
}

void bench_destroy(struct bench *bench)
{
    sim_device_destroy(&bench->device);
    arena_destroy(&bench->arena);
    free(bench);
}

uint32_t bench_read(struct bench *bench, uint32_t offset)
{
    return (uint32_t)mmio_read(&bench->device, offset, 4);
}

void bench_write(struct bench *bench, uint32_t offset, uint32_t value)
{
    mmio_write(&bench->device, offset, 4, value);
}

void bench_negotiate(struct bench *bench, uint64_t features)
{
    bool modern = bench->device.config.version == 2;
    if (modern)
        features |= VIRTIO_BIT(VIRTIO_F_VERSION_1);
    bench_write(bench, VIRTIO_MMIO_Status, 0);
    bench_write(bench, VIRTIO_MMIO_Status, 1);
    bench_write(bench, VIRTIO_MMIO_Status, 3);
    bench_write(bench, VIRTIO_MMIO_DriverFeaturesSel, 0);
    bench_write(bench, VIRTIO_MMIO_DriverFeatures, (uint32_t)features);
    if (modern) {
        bench_write(bench, VIRTIO_MMIO_DriverFeaturesSel, 1);
        bench_write(bench, VIRTIO_MMIO_DriverFeatures, (uint32_t)(features >> 32));
        bench_write(bench, VIRTIO_MMIO_Status, 11);
        ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_Status), 11);
    }
}

static uint64_t allocate(struct bench *bench, uint64_t bytes, const char *what)
{
    uint64_t addr = arena_alloc(&bench->arena, bytes, 4096, what, 1, 0);
    ck_assert_uint_ne(addr, 0);
    return addr;
}

static void write_area(struct bench *bench, uint32_t low, uint32_t high, uint64_t addr)
{
    bench_write(bench, low, (uint32_t)addr);
    bench_write(bench, high, (uint32_t)(addr >> 32));
}

void bench_queue(struct bench *bench, uint32_t size)
{
    bench->size = size;
    bench->avail_idx = 0;
    bench->data_addr = allocate(bench, 4096, "data");
    bench->table_addr = allocate(bench, 16ull * BENCH_TABLE_DESCS, "table");
    bench_write(bench, VIRTIO_MMIO_QueueSel, 0);
    bench_write(bench, VIRTIO_MMIO_QueueSize, size);
    if (bench->device.config.version == 2) {
        bench->desc_addr = allocate(bench, virtq_desc_bytes(size), "desc");
        bench->avail_addr = allocate(bench, virtq_avail_bytes(size), "avail");
        bench->used_addr = allocate(bench, virtq_used_bytes(size), "used");
        write_area(bench, VIRTIO_MMIO_QueueDescLow, VIRTIO_MMIO_QueueDescHigh, bench->desc_addr);
        write_area(bench, VIRTIO_MMIO_QueueDriverLow, VIRTIO_MMIO_QueueDriverHigh,
                   bench->avail_addr);
        write_area(bench, VIRTIO_MMIO_QueueDeviceLow, VIRTIO_MMIO_QueueDeviceHigh,
                   bench->used_addr);
        bench_write(bench, VIRTIO_MMIO_QueueReady, 1);
    } else {
        uint64_t bytes = virtq_legacy_used_offset(size, 4096) + virtq_used_bytes(size);
        bench->desc_addr = allocate(bench, bytes, "queue");
        bench->avail_addr = bench->desc_addr + virtq_desc_bytes(size);
        bench_write(bench, VIRTIO_MMIO_GuestPageSize, 4096);
        bench_write(bench, VIRTIO_MMIO_QueueAlign, 4096);
        bench_write(bench, VIRTIO_MMIO_QueuePFN, (uint32_t)(bench->desc_addr / 4096));
        bench->used_addr = bench->device.queue[0].used_addr;
    }
}

void bench_driver_ok(struct bench *bench)
{
    bench_write(bench, VIRTIO_MMIO_Status,
                bench_read(bench, VIRTIO_MMIO_Status) | VIRTIO_STATUS_DRIVER_OK);
    bench_forget(bench);
}

struct bench *bench_live(uint32_t version, enum sim_profile profile, uint64_t features,
                         uint32_t size)
{
    struct bench *bench = bench_create(version, profile, features, VIRTQ_SIZE_MAX);
    bench_negotiate(bench, features);
    bench_queue(bench, size);
    bench_driver_ok(bench);
    return bench;
}

void bench_store(struct bench *bench, uint64_t addr, const void *bytes, uint64_t count)
{
    memcpy(arena_host(&bench->arena, addr), bytes, count);
    arena_shadow_update(&bench->arena, addr, count);
}

void bench_store16(struct bench *bench, uint64_t addr, uint16_t value)
{
    bench_store(bench, addr, &value, sizeof(value));
}

uint16_t bench_load16(struct bench *bench, uint64_t addr)
{
    uint16_t value;
    memcpy(&value, arena_host(&bench->arena, addr), sizeof(value));
    return value;
}

uint32_t bench_load32(struct bench *bench, uint64_t addr)
{
    uint32_t value;
    memcpy(&value, arena_host(&bench->arena, addr), sizeof(value));
    return value;
}

void bench_desc(struct bench *bench, uint64_t table_addr, uint32_t index, uint64_t addr,
                uint32_t len, uint16_t flags, uint16_t next)
{
    const struct virtq_desc desc = {.addr = addr, .len = len, .flags = flags, .next = next};
    bench_store(bench, table_addr + 16ull * index, &desc, sizeof(desc));
}

void bench_offer(struct bench *bench, uint16_t head)
{
    bench_store16(bench, bench->avail_addr + 4 + 2ull * (bench->avail_idx % bench->size), head);
    bench->avail_idx++;
    bench_store16(bench, bench->avail_addr + 2, bench->avail_idx);
}

void bench_offer_echo(struct bench *bench, uint16_t head)
{
    uint16_t tail = (uint16_t)((head + 1u) % bench->size);
    if (tail == head) {
        bench_desc(bench, bench->desc_addr, head, bench->data_addr, 4, 0, 0);
    } else {
        bench_desc(bench, bench->desc_addr, head, bench->data_addr, 4, VIRTQ_DESC_F_NEXT, tail);
        bench_desc(bench, bench->desc_addr, tail, bench->data_addr + 64, 4, VIRTQ_DESC_F_WRITE, 0);
    }
    bench_offer(bench, head);
}

uint16_t bench_used_idx(struct bench *bench)
{
    return bench_load16(bench, bench->used_addr + 2);
}

void bench_kick(struct bench *bench)
{
    bench_write(bench, VIRTIO_MMIO_QueueNotify, 0);
}

uint32_t bench_run(struct bench *bench)
{
    uint32_t steps = 0;
    while (sim_device_enabled(&bench->device)) {
        BENCH_CHECK(sim_device_step(&bench->device));
        BENCH_CHECK(++steps < BENCH_STEPS_MAX);
    }
    BENCH_CHECK(sim_device_wakes_at(&bench->device) != 0 || !sim_device_step(&bench->device));
    return steps;
}

void bench_forget(struct bench *bench)
{
    bench->event_count = 0;
    memset(bench->count, 0, sizeof(bench->count));
    memset(bench->refused, 0, sizeof(bench->refused));
}

const struct event *bench_event(const struct bench *bench, enum event_kind kind, uint32_t n)
{
    for (uint32_t i = 0; i < bench->event_count && i < BENCH_EVENTS_MAX; i++) {
        if (bench->event[i].kind == kind && n-- == 0)
            return &bench->event[i];
    }
    return NULL;
}

void bench_expect_trace(const struct bench *bench, const char *wanted)
{
    static char trace[TRACE_BYTES_MAX];
    size_t used = 0;
    trace[0] = '\0';
    for (uint32_t i = 0; i < bench->event_count && i < BENCH_EVENTS_MAX; i++) {
        char line[EVENT_TEXT_BYTES];
        event_format(&bench->event[i], NULL, NULL, line, sizeof(line));
        const char *text = strncmp(line, "0 ", 2) == 0 ? line + 2 : line; /* no step numbers here */
        int length = snprintf(trace + used, sizeof(trace) - used, "%s\n", text);
        ck_assert_uint_lt(used + (size_t)length, sizeof(trace));
        used += (size_t)length;
    }
    ck_assert_msg(strcmp(trace, wanted) == 0, "the trace is\n%sbut should be\n%s", trace, wanted);
}

const struct event *bench_expect_refusal(const struct bench *bench, enum sim_refusal refusal)
{
    for (int i = 0; i < SIM_REFUSAL_COUNT; i++) {
        uint32_t wanted = i == (int)refusal && refusal != SIM_REFUSAL_NONE;
        ck_assert_msg(bench->refused[i] == wanted, "`%s` was refused %u times, not %u",
                      sim_refusal_word((enum sim_refusal)i), bench->refused[i], wanted);
    }
    return bench_event(bench, EVENT_REFUSE, 0);
}

int bench_main(const char *name, const TTest *const *tests, size_t count)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 60);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}

uint32_t bench_random(uint64_t *state)
{
    return (uint32_t)(random_next(state) >> 32);
}
