/*
 * The window: the same run with nobody looking, and with 60 frames of 1920x1080 a second drawn from
 * it in another process. The frames go to memory, so that no display's own work is measured.
 */
#include "bench_window.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "isolate.h"
#include "scenario.h"
#include "show_window.h"
#include "window.h"

#define ROUNDS 5u
#define WIDTH  1920
#define HEIGHT 1080

static const char text[] = "device gpu\ndriver reference\ncall init -> OK\ncall show -> OK\n"
                           "call requests 300000 -> OK\n";

/* Of the last call: what a worker measures, where its parent finds it. */
struct stop_watch {
    double started_wall, wall;
    double started_cpu, cpu;
};

static double seconds_of(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void time_calls(void *context, const struct event *event, const struct world_sight *sight)
{
    struct stop_watch *watch = context;
    (void)sight;
    if (event->kind == EVENT_CALL) {
        watch->started_wall = seconds_of(CLOCK_MONOTONIC);
        watch->started_cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    }
    if (event->kind == EVENT_RETURN) {
        watch->wall = seconds_of(CLOCK_MONOTONIC) - watch->started_wall;
        watch->cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - watch->started_cpu;
    }
}

/* ---- a window without a display ---- */

static uint32_t *drawn, *shown;
static unsigned frames;
static bool is_over;

static const char *open_window(const char *title, int width, int height)
{
    (void)title;
    (void)width;
    (void)height;
    frames = 0;
    is_over = false;
    return NULL;
}

static void close_window(void)
{
}

static void set_title(const char *title)
{
    is_over = strstr(title, "expected") != NULL;
}

static bool next_input(struct window_input *input, int wait_ms)
{
    struct timespec pause = {0, (wait_ms > 0 ? wait_ms : 0) * 1000000L};
    nanosleep(&pause, NULL);
    *input = (struct window_input){.wish = WINDOW_QUIT};
    return is_over;
}

static bool begin(struct canvas *canvas)
{
    canvas_create(canvas, drawn, WIDTH, HEIGHT, WIDTH);
    return true;
}

static void end(void)
{
    memcpy(shown, drawn, (size_t)WIDTH * HEIGHT * sizeof *shown);
    frames++;
}

static const struct window_api memory_window = {open_window, close_window, set_title,
                                                next_input,  begin,        end};

/* ---- the two runs ---- */

static void go_on(void *context, struct session *session)
{
    const struct control_order order = {.goal = CONTROL_TO_END};
    (void)context;
    if (session->over)
        session_quit(session);
    else
        session_go(session, &order);
}

static void run(struct scenario *scenario, struct stop_watch *watch, bool with_window)
{
    const struct session_director director = {.stopped = go_on};
    const struct show_wanted wanted = {.window = &memory_window,
                                       .command_count = 1,
                                       .command = {"continue"}};
    struct show *show = isolate_alloc(sizeof *show);
    if (show == NULL)
        exit(2);
    show->scenario = scenario;
    show->options = (struct world_options){.driver_dir = RINGSIDE_BINARY_DIR "/drivers",
                                           .check_stores = true,
                                           .rules = true,
                                           .reader_count = 1,
                                           .reader = {{time_calls, watch}}};
    if (with_window)
        show->options.reader[show->options.reader_count++] = (struct world_reader){show_read, show};
    session_create(&show->session, scenario, &show->options, &show->outcome);
    if (with_window)
        (void)show_window(show, &wanted);
    else
        (void)session_run(&show->session, &director);
    isolate_free(show, sizeof *show);
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

static double median(double *value)
{
    qsort(value, ROUNDS, sizeof *value, compare);
    return value[ROUNDS / 2];
}

void bench_window(void)
{
    struct stop_watch *watch = isolate_alloc(sizeof *watch);
    struct scenario *scenario = scenario_parse("bench", text, stderr);
    double alone[ROUNDS], alone_cpu[ROUNDS], watched[ROUNDS], watched_cpu[ROUNDS], rate[ROUNDS];
    double looker_cpu[ROUNDS];

    drawn = malloc((size_t)WIDTH * HEIGHT * sizeof *drawn);
    shown = malloc((size_t)WIDTH * HEIGHT * sizeof *shown);
    if (watch == NULL || scenario == NULL || drawn == NULL || shown == NULL)
        exit(2);
    for (unsigned i = 0; i < ROUNDS; i++) { /* in turns, so that a busy machine is busy for both */
        run(scenario, watch, false);
        alone[i] = watch->wall;
        alone_cpu[i] = watch->cpu;
        double before = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
        run(scenario, watch, true);
        looker_cpu[i] = (seconds_of(CLOCK_PROCESS_CPUTIME_ID) - before) / frames;
        watched[i] = watch->wall;
        watched_cpu[i] = watch->cpu;
        rate[i] = frames / watch->wall;
    }
    printf("window              a run at full speed, 1920x1080 drawn beside it\n");
    printf("  nobody looks      %8.1f ms     1.00x   processor time %8.1f ms     1.00x\n",
           median(alone) * 1e3, median(alone_cpu) * 1e3);
    printf("  window            %8.1f ms  %7.2fx   processor time %8.1f ms  %7.2fx\n",
           median(watched) * 1e3, median(watched) / median(alone), median(watched_cpu) * 1e3,
           median(watched_cpu) / median(alone_cpu));
    printf("                    %8.1f frames a second   (aim: 60, and under 1.10)\n"
           "                    %8.1f ms of the other processor for each\n\n",
           median(rate), median(looker_cpu) * 1e3);
    scenario_free(scenario);
    free(drawn);
    free(shown);
    isolate_free(watch, sizeof *watch);
}
