/*
 * The table of `ringside replay --table`: one row a scenario, simulator beside QEMU, 80 columns.
 */
#include "replay.h"

#include <string.h>
#include "columns.h"
#include "suite.h"

static const size_t widths[REPLAY_COLUMN_COUNT] = {
#define X(name, width) width,
    REPLAY_COLUMNS(X)
#undef X
};

#define X(name, width) +(width) + 1
_Static_assert(REPLAY_COLUMNS(X) - 1 <= 80, "the table fits a terminal");
#undef X

void replay_table_row(FILE *out, const struct replay_row *row)
{
    const char *cell[REPLAY_COLUMN_COUNT];

    for (size_t i = 0; i < REPLAY_COLUMN_COUNT; i++)
        cell[i] = row->cell[i];
    columns_row(out, widths, cell, REPLAY_COLUMN_COUNT);
}

void replay_table_head(FILE *out)
{
    static const struct replay_row titles[] = {
        {{"", "", "calls", "", "screen", "", ""}},
        {{"scenario", "v", "simulator", "QEMU", "simulator", "QEMU", "agree"}},
    };
    struct replay_row rule;

    for (size_t i = 0; i < REPLAY_COLUMN_COUNT; i++) {
        memset(rule.cell[i], '-', widths[i]);
        rule.cell[i][widths[i]] = '\0';
    }
    replay_table_row(out, &titles[0]);
    replay_table_row(out, &titles[1]);
    /* A rule is hyphens only, and breaks behind none as it fits. */
    replay_table_row(out, &rule);
}

/* Results, and for a call that ended in a timeout what became of the response buffer. */
static void calls_cell(const int *results, size_t count, const char *response, char *out,
                       size_t out_bytes)
{
    replay_results_text(results, count, out, out_bytes);
    size_t used = strlen(out);
    if (count > 0 && results[count - 1] == SUITE_TIMEOUT && response)
        snprintf(out + used, out_bytes - used, ", response %s", response);
}

void replay_row_fill(struct replay_row *row, const struct world_outcome *simulator,
                     const struct replay_outcome *qemu, const struct replay_verdict *verdict)
{
    int results[SCENARIO_ACTIONS_MAX];

    memset(row, 0, sizeof *row);
    snprintf(row->cell[REPLAY_COLUMN_SCENARIO], REPLAY_TEXT_BYTES, "%s", simulator->scenario->name);
    snprintf(row->cell[REPLAY_COLUMN_VERSION], REPLAY_TEXT_BYTES, "%u",
             simulator->scenario->device.version);
    replay_simulator_results(simulator, results);
    calls_cell(results, simulator->call_count,
               replay_response_text(simulator->response_filled ? REPLAY_RESPONSE_FILLED
                                                               : REPLAY_RESPONSE_UNTOUCHED),
               row->cell[REPLAY_COLUMN_CALLS_SIMULATOR], REPLAY_TEXT_BYTES);
    calls_cell(qemu->result, qemu->call_count,
               qemu->response == REPLAY_RESPONSE_UNKNOWN ? NULL
                                                         : replay_response_text(qemu->response),
               row->cell[REPLAY_COLUMN_CALLS_QEMU], REPLAY_TEXT_BYTES);
    replay_simulator_screen(simulator, row->cell[REPLAY_COLUMN_SCREEN_SIMULATOR],
                            REPLAY_TEXT_BYTES);
    replay_qemu_screen(qemu, row->cell[REPLAY_COLUMN_SCREEN_QEMU], REPLAY_TEXT_BYTES);
    snprintf(row->cell[REPLAY_COLUMN_AGREE], REPLAY_TEXT_BYTES, "%s",
             verdict->agree ? "yes" : "NO");
}
