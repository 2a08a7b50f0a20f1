/*
 * TAP 14: a test point a run; what it came to is a block of YAML below it.
 *
 * Texts in the block are strings of JSON, which are strings of YAML as well.
 */
#include "output_state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A name or a reason on a line of TAP: no `#` that would begin a directive, no line's end. */
static void put_words(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '#' || *text == '\\')
            fputc('\\', out);
        fputc(*text == '\n' || *text == '\r' ? ' ' : *text, out);
    }
}

static bool put_string(FILE *out, const char *indent, const char *key, const char *text)
{
    json_t *string = json_string(text);
    char *quoted = string != NULL ? json_dumps(string, JSON_ENCODE_ANY) : NULL;

    if (quoted != NULL)
        fprintf(out, "%s%s: %s\n", indent, key, quoted);
    json_decref(string);
    free(quoted);
    return quoted != NULL;
}

static bool put_place(FILE *out, const char *indent, const json_t *place)
{
    bool good = true;

    if (output_word(place, "file")[0] != '\0') {
        good = put_string(out, indent, "file", output_word(place, "file"));
        fprintf(out, "%sline: %" PRIu64 "\n", indent, output_number(place, "line"));
    }
    fprintf(out, "%sstep: %" PRIu64 "\n", indent, output_number(place, "step"));
    return good && put_string(out, indent, "event", output_word(place, "event"));
}

static bool put_finding(FILE *out, const json_t *finding)
{
    static const char indent[] = "      ";
    const json_t *at = json_object_get(finding, "at");
    bool good;

    fprintf(out, "    - rule: %s\n", output_word(finding, "rule"));
    fprintf(out, "%slevel: %s\n", indent, output_word(finding, "level"));
    good = put_string(out, indent, "message", output_word(finding, "text"));
    if (output_flag(finding, "expected"))
        fprintf(out, "%sexpected: true\n", indent);
    if (at != NULL)
        good = put_place(out, indent, at) && good;
    if (output_word(finding, "help")[0] != '\0')
        good = put_string(out, indent, "help", output_word(finding, "help")) && good;
    if (output_word(finding, "again")[0] != '\0')
        good = put_string(out, indent, "again", output_word(finding, "again")) && good;
    return good;
}

static bool put_lines(FILE *out, const char *key, const json_t *lines)
{
    bool good = true;
    size_t i;
    json_t *line;

    if (json_array_size(lines) > 0)
        fprintf(out, "  %s:\n", key);
    json_array_foreach(lines, i, line)
    {
        fprintf(out, "    - line: %" PRIu64 "\n", output_number(line, "line"));
        good = put_string(out, "      ", "message", output_word(line, "text")) && good;
    }
    return good;
}

/* What is worth telling of a run; nothing of one that is simply ok. */
static bool put_block(FILE *out, const json_t *result, bool ok)
{
    const json_t *findings = json_object_get(result, "findings");
    const json_t *stuck = json_object_get(result, "stuck");
    const json_t *skips = json_object_get(result, "skips");
    bool good = true;
    size_t i;
    json_t *item;

    if (ok && json_array_size(findings) == 0 && json_array_size(skips) == 0)
        return true;
    fputs("  ---\n", out);
    if (!ok)
        good = put_string(out, "  ", "message", output_reason(result));
    fprintf(out, "  severity: %s\n", ok ? "comment" : "fail");
    good = put_string(out, "  ", "scenario", output_word(result, "path")) && good;
    if (output_word(result, "driver")[0] != '\0')
        good = put_string(out, "  ", "driver", output_word(result, "driver")) && good;
    good = put_lines(out, "failures", json_object_get(result, "failures")) && good;
    good = put_lines(out, "skips", skips) && good;
    if (json_array_size(stuck) > 0)
        fputs("  stuck:\n", out);
    json_array_foreach(stuck, i, item)
    {
        fprintf(out, "    - operation: %s\n      missed: %s\n", output_word(item, "operation"),
                output_word(item, "missed"));
        good = put_string(out, "      ", "message", output_word(item, "label")) && good;
    }
    if (json_array_size(findings) > 0)
        fputs("  findings:\n", out);
    json_array_foreach(findings, i, item) good = put_finding(out, item) && good;
    fputs("  ...\n", out);
    return good;
}

static bool put_point(FILE *out, size_t number, const json_t *result)
{
    const char *state = output_word(result, "state");
    bool skipped = strcmp(state, page_state_word(PAGE_SKIPPED)) == 0;
    bool ok = skipped || strcmp(state, page_state_word(PAGE_OK)) == 0;
    char *name = output_run_name(result);

    if (name == NULL)
        return false;
    fprintf(out, "%s %zu - ", ok ? "ok" : "not ok", number);
    put_words(out, name);
    free(name);
    if (skipped) {
        fputs(" # SKIP ", out);
        put_words(out, output_reason(result));
    }
    fputc('\n', out);
    return put_block(out, result, ok);
}

bool output_write_tap(const json_t *document, FILE *out)
{
    const json_t *results = json_object_get(document, "results");
    bool good = true;
    size_t i;
    json_t *result;

    fprintf(out, "TAP version 14\n1..%" PRIu64 "\n",
            output_number(json_object_get(document, "summary"), "scenarios"));
    json_array_foreach(results, i, result) good = put_point(out, i + 1, result) && good;
    if (output_flag(document, "interrupted"))
        fputs("Bail out! interrupted\n", out);
    return good;
}
