/*
 * Pictures of a queue's rings at each notification, from what lies in RAM then.
 *
 * Where the device holds no live queue, the picture is of the rings as the driver meant them to be.
 * A picture shows at most PAGE_RING_ENTRIES of everything and counts the rest; PAGE_RINGS_FIRST of
 * the first and PAGE_RINGS_LAST of the last notifications are kept.
 */
#include "page_state.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "device.h"
#include "model.h"
#include "view_memory.h"
#include "virtio/ring.h"

/* X(state of a request, what a person calls it) */
#define REQUEST_STATES(X)                                                                          \
    X(FREE, "free")                                                                                \
    X(PUBLISHED, "published")                                                                      \
    X(FETCHED, "slot read by the device")                                                          \
    X(TAKEN, "taken by the device")                                                                \
    X(EXECUTED, "executed")                                                                        \
    X(RESPONDED, "response written")                                                               \
    X(ELEMENT, "used element written")                                                             \
    X(USED, "used")

/* One queue, while its picture is drawn. */
struct rings {
    const struct arena *arena;
    const struct sim_device *device;
    const struct model *model;
    const struct model_queue *queue;
    uint32_t number;
    bool live;
    uint32_t size;
    uint64_t desc, avail, used; /* physical; 0 = nowhere */
    /* descriptors of chains in flight, and whose */
    uint32_t owned;
    struct {
        uint16_t desc, head;
    } owner[PAGE_RING_ENTRIES];
};

static uint64_t ring_at(const struct rings *rings, uint64_t addr, uint32_t bytes)
{
    return memory_ring(rings->arena, rings->model, addr, bytes);
}

static uint16_t slot_head(const struct rings *rings, uint32_t slot)
{
    return (uint16_t)ring_at(rings, rings->avail + 4 + 2 * (uint64_t)slot, 2);
}

/* ---- what is in flight ---- */

static void own_chain(struct rings *rings, uint16_t head)
{
    uint32_t at = head;

    for (uint32_t i = 0; i < rings->size && rings->owned < PAGE_RING_ENTRIES; i++) {
        if (at >= rings->size)
            return;
        for (uint32_t j = 0; j < rings->owned; j++) {
            if (rings->owner[j].desc == at)
                return; /* a loop, or somebody else's */
        }
        rings->owner[rings->owned].desc = (uint16_t)at;
        rings->owner[rings->owned++].head = head;
        uint64_t entry = rings->desc + 16 * (uint64_t)at;
        if ((ring_at(rings, entry + 12, 2) & VIRTQ_DESC_F_NEXT) == 0)
            return;
        at = (uint32_t)ring_at(rings, entry + 14, 2);
    }
}

static int owner_of(const struct rings *rings, uint32_t desc)
{
    for (uint32_t i = 0; i < rings->owned; i++) {
        if (rings->owner[i].desc == desc)
            return rings->owner[i].head;
    }
    return -1;
}

/* What the request at a head asks for: its first word, where the class knows it. */
static const char *command_at(const struct rings *rings, uint16_t head)
{
    uint64_t entry = rings->desc + 16 * (uint64_t)head;
    uint64_t addr = ring_at(rings, entry, 8);

    if ((ring_at(rings, entry + 12, 2) & VIRTQ_DESC_F_WRITE) != 0)
        return "";
    if ((ring_at(rings, entry + 12, 2) & VIRTQ_DESC_F_INDIRECT) != 0)
        addr = ring_at(rings, addr, 8);
    le32 command = 0;
    (void)memory_peek(rings->arena, addr, &command, sizeof command);
    const char *name = rings->device->class->command_name(virtio_le32(command));
    return name != NULL && addr != 0 ? name : "";
}

static void put_request(struct rings *rings, struct page_json *json, uint16_t head,
                        const char *state)
{
    page_json_open(json, NULL, '[');
    page_json_number(json, NULL, head);
    page_json_string(json, NULL, state);
    page_json_string(json, NULL, command_at(rings, head));
    page_json_close(json, ']');
    own_chain(rings, head);
}

static void put_requests(struct rings *rings, struct page_json *json)
{
    static const char *const states[] = {
#define X(name, text) [MODEL_##name] = text,
        REQUEST_STATES(X)
#undef X
    };
    const struct model_queue *queue = rings->queue;
    uint32_t more = 0, shown = 0;
    uint32_t published = (uint32_t)ring_at(rings, rings->avail + 2, 2);

    page_json_open(json, "requests", '[');
    for (uint32_t i = 0; rings->live && i < queue->tables; i++) {
        const struct model_request *request = &queue->request[i];
        if (request->state == MODEL_FREE || request->state == MODEL_USED)
            continue;
        if (shown++ < PAGE_RING_ENTRIES)
            put_request(rings, json, (uint16_t)i, states[request->state]);
        else
            more++;
    }
    for (uint32_t i = 0; !rings->live && rings->avail != 0 && i < published && i < rings->size;
         i++) {
        if (shown++ < PAGE_RING_ENTRIES)
            put_request(rings, json, slot_head(rings, i), "put there; the device has no queue");
        else
            more++;
    }
    page_json_close(json, ']');
    page_json_number(json, "requestsMore", more);
}

/* ---- the three parts ---- */

static void put_desc(const struct rings *rings, struct page_json *json, uint32_t desc)
{
    uint64_t entry = rings->desc + 16 * (uint64_t)desc;
    uint64_t addr = ring_at(rings, entry, 8);
    char name[ARENA_NAME_BYTES + 32];
    int owner = owner_of(rings, desc);

    arena_name(rings->arena, addr, name, sizeof name);
    page_json_open(json, NULL, '[');
    page_json_number(json, NULL, desc);
    page_json_hex(json, NULL, addr);
    page_json_number(json, NULL, ring_at(rings, entry + 8, 4));
    page_json_number(json, NULL, ring_at(rings, entry + 12, 2));
    page_json_number(json, NULL, ring_at(rings, entry + 14, 2));
    page_json_string(json, NULL, addr != 0 ? name : "");
    page_json_number(json, NULL, owner < 0 ? UINT32_MAX : (uint32_t)owner);
    page_json_close(json, ']');
}

/* Those in flight first; then all that anything was written into, as far as there is room. */
static void put_table(const struct rings *rings, struct page_json *json)
{
    uint32_t shown = 0, more = 0;
    bool all = rings->size <= PAGE_RING_ENTRIES;

    page_json_open(json, "desc", '[');
    for (uint32_t i = 0; !all && i < rings->owned; i++, shown++)
        put_desc(rings, json, rings->owner[i].desc);
    for (uint32_t i = 0; rings->desc != 0 && i < rings->size; i++) {
        uint64_t entry = rings->desc + 16 * (uint64_t)i;
        bool written = ring_at(rings, entry, 8) != 0 || ring_at(rings, entry + 8, 8) != 0;
        if (!all && owner_of(rings, i) >= 0)
            continue;
        if (shown < PAGE_RING_ENTRIES && (all || written)) {
            put_desc(rings, json, i);
            shown++;
        } else {
            more += written;
        }
    }
    page_json_close(json, ']');
    page_json_number(json, "descMore", more);
}

/* A ring's slots: all, or those around its idx, which comes to lie at three quarters. */
static uint32_t first_slot(const struct rings *rings, uint32_t idx)
{
    if (rings->size <= PAGE_RING_ENTRIES)
        return 0;
    return (idx + rings->size - PAGE_RING_ENTRIES * 3 / 4) % rings->size;
}

static void put_ring(const struct rings *rings, struct page_json *json, bool used)
{
    uint64_t ring = used ? rings->used : rings->avail;
    uint32_t idx = (uint32_t)ring_at(rings, ring + 2, 2);
    uint32_t count = rings->size < PAGE_RING_ENTRIES ? rings->size : PAGE_RING_ENTRIES;
    uint32_t first = first_slot(rings, idx);

    page_json_open(json, used ? "used" : "avail", '{');
    page_json_hex(json, "addr", ring);
    page_json_number(json, "flags", ring_at(rings, ring, 2));
    page_json_number(json, "idx", idx);
    page_json_open(json, "slots", '[');
    for (uint32_t i = 0; ring != 0 && i < count; i++) {
        uint32_t slot = (first + i) % rings->size;
        uint64_t entry = ring + 4 + (used ? 8 : 2) * (uint64_t)slot;
        page_json_open(json, NULL, '[');
        page_json_number(json, NULL, slot);
        page_json_number(json, NULL, ring_at(rings, entry, used ? 4 : 2));
        page_json_number(json, NULL, used ? ring_at(rings, entry + 4, 4) : 0);
        page_json_close(json, ']');
    }
    page_json_close(json, ']');
    page_json_close(json, '}');
}

/* ---- a picture ---- */

static void find_rings(struct rings *rings)
{
    const struct model_queue *queue = rings->queue;
    uint64_t addr[MODEL_AREA_COUNT];

    rings->live = queue->live && model_layout(rings->model, queue, addr);
    rings->size = queue->size != 0 ? queue->size : queue->size_taken;
    if (rings->size == 0)
        rings->size = (uint32_t)queue->size_write.value;
    if (rings->size > VIRTQ_SIZE_MAX)
        rings->size = VIRTQ_SIZE_MAX;
    for (int area = 0; area < MODEL_AREA_COUNT && !rings->live; area++)
        addr[area] = model_intended_addr(queue, (enum model_area)area);
    rings->desc = addr[MODEL_AREA_DESC];
    rings->avail = addr[MODEL_AREA_DRIVER];
    rings->used = addr[MODEL_AREA_DEVICE];
}

static void draw(struct rings *rings, struct page_json *json, uint32_t row, uint64_t step)
{
    const struct sim_queue *held = &rings->device->queue[rings->number];

    page_json_open(json, NULL, '{');
    page_json_number(json, "row", row);
    page_json_number(json, "step", step);
    page_json_number(json, "queue", rings->number);
    page_json_bool(json, "live", rings->live);
    page_json_number(json, "size", rings->size);
    page_json_hex(json, "descAddr", rings->desc);
    page_json_number(json, "taken", held->avail_next);
    page_json_number(json, "seen", rings->queue->seen_idx);
    put_requests(rings, json);
    put_table(rings, json);
    put_ring(rings, json, false);
    put_ring(rings, json, true);
    page_json_close(json, '}');
}

void page_note_rings(struct page *page, const struct event *event, uint32_t row,
                     const struct world_sight *sight)
{
    uint64_t count = page->ring_count++;
    uint64_t at = count < PAGE_RINGS_FIRST
                      ? count
                      : PAGE_RINGS_FIRST + (count - PAGE_RINGS_FIRST) % PAGE_RINGS_LAST;
    uint32_t queue = (uint32_t)event->value;
    FILE *out = fmemopen(page->ring[at], PAGE_RING_BYTES, "w");

    if (out == NULL || queue >= SIM_QUEUES_MAX) {
        page->ring[at][0] = '\0';
    } else {
        struct rings rings = {.arena = sight->arena,
                              .device = sight->device,
                              .model = sight->model,
                              .queue = &sight->model->queue[queue],
                              .number = queue};
        struct page_json json = {out, true};
        find_rings(&rings);
        draw(&rings, &json, row, event->step);
        if (fflush(out) != 0 || ftell(out) >= (long)PAGE_RING_BYTES - 1)
            page->ring[at][0] = '\0';
    }
    if (out != NULL)
        fclose(out);
}

bool page_write_rings(const struct page *page, FILE *out)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *list = open_memstream(&text, &bytes);
    uint64_t kept = PAGE_RINGS_FIRST + PAGE_RINGS_LAST;
    uint64_t gap = page->ring_count > kept ? page->ring_count - kept : 0;
    const char *before = "";
    bool good;

    if (list == NULL)
        return false;
    putc('[', list);
    for (uint64_t i = 0; i < page->ring_count; i++) {
        if (i == PAGE_RINGS_FIRST)
            i += gap;
        const char *ring =
            page->ring[i < PAGE_RINGS_FIRST
                           ? i
                           : PAGE_RINGS_FIRST + (i - PAGE_RINGS_FIRST) % PAGE_RINGS_LAST];
        if (ring[0] == '\0')
            continue;
        fprintf(list, "%s%.*s", before, (int)PAGE_RING_BYTES, ring);
        before = ",";
    }
    putc(']', list);
    good = fclose(list) == 0 && page_deflate(out, text, bytes);
    free(text);
    return good;
}
