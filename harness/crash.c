/*
 * Signal handlers around a running driver.
 *
 * A fault in the driver ends its call: the handler changes the interrupted context so that
 * returning from the signal goes to probe_abandon_here(), which unwinds to the world. Nothing is
 * jumped over, and the signal mask is put back by the kernel. A fault on the closed register window
 * does not end anything: the value is laid out, the access single-stepped, and the window closed
 * again.
 *
 * A fault in ringside's own code is a bug of ours: it is left to the default action.
 */
#include "crash.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#include "isolate.h"
#include "observe.h"
#include "world.h"

#define ALTERNATE_STACK_BYTES (256u * 1024u)
#define TRAP_FLAG             0x100
#define PAGE_FAULT_WRITE      2
/* A tick of processor time, and how many ticks without any callback are an endless loop. */
#define WATCH_TICK_US         50000
#define WATCH_TICKS_SILENT    8

static uintptr_t stack_guard_low;
static uintptr_t stack_guard_high;
static bool stepping; /* one instruction is being single-stepped over the open window */
static sigset_t kept_mask;
static stack_t kept_stack;
static uint64_t watched_callbacks;
static int64_t watched_budget;
static int silent_ticks;

void crash_set_stack(uintptr_t guard_low, uintptr_t guard_high)
{
    stack_guard_low = guard_low;
    stack_guard_high = guard_high;
}

static bool driver_is_running(void)
{
    return probe.running && (probe_on_host_flag == 0 || probe.copying != 0);
}

/*
 * Where the driver was: at the interrupted instruction if that is its own, else (it jumped to where
 * no code of it is, or called somebody else's) where it was heard of last.
 */
static uintptr_t driver_place(const ucontext_t *context)
{
    uintptr_t pc = (uintptr_t)context->uc_mcontext.gregs[REG_RIP];

    if (probe.copying != 0)
        return probe.copying;
    if (probe.image.bytes != 0 && pc - probe.image.host >= probe.image.bytes)
        return *probe_place;
    return pc + 1;
}

/* Makes the return from the signal go to the world instead of to the driver. */
static void leave_driver(ucontext_t *context, int crash, uintptr_t address)
{
    uintptr_t pc = driver_place(context);

    probe.copying = 0;
    probe_abandon_result = world_crashed(crash, address, pc);
    context->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)probe_abandon_here;
    context->uc_mcontext.gregs[REG_RSP] = (greg_t)(uintptr_t)probe_host_sp;
    context->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)TRAP_FLAG;
}

static void on_fault(int signal_number, siginfo_t *info, void *argument)
{
    ucontext_t *context = argument;
    uintptr_t address = (uintptr_t)info->si_addr;
    int crash = WORLD_CRASH_SEGV;

    if (!driver_is_running()) {
        signal(signal_number, SIG_DFL); /* ours: fault again, and die of it */
        return;
    }
    if (signal_number == SIGSEGV && address - probe.window.host < probe.window.bytes && !stepping) {
        bool is_write = (context->uc_mcontext.gregs[REG_ERR] & PAGE_FAULT_WRITE) != 0;
        uintptr_t pc = (uintptr_t)context->uc_mcontext.gregs[REG_RIP] + 1;
        world_unobserved_begin(address, is_write, probe.copying != 0 ? probe.copying : pc);
        stepping = true;
        context->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
        return;
    }
    if (signal_number == SIGSEGV && address >= stack_guard_low && address < stack_guard_high)
        crash = WORLD_CRASH_STACK;
    else if (signal_number == SIGILL)
        crash = WORLD_CRASH_ILLEGAL;
    else if (signal_number == SIGFPE)
        crash = WORLD_CRASH_ARITHMETIC;
    else if (signal_number == SIGABRT)
        crash = WORLD_CRASH_ABORT;
    stepping = false;
    leave_driver(context, crash, address);
}

static void on_trap(int signal_number, siginfo_t *info, void *argument)
{
    ucontext_t *context = argument;

    (void)info;
    if (!stepping) {
        if (driver_is_running())
            leave_driver(context, WORLD_CRASH_ILLEGAL, 0);
        else
            signal(signal_number, SIG_DFL);
        return;
    }
    stepping = false;
    context->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)TRAP_FLAG;
    world_unobserved_end();
}

static void on_tick(int signal_number, siginfo_t *info, void *argument)
{
    (void)signal_number;
    (void)info;
    if (!driver_is_running() || probe.callbacks != watched_callbacks ||
        probe.budget != watched_budget) {
        watched_callbacks = probe.callbacks;
        watched_budget = probe.budget;
        silent_ticks = 0;
        isolate_notes->beat++;
        return;
    }
    if (++silent_ticks >= WATCH_TICKS_SILENT) {
        silent_ticks = 0;
        leave_driver(argument, WORLD_CRASH_SILENT_SPIN, 0);
    }
}

void crash_watch(bool on)
{
    struct itimerval interval = {{0, 0}, {0, 0}};

    silent_ticks = 0;
    if (on) {
        interval.it_interval.tv_usec = WATCH_TICK_US;
        interval.it_value.tv_usec = WATCH_TICK_US;
    }
    setitimer(ITIMER_VIRTUAL, &interval, NULL);
}

/* X(signal, handler) */
#define SIGNALS(X)                                                                                 \
    X(SIGSEGV, on_fault)                                                                           \
    X(SIGBUS, on_fault)                                                                            \
    X(SIGILL, on_fault)                                                                            \
    X(SIGFPE, on_fault)                                                                            \
    X(SIGABRT, on_fault)                                                                           \
    X(SIGTRAP, on_trap)                                                                            \
    X(SIGVTALRM, on_tick)

static void handle(int signal_number, void (*handler)(int, siginfo_t *, void *))
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    sigaction(signal_number, &action, NULL);
}

void crash_install(void)
{
    static bool installed;
    stack_t alternate = {.ss_size = ALTERNATE_STACK_BYTES};

    if (installed)
        return;
    installed = true;
    alternate.ss_sp = mmap(NULL, ALTERNATE_STACK_BYTES, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (alternate.ss_sp == MAP_FAILED || sigaltstack(&alternate, NULL) != 0) {
        perror("ringside: no memory for a signal stack");
        _exit(2);
    }
#define X(number, handler) handle(number, handler);
    SIGNALS(X)
#undef X
}

void crash_keep(void)
{
    sigprocmask(SIG_SETMASK, NULL, &kept_mask);
    sigaltstack(NULL, &kept_stack);
}

/* Sets are compared signal by signal: there is more room in them than the kernel fills in. */
static bool same_signals(const sigset_t *a, const sigset_t *b)
{
    for (int number = 1; number < NSIG; number++) {
        if (sigismember(a, number) != sigismember(b, number))
            return false;
    }
    return true;
}

const char *crash_check(void)
{
    const char *changed = NULL;
    struct sigaction action;
    sigset_t mask;
    stack_t stack;

#define X(number, handler)                                                                         \
    if (sigaction(number, NULL, &action) != 0 || action.sa_sigaction != (handler)) {               \
        handle(number, handler);                                                                   \
        changed = "changed the handling of " #number;                                              \
    }
    SIGNALS(X)
#undef X
    sigprocmask(SIG_SETMASK, NULL, &mask);
    if (!same_signals(&mask, &kept_mask)) {
        sigprocmask(SIG_SETMASK, &kept_mask, NULL);
        changed = "changed which signals are blocked";
    }
    sigaltstack(NULL, &stack);
    if (stack.ss_sp != kept_stack.ss_sp || stack.ss_size != kept_stack.ss_size) {
        sigaltstack(&kept_stack, NULL);
        changed = "changed the stack of signal handlers";
    }
    return changed;
}
