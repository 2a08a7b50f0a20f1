/*
 * All runs as one document, and what the formats ask of it.
 */
#include "output_state.h"

#include <stdlib.h>
#include <string.h>

#include "explain.h"
#include "rule.h"

/* ---- the rules that were found ---- */

static json_t *rule_object(const struct rule *rule)
{
    json_t *object = json_object();

    output_put_text(object, "id", rule->id);
    output_put_text(object, "level", explain_level(rule->level));
    output_put_text(object, "party", event_party_word(rule->party));
    output_put_text(object, "force", rule_force_word(rule->force));
    if (rule->section[0] != '\0')
        output_put_text(object, "section", rule->section);
    if (rule->title != NULL && rule->title[0] != '\0')
        output_put_text(object, "title", rule->title);
    output_put_text(object, "text", rule->text);
    if (rule->help != NULL && rule->help[0] != '\0')
        output_put_text(object, "help", rule->help);
    if (explain_why(rule->id) != NULL)
        output_put_text(object, "why", explain_why(rule->id));
    return object;
}

static json_t *rules_array(const json_t *results)
{
    json_t *array = json_array();
    bool found[RULES_MAX] = {false};
    size_t count = 0, i, j;
    const struct rule *rules = rule_table(&count);
    json_t *result, *finding;

    json_array_foreach(results, i, result)
    {
        json_array_foreach(json_object_get(result, "findings"), j, finding)
        {
            const struct rule *rule = rule_by_id(output_word(finding, "rule"));
            if (rule != NULL)
                found[rule_index(rule)] = true;
        }
    }
    for (size_t row = 0; row < count; row++) {
        if (found[row])
            output_append(array, rule_object(&rules[row]));
    }
    return array;
}

/* ---- the summary ---- */

static json_t *summary_object(const json_t *results, size_t planned)
{
    json_t *object = json_object(), *result;
    size_t states[PAGE_STATE_COUNT] = {0}, count = json_array_size(results), i;
    uint64_t findings = 0, steps = 0;

    json_array_foreach(results, i, result)
    {
        for (unsigned state = 0; state < PAGE_STATE_COUNT; state++)
            states[state] +=
                strcmp(output_word(result, "state"), page_state_word((enum page_state)state)) == 0;
        findings += json_array_size(json_object_get(result, "findings")) +
                    output_number(result, "findings_dropped");
        steps += output_number(result, "steps");
    }
    output_put_number(object, "scenarios", planned > count ? planned : count);
    for (unsigned state = PAGE_STATE_COUNT; state-- > 0;)
        output_put_number(object, page_state_word((enum page_state)state), states[state]);
    output_put_number(object, "not_run", planned > count ? planned - count : 0);
    output_put_number(object, "findings", findings);
    output_put_number(object, "steps", steps);
    return object;
}

json_t *output_document(const char *command, json_t *results, size_t planned, bool interrupted)
{
    json_t *object = json_object(), *tool = json_object();

    output_put_text(object, "format", OUTPUT_FORMAT_WORD);
    output_put_number(object, "version", OUTPUT_VERSION);
    output_put_text(tool, "name", "ringside");
    output_put_text(tool, "version", RINGSIDE_VERSION);
    output_put(object, "tool", tool);
    output_put_text(object, "command", command);
    output_put_bool(object, "interrupted", interrupted);
    output_put(object, "summary", summary_object(results, planned));
    output_put(object, "rules", rules_array(results));
    output_put(object, "results", results);
    return object;
}

/* ---- what is said of a run ---- */

char *output_run_name(const json_t *result)
{
    char *name = strdup(output_word(result, "path"));
    size_t bytes = name != NULL ? strlen(name) : 0;

    if (bytes > 4 && strcmp(name + bytes - 4, ".scn") == 0)
        name[bytes - 4] = '\0';
    if (name != NULL && strncmp(name, "./", 2) == 0)
        memmove(name, name + 2, strlen(name + 2) + 1);
    return name;
}

const char *output_reason(const json_t *result)
{
    const json_t *failure = json_array_get(json_object_get(result, "failures"), 0);
    const char *reason = output_word(result, "reason");

    return failure != NULL ? output_word(failure, "text") : reason;
}

bool output_write_json(const json_t *document, FILE *out)
{
    return json_dumpf(document, out, JSON_INDENT(1)) == 0 && fputc('\n', out) != EOF;
}
