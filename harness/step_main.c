/*
 * `ringside step`: commands from a terminal, with editing, history and completion, or from a
 * script.
 *
 * The driver runs in a worker process, as everywhere (isolate.h). When it takes its process with
 * it, the next worker tells how and goes on with the session ahead of the step that did it.
 */
#include <editline/readline.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "isolate.h"
#include "prompt.h"
#include "resources.h"
#include "scenario.h"
#include "source.h"

#define PROMPT_TEXT "(ringside) "
#define LIVES       64u /* workers that one session may lose */

/* Lies in memory that survives workers. */
struct step_session {
    struct session session;
    struct world_outcome outcome;
    struct prompt prompt;
    struct scenario *scenario;
    struct world_options options;
    char last[PROMPT_LINE_BYTES]; /* what an empty line repeats */
    bool terminal, begun, failed;
    unsigned misused;
};

static volatile bool signalled;

static void on_interrupt(int number)
{
    (void)number;
    signalled = true;
}

/* ---- reading lines ---- */

/* Byte by byte: what a worker has not read is left for the next one. */
static bool read_script_line(char *line, size_t bytes)
{
    size_t used = 0;
    char c;
    ssize_t got;

    while ((got = read(STDIN_FILENO, &c, 1)) == 1 && c != '\n') {
        if (used + 1 < bytes)
            line[used++] = c;
    }
    line[used] = '\0';
    return got == 1 || used > 0;
}

static char *complete_word(const char *text, int state)
{
    static size_t next;
    size_t count;
    const char *const *words = prompt_words(&count);
    size_t bytes = strlen(text);

    if (state == 0)
        next = 0;
    for (; next < count; next++) {
        if (strncmp(words[next], text, bytes) == 0)
            return strdup(words[next++]);
    }
    return NULL;
}

static char *complete_place(const char *text, int state)
{
    static size_t next;
    size_t bytes = strlen(text);

    if (state == 0)
        next = 0;
    for (const char *word; (word = pattern_word(next)) != NULL;) {
        next++;
        if (strncmp(word, text, bytes) == 0)
            return strdup(word);
    }
    return NULL;
}

/* The first word is a command, others are places, words and rules; file names come last. */
static char **complete(const char *text, int start, int end)
{
    (void)end;
    return rl_completion_matches(text, start == 0 ? complete_word : complete_place);
}

static bool read_line(struct step_session *step, char *line, size_t bytes)
{
    char *typed;

    if (!step->terminal) {
        if (!read_script_line(line, bytes))
            return false;
        printf("%s%s\n", PROMPT_TEXT, line);
        return true;
    }
    fflush(stdout);
    typed = readline(PROMPT_TEXT);
    if (typed == NULL) {
        putchar('\n');
        return false;
    }
    snprintf(line, bytes, "%s", typed);
    if (typed[strspn(typed, " \t")] != '\0') {
        add_history(typed);
        snprintf(step->last, sizeof step->last, "%.*s", (int)sizeof step->last - 1, line);
    } else {
        snprintf(line, bytes, "%s", step->last);
    }
    free(typed);
    return true;
}

/* ---- the session ---- */

static void stopped(void *context, struct session *session)
{
    struct step_session *step = context;
    enum prompt_result result = PROMPT_LOOKED;
    char line[PROMPT_LINE_BYTES + 1];

    isolate_notes->waits = true;
    prompt_show_stop(&step->prompt);
    while (result != PROMPT_ORDERED) {
        if (!read_line(step, line, sizeof line)) {
            session_quit(session);
            break;
        }
        result = prompt_command(&step->prompt, line);
        if (result == PROMPT_MISUSED && !step->terminal)
            step->misused++;
        fflush(stdout);
    }
    signalled = false;
    isolate_notes->waits = false;
    isolate_notes->beat++;
}

static bool run(void *context, size_t index)
{
    struct step_session *step = context;
    struct session_director director = {.stopped = stopped, .context = step};
    const char *error;

    (void)index;
    signal(SIGINT, on_interrupt);
    rl_readline_name = "ringside";
    rl_attempted_completion_function = complete;
    step->session.control.signalled = &signalled;
    if (step->begun) { /* a worker was lost: ahead of the step that did it */
        step->session.control.order =
            (struct control_order){.goal = CONTROL_TO_STEP, .count = step->session.control.step};
    }
    step->begun = true;
    error = session_run(&step->session, &director);
    if (error != NULL) {
        size_t bytes = strlen(step->scenario->path);
        bool placed = strncmp(error, step->scenario->path, bytes) == 0;
        fprintf(stderr, "%s%s%s\n", placed ? "" : step->scenario->path,
                placed ? "" : ": error: ", error);
        step->failed = true;
    }
    source_close();
    fflush(stdout);
    return false;
}

static void tell_lost(void *context, size_t index, const struct isolate_death *death)
{
    (void)context;
    (void)index;
    printf("the driver %s; the session goes on ahead of it\n", death->text);
    fflush(stdout);
}

static int run_session(struct step_session *step, const struct run_options *options)
{
    struct isolate_jobs jobs = {
        .mode = options->isolate, .count = LIVES, .context = step, .run = run, .tell = tell_lost};
    bool good;

    step->options = (struct world_options){.driver_dir = options->driver_dir,
                                           .driver_path = options->driver_path,
                                           .guard = options->guard,
                                           .check_stores = options->shadow,
                                           .rules = true,
                                           .qemu = options->qemu};
    step->terminal = isatty(STDIN_FILENO) == 1;
    session_create(&step->session, step->scenario, &step->options, &step->outcome);
    prompt_create(&step->prompt, &step->session, stdout);
    signal(SIGINT, SIG_IGN);
    good = isolate_run(&jobs);
    if (step->misused > 0)
        fprintf(stderr, "ringside: %u line%s of the script could not be carried out\n",
                step->misused, step->misused == 1 ? "" : "s");
    return good && !step->failed && step->misused == 0 ? EXIT_AS_EXPECTED : EXIT_ENVIRONMENT;
}

int command_step(const struct run_options *options)
{
    struct string_list files = {0};
    struct step_session *step = NULL;
    struct scenario *scenario = NULL;
    int status = EXIT_ENVIRONMENT;

    if (!files_find(&files, options->path[0])) {
        status = EXIT_ENVIRONMENT;
    } else if (options->path_count != 1 || files.count != 1) {
        fprintf(stderr, "ringside: step takes one scenario at a time, not %zu\n",
                options->path_count != 1 ? options->path_count : files.count);
    } else {
        step = isolate_alloc(sizeof *step);
        scenario = command_scenario(options, files.item[0], stderr);
        if (step == NULL)
            fputs("ringside: out of memory\n", stderr);
    }
    if (step != NULL && scenario != NULL && command_driver_is_there(options, scenario, stderr)) {
        step->scenario = scenario;
        status = run_session(step, options);
    }
    isolate_free(step, sizeof *step);
    scenario_free(scenario);
    string_list_free(&files);
    return status;
}
