/*
 * SARIF 2.1.0: the rules as reporting descriptors, each finding as a result at the driver's line.
 *
 * The same mistake comes in many scenarios: it is one result then, that counts and names them.
 * What a scenario expects of its driver is suppressed. Expectations that are no rule (a call came
 * to TIMEOUT, the picture differs) are notifications of the invocation, as are scenarios that could
 * not be run.
 *
 * Names of files are relative to the root of the checkout that this folder is in, or to this
 * folder.
 */
#include "output_state.h"

#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "explain.h"
#include "output_spec.h"
#include "resources.h"
#include "rule.h"

#define SCHEMA        "https://json.schemastore.org/sarif-2.1.0.json"
#define ROOT_ID       "%SRCROOT%"
#define FOLDERS_MAX   64u
#define URI_BYTES     (3u * PATH_MAX + 16u)
#define NAME_BYTES    96u
#define EVENTS_MAX    (OUTPUT_TRAIL_EVENTS + 2u)
#define SCENARIOS_MAX 50u /* that a result names */

/* ---- names of files ---- */

struct roots {
    char here[PATH_MAX]; /* the folder that ringside runs in; "" = unknown */
    char root[PATH_MAX]; /* it, or the folder above it that has a checkout */
};

static void find_roots(struct roots *roots)
{
    char path[PATH_MAX + 8];

    if (getcwd(roots->here, sizeof roots->here) == NULL)
        roots->here[0] = '\0';
    snprintf(roots->root, sizeof roots->root, "%s", roots->here);
    for (unsigned i = 0; i < FOLDERS_MAX && roots->root[0] != '\0'; i++) {
        char *slash = strrchr(roots->root, '/');
        snprintf(path, sizeof path, "%s/.git", roots->root);
        if (access(path, F_OK) == 0)
            return;
        *slash = '\0';
    }
    snprintf(roots->root, sizeof roots->root, "%s", roots->here);
}

/* Appends a path as a URI has it. */
static void put_uri(char out[URI_BYTES], const char *path)
{
    static const char plain[] = "-._~/!$&'()*+,;=@";
    size_t used = strlen(out);

    for (; *path != '\0' && used + 4 < URI_BYTES; path++) {
        if (isalnum((unsigned char)*path) || strchr(plain, *path) != NULL)
            out[used++] = *path;
        else
            used += (size_t)snprintf(out + used, 4, "%%%02X", (unsigned char)*path);
    }
    out[used] = '\0';
}

static json_t *artifact(const struct roots *roots, const char *file)
{
    json_t *object = json_object();
    char path[PATH_MAX * 2], uri[URI_BYTES] = "";
    size_t bytes = strlen(roots->root);

    while (strncmp(file, "./", 2) == 0)
        file += 2;
    if (file[0] == '/')
        snprintf(path, sizeof path, "%s", file);
    else if (access(file, F_OK) == 0 || roots->here[0] == '\0')
        snprintf(path, sizeof path, "%s/%s", roots->here, file);
    else
        snprintf(path, sizeof path, "%s/%s", resource_folder(RESOURCE_sources), file);
    if (file[0] != '/' && access(path, F_OK) != 0) { /* of another machine, perhaps */
        put_uri(uri, file);
        output_put_text(object, "uri", uri);
        output_put_text(object, "uriBaseId", ROOT_ID);
    } else if (bytes > 0 && strncmp(path, roots->root, bytes) == 0 && path[bytes] == '/') {
        put_uri(uri, path + bytes + 1);
        output_put_text(object, "uri", uri);
        output_put_text(object, "uriBaseId", ROOT_ID);
    } else {
        snprintf(uri, sizeof uri, "file://");
        put_uri(uri, path);
        output_put_text(object, "uri", uri);
    }
    return object;
}

static json_t *base_ids(const struct roots *roots)
{
    json_t *object = json_object(), *root = json_object();
    char uri[URI_BYTES] = "file://";

    put_uri(uri, roots->root);
    put_uri(uri, "/");
    output_put_text(root, "uri", uri);
    output_put(object, ROOT_ID, root);
    return object;
}

/* ---- messages and places ---- */

static json_t *message(const char *text)
{
    json_t *object = json_object();
    char sentence[OUTPUT_TEXT_BYTES * 4];
    size_t bytes = strlen(text);
    bool ends = bytes > 0 && (text[bytes - 1] == '.' || text[bytes - 1] == '\n');

    snprintf(sentence, sizeof sentence, "%s%s", text, ends ? "" : ".");
    output_put_text(object, "text", sentence);
    return object;
}

static json_t *physical(const struct roots *roots, const char *file, uint64_t line,
                        const char *source)
{
    json_t *object = json_object(), *region = json_object(), *snippet;

    output_put(object, "artifactLocation", artifact(roots, file));
    output_put_number(region, "startLine", line > 0 ? line : 1);
    if (source[0] != '\0') {
        snippet = json_object();
        output_put_text(snippet, "text", source);
        output_put(region, "snippet", snippet);
    }
    output_put(object, "region", region);
    return object;
}

/* An event of a run, where the driver made it; `text` NULL = without words. */
static json_t *location(const struct roots *roots, const json_t *event, const char *text)
{
    json_t *object = json_object(), *function;

    if (output_word(event, "file")[0] != '\0')
        output_put(object, "physicalLocation",
                   physical(roots, output_word(event, "file"), output_number(event, "line"),
                            output_word(event, "source")));
    if (output_word(event, "function")[0] != '\0') {
        function = json_object();
        output_put_text(function, "name", output_word(event, "function"));
        output_put_text(function, "kind", "function");
        output_put(object, "logicalLocations", json_pack("[o]", function));
    }
    if (text != NULL)
        output_put(object, "message", message(text));
    return object;
}

/* ---- rules ---- */

/* Words as one name in Pascal case; the id where a rule has no title. */
static void put_name(const struct rule *rule, char out[NAME_BYTES])
{
    const char *words = rule->title != NULL && rule->title[0] != '\0' ? rule->title : rule->id;
    bool begins = true, shouts = words == rule->id;
    size_t used = 0;

    if (strncmp(words, "RS-", 3) == 0)
        words += 3;
    for (; *words != '\0' && used + 1 < NAME_BYTES; words++) {
        if (isalnum((unsigned char)*words)) {
            out[used++] = (char)(begins   ? toupper((unsigned char)*words)
                                 : shouts ? tolower((unsigned char)*words)
                                          : *words);
            begins = false;
        } else {
            begins = true;
        }
    }
    out[used] = '\0';
}

static const char *article(const struct rule *rule, char *out, size_t out_bytes)
{
    if (rule->section[0] == '\0')
        snprintf(out, out_bytes, "A rule of ringside's own, about the machine.");
    else
        snprintf(out, out_bytes, "VIRTIO 1.3, %s%s%s: binds the %s (%s)%s.", rule->section,
                 rule->title[0] != '\0' ? ", " : "", rule->title, event_party_word(rule->party),
                 rule_force_word(rule->force),
                 rule->versions == RULE_V1   ? ", with a version-1 device"
                 : rule->versions == RULE_V2 ? ", with a version-2 device"
                                             : "");
    return out;
}

static json_t *help_object(const struct rule *rule)
{
    json_t *object = json_object();
    const char *why = explain_why(rule->id);
    bool has_help = rule->help != NULL && rule->help[0] != '\0';
    char of[OUTPUT_TEXT_BYTES], text[OUTPUT_TEXT_BYTES * 4];

    article(rule, of, sizeof of);
    snprintf(text, sizeof text, "%s %s%s%s%s%s%s%s Run `ringside explain %s` for examples.",
             rule->text, of, why != NULL ? " Why: " : "", why != NULL ? why : "",
             has_help ? " Help: " : "", has_help ? rule->help : "",
             has_help && rule->help[strlen(rule->help) - 1] != '.' ? "." : "",
             rule->assumes != NULL ? " The rule takes something for granted." : "", rule->id);
    output_put_text(object, "text", text);
    snprintf(text, sizeof text,
             "%s\n\n%s%s%s%s%s%s%s\n\nRun `ringside explain %s` for a wrong and a right sequence "
             "of accesses.",
             rule->text, of, why != NULL ? "\n\n**Why:** " : "", why != NULL ? why : "",
             has_help ? "\n\n**Help:** " : "", has_help ? rule->help : "",
             rule->assumes != NULL ? "\n\n**Takes for granted:** " : "",
             rule->assumes != NULL ? rule->assumes : "", rule->id);
    output_put_text(object, "markdown", text);
    return object;
}

static json_t *descriptor(const struct rule *rule)
{
    json_t *object = json_object(), *full = json_object(), *properties = json_object();
    json_t *level = json_object(), *tags = json_array();
    const char *why = explain_why(rule->id);
    char name[NAME_BYTES], text[OUTPUT_TEXT_BYTES * 2];

    put_name(rule, name);
    output_put_text(object, "id", rule->id);
    output_put_text(object, "name", name);
    output_put(object, "shortDescription", message(rule->text));
    snprintf(text, sizeof text, "%s%s%s", rule->text, why != NULL ? " " : "",
             why != NULL ? why : "");
    output_put_text(full, "text", text);
    output_put(object, "fullDescription", full);
    output_put(object, "help", help_object(rule));
    output_spec_uri(rule->section, text, sizeof text);
    output_put_text(object, "helpUri", text);
    output_put_text(level, "level", explain_level(rule->level));
    output_put(object, "defaultConfiguration", level);
    output_append(tags, json_string("virtio"));
    output_append(tags, json_string(event_party_word(rule->party)));
    output_put(properties, "tags", tags);
    output_put_text(properties, "force", rule_force_word(rule->force));
    if (rule->section[0] != '\0')
        output_put_text(properties, "section", rule->section);
    output_put(object, "properties", properties);
    return object;
}

static json_t *tool_object(const json_t *document)
{
    json_t *tool = json_object(), *driver = json_object(), *rules = json_array();
    const char *version = output_word(json_object_get(document, "tool"), "version");
    size_t count = 0;
    const struct rule *table = rule_table(&count);

    output_put_text(driver, "name", "ringside");
    output_put_text(driver, "version", version);
    output_put_text(driver, "semanticVersion", version);
    for (size_t i = 0; i < count; i++)
        output_append(rules, descriptor(&table[i]));
    output_put(driver, "rules", rules);
    output_put(tool, "driver", driver);
    return tool;
}

/* ---- the way to a finding ---- */

static void add_event(const json_t *event, const json_t *events[EVENTS_MAX], size_t *count)
{
    size_t at = *count;

    if (event == NULL || *count == EVENTS_MAX)
        return;
    for (size_t i = 0; i < *count; i++) {
        if (output_number(events[i], "step") == output_number(event, "step"))
            return;
    }
    for (; at > 0 && output_number(events[at - 1], "step") > output_number(event, "step"); at--)
        events[at] = events[at - 1];
    events[at] = event;
    (*count)++;
}

/* The driver's accesses that led to it, oldest first. */
static json_t *code_flow(const struct roots *roots, const json_t *finding)
{
    const json_t *at = json_object_get(finding, "at"), *events[EVENTS_MAX];
    json_t *steps = json_array(), *event;
    size_t count = 0, i;

    add_event(at, events, &count);
    add_event(json_object_get(finding, "cause"), events, &count);
    json_array_foreach(json_object_get(finding, "trail"), i, event)
        add_event(event, events, &count);
    for (i = 0; i < count; i++) {
        json_t *step = json_object();
        output_put(step, "location", location(roots, events[i], output_word(events[i], "event")));
        output_put_number(step, "executionOrder", output_number(events[i], "step"));
        output_put_text(step, "importance", events[i] == at ? "essential" : "important");
        output_append(steps, step);
    }
    return json_pack("[{s:[{s:o}]}]", "threadFlows", "locations", steps);
}

/* ---- results ---- */

static json_t *related(const struct roots *roots, const json_t *finding)
{
    const json_t *cause = json_object_get(finding, "cause");
    json_t *array = json_array(), *event, *object;
    size_t i;

    if (cause != NULL && output_word(cause, "file")[0] != '\0') {
        const char *label = output_word(cause, "label");
        object = location(roots, cause, label[0] != '\0' ? label : "led to it");
        output_put_number(object, "id", 1);
        output_append(array, object);
    }
    json_array_foreach(json_object_get(finding, "also"), i, event)
    {
        if (output_word(event, "file")[0] == '\0')
            continue;
        object = location(roots, event, "here as well");
        output_put_number(object, "id", json_array_size(array) + 1);
        output_append(array, object);
    }
    return array;
}

/* Where it is: in the driver; else in the scenario, as every result must be somewhere. */
static json_t *place_of(const struct roots *roots, const json_t *result, const json_t *finding)
{
    const json_t *at = json_object_get(finding, "at");
    json_t *object;

    if (at != NULL && output_word(at, "file")[0] != '\0')
        return location(roots, at, NULL);
    object = json_object();
    output_put(object, "physicalLocation", physical(roots, output_word(result, "path"), 1, ""));
    return object;
}

static json_t *result_object(const struct roots *roots, const json_t *result, const json_t *finding)
{
    json_t *object = json_object(), *prints = json_object(), *properties = json_object();
    const struct rule *rule = rule_by_id(output_word(finding, "rule"));
    json_t *others = related(roots, finding);

    output_put_text(object, "ruleId", output_word(finding, "rule"));
    if (rule != NULL)
        output_put_number(object, "ruleIndex", rule_index(rule));
    output_put_text(object, "level", output_word(finding, "level"));
    output_put(object, "message", message(output_word(finding, "text")));
    output_put(object, "locations", json_pack("[o]", place_of(roots, result, finding)));
    if (json_array_size(others) > 0)
        output_put(object, "relatedLocations", others);
    else
        json_decref(others);
    if (json_object_get(finding, "at") != NULL)
        output_put(object, "codeFlows", code_flow(roots, finding));
    output_put_text(prints, "ringsideFinding/v1", output_word(finding, "fingerprint"));
    output_put(object, "partialFingerprints", prints);
    output_put_number(object, "occurrenceCount", 0);
    output_put(properties, "scenarios", json_array());
    if (output_word(finding, "help")[0] != '\0')
        output_put_text(properties, "help", output_word(finding, "help"));
    if (output_word(finding, "again")[0] != '\0')
        output_put_text(properties, "again", output_word(finding, "again"));
    output_put(object, "properties", properties);
    return object;
}

/* One more scenario that the mistake came in. */
static void count_result(json_t *object, const json_t *result, const json_t *finding)
{
    json_t *properties = json_object_get(object, "properties");
    json_t *scenarios = json_object_get(properties, "scenarios");
    uint64_t times = output_number(finding, "times");

    output_put_number(object, "occurrenceCount",
                      output_number(object, "occurrenceCount") + (times > 0 ? times : 1));
    if (json_array_size(scenarios) < SCENARIOS_MAX)
        output_append(scenarios, output_text(output_word(result, "path")));
    if (!output_flag(finding, "expected"))
        output_put_bool(properties, "unexpected", true);
}

static void suppress(json_t *object)
{
    json_t *properties = json_object_get(object, "properties");

    if (!output_flag(properties, "unexpected"))
        output_put(object, "suppressions",
                   json_pack("[{s:s, s:s}]", "kind", "external", "justification",
                             "The scenario expects this of its driver."));
    json_object_del(properties, "unexpected");
}

static json_t *results_array(const struct roots *roots, const json_t *results)
{
    json_t *array = json_array(), *known = json_object(), *result, *finding;
    char key[OUTPUT_TEXT_BYTES];
    size_t i, j;

    json_array_foreach(results, i, result)
    {
        json_array_foreach(json_object_get(result, "findings"), j, finding)
        {
            const json_t *at = json_object_get(finding, "at");
            snprintf(key, sizeof key, "%s %s %s:%" PRIu64, output_word(finding, "fingerprint"),
                     output_word(finding, "level"), output_word(at, "file"),
                     output_number(at, "line"));
            json_t *object = json_object_get(known, key);
            if (object == NULL) {
                object = result_object(roots, result, finding);
                output_put(known, key, json_incref(object));
                output_append(array, object);
            }
            count_result(object, result, finding);
        }
    }
    json_array_foreach(array, i, result) suppress(result);
    json_decref(known);
    return array;
}

/* ---- the invocation ---- */

static json_t *notification(const struct roots *roots, const json_t *result, const char *text,
                            uint64_t line)
{
    json_t *object = json_object(), *place = json_object();
    char words[OUTPUT_TEXT_BYTES];

    snprintf(words, sizeof words, "%s: %s", output_word(result, "scenario"), text);
    output_put_text(object, "level", "error");
    output_put(object, "message", message(words));
    output_put(place, "physicalLocation", physical(roots, output_word(result, "path"), line, ""));
    output_put(object, "locations", json_pack("[o]", place));
    return object;
}

static json_t *invocation(const struct roots *roots, const json_t *document)
{
    json_t *object = json_object(), *notes = json_array(), *result, *failure;
    const json_t *summary = json_object_get(document, "summary");
    size_t i, j;

    json_array_foreach(json_object_get(document, "results"), i, result)
    {
        json_array_foreach(json_object_get(result, "failures"), j, failure)
            output_append(notes, notification(roots, result, output_word(failure, "text"),
                                              output_number(failure, "line")));
        if (strcmp(output_word(result, "state"), page_state_word(PAGE_BROKEN)) == 0)
            output_append(notes, notification(roots, result, output_word(result, "reason"), 1));
    }
    output_put_bool(object, "executionSuccessful",
                    !output_flag(document, "interrupted") &&
                        output_number(summary, page_state_word(PAGE_BROKEN)) == 0);
    output_put(object, "toolExecutionNotifications", notes);
    return object;
}

bool output_write_sarif(const json_t *document, FILE *out)
{
    struct roots *roots = calloc(1, sizeof *roots);
    json_t *log = json_object();
    char id[64];
    bool good = roots != NULL;

    if (good) {
        json_t *run = json_object(), *details = json_object();
        find_roots(roots);
        snprintf(id, sizeof id, "ringside/%s/", output_word(document, "command"));
        output_put_text(log, "$schema", SCHEMA);
        output_put_text(log, "version", "2.1.0");
        output_put(run, "tool", tool_object(document));
        output_put_text(details, "id", id);
        output_put(run, "automationDetails", details);
        if (roots->root[0] != '\0')
            output_put(run, "originalUriBaseIds", base_ids(roots));
        output_put(run, "invocations", json_pack("[o]", invocation(roots, document)));
        output_put(run, "results", results_array(roots, json_object_get(document, "results")));
        output_put(log, "runs", json_pack("[o]", run));
        good = !output_lacks_memory() && json_dumpf(log, out, JSON_INDENT(1)) == 0 &&
               fputc('\n', out) != EOF;
    }
    json_decref(log);
    free(roots);
    return good;
}
