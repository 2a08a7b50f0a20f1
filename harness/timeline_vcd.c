/*
 * A run as a value change dump (IEEE 1364, clause 18), for GTKWave and its relatives.
 *
 *     NAME                      the scenario
 *       call, party             texts: what the driver was asked for; who took the last step
 *       stuck, findings
 *       device                  Status and its bits, QueueSel, InterruptStatus; QueueNotify as the
 *                               value written last and as an event
 *       q0 ...                  one scope a queue, q0_avail_idx and so on: its indices, what is in
 *                               flight, the phase of the device's work
 *
 * All values are those after the step, and come from events and from the model alone. Texts use
 * GTKWave's own variable type `string`. Only changes are written.
 */
#include "timeline_writer.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "virtio/config.h"

#define ID_FIRST   33u /* printable characters make identifiers */
#define ID_COUNT   94u
#define TEXT_BYTES 64u

static const char nothing[] = "-"; /* a text without a text */

enum kind { WIRE, REG, EVENT, STRING };

/* X(name, bits, kind, value): of the whole run. `value` may use `event`, `model`, `vcd`. */
#define RUN_SIGNALS(X)                                                                             \
    X(call, 1, STRING, (uintptr_t)(vcd->in_call ? vcd->call : nothing))                            \
    X(party, 1, STRING, (uintptr_t)event_party_word((enum event_party)event->party))               \
    X(stuck, 1, WIRE, vcd->in_call && model->call.stuck.step != 0)                                 \
    X(findings, 16, REG, sight->outcome->findings.count)

#define DEVICE_SIGNALS(X)                                                                          \
    X(Status, 8, REG, model->status.value)                                                         \
    X(ACKNOWLEDGE, 1, WIRE, bit(model->status.value, VIRTIO_STATUS_ACKNOWLEDGE))                   \
    X(DRIVER, 1, WIRE, bit(model->status.value, VIRTIO_STATUS_DRIVER))                             \
    X(FEATURES_OK, 1, WIRE, bit(model->status.value, VIRTIO_STATUS_FEATURES_OK))                   \
    X(DRIVER_OK, 1, WIRE, bit(model->status.value, VIRTIO_STATUS_DRIVER_OK))                       \
    X(DEVICE_NEEDS_RESET, 1, WIRE, bit(model->status.value, VIRTIO_STATUS_DEVICE_NEEDS_RESET))     \
    X(FAILED, 1, WIRE, bit(model->status.value, VIRTIO_STATUS_FAILED))                             \
    X(QueueSel, 32, REG, model->queue_sel)                                                         \
    X(InterruptStatus, 2, REG, vcd->interrupt_status)                                              \
    X(QueueNotify, 32, REG, vcd->notified)                                                         \
    X(notify, 1, EVENT, vcd->notifies)

/* The same of one queue, `queue` its model and `number` its number. */
#define QUEUE_SIGNALS(X)                                                                           \
    X(live, 1, WIRE, queue->live)                                                                  \
    X(size, 16, REG, queue->size)                                                                  \
    X(avail_idx, 16, REG, queue->avail_idx)                                                        \
    X(used_idx, 16, REG, queue->used_idx)                                                          \
    X(seen_idx, 16, REG, queue->seen_idx) /* used.idx as the driver loaded it last */              \
    X(in_flight, 16, REG, queue->in_flight)                                                        \
    X(last_head, 16, REG, queue->last_head)                                                        \
    X(phase, 1, STRING, (uintptr_t)timeline_phase_word(vcd->phase[number]))

enum {
#define X(name, bits, kind, value) SIGNAL_##name,
    RUN_SIGNALS(X) DEVICE_SIGNALS(X)
#undef X
        RUN_SIGNAL_COUNT
};

enum {
#define X(name, bits, kind, value) QUEUE_SIGNAL_##name,
    QUEUE_SIGNALS(X)
#undef X
        QUEUE_SIGNAL_COUNT
};

#define SIGNALS_MAX (RUN_SIGNAL_COUNT + QUEUE_SIGNAL_COUNT * SIM_QUEUES_MAX)

struct signal {
    const char *name;
    unsigned bits;
    enum kind kind;
};

#define X(name, bits, kind, value) {#name, bits, kind},
static const struct signal run_signals[] = {RUN_SIGNALS(X) DEVICE_SIGNALS(X)};
static const struct signal queue_signals[] = {QUEUE_SIGNALS(X)};
#undef X

struct timeline_vcd {
    struct timeline_output *out;
    char scenario[TEXT_BYTES];
    uint32_t queue_count;
    bool begun;         /* the header is written, at the first event */
    uint64_t last_step; /* that was read */
    uint64_t told_step; /* the last one written */
    /* state that the model does not have */
    bool in_call;
    char call[TEXT_BYTES];
    uint32_t interrupt_status, notified;
    uint64_t notifies;
    enum timeline_phase phase[SIM_QUEUES_MAX];
    uint64_t value[SIGNALS_MAX]; /* of texts: the address of theirs */
    size_t used;
    char line[TIMELINE_UNIT_BYTES]; /* lines of one step */
};

size_t timeline_vcd_bytes(void)
{
    return sizeof(struct timeline_vcd);
}

static bool bit(uint32_t value, uint32_t mask)
{
    return (value & mask) != 0;
}

/* ---- lines ---- */

static void put(struct timeline_vcd *vcd, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put(struct timeline_vcd *vcd, const char *format, ...)
{
    va_list arguments;
    int bytes;

    va_start(arguments, format);
    bytes = vsnprintf(vcd->line + vcd->used, sizeof vcd->line - vcd->used, format, arguments);
    va_end(arguments);
    assert(bytes >= 0 && (size_t)bytes < sizeof vcd->line - vcd->used);
    vcd->used += (size_t)bytes;
}

static void send(struct timeline_vcd *vcd)
{
    timeline_put(vcd->out, vcd->line, vcd->used);
    vcd->used = 0;
}

/* A name of the format: letters, digits and underscores, and no digit first. */
static void put_name(char out[TEXT_BYTES], const char *text)
{
    size_t at = 0;

    if (isdigit((unsigned char)text[0]) || text[0] == '\0')
        out[at++] = '_';
    for (; *text != '\0' && at + 1 < TEXT_BYTES; text++)
        out[at++] = (char)(isalnum((unsigned char)*text) ? *text : '_');
    out[at] = '\0';
}

static void identifier(size_t signal, char out[3])
{
    size_t at = 0;

    if (signal >= ID_COUNT)
        out[at++] = (char)(ID_FIRST + signal / ID_COUNT);
    out[at++] = (char)(ID_FIRST + signal % ID_COUNT);
    out[at] = '\0';
}

/* ---- the header ---- */

static const struct signal *signal_at(size_t at)
{
    return at < RUN_SIGNAL_COUNT ? &run_signals[at]
                                 : &queue_signals[(at - RUN_SIGNAL_COUNT) % QUEUE_SIGNAL_COUNT];
}

static size_t signal_count(const struct timeline_vcd *vcd)
{
    return RUN_SIGNAL_COUNT + vcd->queue_count * (size_t)QUEUE_SIGNAL_COUNT;
}

static void declare(struct timeline_vcd *vcd, size_t first, size_t end)
{
    static const char *const kinds[] = {"wire", "reg", "event", "string"};

    for (size_t i = first; i < end; i++) {
        const struct signal *signal = signal_at(i);
        char id[3], queue[16] = "";
        identifier(i, id);
        if (i >= RUN_SIGNAL_COUNT) /* GTKWave shows a name without its scope */
            snprintf(queue, sizeof queue, "q%u_",
                     (unsigned)(i - RUN_SIGNAL_COUNT) / QUEUE_SIGNAL_COUNT);
        put(vcd, "$var %s %u %s %s%s", kinds[signal->kind], signal->bits, id, queue, signal->name);
        if (signal->kind != STRING && signal->bits > 1)
            put(vcd, " [%u:0]", signal->bits - 1);
        put(vcd, " $end\n");
    }
}

static void put_header(struct timeline_vcd *vcd)
{
    put(vcd, "$comment one step of ringside is 1 ns $end\n$version ringside $end\n"
             "$timescale 1 ns $end\n");
    put(vcd, "$scope module %s $end\n", vcd->scenario);
    declare(vcd, 0, SIGNAL_Status);
    put(vcd, "$scope module device $end\n");
    declare(vcd, SIGNAL_Status, RUN_SIGNAL_COUNT);
    put(vcd, "$upscope $end\n");
    for (size_t i = 0; i < vcd->queue_count; i++) {
        size_t first = RUN_SIGNAL_COUNT + i * QUEUE_SIGNAL_COUNT;
        put(vcd, "$scope module q%zu $end\n", i);
        declare(vcd, first, first + QUEUE_SIGNAL_COUNT);
        put(vcd, "$upscope $end\n");
    }
    put(vcd, "$upscope $end\n$enddefinitions $end\n");
    send(vcd);
}

/* ---- values ---- */

static void put_value(struct timeline_vcd *vcd, size_t at)
{
    const struct signal *signal = signal_at(at);
    uint64_t value = vcd->value[at];
    char id[3];

    identifier(at, id);
    if (signal->kind == STRING) {
        put(vcd, "s%s %s\n", (const char *)(uintptr_t)value, id);
    } else if (signal->bits == 1) {
        put(vcd, "%c%s\n", value != 0 ? '1' : '0', id);
    } else {
        char digits[65];
        size_t from = sizeof digits - 1;
        digits[from] = '\0';
        do {
            digits[--from] = (char)('0' + (value & 1));
            value >>= 1;
        } while (value != 0);
        put(vcd, "b%s %s\n", digits + from, id);
    }
}

static void put_initial_values(struct timeline_vcd *vcd)
{
    put(vcd, "#0\n$dumpvars\n");
    for (size_t i = 0; i < signal_count(vcd); i++) {
        if (signal_at(i)->kind == STRING)
            vcd->value[i] = (uintptr_t)nothing;
        if (signal_at(i)->kind != EVENT)
            put_value(vcd, i);
    }
    put(vcd, "$end\n");
    send(vcd);
}

static void change(struct timeline_vcd *vcd, size_t signal, uint64_t value, uint64_t step)
{
    if (vcd->value[signal] == value)
        return;
    vcd->value[signal] = value;
    if (vcd->told_step != step)
        put(vcd, "#%" PRIu64 "\n", step);
    vcd->told_step = step;
    put_value(vcd, signal);
}

/* ---- what the model does not keep ---- */

static void note_register(struct timeline_vcd *vcd, const struct event *event)
{
    if (event->kind != EVENT_WRITE || event->place != EVENT_PLACE_REGISTER ||
        event->verdict != EVENT_VERDICT_OK || (event->flags & EVENT_OTHER_SLOT) != 0)
        return;
    if (event->index == VIRTIO_MMIO_REG_InterruptACK)
        vcd->interrupt_status &= (uint32_t)~event->value;
    if (event->index == VIRTIO_MMIO_REG_QueueNotify) {
        vcd->notified = (uint32_t)event->value;
        vcd->notifies++;
    }
}

static void note_phase(struct timeline_vcd *vcd, const struct event *event,
                       const struct world_sight *sight)
{
    enum timeline_phase phase = timeline_phase_of(event);

    for (uint32_t i = 0; i < vcd->queue_count; i++) {
        if (sight->device->queue[i].phase == SIM_PHASE_IDLE)
            vcd->phase[i] = TIMELINE_PHASE_IDLE;
    }
    if (phase != TIMELINE_PHASE_IDLE)
        vcd->phase[event->queue] = phase;
}

static void note(struct timeline_vcd *vcd, const struct event *event,
                 const struct world_sight *sight)
{
    switch (event->kind) {
    case EVENT_CALL:
        vcd->in_call = true;
        put_name(vcd->call, sight->outcome->call[event->index].action->name);
        break;
    case EVENT_RETURN:
        vcd->in_call = false;
        break;
    case EVENT_INTERRUPT:
        vcd->interrupt_status |= (uint32_t)event->value;
        break;
    case EVENT_RESET:
        if (event->value != 1)
            vcd->interrupt_status = 0;
        break;
    default:
        note_register(vcd, event);
        break;
    }
    note_phase(vcd, event, sight);
}

/* ---- the three calls ---- */

void timeline_vcd_begin(struct timeline_vcd *vcd, struct timeline_output *out,
                        const struct scenario *scenario)
{
    memset(vcd, 0, sizeof *vcd);
    vcd->out = out;
    put_name(vcd->scenario, scenario->name);
}

static void begin(struct timeline_vcd *vcd, uint32_t queue_count)
{
    vcd->begun = true;
    vcd->queue_count = queue_count;
    put_header(vcd);
    put_initial_values(vcd);
}

void timeline_vcd_read(struct timeline_vcd *vcd, const struct event *event,
                       const struct world_sight *sight)
{
    const struct model *model = sight->model;

    if (!vcd->begun)
        begin(vcd, model->queue_count < SIM_QUEUES_MAX ? model->queue_count : SIM_QUEUES_MAX);
    vcd->last_step = event->step;
    note(vcd, event, sight);
#define X(name, bits, kind, value) change(vcd, SIGNAL_##name, (uint64_t)(value), event->step);
    RUN_SIGNALS(X)
    DEVICE_SIGNALS(X)
#undef X
    for (uint32_t number = 0; number < vcd->queue_count; number++) {
        const struct model_queue *queue = &model->queue[number];
        size_t first = RUN_SIGNAL_COUNT + number * (size_t)QUEUE_SIGNAL_COUNT;
#define X(name, bits, kind, value)                                                                 \
    change(vcd, first + QUEUE_SIGNAL_##name, (uint64_t)(value), event->step);
        QUEUE_SIGNALS(X)
#undef X
    }
    if (vcd->used != 0)
        send(vcd);
}

void timeline_vcd_end(struct timeline_vcd *vcd, const struct world_outcome *outcome)
{
    if (!vcd->begun)
        begin(vcd, 0);
    /* One step more, so that the last values have a width; findings of the end come there. */
    vcd->last_step++;
    change(vcd, SIGNAL_findings, outcome->findings.count, vcd->last_step);
    if (vcd->told_step != vcd->last_step)
        put(vcd, "#%" PRIu64 "\n", vcd->last_step);
    send(vcd);
}
