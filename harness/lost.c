/*
 * Saves what a lost worker knew of its run.
 *
 * The outcome lay in memory that the worker shared. Its pointers are the worker's: they are
 * replaced or cleared; its places are addresses in the worker's copy of the driver: they are moved
 * to the new copy.
 */
#include "lost.h"

#include <string.h>

#include "driver.h"
#include "judge.h"
#include "rule.h"

static void move_event(struct event *event, const struct driver *driver)
{
    event->bytes = NULL;
    event->pc = isolate_moved(driver, event->pc);
}

static void save_calls(struct world_outcome *outcome, const struct scenario *scenario,
                       const struct driver *driver)
{
    size_t made = 0;

    for (size_t i = 0; i < scenario->action_count && made < outcome->call_count; i++) {
        struct world_call *call = &outcome->call[made];
        if (scenario->action[i].kind != SCENARIO_CALL)
            continue;
        call->action = &scenario->action[i];
        for (unsigned rung = 0; rung < LADDER_RUNG_COUNT; rung++)
            move_event(&call->ladder.step[rung].event, driver);
        made++;
    }
    outcome->call_count = made;
}

static bool is_rule(const struct rule *rule)
{
    size_t count;
    const struct rule *rules = rule_table(&count);

    for (size_t i = 0; i < count; i++) {
        if (rule == &rules[i])
            return true;
    }
    return false;
}

static void save_findings(struct findings *findings, const struct driver *driver)
{
    uint32_t kept = 0;
    uint32_t count = findings->count < FINDINGS_MAX ? findings->count : FINDINGS_MAX;

    for (uint32_t i = 0; i < count; i++) {
        struct finding *finding = &findings->item[i];
        if (!is_rule(finding->rule))
            continue;
        finding->text[sizeof finding->text - 1] = '\0';
        finding->help[sizeof finding->help - 1] = '\0';
        finding->at.label[sizeof finding->at.label - 1] = '\0';
        finding->cause.label[sizeof finding->cause.label - 1] = '\0';
        if (finding->also_count > FINDING_ALSO_MAX)
            finding->also_count = 0;
        move_event(&finding->at.event, driver);
        move_event(&finding->cause.event, driver);
        for (uint32_t j = 0; j < finding->also_count; j++)
            move_event(&finding->also[j], driver);
        if (kept != i)
            findings->item[kept] = *finding;
        kept++;
    }
    findings->count = kept;
}

static void add_finding(struct world_outcome *outcome, const struct driver *driver,
                        const struct isolate_death *death)
{
    struct findings *findings = &outcome->findings;
    struct finding *finding;

    if (findings->count == FINDINGS_MAX)
        findings->count--; /* this one matters more than the last of so many */
    finding = &findings->item[findings->count++];
    memset(finding, 0, sizeof *finding);
    finding->rule = rule_by_id("RS-PROCESS");
    finding->level = FINDING_ERROR;
    finding->times = 1;
    finding->queue = UINT32_MAX;
    finding->at.event = (struct event){.step = outcome->steps != 0 ? outcome->steps : 1,
                                       .party = EVENT_PARTY_WORLD,
                                       .kind = EVENT_CRASH,
                                       .value = WORLD_CRASH_KILLED,
                                       .pc = isolate_moved(driver, isolate_notes->place)};
    snprintf(finding->at.label, sizeof finding->at.label,
             "here it was heard of last; what did it comes after this");
    snprintf(finding->help, sizeof finding->help,
             "it wrote, jumped or called where the probe cannot see; `--isolate never` runs it in "
             "ringside's own process, as for a debugger");
    snprintf(finding->text, sizeof finding->text, "driver %s", death->text);
}

void lost_outcome(struct world_outcome *outcome, const struct scenario *scenario,
                  const struct isolate_death *death)
{
    struct driver *driver = NULL;
    const char *error;

    isolate_notes->driver_path[ISOLATE_PATH_BYTES - 1] = '\0';
    if (death->load && isolate_notes->driver_path[0] != '\0')
        driver = driver_load(isolate_notes->driver_path, &error);
    outcome->scenario = scenario;
    outcome->names = NULL;
    outcome->unloaded = false;
    memset(&outcome->scanout, 0, sizeof outcome->scanout);
    if (outcome->call_count > SCENARIO_ACTIONS_MAX)
        outcome->call_count = 0;
    if (outcome->skip_count > WORLD_SKIPS_MAX)
        outcome->skip_count = 0;
    outcome->failure_count = 0;
    save_calls(outcome, scenario, driver);
    save_findings(&outcome->findings, driver);
    if (isolate_notes->in_call && outcome->call_count > 0) {
        struct world_call *call = &outcome->call[outcome->call_count - 1];
        call->result = -1;
        call->crash = WORLD_CRASH_KILLED;
    }
    add_finding(outcome, driver, death);
    expect_check_lost(scenario, outcome);
}
