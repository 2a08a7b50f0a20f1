/*
 * Bounded, interruptible waiting.
 *
 * The signals that stop us are blocked except inside ppoll(), so there is no moment between looking
 * for one and falling asleep. Once one came, every later wait ends at once, until patience_end().
 */
#include "patience.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

static const int stop_signals[] = {SIGINT, SIGTERM, SIGHUP};

enum { STOP_SIGNALS = sizeof stop_signals / sizeof stop_signals[0] };

static struct {
    bool active;
    sigset_t before; /* the mask outside; also the mask inside ppoll() */
    struct sigaction action[STOP_SIGNALS];
} held;

static volatile sig_atomic_t stopped_by;

static void stop(int signal_number)
{
    stopped_by = signal_number;
}

const char *patience_text(enum patience_end end)
{
    static const char *const texts[] = {
#define X(name, text) text,
        PATIENCE_ENDS(X)
#undef X
    };
    return texts[end];
}

void patience_begin(void)
{
    assert(!held.active);
    sigset_t blocked;
    sigemptyset(&blocked);
    for (size_t i = 0; i < STOP_SIGNALS; i++)
        sigaddset(&blocked, stop_signals[i]);
    sigprocmask(SIG_BLOCK, &blocked, &held.before);

    struct sigaction action = {.sa_handler = stop};
    sigemptyset(&action.sa_mask);
    stopped_by = 0;
    for (size_t i = 0; i < STOP_SIGNALS; i++) {
        sigaction(stop_signals[i], NULL, &held.action[i]);
        if (held.action[i].sa_handler != SIG_IGN) /* nohup: ignored signals stay ignored */
            sigaction(stop_signals[i], &action, NULL);
    }
    held.active = true;
}

static void put_back(void)
{
    for (size_t i = 0; i < STOP_SIGNALS; i++)
        sigaction(stop_signals[i], &held.action[i], NULL);
    sigprocmask(SIG_SETMASK, &held.before, NULL);
}

void patience_end(void)
{
    assert(held.active);
    int signal_number = stopped_by;
    held.active = false;
    put_back(); /* one that is still pending is delivered here */
    if (signal_number)
        raise(signal_number);
}

void patience_child(void)
{
    if (held.active)
        put_back();
}

int64_t patience_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t patience_deadline(int64_t ms)
{
    return patience_now_ms() + ms;
}

enum patience_end patience_wait(struct pollfd *fds, nfds_t count, int64_t deadline_ms)
{
    if (held.active && stopped_by)
        return PATIENCE_STOPPED;
    int64_t left_ms = deadline_ms - patience_now_ms();
    if (left_ms < 0)
        left_ms = 0;
    struct timespec left = {.tv_sec = left_ms / 1000, .tv_nsec = left_ms % 1000 * 1000000};
    int ready = ppoll(fds, count, &left, held.active ? &held.before : NULL);
    if (ready > 0)
        return PATIENCE_READY;
    if (ready == 0)
        return PATIENCE_TIMEOUT;
    return errno == EINTR && held.active ? PATIENCE_STOPPED : PATIENCE_FAILED;
}
