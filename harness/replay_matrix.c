/*
 * Scenarios down; the simulator, QEMU's device and machines across. Every scenario is booted on
 * every machine that can have it, and each time held against the simulator with a driver of that
 * machine's byte order; in front of QEMU's device it is compared value by value (qemu_device.h).
 *
 *   WAITING --a worker takes it--> RAN | AGREES | DIFFERS | NOT_HERE | FAILED
 *      +------ QEMU or the machine's compiler is missing ----> SKIPPED
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
#include "qemu_device.h"
#include "resources.h"
#include "source.h"

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

struct replay_side replay_side(const struct replay_matrix *matrix, size_t column)
{
    if (column == 0)
        return (struct replay_side){.kind = REPLAY_SIMULATOR};
    if (matrix->device && column == 1)
        return (struct replay_side){.kind = REPLAY_DEVICE};
    return (struct replay_side){REPLAY_MACHINE, matrix->target[column - 1 - matrix->device]};
}

const char *replay_side_name(const struct replay_side *side)
{
    switch (side->kind) {
    case REPLAY_SIMULATOR:
        return "simulator";
    case REPLAY_DEVICE:
        return "qemu-device";
    case REPLAY_MACHINE:
        return side->target->name;
    }
    abort();
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

/* All cells of a column that this system lacks something for. */
static void skip_column(const struct replay_matrix *matrix, size_t column,
                        const struct replay_options *options)
{
    const struct replay_side side = replay_side(matrix, column);
    /* The device is that of the first machine's QEMU: see qemu.h. */
    const struct boot_target *target = side.kind == REPLAY_MACHINE ? side.target : &boot_targets[0];
    char reason[REPLAY_TEXT_BYTES];

    if (side.kind == REPLAY_SIMULATOR)
        return;
    if (!boot_qemu_is_there(target))
        snprintf(reason, sizeof reason, "install %s", target->qemu_package);
    else if (side.kind == REPLAY_MACHINE && !has_images(target, options))
        snprintf(reason, sizeof reason, "no images; install %s and configure",
                 target->compiler_package);
    else
        return;
    for (size_t row = 0; row < matrix->scenario_count; row++)
        set_cell(replay_cell(matrix, row, column), REPLAY_CELL_SKIPPED, "%s", reason);
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

static const char *driver_dir(const struct replay_options *options)
{
    return options->driver_dir ? options->driver_dir : resource_folder(RESOURCE_drivers);
}

static void forget_simulated(struct worker *worker)
{
    if (!worker->simulated)
        return;
    if (worker->simulator.unloaded)
        source_close(); /* its addresses may soon be another's */
    world_outcome_free(&worker->simulator);
    worker->simulated = NULL;
}

static const char *simulate(struct worker *worker, struct scenario *scenario, bool big_endian,
                            struct replay_cell *cell)
{
    const struct world_options world = {
        .driver_dir = driver_dir(worker->options),
        .guard = true,
        .rules = true,
    };
    bool was_big_endian = scenario->device.big_endian;
    int64_t begin_ms = patience_deadline(0);

    if (worker->simulated == scenario && worker->simulated_big_endian == big_endian)
        return NULL;
    forget_simulated(worker);
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

/* What a run of a host-built driver came to. */
static void fill_from_world(const struct world_outcome *outcome, struct replay_cell *cell)
{
    int result[SCENARIO_ACTIONS_MAX];

    replay_simulator_results(outcome, result);
    replay_results_text(result, outcome->call_count, cell->calls, sizeof cell->calls);
    replay_simulator_screen(outcome, cell->screen, sizeof cell->screen);
    if (outcome->scanout.picture.rgb)
        cell->pixels =
            (uint64_t)outcome->scanout.picture.width_px * outcome->scanout.picture.height_px;
    cell->interrupts = -1;
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

static void run_simulator(struct worker *worker, struct scenario *scenario,
                          struct replay_cell *cell)
{
    const char *error = simulate(worker, scenario, scenario->device.big_endian, cell);

    if (error) {
        set_cell(cell, REPLAY_CELL_FAILED, "%s", error);
        return;
    }
    fill_from_world(&worker->simulator, cell);
    cell->state = REPLAY_CELL_RAN;
}

static void run_device(struct worker *worker, struct scenario *scenario, struct replay_cell *cell)
{
    const struct world_options options = {.driver_dir = driver_dir(worker->options),
                                          .guard = true,
                                          .qemu = true,
                                          .screens = true};
    const char *unfit = qemu_device_unfit(scenario);
    bool profile_given = scenario->profile_given;
    int64_t begin_ms = patience_deadline(0);

    if (unfit) {
        set_cell(cell, REPLAY_CELL_NOT_HERE, "%s", unfit);
        return;
    }
    forget_simulated(worker);        /* its driver goes, its memory is wanted */
    scenario->profile_given = false; /* both sides are QEMU's here, whatever is expected of them */
    const char *error = world_run(scenario, &options, &worker->simulator);
    scenario->profile_given = profile_given;
    if (error) {
        set_cell(cell, REPLAY_CELL_FAILED, "%s", error);
        return;
    }
    const struct world_outcome *outcome = &worker->simulator;
    fill_from_world(outcome, cell);
    cell->values = outcome->compared;
    cell->guest_ms = (unsigned)(patience_deadline(0) - begin_ms);
    if (outcome->parted)
        snprintf(cell->named, sizeof cell->named, "%s", outcome->parted);
    cell->difference_count = outcome->difference_count;
    if (outcome->difference_count > 0) {
        snprintf(cell->difference[0], sizeof cell->difference[0], "simulated  %.220s",
                 outcome->difference.ours);
        snprintf(cell->difference[1], sizeof cell->difference[1], "QEMU       %.220s",
                 outcome->difference.theirs);
        cell->difference_count = 2; /* lines */
    }
    cell->state = outcome->difference_count > 0 ? REPLAY_CELL_DIFFERS : REPLAY_CELL_AGREES;
    worker->simulated = scenario;
    forget_simulated(worker);
}

static void run_machine(struct worker *worker, struct scenario *scenario,
                        const struct boot_target *target, struct replay_cell *cell)
{
    struct replay_options options = *worker->options;

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

static void run_cell(struct worker *worker, size_t row, size_t column)
{
    struct replay_cell *cell = replay_cell(worker->matrix, row, column);
    struct scenario *scenario = worker->matrix->scenario[row];
    const struct replay_side side = replay_side(worker->matrix, column);

    if (cell->state != REPLAY_CELL_WAITING)
        return;
    switch (side.kind) {
    case REPLAY_SIMULATOR:
        run_simulator(worker, scenario, cell);
        return;
    case REPLAY_DEVICE:
        run_device(worker, scenario, cell);
        return;
    case REPLAY_MACHINE:
        run_machine(worker, scenario, side.target, cell);
        return;
    }
}

/* ---- the workers ---- */

_Noreturn static void work(const struct replay_matrix *matrix, const struct replay_options *options,
                           struct shared *shared, pid_t parent)
{
    struct worker *worker = calloc(1, sizeof *worker);
    size_t columns = replay_columns(matrix), cells = matrix->scenario_count * columns;

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
        run_cell(worker, at / columns, at % columns);
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

int replay_matrix_run(struct replay_matrix *matrix, const struct replay_options *options,
                      unsigned jobs)
{
    size_t columns = replay_columns(matrix), cells = matrix->scenario_count * columns;
    size_t bytes = sizeof(struct shared) + cells * sizeof(struct replay_cell);
    size_t count[REPLAY_CELL_FAILED + 1] = {0};
    int64_t begin_ms = patience_deadline(0);
    struct shared *shared =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert(jobs > 0 && jobs <= REPLAY_JOBS_MAX);
    if (shared == MAP_FAILED)
        abort(); /* out of memory for a few kilobytes a cell */
    matrix->cell = shared->cell;
    for (size_t column = 0; column < columns; column++)
        skip_column(matrix, column, options);
    unsigned lost = run_workers(matrix, options, shared, jobs);
    matrix->elapsed_ms = (uint64_t)(patience_deadline(0) - begin_ms);
    for (size_t i = 0; i < cells; i++)
        count[matrix->cell[i].state]++;
    replay_matrix_print(matrix);
    if (lost > 0 || count[REPLAY_CELL_FAILED] > 0 || count[REPLAY_CELL_WAITING] > 0)
        return 2;
    return count[REPLAY_CELL_DIFFERS] > 0;
}
