/*
 * A driver that misbehaves towards the process it runs in, one way an operation.
 */
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform.h"
#include "suite.h"

static volatile uint32_t counter;
static uint32_t kept;
static struct platform_dma page;

static enum suite_result null_read(const struct suite_args *args)
{
    volatile uint32_t *nowhere = (volatile uint32_t *)(uintptr_t)(args->value[0] & 0);
    return *nowhere == 0 ? SUITE_OK : SUITE_TIMEOUT; /* @null-read */
}

static enum suite_result null_write(const struct suite_args *args)
{
    volatile uint32_t *nowhere = (volatile uint32_t *)(uintptr_t)(args->value[0] & 0);
    *nowhere = 1; /* @null-write */
    return SUITE_OK;
}

static uint32_t deeper(uint32_t depth, volatile uint32_t *above)
{
    volatile uint32_t here[64];

    here[depth % 64] = depth;
    *above += here[depth % 64];
    return deeper(depth + 1, here) + here[(depth + 1) % 64];
}

static enum suite_result recurse(const struct suite_args *args)
{
    volatile uint32_t bottom = (uint32_t)args->count;
    return deeper(0, &bottom) != 0 ? SUITE_OK : SUITE_TIMEOUT;
}

static enum suite_result spin_memory(const struct suite_args *args)
{
    (void)args;
    for (;;)
        counter++; /* @spin-memory */
}

static enum suite_result spin_dma(const struct suite_args *args)
{
    (void)args;
    platform_dma_alloc(4096, 4096, "flag", &page);
    while (*(volatile uint32_t *)page.cpu == 0) /* @spin-dma */
        ;
    return SUITE_OK;
}

static enum suite_result spin_silent(const struct suite_args *args)
{
    (void)args;
    for (;;) /* @spin-silent */
        __asm__ volatile("" ::: "memory");
}

static enum suite_result divide(const struct suite_args *args)
{
    volatile uint32_t zero = (uint32_t)(args->value[0] & 0);
    volatile uint32_t quotient = 1234567 / zero; /* @divide */
    return quotient != 0 ? SUITE_OK : SUITE_TIMEOUT;
}

static enum suite_result illegal(const struct suite_args *args)
{
    (void)args;
    __builtin_trap(); /* @illegal */
}

/* Static data is put back for every run: this is 1 each time. */
static enum suite_result count_runs(const struct suite_args *args)
{
    (void)args;
    return ++kept == 1 ? SUITE_OK : SUITE_NOT_READY;
}

/* ---- its own stack ---- */

static void overwrite(volatile uint64_t *from, size_t words)
{
    for (size_t i = 0; i < words; i++)
        from[i] = 0xbad0bad0bad0;
}

/* Returns to where no code is. */
static __attribute__((noinline)) enum suite_result smash_stack(const struct suite_args *args)
{
    volatile uint64_t here[4];

    here[0] = args->count;
    overwrite(here, 64);
    return here[0] != 0 ? SUITE_OK : SUITE_TIMEOUT;
} /* @smash-stack */

/* Everything above its frame, and on over the end of the stack. */
static enum suite_result smash_all(const struct suite_args *args)
{
    volatile uint64_t here[4];

    here[0] = args->count;
    for (size_t i = 0; i < 1u << 20; i++)
        here[i] = 0xbad0bad0bad0; /* @smash-all */
    return SUITE_OK;
}

static enum suite_result jump_wild(const struct suite_args *args)
{
    void (*volatile nowhere)(void) = (void (*)(void))(uintptr_t)(args->count + 0x1234);

    nowhere(); /* @jump-wild */
    return SUITE_OK;
}

/* ---- memory that is not its own ---- */

static enum suite_result wild_store(const struct suite_args *args)
{
    *(volatile uint64_t *)(uintptr_t)args = 1; /* @wild-store */
    return SUITE_OK;
}

static enum suite_result wild_set(const struct suite_args *args)
{
    memset((void *)(uintptr_t)args, 0x55, 4096); /* @wild-set */
    return SUITE_OK;
}

static enum suite_result heap_overrun(const struct suite_args *args)
{
    volatile uint8_t *block = malloc(40 + args->count); /* @heap-overrun */

    for (size_t i = 0; i < 60; i++)
        block[i] = 0;
    return SUITE_OK;
}

static enum suite_result free_twice(const struct suite_args *args)
{
    void *block = malloc(40 + args->count);

    free(block);
    free(block); /* @free-twice */
    return SUITE_OK;
}

static enum suite_result malloc_loop(const struct suite_args *args)
{
    while (malloc((1u << 20) + args->count) != NULL) /* @malloc-loop */
        ;
    return SUITE_NO_MEMORY;
}

static enum suite_result mmap_loop(const struct suite_args *args)
{
    while (mmap(NULL, (1u << 22) + args->count, PROT_READ | PROT_WRITE, /* @mmap-loop */
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
        ;
    return SUITE_NO_MEMORY;
}

/* ---- functions that end or change the process ---- */

/* One operation a function, and nothing else in it. */
#define LEAVING(name, statement)                                                                   \
    static enum suite_result name(const struct suite_args *args)                                   \
    {                                                                                              \
        (void)args;                                                                                \
        statement;                                                                                 \
        return SUITE_OK;                                                                           \
    }

static volatile sig_atomic_t signalled;

static void on_signal(int number)
{
    signalled = number;
}

static sigset_t every_signal;

static void *page_of(const void *address)
{
    return (void *)((uintptr_t)address & ~(uintptr_t)4095);
}

#define NOWHERE ((void *)0x400000)
#define FIXED   (MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED)

/* clang-format off */
LEAVING(leave_exit, exit(3)) /* @exit */
LEAVING(leave_exit_now, _exit(4)) /* @exit-now */
LEAVING(leave_quick_exit, quick_exit(5)) /* @quick-exit */
LEAVING(leave_abort, abort()) /* @abort */
LEAVING(leave_raise, raise(SIGTERM)) /* @raise */
LEAVING(leave_kill, kill(getpid(), SIGKILL)) /* @kill */
LEAVING(leave_fork, fork()) /* @fork */
LEAVING(leave_close, close(1)) /* @close */
LEAVING(leave_close_all, for (int fd = 0; fd < 1024; fd++) close(fd)) /* @close-all */
LEAVING(leave_dup, dup2(0, 1)) /* @dup */
LEAVING(leave_signal, signal(SIGSEGV, on_signal)) /* @signal */
LEAVING(leave_mask, sigprocmask(SIG_BLOCK, &every_signal, NULL)) /* @mask */
LEAVING(leave_unmap, munmap((void *)(uintptr_t)args, 4096)) /* @unmap */
LEAVING(leave_protect, mprotect(page_of(args), 4096, PROT_NONE)) /* @protect */
LEAVING(leave_map, mmap(NOWHERE, 4096, PROT_READ, FIXED, -1, 0)) /* @map */
/* clang-format on */

/* ---- the same past the C library, where nobody can stop it ---- */

static __attribute__((noinline)) long raw4(long number, long a, long b, long c, long d)
{
    register long fourth __asm__("r10") = d;
    register long fifth __asm__("r8") = 0;
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth)
                     : "rcx", "r11", "memory");
    return result;
}

static __attribute__((noinline)) long raw(long number, long a, long b, long c)
{ /* @raw */
    return raw4(number, a, b, c, 0);
}

/* struct kernel_sigaction: ignore the signal. */
static const struct {
    uintptr_t handler;
    unsigned long flags, restorer, mask;
} ignore = {1, 0, 0, 0};

static enum suite_result raw_signal(const struct suite_args *args)
{
    long result = raw4(SYS_rt_sigaction, SIGSEGV, (long)&ignore, 0, 8);

    (void)args;
    return result == 0 ? SUITE_OK : SUITE_TIMEOUT;
}

/* clang-format off */
LEAVING(raw_exit, raw(SYS_exit_group, 0, 0, 0)) /* @raw-exit */
LEAVING(raw_kill, raw(SYS_kill, raw(SYS_getpid, 0, 0, 0), SIGKILL, 0)) /* @raw-kill */
LEAVING(raw_close, raw(SYS_close, 1, 0, 0)) /* @raw-close */
LEAVING(raw_fork, raw(SYS_fork, 0, 0, 0)) /* @raw-fork */
LEAVING(raw_pause, raw(SYS_pause, 0, 0, 0)) /* @raw-pause */
LEAVING(raw_unmap, raw(SYS_munmap, (long)page_of(args), 1l << 16, 0)) /* @raw-unmap */
/* clang-format on */

/* It hears no signal any more, and goes round. */
static enum suite_result raw_deaf(const struct suite_args *args)
{
    static const unsigned long every = ~0ul;

    (void)args;
    raw4(SYS_rt_sigprocmask, SIG_BLOCK, (long)&every, 0, 8);
    for (;;)
        __asm__ volatile("" ::: "memory");
}

/* Its child outlives it. */
static enum suite_result raw_orphan(const struct suite_args *args)
{
    (void)args;
    if (raw(SYS_fork, 0, 0, 0) == 0)
        raw(SYS_pause, 0, 0, 0);
    raw(SYS_kill, raw(SYS_getpid, 0, 0, 0), SIGKILL, 0); /* @raw-orphan */
    return SUITE_OK;
}

/* Its child returns from the call, too. */
static enum suite_result raw_fork_wait(const struct suite_args *args)
{
    long child = raw(SYS_fork, 0, 0, 0);

    if (child > 0)
        raw4(SYS_waitid, 1 /* P_PID */, child, 0, WEXITED | WNOWAIT);
    return args->count == 0 ? SUITE_OK : SUITE_TIMEOUT; /* @raw-fork-wait */
}

/* Ringside itself writes to where the driver tells it to. */
static enum suite_result bad_pointer(const struct suite_args *args)
{
    void *out = (void *)(uintptr_t)(args->count + 8);

    platform_dma_alloc(4096, 4096, "page", out); /* @bad-pointer */
    return SUITE_OK;
}

/* The C library writes, unobserved, over what it allocated itself: ringside's heap is broken. */
static enum suite_result break_heap(const struct suite_args *args)
{
    static const char junk[] = "0123456789012345678901234567890123456789012345678901234567890123";
    char *block = strndup("x", 1 + args->count);

    for (size_t i = 0; i < 4096; i++)
        stpcpy(block + i * 16, junk); /* @break-heap */
    return SUITE_OK;
}

#define OPS(X)                                                                                     \
    X("null-read", null_read)                                                                      \
    X("null-write", null_write)                                                                    \
    X("recurse", recurse)                                                                          \
    X("spin-memory", spin_memory)                                                                  \
    X("spin-dma", spin_dma)                                                                        \
    X("spin-silent", spin_silent)                                                                  \
    X("divide", divide)                                                                            \
    X("illegal", illegal)                                                                          \
    X("count-runs", count_runs)                                                                    \
    X("smash-stack", smash_stack)                                                                  \
    X("smash-all", smash_all)                                                                      \
    X("jump-wild", jump_wild)                                                                      \
    X("wild-store", wild_store)                                                                    \
    X("wild-set", wild_set)                                                                        \
    X("heap-overrun", heap_overrun)                                                                \
    X("free-twice", free_twice)                                                                    \
    X("malloc-loop", malloc_loop)                                                                  \
    X("mmap-loop", mmap_loop)                                                                      \
    X("exit", leave_exit)                                                                          \
    X("exit-now", leave_exit_now)                                                                  \
    X("quick-exit", leave_quick_exit)                                                              \
    X("abort", leave_abort)                                                                        \
    X("raise", leave_raise)                                                                        \
    X("kill", leave_kill)                                                                          \
    X("fork", leave_fork)                                                                          \
    X("close", leave_close)                                                                        \
    X("close-all", leave_close_all)                                                                \
    X("dup", leave_dup)                                                                            \
    X("signal", leave_signal)                                                                      \
    X("mask", leave_mask)                                                                          \
    X("unmap", leave_unmap)                                                                        \
    X("protect", leave_protect)                                                                    \
    X("map", leave_map)                                                                            \
    X("raw-signal", raw_signal)                                                                    \
    X("raw-exit", raw_exit)                                                                        \
    X("raw-kill", raw_kill)                                                                        \
    X("raw-close", raw_close)                                                                      \
    X("raw-fork", raw_fork)                                                                        \
    X("raw-pause", raw_pause)                                                                      \
    X("raw-deaf", raw_deaf)                                                                        \
    X("raw-unmap", raw_unmap)                                                                      \
    X("raw-orphan", raw_orphan)                                                                    \
    X("raw-fork-wait", raw_fork_wait)                                                              \
    X("bad-pointer", bad_pointer)                                                                  \
    X("break-heap", break_heap)

static const struct suite_op ops[] = {
#define X(word, function) {word, function},
    OPS(X)
#undef X
};

const struct suite_driver ringside_driver = {
    .name = "unruly",
    .ops = ops,
    .op_count = sizeof ops / sizeof ops[0],
};
