/*
 * Notices what a driver does to the process: calls that would end or change it, writes into
 * ringside's own memory, and what a call has left behind (descriptors, signals, children).
 *
 * Not handled: memory that was written past the probe, by assembly or a library, but for the C
 * library's own lists of free blocks. A worker of its own is for that (isolate.h).
 */
#include "process.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crash.h"
#include "isolate.h"
#include "observe.h"
#include "world_state.h"

#define STANDARD_FDS     3
/* Copies of descriptors lie above those that are in use anyway. */
#define COPY_FD_MIN      100
/* How far above the frames of now the host's stack is known to be stack. */
#define HOST_STACK_BYTES (64u * 1024u)
/* More than the C library keeps at hand, and less than it would give back to the kernel. */
#define HEAP_LOOK_BYTES  (32u * 1024u)

struct descriptor {
    bool open;
    dev_t device;
    ino_t inode;
    int copy; /* 0 = none yet: never a copy's number */
};

static struct descriptor descriptors[STANDARD_FDS];
static pid_t process;
static bool had_children; /* of ringside itself: then another one says nothing */
static bool heap_told;

extern char __executable_start[];

/* ---- losing a driver ---- */

static void emit_crash(int crash, uintptr_t address, const char *text, uintptr_t pc)
{
    struct world *world = world_now;
    struct event event = {
        .party = EVENT_PARTY_WORLD,
        .kind = EVENT_CRASH,
        .value = (uint64_t)crash,
        .addr = address,
        .pc = pc,
        .bytes = (const uint8_t *)text,
    };

    if (world->call != NULL)
        world->call->crash = (enum world_crash)crash;
    world_emit(world, &event);
}

_Noreturn void process_lose(int crash, uintptr_t address, const char *text, uintptr_t pc)
{
    if (probe.pending)
        world_finish();
    emit_crash(crash, address, text, pc);
    world_abandon();
}

struct leaving {
    char text[PROCESS_TEXT_BYTES];
    uintptr_t pc;
};

static void host_left(void *argument)
{
    const struct leaving *leaving = argument;
    process_lose(WORLD_CRASH_LEFT, 0, leaving->text, leaving->pc);
}

void ringside_driver_left(const char *format, long argument, const void *caller)
{
    struct leaving leaving = {.pc = (uintptr_t)caller};
    size_t used = (size_t)snprintf(leaving.text, sizeof leaving.text, "called ");

    snprintf(leaving.text + used, sizeof leaving.text - used, format, argument);
    if (probe.running)
        probe_on_host(host_left, &leaving);
    /* While the object was loaded or unloaded: there is no call that could be ended. */
    *probe_place = leaving.pc;
    isolate_note_left(leaving.text);
    fprintf(stderr, "ringside: the driver's object %s while it was loaded\n", leaving.text);
    _exit(ISOLATE_EXIT_LEFT);
}

/* ---- writes into ringside ---- */

struct store {
    uintptr_t host;
    uintptr_t pc;
    const char *text;
};

static void host_foreign(void *argument)
{
    const struct store *store = argument;
    process_lose(WORLD_CRASH_WILD, store->host, store->text, store->pc);
}

static bool inside(uintptr_t host, uint32_t bytes, const void *from, size_t from_bytes)
{
    return host < (uintptr_t)from + from_bytes && host + bytes > (uintptr_t)from;
}

void process_foreign_store(uintptr_t host, uint32_t bytes, uintptr_t pc)
{
    const struct world *world = world_now;
    struct store store = {.host = host, .pc = pc};
    uintptr_t program = (uintptr_t)__executable_start;

    if (!probe.running || world == NULL)
        return;
    if (inside(host, bytes, (const void *)program, (uintptr_t)sbrk(0) - program))
        store.text = "wrote into ringside's static data or heap";
    else if (inside(host, bytes, world, sizeof *world) ||
             inside(host, bytes, world->outcome, sizeof *world->outcome) ||
             inside(host, bytes, world->scenario, sizeof *world->scenario))
        store.text = "wrote into ringside's own account of the run";
    else if (inside(host, bytes, probe_host_sp, HOST_STACK_BYTES))
        store.text = "wrote into ringside's stack";
    else
        return;
    probe_on_host(host_foreign, &store);
}

/* ---- what a call has left behind ---- */

void process_keep(void)
{
    siginfo_t info;

    process = getpid();
    heap_told = false;
    had_children = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
    for (int fd = 0; fd < STANDARD_FDS; fd++) {
        struct descriptor *descriptor = &descriptors[fd];
        struct stat status;
        bool open = fstat(fd, &status) == 0;
        if (open && descriptor->open && descriptor->device == status.st_dev &&
            descriptor->inode == status.st_ino)
            continue;
        if (descriptor->copy > 0)
            close(descriptor->copy);
        *descriptor = (struct descriptor){.open = open};
        if (open) {
            descriptor->device = status.st_dev;
            descriptor->inode = status.st_ino;
            descriptor->copy = fcntl(fd, F_DUPFD_CLOEXEC, COPY_FD_MIN);
        }
    }
    crash_keep();
}

void process_has_children(void)
{
    had_children = true;
}

static void changed(const char *text)
{
    emit_crash(WORLD_CRASH_LEFT, 0, text, *probe_place);
}

static void check_descriptors(void)
{
    for (int fd = 0; fd < STANDARD_FDS; fd++) {
        const struct descriptor *descriptor = &descriptors[fd];
        char text[PROCESS_TEXT_BYTES];
        struct stat status;
        bool open = fstat(fd, &status) == 0;
        if (open == descriptor->open &&
            (!open || (status.st_dev == descriptor->device && status.st_ino == descriptor->inode)))
            continue;
        if (descriptor->open)
            dup2(descriptor->copy, fd);
        else
            close(fd);
        snprintf(text, sizeof text, "%s file descriptor %d", open ? "replaced" : "closed", fd);
        changed(text);
    }
}

/* A child that the driver made past the glue is of no use to anybody. */
static void check_children(void)
{
    siginfo_t info;

    if (had_children || waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0)
        return;
    isolate_end_children();
    changed("made a process");
}

void process_check_heap(void)
{
    void *volatile block = malloc(HEAP_LOOK_BYTES);

    free(block);
}

void process_check(void)
{
    const char *signals;
    char text[PROCESS_TEXT_BYTES];
    uintptr_t address, pc;

    if (getpid() != process)
        _exit(0); /* this is the driver's child: its parent tells */
    check_descriptors();
    check_children();
    signals = crash_check();
    if (signals != NULL)
        changed(signals);
    if (!heap_told && driver_heap_damaged(text, &address, &pc)) {
        heap_told = true;
        emit_crash(WORLD_CRASH_HEAP, address, text, pc != 0 ? pc : *probe_place);
    }
}
