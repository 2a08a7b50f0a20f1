/*
 * Events of a page: their lines in compressed blocks, what belongs together, where to jump to.
 *
 * Requests overlap in no fold: while several are in flight, one fold holds them all.
 */
#include "page_state.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "arena.h"
#include "device.h"
#include "model.h"
#include "virtio/mmio.h"

#define DEFLATE_LEVEL 4 /* nearly as small as 6, in half of the time */

/* ---- tables of text ---- */

static uint32_t hash_of(const char *text)
{
    uint32_t hash = 2166136261u;

    for (; *text != '\0'; text++)
        hash = (hash ^ (uint8_t)*text) * 16777619u;
    return hash;
}

/* The number of a label, which is added if it is new; 0 when there are too many. */
static uint32_t label_of(struct page *page, const char *text)
{
    uint32_t slots = PAGE_LABELS_MAX * 2;
    uint32_t at = hash_of(text) % slots;

    while (page->label_slot[at] != 0) { /* ends: half of them are free */
        uint32_t label = page->label_slot[at] - 1;
        if (label < PAGE_LABELS_MAX && strcmp(page->label[label], text) == 0)
            return label;
        at = (at + 1) % slots;
    }
    if (page->label_count >= PAGE_LABELS_MAX)
        return 0;
    snprintf(page->label[page->label_count], PAGE_LABEL_BYTES, "%s", text);
    page->label_slot[at] = page->label_count + 1;
    return page->label_count++;
}

static void fill_place(struct page_place *out, const struct source_place *place)
{
    bool through = place->helper && place->inlined_line != 0;

    memset(out, 0, sizeof *out);
    snprintf(out->file, sizeof out->file, "%s", source_main_file(place));
    out->line = source_main_line(place);
    snprintf(out->function, sizeof out->function, "%s",
             through ? place->inlined_function : place->function);
    if (through) {
        snprintf(out->via_file, sizeof out->via_file, "%s", place->file);
        out->via_line = place->line;
    }
}

uint32_t page_place_of(struct page *page, uintptr_t pc)
{
    size_t slot = (size_t)((uint64_t)pc * UINT64_C(0x9e3779b97f4a7c15) >> 32) % PAGE_PCS;
    struct source_place found;
    struct page_place place;
    uint32_t number = 0;

    if (pc == 0)
        return 0;
    if (page->known[slot].pc == pc)
        return page->known[slot].place;
    if (source_find(pc, &found)) {
        fill_place(&place, &found);
        for (number = 1; number < page->place_count; number++) {
            if (memcmp(&page->place[number], &place, sizeof place) == 0)
                break;
        }
        if (number == page->place_count && number < PAGE_PLACES_MAX)
            page->place[page->place_count++] = place;
        else if (number == PAGE_PLACES_MAX)
            number = 0;
    }
    page->known[slot].pc = pc;
    page->known[slot].place = number;
    return number;
}

/* ---- blocks ---- */

static bool write_all(int fd, const uint8_t *bytes, size_t count, uint64_t offset)
{
    while (count > 0) {
        ssize_t done = pwrite(fd, bytes, count, (off_t)offset);
        if (done <= 0)
            return false;
        bytes += done;
        offset += (uint64_t)done;
        count -= (size_t)done;
    }
    return true;
}

static void end_block(struct page *page)
{
    uLongf bytes = compressBound(page->text_bytes);
    struct page_block *block = &page->block[page->block_count];
    uint8_t *packed;

    if (page->text_events == 0 || page->block_count == PAGE_BLOCKS_MAX)
        return;
    packed = malloc(bytes);
    if (packed == NULL ||
        compress2(packed, &bytes, (const Bytef *)page->text, page->text_bytes, DEFLATE_LEVEL) !=
            Z_OK ||
        !write_all(page->spool, packed, bytes, page->spool_bytes))
        page->spool_failed = true;
    *block = (struct page_block){page->text_first_step, page->spool_bytes, (uint32_t)bytes,
                                 page->text_events};
    page->spool_bytes += bytes;
    page->block_count++;
    page->text_events = 0;
    page->text_bytes = 0;
    free(packed);
}

/*
 * One line: the text form and, behind a tab, the number of the line of the driver if it is known.
 * A step that is one more than the line's before it goes without saying.
 */
static void note_text(struct page *page, const struct event *event, const struct arena *arena)
{
    char *line = page->text + page->text_bytes;
    uint32_t place = page_place_of(page, event->pc);
    bool first = page->text_events == 0;
    size_t used = event_format(event, arena_name, arena, line, EVENT_TEXT_BYTES);

    if (first)
        page->text_first_step = event->step;
    if (!first && event->step == page->last_step + 1) {
        size_t step_bytes = strcspn(line, " ") + 1;
        used -= step_bytes;
        memmove(line, line + step_bytes, used + 1);
    }
    page->last_step = event->step;
    if (place != 0)
        used += (size_t)snprintf(line + used, PAGE_LINE_BYTES - used, "\t%u", place);
    line[used++] = '\n';
    page->text_bytes += (uint32_t)used;
    page->text_events++;
    page->event_count++;
    if (page->text_events == PAGE_BLOCK_EVENTS)
        end_block(page);
}

/* ---- folds ---- */

/* The number of a new fold + 1; 0 when there are too many. */
static uint32_t open_fold(struct page *page, enum page_fold_kind kind, uint32_t row)
{
    if (page->fold_count == PAGE_FOLDS_MAX) {
        page->folds_dropped++;
        return 0;
    }
    page->fold[page->fold_count] = (struct page_fold){.row = row, .kind = (uint8_t)kind};
    return ++page->fold_count;
}

static void close_fold(struct page *page, uint32_t fold, uint32_t end, const char *label)
{
    if (fold == 0 || fold > page->fold_count)
        return;
    page->fold[fold - 1].rows = end - page->fold[fold - 1].row;
    page->fold[fold - 1].label = label_of(page, label);
}

/* What a run of accesses is called: `driver load q0.used.idx`, `driver store framebuffer`. */
static void run_label(const struct page_run *run, const struct arena *arena, char *out,
                      size_t out_bytes)
{
    const struct event *event = &run->first;
    char place[EVENT_TEXT_BYTES];

    event_format_place(event, arena != NULL ? arena_name : NULL, arena, place, sizeof place);
    if (!run->poll)
        place[strcspn(place, "+[")] = '\0';
    snprintf(out, out_bytes, "%s %s %.64s%s", event_party_word((enum event_party)event->party),
             event_kind_word((enum event_kind)event->kind), place,
             run->poll && run->places > 1 ? " ..." : "");
}

static void end_run(struct page *page, const struct arena *arena)
{
    struct page_run *run = &page->run;
    bool poll = run->poll && run->rows >= PAGE_POLL_ROWS && run->rows >= 3 * run->places;
    char label[PAGE_LABEL_BYTES];

    if (poll || (run->bulk && run->rows >= PAGE_BULK_ROWS)) {
        run->poll = poll;
        run_label(run, arena, label, sizeof label);
        close_fold(page, open_fold(page, poll ? PAGE_FOLD_POLL : PAGE_FOLD_BULK, run->row),
                   run->row + run->rows, label);
    }
    run->rows = 0;
}

static bool is_look(const struct event *event)
{
    return event->party == EVENT_PARTY_DRIVER &&
           (event->kind == EVENT_READ || event->kind == EVENT_LOAD);
}

/* What a driver does between two looks of a poll. */
static bool is_pause(const struct event *event)
{
    return event->party == EVENT_PARTY_DRIVER &&
           (event->kind == EVENT_RELAX || event->kind == EVENT_BARRIER ||
            event->kind == EVENT_CACHE || event->kind == EVENT_WAIT);
}

/* Does the event go on with the poll? Remembers the places that it looks at. */
static bool continues_poll(struct page_run *run, const struct event *event)
{
    uint64_t place = event->addr ^ (uint64_t)event->slot << 48 ^ (uint64_t)event->kind << 60;

    if (!run->poll)
        return false;
    if (is_pause(event))
        return run->rows > 0;
    if (!is_look(event))
        return false;
    for (uint32_t i = 0; i < run->places; i++) {
        if (run->place[i] == place)
            return true;
    }
    if (run->places == PAGE_POLL_PLACES)
        return false;
    run->place[run->places++] = place;
    return true;
}

/* Accesses with the same key are bulk: one party, one structure. 0 = none. */
static uint64_t bulk_key(const struct event *event)
{
    uint64_t place = event->place;

    if (event->kind != EVENT_LOAD && event->kind != EVENT_STORE && event->kind != EVENT_UPDATE)
        return 0;
    if (place >= EVENT_PLACE_DESC && place <= EVENT_PLACE_DESC_NEXT)
        place = EVENT_PLACE_DESC;
    else if (place >= EVENT_PLACE_AVAIL_FLAGS && place <= EVENT_PLACE_USED_EVENT)
        place = EVENT_PLACE_AVAIL_RING;
    else if (place >= EVENT_PLACE_USED_FLAGS && place <= EVENT_PLACE_AVAIL_EVENT)
        place = EVENT_PLACE_USED_RING;
    return UINT64_C(1) | (uint64_t)event->party << 8 | place << 16 | (uint64_t)event->queue << 32;
}

static void note_run(struct page *page, const struct event *event, uint32_t row,
                     const struct arena *arena)
{
    struct page_run *run = &page->run;
    uint64_t key = bulk_key(event);

    if (run->rows > 0) {
        bool poll = continues_poll(run, event);
        bool bulk = run->bulk && key == run->key;
        if (poll || bulk) {
            run->poll = poll;
            run->bulk = bulk;
            run->rows++;
            return;
        }
        end_run(page, arena);
    }
    if (key == 0 && !is_look(event))
        return;
    run->row = row;
    run->places = 0;
    run->poll = true;
    run->poll = continues_poll(run, event);
    run->rows = 1;
    run->bulk = key != 0;
    run->key = key;
    run->first = model_keep(event);
}

/* ---- calls and requests ---- */

static bool is_publication(const struct event *event)
{
    return event->party == EVENT_PARTY_DRIVER && event->kind == EVENT_STORE &&
           ((event->place >= EVENT_PLACE_DESC && event->place <= EVENT_PLACE_DESC_NEXT) ||
            event->place == EVENT_PLACE_AVAIL_RING || event->place == EVENT_PLACE_AVAIL_IDX ||
            event->place == EVENT_PLACE_INDIRECT);
}

/* An event that still belongs to a request whose answer the driver has: it looks at it. */
static bool is_aftermath(const struct event *event)
{
    return is_look(event) || is_pause(event) ||
           (event->party == EVENT_PARTY_DRIVER && event->place == EVENT_PLACE_USED_EVENT);
}

static void close_request(struct page *page, uint32_t end)
{
    struct page_request *request = &page->request;
    char label[PAGE_LABEL_BYTES];

    if (!request->open)
        return;
    if (request->commands == 0)
        snprintf(label, sizeof label, "q%u: the device took nothing", request->queue);
    else if (request->commands == 1)
        snprintf(label, sizeof label, "%s -> %s", request->command,
                 request->response[0] != '\0' ? request->response : "no answer");
    else
        snprintf(label, sizeof label, "%s and %u more", request->command, request->commands - 1);
    close_fold(page, request->fold, end, label);
    request->open = false;
}

static void open_request(struct page *page, const struct event *event, uint32_t row,
                         const struct model *model)
{
    struct page_request *request = &page->request;
    const struct model_queue *queue = &model->queue[event->queue % SIM_QUEUES_MAX];

    *request = (struct page_request){.open = true, .queue = event->queue};
    request->published = queue->published - (event->place == EVENT_PLACE_AVAIL_IDX ? 1 : 0);
    request->fold = open_fold(page, PAGE_FOLD_REQUEST, row);
}

static void name_code(char *out, size_t out_bytes, const char *name, uint64_t code)
{
    if (name != NULL)
        snprintf(out, out_bytes, "%s", name);
    else
        snprintf(out, out_bytes, "0x%llx", (unsigned long long)code);
}

static void note_request(struct page *page, const struct event *event,
                         const struct world_sight *sight)
{
    struct page_request *request = &page->request;
    const struct sim_class *class = sight->device->class;
    const struct model_queue *queue = &sight->model->queue[request->queue % SIM_QUEUES_MAX];

    if (event->kind == EVENT_EXECUTE && request->commands++ == 0)
        name_code(request->command, sizeof request->command,
                  class->command_name((uint32_t)event->value), event->value);
    if (event->kind == EVENT_RESPOND)
        name_code(request->response, sizeof request->response,
                  class->response_name((uint32_t)event->value), event->value);
    request->answered = queue->published > request->published && queue->in_flight == 0 &&
                        queue->seen_idx == queue->used_idx;
}

static void note_folds(struct page *page, const struct event *event, uint32_t row,
                       const struct world_sight *sight)
{
    struct page_request *request = &page->request;
    bool boundary = event->kind == EVENT_CALL || event->kind == EVENT_RETURN;
    bool over = boundary || (request->answered && !is_aftermath(event));

    if ((request->open && over) || boundary) {
        end_run(page, sight->arena);
        close_request(page, row);
    }
    if (event->kind == EVENT_CALL) {
        page->call_fold = open_fold(page, PAGE_FOLD_CALL, row);
    } else if (!request->open && is_publication(event)) {
        end_run(page, sight->arena);
        open_request(page, event, row, sight->model);
    }
    note_run(page, event, row, sight->arena);
    if (request->open)
        note_request(page, event, sight);
    if (event->kind == EVENT_RETURN) {
        /* The report knows what was called: the label is its number. */
        char label[PAGE_LABEL_BYTES];
        snprintf(label, sizeof label, "%u", event->index);
        close_fold(page, page->call_fold, row + 1, label);
        page->call_fold = 0;
    }
}

/* ---- marks ---- */

static int mark_of(const struct event *event, const struct model *model)
{
    bool device = event->party == EVENT_PARTY_DEVICE;

    if (event->kind == EVENT_WRITE && event->place == EVENT_PLACE_REGISTER &&
        event->index == VIRTIO_MMIO_REG_QueueNotify && (event->flags & EVENT_OTHER_SLOT) == 0)
        return PAGE_MARK_NOTIFY;
    if (device && event->kind == EVENT_STORE && event->place == EVENT_PLACE_USED_IDX)
        return PAGE_MARK_USED;
    if (event->kind == EVENT_INTERRUPT)
        return PAGE_MARK_INTERRUPT;
    if (event->kind == EVENT_REFUSE || event->kind == EVENT_STUCK || event->kind == EVENT_CRASH ||
        event->kind == EVENT_NEEDS_RESET ||
        (event->kind == EVENT_RESET && model->status.was_driver_ok) || event->kind == EVENT_FAULT ||
        event->kind == EVENT_UNOBSERVED)
        return PAGE_MARK_TROUBLE;
    return -1;
}

void page_note_event(struct page *page, const struct event *event, const struct world_sight *sight)
{
    uint32_t row = page->event_count;
    int mark;

    if (page->block_count == PAGE_BLOCKS_MAX) {
        page->events_dropped++;
        return;
    }
    note_folds(page, event, row, sight);
    mark = mark_of(event, sight->model);
    if (mark >= 0 && page->mark_count < PAGE_MARKS_MAX)
        page->mark[page->mark_count++] = (struct page_mark){row, (uint8_t)mark};
    else if (mark >= 0)
        page->marks_dropped++;
    note_text(page, event, sight->arena);
    if (mark == PAGE_MARK_NOTIFY)
        page_note_rings(page, event, row, sight);
}

void page_end_events(struct page *page)
{
    end_block(page);
    end_run(page, NULL);
    close_request(page, page->event_count);
    if (page->call_fold != 0) { /* the call did not return */
        const struct page_fold *open = &page->fold[page->call_fold - 1];
        char label[PAGE_LABEL_BYTES];
        uint32_t calls = 0;
        for (const struct page_fold *fold = page->fold; fold < open; fold++)
            calls += fold->kind == PAGE_FOLD_CALL;
        snprintf(label, sizeof label, "%u", calls);
        close_fold(page, page->call_fold, page->event_count, label);
        page->call_fold = 0;
    }
}

/* ---- writing ---- */

bool page_deflate(FILE *out, const void *data, size_t bytes)
{
    uLongf packed_bytes = compressBound(bytes);
    uint8_t *packed = malloc(packed_bytes);
    bool good =
        packed != NULL && compress2(packed, &packed_bytes, data, bytes, DEFLATE_LEVEL) == Z_OK;

    if (good)
        page_base64(out, packed, packed_bytes);
    free(packed);
    return good;
}

/*
 * Numbers of 32 bits, little-endian: how many folds and marks; then of all folds the rows at which
 * they begin (each less the one before), their rows, their kinds with labels; then of all marks the
 * same without rows.
 */
void page_write_folds(struct page *page, FILE *out)
{
    size_t folds = page->fold_count, marks = page->mark_count;
    size_t words = 2 + 3 * folds + 2 * marks;
    uint32_t *word = malloc(words * sizeof *word);
    uint32_t before = 0;

    if (word == NULL) {
        page->failed = true;
        return;
    }
    word[0] = (uint32_t)folds;
    word[1] = (uint32_t)marks;
    for (size_t i = 0; i < folds; i++) {
        const struct page_fold *fold = &page->fold[i];
        word[2 + i] = fold->row - before;
        word[2 + folds + i] = fold->rows;
        word[2 + 2 * folds + i] = (uint32_t)fold->kind << 16 | fold->label;
        before = fold->row;
    }
    before = 0;
    for (size_t i = 0; i < marks; i++) {
        word[2 + 3 * folds + i] = page->mark[i].row - before;
        word[2 + 3 * folds + marks + i] = page->mark[i].kind;
        before = page->mark[i].row;
    }
    page->failed |= !page_deflate(out, word, words * sizeof *word);
    free(word);
}

void page_write_blocks(struct page *page, FILE *out)
{
    for (uint32_t i = 0; i < page->block_count && i < PAGE_BLOCKS_MAX; i++) {
        const struct page_block *block = &page->block[i];
        uint8_t *bytes = block->bytes <= sizeof page->text * 2 ? malloc(block->bytes + 1) : NULL;
        bool good = bytes != NULL && pread(page->spool, bytes, block->bytes,
                                           (off_t)block->offset) == (ssize_t)block->bytes;
        if (good)
            page_base64(out, bytes, block->bytes);
        else
            page->failed = true;
        putc('\n', out);
        free(bytes);
    }
}
