/*
 * Takes the snapshot: reads, and changes nothing.
 */
#include "view.h"

#include <inttypes.h>
#include <string.h>

#include "gpu.h"
#include "view_memory.h"
#include "virtio/blk.h"
#include "virtio/config.h"

#define SLOTS_BEFORE 8u  /* slots of a long ring that are shown before the oldest position */
#define SLOTS_ROW    16u /* where a window of a long ring may begin */

/* ---- words ---- */

struct bit_name {
    uint32_t bit;
    const char *name;
};

static const struct bit_name status_name[] = {
#define X(name, value) {value, #name},
    VIRTIO_STATUS_BITS(X)
#undef X
};

static const struct bit_name feature_name[] = {
#define X(name, bit) {bit, #name},
    VIRTIO_FEATURES(X)
#undef X
};

static const struct bit_name gpu_feature_name[] = {
#define X(name, bit) {bit, #name},
    VIRTIO_GPU_FEATURES(X)
#undef X
};

static const struct bit_name blk_feature_name[] = {
#define X(name, bit) {bit, #name},
    VIRTIO_BLK_FEATURES(X)
#undef X
};

static const struct bit_name id_name[] = {
#define X(name, id) {id, #name},
    VIRTIO_DEVICE_IDS(X)
#undef X
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void append(char *out, size_t out_bytes, const char *word)
{
    size_t used = strlen(out);
    snprintf(out + used, out_bytes - used, "%s%s", used > 0 ? " " : "", word);
}

void view_status_words(uint32_t status, char *out, size_t out_bytes)
{
    uint32_t rest = status;

    out[0] = '\0';
    for (size_t i = 0; i < COUNT(status_name); i++) {
        if ((status & status_name[i].bit) != 0)
            append(out, out_bytes, status_name[i].name);
        rest &= ~status_name[i].bit;
    }
    if (rest != 0)
        append(out, out_bytes, "and bits that mean nothing");
    if (status == 0)
        append(out, out_bytes, "none: reset");
}

static const char *find_name(const struct bit_name *row, size_t count, uint32_t bit)
{
    for (size_t i = 0; i < count; i++) {
        if (row[i].bit == bit)
            return row[i].name;
    }
    return NULL;
}

static const char *feature_word(uint32_t device_id, uint32_t bit)
{
    const char *name = NULL;
    if (device_id == VIRTIO_ID_GPU)
        name = find_name(gpu_feature_name, COUNT(gpu_feature_name), bit);
    else if (device_id == VIRTIO_ID_BLOCK)
        name = find_name(blk_feature_name, COUNT(blk_feature_name), bit);
    return name != NULL ? name : find_name(feature_name, COUNT(feature_name), bit);
}

void view_feature_words(uint32_t device_id, uint64_t features, char *out, size_t out_bytes)
{
    out[0] = '\0';
    for (uint32_t bit = 0; bit < 64; bit++) {
        char number[16];
        if ((features >> bit & 1) == 0)
            continue;
        const char *name = feature_word(device_id, bit);
        snprintf(number, sizeof number, "bit-%" PRIu32, bit);
        append(out, out_bytes, name != NULL ? name : number);
    }
    if (features == 0)
        append(out, out_bytes, "none");
}

const char *view_phase_text(enum sim_queue_phase phase)
{
    switch (phase) {
    case SIM_PHASE_IDLE:
        return "waits for a notification";
    case SIM_PHASE_AVAIL_IDX:
        return "reads avail.idx";
    case SIM_PHASE_AVAIL_RING:
        return "reads avail.ring";
    case SIM_PHASE_DESC:
        return "reads a descriptor";
    case SIM_PHASE_REQUEST:
        return "reads the request";
    case SIM_PHASE_EXECUTE:
        return "executes the request";
    case SIM_PHASE_RESPONSE:
        return "writes the response";
    case SIM_PHASE_USED_ELEM:
        return "writes the used element";
    case SIM_PHASE_USED_IDX:
        return "writes used.idx";
    case SIM_PHASE_SUPPRESSION:
        return "asks whether to interrupt";
    case SIM_PHASE_AVAIL_EVENT:
        return "writes avail_event";
    case SIM_PHASE_INTERRUPT:
        return "raises the interrupt";
    }
    return "";
}

const char *view_state_text(enum model_request_state state)
{
    switch (state) {
    case MODEL_FREE:
        return "done: the driver saw it come back";
    case MODEL_PUBLISHED:
        return "made available, not taken";
    case MODEL_FETCHED:
        return "its slot was read";
    case MODEL_TAKEN:
        return "taken by the device";
    case MODEL_EXECUTED:
        return "executed";
    case MODEL_RESPONDED:
        return "response written";
    case MODEL_ELEMENT:
        return "used element written";
    case MODEL_USED:
        return "used, not seen by the driver";
    case MODEL_REQUEST_STATE_COUNT:
        break;
    }
    return "";
}

/* ---- registers ---- */

static void interrupt_words(uint32_t status, char *out, size_t out_bytes)
{
    out[0] = '\0';
    if ((status & VIRTIO_MMIO_INT_USED) != 0)
        append(out, out_bytes, "used");
    if ((status & VIRTIO_MMIO_INT_CONFIG) != 0)
        append(out, out_bytes, "config");
}

static void register_words(const struct sim_device *device, struct view_register *reg)
{
    uint32_t id = device->class->device_id;
    char *out = reg->words;
    const char *name;

    switch ((int)reg->reg) {
    case VIRTIO_MMIO_REG_MagicValue:
        append(out, VIEW_WORDS_BYTES, "\"virt\"");
        return;
    case VIRTIO_MMIO_REG_Version:
        append(out, VIEW_WORDS_BYTES, reg->value == 1 ? "legacy" : "VIRTIO 1.0 and later");
        return;
    case VIRTIO_MMIO_REG_DeviceID:
        name = find_name(id_name, COUNT(id_name), reg->value);
        append(out, VIEW_WORDS_BYTES, name != NULL ? name : "");
        return;
    case VIRTIO_MMIO_REG_VendorID:
        append(out, VIEW_WORDS_BYTES, "\"QEMU\"");
        return;
    case VIRTIO_MMIO_REG_DeviceFeatures:
        view_feature_words(id, (uint64_t)reg->value << 32 * (device->device_features_sel & 1), out,
                           VIEW_WORDS_BYTES);
        return;
    case VIRTIO_MMIO_REG_DriverFeatures:
        view_feature_words(id, (uint64_t)reg->value << 32 * (device->driver_features_sel & 1), out,
                           VIEW_WORDS_BYTES);
        return;
    case VIRTIO_MMIO_REG_InterruptStatus:
        interrupt_words(reg->value, out, VIEW_WORDS_BYTES);
        return;
    case VIRTIO_MMIO_REG_Status:
        view_status_words(reg->value, out, VIEW_WORDS_BYTES);
        return;
    }
}

static void take_registers(struct view *view, const struct sim_device *device)
{
    uint32_t held;

    for (int reg = 0; reg < VIRTIO_MMIO_REG_COUNT; reg++) {
        if (mmio_check(device, mmio_register_offset(reg), sizeof(le32), false) ==
            EVENT_VERDICT_VERSION)
            continue;
        struct view_register *row = &view->reg[view->register_count++];
        row->reg = (uint16_t)reg;
        row->held = mmio_held(device, reg, &held);
        row->value = held;
        if (row->held)
            register_words(device, row);
    }
}

/* ---- queues ---- */

static void take_area(struct view_area *area, const struct arena *arena, uint64_t addr,
                      uint64_t bytes)
{
    area->addr = addr;
    area->reachable = memory_is_reachable(arena, addr, bytes);
    if (addr != 0)
        arena_name(arena, addr, area->name, sizeof area->name);
}

static uint16_t peek16(const struct world_sight *sight, uint64_t addr)
{
    return (uint16_t)memory_ring(sight->arena, sight->model, addr, sizeof(le16));
}

static enum view_slot_state avail_state(const struct view_queue *queue, uint32_t slot)
{
    /* The last position that was put into this slot, and how far it lies behind avail.idx. */
    uint32_t behind = (queue->avail_idx + queue->size - 1 - slot) % queue->size + 1;
    uint16_t waiting = (uint16_t)(queue->avail_idx - queue->device_next);
    uint16_t pending = (uint16_t)(queue->avail_idx - queue->given_idx);

    if (behind > queue->published)
        return VIEW_SLOT_NEVER;
    if (behind <= waiting)
        return VIEW_SLOT_NEW;
    return behind <= pending ? VIEW_SLOT_HELD : VIEW_SLOT_OLD;
}

static enum view_slot_state used_state(const struct view_queue *queue, uint32_t slot)
{
    uint32_t behind = (queue->given_idx + queue->size - 1 - slot) % queue->size + 1;

    if (behind > queue->completed)
        return VIEW_SLOT_NEVER;
    return behind <= (uint16_t)(queue->given_idx - queue->seen_idx) ? VIEW_SLOT_NEW : VIEW_SLOT_OLD;
}

static void take_slots(struct view_queue *queue, const struct world_sight *sight)
{
    uint32_t first = 0;

    queue->slot_count = queue->size < VIEW_SLOTS_MAX ? queue->size : VIEW_SLOTS_MAX;
    if (queue->size > VIEW_SLOTS_MAX) {
        first = (queue->device_used + queue->size - SLOTS_BEFORE) % queue->size;
        first = first / SLOTS_ROW * SLOTS_ROW;
    }
    queue->slot_first = first;
    for (uint32_t i = 0; i < queue->slot_count; i++) {
        struct view_slot *slot = &queue->slot[i];
        struct virtq_used_elem elem = {0, 0};
        slot->slot = (uint16_t)((first + i) % queue->size);
        slot->head =
            peek16(sight, queue->area[MODEL_AREA_DRIVER].addr + offsetof(struct virtq_avail, ring) +
                              sizeof(le16) * slot->slot);
        memory_peek(sight->arena,
                    queue->area[MODEL_AREA_DEVICE].addr + offsetof(struct virtq_used, ring) +
                        sizeof elem * slot->slot,
                    &elem, sizeof elem);
        slot->id = sim_ring32(sight->device, elem.id);
        slot->len = sim_ring32(sight->device, elem.len);
        slot->avail = (uint8_t)avail_state(queue, slot->slot);
        slot->used = (uint8_t)used_state(queue, slot->slot);
    }
}

static void take_desc(struct view_queue *queue, const struct world_sight *sight, uint32_t index,
                      uint16_t owner)
{
    struct virtq_desc raw = {0, 0, 0, 0};
    struct view_desc *desc = &queue->desc[queue->desc_count++];

    memory_peek(sight->arena, queue->area[MODEL_AREA_DESC].addr + sizeof raw * index, &raw,
                sizeof raw);
    *desc = (struct view_desc){.index = (uint16_t)index,
                               .flags = sim_ring16(sight->device, raw.flags),
                               .next = sim_ring16(sight->device, raw.next),
                               .owner = owner,
                               .len = sim_ring32(sight->device, raw.len),
                               .addr = sim_ring64(sight->device, raw.addr)};
}

static void take_descs(struct view_queue *queue, const struct model_queue *model,
                       const struct world_sight *sight)
{
    uint32_t tracked = model->size < queue->size ? model->size : queue->size;
    uint32_t owned = model->owned < VIEW_DESCS_MAX ? model->owned : VIEW_DESCS_MAX;
    uint32_t free_room = VIEW_DESCS_MAX - owned;

    for (uint32_t i = 0; i < queue->size && queue->desc_count < VIEW_DESCS_MAX; i++) {
        uint16_t owner = i < tracked ? model->entry[i].owner : 0;
        if (owner != 0) {
            take_desc(queue, sight, i, owner);
        } else if (free_room > 0) {
            take_desc(queue, sight, i, 0);
            free_room--;
        }
    }
}

/* Names what the request says, from its first bytes in memory if the device has not said so yet. */
static void name_request(struct view_request *out, const struct model_request *request,
                         const struct world_sight *sight, const struct view_queue *queue)
{
    const struct sim_class *class = sight->device->class;
    uint32_t command = request->command;
    const char *name = NULL;

    if (request->state != MODEL_FREE && request->state < MODEL_EXECUTED &&
        class->device_id == VIRTIO_ID_GPU) {
        struct virtq_desc desc;
        le32 type = 0;
        if (memory_peek(sight->arena, queue->area[MODEL_AREA_DESC].addr + sizeof desc * out->head,
                        &desc, sizeof desc) &&
            memory_peek(sight->arena, sim_ring64(sight->device, desc.addr), &type, sizeof type))
            command = virtio_le32(type);
    }
    if (class->command_name != NULL)
        name = class->command_name(command);
    snprintf(out->what, sizeof out->what, "%s", name != NULL ? decode_short_name(name) : "");
    name = NULL;
    if (class->response_name != NULL &&
        (request->state == MODEL_FREE || request->state >= MODEL_RESPONDED))
        name = class->response_name(request->response);
    snprintf(out->answer, sizeof out->answer, "%s", name != NULL ? decode_short_name(name) : "");
}

static void add_request(struct view_queue *queue, const struct model_request *request,
                        uint16_t head, const struct world_sight *sight)
{
    uint32_t at =
        queue->request_count < VIEW_REQUESTS_MAX ? queue->request_count++ : VIEW_REQUESTS_MAX - 1;
    struct view_request row = {.number = request->number,
                               .step = request->mark[request->state].step,
                               .head = head,
                               .state = request->state,
                               .abandoned = request->abandoned};

    if (queue->in_flight > VIEW_REQUESTS_MAX && at == VIEW_REQUESTS_MAX - 1 &&
        queue->request[at].number != 0 && queue->request[at].number < row.number)
        return; /* no room, and the others are older */
    name_request(&row, request, sight, queue);
    while (at > 0 && queue->request[at - 1].number > row.number) {
        queue->request[at] = queue->request[at - 1];
        at--;
    }
    queue->request[at] = row;
}

static void take_requests(struct view_queue *queue, const struct model_queue *model,
                          const struct world_sight *sight)
{
    for (uint32_t i = 0; i < model->size && queue->in_flight > 0; i++) {
        const struct model_request *request = &model->request[i];
        if (request->state != MODEL_FREE && request->state != MODEL_USED)
            add_request(queue, request, (uint16_t)i, sight);
    }
    if (queue->request_count == 0 && model->published > 0 && model->last_head < model->size)
        add_request(queue, &model->request[model->last_head], model->last_head, sight);
}

static void take_rings(struct view_queue *queue, const struct model_queue *model,
                       const struct world_sight *sight)
{
    uint64_t avail = queue->area[MODEL_AREA_DRIVER].addr;
    uint64_t used = queue->area[MODEL_AREA_DEVICE].addr;

    queue->avail_flags = peek16(sight, avail + offsetof(struct virtq_avail, flags));
    queue->avail_idx = peek16(sight, avail + offsetof(struct virtq_avail, idx));
    queue->used_event = peek16(sight, avail + virtq_used_event_offset(queue->size));
    queue->used_flags = peek16(sight, used + offsetof(struct virtq_used, flags));
    queue->used_idx = peek16(sight, used + offsetof(struct virtq_used, idx));
    queue->avail_event = peek16(sight, used + virtq_avail_event_offset(queue->size));
    take_slots(queue, sight);
    take_descs(queue, model, sight);
    take_requests(queue, model, sight);
}

const char *view_setting_name(enum view_setting_row row)
{
    static const char *const names[] = {
#define X(name) #name,
        VIEW_SETTINGS(X)
#undef X
    };
    return names[row];
}

static struct view_setting setting(const struct event *write, uint64_t wrote, uint64_t held)
{
    return (struct view_setting){.step = write->step, .wrote = wrote, .held = held};
}

static void take_settings(struct view_setting *out, const struct model_queue *model,
                          const struct sim_queue *sim, const uint64_t addr[MODEL_AREA_COUNT])
{
    out[VIEW_SETTING_QueueSize] = setting(&model->size_write, model->size_write.value, sim->size);
    for (unsigned area = 0; area < MODEL_AREA_COUNT; area++)
        out[VIEW_SETTING_QueueDesc + area] =
            setting(&model->area_write[area][0], model_intended_addr(model, (enum model_area)area),
                    addr[area]);
    out[VIEW_SETTING_QueueReady] =
        setting(&model->ready_write, model->ready_write.value, sim->ready);
    out[VIEW_SETTING_QueuePFN] = setting(&model->pfn_write, model->pfn_write.value, sim->pfn);
}

static void take_queue(struct view_queue *queue, const struct world_sight *sight, uint32_t number)
{
    const struct sim_device *device = sight->device;
    const struct sim_queue *sim = &device->queue[number];
    const struct model_queue *model = &sight->model->queue[number];
    const uint64_t addr[MODEL_AREA_COUNT] = {sim->desc_addr, sim->avail_addr, sim->used_addr};

    queue->exists = sim_queue_exists(device, number);
    queue->live = sim_queue_is_live(device, number);
    queue->broken = sim->broken;
    queue->size = sim->size;
    take_settings(queue->setting, model, sim, addr);
    for (unsigned area = 0; area < MODEL_AREA_COUNT; area++)
        take_area(&queue->area[area], sight->arena, addr[area],
                  model_area_bytes((enum model_area)area, sim->size));
    queue->driver_idx = model->avail_idx;
    queue->seen_idx = model->seen_idx;
    queue->given_idx = model->used_idx;
    queue->device_seen = sim->avail_seen;
    queue->device_next = sim->avail_next;
    queue->device_used = sim->used_idx;
    queue->phase = (uint8_t)sim->phase;
    queue->in_flight = model->in_flight;
    queue->published = model->published;
    queue->completed = model->completed;
    if (queue->live && queue->size > 0)
        take_rings(queue, model, sight);
}

/* ---- all of it ---- */

static void take_scanouts(struct view *view, const struct world_sight *sight)
{
    const struct sim_device *device = sight->device;

    if (device->class != &gpu_class || device->state == NULL)
        return;
    view->scanout_count = gpu_scanout_count(device);
    for (uint32_t i = 0; i < view->scanout_count; i++) {
        struct gpu_scanout_info info;
        gpu_scanout_info(device, i, &info);
        view->scanout[i] =
            (struct view_scanout){.active = info.active,
                                  .ever_active = info.ever_active,
                                  .flushed = info.flushed,
                                  .resource_id = info.resource_id,
                                  .x = info.rect.x,
                                  .y = info.rect.y,
                                  .width_px = info.rect.width,
                                  .height_px = info.rect.height,
                                  .lost_at_step =
                                      model_scanout_lost(sight->model, i, info.lost_at_step)};
    }
}

void view_take(struct view *view, const struct world_sight *sight)
{
    const struct sim_device *device = sight->device;
    const char *id = find_name(id_name, COUNT(id_name), device->class->device_id);

    memset(view, 0, sizeof *view);
    view->step = sight->outcome->steps;
    view->version = device->config.version;
    view->findings = sight->outcome->findings.count;
    snprintf(view->device, sizeof view->device, "%s, version %" PRIu32 ", %s profile",
             id != NULL ? id : device->class->name, device->config.version,
             sim_is_qemu(device) ? "qemu" : "spec");
    take_registers(view, device);
    view->queue_count = device->class->queue_count;
    for (uint32_t i = 0; i < view->queue_count; i++)
        take_queue(&view->queue[i], sight, i);
    ladder_climb(sight->model, model_waiting_queue(sight->model), &view->ladder);
    take_scanouts(view, sight);
}
