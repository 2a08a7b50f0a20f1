/*
 * Rings and chains for a terminal.
 *
 *   available ring        where the driver publishes next   v
 *     slot   0   1   2   3   4   5   6   7
 *     head (0)(2)[4]  .   .   .   .   .        [h] not taken  (h) taken, not used
 *                ^ where the device takes next
 */
#include "view.h"

#include <inttypes.h>
#include <string.h>

#include "virtio/config.h"

#define LABEL_COLUMNS   8u
#define CELLS_MAX       16u
#define CELL_COLUMNS    4u
#define HEX_BYTES_SHOWN 64u
#define DESCS_SHOWN     16u

/* ---- one row of a ring ---- */

enum row { ROW_SLOT, ROW_HEAD, ROW_ID, ROW_LEN };

struct drawing {
    FILE *out;
    const struct report_options *options;
    const struct view_queue *queue;
    unsigned cell;  /* columns */
    uint32_t cells; /* in a row */
};

static void cell_text(const struct view_slot *slot, enum row row, char *out, size_t out_bytes)
{
    static const char *const around[] = {[VIEW_SLOT_NEVER] = "  ",
                                         [VIEW_SLOT_NEW] = "[]",
                                         [VIEW_SLOT_HELD] = "()",
                                         [VIEW_SLOT_OLD] = "  "};
    bool is_used = row == ROW_ID || row == ROW_LEN;
    enum view_slot_state state = (enum view_slot_state)(is_used ? slot->used : slot->avail);
    const char *marks = around[state];

    if (row == ROW_SLOT)
        snprintf(out, out_bytes, " %" PRIu16 " ", slot->slot);
    else if (row == ROW_LEN && state != VIEW_SLOT_NEVER)
        snprintf(out, out_bytes, " %" PRIu32, slot->len);
    else if (state == VIEW_SLOT_NEVER)
        snprintf(out, out_bytes, " . ");
    else
        snprintf(out, out_bytes, "%c%" PRIu32 "%c", marks[0],
                 row == ROW_HEAD ? slot->head
                 : row == ROW_ID ? slot->id
                                 : slot->len,
                 marks[1]);
}

/* The widest cell decides, so that all rows of a ring have their columns in common. */
static void measure(struct drawing *drawing)
{
    char text[32];

    drawing->cell = CELL_COLUMNS;
    for (uint32_t i = 0; i < drawing->queue->slot_count; i++) {
        for (enum row row = ROW_SLOT; row <= ROW_LEN; row++) {
            cell_text(&drawing->queue->slot[i], row, text, sizeof text);
            if (strlen(text) > drawing->cell)
                drawing->cell = (unsigned)strlen(text);
        }
    }
    unsigned room = drawing->options->columns > LABEL_COLUMNS + drawing->cell
                        ? drawing->options->columns - LABEL_COLUMNS
                        : drawing->cell;
    for (drawing->cells = CELLS_MAX; drawing->cells > 1 && drawing->cells * drawing->cell > room;)
        drawing->cells /= 2;
}

static void draw_row(const struct drawing *drawing, const char *label, enum row row, uint32_t from,
                     uint32_t to)
{
    char text[REPORT_LINE_BYTES], cell[32];
    size_t used = (size_t)snprintf(text, sizeof text, "%-*s", (int)LABEL_COLUMNS, label);

    for (uint32_t i = from; i < to; i++) {
        cell_text(&drawing->queue->slot[i], row, cell, sizeof cell);
        used += (size_t)snprintf(text + used, sizeof text - used, "%*s", (int)drawing->cell, cell);
    }
    report_line(drawing->out, drawing->options,
                row == ROW_SLOT ? REPORT_STYLE_FAINT : REPORT_STYLE_PLAIN, "%s", text);
}

/* A hand that points at a slot, if the slot is in this row; `index` is a free-running one. */
static bool draw_hand(const struct drawing *drawing, char hand, const char *words, uint16_t index,
                      uint32_t from, uint32_t to)
{
    const struct view_queue *queue = drawing->queue;
    uint32_t slot = index % queue->size;
    uint32_t at = (slot + queue->size - queue->slot_first) % queue->size;
    unsigned column = LABEL_COLUMNS + (unsigned)((at - from + 1) * drawing->cell) - 2;

    if (at < from || at >= to)
        return false;
    if (column + 2 + strlen(words) < drawing->options->columns)
        report_line(drawing->out, drawing->options, REPORT_STYLE_NOTE, "%*s%c %s", (int)column, "",
                    hand, words);
    else
        report_line(drawing->out, drawing->options, REPORT_STYLE_NOTE, "%*s %c", (int)column - 1,
                    words, hand);
    return true;
}

static bool has_anything(const struct drawing *drawing, bool is_used, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        const struct view_slot *slot = &drawing->queue->slot[i];
        if ((is_used ? slot->used : slot->avail) != VIEW_SLOT_NEVER)
            return true;
    }
    return false;
}

/* Of a ring that is shown as a whole, the first row is there even if all of it is empty. */
static bool is_first(const struct view_queue *queue, uint32_t from)
{
    return from == 0 && queue->slot_count == queue->size;
}

static void draw_avail(const struct drawing *drawing)
{
    const struct view_queue *queue = drawing->queue;
    char words[80];

    report_line(drawing->out, drawing->options, REPORT_STYLE_BOLD,
                "available ring    [head] not taken    (head) taken, not used yet");
    for (uint32_t from = 0; from < queue->slot_count; from += drawing->cells) {
        uint32_t to =
            from + drawing->cells < queue->slot_count ? from + drawing->cells : queue->slot_count;
        snprintf(words, sizeof words, "the driver's next, idx %" PRIu16, queue->avail_idx);
        bool drawn = draw_hand(drawing, 'v', words, queue->avail_idx, from, to);
        if (drawn || is_first(queue, from) || has_anything(drawing, false, from, to)) {
            draw_row(drawing, "  slot", ROW_SLOT, from, to);
            draw_row(drawing, "  head", ROW_HEAD, from, to);
        }
        snprintf(words, sizeof words, "the device takes %" PRIu16 " next", queue->device_next);
        draw_hand(drawing, '^', words, queue->device_next, from, to);
    }
}

static void draw_used(const struct drawing *drawing)
{
    const struct view_queue *queue = drawing->queue;
    char words[80];

    report_line(drawing->out, drawing->options, REPORT_STYLE_BOLD,
                "used ring         [id] not seen by the driver");
    for (uint32_t from = 0; from < queue->slot_count; from += drawing->cells) {
        uint32_t to =
            from + drawing->cells < queue->slot_count ? from + drawing->cells : queue->slot_count;
        snprintf(words, sizeof words, "the device's next, idx %" PRIu16, queue->used_idx);
        bool drawn = draw_hand(drawing, 'v', words, queue->used_idx, from, to);
        if (drawn || is_first(queue, from) || has_anything(drawing, true, from, to)) {
            draw_row(drawing, "  slot", ROW_SLOT, from, to);
            draw_row(drawing, "  id", ROW_ID, from, to);
            draw_row(drawing, "  len", ROW_LEN, from, to);
        }
        snprintf(words, sizeof words, "the driver has seen idx %" PRIu16, queue->seen_idx);
        draw_hand(drawing, '^', words, queue->seen_idx, from, to);
    }
}

/* ---- a queue ---- */

static void draw_areas(FILE *out, const struct report_options *options,
                       const struct view_queue *queue)
{
    static const char *const name[MODEL_AREA_COUNT] = {"desc", "avail", "used"};

    for (unsigned i = 0; i < MODEL_AREA_COUNT; i++) {
        const struct view_area *area = &queue->area[i];
        char more[96] = "";
        if (i == MODEL_AREA_DRIVER)
            snprintf(more, sizeof more, "flags %u  idx %u  used_event %u", queue->avail_flags,
                     queue->avail_idx, queue->used_event);
        else if (i == MODEL_AREA_DEVICE)
            snprintf(more, sizeof more, "flags %u  idx %u  avail_event %u", queue->used_flags,
                     queue->used_idx, queue->avail_event);
        if (!area->reachable)
            snprintf(more, sizeof more, "the device cannot reach all of it");
        report_line(out, options, area->reachable ? REPORT_STYLE_PLAIN : REPORT_STYLE_ERROR,
                    "  %-6s0x%08" PRIx64 "  %-22s %s", name[i], area->addr, area->name, more);
    }
}

static void draw_requests(FILE *out, const struct report_options *options,
                          const struct view_queue *queue)
{
    report_line(out, options, REPORT_STYLE_BOLD,
                queue->in_flight > 0 ? "in flight: %" PRIu32 : "in flight: none", queue->in_flight);
    for (uint32_t i = 0; i < queue->request_count; i++) {
        const struct view_request *request = &queue->request[i];
        report_line(out, options, request->abandoned ? REPORT_STYLE_WARNING : REPORT_STYLE_PLAIN,
                    "%s head %" PRIu16 "  %s%s%s, step %" PRIu64 "%s",
                    queue->in_flight > 0 ? " " : "  last:", request->head, request->what,
                    request->what[0] != '\0' ? ": " : "",
                    view_state_text((enum model_request_state)request->state), request->step,
                    request->abandoned ? "; the driver gave it up" : "");
    }
    if (queue->in_flight > queue->request_count)
        report_line(out, options, REPORT_STYLE_FAINT, "  %" PRIu32 " more",
                    queue->in_flight - queue->request_count);
}

static void flag_words(uint16_t flags, char *out, size_t out_bytes)
{
    uint16_t rest =
        flags & (uint16_t) ~(VIRTQ_DESC_F_NEXT | VIRTQ_DESC_F_WRITE | VIRTQ_DESC_F_INDIRECT);
    snprintf(out, out_bytes, "%s%s%s", (flags & VIRTQ_DESC_F_NEXT) != 0 ? "NEXT " : "",
             (flags & VIRTQ_DESC_F_WRITE) != 0 ? "WRITE " : "",
             (flags & VIRTQ_DESC_F_INDIRECT) != 0 ? "INDIRECT " : "");
    if (rest != 0)
        snprintf(out + strlen(out), out_bytes - strlen(out), "0x%" PRIx16 "?", rest);
    else if (out[0] == '\0')
        snprintf(out, out_bytes, "-");
}

/* Descriptors in flight, and those that hold anything, as far as there is room. */
static void draw_descs(FILE *out, const struct report_options *options,
                       const struct view_queue *queue)
{
    uint32_t shown = 0;

    report_line(out, options, REPORT_STYLE_BOLD, "descriptors");
    for (uint32_t i = 0; i < queue->desc_count; i++) {
        const struct view_desc *desc = &queue->desc[i];
        bool empty = desc->addr == 0 && desc->len == 0 && desc->flags == 0;
        char flags[40], owner[32] = "";
        if (desc->owner == 0 && (empty || shown >= DESCS_SHOWN))
            continue;
        flag_words(desc->flags, flags, sizeof flags);
        if (desc->owner != 0)
            snprintf(owner, sizeof owner, "in flight, head %u", desc->owner - 1u);
        report_line(out, options, desc->owner != 0 ? REPORT_STYLE_PLAIN : REPORT_STYLE_FAINT,
                    "  %5" PRIu16 "  0x%08" PRIx64 "  %6" PRIu32 " bytes  %-14s next %-5" PRIu16
                    " %s",
                    desc->index, desc->addr, desc->len, flags, desc->next, owner);
        shown++;
    }
    if (shown < queue->size)
        report_line(out, options, REPORT_STYLE_FAINT, "  %" PRIu32 " more, not in flight",
                    queue->size - shown);
}

void view_ring(FILE *out, const struct report_options *options, const struct world_sight *sight,
               uint32_t number)
{
    struct view view;

    view_take(&view, sight);
    if (number >= view.queue_count || !view.queue[number].exists) {
        report_line(out, options, REPORT_STYLE_ERROR,
                    "there is no queue %" PRIu32 "; this device has %" PRIu32, number,
                    view.queue_count);
        return;
    }
    const struct view_queue *queue = &view.queue[number];
    if (!queue->live) {
        report_line(out, options, REPORT_STYLE_WARNING,
                    "queue %" PRIu32 " is not live: the device %s", number,
                    view.version == 1 ? "has no QueuePFN for it" : "has QueueReady 0 for it");
        return;
    }
    report_line(out, options, REPORT_STYLE_BOLD,
                "queue %" PRIu32 ": size %" PRIu32 "; the device %s%s", number, queue->size,
                queue->broken ? "has given it up after a fault, " : "",
                queue->broken ? "until a reset"
                              : view_phase_text((enum sim_queue_phase)queue->phase));
    draw_areas(out, options, queue);
    struct drawing drawing = {.out = out, .options = options, .queue = queue};
    measure(&drawing);
    draw_avail(&drawing);
    draw_used(&drawing);
    draw_requests(out, options, queue);
    draw_descs(out, options, queue);
}

/* ---- a chain ---- */

static void draw_piece(FILE *out, const struct report_options *options,
                       const struct view_piece *piece)
{
    bool is_table = (piece->flags & VIRTQ_DESC_F_INDIRECT) != 0;
    bool is_last = (piece->flags & VIRTQ_DESC_F_NEXT) == 0;
    char next[24] = "end";

    if (!is_last)
        snprintf(next, sizeof next, "-> %" PRIu16, piece->next);
    if (is_table)
        snprintf(next, sizeof next, "table");
    report_line(out, options, piece->reachable ? REPORT_STYLE_PLAIN : REPORT_STYLE_ERROR,
                "  %s[%" PRIu16 "]  0x%08" PRIx64 "  %6" PRIu32 " bytes  %-13s %-6s %s%s",
                piece->in_table ? "  indirect" : "desc", piece->index, piece->addr, piece->len,
                is_table                                   ? "descriptors"
                : (piece->flags & VIRTQ_DESC_F_WRITE) != 0 ? "device writes"
                                                           : "device reads",
                next, piece->name, piece->reachable ? "" : ", not DMA memory");
}

static void draw_hex(FILE *out, const struct report_options *options, const uint8_t *bytes,
                     uint32_t count)
{
    for (uint32_t at = 0; at < count && at < HEX_BYTES_SHOWN; at += 16) {
        char text[80];
        size_t used = 0;
        for (uint32_t i = at; i < count && i < at + 16; i++)
            used += (size_t)snprintf(text + used, sizeof text - used, " %02x", bytes[i]);
        report_line(out, options, REPORT_STYLE_PLAIN, "  +0x%02" PRIx32 " %s", at, text);
    }
    if (count > HEX_BYTES_SHOWN)
        report_line(out, options, REPORT_STYLE_FAINT, "  %" PRIu32 " more bytes",
                    count - HEX_BYTES_SHOWN);
}

static void draw_message(FILE *out, const struct report_options *options,
                         const struct decode *decode)
{
    for (size_t i = 0; i < decode->count; i++) {
        const struct decode_line *row = &decode->line[i];
        report_line(out, options, row->name[0] != '\0' ? REPORT_STYLE_PLAIN : REPORT_STYLE_FAINT,
                    "  %-13s %s", row->name, row->value);
    }
}

static void draw_contents(FILE *out, const struct report_options *options,
                          const struct view_chain *chain, bool is_gpu, bool answered)
{
    struct decode decode;

    report_line(out, options, REPORT_STYLE_BOLD, "request, %" PRIu64 " bytes",
                chain->readable_bytes);
    if (is_gpu) {
        decode_gpu_request(chain->request, chain->request_count, chain->readable_bytes, &decode);
        draw_message(out, options, &decode);
    } else {
        draw_hex(out, options, chain->request, chain->request_count);
    }
    report_line(out, options, REPORT_STYLE_BOLD, "response, room for %" PRIu64 " bytes%s",
                chain->writable_bytes, answered ? "" : ": not written yet");
    if (is_gpu && answered) {
        decode_gpu_response(chain->response, chain->response_count, chain->writable_bytes, &decode);
        draw_message(out, options, &decode);
    } else if (answered) {
        draw_hex(out, options, chain->response, chain->response_count);
    }
}

void view_desc(FILE *out, const struct report_options *options, const struct world_sight *sight,
               uint32_t queue, uint16_t head)
{
    struct view_chain chain;

    if (!view_chain_take(&chain, sight, queue, head)) {
        report_line(out, options, REPORT_STYLE_WARNING,
                    "no chain q%" PRIu32 ".desc[%" PRIu16
                    "]: the queue is not live, or has no such "
                    "descriptor",
                    queue, head);
        return;
    }
    const struct model_queue *model = &sight->model->queue[queue];
    const struct model_request *request = head < model->size ? &model->request[head] : NULL;
    bool known = request != NULL && request->number != 0;
    enum model_request_state state = known ? (enum model_request_state)request->state : MODEL_FREE;
    report_line(out, options, REPORT_STYLE_BOLD, "q%" PRIu32 ".desc[%" PRIu16 "]: %s", queue, head,
                known ? view_state_text(state) : "never made available");
    for (uint32_t i = 0; i < chain.piece_count; i++)
        draw_piece(out, options, &chain.piece[i]);
    if (known && state == MODEL_FREE)
        report_line(out, options, REPORT_STYLE_FAINT,
                    "  all of this is the driver's again, and may have been put to other use");
    if (chain.trouble != NULL)
        report_line(out, options, REPORT_STYLE_ERROR, "  ! %s", chain.trouble);
    draw_contents(out, options, &chain, sight->device->class->device_id == VIRTIO_ID_GPU,
                  known && (state == MODEL_FREE || state >= MODEL_RESPONDED));
}
