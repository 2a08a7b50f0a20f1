/*
 * Lays a frame out.
 *
 *      title: scenario, step, call, why the run stands still, findings
 *      +--------------------+----------------+-----------+
 *      | scanout            | registers      | ladder    |
 *      |                    +----------------+-----------+
 *      |                    | rings of one queue         |
 *      +--------------------+----------------------------+
 *      | events             | request                    |
 *      |                    +----------------------------+
 *      |                    | source                     |
 *      +--------------------+----------------------------+
 *      the last finding
 *      keys
 *
 * Where there is no room for all of it, the ladder goes first, then source and request.
 */
#include "window_frame.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "window_pane.h"

#define COLUMNS_WANTED   180 /* of text, which the font's size is chosen for */
#define ROWS_WANTED      56
#define COLUMNS_LADDER   140 /* below, there is no ladder */
#define COLUMNS_TWO      84  /* below, one pane stands above the other */
#define REGISTER_COLUMNS 73
#define LADDER_COLUMNS   30 /* at least */
#define RING_ROWS        13
#define SOURCE_ROWS      ((int)FRAME_SOURCE_LINES + 2)
#define REQUEST_ROWS     9
#define GAP_PX           4

/* ---- panes ---- */

struct pane pane_begin(const struct frame *frame, struct canvas_box box, const char *title,
                       const char *right)
{
    struct canvas *canvas = frame->canvas;
    struct pane pane = {.outer_clip = canvas_clip(canvas, box)};
    int margin = frame->column / 2;
    int right_width = (int)strlen(right) * frame->column;

    canvas_fill(canvas, box, FRAME_COLOR_PANE);
    canvas_fill(canvas, (struct canvas_box){box.x, box.y, box.width, frame->row},
                FRAME_COLOR_TITLE);
    canvas_text_in(canvas, frame->font, box.x + margin, box.y, box.width - 2 * margin - right_width,
                   FRAME_COLOR_TEXT, title);
    canvas_text(canvas, frame->font, box.x + box.width - margin - right_width, box.y,
                FRAME_COLOR_FAINT, right);
    pane.box = (struct canvas_box){box.x + margin, box.y + frame->row + 2, box.width - 2 * margin,
                                   box.height - frame->row - 2};
    pane.y = pane.box.y;
    return pane;
}

void pane_end(const struct frame *frame, const struct pane *pane)
{
    frame->canvas->clip = pane->outer_clip;
}

int pane_room(const struct frame *frame, const struct pane *pane)
{
    return (pane->box.y + pane->box.height - pane->y) / frame->row;
}

void pane_line(const struct frame *frame, struct pane *pane, enum frame_color color,
               const char *format, ...)
{
    char text[512];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    canvas_text_in(frame->canvas, frame->font, pane->box.x, pane->y, pane->box.width, color, text);
    pane->y += frame->row;
}

void pane_wrap(const struct frame *frame, struct pane *pane, enum frame_color color, int indent,
               const char *text)
{
    int room = pane->box.width / frame->column - indent;
    while (*text != '\0' && room > 0 && pane_room(frame, pane) > 0) {
        int bytes = (int)strlen(text);
        if (bytes > room) {
            for (bytes = room; bytes > 0 && text[bytes] != ' ';)
                bytes--;
            bytes = bytes > 0 ? bytes : room;
        }
        pane_line(frame, pane, color, "%*s%.*s", indent, "", bytes, text);
        text += bytes;
        text += strspn(text, " ");
    }
}

/* ---- bars ---- */

static void draw_title(const struct frame *frame, struct canvas_box box)
{
    const struct frame_state *state = frame->state;
    char text[512], run[FRAME_TEXT_BYTES + 32];
    enum frame_color color = FRAME_COLOR_WARNING;

    canvas_fill(frame->canvas, box, FRAME_COLOR_TITLE);
    if (state->over) {
        snprintf(run, sizeof run, "%s, %" PRIu32 " finding%s",
                 state->as_expected ? "over: as expected" : "over: not as expected",
                 state->finding_count, state->finding_count == 1 ? "" : "s");
        color = state->as_expected ? FRAME_COLOR_GOOD : FRAME_COLOR_ERROR;
    } else if (frame->look->run == FRAME_STANDS) {
        snprintf(run, sizeof run, "stands still%s%s", state->stand[0] != '\0' ? ": " : "",
                 state->stand);
    } else if (frame->look->speed_steps != 0) {
        snprintf(run, sizeof run, "runs, %u steps a second", frame->look->speed_steps);
        color = FRAME_COLOR_GOOD;
    } else {
        snprintf(run, sizeof run, "runs");
        color = FRAME_COLOR_GOOD;
    }
    int end = box.x + box.width - frame->column / 2;
    int right = end - (int)strlen(run) * frame->column;
    int x = box.x + frame->column / 2;
    x = canvas_text(frame->canvas, frame->font, x, box.y, FRAME_COLOR_DEVICE, "ringside ");
    int name =
        snprintf(text, sizeof text, "%s   step %" PRIu64 "  ", state->scenario, state->view.step);
    int least = x + name * frame->column;
    right = right > least ? right : least;
    snprintf(text, sizeof text, "%s   step %" PRIu64 "%s%s   %s", state->scenario, state->view.step,
             state->call[0] != '\0' ? "   call " : "", state->call, state->view.device);
    canvas_text_in(frame->canvas, frame->font, x, box.y, right - frame->column - x,
                   FRAME_COLOR_TEXT, text);
    canvas_text_in(frame->canvas, frame->font, right, box.y, end - right, color, run);
}

static void draw_finding(const struct frame *frame, struct canvas_box box)
{
    static const enum frame_color colors[] = {
        [FINDING_NOTE] = FRAME_COLOR_DEVICE,
        [FINDING_WARNING] = FRAME_COLOR_WARNING,
        [FINDING_ERROR] = FRAME_COLOR_ERROR,
    };
    static const char *const words[] = {
        [FINDING_NOTE] = "note", [FINDING_WARNING] = "warning", [FINDING_ERROR] = "error"};
    const struct frame_state *state = frame->state;
    int x = box.x + frame->column / 2;
    int end = box.x + box.width - frame->column / 2;
    char text[512];

    if (state->finding_count == 0) {
        canvas_text(frame->canvas, frame->font, x, box.y, FRAME_COLOR_FAINT, "no finding so far");
        return;
    }
    enum frame_color color = colors[state->finding_level];
    canvas_fill(frame->canvas, box, canvas_mix(FRAME_COLOR_BACK, color, 48));
    snprintf(text, sizeof text, "%s[%s] ", words[state->finding_level], state->finding_id);
    x = canvas_text(frame->canvas, frame->font, x, box.y, color, text);
    snprintf(text, sizeof text, "%s%s%s%s", state->finding,
             state->finding_place[0] != '\0' ? "  (" : "", state->finding_place,
             state->finding_place[0] != '\0' ? ")" : "");
    canvas_text_in(frame->canvas, frame->font, x, box.y, end - x, FRAME_COLOR_TEXT, text);
}

static void draw_keys(const struct frame *frame, struct canvas_box box)
{
    static const char keys[] =
        "space run   <- -> step   n notification   u used   i interrupt   r reset   f finding   "
        "+ - speed   Tab queue   s save   h help   q quit";
    bool told = frame->look->message[0] != '\0';
    canvas_text_in(frame->canvas, frame->font, box.x + frame->column / 2, box.y,
                   box.width - frame->column, told ? FRAME_COLOR_GOOD : FRAME_COLOR_FAINT,
                   told ? frame->look->message : keys);
}

static void draw_help(const struct frame *frame)
{
    static const struct {
        const char *key, *text;
    } rows[] = {
#define X(key, text) {key, text},
        FRAME_KEYS(X)
#undef X
    };
    int count = (int)(sizeof rows / sizeof rows[0]);
    int width = 64 * frame->column, height = (count + 3) * frame->row;
    struct canvas_box box = {(frame->canvas->width - width) / 2,
                             (frame->canvas->height - height) / 2, width, height};
    struct canvas_box shade = {box.x - 2, box.y - 2, box.width + 4, box.height + 4};

    canvas_fill(frame->canvas, shade, FRAME_COLOR_DEVICE);
    struct pane pane = pane_begin(frame, box, "Keys", "h closes");
    pane.y += frame->row / 2;
    for (int i = 0; i < count; i++) {
        canvas_text(frame->canvas, frame->font, pane.box.x + frame->column, pane.y,
                    FRAME_COLOR_WARNING, rows[i].key);
        canvas_text(frame->canvas, frame->font, pane.box.x + 24 * frame->column, pane.y,
                    FRAME_COLOR_TEXT, rows[i].text);
        pane.y += frame->row;
    }
    pane_end(frame, &pane);
}

/* ---- layout ---- */

static const struct canvas_font *choose_font(int width, int height)
{
    const struct canvas_font *best = &canvas_fonts[0];
    for (unsigned i = 1; i < canvas_font_count; i++) {
        const struct canvas_font *font = &canvas_fonts[i];
        if ((int)font->width_px * COLUMNS_WANTED <= width &&
            (int)font->height_px * ROWS_WANTED <= height)
            best = font;
    }
    return best;
}

/*
 * Panes, bars and the gaps between them cover the canvas, each pixel once: filling all of it first
 * would be a third of a frame's time.
 */
static void draw_gap(const struct frame *frame, struct canvas_box box)
{
    canvas_fill(frame->canvas, box, FRAME_COLOR_BACK);
}

/* Takes a piece off the top of a box, of so many lines at most, and a gap. */
static struct canvas_box take_top(const struct frame *frame, struct canvas_box *rest, int rows)
{
    int height = rows * frame->row;
    struct canvas_box piece = *rest;
    piece.height = height < rest->height ? height : rest->height;
    draw_gap(frame, (struct canvas_box){rest->x, piece.y + piece.height, rest->width, GAP_PX});
    rest->y += piece.height + GAP_PX;
    rest->height -= piece.height + GAP_PX;
    if (rest->height < 0)
        rest->height = 0;
    return piece;
}

static struct canvas_box take_left(const struct frame *frame, struct canvas_box *rest, int width)
{
    struct canvas_box piece = *rest;
    piece.width = width < rest->width ? width : rest->width;
    draw_gap(frame, (struct canvas_box){piece.x + piece.width, rest->y, GAP_PX, rest->height});
    rest->x += piece.width + GAP_PX;
    rest->width -= piece.width + GAP_PX;
    if (rest->width < 0)
        rest->width = 0;
    return piece;
}

/* As high as the picture makes it, and not so high that no events are seen. */
static int scanout_rows(const struct frame *frame, struct canvas_box box)
{
    const struct frame_state *state = frame->state;
    int width = state->picture_width != 0 ? (int)state->picture_width : 16;
    int height = state->picture_width != 0 ? (int)state->picture_height : 10;
    int64_t wanted_px = (int64_t)box.width * height / width + 2 * GAP_PX;
    int most = box.height / frame->row * 3 / 5;
    int rows = (int)(wanted_px / frame->row) + 2;
    return rows < most ? rows : most;
}

static void draw_left(const struct frame *frame, struct canvas_box box, const uint32_t *pixels,
                      struct frame_scaled *scaled)
{
    pane_scanout(frame, take_top(frame, &box, scanout_rows(frame, box)), pixels, scaled);
    pane_events(frame, box);
}

static void draw_right(const struct frame *frame, struct canvas_box box, bool with_ladder)
{
    int rows = box.height / frame->row;
    bool with_source = rows >= 48;
    bool with_request = rows >= 34;
    int below = RING_ROWS + (with_source ? SOURCE_ROWS : 0) + (with_request ? REQUEST_ROWS : 0);
    int registers = (int)frame->state->view.register_count + 2;
    int top = rows - below - 1;

    struct canvas_box upper = take_top(frame, &box, registers < top ? registers : top);
    int registers_px = REGISTER_COLUMNS * frame->column;
    int left_px = upper.width - LADDER_COLUMNS * frame->column;
    if (with_ladder) {
        pane_registers(frame,
                       take_left(frame, &upper, registers_px < left_px ? registers_px : left_px));
        pane_ladder(frame, upper);
    } else {
        pane_registers(frame, upper);
    }
    struct canvas_box rings = take_top(frame, &box, RING_ROWS);
    if (with_ladder || frame->state->view.queue[frame->look->queue % SIM_QUEUES_MAX].live)
        pane_rings(frame, rings);
    else
        pane_ladder(frame, rings);
    if (with_request && with_source) {
        int left = box.height / frame->row - SOURCE_ROWS;
        pane_request(frame, take_top(frame, &box, left));
        pane_source(frame, box);
    } else if (with_request) {
        pane_request(frame, box);
    } else {
        draw_gap(frame, box);
    }
}

void frame_draw(struct canvas *canvas, const struct frame_state *state,
                const struct frame_look *look, const uint32_t *pixels, struct frame_scaled *scaled)
{
    const struct canvas_font *font = choose_font(canvas->width, canvas->height);
    struct frame frame = {.canvas = canvas,
                          .font = font,
                          .column = (int)font->width_px,
                          .row = (int)font->height_px,
                          .state = state,
                          .look = look};
    struct canvas_box rest = {0, 0, canvas->width, canvas->height};
    int columns = canvas->width / frame.column;

    draw_title(&frame, take_top(&frame, &rest, 1));
    rest.height -= 2 * frame.row;
    struct canvas_box bars = {0, rest.y + rest.height, canvas->width, 2 * frame.row};
    rest.height -= GAP_PX;
    draw_gap(&frame, (struct canvas_box){0, bars.y - GAP_PX, bars.width, bars.height + GAP_PX});
    draw_finding(&frame, (struct canvas_box){0, bars.y, bars.width, frame.row});
    draw_keys(&frame, (struct canvas_box){0, bars.y + frame.row, bars.width, frame.row});
    if (columns >= COLUMNS_TWO) {
        bool with_ladder = columns >= COLUMNS_LADDER;
        int right_columns = with_ladder ? columns * 54 / 100 : columns / 2;
        int left_width = (columns - right_columns) * frame.column;
        draw_left(&frame, take_left(&frame, &rest, left_width), pixels, scaled);
        draw_right(&frame, rest, with_ladder);
    } else {
        draw_left(&frame, rest, pixels, scaled);
    }
    if (look->help)
        draw_help(&frame);
}

void frame_free(struct frame_scaled *scaled)
{
    free(scaled->pixels);
    *scaled = (struct frame_scaled){0};
}
