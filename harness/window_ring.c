/*
 * The pane with the two rings of a queue: slots as boxes, and an arrow for each side's position.
 */
#include <inttypes.h>
#include <string.h>

#include "window_pane.h"

#define CELLS_IN_ROW  16u
#define LABEL_COLUMNS 6

/* Where one row of slots is drawn. */
struct strip {
    const struct frame *frame;
    const struct view_queue *queue;
    int x, cell_px;
    uint32_t first, count; /* of queue->slot */
};

static enum frame_color state_color(uint8_t state, bool is_used)
{
    switch ((enum view_slot_state)state) {
    case VIEW_SLOT_NEVER:
        break;
    case VIEW_SLOT_NEW:
        return is_used ? FRAME_COLOR_DEVICE : FRAME_COLOR_DRIVER;
    case VIEW_SLOT_HELD:
        return FRAME_COLOR_DEVICE;
    case VIEW_SLOT_OLD:
        return FRAME_COLOR_EDGE;
    }
    return FRAME_COLOR_PANE;
}

static void put_centered(const struct frame *frame, struct canvas_box box, enum frame_color color,
                         const char *text)
{
    int width = (int)strlen(text) * frame->column;
    int x = box.x + (box.width - width) / 2;
    canvas_text_in(frame->canvas, frame->font, x > box.x ? x : box.x, box.y, box.width, color,
                   text);
}

/* A box with the slot's number and what lies in it, one or two lines. */
static void draw_cell(const struct strip *strip, const struct view_slot *slot, uint32_t at, int y,
                      bool is_used)
{
    const struct frame *frame = strip->frame;
    uint8_t state = is_used ? slot->used : slot->avail;
    enum frame_color color = state_color(state, is_used);
    int lines = is_used ? 3 : 2;
    struct canvas_box box = {strip->x + (int)at * strip->cell_px, y, strip->cell_px - 2,
                             lines * frame->row};
    bool is_lit = state == VIEW_SLOT_NEW || state == VIEW_SLOT_HELD;
    char text[16];

    canvas_fill(frame->canvas, box,
                is_lit ? canvas_mix(FRAME_COLOR_PANE, color, 80) : FRAME_COLOR_BACK);
    canvas_frame(frame->canvas, box, 1, is_lit ? color : FRAME_COLOR_EDGE);
    box.height = frame->row;
    snprintf(text, sizeof text, "%" PRIu16, slot->slot);
    put_centered(frame, box, FRAME_COLOR_FAINT, text);
    if (state == VIEW_SLOT_NEVER)
        return;
    box.y += frame->row;
    snprintf(text, sizeof text, "%" PRIu32, is_used ? slot->id : slot->head);
    put_centered(frame, box, is_lit ? FRAME_COLOR_TEXT : FRAME_COLOR_FAINT, text);
    if (is_used) {
        box.y += frame->row;
        snprintf(text, sizeof text, "%" PRIu32, slot->len);
        put_centered(frame, box, FRAME_COLOR_FAINT, text);
    }
}

/* An arrow at the slot of a free-running index, with words beside it. */
static void draw_hand(const struct strip *strip, uint16_t idx, int y, bool up,
                      enum frame_color color, const char *words)
{
    const struct frame *frame = strip->frame;
    const struct view_queue *queue = strip->queue;
    uint32_t at = (idx % queue->size + queue->size - queue->slot_first) % queue->size;
    int size = frame->row * 3 / 5;

    if (at < strip->first || at >= strip->first + strip->count)
        return;
    int middle = strip->x + (int)(at - strip->first) * strip->cell_px + strip->cell_px / 2 - 1;
    struct canvas_box arrow = {middle - size / 2, y + (up ? 1 : frame->row - size - 1), size, size};
    canvas_arrow(frame->canvas, arrow, up, color);
    int width = (int)strlen(words) * frame->column;
    bool is_right = middle + size + width < strip->x + (int)CELLS_IN_ROW * strip->cell_px;
    canvas_text(frame->canvas, frame->font, is_right ? middle + size : middle - size - width, y,
                color, words);
}

static void draw_avail(const struct strip *strip, struct pane *pane)
{
    const struct frame *frame = strip->frame;
    const struct view_queue *queue = strip->queue;
    char words[64];

    snprintf(words, sizeof words, "avail.idx %" PRIu16, queue->avail_idx);
    draw_hand(strip, queue->avail_idx, pane->y, false, FRAME_COLOR_DRIVER, words);
    pane->y += frame->row;
    canvas_text(frame->canvas, frame->font, pane->box.x, pane->y, FRAME_COLOR_FAINT, "avail");
    canvas_text(frame->canvas, frame->font, pane->box.x, pane->y + frame->row, FRAME_COLOR_FAINT,
                "head");
    for (uint32_t i = 0; i < strip->count; i++)
        draw_cell(strip, &queue->slot[strip->first + i], i, pane->y, false);
    pane->y += 2 * frame->row;
    snprintf(words, sizeof words, "takes %" PRIu16 " next", queue->device_next);
    draw_hand(strip, queue->device_next, pane->y, true, FRAME_COLOR_DEVICE, words);
    pane->y += frame->row;
}

static void draw_used(const struct strip *strip, struct pane *pane)
{
    static const char *const labels[] = {"used", "id", "len"};
    const struct frame *frame = strip->frame;
    const struct view_queue *queue = strip->queue;
    char words[64];

    snprintf(words, sizeof words, "used.idx %" PRIu16, queue->used_idx);
    draw_hand(strip, queue->used_idx, pane->y, false, FRAME_COLOR_DEVICE, words);
    pane->y += frame->row;
    for (int i = 0; i < 3; i++)
        canvas_text(frame->canvas, frame->font, pane->box.x, pane->y + i * frame->row,
                    FRAME_COLOR_FAINT, labels[i]);
    for (uint32_t i = 0; i < strip->count; i++)
        draw_cell(strip, &queue->slot[strip->first + i], i, pane->y, true);
    pane->y += 3 * frame->row;
    snprintf(words, sizeof words, "seen up to %" PRIu16, queue->seen_idx);
    draw_hand(strip, queue->seen_idx, pane->y, true, FRAME_COLOR_DRIVER, words);
    pane->y += frame->row;
}

/* The row of a long ring in which a position is. */
static uint32_t row_with(const struct view_queue *queue, uint16_t idx)
{
    uint32_t at = (idx % queue->size + queue->size - queue->slot_first) % queue->size;
    return at < queue->slot_count ? at / CELLS_IN_ROW * CELLS_IN_ROW : 0;
}

static struct strip strip_at(const struct frame *frame, const struct view_queue *queue,
                             const struct pane *pane, uint32_t first)
{
    int room = pane->box.width - LABEL_COLUMNS * frame->column;
    uint32_t left = queue->slot_count - first;
    int cell = room / (int)CELLS_IN_ROW;
    return (struct strip){.frame = frame,
                          .queue = queue,
                          .x = pane->box.x + LABEL_COLUMNS * frame->column,
                          .cell_px = cell < 9 * frame->column ? cell : 9 * frame->column,
                          .first = first,
                          .count = left < CELLS_IN_ROW ? left : CELLS_IN_ROW};
}

static void draw_queue(const struct frame *frame, struct pane *pane, const struct view_queue *queue)
{
    pane_line(frame, pane, queue->broken ? FRAME_COLOR_ERROR : FRAME_COLOR_DEVICE,
              "size %" PRIu32 ", %" PRIu32 " in flight, %" PRIu64 " made available, %" PRIu64
              " came back; the device %s",
              queue->size, queue->in_flight, queue->published, queue->completed,
              queue->broken ? "has given the queue up"
                            : view_phase_text((enum sim_queue_phase)queue->phase));
    struct strip strip =
        strip_at(frame, queue, pane, row_with(queue, (uint16_t)(queue->device_next - 1u)));
    draw_avail(&strip, pane);
    strip = strip_at(frame, queue, pane, row_with(queue, (uint16_t)(queue->device_used - 1u)));
    draw_used(&strip, pane);
    pane_line(frame, pane, FRAME_COLOR_FAINT, "desc %s   avail %s   used %s",
              queue->area[MODEL_AREA_DESC].name, queue->area[MODEL_AREA_DRIVER].name,
              queue->area[MODEL_AREA_DEVICE].name);
}

/* Not live: what the driver wrote to make it so, beside what the device holds. */
static void draw_settings(const struct frame *frame, struct pane *pane,
                          const struct view_queue *queue)
{
    bool any = false;

    for (unsigned i = 0; i < VIEW_SETTING_COUNT; i++)
        any |= queue->setting[i].step != 0;
    if (!any) {
        pane_line(frame, pane, FRAME_COLOR_FAINT, "the driver has set nothing of it");
        return;
    }
    pane_line(frame, pane, FRAME_COLOR_FAINT, "%-14s%-26s%s", "", "the driver wrote",
              "the device holds");
    for (unsigned i = 0; i < VIEW_SETTING_COUNT; i++) {
        const struct view_setting *setting = &queue->setting[i];
        char wrote[48] = "-";
        if (setting->step == 0 && setting->held == 0)
            continue;
        if (setting->step != 0)
            snprintf(wrote, sizeof wrote, "0x%" PRIx64 " (step %" PRIu64 ")", setting->wrote,
                     setting->step);
        bool differs = setting->step != 0 && setting->wrote != setting->held;
        pane_line(frame, pane, differs ? FRAME_COLOR_ERROR : FRAME_COLOR_TEXT,
                  "%-14s%-26s0x%" PRIx64, view_setting_name((enum view_setting_row)i), wrote,
                  setting->held);
    }
}

void pane_rings(const struct frame *frame, struct canvas_box box)
{
    const struct view *view = &frame->state->view;
    uint32_t number = frame->look->queue % SIM_QUEUES_MAX;
    const struct view_queue *queue = &view->queue[number];
    char title[32], right[48];

    snprintf(title, sizeof title, "Queue %" PRIu32, number);
    snprintf(right, sizeof right, "of %" PRIu32 "; Tab shows the next", view->queue_count);
    struct pane pane = pane_begin(frame, box, title, view->queue_count > 1 ? right : "");
    if (queue->live && queue->size > 0)
        draw_queue(frame, &pane, queue);
    if (!queue->live)
        pane_line(frame, &pane, FRAME_COLOR_FAINT, "not live: the device has %s for it",
                  view->version == 1 ? "QueuePFN 0" : "QueueReady 0");
    if (!queue->live)
        draw_settings(frame, &pane, queue);
    pane_end(frame, &pane);
}
