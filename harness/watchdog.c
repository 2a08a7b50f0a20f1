/*
 * Processor time and state of another process, as the kernel tells them.
 */
#include "watchdog.h"

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "patience.h"

#define LOOK_MS_MAX 1000
#define STAT_BYTES  512u
#define TEXT_BYTES  96u

/* User and system time of all its threads; 0 when nobody knows. */
static int64_t used_ms(pid_t process)
{
    clockid_t clock;
    struct timespec used = {0, 0};

    if (clock_getcpuclockid(process, &clock) == 0)
        clock_gettime(clock, &used);
    return (int64_t)used.tv_sec * 1000 + used.tv_nsec / 1000000;
}

/* The letter of proc(5): R, S, D, T, t, Z ...; 'S' when nobody knows. */
static char state_of(pid_t process)
{
    char path[64], text[STAT_BYTES];
    const char *name_end = NULL;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%ld/stat", (long)process);
    file = fopen(path, "re");
    if (file != NULL) {
        text[fread(text, 1, sizeof text - 1, file)] = '\0';
        fclose(file);
        name_end = strrchr(text, ')'); /* the name may have brackets and spaces in it */
    }
    return name_end != NULL && name_end[1] == ' ' ? name_end[2] : 'S';
}

/* A pipe that is full, a terminal that was told to wait: who reads it takes their time. */
static bool output_takes_no_more(void)
{
    struct pollfd output[] = {{.fd = STDOUT_FILENO, .events = POLLOUT},
                              {.fd = STDERR_FILENO, .events = POLLOUT}};

    (void)poll(output, 2, 0);
    return output[0].revents == 0 || output[1].revents == 0;
}

void watchdog_begin(struct watchdog *watchdog, pid_t process, unsigned loop_seconds,
                    unsigned sleep_seconds)
{
    *watchdog = (struct watchdog){.process = process,
                                  .loop_seconds = loop_seconds,
                                  .sleep_seconds = sleep_seconds,
                                  .looked_ms = patience_now_ms(),
                                  .used_ms = used_ms(process)};
}

void watchdog_progress(struct watchdog *watchdog)
{
    watchdog->looked_ms = patience_now_ms();
    watchdog->used_ms = used_ms(watchdog->process);
    watchdog->slept_ms = 0;
}

enum watchdog_verdict watchdog_look(struct watchdog *watchdog)
{
    int64_t now_ms = patience_now_ms();
    int64_t since_ms = now_ms - watchdog->looked_ms;
    char state = state_of(watchdog->process);

    watchdog->looked_ms = now_ms;
    if ((state == 'S' || state == 'D') && !output_takes_no_more())
        watchdog->slept_ms += since_ms < LOOK_MS_MAX ? since_ms : LOOK_MS_MAX;
    if (used_ms(watchdog->process) - watchdog->used_ms >= (int64_t)watchdog->loop_seconds * 1000)
        return WATCHDOG_LOOPS;
    if (watchdog->slept_ms >= (int64_t)watchdog->sleep_seconds * 1000)
        return WATCHDOG_SLEEPS;
    return WATCHDOG_PATIENT;
}

const char *watchdog_text(const struct watchdog *watchdog, enum watchdog_verdict verdict)
{
    static const char *const before[] = {
#define X(name, before_, after_) before_,
        WATCHDOG_VERDICTS(X)
#undef X
    };
    static const char *const after[] = {
#define X(name, before_, after_) after_,
        WATCHDOG_VERDICTS(X)
#undef X
    };
    static char text[TEXT_BYTES];
    unsigned seconds = verdict == WATCHDOG_LOOPS ? watchdog->loop_seconds : watchdog->sleep_seconds;

    snprintf(text, sizeof text, "%s%u%s", before[verdict], seconds, after[verdict]);
    return text;
}
