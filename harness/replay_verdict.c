/*
 * Holds what the simulator did against what QEMU did.
 *
 * Calls: the same results, in order. Response buffer: the simulator knows whether the device wrote
 * to it since the last call began; a booted machine compares the buffer before and after that call,
 * and of one that got stuck it is only known whether the buffer was ever filled. What is not known
 * contradicts nothing. Screen: pixel by pixel; a scanout that was never set or that was lost must
 * show QEMU's placeholder for that.
 */
#include "replay.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include "suite.h"

__attribute__((format(printf, 2, 3))) static void differ(struct replay_verdict *verdict,
                                                         const char *format, ...)
{
    va_list arguments;
    verdict->agree = false;
    if (verdict->difference_count < REPLAY_DIFFERENCES_MAX) {
        va_start(arguments, format);
        vsnprintf(verdict->difference[verdict->difference_count], REPLAY_TEXT_BYTES, format,
                  arguments);
        va_end(arguments);
    }
    verdict->difference_count++;
}

static const char *result_text(int result)
{
    const char *word = result >= 0 ? scenario_result_word(result) : NULL;
    return word != NULL ? word : "no return";
}

const char *replay_screen_text(enum replay_screen screen)
{
    static const char *const texts[] = {
#define X(name, text) text,
        REPLAY_SCREENS(X)
#undef X
    };
    return texts[screen];
}

const char *replay_response_text(enum replay_response response)
{
    static const char *const texts[] = {
#define X(name, text) text,
        REPLAY_RESPONSES(X)
#undef X
    };
    return texts[response];
}

void replay_results_text(const int *results, size_t count, char *out, size_t out_bytes)
{
    size_t used = 0;

    snprintf(out, out_bytes, "%s", "");
    for (size_t i = 0; i < count && used < out_bytes;) {
        size_t same = 1;
        while (i + same < count && results[i + same] == results[i])
            same++;
        char times[24] = "";
        if (same > 1)
            snprintf(times, sizeof times, "%zux ", same);
        used += (size_t)snprintf(out + used, out_bytes - used, "%s%s%s", i > 0 ? ", " : "", times,
                                 result_text(results[i]));
        i += same;
    }
}

void replay_simulator_results(const struct world_outcome *simulator, int *results)
{
    for (size_t i = 0; i < simulator->call_count; i++)
        results[i] = simulator->call[i].result;
}

void replay_simulator_screen(const struct world_outcome *simulator, char *out, size_t out_bytes)
{
    const struct world_scanout *scanout = &simulator->scanout;

    if (scanout->picture.rgb)
        snprintf(out, out_bytes, "%" PRIu32 "x%" PRIu32, scanout->picture.width_px,
                 scanout->picture.height_px);
    else if (scanout->info.active)
        snprintf(out, out_bytes, "no picture");
    else
        snprintf(out, out_bytes, "%s", scanout->info.ever_active ? "lost" : "never");
}

void replay_qemu_screen(const struct replay_outcome *qemu, char *out, size_t out_bytes)
{
    switch (qemu->screen) {
    case REPLAY_SCREEN_PICTURE:
    case REPLAY_SCREEN_BLANK:
        snprintf(out, out_bytes, "%" PRIu32 "x%" PRIu32, qemu->picture.width_px,
                 qemu->picture.height_px);
        return;
    case REPLAY_SCREEN_NOT_INITIALIZED:
        snprintf(out, out_bytes, "never");
        return;
    case REPLAY_SCREEN_NOT_ACTIVE:
        snprintf(out, out_bytes, "lost");
        return;
    case REPLAY_SCREEN_NONE:
        snprintf(out, out_bytes, "none");
        return;
    }
}

/* ---- the three comparisons ---- */

static bool simulator_crashed(const struct world_outcome *simulator)
{
    for (size_t i = 0; i < simulator->call_count; i++) {
        if (simulator->call[i].crash != WORLD_CRASH_NONE)
            return true;
    }
    return false;
}

/* Is the driver told to, and does it come so far? */
static bool waits_for_interrupts(const struct scenario *scenario)
{
    bool asks = false;

    for (size_t i = 0; i < scenario->option_count; i++)
        asks = asks || (strcmp(scenario->option[i].name, "interrupts") == 0 &&
                        strcmp(scenario->option[i].value, "on") == 0);
    return asks && scenario->action_count > 1;
}

static void compare_calls(const struct world_outcome *simulator, const struct replay_outcome *qemu,
                          struct replay_verdict *verdict)
{
    const struct scenario *scenario = simulator->scenario;

    if (qemu->driver[0] && strcmp(qemu->driver, scenario->driver) != 0)
        differ(verdict, "the image has the driver %s, the scenario asks for %s", qemu->driver,
               scenario->driver);
    if (qemu->unknown_option[0])
        differ(verdict, "QEMU: the image's driver does not know the option %.150s",
               qemu->unknown_option);
    for (size_t i = 0; i < scenario->action_count; i++) {
        int ours = i < simulator->call_count ? simulator->call[i].result : -1;
        int theirs = i < qemu->call_count ? qemu->result[i] : -1;
        if (ours != theirs)
            differ(verdict, "call %zu, %s: simulator %s, QEMU %s", i + 1, scenario->action[i].name,
                   result_text(ours), result_text(theirs));
    }
    if (qemu->done && qemu->interrupts == 0 && waits_for_interrupts(scenario))
        differ(verdict,
               "QEMU: the driver was to wait for interrupts, and the machine gave it none");
    if (simulator_crashed(simulator))
        return; /* then the machine need not come to its end either */
    if (qemu->fault)
        differ(verdict, "QEMU: the machine took a fault: %.180s", qemu->fault_text);
    else if (!qemu->done)
        differ(verdict,
               "QEMU: the machine did not come to its end in time; it made %zu of %zu "
               "calls",
               qemu->call_count, scenario->action_count);
}

static void compare_response(const struct world_outcome *simulator,
                             const struct replay_outcome *qemu, struct replay_verdict *verdict)
{
    bool last = simulator->response_filled;
    bool ever = last || simulator->requests > 0;
    bool agree = true;

    switch (qemu->response) {
    case REPLAY_RESPONSE_UNTOUCHED:
        agree = !last;
        break;
    case REPLAY_RESPONSE_FILLED:
        agree = last;
        break;
    case REPLAY_RESPONSE_FILLED_ONCE:
        agree = ever;
        break;
    case REPLAY_RESPONSE_UNCHANGED:
    case REPLAY_RESPONSE_UNKNOWN:
        break;
    }
    if (!agree)
        differ(verdict, "response buffer: simulator %s, QEMU %s", last ? "filled" : "untouched",
               replay_response_text(qemu->response));
}

static void compare_pixels(const struct picture *ours, const struct replay_outcome *qemu,
                           struct replay_verdict *verdict)
{
    const struct picture *theirs = &qemu->picture;
    struct picture_difference difference;

    if (qemu->screen != REPLAY_SCREEN_PICTURE && qemu->screen != REPLAY_SCREEN_BLANK) {
        differ(verdict, "screen: simulator %" PRIu32 "x%" PRIu32 " pixels, QEMU shows %s",
               ours->width_px, ours->height_px, replay_screen_text(qemu->screen));
        return;
    }
    if (picture_equal(ours, theirs, &difference))
        return;
    if (!difference.same_size)
        differ(verdict,
               "screen: simulator %" PRIu32 "x%" PRIu32 ", QEMU %" PRIu32 "x%" PRIu32 " pixels",
               ours->width_px, ours->height_px, theirs->width_px, theirs->height_px);
    if (difference.pixels > 0)
        differ(verdict,
               "screen: %" PRIu64 " of %" PRIu64 " pixels differ, in (%" PRIu32 ",%" PRIu32
               ")..(%" PRIu32 ",%" PRIu32 "), the first at (%" PRIu32 ",%" PRIu32 ")",
               difference.pixels, (uint64_t)ours->width_px * ours->height_px, difference.left,
               difference.top, difference.right, difference.bottom, difference.first_x,
               difference.first_y);
}

static void compare_screen(const struct world_outcome *simulator, const struct replay_outcome *qemu,
                           struct replay_verdict *verdict)
{
    const struct world_scanout *scanout = &simulator->scanout;

    if (scanout->picture.rgb) {
        compare_pixels(&scanout->picture, qemu, verdict);
        return;
    }
    if (scanout->info.active) {
        differ(verdict, "screen: the simulator's scanout has no picture: out of memory");
        return;
    }
    enum replay_screen wanted =
        scanout->info.ever_active ? REPLAY_SCREEN_NOT_ACTIVE : REPLAY_SCREEN_NOT_INITIALIZED;
    if (qemu->screen != wanted)
        differ(verdict, "screen: the simulator's scanout %s, QEMU shows %s",
               scanout->info.ever_active ? "was lost" : "was never set",
               replay_screen_text(qemu->screen));
}

void replay_compare(const struct world_outcome *simulator, const struct replay_outcome *qemu,
                    struct replay_verdict *out)
{
    memset(out, 0, sizeof *out);
    out->agree = true;
    compare_calls(simulator, qemu, out);
    compare_response(simulator, qemu, out);
    compare_screen(simulator, qemu, out);
}
