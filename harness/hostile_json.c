/*
 * What `ringside hostile` found, as JSON.
 */
#include "hostile.h"

#include <jansson.h>

static json_t *named_of(const struct hostile_row *row)
{
    json_t *named = json_object();

    for (int result = 0; result < SUITE_RESULT_COUNT; result++) {
        if (row->named_as[result] != 0)
            json_object_set_new(named, scenario_result_word(result),
                                json_integer((json_int_t)row->named_as[result]));
    }
    return named;
}

static json_t *row_object(const struct hostile *hostile, const struct hostile_row *row,
                          const char *fault)
{
    char text[128];
    json_t *object =
        json_pack("{s:s, s:I, s:I, s:I, s:o, s:I}", "fault", fault, "runs", (json_int_t)row->runs,
                  "survived", (json_int_t)row->survived, "named_error", (json_int_t)row->named,
                  "named_as", named_of(row), "failing", (json_int_t)row->failing);

    if (row->worst == HOSTILE_SURVIVED)
        return object;
    hostile_fault_text(&row->worst_fault, text, sizeof text);
    json_object_set_new(object, "worst",
                        json_pack("{s:s, s:s, s:s}", "verdict", hostile_verdict_word(row->worst),
                                  "fault", text, "scenario", hostile->base[row->worst_base]->path));
    return object;
}

static json_t *failure_object(const struct hostile *hostile, const struct hostile_failure *failure)
{
    json_t *faults = json_array();

    for (size_t i = 0; i < failure->fault_count; i++) {
        char text[128];
        hostile_fault_text(&failure->fault[i], text, sizeof text);
        json_array_append_new(faults, json_string(text));
    }
    return json_pack("{s:s, s:o, s:s, s:s}", "scenario", hostile->base[failure->base]->path,
                     "faults", faults, "verdict", hostile_verdict_word(failure->verdict), "text",
                     failure->text);
}

static json_t *all_of(const struct hostile *hostile)
{
    json_t *scenarios = json_array(), *rows = json_array(), *failures = json_array();

    for (size_t i = 0; i < hostile->base_count; i++)
        json_array_append_new(scenarios, json_pack("{s:s, s:I}", "path", hostile->base[i]->path,
                                                   "steps", (json_int_t)hostile->base_steps[i]));
    for (size_t i = 0; i < hostile->row_count && hostile->random_runs == 0; i++) {
        char text[128];
        hostile_fault_text(&hostile->row[i].fault, text, sizeof text);
        json_array_append_new(rows, row_object(hostile, &hostile->row[i], text));
    }
    if (hostile->random_runs != 0)
        json_array_append_new(rows, row_object(hostile, &hostile->random, "made-up combinations"));
    for (size_t i = 0; i < hostile->failure_count && i < HOSTILE_FAILURES_MAX; i++)
        json_array_append_new(failures, failure_object(hostile, &hostile->failure[i]));
    return json_pack("{s:o, s:o, s:o, s:I, s:I, s:b}", "scenarios", scenarios, "faults", rows,
                     "failures", failures, "failing", (json_int_t)hostile->failure_count, "runs",
                     (json_int_t)hostile->runs, "complete", hostile->over);
}

bool hostile_json(const struct hostile *hostile, const char *path)
{
    struct whole_file file;

    if (!whole_file_open(&file, path))
        return false;
    json_t *all = all_of(hostile);
    bool written = all != NULL && json_dumpf(all, file.stream, JSON_INDENT(1)) == 0 &&
                   fputc('\n', file.stream) != EOF;
    json_decref(all);
    return whole_file_close(&file, written) && written;
}
