/*
 * Views for a terminal: registers, what each side believes, memory, scanouts. Rings and chains are
 * in view_ring.c.
 */
#include "view.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "gpu.h"
#include "view_memory.h"
#include "virtio/config.h"

#define MEM_ROW_BYTES 16u
#define MEM_BYTES_MAX 4096u

/* As in events: below 10 decimal, else hexadecimal. */
static const char *number(uint64_t value, char out[24])
{
    snprintf(out, 24, value < 10 ? "%" PRIu64 : "0x%" PRIx64, value);
    return out;
}

/* ---- registers ---- */

/* Values and words of queue registers are those of the queue that QueueSel names. */
static bool is_of_queue(uint16_t reg)
{
    static const uint8_t scope[] = {
#define X(name, offset, v1, v2, scope, alias) VIRTIO_MMIO_SCOPE_##scope,
        VIRTIO_MMIO_REGISTERS(X)
#undef X
    };
    return scope[reg] == VIRTIO_MMIO_SCOPE_QUEUE;
}

void view_regs(FILE *out, const struct report_options *options, const struct world_sight *sight)
{
    struct view view;
    char text[24];

    view_take(&view, sight);
    report_line(out, options, REPORT_STYLE_BOLD, "registers, as the device holds them: %s",
                view.device);
    for (uint32_t i = 0; i < view.register_count; i++) {
        const struct view_register *reg = &view.reg[i];
        char words[VIEW_WORDS_BYTES];
        snprintf(words, sizeof words, "%s", reg->words);
        if (is_of_queue(reg->reg))
            snprintf(words, sizeof words, "of queue %" PRIu32, sight->device->queue_sel);
        report_line(out, options, reg->held ? REPORT_STYLE_PLAIN : REPORT_STYLE_FAINT,
                    "  0x%03" PRIx32 "  %-18s %-11s %s", mmio_register_offset(reg->reg),
                    mmio_register_name(reg->reg), reg->held ? number(reg->value, text) : "-",
                    reg->held ? words : "nothing is kept here");
    }
}

/* ---- what each side believes ---- */

struct belief {
    FILE *out;
    const struct report_options *options;
    unsigned differences;
};

/* One row: equal, or marked. `step` 0: the driver has not said anything. */
static void compare(struct belief *belief, const char *what, const char *driver, uint64_t step,
                    const char *device, bool differs)
{
    char at[32] = "";
    if (step != 0)
        snprintf(at, sizeof at, "step %" PRIu64, step);
    report_line(belief->out, belief->options, differs ? REPORT_STYLE_ERROR : REPORT_STYLE_PLAIN,
                "%s %-15s %-19s %-13s %s", differs ? "!" : " ", what, step != 0 ? driver : "-", at,
                device);
    belief->differences += differs;
}

static void compare_numbers(struct belief *belief, const char *what, const struct event *write,
                            uint64_t driver, uint64_t device, bool known)
{
    char left[24], right[48];
    number(driver, left);
    if (known)
        number(device, right);
    else
        snprintf(right, sizeof right, "has no such register");
    compare(belief, what, left, write->step, right,
            write->step != 0 && (!known || driver != device));
}

/* A row of words below the numbers, where they are longer than a column. */
static void words_below(struct belief *belief, const char *who, const char *words)
{
    char text[REPORT_LINE_BYTES];
    unsigned at = (unsigned)snprintf(text, sizeof text, "    %s: ", who);
    report_put(belief->out, belief->options, REPORT_STYLE_FAINT, text);
    report_wrap(belief->out, belief->options, REPORT_STYLE_FAINT, "", 6, at, words);
}

static void compare_device(struct belief *belief, const struct world_sight *sight)
{
    const struct model *model = sight->model;
    const struct sim_device *device = sight->device;
    char words[VIEW_WORDS_BYTES];

    compare_numbers(belief, "Status", &model->status.write, model->status.write.value,
                    device->status, true);
    view_status_words(device->status, words, sizeof words);
    words_below(belief, "the device", words);
    struct event features = model->features.last_write;
    compare_numbers(belief, "features", &features, model->features.accepted, device->features,
                    true);
    view_feature_words(device->class->device_id, device->features, words, sizeof words);
    words_below(belief, "in effect", words);
    view_feature_words(device->class->device_id, model->features.offered, words, sizeof words);
    words_below(belief, "offered", words);
    if (device->config.version == 1 || model->guest_page_write.step != 0)
        compare_numbers(belief, "GuestPageSize", &model->guest_page_write,
                        model->guest_page_write.value, device->guest_page_size,
                        device->config.version == 1);
    compare_numbers(belief, "QueueSel", &model->last_write[VIRTIO_MMIO_REG_QueueSel],
                    model->last_write[VIRTIO_MMIO_REG_QueueSel].value, device->queue_sel, true);
}

static void compare_addresses(struct belief *belief, const struct model_queue *queue,
                              const struct sim_queue *sim, bool is_legacy)
{
    static const char *const name[MODEL_AREA_COUNT] = {"desc", "avail", "used"};
    const uint64_t held[MODEL_AREA_COUNT] = {sim->desc_addr, sim->avail_addr, sim->used_addr};

    for (unsigned area = 0; area < MODEL_AREA_COUNT; area++) {
        const struct event *write = &queue->area_write[area][0];
        if (write->step == 0)
            write = &queue->area_write[area][1];
        char what[16], left[24], right[24];
        snprintf(what, sizeof what, "  %s", name[area]);
        uint64_t wanted = model_intended_addr(queue, (enum model_area)area);
        compare(belief, what, number(wanted, left), write->step, number(held[area], right),
                write->step != 0 && (is_legacy || wanted != held[area]));
    }
}

static void compare_rings(struct belief *belief, const struct model_queue *queue,
                          const struct sim_queue *sim)
{
    char left[24], right[48];
    snprintf(right, sizeof right, "read %u, takes %u next", sim->avail_seen, sim->avail_next);
    snprintf(left, sizeof left, "stored %u", queue->avail_idx);
    compare(belief, "  avail.idx", left, queue->avail_store.step, right, false);
    snprintf(left, sizeof left, "loaded %u", queue->seen_idx);
    snprintf(right, sizeof right, "stored %u", sim->used_idx);
    compare(belief, "  used.idx", left, queue->used_idx_load.step, right, false);
}

static void compare_queue(struct belief *belief, const struct world_sight *sight, uint32_t number)
{
    const struct model_queue *queue = &sight->model->queue[number];
    const struct sim_queue *sim = &sight->device->queue[number];
    bool is_legacy = sim_is_legacy(sight->device);
    bool live = sim_queue_is_live(sight->device, number);
    bool named = queue->size_write.step != 0 || queue->pfn_write.step != 0 ||
                 queue->ready_write.step != 0 || live;

    if (!sim_queue_exists(sight->device, number) || !named)
        return;
    report_line(belief->out, belief->options, REPORT_STYLE_BOLD, "  queue %" PRIu32 ": %s", number,
                live               ? "live"
                : queue->ever_live ? "not live any more"
                                   : "not live");
    compare_numbers(belief, "  QueueSize", &queue->size_write, queue->size_write.value, sim->size,
                    true);
    compare_addresses(belief, queue, sim, is_legacy);
    compare_numbers(belief, "  QueueReady", &queue->ready_write, queue->ready_write.value,
                    sim->ready, !is_legacy);
    if (is_legacy || queue->pfn_write.step != 0) {
        compare_numbers(belief, "  QueueAlign", &queue->align_write, queue->align_write.value,
                        sim->align, is_legacy);
        compare_numbers(belief, "  QueuePFN", &queue->pfn_write, queue->pfn_write.value, sim->pfn,
                        is_legacy);
    }
    if (live)
        compare_rings(belief, queue, sim);
}

void view_model(FILE *out, const struct report_options *options, const struct world_sight *sight)
{
    struct belief belief = {out, options, 0};

    report_line(out, options, REPORT_STYLE_BOLD, "  %-15s %-33s %s", "", "the driver set",
                "the device holds");
    compare_device(&belief, sight);
    for (uint32_t i = 0; i < SIM_QUEUES_MAX; i++)
        compare_queue(&belief, sight, i);
    if (belief.differences == 0)
        report_line(out, options, REPORT_STYLE_GOOD, "  both sides agree");
    else
        report_line(out, options, REPORT_STYLE_ERROR, "! %u setting%s not what the driver wrote",
                    belief.differences, belief.differences == 1 ? " is" : "s are");
}

/* ---- scanouts ---- */

void view_scanouts(FILE *out, const struct report_options *options, const struct world_sight *sight)
{
    struct view view;

    view_take(&view, sight);
    if (view.scanout_count == 0)
        report_line(out, options, REPORT_STYLE_PLAIN, "this device has no scanouts");
    for (uint32_t i = 0; i < view.scanout_count; i++) {
        const struct view_scanout *scanout = &view.scanout[i];
        if (scanout->active)
            report_line(out, options, REPORT_STYLE_PLAIN,
                        "scanout %" PRIu32 ": resource %" PRIu32 ", %" PRIu32 "x%" PRIu32
                        " from %" PRIu32 ",%" PRIu32 "%s",
                        i, scanout->resource_id, scanout->width_px, scanout->height_px, scanout->x,
                        scanout->y,
                        scanout->flushed ? ", flushed" : ", nothing flushed to it yet: black");
        else if (scanout->lost_at_step != 0)
            report_line(out, options, REPORT_STYLE_ERROR,
                        "scanout %" PRIu32 ": off, lost at step %" PRIu64, i,
                        scanout->lost_at_step);
        else
            report_line(out, options, REPORT_STYLE_PLAIN, "scanout %" PRIu32 ": off, %s", i,
                        scanout->ever_active ? "switched off" : "was never set");
    }
}

/* ---- memory ---- */

/* Field of a live ring, or the text that the bytes are. */
static void mem_label(const struct world_sight *sight, uint64_t addr, const uint8_t *bytes,
                      uint64_t count, char *out, size_t out_bytes)
{
    struct event event = {.addr = addr, .width_bytes = MEM_ROW_BYTES};

    if (sim_queue_place(sight->device, addr, &event)) {
        event_format_place(&event, NULL, NULL, out, out_bytes);
        char *slash = strchr(out, '/');
        if (slash != NULL)
            *slash = '\0';
        return;
    }
    for (uint64_t i = 0; i < count && i + 1 < out_bytes; i++) {
        out[i] = isprint(bytes[i]) && bytes[i] < 0x80 ? (char)bytes[i] : '.';
        out[i + 1] = '\0';
    }
}

/* One row of up to 16 bytes; true when it has a byte that nobody was seen to store. */
static bool mem_row(FILE *out, const struct report_options *options,
                    const struct world_sight *sight, uint64_t addr, uint64_t count)
{
    const struct arena *arena = sight->arena;
    const uint8_t *bytes = arena_host(arena, addr);
    char text[REPORT_LINE_BYTES], label[64];
    bool unseen = false;
    size_t used = (size_t)snprintf(text, sizeof text, "  0x%08" PRIx64 " ", addr);

    for (uint64_t i = 0; i < MEM_ROW_BYTES; i++) {
        bool mark = i < count && arena_first_unobserved(arena, addr + i, 1) == 0;
        unseen |= mark;
        if (i == MEM_ROW_BYTES / 2)
            text[used++] = ' ';
        if (i < count)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%02x", mark ? "!" : " ",
                                     bytes[i]);
        else
            used += (size_t)snprintf(text + used, sizeof text - used, "   ");
    }
    mem_label(sight, addr, bytes, count, label, sizeof label);
    report_line(out, options, REPORT_STYLE_PLAIN, "%s  %s", text, label);
    return unseen;
}

/* What memory this is, once for all rows that lie in it. Returns a mark of the region. */
static uint64_t mem_heading(FILE *out, const struct report_options *options,
                            const struct world_sight *sight, uint64_t addr, uint64_t last)
{
    const struct arena_region *region = arena_find(sight->arena, addr);
    uint64_t now = region != NULL ? region->addr : UINT64_MAX;

    if (now == last)
        return now;
    if (region == NULL)
        report_line(out, options, REPORT_STYLE_BOLD, "RAM that was never allocated for DMA");
    else if (region->freed_step != 0)
        report_line(out, options, REPORT_STYLE_ERROR,
                    "%s, %" PRIu64 " bytes at 0x%" PRIx64 ", freed at step %" PRIu64, region->what,
                    region->size_bytes, region->addr, region->freed_step);
    else
        report_line(out, options, REPORT_STYLE_BOLD, "%s, %" PRIu64 " bytes at 0x%" PRIx64,
                    region->what, region->size_bytes, region->addr);
    return now;
}

void view_mem(FILE *out, const struct report_options *options, const struct world_sight *sight,
              uint64_t addr, uint64_t bytes)
{
    uint64_t last = 0, shown = bytes < MEM_BYTES_MAX ? bytes : MEM_BYTES_MAX;
    uint64_t there = memory_in_ram(sight->arena, addr, shown);
    bool unseen = false;

    for (uint64_t at = addr; at < addr + there;) {
        uint64_t count = MEM_ROW_BYTES - at % MEM_ROW_BYTES;
        if (count > addr + there - at)
            count = addr + there - at;
        last = mem_heading(out, options, sight, at, last);
        unseen |= mem_row(out, options, sight, at, count);
        at += count;
    }
    if (unseen)
        report_line(out, options, REPORT_STYLE_WARNING,
                    "! before a byte: nobody was seen to store it");
    if (there < shown)
        report_line(out, options, REPORT_STYLE_ERROR,
                    "0x%" PRIx64 " lies outside RAM, which is 0x%" PRIx64 " to 0x%" PRIx64,
                    addr + there, sight->arena->base,
                    sight->arena->base + sight->arena->size_bytes - 1);
    else if (shown < bytes)
        report_line(out, options, REPORT_STYLE_FAINT, "%" PRIu64 " more bytes", bytes - shown);
}
