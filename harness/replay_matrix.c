/*
 * Scenarios down, machines across: every scenario is booted on every machine that can have it, and
 * each time held against the simulator with a driver of that machine's byte order.
 *
 *   WAITING --a worker takes it--> AGREES | DIFFERS | NOT_HERE | FAILED
 *      +------ the machine's QEMU or compiler is missing -----> SKIPPED
 *
 * Workers are processes, since a QEMU is waited for with signals held back; each takes the next
 * cell until there is none, and writes what came of it into memory that all share. Each scenario on
 * each machine is a QEMU of its own: the command line, which a machine cannot change once it runs,
 * has the scenario in it.
 */
#include "replay.h"

#include <assert.h>
#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "boot.h"
#include "patience.h"
#include "resources.h"

#define NAME_WIDTH 17
#define CELL_WIDTH 8

_Static_assert(sizeof(((struct replay_matrix *)0)->target) / sizeof(struct boot_target *) ==
                   BOOT_TARGETS_MAX,
               "all targets fit");

/* What the workers share. */
struct shared {
    size_t next;
    struct replay_cell cell[];
};

/* What one worker needs, and what it keeps from cell to cell. */
struct worker {
    const struct replay_matrix *matrix;
    const struct replay_options *options;
    struct world_outcome simulator;
    struct replay_outcome qemu;
    const struct scenario *simulated; /* which `simulator` is of; NULL = none */
    bool simulated_big_endian;
};

const char *replay_cell_word(enum replay_cell_state state)
{
    static const char *const words[] = {
#define X(name, word) word,
        REPLAY_CELLS(X)
#undef X
    };
    return words[state];
}

__attribute__((format(printf, 3, 4))) static void
set_cell(struct replay_cell *cell, enum replay_cell_state state, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(cell->reason, sizeof cell->reason, format, arguments);
    va_end(arguments);
    cell->state = state;
}

/* ---- what cannot be, known before anything is run ---- */

static bool has_images(const struct boot_target *target, const struct replay_options *options)
{
    const char *dir = options->image_dir ? options->image_dir : resource_folder(RESOURCE_images);
    char pattern[BOOT_PATH_BYTES];
    glob_t found;

    snprintf(pattern, sizeof pattern, "%s/*-%s.elf", dir, target->name);
    bool any = glob(pattern, 0, NULL, &found) == 0;
    globfree(&found);
    return any;
}

/* All cells of a machine that this system lacks something for. */
static void skip_machine(const struct replay_matrix *matrix, size_t column,
                         const struct replay_options *options)
{
    const struct boot_target *target = matrix->target[column];
    const char *package = NULL;

    if (!boot_qemu_is_there(target))
        package = target->qemu_package;
    else if (!has_images(target, options))
        package = target->compiler_package;
    for (size_t row = 0; row < matrix->scenario_count && package; row++)
        set_cell(replay_cell(matrix, row, column), REPLAY_CELL_SKIPPED, "install %s", package);
}

/* What this machine does not have, or NULL. */
static const char *not_here(const struct scenario *scenario, const struct boot_target *target,
                            const struct replay_options *options)
{
    char image[BOOT_PATH_BYTES];

    const char *reason = boot_lacks(scenario, target);
    if (!reason)
        reason = replay_image(scenario, options, image, sizeof image);
    if (reason || access(image, R_OK) == 0)
        return reason;
    return target->big_endian ? "the driver knows no big-endian machine"
                              : "the driver has no image for it";
}

/* ---- one cell ---- */

static const char *simulate(struct worker *worker, struct scenario *scenario, bool big_endian,
                            struct replay_cell *cell)
{
    const struct world_options world = {
        .driver_dir = worker->options->driver_dir ? worker->options->driver_dir
                                                  : resource_folder(RESOURCE_drivers),
        .guard = true,
        .rules = true,
    };
    bool was_big_endian = scenario->device.big_endian;
    int64_t begin_ms = patience_deadline(0);

    if (worker->simulated == scenario && worker->simulated_big_endian == big_endian)
        return NULL;
    if (worker->simulated)
        world_outcome_free(&worker->simulator);
    worker->simulated = NULL;
    scenario->device.big_endian = big_endian;
    const char *error = world_run(scenario, &world, &worker->simulator);
    scenario->device.big_endian = was_big_endian;
    if (error)
        return error;
    worker->simulated = scenario;
    worker->simulated_big_endian = big_endian;
    cell->simulator_ms = (unsigned)(patience_deadline(0) - begin_ms);
    return NULL;
}

static void fill_cell(struct worker *worker, struct replay_cell *cell)
{
    const struct replay_outcome *qemu = &worker->qemu;
    struct replay_verdict verdict;

    replay_compare(&worker->simulator, qemu, &verdict);
    replay_results_text(qemu->result, qemu->call_count, cell->calls, sizeof cell->calls);
    replay_qemu_screen(qemu, cell->screen, sizeof cell->screen);
    cell->interrupts = qemu->interrupts;
    cell->start_ms = qemu->start_ms;
    cell->guest_ms = qemu->guest_ms;
    cell->screen_ms = qemu->screen_ms;
    if (verdict.agree && worker->simulator.scanout.picture.rgb)
        cell->pixels = (uint64_t)qemu->picture.width_px * qemu->picture.height_px;
    cell->difference_count = verdict.difference_count;
    for (size_t i = 0; i < REPLAY_CELL_DIFFERENCES_MAX && i < verdict.difference_count; i++)
        memcpy(cell->difference[i], verdict.difference[i], sizeof cell->difference[i]);
    cell->state = verdict.agree ? REPLAY_CELL_AGREES : REPLAY_CELL_DIFFERS;
}

/* DIR/TARGET/NAME-sim.png and so on. */
static const char *write_pictures(const struct worker *worker, const struct boot_target *target)
{
    const char *out_dir = worker->options->out_dir;
    char dir[BOOT_PATH_BYTES];

    if (!out_dir)
        return NULL;
    if (mkdir(out_dir, 0777) != 0 && errno != EEXIST)
        return strerror(errno);
    int used = snprintf(dir, sizeof dir, "%s/%s", out_dir, target->name);
    if (used < 0 || (size_t)used >= sizeof dir)
        return "the folder's path is too long";
    return replay_write_pictures(dir, &worker->simulator, &worker->qemu);
}

static void run_cell(struct worker *worker, size_t row, size_t column)
{
    const struct replay_matrix *matrix = worker->matrix;
    struct replay_cell *cell = replay_cell(matrix, row, column);
    struct scenario *scenario = matrix->scenario[row];
    const struct boot_target *target = matrix->target[column];
    struct replay_options options = *worker->options;

    if (cell->state != REPLAY_CELL_WAITING)
        return;
    options.target = target->name;
    const char *reason = not_here(scenario, target, &options);
    if (reason) {
        set_cell(cell, REPLAY_CELL_NOT_HERE, "%s", reason);
        return;
    }
    const char *error = simulate(worker, scenario, target->big_endian, cell);
    if (!error)
        error = replay_run(scenario, &options, &worker->qemu);
    if (error) {
        set_cell(cell, REPLAY_CELL_FAILED, "%s", error);
        return;
    }
    fill_cell(worker, cell);
    error = write_pictures(worker, target);
    if (error)
        set_cell(cell, REPLAY_CELL_FAILED, "%s", error);
    replay_outcome_free(&worker->qemu);
}

/* ---- the workers ---- */

_Noreturn static void work(const struct replay_matrix *matrix, const struct replay_options *options,
                           struct shared *shared, pid_t parent)
{
    struct worker *worker = calloc(1, sizeof *worker);
    size_t cells = matrix->scenario_count * matrix->target_count;

    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (!worker || getppid() != parent)
        _exit(1);
    worker->matrix = matrix;
    worker->options = options;
    for (;;) { /* bounded by the cells */
        size_t at = __atomic_fetch_add(&shared->next, 1, __ATOMIC_RELAXED);
        if (at >= cells)
            break;
        if (isatty(STDERR_FILENO))
            fprintf(stderr, "\r\033[K[%zu/%zu]", at + 1, cells);
        run_cell(worker, at / matrix->target_count, at % matrix->target_count);
    }
    _exit(0);
}

/* Returns how many of the workers did not come to their end. */
static unsigned run_workers(const struct replay_matrix *matrix,
                            const struct replay_options *options, struct shared *shared,
                            unsigned jobs)
{
    pid_t parent = getpid();
    pid_t pid[REPLAY_JOBS_MAX];
    unsigned lost = 0;

    fflush(NULL);
    for (unsigned i = 0; i < jobs; i++) {
        pid[i] = fork();
        if (pid[i] == 0)
            work(matrix, options, shared, parent);
    }
    for (unsigned i = 0; i < jobs; i++) {
        int status = 1;
        while (pid[i] > 0 && waitpid(pid[i], &status, 0) < 0 && errno == EINTR)
            ; /* the worker ends, as all that it waits for has a deadline */
        lost += status != 0;
    }
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
    return lost;
}

/* ---- the table ---- */

/* The last call's result is what a scenario is about. */
static const char *last_call(const char *calls)
{
    const char *comma = strrchr(calls, ',');
    const char *last = comma ? comma + 2 : calls;
    const char *times = strstr(last, "x ");

    return times ? times + 2 : last;
}

static void cell_lines(const struct replay_cell *cell, const char *line[2])
{
    line[1] = "";
    switch (cell->state) {
    case REPLAY_CELL_AGREES:
        line[0] = last_call(cell->calls);
        line[1] = cell->screen;
        return;
    case REPLAY_CELL_NOT_HERE:
        line[0] = "-";
        return;
    case REPLAY_CELL_DIFFERS:
        line[0] = "DIFFERS";
        line[1] = cell->screen;
        return;
    case REPLAY_CELL_SKIPPED:
    case REPLAY_CELL_FAILED:
    case REPLAY_CELL_WAITING:
        line[0] = replay_cell_word(cell->state);
        return;
    }
}

/* A scenario's name on two lines, the first up to a hyphen. */
static size_t name_break(const char *name)
{
    size_t bytes = strlen(name);

    if (bytes <= NAME_WIDTH)
        return bytes;
    for (size_t i = NAME_WIDTH; i > 0; i--) {
        if (name[i - 1] == '-')
            return i;
    }
    return NAME_WIDTH;
}

static void print_row(const struct replay_matrix *matrix, size_t row)
{
    const struct scenario *scenario = matrix->scenario[row];
    size_t first = name_break(scenario->name);

    for (int i = 0; i < 2; i++) {
        const char *name = i ? scenario->name + first : scenario->name;
        size_t bytes = i ? strlen(name) : first;
        printf("%-*.*s %s", NAME_WIDTH, (int)(bytes < NAME_WIDTH ? bytes : NAME_WIDTH), name,
               i                               ? " "
               : scenario->device.version == 1 ? "1"
                                               : "2");
        for (size_t column = 0; column < matrix->target_count; column++) {
            const char *line[2];
            bool last = column + 1 == matrix->target_count;
            cell_lines(replay_cell(matrix, row, column), line);
            printf(" %-*.*s", last ? 0 : CELL_WIDTH, CELL_WIDTH, line[i]);
        }
        putchar('\n');
    }
}

static void print_table(const struct replay_matrix *matrix)
{
    printf("%-*s v", NAME_WIDTH, "scenario");
    for (size_t column = 0; column < matrix->target_count; column++)
        printf(" %-*.*s", CELL_WIDTH, CELL_WIDTH, matrix->target[column]->name);
    putchar('\n');
    for (size_t row = 0; row < matrix->scenario_count; row++)
        print_row(matrix, row);
}

static void print_differences(const struct replay_matrix *matrix)
{
    for (size_t row = 0; row < matrix->scenario_count; row++) {
        for (size_t column = 0; column < matrix->target_count; column++) {
            const struct replay_cell *cell = replay_cell(matrix, row, column);
            const char *name = matrix->scenario[row]->name;
            const char *target = matrix->target[column]->name;
            if (cell->state == REPLAY_CELL_FAILED || cell->state == REPLAY_CELL_WAITING)
                printf("failed   %s on %s: %s\n", name, target,
                       cell->reason[0] ? cell->reason : "nobody came to run it");
            for (size_t i = 0; i < cell->difference_count && i < REPLAY_CELL_DIFFERENCES_MAX; i++)
                printf("DIFFERS  %s on %s: %s\n", name, target, cell->difference[i]);
        }
    }
}

/* Machines that were skipped, how much was done, and what it took. */
static void print_summary(const struct replay_matrix *matrix, const size_t count[])
{
    double simulator = 0, start = 0, guest = 0, screen = 0;
    uint64_t pixels = 0;

    for (size_t column = 0; column < matrix->target_count && matrix->scenario_count; column++) {
        if (replay_cell(matrix, 0, column)->state == REPLAY_CELL_SKIPPED)
            printf("%s is skipped: %s\n", matrix->target[column]->name,
                   replay_cell(matrix, 0, column)->reason);
    }
    for (size_t i = 0; i < matrix->scenario_count * matrix->target_count; i++) {
        const struct replay_cell *cell = &matrix->cell[i];
        simulator += cell->simulator_ms / 1e3;
        start += cell->start_ms / 1e3;
        guest += cell->guest_ms / 1e3;
        screen += cell->screen_ms / 1e3;
        pixels += cell->pixels;
    }
    printf("%zu scenarios on %zu machines: %zu agree, %zu differ, %zu not to be had there, "
           "%zu skipped\n%" PRIu64 " pixels compared, all the same where it says so\n",
           matrix->scenario_count, matrix->target_count, count[REPLAY_CELL_AGREES],
           count[REPLAY_CELL_DIFFERS], count[REPLAY_CELL_NOT_HERE], count[REPLAY_CELL_SKIPPED],
           pixels);
    printf("%.1f s; of all QEMUs together: %.1f s start, %.1f s driver at work, %.1f s screen; "
           "simulator %.1f s\n",
           (double)matrix->elapsed_ms / 1e3, start, guest, screen, simulator);
}

int replay_matrix_run(struct replay_matrix *matrix, const struct replay_options *options,
                      unsigned jobs)
{
    size_t cells = matrix->scenario_count * matrix->target_count;
    size_t bytes = sizeof(struct shared) + cells * sizeof(struct replay_cell);
    size_t count[REPLAY_CELL_FAILED + 1] = {0};
    int64_t begin_ms = patience_deadline(0);
    struct shared *shared =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert(jobs > 0 && jobs <= REPLAY_JOBS_MAX);
    if (shared == MAP_FAILED)
        abort(); /* out of memory for a few kilobytes a cell */
    matrix->cell = shared->cell;
    for (size_t column = 0; column < matrix->target_count; column++)
        skip_machine(matrix, column, options);
    unsigned lost = run_workers(matrix, options, shared, jobs);
    matrix->elapsed_ms = (uint64_t)(patience_deadline(0) - begin_ms);
    for (size_t i = 0; i < cells; i++)
        count[matrix->cell[i].state]++;
    print_table(matrix);
    print_differences(matrix);
    print_summary(matrix, count);
    if (lost > 0 || count[REPLAY_CELL_FAILED] > 0 || count[REPLAY_CELL_WAITING] > 0)
        return 2;
    return count[REPLAY_CELL_DIFFERS] > 0;
}
