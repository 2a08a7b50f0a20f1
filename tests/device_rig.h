/*
 * A device of no real type on a bench: it answers a request with the request's own bytes, and
 * everything that it emits is kept, as an event and as text.
 */
#ifndef RINGSIDE_TESTS_DEVICE_RIG_H
#define RINGSIDE_TESTS_DEVICE_RIG_H

#include <check.h>

#include "device.h"
#include "virtio/config.h"
#include "virtio/mmio.h"
#include "virtio/ring.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define SPEC              SIM_PROFILE_SPEC
#define QEMU              SIM_PROFILE_QEMU

#define BENCH_RAM_BASE     UINT64_C(0x40000000)
#define BENCH_RAM_BYTES    (UINT64_C(32) << 20)
#define BENCH_EVENTS_MAX   4096u
#define BENCH_QUEUES       2u
#define BENCH_CONFIG_BYTES 24u
#define BENCH_ECHO_MAX     65536u /* bytes that the device echoes at most */
#define BENCH_TABLE_DESCS  256u   /* that fit at table_addr */
#define BENCH_STEPS_MAX    2000000u

/* For inner loops: Check's own assertions send a message each, which costs more than the test. */
#define BENCH_CHECK(condition)                                                                     \
    do {                                                                                           \
        if (!(condition))                                                                          \
            ck_abort_msg("not so: %s", #condition);                                                \
    } while (0)

struct bench {
    struct arena arena;
    struct sim_device device;
    struct sim_class class;
    uint8_t config[BENCH_CONFIG_BYTES];
    uint32_t resets;        /* calls of the class's reset */
    uint64_t request_bytes; /* of the chain in progress */
    uint8_t request[BENCH_ECHO_MAX];
    uint32_t event_count; /* since bench_forget(); more than BENCH_EVENTS_MAX are only counted */
    struct event event[BENCH_EVENTS_MAX];
    uint32_t count[EVENT_KIND_COUNT];    /* of each kind since bench_forget() */
    uint32_t refused[SIM_REFUSAL_COUNT]; /* of each refusal since bench_forget() */
    /* the driver's side of queue 0, filled in by bench_queue() */
    uint32_t size;
    uint64_t desc_addr, avail_addr, used_addr, data_addr, table_addr;
    uint16_t avail_idx;
};

struct bench *bench_create(uint32_t version, enum sim_profile profile, uint64_t features,
                           uint32_t queue_size_max);
void bench_destroy(struct bench *bench);
/* The same with the identity of another device type. */
struct bench *bench_create_as(uint32_t device_id, uint32_t version, enum sim_profile profile,
                              uint64_t features, uint32_t queue_size_max);

/* Register accesses, 4 bytes wide, by offset. */
uint32_t bench_read(struct bench *bench, uint32_t offset);
void bench_write(struct bench *bench, uint32_t offset, uint32_t value);

/* Status to FEATURES_OK (version 2), with these features. */
void bench_negotiate(struct bench *bench, uint64_t features);
/* Makes queue 0 live with memory of its own, `size` entries. */
void bench_queue(struct bench *bench, uint32_t size);
void bench_driver_ok(struct bench *bench);
/* All three with a device made for it. */
struct bench *bench_live(uint32_t version, enum sim_profile profile, uint64_t features,
                         uint32_t size);

/* The driver's stores, observed ones. */
void bench_store(struct bench *bench, uint64_t addr, const void *bytes, uint64_t count);
void bench_store16(struct bench *bench, uint64_t addr, uint16_t value);
uint16_t bench_load16(struct bench *bench, uint64_t addr);
uint32_t bench_load32(struct bench *bench, uint64_t addr);

/* Descriptor `index` of a table. */
void bench_desc(struct bench *bench, uint64_t table_addr, uint32_t index, uint64_t addr,
                uint32_t len, uint16_t flags, uint16_t next);
/* Puts a head into the next slot and moves avail.idx. */
void bench_offer(struct bench *bench, uint16_t head);
/*
 * Offers a request of 4 bytes in descriptor `head`, and room for 4 bytes of response in the one
 * behind it; in a queue of one entry, the request alone.
 */
void bench_offer_echo(struct bench *bench, uint16_t head);
uint16_t bench_used_idx(struct bench *bench);
void bench_kick(struct bench *bench);
/* Lets the device work until it rests; returns the number of steps. */
uint32_t bench_run(struct bench *bench);

void bench_forget(struct bench *bench);
/* The n-th event of a kind, or NULL. */
const struct event *bench_event(const struct bench *bench, enum event_kind kind, uint32_t n);
/* The events as text, one a line, compared with `wanted`; fails with both. */
void bench_expect_trace(const struct bench *bench, const char *wanted);
/* Exactly this refusal, once, and nothing else refused; NONE: nothing at all. Returns its event. */
const struct event *bench_expect_refusal(const struct bench *bench, enum sim_refusal refusal);

/* Runs the tests of a program; returns its exit status. */
int bench_main(const char *name, const TTest *const *tests, size_t count);

uint32_t bench_random(uint64_t *state);

#endif
