/*
 * Who is lost for want of progress, and who is only kept waiting: workers that loop and sleep, and
 * workers that are stopped, starved, or wait for whoever reads what they print.
 */
#include <check.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "isolate.h"

/* Less than a driver is given, so that the test is short; and how long the others are held up. */
#define LOOP_SECONDS  2
#define SLEEP_SECONDS 2
#define HELD_UP_MS    5000

/* What parent and worker share. */
struct shared {
    volatile pid_t worker;
    volatile bool released;
    volatile bool finished;
};

static struct shared *shared;
static char told[ISOLATE_TEXT_BYTES]; /* what was told of the worker; "" = it was not lost */
static pid_t beside;                  /* a process that has the processor instead */
static int pipe_end[2];

static void sleep_ms(long ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&time, NULL);
}

/* ---- workers that never go on ---- */

static void loop_deaf(void)
{
    sigset_t every;

    sigfillset(&every);
    sigprocmask(SIG_BLOCK, &every, NULL);
    for (volatile unsigned turns = 0;; turns++)
        continue;
}

static void loop_in_the_kernel(void)
{
    for (;;)
        (void)getppid();
}

static void sleep_in_pause(void)
{
    pause();
}

static void sleep_in_naps(void)
{
    for (;;)
        sleep_ms(5);
}

static void sleep_in_read(void)
{
    char byte;

    (void)!read(pipe_end[0], &byte, 1);
}

/* Uninterruptible: the kernel's wait for a child that has borrowed the memory. */
static void sleep_in_vfork(void)
{
    if (vfork() == 0) {
        pause();
        _exit(0);
    }
}

/* ---- workers that are held up ---- */

static void stop_oneself(void)
{
    raise(SIGSTOP);
}

static void run_on(unsigned cpu, int policy)
{
    const struct sched_param none = {.sched_priority = 0};
    cpu_set_t one;

    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
    ck_assert_int_eq(sched_setscheduler(0, policy, &none), 0);
}

/* Wants the processor all the time, and gets next to nothing of it. */
static void starve(void)
{
    while (!shared->released)
        continue;
}

static void print_into_a_full_pipe(void)
{
    (void)!write(STDOUT_FILENO, "x", 1);
}

/* ---- one worker under the watchdog ---- */

static bool run_job(void *context, size_t index)
{
    void (*const *job)(void) = context;

    (void)index;
    shared->worker = getpid();
    if (*job == starve)
        run_on((unsigned)sched_getcpu(), SCHED_IDLE);
    (*job)();
    shared->finished = true;
    return true;
}

static void release(void)
{
    char bytes[4096];

    shared->released = true;
    kill(shared->worker, SIGCONT);
    if (beside > 0)
        kill(beside, SIGKILL);
    if (pipe_end[0] > 0)
        (void)!read(pipe_end[0], bytes, sizeof bytes);
}

static void idle(void *context, size_t index, unsigned running_ms)
{
    (void)context;
    (void)index;
    if (running_ms >= HELD_UP_MS && !shared->released)
        release();
}

static void tell(void *context, size_t index, const struct isolate_death *death)
{
    (void)context;
    (void)index;
    memcpy(told, death->text, sizeof told);
    (void)!write(pipe_end[1], told, sizeof told); /* from a worker of its own */
}

static void run(void (*job)(void), bool held_up)
{
    const struct isolate_jobs jobs = {.mode = ISOLATE_AUTO,
                                      .loop_seconds = LOOP_SECONDS,
                                      .sleep_seconds = SLEEP_SECONDS,
                                      .count = 1,
                                      .context = &job,
                                      .run = run_job,
                                      .idle = held_up ? idle : NULL,
                                      .tell = tell};

    ck_assert(isolate_run(&jobs));
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left behind */
}

static void setup(void)
{
    shared = isolate_alloc(sizeof *shared);
    ck_assert_ptr_nonnull(shared);
    ck_assert_int_eq(pipe(pipe_end), 0);
    told[0] = '\0';
}

/* clang-format off */
static const struct {
    void (*job)(void);
    const char *text;
} lost[] = {
    {loop_deaf, "went round for 2 seconds of processor time outside of its own code"},
    {loop_in_the_kernel, "went round for 2 seconds of processor time outside of its own code"},
    {sleep_in_pause, "stood still for 2 seconds, asleep outside of its own code"},
    {sleep_in_naps, "stood still for 2 seconds, asleep outside of its own code"},
    {sleep_in_read, "stood still for 2 seconds, asleep outside of its own code"},
    {sleep_in_vfork, "stood still for 2 seconds, asleep outside of its own code"},
};
/* clang-format on */

START_TEST(a_worker_that_never_goes_on_is_lost)
{
    run(lost[_i].job, false);
    ck_assert(!shared->finished);
    ck_assert_int_eq((int)read(pipe_end[0], told, sizeof told), (int)sizeof told);
    ck_assert_msg(strncmp(told, lost[_i].text, strlen(lost[_i].text)) == 0, "%s", told);
}
END_TEST

static void check_went_on(void)
{
    ck_assert(shared->released); /* it was held up so long */
    ck_assert(shared->finished);
    ck_assert_int_eq(fcntl(pipe_end[0], F_SETFL, O_NONBLOCK), 0);
    ck_assert_int_eq((int)read(pipe_end[0], told, sizeof told), -1);
}

START_TEST(a_worker_that_is_stopped_for_long_goes_on)
{
    close(pipe_end[0]);
    close(pipe_end[1]);
    ck_assert_int_eq(pipe2(pipe_end, O_NONBLOCK), 0);
    run(stop_oneself, true);
    check_went_on();
}
END_TEST

START_TEST(a_worker_that_others_leave_no_processor_goes_on)
{
    unsigned cpu = (unsigned)sched_getcpu();

    ck_assert_int_eq(fcntl(pipe_end[0], F_SETFL, O_NONBLOCK), 0);
    run_on(cpu, SCHED_OTHER); /* the worker inherits it; the parent hardly ever runs */
    beside = fork();
    if (beside == 0) {
        for (volatile unsigned turns = 0;; turns++)
            continue;
    }
    run(starve, true);
    check_went_on();
}
END_TEST

START_TEST(a_worker_that_waits_for_its_reader_goes_on)
{
    static const char filler[4096];

    ck_assert_int_eq(fcntl(pipe_end[1], F_SETFL, O_NONBLOCK), 0);
    while (write(pipe_end[1], filler, sizeof filler) > 0)
        continue;
    ck_assert_int_eq(fcntl(pipe_end[1], F_SETFL, 0), 0);
    ck_assert_int_eq(dup2(pipe_end[1], STDOUT_FILENO), STDOUT_FILENO);
    run(print_into_a_full_pipe, true);
    ck_assert(shared->released);
    ck_assert(shared->finished);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("watchdog");
    TCase *cases = tcase_create("all");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(cases, 100);
    tcase_add_checked_fixture(cases, setup, NULL);
    tcase_add_loop_test(cases, a_worker_that_never_goes_on_is_lost, 0,
                        (int)(sizeof lost / sizeof lost[0]));
    tcase_add_test(cases, a_worker_that_is_stopped_for_long_goes_on);
    tcase_add_test(cases, a_worker_that_others_leave_no_processor_goes_on);
    tcase_add_test(cases, a_worker_that_waits_for_its_reader_goes_on);
    suite_add_tcase(suite, cases);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
