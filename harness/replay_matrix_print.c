/*
 * The table of scenarios, devices and machines, as text.
 */
#include "replay.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "boot.h"

/* With a space or two between them nine columns beside the simulator's make 80. */
#define NAME_WIDTH      15
#define SIMULATOR_WIDTH 8
#define CELL_WIDTH      5

/* ---- words ---- */

/* The last call's result is what a scenario is about. */
static const char *last_call(const char *calls)
{
    const char *comma = strrchr(calls, ',');
    const char *last = comma ? comma + 2 : calls;
    const char *times = strstr(last, "x ");

    return times ? times + 2 : last;
}

/* Does it agree with the simulator, but not as the simulator's own column has it? */
static bool is_other(const struct replay_cell *simulator, const struct replay_cell *cell)
{
    return cell->state == REPLAY_CELL_AGREES &&
           (cell->named[0] || strcmp(cell->calls, simulator->calls) != 0 ||
            strcmp(cell->screen, simulator->screen) != 0);
}

/* Pixels in five columns: 1.0M, 786k, 64; the screen's word when there are none. */
static void put_pixels(const struct replay_cell *cell, char *out, size_t out_bytes)
{
    if (cell->pixels == 0)
        snprintf(out, out_bytes, "%s", cell->screen);
    else if (cell->pixels >= 1000000)
        snprintf(out, out_bytes, "%.1fM", (double)cell->pixels / 1e6);
    else if (cell->pixels >= 1000)
        snprintf(out, out_bytes, "%" PRIu64 "k", cell->pixels / 1000);
    else
        snprintf(out, out_bytes, "%" PRIu64, cell->pixels);
}

static void put_cell(const struct replay_cell *simulator, const struct replay_cell *cell,
                     char line[2][REPLAY_TEXT_BYTES])
{
    const char *word = "";

    line[1][0] = '\0';
    switch (cell->state) {
    case REPLAY_CELL_RAN:
        word = last_call(cell->calls);
        snprintf(line[1], REPLAY_TEXT_BYTES, "%s", cell->screen);
        break;
    case REPLAY_CELL_AGREES:
        word = is_other(simulator, cell) ? "same*" : "same";
        put_pixels(cell, line[1], REPLAY_TEXT_BYTES);
        break;
    case REPLAY_CELL_DIFFERS:
        word = "DIFF";
        put_pixels(cell, line[1], REPLAY_TEXT_BYTES);
        break;
    case REPLAY_CELL_NOT_HERE:
        word = "-";
        break;
    case REPLAY_CELL_SKIPPED:
        word = "skip";
        break;
    case REPLAY_CELL_FAILED:
    case REPLAY_CELL_WAITING:
        word = "FAIL";
        break;
    }
    snprintf(line[0], REPLAY_TEXT_BYTES, "%s", word);
}

/* ---- rows ---- */

static int width_of(const struct replay_side *side)
{
    return side->kind == REPLAY_SIMULATOR ? SIMULATOR_WIDTH : CELL_WIDTH;
}

/* A scenario's name on two lines, the first up to a hyphen. */
static size_t name_break(const char *name)
{
    size_t bytes = strlen(name);

    if (bytes <= NAME_WIDTH)
        return bytes;
    for (size_t i = NAME_WIDTH; i > 0; i--) {
        if (name[i - 1] == '-')
            return i;
    }
    return NAME_WIDTH;
}

/* A machine's name on two lines: aarch 64, x86_ 64. */
static size_t head_break(const char *name, int width)
{
    size_t bytes = strlen(name);

    if (bytes <= (size_t)width)
        return bytes;
    for (size_t i = (size_t)width; i > 0; i--) {
        bool to_digit = isdigit((unsigned char)name[i]) && !isdigit((unsigned char)name[i - 1]);
        if (to_digit || name[i - 1] == '-')
            return i;
    }
    return (size_t)width;
}

static void print_head(const struct replay_matrix *matrix)
{
    for (int i = 0; i < 2; i++) {
        printf("%-*s %s", NAME_WIDTH, i ? "" : "scenario", i ? " " : "v");
        for (size_t column = 0; column < replay_columns(matrix); column++) {
            const struct replay_side side = replay_side(matrix, column);
            const char *name = side.kind == REPLAY_SIMULATOR ? "ringside"
                               : side.kind == REPLAY_DEVICE  ? "QEMU-dev."
                                                             : replay_side_name(&side);
            int width = width_of(&side);
            size_t first = head_break(name, width);
            const char *text = i ? name + first : name;
            size_t bytes = i ? strlen(text) : first;
            bool last = column + 1 == replay_columns(matrix);
            printf(" %-*.*s", last ? 0 : width,
                   (int)(bytes < (size_t)width ? bytes : (size_t)width), text);
        }
        putchar('\n');
    }
}

static void print_row(const struct replay_matrix *matrix, size_t row)
{
    const struct scenario *scenario = matrix->scenario[row];
    const struct replay_cell *simulator = replay_cell(matrix, row, 0);
    size_t first = name_break(scenario->name);

    for (int i = 0; i < 2; i++) {
        const char *name = i ? scenario->name + first : scenario->name;
        size_t bytes = i ? strlen(name) : first;
        printf("%-*.*s %s", NAME_WIDTH, (int)(bytes < NAME_WIDTH ? bytes : NAME_WIDTH), name,
               i                               ? " "
               : scenario->device.version == 1 ? "1"
                                               : "2");
        for (size_t column = 0; column < replay_columns(matrix); column++) {
            const struct replay_side side = replay_side(matrix, column);
            char line[2][REPLAY_TEXT_BYTES];
            int width = width_of(&side);
            bool last = column + 1 == replay_columns(matrix);
            put_cell(simulator, replay_cell(matrix, row, column), line);
            printf(" %-*.*s", last ? 0 : width, width, line[i]);
        }
        putchar('\n');
    }
}

/* ---- below the table ---- */

#define NOTE_WIDTH 71 /* and 9 columns before it */

/* Broken at spaces, each line under the one before. */
static void print_note(const char *text)
{
    while (*text) {
        size_t bytes = strlen(text), part = bytes;
        if (bytes > NOTE_WIDTH) {
            part = NOTE_WIDTH;
            while (part > 0 && text[part] != ' ')
                part--;
            if (part == 0)
                part = NOTE_WIDTH;
        }
        printf("         %.*s\n", (int)part, text);
        text += part;
        text += strspn(text, " ");
    }
}

static void print_notes(const struct replay_matrix *matrix, size_t row, size_t column)
{
    const struct replay_side side = replay_side(matrix, column);
    const struct replay_cell *cell = replay_cell(matrix, row, column);
    const char *name = matrix->scenario[row]->name;
    const char *where = replay_side_name(&side);
    char text[3 * REPLAY_TEXT_BYTES] = "";

    if (cell->state == REPLAY_CELL_FAILED || cell->state == REPLAY_CELL_WAITING) {
        printf("failed   %s on %s\n", name, where);
        print_note(cell->reason[0] ? cell->reason : "nobody came to run it");
    }
    if (cell->difference_count > 0)
        printf("DIFFERS  %s on %s\n", name, where);
    for (size_t i = 0; i < cell->difference_count && i < REPLAY_CELL_DIFFERENCES_MAX; i++)
        print_note(cell->difference[i]);
    if (!is_other(replay_cell(matrix, row, 0), cell))
        return;
    if (cell->named[0])
        snprintf(text, sizeof text, "up to a difference that is known: %s", cell->named);
    else
        snprintf(text, sizeof text, "as the simulator has it with %s, too: %s; %s",
                 side.kind == REPLAY_MACHINE && side.target->big_endian ? "a big-endian driver"
                                                                        : "the profile `qemu`",
                 cell->calls, cell->screen);
    printf("same*    %s on %s\n", name, where);
    print_note(text);
}

/* Columns that were skipped, how much was done, and what it took. */
static void print_summary(const struct replay_matrix *matrix)
{
    double simulator = 0, start = 0, guest = 0, screen = 0;
    size_t count[REPLAY_CELL_FAILED + 1] = {0};
    uint64_t pixels = 0, values = 0;

    for (size_t column = 0; column < replay_columns(matrix) && matrix->scenario_count; column++) {
        const struct replay_side side = replay_side(matrix, column);
        if (replay_cell(matrix, 0, column)->state == REPLAY_CELL_SKIPPED)
            printf("%s is skipped: %s\n", replay_side_name(&side),
                   replay_cell(matrix, 0, column)->reason);
    }
    for (size_t i = 0; i < matrix->scenario_count * replay_columns(matrix); i++) {
        const struct replay_cell *cell = &matrix->cell[i];
        count[cell->state]++;
        simulator += cell->simulator_ms / 1e3;
        start += cell->start_ms / 1e3;
        guest += cell->guest_ms / 1e3;
        screen += cell->screen_ms / 1e3;
        pixels += cell->state == REPLAY_CELL_AGREES ? cell->pixels : 0;
        values += cell->values;
    }
    printf("%zu scenarios on the simulator%s and %zu machine%s:\n"
           "%zu agree, %zu differ, %zu not to be had there, %zu skipped\n",
           matrix->scenario_count, matrix->device ? ", QEMU's device" : "", matrix->target_count,
           matrix->target_count == 1 ? "" : "s", count[REPLAY_CELL_AGREES],
           count[REPLAY_CELL_DIFFERS], count[REPLAY_CELL_NOT_HERE], count[REPLAY_CELL_SKIPPED]);
    if (matrix->device)
        printf("%" PRIu64 " values of QEMU's device compared\n", values);
    printf("%" PRIu64 " pixels compared, all the same where it says so\n", pixels);
    printf("%.1f s; of all QEMUs together: %.1f s start, %.1f s driver at work, %.1f s screen;\n"
           "simulator %.1f s\n",
           (double)matrix->elapsed_ms / 1e3, start, guest, screen, simulator);
}

void replay_matrix_print(const struct replay_matrix *matrix)
{
    print_head(matrix);
    for (size_t row = 0; row < matrix->scenario_count; row++)
        print_row(matrix, row);
    for (size_t row = 0; row < matrix->scenario_count; row++) {
        for (size_t column = 0; column < replay_columns(matrix); column++)
            print_notes(matrix, row, column);
    }
    print_summary(matrix);
}
