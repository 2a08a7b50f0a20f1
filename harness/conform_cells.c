/*
 * The cells of the matrix, and their scenarios.
 *
 *   programs   every scenario of the suite, as it stands, with fewer pixels
 *
 *   matrix     one of them, the tour, on every version with every set of features, every size of
 *              the queue, options of the driver on and off, and every schedule
 *
 *   faults     the tour on a device that breaks one promise
 *
 * No fault in the list leaves a driver that keeps to the rules waiting for ever by itself. (One
 * that tells drivers not to notify it, and then sleeps, would.)
 *
 * A device that the driver may refuse (`init` comes to something else than OK) is no mistake; what
 * it begins has to end well. With a fault any result will do: what counts are the rules, and that
 * the driver neither crashes nor goes round without end.
 */
#include "conform.h"

#include <stdlib.h>
#include <string.h>
#include "command.h"

#define PROGRAMS_MAX    64u
#define PROGRAM_BYTES   16384u
#define DISPLAY         "160x100" /* backing of many pages, and room for all that is flushed */
#define TOUR            "tour"
#define STRESS          "many-requests"
#define BRING_UP_STATUS "Status  15" /* of a scenario that does no more: judged by rules */

/* X(word, words of `features` for version 1, for version 2; NULL = not there) */
#define FEATURE_SETS(X)                                                                            \
    X("usual", "", "")                                                                             \
    X("none", "-INDIRECT_DESC -EVENT_IDX -NOTIFY_ON_EMPTY -ANY_LAYOUT",                            \
      "-INDIRECT_DESC -EVENT_IDX -RING_RESET")                                                     \
    X("indirect", "-EVENT_IDX", "-EVENT_IDX")                                                      \
    X("event-idx", "-INDIRECT_DESC", "-INDIRECT_DESC")                                             \
    X("edid", "+EDID", "+EDID")                                                                    \
    X("in-order", NULL, "+IN_ORDER")                                                               \
    X("platform", NULL, "+ACCESS_PLATFORM +ORDER_PLATFORM")                                        \
    X("strange", "?UNUSED", "?50 ?ADMIN_VQ ?SR_IOV")

static const struct {
    const char *word, *words[CONFORM_VERSIONS];
} feature_sets[] = {
#define X(word, first, second) {word, {first, second}},
    FEATURE_SETS(X)
#undef X
};

/* The first one of each axis is the usual one. */
static const unsigned queue_sizes[] = {1024, 1, 2, 4, 8, 16, 64, 256};

/* Who acts when, and what the device is like: `device ... personality NAME`. */
static const struct {
    const char *word, *lines, *personality;
} conditions[] = {{"eager", "", NULL},
                  {"lazy", "schedule lazy\n", NULL},
                  {"random", "schedule random\nseed 7\n", NULL},
#define X(name, word, profile, eager, hush, strict, order, size, lazy, text)                       \
    {"personality-" word, "", word},
                  SIM_PERSONALITIES(X)
#undef X
};

/* What a driver is asked for that has these options. */
static const struct {
    const char *word, *words;
} wishes[] = {{"plain", ""}, {"all", " interrupts on event-idx on indirect on fence on"}};

/* Words of a `fault` line. */
static const char *const faults[] = {
    "completion-late 300 request 3",
    "completion-lost request 3",
    "completion-doubled request 3",
    "completion-out-of-order 1 request 3",
    "completion-overtaken 300 request 3",
    "response-type 0x1200 request 3",
    "response-type 0 request 3",
    "response-bytes 8 request 3",
    "response-fence 99 request 3",
    "display-width 0 request 1",
    "display-height 0xffffffff request 1",
    "rewrite-descriptors 0xff request 2",
    "used-id 999 request 3",
    "used-id-out-of-range request 3",
    "used-id-not-outstanding request 3",
    "used-id-of-another request 3",
    "used-len 0 request 3",
    "used-len-long 64 request 3",
    "used-len-short 8 request 3",
    "used-idx-jump 3 request 3",
    "used-idx-back 1 request 3",
    "used-flags 1 request 3",
    "avail-event 77 request 3",
    "interrupt-lost request 3",
    "notification-lost request 3",
    "interrupt-spurious request 3",
    "interrupt-config request 3",
    "config-change request 3",
    "needs-reset request 3",
    "magic 0x12345678",
    "version 3",
    "device-id 0",
    "status-bits 4",
    "status-bits 64",
    "status-bits 0xffffff00",
    "features-offered 0x40000000",
    "features-changed 0x10000000",
    "queue-size-max 0",
    "queue-size-max 3",
    "queue-ready 1",
    "config-value 0xffffffff",
    "config-torn 5",
    "interrupt-bits 4",
    "features-veto",
    "interrupt-ack-lost",
    "reset-late 50",
    "reset-lost",
    "queue-reset-late 5",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct program {
    char name[SCENARIO_WORD_BYTES];
    char *text;
};

struct cell {
    char name[CONFORM_NAME_BYTES];
    uint8_t version;
    const struct program *program;
    const char *device;      /* words that its line gets besides; NULL = the program's own lines */
    unsigned queue_size;     /* 0 = as the program has it */
    const char *lines;       /* schedule */
    const char *wishes;      /* words of the driver's line */
    const char *personality; /* NULL = none */
    const char *fault;       /* NULL = none */
};

struct conform_cells {
    size_t program_count[CONFORM_VERSIONS];
    struct program program[CONFORM_VERSIONS][PROGRAMS_MAX];
    size_t count;
    struct cell cell[CONFORM_CELLS_MAX];
};

/* ---- programs ---- */

static char *read_text(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = malloc(PROGRAM_BYTES);
    size_t bytes = file != NULL && text != NULL ? fread(text, 1, PROGRAM_BYTES, file) : 0;

    if (file != NULL)
        fclose(file);
    if (bytes == 0 || bytes == PROGRAM_BYTES) {
        free(text);
        return NULL;
    }
    text[bytes] = '\0';
    return text;
}

static bool read_programs(struct conform_cells *cells, const char *folder, unsigned version)
{
    struct string_list files = {0};
    char path[4096];
    bool good;

    snprintf(path, sizeof path, "%s/version-%u", folder, version);
    good = files_find(&files, path);
    for (size_t i = 0; i < files.count && good; i++) {
        const char *name = strrchr(files.item[i], '/') + 1;
        size_t *count = &cells->program_count[version - 1];
        struct program *program = &cells->program[version - 1][*count];
        if (*count == PROGRAMS_MAX) {
            fprintf(stderr, "ringside: %s: more than %u scenarios\n", path, PROGRAMS_MAX);
            good = false;
            break;
        }
        snprintf(program->name, sizeof program->name, "%.*s", (int)(strlen(name) - strlen(".scn")),
                 name);
        program->text = read_text(files.item[i]);
        good = program->text != NULL;
        if (!good)
            fprintf(stderr, "ringside: %s: cannot be read, or is too long\n", files.item[i]);
        *count += good;
    }
    string_list_free(&files);
    return good;
}

static const struct program *find_program(const struct conform_cells *cells, unsigned version,
                                          const char *name)
{
    for (size_t i = 0; i < cells->program_count[version - 1]; i++) {
        if (strcmp(cells->program[version - 1][i].name, name) == 0)
            return &cells->program[version - 1][i];
    }
    return NULL;
}

/* ---- the matrix ---- */

static struct cell *add(struct conform_cells *cells, unsigned version,
                        const struct program *program)
{
    struct cell *cell = &cells->cell[cells->count];

    if (cells->count == CONFORM_CELLS_MAX || program == NULL)
        return NULL;
    cells->count++;
    *cell =
        (struct cell){.version = (uint8_t)version, .program = program, .lines = "", .wishes = ""};
    return cell;
}

static bool add_programs(struct conform_cells *cells, unsigned version)
{
    for (size_t i = 0; i < cells->program_count[version - 1]; i++) {
        struct cell *cell = add(cells, version, &cells->program[version - 1][i]);
        if (cell == NULL)
            return false;
        snprintf(cell->name, sizeof cell->name, "v%u/%.60s", version, cell->program->name);
    }
    return true;
}

static bool add_matrix(struct conform_cells *cells, unsigned version, const struct program *tour)
{
    size_t total = COUNT(feature_sets) * COUNT(queue_sizes) * COUNT(wishes) * COUNT(conditions);

    for (size_t i = 0; i < total; i++) {
        size_t condition = i % COUNT(conditions), wish = i / COUNT(conditions) % COUNT(wishes);
        size_t rest = i / COUNT(conditions) / COUNT(wishes);
        size_t size = rest % COUNT(queue_sizes), set = rest / COUNT(queue_sizes);
        struct cell *cell;
        bool every_pair = condition == 0 || size == 0 || set == 0;
        if (feature_sets[set].words[version - 1] == NULL || !every_pair)
            continue;
        cell = add(cells, version, tour);
        if (cell == NULL)
            return false;
        cell->device = feature_sets[set].words[version - 1];
        cell->queue_size = queue_sizes[size];
        cell->lines = conditions[condition].lines;
        cell->personality = conditions[condition].personality;
        cell->wishes = wishes[wish].words;
        snprintf(cell->name, sizeof cell->name, "v%u/tour/%s/q%u/%s/%s", version,
                 feature_sets[set].word, queue_sizes[size], wishes[wish].word,
                 conditions[condition].word);
    }
    return true;
}

static bool add_faults(struct conform_cells *cells, unsigned version, const struct program *tour)
{
    for (size_t i = 0; i < COUNT(faults) * COUNT(wishes); i++) {
        struct cell *cell = add(cells, version, tour);
        size_t wish = i % COUNT(wishes);
        char *name;
        if (cell == NULL)
            return false;
        cell->device = "";
        cell->fault = faults[i / COUNT(wishes)];
        cell->wishes = wishes[wish].words;
        name = cell->name;
        snprintf(name, sizeof cell->name, "v%u/fault/%s/%s", version, cell->fault,
                 wishes[wish].word);
        for (; *name != '\0'; name++)
            *name = *name == ' ' ? '-' : *name;
    }
    return true;
}

struct conform_cells *conform_cells_create(const char *folder)
{
    struct conform_cells *cells = calloc(1, sizeof *cells);
    bool good = cells != NULL;

    if (!good)
        fputs("ringside: out of memory\n", stderr);
    for (unsigned version = 1; version <= CONFORM_VERSIONS && good; version++) {
        good = read_programs(cells, folder, version);
        const struct program *tour = good ? find_program(cells, version, TOUR) : NULL;
        if (good && tour == NULL) {
            fprintf(stderr, "ringside: %s/version-%u: no " TOUR ".scn\n", folder, version);
            good = false;
        }
        if (good && !(add_programs(cells, version) && add_matrix(cells, version, tour) &&
                      add_faults(cells, version, tour))) {
            fprintf(stderr, "ringside: more than %u cells\n", CONFORM_CELLS_MAX);
            good = false;
        }
    }
    if (!good) {
        conform_cells_free(cells);
        return NULL;
    }
    return cells;
}

void conform_cells_free(struct conform_cells *cells)
{
    for (unsigned version = 0; cells != NULL && version < CONFORM_VERSIONS; version++) {
        for (size_t i = 0; i < cells->program_count[version]; i++)
            free(cells->program[version][i].text);
    }
    free(cells);
}

size_t conform_cells_count(const struct conform_cells *cells)
{
    return cells->count;
}

const char *conform_cell_name(const struct conform_cells *cells, size_t index)
{
    return cells->cell[index].name;
}

unsigned conform_cell_version(const struct conform_cells *cells, size_t index)
{
    return cells->cell[index].version;
}

/* An access that the probe does not see is in the driver's code, whatever the cell: one is enough.
 */
bool conform_cell_guard(const struct conform_cells *cells, size_t index)
{
    const struct cell *cell = &cells->cell[index];

    return cell->device == NULL && strcmp(cell->program->name, STRESS) != 0;
}

void conform_cells_describe(char *out, size_t out_bytes)
{
    snprintf(out, out_bytes,
             "%zu feature sets, %zu queue sizes, 3 schedules, %d personalities, %zu faults",
             COUNT(feature_sets), COUNT(queue_sizes), SIM_PERSONALITY_COUNT, COUNT(faults));
}

/* ---- a cell's scenario ---- */

/* The first word of a line. */
static bool begins(const char *line, const char *verb)
{
    size_t bytes = strlen(verb);

    return strncmp(line, verb, bytes) == 0 && (line[bytes] == ' ' || line[bytes] == '\t');
}

static void put_device(FILE *out, const struct cell *cell, const char *line)
{
    if (cell->device == NULL) {
        fprintf(out, "%s%s\n", line, strstr(line, " display ") == NULL ? "  display " DISPLAY : "");
        return;
    }
    fputs(line, out);
    if (cell->queue_size != 0)
        fprintf(out, "  queue-size-max %u", cell->queue_size);
    if (cell->personality != NULL)
        fprintf(out, "  personality %s", cell->personality);
    if (cell->device[0] != '\0')
        fprintf(out, "  features %s", cell->device);
    fputc('\n', out);
}

/* `call X -> OK`; where the driver may refuse the device, or the device misbehaves, any result. */
static void put_call(FILE *out, const struct cell *cell, const char *line)
{
    const char *arrow = strstr(line, "->");
    char word[SCENARIO_WORD_BYTES] = "";
    bool any = cell->fault != NULL;

    if (sscanf(line, "call %63s", word) == 1)
        any |= strcmp(word, "init") == 0;
    if (arrow != NULL && any)
        fprintf(out, "%.*s-> ...\n", (int)(arrow - line), line);
    else
        fprintf(out, "%s\n", line);
}

static void put_line(FILE *out, const struct cell *cell, const char *line)
{
    bool own = cell->device == NULL;

    if (begins(line, "device")) {
        put_device(out, cell, line);
        if (!own)
            fputs(cell->lines, out);
        if (cell->fault != NULL)
            fprintf(out, "fault %s\n", cell->fault);
    } else if (begins(line, "driver")) {
        fprintf(out, "%s%s\n", line, cell->wishes);
    } else if (begins(line, "call")) {
        put_call(out, cell, line);
    } else if (begins(line, "expect") &&
               (cell->fault != NULL || strstr(line, BRING_UP_STATUS) != NULL)) {
        return;
    } else {
        fprintf(out, "%s\n", line);
    }
}

char *conform_cell_text(const struct conform_cells *cells, size_t index)
{
    const struct cell *cell = &cells->cell[index];
    char *text = NULL, line[SCENARIO_LINE_BYTES];
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);

    if (out == NULL)
        return NULL;
    fprintf(out, "# Cell %s of ringside conform.\n#\n", cell->name);
    for (const char *at = cell->program->text; *at != '\0';) {
        size_t length = strcspn(at, "\n");
        snprintf(line, sizeof line, "%.*s", (int)length, at);
        put_line(out, cell, line);
        at += length + (at[length] == '\n');
    }
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
