/*
 * The window: the same run with nobody looking, and with 60 frames of 1920x1080 a second drawn from
 * it in another process. The frames go to memory, so that no display's own work is measured. Many
 * short rounds, in pairs whose order changes: what a shared machine takes away for a second then
 * falls on both.
 */
#include "bench_window.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "isolate.h"
#include "scenario.h"
#include "show_window.h"
#include "timing.h"
#include "window.h"

#define ROUNDS 40u
#define WIDTH  1920
#define HEIGHT 1080

static const char text[] = "device gpu\ndriver reference\ncall init -> OK\ncall show -> OK\n"
                           "call requests 40000 -> OK\n";

/* Of the last call: what a worker measures, where its parent finds it. */
struct stop_watch {
    double started_wall, wall;
    double started_cpu, cpu;
    volatile unsigned call; /* how many there were; the last one counts */
    volatile bool runs;
};

static struct stop_watch *watch;

static void time_calls(void *context, const struct event *event, const struct world_sight *sight)
{
    (void)context;
    (void)sight;
    if (event->kind == EVENT_CALL) {
        watch->call++;
        watch->runs = true;
        watch->started_wall = timing_seconds(CLOCK_MONOTONIC);
        watch->started_cpu = timing_seconds(CLOCK_PROCESS_CPUTIME_ID);
    }
    if (event->kind == EVENT_RETURN) {
        watch->runs = false;
        watch->wall = timing_seconds(CLOCK_MONOTONIC) - watch->started_wall;
        watch->cpu = timing_seconds(CLOCK_PROCESS_CPUTIME_ID) - watch->started_cpu;
    }
}

/* ---- a window without a display ---- */

static uint32_t *drawn, *shown;
static unsigned frames;         /* in all, */
static unsigned frames_of_call; /* and while the last call was under way, */
static unsigned call;           /* which is this one */
static bool is_over;

static const char *open_window(const char *title, int width, int height)
{
    (void)title;
    (void)width;
    (void)height;
    frames = frames_of_call = call = 0;
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
    if (call != watch->call)
        frames_of_call = 0;
    call = watch->call;
    frames_of_call += watch->runs;
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

static void run(struct scenario *scenario, bool with_window)
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
                                           .reader = {{time_calls, NULL}}};
    if (with_window)
        show->options.reader[show->options.reader_count++] = (struct world_reader){show_read, show};
    session_create(&show->session, scenario, &show->options, &show->outcome);
    if (with_window)
        (void)show_window(show, &wanted);
    else
        (void)session_run(&show->session, &director);
    isolate_free(show, sizeof *show);
}

/* What nobody took anything away from. */
static double least(const double *value)
{
    double found = value[0];
    for (unsigned i = 1; i < ROUNDS; i++)
        found = value[i] < found ? value[i] : found;
    return found;
}

/* What one round took, in seconds. */
struct round {
    double wall, cpu;
    double looker_cpu; /* of the process that draws, for each frame */
    double rate;       /* frames a second */
};

static struct round measure(struct scenario *scenario, bool with_window)
{
    struct round round;
    double before = timing_seconds(CLOCK_PROCESS_CPUTIME_ID);

    *watch = (struct stop_watch){0};
    run(scenario, with_window);
    round.wall = watch->wall;
    round.cpu = watch->cpu;
    if (round.wall == 0) {
        fprintf(stderr, "bench: the requests did not return\n");
        exit(2);
    }
    round.looker_cpu = (timing_seconds(CLOCK_PROCESS_CPUTIME_ID) - before) / frames;
    round.rate = frames_of_call / round.wall;
    return round;
}

void bench_window(void)
{
    struct scenario *scenario = scenario_parse("bench", text, stderr);
    double alone[ROUNDS], watched[ROUNDS], ratio[ROUNDS], ratio_cpu[ROUNDS], rate[ROUNDS];
    double looker_cpu[ROUNDS];

    watch = isolate_alloc(sizeof *watch);
    drawn = malloc((size_t)WIDTH * HEIGHT * sizeof *drawn);
    shown = malloc((size_t)WIDTH * HEIGHT * sizeof *shown);
    if (watch == NULL || scenario == NULL || drawn == NULL || shown == NULL)
        exit(2);
    for (unsigned i = 0; i < ROUNDS; i++) {
        bool window_first = i % 2 != 0;
        struct round first = measure(scenario, window_first);
        struct round second = measure(scenario, !window_first);
        struct round *with = window_first ? &first : &second;
        struct round *without = window_first ? &second : &first;
        alone[i] = without->wall;
        watched[i] = with->wall;
        ratio[i] = with->wall / without->wall;
        ratio_cpu[i] = with->cpu / without->cpu;
        looker_cpu[i] = with->looker_cpu;
        rate[i] = with->rate;
    }
    printf("window              a run at full speed, 1920x1080 drawn beside it, %u times in turns\n"
           "  nobody looks      %8.1f ms     1.00x\n",
           ROUNDS, timing_median(alone, ROUNDS) * 1e3);
    printf(
        "  window            %8.1f ms  %7.2fx   processor time  %7.2fx   least to least  %7.2fx\n",
        timing_median(watched, ROUNDS) * 1e3, timing_median(ratio, ROUNDS),
        timing_median(ratio_cpu, ROUNDS), least(watched) / least(alone));
    printf("                    %8.1f frames a second   (aim: 60, and under 1.10)\n"
           "                    %8.1f ms of the other processor for each\n\n",
           timing_median(rate, ROUNDS), timing_median(looker_cpu, ROUNDS) * 1e3);
    scenario_free(scenario);
    free(drawn);
    free(shown);
    isolate_free(watch, sizeof *watch);
}
