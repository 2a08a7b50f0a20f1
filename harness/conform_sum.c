/*
 * Sums of what cells came to. Adding is commutative: counts add up, first places are those of the
 * lowest cell.
 */
#include "conform.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "skip.h"
#include "source.h"

static uint32_t lower(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* ---- one run ---- */

static void describe_place(const struct finding *finding, char out[CONFORM_PLACE_BYTES])
{
    struct source_place place;

    if (finding->at.event.step == 0)
        snprintf(out, CONFORM_PLACE_BYTES, "in the end");
    else if (source_find(finding->at.event.pc, &place))
        snprintf(out, CONFORM_PLACE_BYTES, "%.140s:%u", source_main_file(&place),
                 source_main_line(&place));
    else
        snprintf(out, CONFORM_PLACE_BYTES, "step %" PRIu64, finding->at.event.step);
}

static void note_rules(struct conform_sum *sum, uint32_t cell, const struct world_outcome *outcome)
{
    const struct finding *found[RULES_MAX] = {NULL};
    size_t count = 0;
    (void)rule_table(&count);

    for (uint32_t i = 0; i < outcome->findings.count; i++) {
        const struct finding *finding = &outcome->findings.item[i];
        const struct finding **best = &found[rule_index(finding->rule)];
        if (*best == NULL || finding->level > (*best)->level)
            *best = finding;
    }
    for (size_t i = 0; i < count; i++) {
        struct conform_row *row = &sum->row[i];
        row->exercised += found[i] != NULL || outcome->exercised[i] != 0;
        if (found[i] == NULL)
            continue;
        if (row->broken == 0 || found[i]->level > row->level ||
            (found[i]->level == row->level && cell < row->cell)) {
            row->level = found[i]->level;
            row->cell = cell;
            describe_place(found[i], row->place);
            snprintf(row->text, sizeof row->text, "%s", found[i]->text);
        }
        row->broken++;
    }
}

static void add_failure(struct conform_sum *sum, const struct conform_failure *failure)
{
    struct conform_failure *at = NULL;
    uint32_t i;

    for (i = 0; i < sum->failure_count && at == NULL; i++) {
        if (strcmp(sum->failure[i].text, failure->text) == 0)
            at = &sum->failure[i];
    }
    if (at != NULL) {
        at->runs += failure->runs;
        at->cell = lower(at->cell, failure->cell);
        return;
    }
    if (sum->failure_count == CONFORM_FAILURES_MAX) {
        sum->failures_dropped += failure->runs;
        return;
    }
    sum->failure[sum->failure_count++] = *failure;
}

static int by_cell(const void *a, const void *b)
{
    const struct conform_failure *left = a, *right = b;

    if (left->cell != right->cell)
        return left->cell < right->cell ? -1 : 1;
    return strcmp(left->text, right->text);
}

/* An error that was found is why the rest did not come as expected. */
static bool is_explained(const struct world_outcome *outcome)
{
    for (uint32_t i = 0; i < outcome->findings.count; i++) {
        if (outcome->findings.item[i].level == FINDING_ERROR)
            return true;
    }
    return false;
}

/* What no finding says: findings have rows of their own. */
static void note_failures(struct conform_sum *sum, uint32_t cell,
                          const struct world_outcome *outcome)
{
    for (size_t i = 0; i < outcome->failure_count && !is_explained(outcome); i++) {
        struct conform_failure failure = {.runs = 1, .cell = cell};
        const char *text = outcome->failure[i].text;
        if (strncmp(text, "unexpected finding ", strlen("unexpected finding ")) == 0)
            continue;
        snprintf(failure.text, sizeof failure.text, "%s", text);
        add_failure(sum, &failure);
    }
    qsort(sum->failure, sum->failure_count, sizeof sum->failure[0], by_cell);
}

static void add_lack(struct conform_sum *sum, const char *word)
{
    uint32_t at = sum->lack_count;

    if (conform_lacks(sum, word) || sum->lack_count == CONFORM_LACKS_MAX)
        return;
    for (; at > 0 && strcmp(sum->lack[at - 1], word) > 0; at--)
        memcpy(sum->lack[at], sum->lack[at - 1], sizeof sum->lack[at]);
    snprintf(sum->lack[at], sizeof sum->lack[at], "%s", word);
    sum->lack_count++;
}

static void note_lacks(struct conform_sum *sum, const struct world_outcome *outcome)
{
    for (size_t i = 0; i < outcome->call_count; i++) {
        const struct world_call *call = &outcome->call[i];
        if (call->skipped && call->blocked_by == SUITE_OK)
            add_lack(sum, call->action->name);
    }
    for (size_t i = 0; i < outcome->skip_count; i++) {
        char word[SCENARIO_WORD_BYTES];
        if (sscanf(outcome->skip[i].text, "option %63s", word) == 1)
            add_lack(sum, word);
    }
}

static void note_bring_up(struct conform_sum *sum, unsigned version,
                          const struct world_outcome *outcome)
{
    for (size_t i = 0; i < outcome->call_count; i++) {
        const struct world_call *call = &outcome->call[i];
        if (strcmp(call->action->name, "init") != 0 || call->skipped)
            continue;
        sum->came_up[version - 1] += call->result == SUITE_OK;
        sum->refused[version - 1] += call->result != SUITE_OK;
        return;
    }
}

void conform_note(struct conform_sum *sum, uint32_t cell, unsigned version,
                  const struct world_outcome *outcome, enum page_state state)
{
    snprintf(sum->driver, sizeof sum->driver, "%s", outcome->driver);
    sum->runs++;
    sum->state[state]++;
    sum->steps += outcome->steps;
    sum->findings += outcome->findings.count + outcome->findings.dropped;
    sum->features |= outcome->features;
    note_rules(sum, cell, outcome);
    note_failures(sum, cell, outcome);
    note_lacks(sum, outcome);
    note_bring_up(sum, version, outcome);
}

void conform_note_broken(struct conform_sum *sum)
{
    sum->runs++;
    sum->state[PAGE_BROKEN]++;
}

bool conform_lacks(const struct conform_sum *sum, const char *word)
{
    bool lacks = false;

    for (uint32_t i = 0; i < sum->lack_count && !lacks; i++)
        lacks = strcmp(sum->lack[i], word) == 0;
    return lacks;
}

/* ---- two sums ---- */

static void join_row(struct conform_row *row, const struct conform_row *other)
{
    uint32_t exercised = row->exercised + other->exercised;
    uint32_t broken = row->broken + other->broken;

    if (other->broken > 0 && (row->broken == 0 || other->level > row->level ||
                              (other->level == row->level && other->cell < row->cell)))
        *row = *other;
    row->exercised = exercised;
    row->broken = broken;
}

bool conform_join(struct conform_sum *sum, const struct conform_sum *other)
{
    if (sum->driver[0] == '\0')
        snprintf(sum->driver, sizeof sum->driver, "%s", other->driver);
    if (sum->cells != other->cells ||
        (other->driver[0] != '\0' && strcmp(sum->driver, other->driver) != 0))
        return false;
    sum->runs += other->runs;
    for (unsigned i = 0; i < PAGE_STATE_COUNT; i++)
        sum->state[i] += other->state[i];
    sum->steps += other->steps;
    sum->findings += other->findings;
    sum->features |= other->features;
    for (unsigned i = 0; i < CONFORM_VERSIONS; i++) {
        sum->came_up[i] += other->came_up[i];
        sum->refused[i] += other->refused[i];
    }
    for (uint32_t i = 0; i < other->lack_count; i++)
        add_lack(sum, other->lack[i]);
    for (size_t i = 0; i < RULES_MAX; i++)
        join_row(&sum->row[i], &other->row[i]);
    for (uint32_t i = 0; i < other->failure_count; i++)
        add_failure(sum, &other->failure[i]);
    sum->failures_dropped += other->failures_dropped;
    qsort(sum->failure, sum->failure_count, sizeof sum->failure[0], by_cell);
    return true;
}

/* ---- verdicts ---- */

const char *conform_verdict_word(enum conform_verdict verdict)
{
    static const char *const words[] = {
#define X(name, word) word,
        CONFORM_VERDICTS(X)
#undef X
    };
    return words[verdict];
}

enum conform_verdict conform_verdict(const struct conform_row *row)
{
    if (row->broken > 0)
        return row->level == FINDING_ERROR     ? CONFORM_BROKEN
               : row->level == FINDING_WARNING ? CONFORM_WARNED
                                               : CONFORM_NOTED;
    return row->exercised > 0 ? CONFORM_PASSED : CONFORM_UNTRIED;
}

bool conform_failed(const struct conform_sum *sum)
{
    uint32_t came_up = 0;

    for (unsigned i = 0; i < CONFORM_VERSIONS; i++)
        came_up += sum->came_up[i];
    return came_up == 0 || sum->state[PAGE_FAILED] > 0;
}
