/*
 * The sum of a matrix as JSON, and back; and the sum of shards.
 */
#include "conform_state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "explain.h"
#include "options.h"

#define refuse(...) options_refuse("conform", __VA_ARGS__)

/* ---- shards ---- */

uint32_t conform_shard_cells(const struct conform_shard *shard, uint32_t cells)
{
    return cells < shard->index ? 0 : (cells - shard->index) / shard->count + 1;
}

uint32_t conform_shard_cell(const struct conform_shard *shard, uint32_t number)
{
    return shard->index - 1 + number * shard->count;
}

/* ---- to JSON ---- */

static json_t *row_object(const struct rule *rule, const struct conform_sum *sum,
                          const struct conform_cells *cells)
{
    const struct conform_row *row = &sum->row[rule_index(rule)];
    json_t *object = json_object();
    char why[CONFORM_REASON_BYTES];

    output_put_text(object, "rule", rule->id);
    output_put_text(object, "verdict", conform_verdict_word(conform_verdict(row)));
    output_put_number(object, "exercised", row->exercised);
    output_put_number(object, "broken", row->broken);
    if (row->broken > 0) {
        output_put_text(object, "level", explain_level(row->level));
        output_put_text(object, "cell", conform_cell_name(cells, row->cell));
        output_put_text(object, "place", row->place);
        output_put_text(object, "text", row->text);
    } else if (row->exercised == 0) {
        conform_why(rule, sum, why, sizeof why);
        output_put_text(object, "why", why);
    }
    return object;
}

static json_t *rows_array(const struct conform_sum *sum, const struct conform_cells *cells)
{
    json_t *array = json_array();
    size_t count = 0;
    const struct rule *rules = rule_table(&count);

    for (size_t i = 0; i < count; i++) {
        if (rules[i].party != EVENT_PARTY_DEVICE)
            output_append(array, row_object(&rules[i], sum, cells));
    }
    return array;
}

static json_t *failures_array(const struct conform_sum *sum, const struct conform_cells *cells)
{
    json_t *array = json_array();

    for (uint32_t i = 0; i < sum->failure_count; i++) {
        json_t *object = json_object();
        output_put_text(object, "text", sum->failure[i].text);
        output_put_number(object, "runs", sum->failure[i].runs);
        output_put_text(object, "cell", conform_cell_name(cells, sum->failure[i].cell));
        output_append(array, object);
    }
    return array;
}

json_t *conform_json(const struct conform_sum *sum, const struct conform_cells *cells,
                     const struct conform_shard *shard)
{
    json_t *object = json_object(), *versions = json_array(), *lacks = json_array();
    json_t *states = json_object(), *part = json_object();
    char features[24];

    output_put_text(object, "driver", sum->driver);
    output_put_number(object, "cells", sum->cells);
    output_put_number(part, "index", shard->index);
    output_put_number(part, "count", shard->count);
    output_put(object, "shard", part);
    output_put_number(object, "runs", sum->runs);
    for (unsigned state = PAGE_STATE_COUNT; state-- > 0;)
        output_put_number(states, page_state_word((enum page_state)state), sum->state[state]);
    output_put(object, "states", states);
    output_put_number(object, "steps", sum->steps);
    output_put_number(object, "findings", sum->findings);
    snprintf(features, sizeof features, "0x%016" PRIx64, sum->features);
    output_put_text(object, "features", features);
    for (unsigned version = 1; version <= CONFORM_VERSIONS; version++) {
        json_t *of = json_object();
        output_put_number(of, "version", version);
        output_put_number(of, "came_up", sum->came_up[version - 1]);
        output_put_number(of, "refused", sum->refused[version - 1]);
        output_append(versions, of);
    }
    output_put(object, "versions", versions);
    for (uint32_t i = 0; i < sum->lack_count; i++)
        output_append(lacks, output_text(sum->lack[i]));
    output_put(object, "lacks", lacks);
    output_put(object, "rules", rows_array(sum, cells));
    output_put(object, "failures", failures_array(sum, cells));
    output_put_number(object, "failures_dropped", sum->failures_dropped);
    return object;
}

/* ---- from JSON ---- */

/* CONFORM_CELLS_MAX when there is none of this name. */
static uint32_t cell_by_name(const struct conform_cells *cells, const char *name)
{
    for (size_t i = 0; i < conform_cells_count(cells); i++) {
        if (strcmp(conform_cell_name(cells, i), name) == 0)
            return (uint32_t)i;
    }
    return CONFORM_CELLS_MAX;
}

static enum finding_level level_by_word(const char *word)
{
    enum finding_level level = FINDING_ERROR;

    while (level > FINDING_NOTE && strcmp(explain_level(level), word) != 0)
        level--;
    return level;
}

static bool read_rows(const json_t *rows, const struct conform_cells *cells,
                      struct conform_sum *sum)
{
    size_t i;
    json_t *object;

    json_array_foreach(rows, i, object)
    {
        const struct rule *rule = rule_by_id(output_word(object, "rule"));
        struct conform_row *row = rule != NULL ? &sum->row[rule_index(rule)] : NULL;
        if (row == NULL)
            return false;
        row->exercised = (uint32_t)output_number(object, "exercised");
        row->broken = (uint32_t)output_number(object, "broken");
        row->level = level_by_word(output_word(object, "level"));
        snprintf(row->place, sizeof row->place, "%s", output_word(object, "place"));
        snprintf(row->text, sizeof row->text, "%s", output_word(object, "text"));
        if (row->broken > 0)
            row->cell = cell_by_name(cells, output_word(object, "cell"));
        if (row->cell == CONFORM_CELLS_MAX)
            return false;
    }
    return true;
}

static bool read_failures(const json_t *failures, const struct conform_cells *cells,
                          struct conform_sum *sum)
{
    size_t i;
    json_t *object;

    json_array_foreach(failures, i, object)
    {
        struct conform_failure *failure = &sum->failure[i];
        if (i == CONFORM_FAILURES_MAX)
            return false;
        failure->runs = (uint32_t)output_number(object, "runs");
        failure->cell = cell_by_name(cells, output_word(object, "cell"));
        snprintf(failure->text, sizeof failure->text, "%s", output_word(object, "text"));
        if (failure->cell == CONFORM_CELLS_MAX)
            return false;
        sum->failure_count++;
    }
    return true;
}

/* False when it is no sum of this matrix. */
static bool read_sum(const json_t *object, const struct conform_cells *cells,
                     struct conform_sum *sum)
{
    const json_t *states = json_object_get(object, "states");
    const json_t *versions = json_object_get(object, "versions");
    size_t i;
    json_t *word;

    snprintf(sum->driver, sizeof sum->driver, "%s", output_word(object, "driver"));
    sum->cells = (uint32_t)output_number(object, "cells");
    sum->runs = (uint32_t)output_number(object, "runs");
    for (unsigned state = 0; state < PAGE_STATE_COUNT; state++)
        sum->state[state] =
            (uint32_t)output_number(states, page_state_word((enum page_state)state));
    sum->steps = output_number(object, "steps");
    sum->findings = output_number(object, "findings");
    sum->features = strtoull(output_word(object, "features"), NULL, 16);
    for (unsigned version = 0; version < CONFORM_VERSIONS; version++) {
        const json_t *of = json_array_get(versions, version);
        sum->came_up[version] = (uint32_t)output_number(of, "came_up");
        sum->refused[version] = (uint32_t)output_number(of, "refused");
    }
    json_array_foreach(json_object_get(object, "lacks"), i, word)
    {
        if (i < CONFORM_LACKS_MAX && json_is_string(word))
            snprintf(sum->lack[sum->lack_count++], SCENARIO_WORD_BYTES, "%s",
                     json_string_value(word));
    }
    sum->failures_dropped = (uint32_t)output_number(object, "failures_dropped");
    return sum->cells == conform_cells_count(cells) &&
           read_rows(json_object_get(object, "rules"), cells, sum) &&
           read_failures(json_object_get(object, "failures"), cells, sum);
}

/* ---- merging ---- */

struct merge {
    const struct conform_cells *cells;
    struct conform_sum *sum, *part;
    json_t **result;                      /* by cell; borrowed from documents */
    const char *from[CONFORM_SHARDS_MAX]; /* the file of each shard */
    uint32_t count;                       /* of shards; 0 = not known yet */
    json_t **document;
};

/* The cell of a result, by its path; CONFORM_CELLS_MAX when it is of none. */
static uint32_t cell_of(const struct conform_cells *cells, const json_t *result)
{
    char name[CONFORM_NAME_BYTES + 32];
    const char *slash = strchr(output_word(result, "path"), '/');
    char *end;

    snprintf(name, sizeof name, "%s", slash != NULL ? slash + 1 : "");
    end = strstr(name, ".scn");
    if (end != NULL)
        *end = '\0';
    return cell_by_name(cells, name);
}

static int take_results(struct merge *merge, const char *path, const json_t *document)
{
    size_t i;
    json_t *result;

    json_array_foreach(json_object_get(document, "results"), i, result)
    {
        uint32_t cell = cell_of(merge->cells, result);
        if (cell == CONFORM_CELLS_MAX)
            return refuse("%s: there is no cell for %s", path, output_word(result, "path"));
        merge->result[cell] = result;
    }
    return 0;
}

static int take_document(struct merge *merge, const char *path, const json_t *document)
{
    const json_t *object = json_object_get(document, "conform");
    const json_t *part = json_object_get(object, "shard");
    const struct conform_shard shard = {(uint32_t)output_number(part, "index"),
                                        (uint32_t)output_number(part, "count")};

    if (strcmp(output_word(document, "format"), OUTPUT_FORMAT_WORD) != 0 || object == NULL)
        return refuse("%s: expected what `conform --json` writes", path);
    if (output_number(document, "version") != OUTPUT_VERSION ||
        strcmp(output_word(json_object_get(document, "tool"), "version"), RINGSIDE_VERSION) != 0)
        return refuse("%s: was written by ringside %s, this is %s", path,
                      output_word(json_object_get(document, "tool"), "version"), RINGSIDE_VERSION);
    if (shard.count == 0 || shard.count > CONFORM_SHARDS_MAX || shard.index == 0 ||
        shard.index > shard.count)
        return refuse("%s: there is no shard %u/%u", path, shard.index, shard.count);
    if (merge->count != 0 && merge->count != shard.count)
        return refuse("%s: is shard %u/%u, the others are of %u", path, shard.index, shard.count,
                      merge->count);
    merge->count = shard.count;
    if (merge->from[shard.index - 1] != NULL)
        return refuse("%s and %s are both shard %u/%u", merge->from[shard.index - 1], path,
                      shard.index, shard.count);
    merge->from[shard.index - 1] = path;
    memset(merge->part, 0, sizeof *merge->part);
    if (!read_sum(object, merge->cells, merge->part))
        return refuse("%s: is of another matrix than this ringside has", path);
    if (merge->part->runs != conform_shard_cells(&shard, merge->part->cells))
        return refuse("%s: shard %u/%u is not whole: %u of %u cells were run", path, shard.index,
                      shard.count, merge->part->runs,
                      conform_shard_cells(&shard, merge->part->cells));
    if (!conform_join(merge->sum, merge->part))
        return refuse("%s: is of driver `%s`, the others are of `%s`", path, merge->part->driver,
                      merge->sum->driver);
    return take_results(merge, path, document);
}

static int read_one(struct merge *merge, const char *path, json_t **document)
{
    json_error_t error;

    *document = json_load_file(path, 0, &error);
    if (*document == NULL && error.line > 0)
        return refuse("%s:%d:%d: %s", path, error.line, error.column, error.text);
    if (*document == NULL)
        return refuse("%s: %s", path, error.text);
    return take_document(merge, path, *document);
}

int conform_merge(const struct conform_cells *cells, char *const *paths, size_t count,
                  struct conform_sum *sum, struct output *output)
{
    struct merge merge = {.cells = cells, .sum = sum};
    size_t total = conform_cells_count(cells);
    int status = 0;

    merge.part = calloc(1, sizeof *merge.part);
    merge.result = calloc(total, sizeof *merge.result);
    merge.document = calloc(count + 1, sizeof *merge.document);
    if (merge.part == NULL || merge.result == NULL || merge.document == NULL)
        status = refuse("memory ran out");
    for (size_t i = 0; i < count && status == 0; i++)
        status = read_one(&merge, paths[i], &merge.document[i]);
    for (uint32_t i = 0; i < merge.count && status == 0; i++) {
        if (merge.from[i] == NULL)
            status = refuse("shard %u/%u is missing", i + 1, merge.count);
    }
    for (size_t i = 0; i < total && status == 0 && output != NULL; i++) {
        if (merge.result[i] != NULL)
            output_take(output, merge.result[i]);
    }
    for (size_t i = 0; merge.document != NULL && i < count; i++)
        json_decref(merge.document[i]);
    free(merge.document);
    free(merge.result);
    free(merge.part);
    return status;
}
