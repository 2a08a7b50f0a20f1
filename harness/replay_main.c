/*
 * `ringside replay`: scenarios on the simulator and on QEMU, side by side.
 *
 * Everything that the environment may lack is looked for before anything is run.
 */
#include "replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "boot.h"
#include "command.h"
#include "options.h"
#include "resources.h"

#define refuse(...) options_refuse("replay", __VA_ARGS__)

/* X(name, word, alias, argument or "", help) */
#define REPLAY_OPTIONS(X)                                                                          \
    X(TARGET, "--target", NULL, "NAME",                                                            \
      "the machine that is booted (aarch64); NAME,NAME or all: a table")                           \
    X(DEVICE, "--device", NULL, "qemu", "a table with a column for QEMU's own device, too")        \
    X(JSON, "--json", NULL, "FILE", "write the table here, too")                                   \
    X(JOBS, "-j", NULL, "N", "so many QEMUs side by side, for a table (2)")                        \
    X(OUT, "--out", NULL, "DIR", "leave pictures here: NAME-sim.png, -qemu.png, -both.png")        \
    X(IMAGES, "--images", NULL, "DIR", "look for bootable images DRIVER-TARGET.elf here")          \
    X(DRIVERS, "--drivers", NULL, "DIR", "look for the simulator's driver objects NAME.so here")   \
    X(TIMEOUT, "--timeout", NULL, "SECONDS", "give QEMU this long for a scenario (60)")            \
    X(TABLE, "--table", NULL, "", "print one table, a row a scenario")                             \
    X(COMMAND, "-X", NULL, "", "print QEMU's command lines and do nothing")                        \
    X(VERBOSE, "-v", NULL, "", "print what QEMU cannot be told, and what it logged")               \
    X(HELP, "--help", NULL, "", "print this")

enum replay_option { REPLAY_OPTIONS(OPTION_INDEX) OPTION_COUNT };

static const struct option_row option_table[] = {REPLAY_OPTIONS(OPTION_ROW)};

/* What is to be done, and how it went so far. */
struct replay_job {
    struct replay_options options;
    bool help;
    bool overrides; /* --target was given: scenarios that name other targets are booted, too */
    struct scenario **scenario;
    size_t count;
    size_t skipped, agreed;
    struct replay_row *row;
    struct replay_matrix matrix; /* more than one target */
    const char *json;
    unsigned jobs;
    struct string_list *named; /* files and folders, as they were given */
};

static int set_option(void *context, size_t row, const char *value);
static int take_operand(void *context, const char *word);

static const struct options option_reader = {"replay", option_table, OPTION_COUNT, set_option,
                                             take_operand};

static void print_help(FILE *out)
{
    fputs("usage: ringside replay [OPTION]... SCENARIO|FOLDER...\n\n"
          "Runs scenarios on the simulator, boots the same drivers on real QEMU, and compares "
          "calls,\n"
          "response buffer and every pixel of the screen.\n\n",
          out);
    options_print(out, &option_reader, 20);
    fputs("\nExit status: 0 all agree, 1 some differ, 2 the environment or the command line.\n",
          out);
}

/* ---- the command line ---- */

static int unknown_target(const char *word)
{
    const char *known[BOOT_TARGETS_MAX];
    size_t count = boot_target_names(known);
    char all[200];
    size_t used = 0;

    const char *nearest = scenario_nearest(word, known, count);
    if (nearest)
        return refuse("unknown target %s; did you mean %s?", word, nearest);
    for (size_t i = 0; i < count && used < sizeof all; i++)
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", i ? ", " : "", known[i]);
    return refuse("unknown target %s; known are %s", word, all);
}

/* One name, several with commas between them, or `all`. */
static int set_target(struct replay_job *job, const char *value)
{
    struct replay_matrix *matrix = &job->matrix;
    char name[SCENARIO_WORD_BYTES];

    matrix->target_count = 0;
    for (size_t i = 0; strcmp(value, "all") == 0 && i < boot_target_count; i++)
        matrix->target[matrix->target_count++] = &boot_targets[i];
    for (const char *at = value; matrix->target_count < BOOT_TARGETS_MAX && at;) {
        if (strcmp(value, "all") == 0)
            break;
        snprintf(name, sizeof name, "%.*s", (int)strcspn(at, ","), at);
        const struct boot_target *target = boot_target_by_name(name);
        if (!target)
            return unknown_target(name);
        for (size_t i = 0; i < matrix->target_count; i++) {
            if (matrix->target[i] == target)
                return refuse("target %s is given twice", name);
        }
        matrix->target[matrix->target_count++] = target;
        at = strchr(at, ',');
        at = at ? at + 1 : NULL;
    }
    job->overrides = true;
    job->options.target = matrix->target[0]->name;
    return 0;
}

static bool wants_matrix(const struct replay_job *job)
{
    return job->matrix.target_count > 1 || job->matrix.device || job->json;
}

static int set_jobs(struct replay_job *job, const char *value)
{
    uint64_t jobs;
    if (!options_number(value, 1, REPLAY_JOBS_MAX, &jobs))
        return refuse("-j takes 1 to %u, not %s", REPLAY_JOBS_MAX, value);
    job->jobs = (unsigned)jobs;
    return 0;
}

static int set_timeout(struct replay_options *options, const char *value)
{
    uint64_t seconds;
    if (!options_number(value, 1, REPLAY_TIMEOUT_SECONDS_MAX, &seconds))
        return refuse("--timeout takes 1 to %u seconds, not %s", REPLAY_TIMEOUT_SECONDS_MAX, value);
    options->timeout_seconds = (unsigned)seconds;
    return 0;
}

static int set_option(void *context, size_t row, const char *value)
{
    struct replay_job *job = context;
    switch ((enum replay_option)row) {
    case OPTION_TARGET:
        return set_target(job, value);
    case OPTION_DEVICE:
        if (strcmp(value, "qemu") != 0)
            return refuse("--device takes qemu, not %s", value);
        job->matrix.device = true;
        return 0;
    case OPTION_JSON:
        job->json = value;
        return 0;
    case OPTION_JOBS:
        return set_jobs(job, value);
    case OPTION_OUT:
        job->options.out_dir = value;
        return 0;
    case OPTION_IMAGES:
        job->options.image_dir = value;
        return 0;
    case OPTION_DRIVERS:
        job->options.driver_dir = value;
        return 0;
    case OPTION_TIMEOUT:
        return set_timeout(&job->options, value);
    case OPTION_TABLE:
        job->options.table = true;
        return 0;
    case OPTION_COMMAND:
        job->options.print_command = true;
        return 0;
    case OPTION_VERBOSE:
        job->options.verbose = true;
        return 0;
    case OPTION_HELP:
        job->help = true;
        return 0;
    case OPTION_COUNT:
        break;
    }
    abort();
}

static int take_operand(void *context, const char *word)
{
    return string_list_add(((struct replay_job *)context)->named, word) ? 0
                                                                        : refuse("memory ran out");
}

static int parse_arguments(struct replay_job *job, int argc, char **argv)
{
    int status = options_read(&option_reader, job, argc, argv);

    if (status != 0)
        return status;
    if (!job->help && !job->named->count)
        return refuse("no scenario given; try --help");
    return 0;
}

/* ---- scenarios ---- */

static bool has_target(const struct replay_job *job, const struct scenario *scenario)
{
    const char *target = job->options.target;

    if (job->overrides)
        return scenario->target_count > 0 &&
               (wants_matrix(job) || !boot_lacks(scenario, boot_target_by_name(target)));
    for (size_t i = 0; i < scenario->target_count; i++) {
        if (strcmp(scenario->target[i], target) == 0)
            return true;
    }
    return false;
}

/* Reads what is below one argument; scenarios that are not for this target are left out of folders.
 */
static int collect(struct replay_job *job, const char *argument)
{
    struct string_list paths = {0};
    int status = files_find(&paths, argument) ? 0 : EXIT_ENVIRONMENT;
    bool is_file = paths.count == 1 && strcmp(paths.item[0], argument) == 0;

    struct scenario **more = realloc(job->scenario, (job->count + paths.count + 1) * sizeof *more);
    if (!more)
        abort(); /* out of memory for a few pointers */
    job->scenario = more;
    for (size_t i = 0; i < paths.count && !status; i++) {
        struct scenario *scenario = scenario_read(paths.item[i], stderr);
        if (!scenario) {
            status = EXIT_ENVIRONMENT;
        } else if (has_target(job, scenario)) {
            job->scenario[job->count++] = scenario;
        } else {
            const char *lacks = boot_lacks(scenario, boot_target_by_name(job->options.target));
            if (is_file && job->overrides)
                status =
                    refuse("%s: %s", argument,
                           scenario->target_count && lacks ? lacks
                                                           : "it has no line `replay qemu TARGET`");
            else if (is_file)
                status = refuse("%s has no line `replay qemu %s`", argument, job->options.target);
            job->skipped++;
            scenario_free(scenario);
        }
    }
    string_list_free(&paths);
    return status;
}

/* Can every one of them be replayed? */
static int check(const struct replay_job *job)
{
    char append[BOOT_APPEND_BYTES];

    for (size_t i = 0; i < job->count; i++) {
        const char *reason = boot_append(job->scenario[i], append, sizeof append);
        if (reason)
            return refuse("%s cannot be replayed: %s", job->scenario[i]->path, reason);
    }
    if (job->options.print_command || wants_matrix(job))
        return 0;
    for (size_t i = 0; i < job->count; i++) {
        const char *missing = replay_missing(job->scenario[i], &job->options);
        if (missing)
            return refuse("%s", missing);
    }
    return 0;
}

static int print_commands(const struct replay_job *job, const struct boot_target *target)
{
    struct replay_options options = job->options;

    options.target = target->name;
    for (size_t i = 0; i < job->count; i++) {
        char image[BOOT_PATH_BYTES];
        struct boot_command command;
        const char *reason = replay_image(job->scenario[i], &options, image, sizeof image);
        if (!reason)
            reason = boot_command(target, job->scenario[i], image, NULL, &command);
        if (reason)
            return refuse("%s: %s", job->scenario[i]->path, reason);
        boot_command_print(&command, stdout);
        boot_command_free(&command);
    }
    return 0;
}

/* ---- one scenario ---- */

static void print_guest_errors(const char *guest_errors)
{
    size_t lines = 0;
    for (const char *at = guest_errors; at && (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    if (!lines) {
        printf("    QEMU said  nothing\n");
        return;
    }
    printf("    QEMU said  %.*s\n", (int)strcspn(guest_errors, "\n"), guest_errors);
    if (lines > 1)
        printf("               and %zu more lines\n", lines - 1);
}

static void print_differences(const struct replay_verdict *verdict)
{
    size_t shown = verdict->difference_count < REPLAY_DIFFERENCES_MAX ? verdict->difference_count
                                                                      : REPLAY_DIFFERENCES_MAX;
    for (size_t i = 0; i < shown; i++)
        printf("    %s\n", verdict->difference[i]);
    if (shown < verdict->difference_count)
        printf("    and %zu more differences\n", verdict->difference_count - shown);
}

static void print_verdict(const struct replay_options *options,
                          const struct world_outcome *simulator, const struct replay_outcome *qemu,
                          const struct replay_verdict *verdict)
{
    char text[REPLAY_TEXT_BYTES];

    printf("%-7s %s\n", verdict->agree ? "agree" : "DIFFER", simulator->scenario->name);
    if (!verdict->agree) {
        print_differences(verdict);
    } else {
        replay_results_text(qemu->result, qemu->call_count, text, sizeof text);
        printf("    calls      %s\n", text);
        printf("    response   %s\n", replay_response_text(qemu->response));
        replay_qemu_screen(qemu, text, sizeof text);
        printf("    screen     %s%s\n",
               simulator->scanout.picture.rgb ? text : replay_screen_text(qemu->screen),
               simulator->scanout.picture.rgb ? ", every pixel the same" : "");
    }
    if (options->verbose || !verdict->agree)
        print_guest_errors(qemu->guest_errors);
}

static void progress(const struct replay_job *job, size_t at, const char *what)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K[%zu/%zu] %s: %s", at + 1, job->count, job->scenario[at]->name,
                what);
}

static void progress_over(void)
{
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
}

static int replay_one(struct replay_job *job, size_t at, struct world_outcome *simulator,
                      struct replay_outcome *qemu)
{
    struct scenario *scenario = job->scenario[at];
    const struct world_options world = {
        .driver_dir =
            job->options.driver_dir ? job->options.driver_dir : resource_folder(RESOURCE_drivers),
        .guard = true,
        .rules = true,
    };
    struct replay_verdict verdict;

    if (boot_target_by_name(job->options.target)->big_endian)
        scenario->device.big_endian = true; /* as the driver of that machine is */
    progress(job, at, "simulator");
    const char *error = world_run(scenario, &world, simulator);
    if (!error) {
        progress(job, at, "QEMU");
        error = replay_run(scenario, &job->options, qemu);
        if (error) {
            world_outcome_free(simulator);
        }
    }
    progress_over();
    if (error)
        return refuse("%s: %s", scenario->path, error);
    replay_compare(simulator, qemu, &verdict);
    job->agreed += verdict.agree;
    if (job->options.verbose)
        boot_notes(scenario, stdout);
    if (job->options.out_dir)
        error = replay_write_pictures(job->options.out_dir, simulator, qemu);
    replay_row_fill(&job->row[at], simulator, qemu, &verdict);
    if (!job->options.table || !verdict.agree)
        print_verdict(&job->options, simulator, qemu, &verdict);
    fflush(stdout);
    world_outcome_free(simulator);
    replay_outcome_free(qemu);
    return error ? refuse("%s", error) : 0;
}

static int replay_all(struct replay_job *job)
{
    struct world_outcome *simulator = malloc(sizeof *simulator);
    struct replay_outcome *qemu = malloc(sizeof *qemu);
    int status = 0;

    job->row = calloc(job->count + 1, sizeof *job->row);
    if (!simulator || !qemu || !job->row)
        abort();
    for (size_t i = 0; i < job->count && !status; i++)
        status = replay_one(job, i, simulator, qemu);
    free(simulator);
    free(qemu);
    if (status)
        return status;
    if (job->options.table && job->count) {
        replay_table_head(stdout);
        for (size_t i = 0; i < job->count; i++)
            replay_table_row(stdout, &job->row[i]);
    }
    printf("%zu replayed on QEMU %s: %zu agree, %zu differ\n", job->count, job->options.target,
           job->agreed, job->count - job->agreed);
    if (job->skipped && job->overrides)
        printf("%zu skipped: not for %s\n", job->skipped, job->options.target);
    else if (job->skipped)
        printf("%zu skipped: without a line `replay qemu %s`\n", job->skipped, job->options.target);
    if (job->options.out_dir && job->count)
        printf("pictures are in %s\n", job->options.out_dir);
    return job->agreed == job->count ? EXIT_AS_EXPECTED : EXIT_NOT_AS_EXPECTED;
}

/* What was asked for, with the scenarios at hand. */
static int replay_job(struct replay_job *job)
{
    struct replay_matrix *matrix = &job->matrix;
    int status = 0;

    if (matrix->target_count == 0)
        matrix->target[matrix->target_count++] = boot_target_by_name(job->options.target);
    if (job->options.print_command) {
        for (size_t i = 0; i < matrix->target_count && !status; i++)
            status = print_commands(job, matrix->target[i]);
        return status;
    }
    if (!wants_matrix(job))
        return replay_all(job);
    matrix->scenario = job->scenario;
    matrix->scenario_count = job->count;
    status = replay_matrix_run(matrix, &job->options, job->jobs);
    if (job->json && !replay_matrix_json(matrix, job->json))
        status = EXIT_ENVIRONMENT;
    return status;
}

int replay_main(int argc, char **argv)
{
    struct string_list named = {0};
    struct replay_job job = {.options = {.target = boot_targets[0].name,
                                         .timeout_seconds = REPLAY_TIMEOUT_SECONDS},
                             .jobs = 2,
                             .named = &named};

    int status = parse_arguments(&job, argc, argv);
    if (!status && job.help)
        print_help(stdout);
    for (size_t i = 0; i < named.count && !status && !job.help; i++)
        status = collect(&job, named.item[i]);
    if (!status && !job.help) {
        status = check(&job);
        if (!status)
            status = replay_job(&job);
    }
    for (size_t i = 0; i < job.count; i++)
        scenario_free(job.scenario[i]);
    free(job.scenario);
    free(job.row);
    string_list_free(&named);
    if (fflush(stdout) != 0 && !status)
        status = refuse("standard output: %s", strerror(errno));
    return status;
}
