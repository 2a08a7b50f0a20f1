/*
 * Panes of text: registers, ladder, request, source, events; and the scanout.
 */
#include "window_pane.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define STEP_COLUMNS 9
#define NAME_COLUMNS 19
#define LABEL_LINES  3 /* of what the missed rung says */

/* ---- the scanout ---- */

static void scale(struct frame_scaled *scaled, const struct frame_state *state,
                  const uint32_t *pixels, int width, int height)
{
    if (scaled->pixels != NULL && scaled->number == state->picture_number &&
        scaled->width == width && scaled->height == height)
        return;
    if (scaled->width != width || scaled->height != height) {
        free(scaled->pixels);
        scaled->pixels = malloc((size_t)width * (size_t)height * sizeof *scaled->pixels);
    }
    scaled->number = state->picture_number;
    scaled->width = width;
    scaled->height = height;
    if (scaled->pixels != NULL)
        canvas_scale(pixels, (int)state->picture_width, (int)state->picture_height, scaled->pixels,
                     width, height);
}

/* The largest box of the picture's shape in the middle of another. */
static struct canvas_box fit(const struct frame_state *state, struct canvas_box box)
{
    int64_t width = state->picture_width, height = state->picture_height;
    int64_t fitted_width = box.width, fitted_height = box.width * height / width;
    if (fitted_height > box.height) {
        fitted_height = box.height;
        fitted_width = box.height * width / height;
    }
    return (struct canvas_box){box.x + (int)(box.width - fitted_width) / 2,
                               box.y + (int)(box.height - fitted_height) / 2, (int)fitted_width,
                               (int)fitted_height};
}

static void shade(struct canvas *canvas, struct canvas_box box)
{
    for (int y = box.y; y < box.y + box.height && y < canvas->height; y++) {
        uint32_t *row = canvas->pixels + (size_t)y * (size_t)canvas->stride;
        for (int x = box.x; x < box.x + box.width && x < canvas->width; x++)
            row[x] = canvas_mix(row[x], FRAME_COLOR_BACK, 176);
    }
}

static void put_middle(const struct frame *frame, struct canvas_box box, int line,
                       enum frame_color color, const char *text)
{
    int width = (int)strlen(text) * frame->column;
    int x = box.x + (box.width - width) / 2;
    canvas_text_in(frame->canvas, frame->font, x > box.x ? x : box.x,
                   box.y + box.height / 2 + (2 * line - 1) * frame->row / 2, box.width, color,
                   text);
}

void pane_scanout(const struct frame *frame, struct canvas_box box, const uint32_t *pixels,
                  struct frame_scaled *scaled)
{
    const struct frame_state *state = frame->state;
    const struct view_scanout *scanout =
        &state->view.scanout[state->scanout % VIRTIO_GPU_MAX_SCANOUTS];
    bool has_scanouts = state->view.scanout_count > 0;
    char title[64] = "No scanouts", right[64] = "", text[96];

    if (has_scanouts)
        snprintf(title, sizeof title, "Scanout %" PRIu32, state->scanout);
    if (state->view.scanout_count > 1)
        snprintf(title + strlen(title), sizeof title - strlen(title),
                 " of %" PRIu32 "; d shows the next", state->view.scanout_count);
    if (scanout->active)
        snprintf(right, sizeof right, "%" PRIu32 "x%" PRIu32 ", resource %" PRIu32,
                 scanout->width_px, scanout->height_px, scanout->resource_id);
    struct pane pane = pane_begin(frame, box, title, right);
    struct canvas_box inside = pane.box;
    canvas_fill(frame->canvas, inside, FRAME_COLOR_BACK);
    if (state->picture_number != 0 && pixels != NULL && inside.width > 0 && inside.height > 0) {
        struct canvas_box place = fit(state, inside);
        if (place.width > 0 && place.height > 0) {
            scale(scaled, state, pixels, place.width, place.height);
            if (scaled->pixels != NULL)
                canvas_put(frame->canvas, place, scaled->pixels);
            if (!scanout->active)
                shade(frame->canvas, place);
        }
    }
    if (has_scanouts && scanout->active && !scanout->flushed) {
        put_middle(frame, inside, 0, FRAME_COLOR_FAINT, "set, and nothing was flushed yet");
    } else if (has_scanouts && !scanout->active) {
        put_middle(frame, inside, 0, FRAME_COLOR_TEXT,
                   !scanout->ever_active ? "Guest has not initialized the display (yet)."
                                         : "Display output is not active.");
        if (scanout->lost_at_step != 0) {
            snprintf(text, sizeof text, "lost at step %" PRIu64, scanout->lost_at_step);
            put_middle(frame, inside, 1, FRAME_COLOR_ERROR, text);
        }
    }
    pane_end(frame, &pane);
}

/* ---- events ---- */

static enum frame_color party_color(uint8_t party)
{
    switch ((enum event_party)party) {
    case EVENT_PARTY_DRIVER:
        return FRAME_COLOR_DRIVER;
    case EVENT_PARTY_DEVICE:
        return FRAME_COLOR_DEVICE;
    case EVENT_PARTY_MEMORY:
    case EVENT_PARTY_CLOCK:
    case EVENT_PARTY_WORLD:
    case EVENT_PARTY_COUNT:
        break;
    }
    return FRAME_COLOR_WORLD;
}

static void put_event(const struct frame *frame, struct pane *pane, const struct frame_event *event,
                      bool is_last)
{
    struct canvas_box line = {pane->box.x, pane->y, pane->box.width, frame->row};
    char step[24];
    int x = line.x;

    if (is_last)
        canvas_fill(frame->canvas, line, FRAME_COLOR_NOW);
    if (event->found)
        canvas_fill(frame->canvas, (struct canvas_box){line.x, line.y, 3, line.height},
                    FRAME_COLOR_ERROR);
    snprintf(step, sizeof step, "%*" PRIu64 " ", STEP_COLUMNS, event->step);
    x = canvas_text(frame->canvas, frame->font, x, line.y, FRAME_COLOR_FAINT, step);
    canvas_text_in(frame->canvas, frame->font, x, line.y, line.x + line.width - x,
                   party_color(event->party), event->text);
    pane->y += frame->row;
}

void pane_events(const struct frame *frame, struct canvas_box box)
{
    const struct frame_state *state = frame->state;
    char right[64] = "";

    if (frame->look->scroll > 0)
        snprintf(right, sizeof right, "%" PRIu32 " back", frame->look->scroll);
    struct pane pane = pane_begin(frame, box, "Events", right);
    uint32_t room = (uint32_t)pane_room(frame, &pane);
    uint32_t scroll = frame->look->scroll;
    if (scroll + room > state->event_count)
        scroll = state->event_count > room ? state->event_count - room : 0;
    uint32_t end = state->event_count - scroll;
    for (uint32_t i = end > room ? end - room : 0; i < end; i++)
        put_event(frame, &pane, &state->event[i], i + 1 == state->event_count);
    pane_end(frame, &pane);
}

/* ---- registers ---- */

/* What is told first is what is left out first where there is little room. */
static bool is_minor(uint16_t reg, int level)
{
    switch ((int)reg) {
    case VIRTIO_MMIO_REG_SHMSel:
    case VIRTIO_MMIO_REG_SHMLenLow:
    case VIRTIO_MMIO_REG_SHMLenHigh:
    case VIRTIO_MMIO_REG_SHMBaseLow:
    case VIRTIO_MMIO_REG_SHMBaseHigh:
        return level >= 1;
    case VIRTIO_MMIO_REG_MagicValue:
    case VIRTIO_MMIO_REG_VendorID:
    case VIRTIO_MMIO_REG_QueueNotify:
    case VIRTIO_MMIO_REG_InterruptACK:
    case VIRTIO_MMIO_REG_QueueReset:
    case VIRTIO_MMIO_REG_ConfigGeneration:
        return level >= 2;
    case VIRTIO_MMIO_REG_QueueDescHigh:
    case VIRTIO_MMIO_REG_QueueDriverHigh:
    case VIRTIO_MMIO_REG_QueueDeviceHigh:
    case VIRTIO_MMIO_REG_DeviceFeaturesSel:
    case VIRTIO_MMIO_REG_DriverFeaturesSel:
        return level >= 3;
    }
    return false;
}

static uint32_t registers_at(const struct view *view, int level)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < view->register_count; i++)
        count += !is_minor(view->reg[i].reg, level);
    return count;
}

void pane_registers(const struct frame *frame, struct canvas_box box)
{
    const struct view *view = &frame->state->view;
    struct pane pane = pane_begin(frame, box, "Registers, as the device holds them", "");
    uint32_t room = (uint32_t)pane_room(frame, &pane);
    int level = 0;

    while (level < 3 && registers_at(view, level) > room)
        level++;
    for (uint32_t i = 0; i < view->register_count && pane_room(frame, &pane) > 0; i++) {
        const struct view_register *reg = &view->reg[i];
        if (is_minor(reg->reg, level))
            continue;
        char value[16] = "-";
        if (reg->held)
            snprintf(value, sizeof value, reg->value < 10 ? "%" PRIu32 : "0x%" PRIx32, reg->value);
        bool is_set = reg->held && reg->value != 0;
        int x = canvas_text(frame->canvas, frame->font, pane.box.x, pane.y, FRAME_COLOR_FAINT,
                            mmio_register_name(reg->reg));
        x = pane.box.x + NAME_COLUMNS * frame->column;
        canvas_text(frame->canvas, frame->font, x, pane.y,
                    is_set ? FRAME_COLOR_TEXT : FRAME_COLOR_FAINT, value);
        x += 11 * frame->column;
        canvas_text_in(frame->canvas, frame->font, x, pane.y, pane.box.x + pane.box.width - x,
                       FRAME_COLOR_DEVICE, reg->words);
        pane.y += frame->row;
    }
    pane_end(frame, &pane);
}

/* ---- the ladder ---- */

static void put_rung(const struct frame *frame, struct pane *pane, const struct ladder *ladder,
                     unsigned rung)
{
    const struct ladder_step *step = &ladder->step[rung];
    const char *word = ladder_word((enum ladder_rung)rung);

    if (rung == (unsigned)ladder->missed) {
        pane_line(frame, pane, FRAME_COLOR_ERROR, "x %s", word);
        pane_wrap(frame, pane, FRAME_COLOR_ERROR, 2, step->label);
    } else if (step->state != LADDER_REACHED) {
        pane_line(frame, pane, FRAME_COLOR_FAINT, "%c %s",
                  step->state == LADDER_NOT_NEEDED ? '-' : ' ', word);
    } else if (step->event.step != 0) {
        pane_line(frame, pane, FRAME_COLOR_GOOD, "+ %-16s %" PRIu64, word, step->event.step);
    } else {
        pane_line(frame, pane, FRAME_COLOR_GOOD, "+ %s", word);
    }
}

/* Rungs long passed go first where there is no room for all. */
void pane_ladder(const struct frame *frame, struct canvas_box box)
{
    const struct ladder *ladder = &frame->state->view.ladder;
    char title[64];

    snprintf(title, sizeof title, "How far queue %" PRIu32 " came", ladder->queue);
    struct pane pane = pane_begin(frame, box, title, "");
    unsigned needed = LADDER_RUNG_COUNT + LABEL_LINES;
    unsigned room = (unsigned)pane_room(frame, &pane);
    unsigned most = (unsigned)ladder->missed > 2 ? (unsigned)ladder->missed - 2 : 0;
    unsigned first = needed > room ? needed - room : 0;
    for (unsigned rung = first < most ? first : most;
         rung < LADDER_RUNG_COUNT && pane_room(frame, &pane) > 0; rung++)
        put_rung(frame, &pane, ladder, rung);
    pane_end(frame, &pane);
}

/* ---- the request ---- */

void pane_request(const struct frame *frame, struct canvas_box box)
{
    const struct frame_chain *chain = &frame->state->chain[frame->look->queue % SIM_QUEUES_MAX];
    struct pane pane = pane_begin(frame, box, "Request", chain->title);

    if (chain->line_count == 0)
        pane_line(frame, &pane, FRAME_COLOR_FAINT, "none since the queue is live");
    for (uint32_t i = 0; i < chain->line_count && pane_room(frame, &pane) > 0; i++) {
        const struct decode_line *line = &chain->line[i];
        canvas_text(frame->canvas, frame->font, pane.box.x, pane.y, FRAME_COLOR_FAINT, line->name);
        int x = pane.box.x + 14 * frame->column;
        canvas_text_in(frame->canvas, frame->font, x, pane.y, pane.box.x + pane.box.width - x,
                       FRAME_COLOR_TEXT, line->value);
        pane.y += frame->row;
    }
    pane_end(frame, &pane);
}

/* ---- the source ---- */

void pane_source(const struct frame *frame, struct canvas_box box)
{
    const struct frame_state *state = frame->state;
    struct pane pane = pane_begin(frame, box, "Driver", state->source_place);

    for (unsigned i = 0; i < state->source_count; i++) {
        bool is_here = state->source_first + i == state->source_line;
        if (is_here)
            canvas_fill(frame->canvas,
                        (struct canvas_box){pane.box.x, pane.y, pane.box.width, frame->row},
                        FRAME_COLOR_NOW);
        pane_line(frame, &pane, is_here ? FRAME_COLOR_DRIVER : FRAME_COLOR_FAINT, "%5u  %s",
                  state->source_first + i, state->source[i]);
    }
    pane_end(frame, &pane);
}
