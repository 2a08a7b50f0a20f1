/*
 * The museum's table as JSON: one object an exhibit.
 */
#include "museum.h"
#include <jansson.h>
#include "command.h"

static json_t *run_object(const struct museum_run *run)
{
    json_t *object = json_pack("{s:s, s:s, s:I, s:f}", "state", museum_state_word(run->state),
                               "calls", run->calls, "steps", (json_int_t)run->steps, "milliseconds",
                               (double)run->nanoseconds / 1e6);
    if (object && run->wrong[0]) {
        json_object_set_new(object, "wrong", json_string(run->wrong));
    }
    return object;
}

static json_t *exhibit_object(const struct museum_exhibit *exhibit)
{
    json_t *references = json_array();
    for (size_t i = 0; i < exhibit->about.reference_count; i++) {
        json_array_append_new(references, json_string(exhibit->about.reference[i]));
    }
    return json_pack("{s:s, s:s, s:s, s:o, s:s, s:s, s:i, s:s, s:o, s:o}", "id", exhibit->about.id,
                     "exhibit", exhibit->name, "symptom", exhibit->symptom, "references",
                     references, "rule", exhibit->rule, "file", exhibit->file, "line",
                     (int)exhibit->line, "finding", exhibit->text, "before",
                     run_object(&exhibit->before), "after", run_object(&exhibit->after));
}

bool museum_json(const struct museum *museum, const char *path)
{
    struct whole_file file;
    if (!whole_file_open(&file, path)) {
        return false;
    }
    json_t *rows = json_array();
    bool good = rows != NULL;
    for (size_t i = 0; i < museum->count && good; i++) {
        good = json_array_append_new(rows, exhibit_object(&museum->exhibit[i])) == 0;
    }
    json_t *table = good ? json_pack("{s:O}", "exhibits", rows) : NULL;
    good = table && json_dumpf(table, file.stream, JSON_INDENT(1)) == 0 &&
           fputc('\n', file.stream) != EOF;
    json_decref(table);
    json_decref(rows);
    return whole_file_close(&file, good) && good;
}
