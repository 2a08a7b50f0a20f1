/*
 * Holds the outcome of a run against what its scenario expects.
 *
 * Findings that are warnings or errors must be expected, and expected ones must be there; notes may
 * be either. Every difference becomes one failure with the scenario's line.
 */
#include "judge.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "blk.h"
#include "skip.h"
#include "source.h"
#include "testcard.h"
#include "virtio/gpu.h"
#include "world_state.h"

static void fail(struct world_outcome *outcome, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void fail(struct world_outcome *outcome, unsigned line, const char *format, ...)
{
    struct world_failure *failure;
    va_list arguments;

    if (outcome->failure_count == WORLD_FAILURES_MAX)
        return;
    failure = &outcome->failure[outcome->failure_count++];
    failure->line = line;
    va_start(arguments, format);
    vsnprintf(failure->text, sizeof failure->text, format, arguments);
    va_end(arguments);
}

/* ---- calls ---- */

static const char *name_of_result(int result)
{
    const char *word = scenario_result_word(result);

    return word != NULL ? word : "nothing";
}

static void check_calls(struct world_outcome *outcome)
{
    for (size_t i = 0; i < outcome->call_count; i++) {
        const struct world_call *call = &outcome->call[i];
        const struct scenario_action *action = call->action;
        if (action == NULL || action->result == -1 || action->result == call->result ||
            call->skipped)
            continue;
        if (call->result == -1)
            fail(outcome, action->line, "call `%s`: expected %s, but the driver %s", action->name,
                 name_of_result(action->result),
                 call->crash != WORLD_CRASH_NONE ? world_crash_text(call->crash)
                                                 : "did not return");
        else
            fail(outcome, action->line, "call `%s`: expected %s, came to %s", action->name,
                 name_of_result(action->result), name_of_result(call->result));
    }
}

static void check_stuck(struct world_outcome *outcome, const struct scenario_expect *expect)
{
    const struct world_call *stuck = NULL;

    for (size_t i = 0; i < outcome->call_count; i++) {
        if (!outcome->call[i].stuck)
            continue;
        stuck = &outcome->call[i];
        if ((int)stuck->ladder.missed == expect->rung)
            return;
    }
    if (expect->rung < 0 && stuck == NULL)
        return;
    if (stuck == NULL)
        fail(outcome, expect->line, "expected to be stuck at `%s`, but no call was stuck",
             ladder_word((enum ladder_rung)expect->rung));
    else if (expect->rung < 0)
        fail(outcome, expect->line, "expected no call to be stuck, but `%s` was, at `%s`",
             stuck->action != NULL ? stuck->action->name : "?", ladder_word(stuck->ladder.missed));
    else
        fail(outcome, expect->line, "expected to be stuck at `%s`, was stuck at `%s`",
             ladder_word((enum ladder_rung)expect->rung), ladder_word(stuck->ladder.missed));
}

/* ---- findings ---- */

/* Is `ending` the last part of a path, whole names only? */
static bool path_ends_with(const char *path, const char *ending)
{
    size_t path_length = strlen(path), length = strlen(ending);

    if (length > path_length || strcmp(path + path_length - length, ending) != 0)
        return false;
    return length == path_length || path[path_length - length - 1] == '/';
}

static bool is_at(const struct finding *finding, const struct scenario_expect *expect)
{
    struct source_place place;

    if (expect->file[0] == '\0')
        return expect->at_line == 0 || finding->at.event.pc == expect->at_line;
    if (finding->at.event.pc == 0 || !source_find(finding->at.event.pc, &place))
        return false;
    if (path_ends_with(place.file, expect->file) &&
        (expect->at_line == 0 || expect->at_line == place.line))
        return true;
    return place.inlined_line != 0 && path_ends_with(place.inlined_file, expect->file) &&
           (expect->at_line == 0 || expect->at_line == place.inlined_line);
}

static bool matches(const struct finding *finding, const struct scenario_expect *expect)
{
    return expect->kind == SCENARIO_EXPECT_FINDING && strcmp(finding->rule->id, expect->id) == 0 &&
           is_at(finding, expect);
}

static void describe_place(const struct finding *finding, char *out, size_t out_bytes)
{
    struct source_place place;

    if (finding->at.event.pc != 0 && source_find(finding->at.event.pc, &place))
        snprintf(out, out_bytes, "%.120s:%u", source_main_file(&place), source_main_line(&place));
    else
        snprintf(out, out_bytes, "step %" PRIu64, finding->at.event.step);
}

static void check_finding(struct world_outcome *outcome, const struct scenario_expect *expect)
{
    const struct finding *elsewhere = NULL;
    char place[160], line[16] = "";

    for (uint32_t i = 0; i < outcome->findings.count; i++) {
        const struct finding *finding = &outcome->findings.item[i];
        if (matches(finding, expect))
            return;
        if (strcmp(finding->rule->id, expect->id) == 0)
            elsewhere = finding;
    }
    if (elsewhere != NULL) {
        describe_place(elsewhere, place, sizeof place);
        if (expect->at_line != 0)
            snprintf(line, sizeof line, ":%u", expect->at_line);
        fail(outcome, expect->line, "expected finding %s at %s%s, it is at %s", expect->id,
             expect->file, line, place);
    } else {
        fail(outcome, expect->line, "expected finding %s, there is none", expect->id);
    }
}

/* What a scenario violates on purpose has to be found, wherever that is. */
static void check_violated(const struct scenario *scenario, struct world_outcome *outcome)
{
    for (size_t i = 0; i < scenario->violates_count; i++) {
        bool found = false;
        for (uint32_t j = 0; j < outcome->findings.count && !found; j++)
            found = strcmp(outcome->findings.item[j].rule->id, scenario->violates[i]) == 0;
        if (!found)
            fail(outcome, 0, "%s is violated, and was not found", scenario->violates[i]);
    }
}

bool expect_finding(const struct scenario *scenario, const struct finding *finding)
{
    bool expected = false;

    for (size_t i = 0; i < scenario->violates_count && !expected; i++)
        expected = strcmp(finding->rule->id, scenario->violates[i]) == 0;
    for (size_t i = 0; i < scenario->expect_count && !expected; i++)
        expected = matches(finding, &scenario->expect[i]);
    return expected;
}

static void check_unexpected(const struct scenario *scenario, struct world_outcome *outcome)
{
    for (uint32_t i = 0; i < outcome->findings.count; i++) {
        const struct finding *finding = &outcome->findings.item[i];
        if (finding->level != FINDING_NOTE && !expect_finding(scenario, finding))
            fail(outcome, 0, "unexpected finding %s: %.190s", finding->rule->id, finding->text);
    }
}

/* ---- what is left when the run is over ---- */

static void check_scanout(struct sim_device *device, struct world_outcome *outcome,
                          const struct scenario_expect *expect)
{
    struct gpu_scanout_info info = outcome->scanout.info;
    const char *state;
    bool ok = false;

    if (expect->scanout != 0 && device != NULL && device->class == &gpu_class &&
        device->state != NULL)
        gpu_scanout_info(device, expect->scanout, &info);
    state = info.active ? "active" : info.ever_active ? "off" : "never set";
    switch (expect->state) {
    case SCENARIO_SCANOUT_ACTIVE:
        ok = info.active;
        break;
    case SCENARIO_SCANOUT_OFF:
        ok = !info.active;
        break;
    case SCENARIO_SCANOUT_NEVER:
        ok = !info.ever_active;
        break;
    case SCENARIO_SCANOUT_LOST:
        ok = !info.active && info.ever_active && info.lost_at_step != 0;
        break;
    }
    if (!ok)
        fail(outcome, expect->line, "scanout %u is %s", expect->scanout, state);
    else if (expect->state == SCENARIO_SCANOUT_ACTIVE && expect->width_px != 0 &&
             (info.rect.width != expect->width_px || info.rect.height != expect->height_px))
        fail(outcome, expect->line, "scanout %u is %ux%u", expect->scanout, info.rect.width,
             info.rect.height);
}

static void check_picture(struct world_outcome *outcome, const struct scenario_expect *expect)
{
    static uint32_t row[PICTURE_SIDE_PX_MAX];
    const struct picture *picture = &outcome->scanout.picture;
    uint64_t wrong = 0;
    uint32_t first_x = 0, first_y = 0, first_wanted = 0, first_there = 0;

    if (picture->rgb == NULL) {
        fail(outcome, expect->line, "expected %s, but nothing is shown",
             expect->other ? "a picture" : "the test card");
        return;
    }
    for (uint32_t y = 0; y < picture->height_px; y++) {
        const uint8_t *pixel = picture->rgb + (size_t)y * picture->width_px * 3;
        testcard_draw_run(row, VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM, 0, y, picture->width_px,
                          picture->width_px, picture->height_px);
        for (uint32_t x = 0; x < picture->width_px; x++, pixel += 3) {
            uint32_t wanted = virtio_le32(row[x]); /* 0x00RRGGBB */
            uint32_t there = (uint32_t)pixel[0] << 16 | (uint32_t)pixel[1] << 8 | pixel[2];
            if (there == wanted)
                continue;
            if (wrong++ != 0)
                continue;
            first_x = x;
            first_y = y;
            first_wanted = wanted;
            first_there = there;
        }
    }
    if (expect->other && wrong == 0)
        fail(outcome, expect->line, "expected another picture, but it is the test card");
    else if (!expect->other && wrong != 0)
        fail(outcome, expect->line,
             "%" PRIu64 " pixels differ from the test card, the first at %u, %u: #%06x, not #%06x",
             wrong, first_x, first_y, first_there, first_wanted);
}

/* As the driver would find it. */
static uint64_t read_register(struct sim_device *device, uint32_t offset, uint32_t bytes)
{
    struct world *world = world_now;

    if (world == NULL || world->far == NULL)
        return mmio_read(device, offset, bytes);
    return qemu_device_read(world,
                            machine_slot_offset(&world->bus.machine, world->scenario->device.slot) +
                                offset,
                            bytes);
}

static bool read_place(struct sim_device *device, const struct arena *arena,
                       const struct event *place, uint64_t *value)
{
    struct event event = *place;
    uint64_t offset;

    if (event.place == EVENT_PLACE_REGISTER) {
        *value = read_register(device, mmio_register_offset((int)event.index), 4);
        return true;
    }
    if (event.place == EVENT_PLACE_CONFIG || event.place == EVENT_PLACE_REGISTER_GAP) {
        *value = read_register(device, (uint32_t)event.addr,
                               event.width_bytes != 0 ? event.width_bytes : 4);
        return true;
    }
    if (!place_address(device, &event) || arena == NULL || arena->host == NULL ||
        event.addr < arena->base || event.width_bytes > sizeof *value)
        return false;
    offset = event.addr - arena->base;
    if (offset > arena->size_bytes || event.width_bytes > arena->size_bytes - offset)
        return false;
    *value = 0;
    memcpy(value, arena_host(arena, event.addr), event.width_bytes);
    *value = sim_ring_value(device, event.place, event.width_bytes, *value);
    return true;
}

static void check_value(struct sim_device *device, const struct arena *arena,
                        struct world_outcome *outcome, const struct scenario_expect *expect)
{
    char place[EVENT_TEXT_BYTES];
    uint64_t value = 0;

    event_format_place(&expect->event, NULL, NULL, place, sizeof place);
    if (!read_place(device, arena, &expect->event, &value))
        fail(outcome, expect->line, "`%.60s` cannot be read: its queue is not live", place);
    else if (value != expect->event.value)
        fail(outcome, expect->line, "`%.60s` is 0x%" PRIx64 ", expected 0x%" PRIx64, place, value,
             expect->event.value);
}

static void check_disk(const struct sim_device *device, struct world_outcome *outcome,
                       const struct scenario_expect *expect)
{
    uint32_t value = 0;

    if (device == NULL || device->class != &blk_class ||
        !blk_disk_word(device, expect->count, &value))
        fail(outcome, expect->line, "the disk has no word at 0x%" PRIx64, expect->count);
    else if (value != expect->event.value)
        fail(outcome, expect->line,
             "the disk has 0x%" PRIx32 " at 0x%" PRIx64 ", expected 0x%" PRIx64, value,
             expect->count, expect->event.value);
}

void expect_check(const struct scenario *scenario, struct sim_device *device,
                  const struct arena *arena, struct world_outcome *outcome)
{
    check_calls(outcome);
    for (size_t i = 0; i < scenario->expect_count; i++) {
        const struct scenario_expect *expect = &scenario->expect[i];
        size_t failures = outcome->failure_count;
        switch (expect->kind) {
        case SCENARIO_EXPECT_STUCK:
            check_stuck(outcome, expect);
            break;
        case SCENARIO_EXPECT_FINDING:
            check_finding(outcome, expect);
            break;
        case SCENARIO_EXPECT_RESPONSE:
            if (outcome->response_filled != expect->filled)
                fail(outcome, expect->line, "the response was %s",
                     outcome->response_filled ? "filled" : "not touched");
            break;
        case SCENARIO_EXPECT_SCANOUT:
            check_scanout(device, outcome, expect);
            break;
        case SCENARIO_EXPECT_PICTURE:
            check_picture(outcome, expect);
            break;
        case SCENARIO_EXPECT_VALUE:
            check_value(device, arena, outcome, expect);
            break;
        case SCENARIO_EXPECT_DISK:
            check_disk(device, outcome, expect);
            break;
        case SCENARIO_EXPECT_DMA_LIVE:
            if (outcome->live_dma != expect->count)
                fail(outcome, expect->line,
                     "%" PRIu64 " DMA allocations are alive, expected %" PRIu64, outcome->live_dma,
                     expect->count);
            break;
        }
        if (outcome->failure_count > failures && skip_expectation(outcome, expect))
            outcome->failure_count = failures;
    }
    check_violated(scenario, outcome);
    check_unexpected(scenario, outcome);
}

void expect_check_lost(const struct scenario *scenario, struct world_outcome *outcome)
{
    size_t calls = 0;

    check_calls(outcome);
    for (size_t i = 0; i < scenario->action_count; i++) {
        const struct scenario_action *action = &scenario->action[i];
        if (action->kind == SCENARIO_CALL && ++calls > outcome->call_count && action->result != -1)
            fail(outcome, action->line, "call `%s` was not made any more", action->name);
    }
    for (size_t i = 0; i < scenario->expect_count; i++) {
        const struct scenario_expect *expect = &scenario->expect[i];
        if (expect->kind == SCENARIO_EXPECT_FINDING)
            check_finding(outcome, expect);
        else if (expect->kind == SCENARIO_EXPECT_STUCK)
            check_stuck(outcome, expect);
        else
            fail(outcome, expect->line, "cannot be known: the driver took its process with it");
    }
    check_violated(scenario, outcome);
    check_unexpected(scenario, outcome);
}
