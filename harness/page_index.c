/*
 * The index of a run's pages. Rows are kept in an unnamed file, as the processes that run drivers
 * come and go.
 */
#include "page_state.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "rule.h"

#define NAME_LETTERS_MAX 200u /* room for a number and .html in a file's name */
#define SENTENCE_BYTES   400u
#define COPY_BYTES       65536u

bool page_take_name(struct page *page, const char *scenario, char *out, size_t out_bytes)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "-_.";
    char name[NAME_LETTERS_MAX + 1];
    size_t used = 0;

    for (; scenario[used] != '\0' && used < NAME_LETTERS_MAX; used++)
        name[used] = strchr(letters, scenario[used]) != NULL ? scenario[used] : '_';
    name[used] = '\0';
    if (name[0] == '.' || name[0] == '\0' || strcmp(name, "index") == 0)
        snprintf(name, sizeof name, "scenario");
    for (unsigned number = 1; number <= COMMAND_SCENARIOS_MAX; number++) {
        if (number == 1)
            snprintf(out, out_bytes, "%s.html", name);
        else
            snprintf(out, out_bytes, "%s-%u.html", name, number);
        bool taken = false;
        for (size_t at = 0; at < page->names_bytes && !taken; at += strlen(page->names + at) + 1)
            taken = strcmp(page->names + at, out) == 0;
        size_t needed = strlen(out) + 1;
        if (!taken && needed <= PAGE_NAMES_BYTES - page->names_bytes) {
            memcpy(page->names + page->names_bytes, out, needed);
            page->names_bytes += needed;
            return true;
        }
    }
    return false;
}

/* One row, written with one call, so that a lost process leaves no half of it. */
static void add_row(struct page *page, char *text, size_t bytes)
{
    if (text == NULL || write(page->rows, text, bytes) != (ssize_t)bytes)
        page->failed = true;
    free(text);
}

static void put_findings(struct page_json *json, const struct world_outcome *outcome)
{
    uint32_t count[FINDING_ERROR + 1] = {0};

    for (uint32_t i = 0; i < outcome->findings.count; i++)
        count[outcome->findings.item[i].level]++;
    page_json_number(json, "errors", count[FINDING_ERROR]);
    page_json_number(json, "warnings", count[FINDING_WARNING]);
    page_json_number(json, "notes", count[FINDING_NOTE]);
    page_json_open(json, "rules", '[');
    for (uint32_t i = 0; i < outcome->findings.count && i < 4; i++)
        page_json_string(json, NULL, outcome->findings.item[i].rule->id);
    page_json_close(json, ']');
}

void page_index_add(struct page *page, const char *file, const struct world_outcome *outcome,
                    enum page_state state)
{
    const struct scenario *scenario = outcome->scenario;
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    struct page_json json = {out, true};
    char sentence[SENTENCE_BYTES];
    const char *stuck = "";

    if (out == NULL) {
        page->failed = true;
        return;
    }
    for (size_t i = 0; i < outcome->call_count; i++) {
        const struct world_call *call = &outcome->call[i];
        if (call->stuck && stuck[0] == '\0' && call->ladder.missed < LADDER_RUNG_COUNT)
            stuck = ladder_word(call->ladder.missed);
    }
    scenario_sentence(scenario, sentence, sizeof sentence);
    page_json_open(&json, NULL, '{');
    page_json_string(&json, "file", file);
    page_json_string(&json, "name", scenario->name);
    page_json_string(&json, "path", scenario->path);
    page_json_string(&json, "about", sentence);
    page_json_string(&json, "state", page_state_word(state));
    page_json_string(&json, "stuck", stuck);
    page_json_string(&json, "driver", outcome->driver);
    page_json_number(&json, "failures", outcome->failure_count);
    page_json_number(&json, "steps", outcome->steps);
    put_findings(&json, outcome);
    page_json_close(&json, '}');
    putc('\n', out);
    fclose(out);
    add_row(page, text, bytes);
}

void page_broken(struct page *page, const char *path)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    struct page_json json = {out, true};

    if (out == NULL) {
        page->failed = true;
        return;
    }
    page_json_open(&json, NULL, '{');
    page_json_string(&json, "name", path);
    page_json_string(&json, "path", path);
    page_json_string(&json, "state", page_state_word(PAGE_BROKEN));
    page_json_close(&json, '}');
    putc('\n', out);
    fclose(out);
    add_row(page, text, bytes);
}

/* ---- writing ---- */

struct index_job {
    struct page *page;
    FILE *out;
};

static void put_rows(const struct index_job *job)
{
    char copy[COPY_BYTES];
    off_t offset = 0;
    ssize_t bytes;
    bool begun = false; /* a row, by a comma in front of it */

    putc('[', job->out);
    while ((bytes = pread(job->page->rows, copy, sizeof copy, offset)) > 0) {
        for (ssize_t i = 0; i < bytes; i++) {
            if (copy[i] == '\n') {
                begun = true;
                continue;
            }
            if (begun)
                putc(',', job->out);
            begun = false;
            putc(copy[i], job->out);
        }
        offset += bytes;
    }
    putc(']', job->out);
    job->page->failed |= bytes < 0;
}

static void fill_index(void *context, enum page_hole hole)
{
    struct index_job *job = context;

    switch (hole) {
    case PAGE_HOLE_style:
        fputs(page_file_page_css, job->out);
        break;
    case PAGE_HOLE_script:
        fputs(page_file_index_js, job->out);
        break;
    case PAGE_HOLE_data:
        put_rows(job);
        break;
    case PAGE_HOLE_title:
    case PAGE_HOLE_report:
        page_html_text(job->out, RINGSIDE_VERSION);
        break;
    case PAGE_HOLE_rings:
    case PAGE_HOLE_folds:
    case PAGE_HOLE_blocks:
    case PAGE_HOLE_COUNT:
        break;
    }
}

bool page_index_write(struct page *page)
{
    struct whole_file file;
    char path[PATH_MAX];
    struct index_job job = {.page = page};

    snprintf(path, sizeof path, "%s/index.html", page->dir);
    if (!whole_file_open(&file, path))
        return false;
    job.out = file.stream;
    page_fill(file.stream, page_file_index_html, fill_index, &job);
    return whole_file_close(&file, true);
}
