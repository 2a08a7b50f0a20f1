/*
 * The window of a show: input becomes orders, states become frames.
 *
 *      look()   60 times a second: input, then an order if the run stands, then a frame
 *
 * Everything here is the person's time: the run knows nothing of it.
 */
#include "show_window.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "isolate.h"
#include "resources.h"
#include "window.h"

#define FRAME_NS         16666667u
#define NS_PER_MS        1000000u
#define NS_PER_SECOND    1000000000u
#define HEADLESS_WAIT_MS 1
#define COPY_SHARE       20u /* copying pixels takes no more of the run's time than this part */
#define PATH_BYTES       512u
#define ORDERS_AHEAD_MAX 8u /* keys that are remembered while the run is busy with the first */

static const unsigned speeds[] = {1, 3, 10, 30, 100, 1000, 10000, 100000, 0};

#define SPEED_LAST (sizeof speeds / sizeof speeds[0] - 1)

struct onlooker {
    struct show *show;
    const struct show_wanted *wanted;
    const struct window_api *window; /* NULL without one */
    int orders_fd;
    uint64_t orders; /* given so far */
    size_t commands_given;
    /* the last state told */
    struct frame_state *state;
    uint32_t *pixels;
    bool stands;
    uint64_t orders_answered;
    bool any;       /* there was a state */
    bool asked;     /* for another one, */
    bool asked_all; /* with pixels */
    /* the frame */
    struct frame_look look;
    struct frame_scaled scaled;
    bool stale; /* what is on the screen is not the state any more */
    uint64_t next_frame_ns;
    uint64_t next_pixels_ns;
    size_t speed;
    bool goes_far; /* the last order may take long */
    bool plays;    /* at a limited speed: steps are ordered as time passes */
    double due_steps;
    uint64_t played_ns;
    char title[FRAME_TEXT_BYTES];
    bool looked; /* without a window: there is nothing left to be done */
    int status;
};

static struct onlooker *onlooker_now;

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

/* ---- orders ---- */

static void order(struct onlooker *on, const char *line)
{
    char text[SHOW_LINE_BYTES + 2];
    int bytes = snprintf(text, sizeof text, "%s\n", line);

    on->look.message[0] = '\0';
    on->look.scroll = 0;
    on->orders++;
    if (write(on->orders_fd, text, (size_t)bytes) != bytes)
        on->orders--; /* the worker is gone; isolate.c will say so */
}

/* Does the run stand still with nothing ordered? */
static bool is_free(const struct onlooker *on)
{
    return on->any && on->stands && on->orders_answered == on->orders;
}

static void halt(struct onlooker *on)
{
    on->plays = false;
    if (!is_free(on))
        on->show->stop = true;
}

/*
 * Goes somewhere, if the run stands, or will in a moment: `far` is a way that may take long. Else
 * the run is halted, and no more.
 */
static void go(struct onlooker *on, const char *line, bool far)
{
    if (on->plays || (on->goes_far && !is_free(on))) {
        halt(on);
    } else if (on->orders - on->orders_answered < ORDERS_AHEAD_MAX) {
        on->goes_far = far;
        order(on, line);
    }
}

static void run_or_halt(struct onlooker *on)
{
    if (on->plays || !is_free(on)) {
        halt(on);
    } else if (speeds[on->speed] == 0) {
        on->goes_far = true;
        order(on, "continue");
    } else {
        on->plays = true;
        on->due_steps = 0;
        on->played_ns = now_ns();
    }
}

/* At a limited speed: as many steps as the time since the last frame is worth. */
static void play(struct onlooker *on)
{
    uint64_t now = now_ns();
    char line[64];

    if (!on->plays || !is_free(on))
        return;
    if (on->state->over) {
        on->plays = false;
        return;
    }
    on->due_steps += (double)(now - on->played_ns) * speeds[on->speed] / NS_PER_SECOND;
    on->played_ns = now;
    if (on->due_steps > speeds[on->speed])
        on->due_steps = speeds[on->speed]; /* not more than a second's worth at once */
    if (on->due_steps < 1)
        return;
    snprintf(line, sizeof line, "step %u", (unsigned)on->due_steps);
    on->due_steps -= (unsigned)on->due_steps;
    order(on, line);
}

static void change_speed(struct onlooker *on, bool faster)
{
    bool ran_free = speeds[on->speed] == 0 && !is_free(on);
    if (faster ? on->speed < SPEED_LAST : on->speed > 0)
        on->speed += faster ? 1 : (size_t)-1;
    on->look.speed_steps = speeds[on->speed];
    if (speeds[on->speed] == 0) {
        snprintf(on->look.message, sizeof on->look.message, "speed: as fast as can be");
        if (on->plays) {
            on->plays = false;
            on->goes_far = true;
            order(on, "continue");
        }
    } else {
        snprintf(on->look.message, sizeof on->look.message, "speed: %u micro-steps a second",
                 speeds[on->speed]);
    }
    if (ran_free && speeds[on->speed] != 0) {
        on->show->stop = true;
        on->plays = true;
        on->due_steps = 0;
        on->played_ns = now_ns();
    }
}

/* ---- frames ---- */

static void draw(struct onlooker *on, struct canvas *canvas)
{
    on->look.run = is_free(on) && !on->plays ? FRAME_STANDS : on->plays ? FRAME_STEPS : FRAME_RUNS;
    on->look.speed_steps = on->plays ? speeds[on->speed] : 0;
    frame_draw(canvas, on->state, &on->look, on->pixels, &on->scaled);
}

static bool write_frame(const struct canvas *canvas, const char *path, char *message,
                        size_t message_bytes)
{
    struct picture picture;
    const char *error = "out of memory";

    if (canvas_picture(canvas, &picture)) {
        error = picture_write_png(&picture, path);
        picture_free(&picture);
    }
    snprintf(message, message_bytes, error == NULL ? "wrote %.100s" : "%.60s: %s", path, error);
    return error == NULL;
}

static void save(struct onlooker *on)
{
    char path[PATH_BYTES];
    struct canvas canvas;

    snprintf(path, sizeof path, "%s-%" PRIu64 ".png", on->state->scenario, on->state->view.step);
    on->look.message[0] = '\0';
    if (!on->window->begin(&canvas))
        return;
    draw(on, &canvas);
    write_frame(&canvas, path, on->look.message, sizeof on->look.message);
}

static void present(struct onlooker *on)
{
    struct canvas canvas;
    char title[FRAME_TEXT_BYTES];

    if (!on->window->begin(&canvas))
        return;
    draw(on, &canvas);
    on->window->end();
    on->stale = false;
    snprintf(title, sizeof title, "%s - step %" PRIu64 "%s - ringside", on->state->scenario,
             on->state->view.step,
             !on->state->over         ? ""
             : on->state->as_expected ? " - as expected"
                                      : " - not as expected");
    if (strcmp(title, on->title) != 0)
        on->window->title(title);
    memcpy(on->title, title, sizeof title);
}

/* ---- states ---- */

static void take_state(struct onlooker *on)
{
    struct show *show = on->show;
    uint64_t number = on->state->picture_number;

    *on->state = show->state;
    on->stands = show->stands;
    on->orders_answered = show->orders;
    on->any = on->stale = true;
    if (show->message[0] != '\0' && on->look.message[0] == '\0')
        memcpy(on->look.message, show->message, sizeof show->message);
    if (on->state->picture_number != number && on->state->picture_number != 0)
        memcpy(on->pixels, show->pixels,
               (size_t)on->state->picture_width * on->state->picture_height * sizeof *on->pixels);
}

/* Takes a state out of the mail box, if there is one, and asks for the next in time. */
static void exchange(struct onlooker *on)
{
    struct show *show = on->show;
    uint64_t now = now_ns();

    if (on->asked && atomic_load_explicit(&show->ask, memory_order_acquire) == 0) {
        take_state(on);
        on->asked = false;
        if (on->asked_all)
            on->next_pixels_ns = now + show->copy_ns * COPY_SHARE;
    }
    if (!on->asked && !is_free(on)) {
        on->asked = true;
        on->asked_all = now >= on->next_pixels_ns;
        atomic_store_explicit(&show->ask, on->asked_all ? SHOW_ASK_ALL : SHOW_ASK_STATE,
                              memory_order_release);
    }
}

/* The worker tells of it with the next state; while the run stands still, for an empty order. */
static void next_scanout(struct onlooker *on, bool back)
{
    uint32_t count = on->state->view.scanout_count;

    if (count < 2) {
        snprintf(on->look.message, sizeof on->look.message, "there is no other scanout");
        return;
    }
    on->show->scanout = (on->show->scanout + (back ? count - 1 : 1)) % count;
    if (is_free(on))
        order(on, "");
}

static void obey(struct onlooker *on, const struct window_input *input)
{
    static const struct {
        enum window_wish wish;
        bool far;
        const char *line, *shifted;
    } rows[] = {
        {WINDOW_STEP, false, "step", "step driver"},
        {WINDOW_BACK, false, "back", "back driver"},
        {WINDOW_NOTIFICATION, true, "until notification", "back until notification"},
        {WINDOW_USED, true, "until used", "back until used"},
        {WINDOW_INTERRUPT, true, "until interrupt", "back until interrupt"},
        {WINDOW_RESET, true, "until reset", "back until reset"},
        {WINDOW_FINDING, true, "until finding", "back until finding"},
        {WINDOW_START, false, "restart", "restart"},
        {WINDOW_END, true, "continue", "continue"},
    };
    uint32_t queues = on->state->view.queue_count > 0 ? on->state->view.queue_count : 1;
    int64_t scroll = (int64_t)on->look.scroll + input->amount;

    on->stale = true;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].wish == input->wish)
            go(on, input->shift ? rows[i].shifted : rows[i].line, rows[i].far);
    }
    if (input->wish == WINDOW_RUN)
        run_or_halt(on);
    else if (input->wish == WINDOW_FASTER || input->wish == WINDOW_SLOWER)
        change_speed(on, input->wish == WINDOW_FASTER);
    else if (input->wish == WINDOW_QUEUE)
        on->look.queue = (on->look.queue + (input->shift ? queues - 1 : 1)) % queues;
    else if (input->wish == WINDOW_SCANOUT)
        next_scanout(on, input->shift);
    else if (input->wish == WINDOW_SCROLL)
        on->look.scroll = scroll < 0                                 ? 0
                          : scroll > (int64_t)on->state->event_count ? on->state->event_count
                                                                     : (uint32_t)scroll;
    else if (input->wish == WINDOW_SAVE)
        save(on);
    else if (input->wish == WINDOW_HELP || (input->wish == WINDOW_LEAVE && on->look.help))
        on->look.help = !on->look.help;
}

/* The commands of the command line, one after the other. */
static bool give_commands(struct onlooker *on)
{
    if (!is_free(on) || on->commands_given == on->wanted->command_count)
        return false;
    order(on, on->wanted->command[on->commands_given++]);
    return true;
}

/* A frame later, and not behind: what was missed is not made up for. */
static uint64_t frame_after(uint64_t due, uint64_t now)
{
    return due + FRAME_NS > now ? due + FRAME_NS : now + FRAME_NS;
}

/* While a worker lives, again and again; false when it is not needed any more. */
static bool look(void)
{
    struct onlooker *on = onlooker_now;
    struct window_input input;
    uint64_t now = now_ns();
    uint64_t left = on->next_frame_ns > now ? on->next_frame_ns - now : 0;

    while (on->window->next(&input, (int)(left / NS_PER_MS))) {
        if (input.wish == WINDOW_QUIT || (input.wish == WINDOW_LEAVE && !on->look.help))
            return false;
        obey(on, &input);
        now = now_ns();
        left = on->next_frame_ns > now ? on->next_frame_ns - now : 0;
    }
    exchange(on);
    if (!give_commands(on))
        play(on);
    now = now_ns();
    if (now >= on->next_frame_ns) {
        if (on->any && on->stale)
            present(on);
        on->next_frame_ns = frame_after(on->next_frame_ns, now);
    }
    return true;
}

static void draw_once(struct onlooker *on)
{
    char path[PATH_BYTES], message[FRAME_TEXT_BYTES];
    struct canvas canvas;
    int width = on->wanted->width != 0 ? on->wanted->width : FRAME_WIDTH_DEFAULT;
    int height = on->wanted->height != 0 ? on->wanted->height : FRAME_HEIGHT_DEFAULT;
    uint32_t *memory = malloc((size_t)width * (size_t)height * sizeof *memory);
    if (memory == NULL)
        return;
    canvas_create(&canvas, memory, width, height, width);
    draw(on, &canvas);
    snprintf(path, sizeof path, "%s.png", on->state->scenario);
    bool good = write_frame(&canvas, on->wanted->png != NULL ? on->wanted->png : path, message,
                            sizeof message);
    if (good) {
        printf("%s (%dx%d, step %" PRIu64 ")\n", message, width, height, on->state->view.step);
        on->status = EXIT_AS_EXPECTED;
    } else {
        fprintf(stderr, "ringside: %s\n", message);
    }
    free(memory);
}

/* The same without a window: one frame when all commands are carried out. */
static bool look_once(void)
{
    struct onlooker *on = onlooker_now;
    struct timespec pause = {0, HEADLESS_WAIT_MS * NS_PER_MS};

    exchange(on);
    if (on->show->misused) {
        on->looked = true;
        fprintf(stderr, "ringside show: --do %s: %s\n", on->wanted->command[on->commands_given - 1],
                on->show->message);
        return false;
    }
    if (give_commands(on) || !is_free(on)) {
        nanosleep(&pause, NULL);
        return true;
    }
    draw_once(on);
    on->looked = true;
    return false;
}

/* ---- beginning and end ---- */

/* The window, or NULL after one line that says why there is none and what there is instead. */
static const struct window_api *open_window(const struct show *show,
                                            const struct show_wanted *wanted)
{
    static const char instead[] =
        "`ringside show --headless --png FILE` draws the same picture without a display, "
        "`ringside step` needs a terminal only";
    const struct window_api *window = NULL;
    const char *error;
    char path[PATH_BYTES];

    snprintf(path, sizeof path, "%s/%s", resource_folder(RESOURCE_modules), WINDOW_MODULE);
    void *module = wanted->window == NULL ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    if (module != NULL)
        window = dlsym(module, WINDOW_SYMBOL);
    else
        window = wanted->window;
    if (window == NULL) {
        fprintf(stderr, "ringside: no window: %s; %s\n", dlerror(), instead);
        return NULL;
    }
    error = window->open(show->scenario->name, wanted->width, wanted->height);
    if (error == NULL)
        return window;
    fprintf(stderr, "ringside: no display (%s); %s\n", error, instead);
    return NULL;
}

static int run(struct onlooker *on)
{
    struct show *show = on->show;
    struct isolate_jobs jobs = {.mode = ISOLATE_AUTO,
                                .count = SHOW_LIVES,
                                .context = show,
                                .run = show_run,
                                .tell = show_lost};
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0) {
        perror("ringside: pipe");
        return EXIT_ENVIRONMENT;
    }
    show->scanout = on->wanted->scanout;
    show->orders_fd = ends[0];
    on->orders_fd = ends[1];
    onlooker_now = on;
    bool good = isolate_run_beside(&jobs, on->window != NULL ? look : look_once);
    onlooker_now = NULL;
    close(ends[0]);
    close(ends[1]);
    if (good && !show->failed && on->wanted->headless && !on->looked)
        fputs("ringside show: the commands left the run, and nothing was drawn\n", stderr);
    return good && !show->failed ? on->status : EXIT_ENVIRONMENT;
}

int show_window(struct show *show, const struct show_wanted *wanted)
{
    struct onlooker on = {.show = show,
                          .wanted = wanted,
                          .speed = SPEED_LAST,
                          .status = wanted->headless ? EXIT_ENVIRONMENT : EXIT_AS_EXPECTED};
    int status = EXIT_ENVIRONMENT;

    on.state = calloc(1, sizeof *on.state);
    on.pixels = malloc(sizeof show->pixels);
    if (on.state == NULL || on.pixels == NULL)
        fputs("ringside: out of memory\n", stderr);
    else if (wanted->headless || (on.window = open_window(show, wanted)) != NULL)
        status = run(&on);
    if (on.window != NULL)
        on.window->close();
    frame_free(&on.scaled);
    free(on.state);
    free(on.pixels);
    return status;
}
