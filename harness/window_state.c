/*
 * From a world to plain data for a frame.
 */
#include "window_state.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "device.h"
#include "gpu.h"
#include "rule.h"
#include "source.h"
#include "virtio/config.h"

#define FINDINGS_LOOKED_AT 32u

/* ---- events ---- */

static bool is_found(const struct world_outcome *outcome, uint64_t step)
{
    uint32_t count = outcome->findings.count;
    uint32_t first = count > FINDINGS_LOOKED_AT ? count - FINDINGS_LOOKED_AT : 0;

    for (uint32_t i = first; i < count; i++) {
        if (outcome->findings.item[i].at.event.step == step)
            return true;
    }
    return false;
}

static void take_events(struct frame_state *state, const struct world_sight *sight,
                        frame_event_at event_at, void *context, uint32_t events)
{
    uint32_t count = 0;

    while (count < events && count < FRAME_EVENTS_MAX && event_at(context, count) != NULL)
        count++;
    state->event_count = count;
    for (uint32_t i = 0; i < count; i++) {
        struct event event = *event_at(context, count - 1 - i);
        struct frame_event *row = &state->event[i];
        char text[EVENT_TEXT_BYTES];
        row->step = event.step;
        row->party = event.party;
        row->found = is_found(sight->outcome, event.step);
        event.step = 0;
        event.bytes = NULL;
        event_format(&event, arena_name, sight->arena, text, sizeof text);
        snprintf(row->text, sizeof row->text, "%.*s", (int)sizeof row->text - 1, text);
    }
}

/* ---- source ---- */

/* `FILE:LINE in FUNCTION` of a place, without folders. */
static void put_place(const struct source_place *place, char *out, size_t out_bytes)
{
    const char *file = source_main_file(place);
    const char *slash = strrchr(file, '/');
    snprintf(out, out_bytes, "%.80s:%u", slash != NULL ? slash + 1 : file, source_main_line(place));
}

static void take_source(struct frame_state *state, const struct world_sight *sight)
{
    struct source_place place;

    state->source_count = 0;
    state->source_place[0] = '\0';
    if (sight->model->last_driver.step == 0 || !source_find(sight->model->last_driver.pc, &place) ||
        source_main_line(&place) == 0)
        return;
    put_place(&place, state->source_place, sizeof state->source_place);
    state->source_line = source_main_line(&place);
    state->source_first = state->source_line > FRAME_SOURCE_LINES / 2
                              ? state->source_line - FRAME_SOURCE_LINES / 2
                              : 1;
    for (unsigned i = 0; i < FRAME_SOURCE_LINES; i++) {
        const char *text = source_text(source_main_file(&place), state->source_first + i);
        snprintf(state->source[i], sizeof state->source[i], "%.*s",
                 (int)sizeof state->source[i] - 1, text);
        for (char *tab = state->source[i]; (tab = strchr(tab, '\t')) != NULL;)
            *tab = ' ';
    }
    state->source_count = FRAME_SOURCE_LINES;
}

/* ---- findings ---- */

static void take_finding(struct frame_state *state, const struct world_sight *sight)
{
    const struct findings *findings = &sight->outcome->findings;
    struct source_place place;
    char at[96] = "";

    state->finding_count = findings->count;
    if (findings->count == 0)
        return;
    const struct finding *last = &findings->item[findings->count - 1];
    state->finding_level = (uint8_t)last->level;
    snprintf(state->finding_id, sizeof state->finding_id, "%s", last->rule->id);
    snprintf(state->finding, sizeof state->finding, "%s", last->text);
    state->finding_place[0] = '\0';
    if (last->at.event.step == 0)
        return;
    if (source_find(last->at.event.pc, &place))
        put_place(&place, at, sizeof at);
    snprintf(state->finding_place, sizeof state->finding_place, "%s%sstep %" PRIu64, at,
             at[0] != '\0' ? ", " : "", last->at.event.step);
}

/* ---- requests ---- */

__attribute__((format(printf, 3, 4))) static void add(struct frame_chain *chain, const char *name,
                                                      const char *format, ...)
{
    va_list list;
    if (chain->line_count == FRAME_CHAIN_LINES)
        return;
    struct decode_line *line = &chain->line[chain->line_count++];
    snprintf(line->name, sizeof line->name, "%s", name);
    va_start(list, format);
    vsnprintf(line->value, sizeof line->value, format, list);
    va_end(list);
}

static void add_decoded(struct frame_chain *chain, const struct decode *decode)
{
    for (size_t i = 0; i < decode->count; i++)
        add(chain, decode->line[i].name, "%s", decode->line[i].value);
}

static void add_bytes(struct frame_chain *chain, const char *name, const uint8_t *bytes,
                      uint32_t count)
{
    char text[DECODE_VALUE_BYTES] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < count && i < 24; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%02x ", bytes[i]);
    add(chain, name, "%s%s", text, count > 24 ? "..." : "");
}

/* `0 24r -> 1 408w`: the descriptors in the order of the chain. */
static void add_pieces(struct frame_chain *chain, const struct view_chain *view)
{
    char text[DECODE_VALUE_BYTES] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < view->piece_count && used + 40 < sizeof text; i++) {
        const struct view_piece *piece = &view->piece[i];
        const char *what = (piece->flags & VIRTQ_DESC_F_INDIRECT) != 0 ? "table"
                           : (piece->flags & VIRTQ_DESC_F_WRITE) != 0  ? "written"
                                                                       : "read";
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s%u: %" PRIu32 " %s",
                                 i > 0 ? " -> " : "", piece->in_table ? "table " : "", piece->index,
                                 piece->len, what);
    }
    add(chain, "descriptors", "%s%s%s", text, view->trouble != NULL ? "  ! " : "",
        view->trouble != NULL ? view->trouble : "");
}

static void take_chain(struct frame_state *state, const struct world_sight *sight, uint32_t number)
{
    static struct view_chain view;
    static struct decode decode;
    struct frame_chain *chain = &state->chain[number];
    const struct view_queue *queue = &state->view.queue[number];
    bool is_gpu = sight->device->class->device_id == VIRTIO_ID_GPU;

    chain->title[0] = '\0';
    chain->line_count = 0;
    if (queue->request_count == 0 || !view_chain_take(&view, sight, number, queue->request[0].head))
        return;
    const struct view_request *request = &queue->request[0];
    enum model_request_state now = (enum model_request_state)request->state;
    bool answered = now >= MODEL_RESPONDED;
    snprintf(chain->title, sizeof chain->title, "head %u: %s%s", request->head,
             view_state_text(now), request->abandoned ? "; given up" : "");
    if (now == MODEL_FREE) { /* its descriptors and buffers are the driver's again */
        add(chain, "request", "%s", request->what);
        add(chain, "response", "%s", request->answer);
        return;
    }
    add_pieces(chain, &view);
    if (is_gpu) {
        decode_gpu_request(view.request, view.request_count, view.readable_bytes, &decode);
        add_decoded(chain, &decode);
    } else {
        add_bytes(chain, "request", view.request, view.request_count);
    }
    if (!answered) {
        add(chain, "response", "not written yet");
    } else if (is_gpu) {
        decode_gpu_response(view.response, view.response_count, view.writable_bytes, &decode);
        for (size_t i = 0; i < decode.count; i++)
            add(chain, i == 0 ? "response" : decode.line[i].name, "%s", decode.line[i].value);
    } else {
        add_bytes(chain, "response", view.response, view.response_count);
    }
}

/* ---- all of it ---- */

void frame_state_take(struct frame_state *state, const struct world_sight *sight,
                      frame_event_at event_at, void *context, uint32_t events)
{
    const struct world_outcome *outcome = sight->outcome;
    const char *call =
        outcome->call_count > 0 ? outcome->call[outcome->call_count - 1].action->name : "";

    snprintf(state->scenario, sizeof state->scenario, "%s", sight->scenario->name);
    snprintf(state->call, sizeof state->call, "%s", call);
    view_take(&state->view, sight);
    take_events(state, sight, event_at, context, events);
    take_finding(state, sight);
    take_source(state, sight);
    for (uint32_t i = 0; i < SIM_QUEUES_MAX; i++)
        take_chain(state, sight, i);
}

bool frame_picture_take(struct frame_picture *out, const struct world_sight *sight,
                        uint32_t scanout, uint64_t number)
{
    struct picture picture;
    if (sight->device->class != &gpu_class ||
        !gpu_scanout_picture(sight->device, scanout, &picture))
        return false;
    uint32_t apart = 1; /* only every so-many-th pixel and row is taken */
    while ((uint64_t)(picture.width_px / apart) * (picture.height_px / apart) >
           FRAME_SCANOUT_PX_MAX)
        apart++;
    out->width = picture.width_px / apart;
    out->height = picture.height_px / apart;
    out->number = number;
    uint32_t *pixel = out->pixels;
    for (uint32_t y = 0; y < out->height; y++) {
        const uint8_t *rgb = picture.rgb + (size_t)y * apart * picture.width_px * 3;
        for (uint32_t x = 0; x < out->width; x++, rgb += 3 * (size_t)apart)
            *pixel++ = (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
    }
    picture_free(&picture);
    return true;
}
