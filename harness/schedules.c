/*
 * A scenario with another schedule: which one a seed stands for, and its text.
 */
#include "schedules.h"

#include <inttypes.h>
#include <string.h>

#include "picture.h"

/* The device from hardly ever to nearly always a step ahead. */
static const uint32_t odds[] = {32, 8, 56, 2, 62};

#define ODDS_COUNT (sizeof odds / sizeof odds[0])

const char *schedules_unfit(const struct scenario *scenario, bool has_driver)
{
    if (!has_driver)
        return "it plays the driver itself";
    if (scenario->traced_count != 0)
        return "it has lines of a trace, which are those of one schedule";
    for (size_t i = 0; i < scenario->action_count; i++) {
        if (scenario->action[i].kind != SCENARIO_CALL &&
            scenario->action[i].kind != SCENARIO_DISPLAY &&
            scenario->action[i].kind != SCENARIO_CONFIG_CHANGE)
            return "it says itself who goes on when";
    }
    return NULL;
}

/* splitmix64: seeds that follow each other give schedules that have nothing in common. */
static uint64_t mix(uint64_t seed)
{
    uint64_t value = seed + UINT64_C(0x9e3779b97f4a7c15);

    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

/* Small, but with room for what `flush` and `draw` name. */
static void shrink_display(struct scenario *scenario)
{
    uint64_t width_px = SCHEDULES_WIDTH_PX, height_px = SCHEDULES_HEIGHT_PX;

    for (size_t i = 0; i < scenario->action_count; i++) {
        const struct suite_args *args = &scenario->action[i].args;
        if (scenario->action[i].kind != SCENARIO_CALL || args->count < 4)
            continue;
        if (args->value[0] < PICTURE_SIDE_PX_MAX && args->value[2] < PICTURE_SIDE_PX_MAX &&
            args->value[0] + args->value[2] > width_px)
            width_px = args->value[0] + args->value[2];
        if (args->value[1] < PICTURE_SIDE_PX_MAX && args->value[3] < PICTURE_SIDE_PX_MAX &&
            args->value[1] + args->value[3] > height_px)
            height_px = args->value[1] + args->value[3];
    }
    scenario->display_width_px = (uint32_t)width_px;
    scenario->display_height_px = (uint32_t)height_px;
}

void schedules_choose(struct scenario *scenario, uint64_t seed)
{
    scenario->schedule = SCHEDULE_RANDOM;
    scenario->seed = mix(seed);
    scenario->odds = odds[seed % ODDS_COUNT];
    scenario->interrupts_any = seed / ODDS_COUNT % 2 == 1;
    if (scenario->kind == SCENARIO_DEVICE_GPU && !scenario->display_given)
        shrink_display(scenario);
}

static bool begins_with(const char *line, const char *verb)
{
    size_t bytes = strlen(verb);

    line += strspn(line, " \t");
    return strncmp(line, verb, bytes) == 0 && (line[bytes] == ' ' || line[bytes] == '\t');
}

void schedules_write(const struct scenario *scenario, FILE *out)
{
    const char *line = scenario->text;

    while (*line != '\0') {
        size_t bytes = strcspn(line, "\n");
        bool is_device = begins_with(line, "device");
        size_t shown = bytes;
        if (is_device) /* what is added must not become part of a comment */
            for (shown = 0; shown < bytes && (line[shown] != '#' || line[shown - 1] != ' ');)
                shown++;
        if (!begins_with(line, "schedule") && !begins_with(line, "seed")) {
            fprintf(out, "%.*s", (int)shown, line);
            if (is_device && !scenario->display_given && scenario->kind == SCENARIO_DEVICE_GPU)
                fprintf(out, "  display %" PRIu32 "x%" PRIu32, scenario->display_width_px,
                        scenario->display_height_px);
            fputc('\n', out);
        }
        if (is_device)
            fprintf(out,
                    "schedule  random  odds %" PRIu32 "  interrupts %s\nseed      %" PRIu64 "\n",
                    scenario->odds, scenario->interrupts_any ? "any" : "idle", scenario->seed);
        line += bytes + (line[bytes] == '\n');
    }
}
