/*
 * The sanitizer callbacks: classifies each access by address and hands those that matter to the
 * world.
 *
 * Everything here runs on the driver's stack and is kept short; see observe.h for the whole
 * picture.
 */
#include "observe.h"

#include <stddef.h>
#include <string.h>

#include "event.h"
#include "fiber.h"
#include "process.h"

struct probe probe;

static volatile uintptr_t own_place;
volatile uintptr_t *probe_place = &own_place;

/* The caller of the callback, that is, the driver. */
#define DRIVER_PC ((uintptr_t)__builtin_return_address(0))

struct access {
    enum probe_kind kind;
    uint8_t flags;
    uint32_t bytes;
    uintptr_t host;
    uintptr_t pc;
    uint64_t value;
};

static void host_access(void *argument)
{
    const struct access *access = argument;
    world_access(access->kind, access->host, access->bytes, access->flags, access->pc);
}

static void host_finish(void *argument)
{
    (void)argument;
    world_finish();
}

static void host_updated(void *argument)
{
    const struct access *access = argument;
    world_updated(access->host, access->bytes, access->flags, access->value, access->pc);
}

static void host_budget(void *argument)
{
    const struct access *access = argument;
    world_budget_out(access->pc);
}

static void host_offer(void *argument)
{
    (void)argument;
    world_offer_interrupt();
}

static void budget_out(uintptr_t pc)
{
    struct access access = {.pc = pc};
    if (probe.running)
        probe_on_host(host_budget, &access);
}

static inline void count(uintptr_t pc)
{
    *probe_place = pc;
    if (--probe.budget < 0)
        budget_out(pc);
}

static inline void finish(void)
{
    if (probe.pending)
        probe_on_host(host_finish, NULL);
}

static void host_finish_before_read(void *argument)
{
    const struct access *access = argument;
    world_finish_before_read(access->bytes);
}

static void finish_before_read(uint32_t bytes)
{
    struct access access = {.bytes = bytes};
    probe_on_host(host_finish_before_read, &access);
}

static inline bool in_range(const struct probe_range *range, uintptr_t host)
{
    return host - range->host < range->bytes;
}

/* Is an access to this address a step of the world? */
static inline bool matters(uintptr_t host)
{
    if (in_range(&probe.window, host))
        return true;
    for (uint32_t i = 0; i < probe.memory_count; i++) {
        if (in_range(&probe.memory[i], host))
            return true;
    }
    return false;
}

/*
 * Once the world knows that the driver waits for what cannot come, the same reads again are not
 * told: the driver runs on to its own timeout at full speed.
 */
static inline bool known_poll(uintptr_t host, uintptr_t pc)
{
    const struct probe_poll *poll = probe_poll_of(host, pc);
    return poll->pc == pc && poll->host == host;
}

static void step(struct access *access)
{
    if (!probe.running)
        return;
    if (probe.switch_wanted)
        (void)fiber_let_others(access->pc);
    probe_on_host(host_access, access);
}

/* All of what an access can mean. */
__attribute__((noinline)) static void consider(enum probe_kind kind, uintptr_t host, uint32_t bytes,
                                               uint8_t flags, uintptr_t pc)
{
    /* All in one place, which the calls that follow get along with. */
    struct access access = {.kind = kind, .flags = flags, .bytes = bytes, .host = host, .pc = pc};

    if (probe.budget < 0)
        budget_out(pc);
    if (matters(host)) {
        /* A register is always told: the load would find the window closed. */
        if (!(probe.skip_polls && kind == PROBE_READ && !probe.pending && known_poll(host, pc)) ||
            in_range(&probe.window, host))
            step(&access);
    } else if (probe.pending && kind == PROBE_READ) {
        finish_before_read(bytes);
    } else {
        finish();
        if (probe.offers && !probe.pending && probe.running)
            probe_on_host(host_offer, NULL);
        if (access.kind != PROBE_READ && !in_range(&probe.stack, access.host) &&
            !in_range(&probe.image, access.host))
            process_foreign_store(access.host, access.bytes, access.pc);
    }
}

/*
 * Most accesses are to the driver's own variables and mean nothing: those leave here, with no
 * register saved.
 */
static inline void observe(enum probe_kind kind, const volatile void *address, uint32_t bytes,
                           uint8_t flags, uintptr_t pc)
{
    uintptr_t host = (uintptr_t)address;

    *probe_place = pc;
    if (--probe.budget >= 0 && probe.busy == 0 &&
        (in_range(&probe.quiet[0], host) || in_range(&probe.quiet[1], host)))
        return;
    consider(kind, host, bytes, flags, pc);
}

/* ---- plain, volatile and unaligned accesses ---- */

void __tsan_init(void);
void __tsan_init(void)
{
}

void __tsan_func_entry(void *caller);
void __tsan_func_entry(void *caller)
{
    (void)caller;
    count(DRIVER_PC);
    finish();
}

void __tsan_func_exit(void);
void __tsan_func_exit(void)
{
    count(DRIVER_PC);
    finish();
}

#define ACCESS(name, kind, bytes, flags)                                                           \
    void name(void *address);                                                                      \
    void name(void *address)                                                                       \
    {                                                                                              \
        observe(kind, address, bytes, flags, DRIVER_PC);                                           \
    }

#define ACCESSES(bytes)                                                                            \
    ACCESS(__tsan_read##bytes, PROBE_READ, bytes, 0)                                               \
    ACCESS(__tsan_write##bytes, PROBE_WRITE, bytes, 0)                                             \
    ACCESS(__tsan_volatile_read##bytes, PROBE_READ, bytes, EVENT_VOLATILE)                         \
    ACCESS(__tsan_volatile_write##bytes, PROBE_WRITE, bytes, EVENT_VOLATILE)                       \
    ACCESS(__tsan_unaligned_read##bytes, PROBE_READ, bytes, 0)                                     \
    ACCESS(__tsan_unaligned_write##bytes, PROBE_WRITE, bytes, 0)                                   \
    ACCESS(__tsan_unaligned_volatile_read##bytes, PROBE_READ, bytes, EVENT_VOLATILE)               \
    ACCESS(__tsan_unaligned_volatile_write##bytes, PROBE_WRITE, bytes, EVENT_VOLATILE)             \
    /* clang, for `x += 1`: the read and the write are told as one */                              \
    ACCESS(__tsan_read_write##bytes, PROBE_WRITE, bytes, 0)                                        \
    ACCESS(__tsan_unaligned_read_write##bytes, PROBE_WRITE, bytes, 0)

ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)

void __tsan_read_range(void *address, size_t bytes);
void __tsan_read_range(void *address, size_t bytes)
{
    observe(PROBE_READ, address, (uint32_t)bytes, EVENT_RANGE, DRIVER_PC);
}

void __tsan_write_range(void *address, size_t bytes);
void __tsan_write_range(void *address, size_t bytes)
{
    observe(PROBE_WRITE, address, (uint32_t)bytes, EVENT_RANGE, DRIVER_PC);
}

void __tsan_vptr_update(void **slot, void *value);
void __tsan_vptr_update(void **slot, void *value)
{
    (void)value;
    observe(PROBE_WRITE, slot, sizeof(void *), 0, DRIVER_PC);
}

void __tsan_vptr_read(void **slot);
void __tsan_vptr_read(void **slot)
{
    observe(PROBE_READ, slot, sizeof(void *), 0, DRIVER_PC);
}

/* ---- memcpy, memmove, memset of the driver (probe/ringside_glue.c) ---- */

void ringside_observe_copy(void *to, const void *from, size_t bytes, const void *caller);
void ringside_observe_copy(void *to, const void *from, size_t bytes, const void *caller)
{
    uintptr_t pc = (uintptr_t)caller;

    if (bytes == 0)
        return;
    observe(PROBE_READ, from, (uint32_t)bytes, EVENT_RANGE, pc);
    /* A register window closes at the next callback, so what was read from one is kept meanwhile.
     */
    if (in_range(&probe.window, (uintptr_t)from)) {
        unsigned char kept[512];
        size_t part = bytes < sizeof kept ? bytes : sizeof kept;
        memcpy(kept, from, part);
        observe(PROBE_WRITE, to, (uint32_t)part, EVENT_RANGE, pc);
        memcpy(to, kept, part);
        return;
    }
    observe(PROBE_WRITE, to, (uint32_t)bytes, EVENT_RANGE, pc);
    probe.copying = pc;
    memmove(to, from, bytes);
    probe.copying = 0;
    finish();
}

void ringside_observe_set(void *to, int value, size_t bytes, const void *caller)
{
    if (bytes == 0)
        return;
    observe(PROBE_WRITE, to, (uint32_t)bytes, EVENT_RANGE, (uintptr_t)caller);
    probe.copying = (uintptr_t)caller;
    memset(to, value, bytes);
    probe.copying = 0;
    finish();
}

void ringside_observe_range(const void *from, size_t bytes, const void *caller);
void ringside_observe_range(const void *from, size_t bytes, const void *caller)
{
    if (bytes != 0)
        observe(PROBE_READ, from, (uint32_t)bytes, EVENT_RANGE, (uintptr_t)caller);
}

/* ---- atomics: performed here, so that their value is known at once ---- */

/* A memory order as the compiler passes it: the values of __ATOMIC_*. */
static uint8_t order_flags(int order)
{
    switch (order) {
    case __ATOMIC_CONSUME:
    case __ATOMIC_ACQUIRE:
        return EVENT_ATOMIC | EVENT_ACQUIRE;
    case __ATOMIC_RELEASE:
        return EVENT_ATOMIC | EVENT_RELEASE;
    case __ATOMIC_ACQ_REL:
    case __ATOMIC_SEQ_CST:
        return EVENT_ATOMIC | EVENT_ACQUIRE | EVENT_RELEASE;
    default:
        return EVENT_ATOMIC;
    }
}

static void updated(const volatile void *address, uint32_t bytes, uint8_t flags, uint64_t old_value,
                    uintptr_t pc)
{
    struct access access = {
        .flags = flags, .bytes = bytes, .host = (uintptr_t)address, .pc = pc, .value = old_value};
    if (probe.running && matters(access.host))
        probe_on_host(host_updated, &access);
}

#define ATOMIC_RMW(bits, type, name, operation)                                                    \
    type __tsan_atomic##bits##_##name(volatile type *address, type value, int order);              \
    type __tsan_atomic##bits##_##name(volatile type *address, type value, int order)               \
    {                                                                                              \
        type old;                                                                                  \
        observe(PROBE_UPDATE, address, sizeof(type), order_flags(order), DRIVER_PC);               \
        old = operation(address, value, __ATOMIC_SEQ_CST);                                         \
        updated(address, sizeof(type), order_flags(order), old, DRIVER_PC);                        \
        return old;                                                                                \
    }

#define ATOMIC_CAS(bits, type, name)                                                               \
    int __tsan_atomic##bits##_##name(volatile type *address, type *expected, type value,           \
                                     int order, int failure_order);                                \
    int __tsan_atomic##bits##_##name(volatile type *address, type *expected, type value,           \
                                     int order, int failure_order)                                 \
    {                                                                                              \
        bool done;                                                                                 \
        (void)failure_order;                                                                       \
        observe(PROBE_UPDATE, address, sizeof(type), order_flags(order), DRIVER_PC);               \
        type old = *expected;                                                                      \
        done = __atomic_compare_exchange_n(address, &old, value, false, __ATOMIC_SEQ_CST,          \
                                           __ATOMIC_SEQ_CST);                                      \
        updated(address, sizeof(type), order_flags(order), old, DRIVER_PC);                        \
        *expected = old;                                                                           \
        return done;                                                                               \
    }

#define ATOMICS(bits, type)                                                                        \
    type __tsan_atomic##bits##_load(const volatile type *address, int order);                      \
    type __tsan_atomic##bits##_load(const volatile type *address, int order)                       \
    {                                                                                              \
        observe(PROBE_READ, address, sizeof(type), order_flags(order), DRIVER_PC);                 \
        return __atomic_load_n(address, __ATOMIC_SEQ_CST);                                         \
    }                                                                                              \
    void __tsan_atomic##bits##_store(volatile type *address, type value, int order);               \
    void __tsan_atomic##bits##_store(volatile type *address, type value, int order)                \
    {                                                                                              \
        observe(PROBE_WRITE, address, sizeof(type), order_flags(order), DRIVER_PC);                \
        __atomic_store_n(address, value, __ATOMIC_SEQ_CST);                                        \
        finish();                                                                                  \
    }                                                                                              \
    ATOMIC_RMW(bits, type, exchange, __atomic_exchange_n)                                          \
    ATOMIC_RMW(bits, type, fetch_add, __atomic_fetch_add)                                          \
    ATOMIC_RMW(bits, type, fetch_sub, __atomic_fetch_sub)                                          \
    ATOMIC_RMW(bits, type, fetch_and, __atomic_fetch_and)                                          \
    ATOMIC_RMW(bits, type, fetch_or, __atomic_fetch_or)                                            \
    ATOMIC_RMW(bits, type, fetch_xor, __atomic_fetch_xor)                                          \
    ATOMIC_RMW(bits, type, fetch_nand, __atomic_fetch_nand)                                        \
    ATOMIC_CAS(bits, type, compare_exchange_strong)                                                \
    ATOMIC_CAS(bits, type, compare_exchange_weak)                                                  \
    type __tsan_atomic##bits##_compare_exchange_val(volatile type *address, type expected,         \
                                                    type value, int order, int failure_order);     \
    type __tsan_atomic##bits##_compare_exchange_val(volatile type *address, type expected,         \
                                                    type value, int order, int failure_order)      \
    {                                                                                              \
        (void)failure_order;                                                                       \
        observe(PROBE_UPDATE, address, sizeof(type), order_flags(order), DRIVER_PC);               \
        type old = expected;                                                                       \
        (void)__atomic_compare_exchange_n(address, &old, value, false, __ATOMIC_SEQ_CST,           \
                                          __ATOMIC_SEQ_CST);                                       \
        updated(address, sizeof(type), order_flags(order), old, DRIVER_PC);                        \
        return old;                                                                                \
    }

ATOMICS(8, uint8_t)
ATOMICS(16, uint16_t)
ATOMICS(32, uint32_t)
ATOMICS(64, uint64_t)

/* ---- fences of the language; instructions are read in instruction.c ---- */

struct barrier {
    int kind;
    uint8_t flags;
    uintptr_t pc;
};

static void host_barrier(void *argument)
{
    const struct barrier *barrier = argument;
    world_barrier(barrier->kind, NULL, barrier->flags, barrier->pc);
}

static void observe_barrier(int kind, uint8_t flags, uintptr_t pc)
{
    struct barrier barrier = {.kind = kind, .flags = flags, .pc = pc};
    count(pc);
    if (probe.running && !probe.skip_polls)
        probe_on_host(host_barrier, &barrier);
    else
        finish();
}

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_thread_fence(int order)
{
    static const uint8_t kind[] = {
        [__ATOMIC_RELAXED] = EVENT_BARRIER_COMPILER, [__ATOMIC_CONSUME] = EVENT_BARRIER_LOAD,
        [__ATOMIC_ACQUIRE] = EVENT_BARRIER_LOAD,     [__ATOMIC_RELEASE] = EVENT_BARRIER_RELEASE,
        [__ATOMIC_ACQ_REL] = EVENT_BARRIER_RELEASE,  [__ATOMIC_SEQ_CST] = EVENT_BARRIER_FULL,
    };
    unsigned row = (unsigned)order;

    observe_barrier(kind[row < sizeof kind ? row : __ATOMIC_SEQ_CST], order_flags(order),
                    DRIVER_PC);
}

void __tsan_atomic_signal_fence(int order);
void __tsan_atomic_signal_fence(int order)
{
    observe_barrier(EVENT_BARRIER_COMPILER, order_flags(order), DRIVER_PC);
}
