/*
 * JUnit XML: a suite a folder of scenarios, a case a run.
 *
 * A run that is not as expected is a failure, one that could not be run an error; both hold the
 * report as people read it. There is no standard; what is written is what Jenkins, GitLab and
 * GitHub's actions read, and tests/data/junit.xsd holds it down.
 */
#include "output_state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "page_json.h"

/* A quoted attribute; ends of lines are written so that a reader keeps them. */
static void put_attribute(FILE *out, const char *name, const char *value)
{
    fprintf(out, " %s=\"", name);
    while (*value != '\0') {
        size_t bytes = strcspn(value, "\n\t");
        char *piece = strndup(value, bytes);
        if (piece != NULL)
            page_html_text(out, piece);
        free(piece);
        value += bytes;
        if (*value != '\0')
            fprintf(out, "&#%d;", *value++);
    }
    fputc('"', out);
}

static void put_property(FILE *out, const char *name, const char *value)
{
    if (value[0] == '\0')
        return;
    fputs("      <property", out);
    put_attribute(out, "name", name);
    put_attribute(out, "value", value);
    fputs("/>\n", out);
}

/* ---- suites ---- */

/* The folder of a run's scenario, with dots; "scenarios" where it has none. */
static char *suite_of(const json_t *result)
{
    char *name = output_run_name(result);
    char *slash = name != NULL ? strrchr(name, '/') : NULL;
    size_t skip = 0;

    if (name == NULL || slash == NULL || slash == name) {
        free(name);
        return strdup("scenarios");
    }
    *slash = '\0';
    skip = strspn(name, "/.");
    memmove(name, name + skip, strlen(name + skip) + 1);
    for (char *at = name; *at != '\0'; at++)
        *at = *at == '/' ? '.' : *at;
    if (name[0] == '\0') {
        free(name);
        return strdup("scenarios");
    }
    return name;
}

struct suite {
    const char *name;
    size_t tests, failures, errors, skipped;
    double seconds;
    bool timed;
};

static bool is_state(const json_t *result, enum page_state state)
{
    return strcmp(output_word(result, "state"), page_state_word(state)) == 0;
}

static void count(struct suite *suite, const json_t *result)
{
    const json_t *seconds = json_object_get(result, "seconds");

    suite->tests++;
    suite->failures += is_state(result, PAGE_FAILED);
    suite->errors += is_state(result, PAGE_BROKEN) || is_state(result, PAGE_STOPPED);
    suite->skipped += is_state(result, PAGE_SKIPPED);
    suite->timed |= seconds != NULL;
    suite->seconds += json_number_value(seconds);
}

static void put_counts(FILE *out, const struct suite *suite)
{
    put_attribute(out, "name", suite->name);
    fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\"", suite->tests,
            suite->failures, suite->errors, suite->skipped);
    if (suite->timed)
        fprintf(out, " time=\"%.6f\"", suite->seconds);
}

/* ---- cases ---- */

static void put_verdict(FILE *out, const json_t *result)
{
    const json_t *finding = json_array_get(json_object_get(result, "findings"), 0);
    bool failed = is_state(result, PAGE_FAILED);
    const char *type = failed ? output_word(finding, "rule") : output_word(result, "state");
    const char *report = output_word(result, "report");

    fprintf(out, "      <%s", failed ? "failure" : "error");
    put_attribute(out, "message", output_reason(result));
    put_attribute(out, "type", type[0] != '\0' ? type : "expectation");
    fputc('>', out);
    page_html_text(out, report[0] != '\0' ? report : output_reason(result));
    fprintf(out, "</%s>\n", failed ? "failure" : "error");
}

/* What a driver lacks, and findings that were expected: nothing of most runs. */
static void put_system_out(FILE *out, const json_t *result)
{
    const json_t *skips = json_object_get(result, "skips");
    const json_t *findings = json_object_get(result, "findings");
    size_t i;
    json_t *item;

    if (!is_state(result, PAGE_OK) || json_array_size(skips) + json_array_size(findings) == 0)
        return;
    fputs("      <system-out>", out);
    json_array_foreach(skips, i, item)
    {
        page_html_text(out, output_word(item, "text"));
        fputc('\n', out);
    }
    json_array_foreach(findings, i, item)
    {
        fprintf(out, "%s[%s]%s: ", output_word(item, "level"), output_word(item, "rule"),
                output_flag(item, "expected") ? " (as expected)" : "");
        page_html_text(out, output_word(item, "text"));
        fputc('\n', out);
    }
    fputs("</system-out>\n", out);
}

static void put_case(FILE *out, const struct suite *suite, const json_t *result)
{
    const json_t *seconds = json_object_get(result, "seconds");

    fputs("    <testcase", out);
    put_attribute(out, "name", output_word(result, "scenario"));
    put_attribute(out, "classname", suite->name);
    put_attribute(out, "file", output_word(result, "path"));
    if (seconds != NULL)
        fprintf(out, " time=\"%.6f\"", json_number_value(seconds));
    fputs(">\n", out);
    if (is_state(result, PAGE_SKIPPED)) {
        fputs("      <skipped", out);
        put_attribute(out, "message", output_reason(result));
        fputs("/>\n", out);
    } else if (!is_state(result, PAGE_OK)) {
        put_verdict(out, result);
    }
    put_system_out(out, result);
    fputs("    </testcase>\n", out);
}

/* The suite of the result at `first`, and of all that share its folder; marks them as done. */
static void put_suite(FILE *out, const json_t *document, char **names, bool *done, size_t first)
{
    const json_t *results = json_object_get(document, "results");
    struct suite suite = {.name = names[first]};
    const json_t *drive = json_array_get(results, first);

    for (size_t i = first; i < json_array_size(results); i++) {
        if (strcmp(names[i], suite.name) == 0)
            count(&suite, json_array_get(results, i));
    }
    fputs("  <testsuite", out);
    put_counts(out, &suite);
    fputs(">\n    <properties>\n", out);
    put_property(out, "ringside", output_word(json_object_get(document, "tool"), "version"));
    put_property(out, "driver", output_word(drive, "driver"));
    fputs("    </properties>\n", out);
    for (size_t i = first; i < json_array_size(results); i++) {
        if (strcmp(names[i], suite.name) != 0)
            continue;
        put_case(out, &suite, json_array_get(results, i));
        done[i] = true;
    }
    fputs("  </testsuite>\n", out);
}

bool output_write_junit(const json_t *document, FILE *out)
{
    const json_t *results = json_object_get(document, "results");
    size_t number = json_array_size(results);
    struct suite all = {.name = "ringside"};
    char **names = calloc(number + 1, sizeof *names);
    bool *done = calloc(number + 1, sizeof *done);
    bool good = names != NULL && done != NULL;

    for (size_t i = 0; i < number && good; i++) {
        names[i] = suite_of(json_array_get(results, i));
        good = names[i] != NULL;
        count(&all, json_array_get(results, i));
    }
    if (good) {
        fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites", out);
        put_counts(out, &all);
        fputs(">\n", out);
        for (size_t i = 0; i < number; i++) {
            if (!done[i])
                put_suite(out, document, names, done, i);
        }
        fputs("</testsuites>\n", out);
    }
    for (size_t i = 0; names != NULL && i < number; i++)
        free(names[i]);
    free(names);
    free(done);
    return good;
}
