/*
 * The museum's table as JSON: one object an exhibit.
 */
#include "museum.h"
#include "beside.h"
#include "command.h"
#include "page_json.h"

static void put_run(struct page_json *json, const char *key, const struct museum_run *run)
{
    page_json_open(json, key, '{');
    page_json_string(json, "state", museum_state_word(run->state));
    page_json_string(json, "calls", run->calls);
    page_json_number(json, "steps", run->steps);
    page_json_number(json, "nanoseconds", run->nanoseconds);
    if (run->wrong[0]) {
        page_json_string(json, "wrong", run->wrong);
    }
    page_json_close(json, '}');
}

static void put_exhibit(struct page_json *json, const struct museum_exhibit *exhibit,
                        const struct beside *beside)
{
    page_json_open(json, NULL, '{');
    page_json_string(json, "id", exhibit->about.id);
    page_json_string(json, "exhibit", exhibit->name);
    page_json_string(json, "symptom", exhibit->symptom);
    page_json_open(json, "references", '[');
    for (size_t i = 0; i < exhibit->about.reference_count; i++) {
        page_json_string(json, NULL, exhibit->about.reference[i]);
    }
    page_json_close(json, ']');
    page_json_string(json, "names", exhibit->rule);
    page_json_string(json, "text", exhibit->text);
    page_json_string(json, "file", exhibit->file);
    page_json_number(json, "line", exhibit->line);
    put_run(json, "before", &exhibit->before);
    put_run(json, "mended", &exhibit->after);
    if (beside) {
        beside_json_run(json, "qemu", &beside->qemu);
    }
    page_json_close(json, '}');
}

bool museum_json(const struct museum *museum, const struct beside *beside, const char *path)
{
    struct whole_file file;
    if (!whole_file_open(&file, path)) {
        return false;
    }
    struct page_json json = {file.stream, true};
    page_json_open(&json, NULL, '{');
    page_json_open(&json, "exhibits", '[');
    for (size_t i = 0; i < museum->count; i++) {
        put_exhibit(&json, &museum->exhibit[i], beside ? &beside[i] : NULL);
    }
    page_json_close(&json, ']');
    page_json_close(&json, '}');
    bool written = fputc('\n', file.stream) != EOF;
    return whole_file_close(&file, written) && written;
}
