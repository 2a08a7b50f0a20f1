/*
 * One run against a misbehaving device, and what it came to: see hostile.h.
 */
#include "hostile.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rule.h"
#include "testcard.h"
#include "virtio/mmio.h"

#define CARD_PX_MAX 65536u

/* What is seen while a run goes on. */
struct watch {
    struct hostile_result *result;
    unsigned bring_ups;         /* calls of init that began */
    uint64_t second_step;       /* of the second one; 0 = not yet */
    bool owned;                 /* at the last return the device had a live queue */
    bool resetting;             /* the last write to Status was 0 */
    bool reset_over;            /* ... and then it read 0 */
    bool carded;                /* the card is on the screen: the last show came to OK */
    bool patched;               /* the framebuffer has a patch over the card: */
    struct testcard_rect patch; /* told to the device when a flush comes to OK */
    uint32_t seed;
    char wrong[FINDING_TEXT_BYTES]; /* "" = every picture so far is right */
};

const char *hostile_verdict_word(enum hostile_verdict verdict)
{
    static const char *const words[] = {
#define X(name, word, text) word,
        HOSTILE_VERDICTS(X)
#undef X
    };
    return words[verdict];
}

/* ---- pictures ---- */

/* The card of the size that was asked for last: thousands of runs look at the same one. */
static uint32_t card_pixel(uint32_t x, uint32_t y, const struct picture *size)
{
    static uint32_t card[CARD_PX_MAX];
    static uint32_t width_px, height_px;
    uint64_t count = (uint64_t)size->width_px * size->height_px;

    if (count > CARD_PX_MAX)
        return testcard_pixel(x, y, size->width_px, size->height_px);
    if (size->width_px != width_px || size->height_px != height_px) {
        width_px = size->width_px;
        height_px = size->height_px;
        for (uint32_t i = 0; i < count; i++)
            card[i] = testcard_pixel(i % width_px, i / width_px, width_px, height_px);
    }
    return card[y * width_px + x];
}

static bool is_in_patch(const struct watch *watch, uint32_t x, uint32_t y)
{
    const struct testcard_rect *patch = &watch->patch;

    return watch->patched && x - patch->x < patch->width && y - patch->y < patch->height;
}

static void check_picture(struct watch *watch, const char *name, const struct sim_device *device)
{
    struct picture picture;
    uint64_t differ = 0;

    if (watch->wrong[0] != '\0' || device->class != &gpu_class)
        return;
    if (!gpu_scanout_picture(device, 0, &picture)) {
        snprintf(watch->wrong, sizeof watch->wrong, "`%s` came to OK, and nothing is shown", name);
        return;
    }
    for (uint32_t y = 0; y < picture.height_px; y++) {
        for (uint32_t x = 0; x < picture.width_px; x++) {
            const uint8_t *at = picture.rgb + ((size_t)y * picture.width_px + x) * 3;
            if (!watch->carded && !is_in_patch(watch, x, y))
                continue; /* that call said that it failed */
            uint32_t wanted = is_in_patch(watch, x, y) ? testcard_patch_pixel(x, y, watch->seed)
                                                       : card_pixel(x, y, &picture);
            differ += ((uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2]) != wanted;
        }
    }
    if (differ != 0)
        snprintf(watch->wrong, sizeof watch->wrong,
                 "`%s` came to OK, and %" PRIu64 " pixels differ", name, differ);
    picture_free(&picture);
}

/* A call has come to OK: what it must have done. */
static void check_done(struct watch *watch, const struct scenario_action *action,
                       const struct sim_device *device)
{
    const uint64_t *value = action->args.value;

    if (strcmp(action->name, "show") == 0) {
        watch->patched = false;
        watch->carded = true;
        check_picture(watch, action->name, device);
    } else if (strcmp(action->name, "draw") == 0 && action->args.count == 5) {
        watch->patched = true;
        watch->seed = (uint32_t)value[4];
        watch->patch = (struct testcard_rect){(uint32_t)value[0], (uint32_t)value[1],
                                              (uint32_t)value[2], (uint32_t)value[3]};
    } else if (strcmp(action->name, "flush") == 0) {
        check_picture(watch, action->name, device);
    }
}

/* ---- watching ---- */

static void note_faults(struct watch *watch, const struct sim_device *device)
{
    watch->result->acted = device->faults.acted;
    memcpy(watch->result->acted_at, device->faults.acted_at, sizeof device->faults.acted_at);
}

static void note_status(struct watch *watch, const struct event *event)
{
    if (event->kind == EVENT_WRITE) {
        watch->resetting = event->value == 0;
        watch->reset_over &= !watch->resetting;
    } else {
        watch->reset_over |= watch->resetting && event->value == 0;
    }
}

static void read_event(void *context, const struct event *event, const struct world_sight *sight)
{
    struct watch *watch = context;
    const struct world_call *call;

    if (event->kind == EVENT_FAULT)
        note_faults(watch, sight->device);
    if (event->place == EVENT_PLACE_REGISTER && event->index == VIRTIO_MMIO_REG_Status)
        note_status(watch, event);
    if (event->party != EVENT_PARTY_WORLD || event->index >= sight->outcome->call_count ||
        (event->kind != EVENT_CALL && event->kind != EVENT_RETURN))
        return;
    call = &sight->outcome->call[event->index];
    if (event->kind == EVENT_CALL) {
        if (strcmp(call->action->name, "init") == 0 && ++watch->bring_ups == 2)
            watch->second_step = event->step;
        return;
    }
    note_faults(watch, sight->device);
    watch->owned = false;
    for (uint32_t queue = 0; queue < sight->device->class->queue_count; queue++)
        watch->owned |= sim_queue_is_live(sight->device, queue);
    if (strcmp(call->action->name, "show") == 0)
        watch->carded = false;
    if (event->value == SUITE_OK)
        check_done(watch, call->action, sight->device);
}

/* ---- judging ---- */

static void __attribute__((format(printf, 3, 4)))
fail(struct hostile_result *result, enum hostile_verdict verdict, const char *format, ...)
{
    va_list arguments;

    if (result->verdict >= HOSTILE_FAILS)
        return; /* the first, which is the gravest */
    result->verdict = verdict;
    va_start(arguments, format);
    vsnprintf(result->text, sizeof result->text, format, arguments);
    va_end(arguments);
}

static void judge_calls(struct hostile_result *result, const struct world_outcome *outcome)
{
    for (size_t i = 0; i < outcome->call_count; i++) {
        const struct world_call *call = &outcome->call[i];
        bool spins = call->crash == WORLD_CRASH_SPIN || call->crash == WORLD_CRASH_SILENT_SPIN;
        if (call->skipped)
            continue;
        if (call->crash != WORLD_CRASH_NONE)
            fail(result, spins ? HOSTILE_HANGS : HOSTILE_CRASHES, "`%s`: the driver %s",
                 call->action->name, world_crash_text(call->crash));
        else if (call->result < 0)
            fail(result, HOSTILE_HANGS, "`%s` has not returned after %" PRIu64 " steps",
                 call->action->name, outcome->steps);
        else if (call->result != SUITE_OK && result->named == SUITE_OK)
            result->named = call->result;
    }
    if (result->named != SUITE_OK && result->verdict == HOSTILE_SURVIVED)
        result->verdict = HOSTILE_NAMED;
}

/* Memory that the device may still use is not the driver's to give back: as long as Status has not
 * read 0, a reset has not ended for all that the driver can know. */
static void judge_memory(struct hostile_result *result, const struct world_outcome *outcome,
                         const struct watch *watch)
{
    const struct world_call *last = NULL;

    for (size_t i = 0; i < outcome->call_count; i++) {
        if (!outcome->call[i].skipped)
            last = &outcome->call[i];
    }
    if (outcome->live_dma == 0 || last == NULL || last->result < 0)
        return;
    if (last->result == SUITE_OK ? strcmp(last->action->name, "shutdown") == 0
                                 : !watch->owned && watch->reset_over)
        fail(result, HOSTILE_LEAKS, "%" PRIu64 " DMA allocations are left", outcome->live_dma);
}

static void judge_rules(struct hostile_result *result, const struct scenario *scenario,
                        const struct world_outcome *outcome)
{
    for (uint32_t i = 0; i < scenario->faults.count; i++) {
        if (hostile_disguises(scenario->faults.fault[i].kind))
            return;
    }
    for (uint32_t i = 0; i < outcome->findings.count; i++) {
        const struct finding *finding = &outcome->findings.item[i];
        if (finding->level == FINDING_ERROR && finding->rule->party == EVENT_PARTY_DRIVER)
            fail(result, HOSTILE_ACCUSED, "%s: %.180s", finding->rule->id, finding->text);
    }
}

/* Everything that acted did so once, and before the second bring-up. */
static bool is_over(const struct scenario *scenario, const struct hostile_result *result,
                    uint64_t second_step)
{
    for (uint32_t i = 0; i < scenario->faults.count; i++) {
        const struct sim_fault *fault = &scenario->faults.fault[i];
        bool once = (fault->from_step != 0 && !fault->repeats) || fault->occurrence != 0 ||
                    fault->request != 0;
        if (!once || ((result->acted >> i & 1) != 0 && result->acted_at[i] > second_step) ||
            ((result->acted >> i & 1) == 0))
            return false;
    }
    return second_step != 0;
}

static void judge_recovery(struct hostile_result *result, const struct scenario *scenario,
                           const struct world_outcome *outcome, const struct watch *watch)
{
    unsigned bring_ups = 0;

    if (!is_over(scenario, result, watch->second_step))
        return;
    for (size_t i = 0; i < outcome->call_count; i++) {
        const struct world_call *call = &outcome->call[i];
        bring_ups += strcmp(call->action->name, "init") == 0;
        if (bring_ups >= 2 && call->result != SUITE_OK &&
            (!call->skipped || call->blocked_by != SUITE_OK))
            fail(result, HOSTILE_NO_RECOVERY, "the second `%s` came to %s", call->action->name,
                 scenario_result_word(call->result));
    }
}

const char *hostile_run(const struct scenario *scenario, const struct world_options *options,
                        struct world_outcome *outcome, struct hostile_result *out)
{
    struct watch watch = {.result = out};
    struct world_options own = *options;
    const char *error;

    *out = (struct hostile_result){.named = SUITE_OK};
    own.until_step = HOSTILE_STEPS_MAX;
    own.reader[0] = (struct world_reader){read_event, &watch};
    own.reader_count = 1;
    error = world_run(scenario, &own, outcome);
    if (error != NULL)
        return error;
    out->steps = outcome->steps;
    judge_calls(out, outcome);
    if (watch.wrong[0] != '\0')
        fail(out, HOSTILE_WRONG_PICTURE, "%s", watch.wrong);
    judge_memory(out, outcome, &watch);
    judge_rules(out, scenario, outcome);
    judge_recovery(out, scenario, outcome, &watch);
    world_outcome_free(outcome);
    return NULL;
}
