/*
 * Workers: forks of ringside that run jobs until they die of one.
 */
#include "isolate.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "driver.h"
#include "interrupt.h"
#include "observe.h"
#include "patience.h"
#include "ringside_asan.h"
#include "watchdog.h"

#define POLL_MS      500
#define CHILDREN_MAX 1024
#define PAGE_BYTES   4096u

_Static_assert(ISOLATE_PATH_BYTES >= DRIVER_PATH_BYTES, "a driver's path can be noted");

static struct isolate_notes own_notes;
struct isolate_notes *isolate_notes = &own_notes;
static bool is_worker;

/* Up to the next page, and a guard on both sides: a worker that runs wild does not get in by
 * accident. */
static size_t whole_pages(size_t bytes)
{
    return (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

void *isolate_alloc(size_t bytes)
{
    size_t inner = whole_pages(bytes);
    uint8_t *memory = mmap(NULL, inner + 2 * PAGE_BYTES, PROT_NONE,
                           MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (memory == MAP_FAILED)
        return NULL;
    if (mprotect(memory + PAGE_BYTES, inner, PROT_READ | PROT_WRITE) != 0) {
        munmap(memory, inner + 2 * PAGE_BYTES);
        return NULL;
    }
    ringside_asan_look_at(memory + PAGE_BYTES, inner);
    return memory + PAGE_BYTES;
}

void isolate_free(void *memory, size_t bytes)
{
    if (memory == NULL)
        return;
    ringside_asan_look_away(memory, whole_pages(bytes));
    munmap((uint8_t *)memory - PAGE_BYTES, whole_pages(bytes) + 2 * PAGE_BYTES);
}

/* ---- notes ---- */

void isolate_note_driver(const struct driver *driver)
{
    isolate_notes->image_low = driver->image_low;
    isolate_notes->image_high = driver->image_high;
    snprintf(isolate_notes->driver_path, sizeof isolate_notes->driver_path, "%s", driver->path);
}

void isolate_note_left(const char *text)
{
    snprintf(isolate_notes->left, sizeof isolate_notes->left, "%s", text);
}

uintptr_t isolate_moved(const struct driver *driver, uintptr_t pc)
{
    if (driver == NULL || pc < isolate_notes->image_low || pc >= isolate_notes->image_high)
        return 0;
    return pc - isolate_notes->image_low + driver->image_low;
}

/* ---- children ---- */

void isolate_end_children(void)
{
    char path[64];
    long child;
    FILE *list;

    snprintf(path, sizeof path, "/proc/self/task/%ld/children", (long)getpid());
    list = fopen(path, "re");
    for (int i = 0; list != NULL && i < CHILDREN_MAX && fscanf(list, "%ld", &child) == 1; i++)
        kill((pid_t)child, SIGKILL);
    if (list != NULL)
        fclose(list);
    for (int i = 0; i < CHILDREN_MAX && waitpid(-1, NULL, list != NULL ? 0 : WNOHANG) > 0; i++)
        continue;
}

/* ---- the worker ---- */

void isolate_limit_memory(uint64_t ram_bytes)
{
#ifndef RINGSIDE_HAS_ASAN
    struct rlimit limit;

    if (!is_worker || getrlimit(RLIMIT_DATA, &limit) != 0)
        return;
    limit.rlim_cur = ISOLATE_DATA_BYTES + 2 * ram_bytes;
    if (limit.rlim_cur > limit.rlim_max)
        limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_DATA, &limit);
#else
    (void)ram_bytes;
#endif
}

static void become_worker(pid_t parent)
{
    struct rlimit no_core = {0, 0};

    is_worker = true;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(0); /* nobody is there to tell */
    setrlimit(RLIMIT_CORE, &no_core);
}

static void end_worker(void)
{
#ifdef RINGSIDE_HAS_ASAN
    exit(0); /* looks for leaks */
#else
    _exit(0);
#endif
}

static void begin(enum isolate_phase phase, size_t index)
{
    struct isolate_notes *notes = isolate_notes;

    if (phase == ISOLATE_RUNS) {
        notes->in_call = false;
        notes->place = 0;
        notes->image_low = notes->image_high = 0;
        notes->driver_path[0] = '\0';
        notes->left[0] = '\0';
        notes->waits = false;
    }
    notes->index = index;
    notes->phase = phase;
    notes->beat++;
}

static void run_jobs(const struct isolate_jobs *jobs)
{
    struct isolate_notes *notes = isolate_notes;

    for (size_t i = notes->done; i < jobs->count && !notes->stopped; i++) {
        begin(ISOLATE_RUNS, i);
        if (!jobs->run(jobs->context, i))
            notes->stopped = true;
        notes->phase = ISOLATE_IDLE;
        notes->done = i + 1;
        if (jobs->mode == ISOLATE_ALWAYS)
            break;
    }
}

/* ---- the parent ---- */

static void watch(struct watchdog *watchdog, const struct isolate_jobs *jobs, pid_t worker)
{
    watchdog_begin(watchdog, worker,
                   jobs->loop_seconds != 0 ? jobs->loop_seconds : ISOLATE_LOOP_SECONDS,
                   jobs->sleep_seconds != 0 ? jobs->sleep_seconds : ISOLATE_SLEEP_SECONDS);
}

/* Waits for a worker; why it had to be killed, if it had, in words of the watchdog. */
static const char *wait_for(const struct isolate_jobs *jobs, pid_t worker, int *status,
                            bool (*beside)(void))
{
    struct watchdog watchdog;
    struct pollfd event = {.fd = pidfd_open(worker, 0), .events = POLLIN};
    uint64_t beat = isolate_notes->beat;
    int64_t begun_ms = patience_now_ms(), asked_ms = 0;
    size_t index = isolate_notes->index;
    const char *why = NULL;

    watch(&watchdog, jobs, worker);
    /* As long as there is progress, or until the limit: it ends. */
    while (event.fd >= 0 && poll(&event, 1, beside != NULL ? 0 : POLL_MS) <= 0) {
        if (beside != NULL && !beside()) {
            isolate_notes->stopped = true;
            kill(worker, SIGKILL);
            break;
        }
        if (interrupts_came() != 0 && asked_ms == 0) {
            kill(worker, SIGINT); /* the terminal has told it, too; others may not have */
            asked_ms = patience_now_ms();
        } else if (asked_ms != 0 && patience_now_ms() - asked_ms >= INTERRUPT_PATIENCE_MS) {
            isolate_notes->stopped = true;
            kill(worker, SIGKILL);
            break;
        }
        if (isolate_notes->index != index) {
            index = isolate_notes->index;
            begun_ms = patience_now_ms();
        }
        if (jobs->idle != NULL && isolate_notes->phase == ISOLATE_RUNS)
            jobs->idle(jobs->context, index, (unsigned)(patience_now_ms() - begun_ms));
        if (isolate_notes->beat != beat || isolate_notes->waits) {
            beat = isolate_notes->beat;
            watchdog_progress(&watchdog);
            continue;
        }
        enum watchdog_verdict verdict = watchdog_look(&watchdog);
        if (verdict != WATCHDOG_PATIENT) {
            kill(worker, SIGKILL);
            why = watchdog_text(&watchdog, verdict);
            break;
        }
    }
    if (event.fd >= 0)
        close(event.fd);
    while (waitpid(worker, status, 0) < 0 && errno == EINTR)
        continue;
    isolate_end_children(); /* of the worker, which are ours now */
    return why;
}

static void describe(struct isolate_death *death, int status, const char *why)
{
    char *text = death->text;
    const char *where =
        isolate_notes->in_call ? "while it ran" : "when it had run, or before it did";

    if (isolate_notes->left[0] != '\0')
        snprintf(text, ISOLATE_TEXT_BYTES, "%.100s while its object was loaded",
                 isolate_notes->left);
    else if (why != NULL)
        snprintf(text, ISOLATE_TEXT_BYTES, "%.60s outside of its own code, %s", why, where);
    else if (WIFSIGNALED(status))
        snprintf(text, ISOLATE_TEXT_BYTES,
                 "broke its process: signal %d (%s) outside of its own code, %s", WTERMSIG(status),
                 strsignal(WTERMSIG(status)), where);
    else
        snprintf(text, ISOLATE_TEXT_BYTES, "ended its process with status %d, %s",
                 WEXITSTATUS(status), where);
}

/* One worker from its fork to its end; false after a message when a job got no report. */
static bool one_worker(const struct isolate_jobs *jobs, struct isolate_death *death,
                       bool (*beside)(void))
{
    struct isolate_notes *notes = isolate_notes;
    pid_t parent = getpid();
    pid_t worker;
    size_t done = notes->done;
    int status = 0;
    const char *why;

    fflush(NULL);
    worker = fork();
    if (worker < 0) {
        fprintf(stderr, "ringside: no process for a driver: %s\n", strerror(errno));
        notes->stopped = true;
        return false;
    }
    if (worker == 0) {
        become_worker(parent);
        if (notes->phase == ISOLATE_TELLS) {
            jobs->tell(jobs->context, notes->index, death);
            notes->done = notes->index + 1;
            notes->phase = ISOLATE_IDLE;
        }
        run_jobs(jobs);
        end_worker();
    }
    why = wait_for(jobs, worker, &status, beside);
    if (notes->done < done || notes->done > jobs->count ||
        (notes->phase != ISOLATE_IDLE && notes->index != notes->done)) {
        notes->done = notes->index = done; /* the worker wrote where it should not have */
        notes->phase = ISOLATE_RUNS;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && notes->phase == ISOLATE_IDLE)
        return true;
    if (notes->phase == ISOLATE_RUNS) {
        notes->phase = ISOLATE_TELLS;
        death->load = true;
        describe(death, status, why);
        return true;
    }
    if (notes->phase == ISOLATE_TELLS && death->load) {
        death->load = false;
        return true;
    }
    /* Not even that: nobody can tell of this one but here. */
    fprintf(stderr, "ringside: the process that runs drivers was lost twice: status 0x%x\n",
            (unsigned)status);
    notes->done = notes->index + 1;
    notes->phase = ISOLATE_IDLE;
    return false;
}

bool isolate_run(const struct isolate_jobs *jobs)
{
    return isolate_run_beside(jobs, NULL);
}

bool isolate_run_beside(const struct isolate_jobs *jobs, bool (*beside)(void))
{
    struct isolate_death death = {.load = true};
    struct isolate_notes *notes;
    bool good = true;

    if (jobs->mode == ISOLATE_NEVER) {
        for (size_t i = 0; i < jobs->count && jobs->run(jobs->context, i); i++)
            continue;
        return true;
    }
    notes = isolate_alloc(sizeof *notes);
    if (notes == NULL) {
        fputs("ringside: no memory that processes can share\n", stderr);
        return false;
    }
    isolate_notes = notes;
    probe_place = &notes->place;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    /* Each worker does a job, or tells of one, or is told of as lost: three a job at most. */
    for (size_t i = 0; i < 3 * jobs->count && notes->done < jobs->count && !notes->stopped; i++)
        good &= one_worker(jobs, &death, beside);
    return good;
}
