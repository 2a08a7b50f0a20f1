/*
 * The worker's side of a show: runs the session, and tells the window what it asks for.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "isolate.h"
#include "prompt.h"
#include "show.h"
#include "source.h"
#include "window_state.h"

#define POLL_MS        2   /* between two looks at `ask` while the run stands still */
#define EVENTS_RUNNING 64u /* that a frame of a running driver has */

/* What changes the picture, or ends it. */
#define PICTURE_KINDS (EVENT_MASK(EVENT_FLUSH) | EVENT_MASK(EVENT_SCANOUT))

/* The worker's own; made anew with each run. */
static struct {
    struct frame_picture picture[VIRTIO_GPU_MAX_SCANOUTS];
    uint32_t dirty; /* a bit each: it shows something that was not taken yet */
    uint64_t last_step;
    uint64_t number_told;
} mine;

/* ---- pictures ---- */

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint32_t wanted_scanout(const struct show *show)
{
    return show->scanout % VIRTIO_GPU_MAX_SCANOUTS;
}

static void take_picture(struct show *show, const struct world_sight *sight, uint32_t scanout)
{
    struct frame_picture *picture = &mine.picture[scanout];

    if ((mine.dirty >> scanout & 1) == 0)
        return;
    if (picture->pixels == NULL) /* most of it is never touched */
        picture->pixels = malloc(sizeof show->pixels);
    if (picture->pixels == NULL)
        return;
    if (frame_picture_take(picture, sight, scanout, show->picture_number + 1))
        show->picture_number++;
    mine.dirty &= ~(1u << scanout);
}

static void note_picture(struct show *show, const struct event *event,
                         const struct world_sight *sight)
{
    if (event->kind == EVENT_SCANOUT && event->extra == 0)
        take_picture(show, sight, (uint32_t)event->value % VIRTIO_GPU_MAX_SCANOUTS); /* its last */
    else
        mine.dirty = UINT32_MAX;
}

static void tell_picture(struct show *show, const struct world_sight *sight)
{
    uint64_t begin = now_ns();
    uint32_t scanout = wanted_scanout(show);
    const struct frame_picture *picture = &mine.picture[scanout];

    take_picture(show, sight, scanout);
    if (picture->number != 0 && picture->number != mine.number_told) {
        memcpy(show->pixels, picture->pixels,
               (size_t)picture->width * picture->height * sizeof *picture->pixels);
        mine.number_told = picture->number;
        show->copy_ns = now_ns() - begin;
    }
    show->state.scanout = scanout;
    show->state.picture_width = picture->width;
    show->state.picture_height = picture->height;
    show->state.picture_number = picture->number;
}

/* Nothing to copy, and nothing to wait for. */
static bool is_without_picture(const struct show *show)
{
    uint32_t scanout = wanted_scanout(show);
    return mine.picture[scanout].number == 0 && (mine.dirty >> scanout & 1) == 0;
}

/* ---- the state ---- */

static const struct event *event_at(void *context, uint64_t back)
{
    return session_event(context, back);
}

static void tell(struct show *show, const struct world_sight *sight, bool stands)
{
    struct session *session = &show->session;

    frame_state_take(&show->state, sight, event_at, session,
                     stands ? FRAME_EVENTS_MAX : EVENTS_RUNNING);
    show->state.event_total = session->event_count;
    if (stands || atomic_load_explicit(&show->ask, memory_order_relaxed) == SHOW_ASK_ALL ||
        is_without_picture(show))
        tell_picture(show, sight);
    show->state.over = stands && session->over;
    show->state.as_expected = sight->outcome->failure_count == 0;
    show->stands = stands;
    show->orders = show->orders_done;
    atomic_store_explicit(&show->ask, 0, memory_order_release);
}

/* A run that is made again only to get to a step is not shown on its way there. */
static bool goes_on(const struct show *show)
{
    enum control_goal goal = show->session.control.order.goal;
    return goal == CONTROL_TO_END || goal == CONTROL_TO_PATTERN;
}

void show_read(void *context, const struct event *event, const struct world_sight *sight)
{
    struct show *show = context;

    if (event->step <= mine.last_step) { /* another run */
        for (uint32_t i = 0; i < VIRTIO_GPU_MAX_SCANOUTS; i++)
            mine.picture[i].number = 0;
        mine.dirty = 0;
    }
    mine.last_step = event->step;
    if ((EVENT_MASK(event->kind) & PICTURE_KINDS) != 0)
        note_picture(show, event, sight);
    if (atomic_load_explicit(&show->ask, memory_order_acquire) != 0 && goes_on(show)) {
        show->state.stand[0] = '\0';
        tell(show, sight, false);
    }
}

/* ---- standing still ---- */

/* Why the run stands here, and what the driver is about to do. */
static void put_stand(struct show *show)
{
    static const char *const whys[] = {
#define X(name, text) [CONTROL_##name] = text,
        CONTROL_WHYS(X)
#undef X
    };
    const struct control *control = &show->session.control;
    const char *why = whys[control->why];
    char next[EVENT_TEXT_BYTES] = "";

    if (control->next_known) {
        struct event event = control->next;
        event.step = 0;
        event_format(&event, arena_name, session_sight(&show->session)->arena, next, sizeof next);
        char *value = strrchr(next, ' '); /* it has none yet */
        if (value != NULL)
            *value = '\0';
    }
    snprintf(show->state.stand, sizeof show->state.stand, "%s%s%s%.80s", why,
             why[0] != '\0' && next[0] != '\0' ? "; " : "", next[0] != '\0' ? "next: " : "", next);
}

/* Byte by byte: what a worker has not read is left for the next one. False at the end. */
static bool read_line(int fd, char *line, size_t bytes)
{
    size_t used = 0;
    char c;
    ssize_t got;

    while ((got = read(fd, &c, 1)) == 1 && c != '\n') {
        if (used + 1 < bytes)
            line[used++] = c;
    }
    line[used] = '\0';
    return got == 1;
}

/* Waits for the next order, and tells whoever asks how the run stands. */
static bool next_order(struct show *show, char *line, size_t bytes)
{
    struct pollfd orders = {.fd = show->orders_fd, .events = POLLIN};
    bool told = false;

    while (poll(&orders, 1, told ? -1 : POLL_MS) == 0) { /* until told, then until an order */
        if (atomic_load_explicit(&show->ask, memory_order_acquire) != 0) {
            put_stand(show);
            tell(show, session_sight(&show->session), true);
            told = true;
        }
    }
    return read_line(show->orders_fd, line, bytes);
}

/* One command of the prompt; what it has to say becomes the message. */
static bool obey(struct show *show, const char *line)
{
    struct prompt prompt;
    char *said = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&said, &bytes);

    if (out == NULL)
        return false;
    prompt_create(&prompt, &show->session, out);
    enum prompt_result result = prompt_command(&prompt, line);
    fclose(out);
    said[strcspn(said, "\n")] = '\0';
    snprintf(show->message, sizeof show->message, "%.*s", (int)sizeof show->message - 1,
             result == PROMPT_ORDERED ? "" : said);
    free(said);
    show->misused |= result == PROMPT_MISUSED;
    return result == PROMPT_ORDERED;
}

static void stopped(void *context, struct session *session)
{
    struct show *show = context;
    char line[SHOW_LINE_BYTES];
    bool ordered = false;

    isolate_notes->waits = true;
    if (session->not_found)
        snprintf(show->message, sizeof show->message, "there was none before");
    while (!ordered) {
        if (!next_order(show, line, sizeof line)) {
            session_quit(session);
            break;
        }
        show->stop = false;
        show->orders_done++;
        ordered = line[0] != '\0' && obey(show, line); /* an empty one only asks again */
    }
    isolate_notes->waits = false;
    isolate_notes->beat++;
}

bool show_run(void *context, size_t index)
{
    struct show *show = context;
    struct session_director director = {.stopped = stopped, .context = show};
    const char *error;

    (void)index;
    mine.last_step = 0;
    show->session.control.signalled = &show->stop;
    if (show->begun) /* a worker was lost: ahead of the step that did it */
        show->session.control.order =
            (struct control_order){.goal = CONTROL_TO_STEP, .count = show->session.control.step};
    show->begun = true;
    error = session_run(&show->session, &director);
    if (error != NULL) {
        size_t bytes = strlen(show->scenario->path);
        bool placed = strncmp(error, show->scenario->path, bytes) == 0;
        fprintf(stderr, "%s%s%s\n", placed ? "" : show->scenario->path,
                placed ? "" : ": error: ", error);
        show->failed = true;
    }
    source_close();
    return false;
}

void show_lost(void *context, size_t index, const struct isolate_death *death)
{
    struct show *show = context;

    (void)index;
    snprintf(show->message, sizeof show->message, "the driver %.100s", death->text);
}
