/*
 * Runs the scenarios that are evidence for rules, and keeps what they show.
 *
 * Every scenario is read once for the rules that it names. Then one worker runs them, show by show,
 * each until one shows what it should: a job is one scenario of one show, and is passed over when
 * its show has a sequence already. What is kept lies in memory that survives the worker.
 */
#include "explain_scenarios.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lost.h"
#include "model.h"
#include "resources.h"
#include "source.h"
#include "world.h"

/* What a scenario's text says of a rule. */
struct mention {
    size_t file;
    size_t rule; /* its place in the table */
    bool violates, spec, expects;
};

struct mentions {
    size_t count, capacity;
    struct mention *item;
};

struct job {
    size_t show, file;
};

/* Lies in memory that survives the process which runs the driver; see isolate.h. */
struct explain_shows {
    const struct string_list *files;
    size_t bytes;
    size_t job_count, job_capacity;
    struct job *job; /* of the process's own memory */
    struct world_outcome *outcome;
    uint64_t looked_at; /* of the run under way: the step at which the rule was looked at */
    struct explain_sequence now;
    size_t show_count;
    struct explain_show show[];
};

/* The array, with room for one item more; NULL when memory ran out, and the array is as it was. */
static void *with_room(void *array, size_t count, size_t *capacity, size_t item_bytes)
{
    if (count < *capacity) {
        return array;
    }
    size_t wanted = *capacity ? *capacity * 2 : 1024;
    void *larger = realloc(array, wanted * item_bytes);
    if (larger) {
        *capacity = wanted;
    }
    return larger;
}

/* ---- what scenarios say ---- */

static struct mention *mention_of(struct mentions *mentions, size_t file, size_t rule)
{
    for (size_t i = mentions->count; i > 0 && mentions->item[i - 1].file == file; i--) {
        if (mentions->item[i - 1].rule == rule) {
            return &mentions->item[i - 1];
        }
    }
    struct mention *item =
        with_room(mentions->item, mentions->count, &mentions->capacity, sizeof *item);
    if (!item) {
        return NULL;
    }
    mentions->item = item;
    mentions->item[mentions->count] = (struct mention){.file = file, .rule = rule};
    return &mentions->item[mentions->count++];
}

/* `violates ID`, `spec ID`, `expect finding ID`: false when memory ran out. */
static bool read_line(struct mentions *mentions, size_t file, char *line)
{
    char *rest = NULL;
    const char *verb = strtok_r(line, " \t\r\n", &rest);
    bool violates = verb && strcmp(verb, "violates") == 0;
    bool spec = verb && strcmp(verb, "spec") == 0;
    bool expects = verb && strcmp(verb, "expect") == 0;
    if (!violates && !spec && !expects) {
        return true;
    }
    for (const char *word; (word = strtok_r(NULL, " \t\r\n", &rest)) && word[0] != '#';) {
        const struct rule *rule = rule_by_id(word);
        struct mention *mention = rule ? mention_of(mentions, file, rule_index(rule)) : NULL;
        if (rule && !mention) {
            return false;
        }
        if (mention) {
            mention->violates |= violates;
            mention->spec |= spec;
            mention->expects |= expects;
        }
    }
    return true;
}

/* False when memory ran out. */
static bool read_mentions(struct mentions *mentions, const struct string_list *files)
{
    char line[SCENARIO_LINE_BYTES + 2];
    bool good = true;
    for (size_t file = 0; file < files->count && good; file++) {
        FILE *text = fopen(files->item[file], "re");
        for (unsigned i = 0;
             text && good && i < SCENARIO_LINES_MAX && fgets(line, sizeof line, text); i++) {
            good = read_line(mentions, file, line);
        }
        if (text) {
            fclose(text);
        }
    }
    return good;
}

enum standing { OTHERWISE, EXPECTED, DECLARED };

/* Does the scenario break the rule (or keep it), and is it that what it was written for? */
static enum standing standing_of(const struct mention *mention, bool breaks)
{
    if (breaks) {
        return mention->violates ? DECLARED : mention->expects ? EXPECTED : OTHERWISE;
    }
    return mention->violates || mention->expects || !mention->spec ? OTHERWISE : DECLARED;
}

static bool add_job(struct explain_shows *shows, size_t show, size_t file)
{
    struct job *job = with_room(shows->job, shows->job_count, &shows->job_capacity, sizeof *job);
    if (!job) {
        return false;
    }
    shows->job = job;
    shows->job[shows->job_count++] = (struct job){show, file};
    return true;
}

/* The scenarios of each show, those that were written for it first. */
static bool plan(struct explain_shows *shows, const struct mentions *mentions)
{
    for (size_t i = 0; i < shows->show_count; i++) {
        struct explain_show *show = &shows->show[i];
        size_t rule = rule_index(show->rule);
        show->first = shows->job_count;
        for (enum standing standing = DECLARED; standing > OTHERWISE; standing--) {
            for (size_t j = 0; j < mentions->count; j++) {
                const struct mention *mention = &mentions->item[j];
                if (mention->rule == rule && show->rule->party != EVENT_PARTY_DEVICE &&
                    standing_of(mention, show->breaks) == standing &&
                    !add_job(shows, i, mention->file)) {
                    return false;
                }
            }
        }
        show->count = shows->job_count - show->first;
    }
    return true;
}

/* ---- what happened ---- */

static const struct finding *find(const struct world_outcome *outcome, const struct rule *rule)
{
    for (uint32_t i = 0; i < outcome->findings.count; i++) {
        if (outcome->findings.item[i].rule == rule) {
            return &outcome->findings.item[i];
        }
    }
    return NULL;
}

/* What a reader is handed of the run under way. */
struct run {
    struct explain_shows *shows;
    struct explain_show *show;
};

/* A reader: keeps the last lines, and a copy of them where the rule speaks or looks. */
static void take(void *context, const struct event *event, const struct world_sight *sight)
{
    const struct run *run = context;
    struct explain_shows *shows = run->shows;
    struct explain_show *show = run->show;
    struct explain_sequence *now = &shows->now;
    uint64_t looked = sight->outcome->exercised[rule_index(show->rule)];
    bool found = find(sight->outcome, show->rule) != NULL;
    event_format(event, arena_name, sight->arena, now->line[now->count % EXPLAIN_LINES_MAX],
                 EVENT_TEXT_BYTES);
    now->count++;
    bool wanted = show->breaks ? found && shows->looked_at == 0
                               : looked != shows->looked_at && looked == event->step;
    if (wanted) {
        shows->looked_at = event->step;
        show->shown = *now;
    }
}

/* What the run that is over shows. */
static void conclude(struct explain_shows *shows, struct explain_show *show)
{
    const struct finding *finding = find(shows->outcome, show->rule);
    if (shows->looked_at == 0) { /* it was judged when all was over */
        shows->looked_at = shows->outcome->exercised[rule_index(show->rule)];
        show->shown = shows->now;
    }
    show->marked = finding ? finding->at.event.step : 0;
    show->good = show->breaks ? finding != NULL : finding == NULL && shows->looked_at != 0;
    show->cause[0] = '\0';
    if (finding && finding->cause.event.step != 0) {
        event_format(&finding->cause.event, world_outcome_name, shows->outcome, show->cause,
                     sizeof show->cause);
    }
}

static bool run_one(void *context, size_t index)
{
    struct explain_shows *shows = context;
    const struct job *job = &shows->job[index];
    struct explain_show *show = &shows->show[job->show];
    struct run run = {shows, show};
    struct world_options options = {.driver_dir = resource_folder(RESOURCE_drivers),
                                    .guard = true,
                                    .check_stores = true,
                                    .rules = true,
                                    .reader_count = 1,
                                    .reader[0] = {take, &run}};
    struct scenario *scenario =
        show->good ? NULL : scenario_read(shows->files->item[job->file], stderr);
    if (!scenario) {
        return true;
    }
    snprintf(show->name, sizeof show->name, "%s", scenario->name);
    shows->now.count = 0;
    shows->looked_at = 0;
    const char *error = world_run(scenario, &options, shows->outcome);
    if (error) {
        fprintf(stderr, "%s: error: %s\n", scenario->path, error);
    } else {
        conclude(shows, show);
    }
    if (shows->outcome->unloaded) {
        source_close();
    }
    world_outcome_free(shows->outcome);
    scenario_free(scenario);
    return true;
}

/* A driver that took its process with it. */
static void tell_lost(void *context, size_t index, const struct isolate_death *death)
{
    struct explain_shows *shows = context;
    struct explain_show *show = &shows->show[shows->job[index].show];
    (void)death;
    show->shown = shows->now;
    show->marked = 0;
    show->cause[0] = '\0';
    show->good = show->breaks;
}

/* ---- the whole ---- */

static struct explain_shows *allocate(const struct string_list *files,
                                      const struct rule *const *rules, size_t rule_count)
{
    size_t bytes = sizeof(struct explain_shows) + 2 * rule_count * sizeof(struct explain_show);
    struct explain_shows *shows = isolate_alloc(bytes);
    if (!shows) {
        return NULL;
    }
    shows->files = files;
    shows->bytes = bytes;
    shows->show_count = 2 * rule_count;
    for (size_t i = 0; i < shows->show_count; i++) {
        shows->show[i].rule = rules[i / 2];
        shows->show[i].breaks = i % 2 == 0;
    }
    shows->outcome = isolate_alloc(sizeof *shows->outcome);
    return shows;
}

struct explain_shows *explain_shows_create(const struct string_list *files,
                                           const struct rule *const *rules, size_t rule_count,
                                           bool *ran)
{
    struct explain_shows *shows = allocate(files, rules, rule_count);
    struct mentions mentions = {0};
    bool good =
        shows && shows->outcome && read_mentions(&mentions, files) && plan(shows, &mentions);
    free(mentions.item);
    if (!good) {
        fputs("ringside: out of memory\n", stderr);
        explain_shows_free(shows);
        return NULL;
    }
    struct isolate_jobs jobs = {.mode = ISOLATE_AUTO,
                                .count = shows->job_count,
                                .context = shows,
                                .run = run_one,
                                .tell = tell_lost};
    *ran = jobs.count == 0 || isolate_run(&jobs);
    return shows;
}

void explain_shows_free(struct explain_shows *shows)
{
    if (!shows) {
        return;
    }
    isolate_free(shows->outcome, sizeof *shows->outcome);
    free(shows->job);
    isolate_free(shows, shows->bytes);
}

const struct explain_show *explain_shows_of(const struct explain_shows *shows, size_t place,
                                            bool breaks)
{
    return &shows->show[2 * place + (breaks ? 0 : 1)];
}

const char *explain_shows_path(const struct explain_shows *shows, const struct explain_show *show,
                               size_t number)
{
    return shows->files->item[shows->job[show->first + number].file];
}
