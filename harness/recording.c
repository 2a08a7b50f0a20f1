/*
 * Recordings: writing them while a run goes on, and reading them whole.
 */
#include "recording.h"

#include <errno.h>
#include <stdarg.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "arena.h"
#include "scenario.h"

static const char first_word[] = "ringside-recording";

/* ---- writing ---- */

static void hand_over(struct recorder *recorder)
{
    size_t used = recorder->used;

    recorder->used = 0;
    recorder->checksum =
        (uint32_t)crc32(recorder->checksum, (const Bytef *)recorder->buffer, (uInt)used);
    if (fwrite(recorder->buffer, 1, used, recorder->out) != used || fflush(recorder->out) != 0)
        recorder->failed = true;
}

static void put(struct recorder *recorder, const char *text, size_t bytes)
{
    while (bytes > 0) {
        size_t room = sizeof recorder->buffer - recorder->used;
        size_t part = bytes < room ? bytes : room;
        memcpy(recorder->buffer + recorder->used, text, part);
        recorder->used += part;
        text += part;
        bytes -= part;
        if (recorder->used == sizeof recorder->buffer)
            hand_over(recorder);
    }
}

__attribute__((format(printf, 2, 3))) static void put_line(struct recorder *recorder,
                                                           const char *format, ...)
{
    char line[SCENARIO_LINE_BYTES + 64];
    va_list arguments;
    int bytes;

    va_start(arguments, format);
    bytes = vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    if (bytes < 0 || (size_t)bytes >= sizeof line - 1) {
        recorder->failed = true;
        return;
    }
    line[bytes] = '\n';
    put(recorder, line, (size_t)bytes + 1);
}

static void put_scenario(struct recorder *recorder, const char *text)
{
    while (*text != '\0') {
        size_t bytes = strcspn(text, "\n");
        put(recorder, "| ", 2);
        put(recorder, text, bytes);
        put(recorder, "\n", 1);
        text += bytes + (text[bytes] == '\n');
    }
}

void recorder_begin(struct recorder *recorder, FILE *out, const struct scenario *scenario,
                    const struct world_options *options, const struct session *session)
{
    *recorder = (struct recorder){.out = out, .checksum = (uint32_t)crc32(0, NULL, 0)};
    put_line(recorder, "%s %u", first_word, RECORDING_VERSION);
    put_line(recorder, "seed %" PRIu64, scenario->seed);
    put_line(recorder, "driver %s", scenario->driver[0] != '\0' ? scenario->driver : "-");
    if (options->driver_path != NULL)
        put_line(recorder, "object %s", options->driver_path);
    if (options->qemu)
        put_line(recorder, "device qemu");
    put_line(recorder, "scenario %s", scenario->path);
    put_scenario(recorder, scenario->text);
    for (size_t i = 0; session != NULL && i < session->act_count; i++)
        put_line(recorder, "do %" PRIu64 ".%u %s", session->act[i].step, session->act[i].turn,
                 session->act[i].line);
}

static void record(void *context, const struct event *event, const struct world_sight *sight)
{
    struct recorder *recorder = context;
    char line[EVENT_TEXT_BYTES];
    size_t bytes = event_format(event, arena_name, sight->arena, line, sizeof line - 1);

    line[bytes] = '\n';
    put(recorder, line, bytes + 1);
    recorder->events++;
}

struct world_reader recorder_reader(struct recorder *recorder)
{
    return (struct world_reader){record, recorder};
}

void recorder_turned(void *context, const struct world_turn *turn)
{
    put_line(context, "turn %" PRIu64 ".%u %u", turn->step, turn->chance, turn->count);
}

bool recorder_end(struct recorder *recorder, bool whole)
{
    if (!whole)
        put_line(recorder, "stopped");
    hand_over(recorder);
    fprintf(recorder->out, "end %" PRIu64 " %08" PRIx32 "\n", recorder->events, recorder->checksum);
    if (fflush(recorder->out) != 0 || ferror(recorder->out))
        recorder->failed = true;
    return !recorder->failed;
}

/* ---- reading ---- */

struct reader {
    struct recording *recording;
    FILE *errors;
    unsigned line;
};

__attribute__((format(printf, 2, 3))) static bool fail(struct reader *reader, const char *format,
                                                       ...)
{
    va_list arguments;

    fprintf(reader->errors, "%s:%u:1: error: ", reader->recording->path, reader->line);
    va_start(arguments, format);
    vfprintf(reader->errors, format, arguments);
    va_end(arguments);
    fputc('\n', reader->errors);
    return false;
}

/* The whole file, and a NUL behind it; false after a message. */
static bool load(struct recording *recording, FILE *errors)
{
    FILE *file = fopen(recording->path, "rbe");
    struct stat status;
    const char *trouble = NULL;

    if (file == NULL || fstat(fileno(file), &status) != 0)
        trouble = strerror(errno);
    else if (!S_ISREG(status.st_mode))
        trouble = "is no file";
    else if ((uint64_t)status.st_size > RECORDING_BYTES_MAX)
        trouble = "is too large for a recording";
    else if ((recording->text = malloc((size_t)status.st_size + 1)) == NULL)
        trouble = "there is no memory for it";
    else
        recording->bytes = fread(recording->text, 1, (size_t)status.st_size, file);
    if (trouble == NULL && (ferror(file) || recording->bytes != (size_t)status.st_size))
        trouble = "cannot be read";
    if (trouble != NULL)
        fprintf(errors, "ringside: %s: %s\n", recording->path, trouble);
    else
        recording->text[recording->bytes] = '\0';
    if (file != NULL)
        fclose(file);
    return trouble == NULL;
}

/* The last line tells whether the rest is whole. */
static bool check_end(struct reader *reader)
{
    struct recording *recording = reader->recording;
    char *text = recording->text;
    size_t last = recording->bytes;
    unsigned checksum;
    int used = 0;

    reader->line = 1;
    for (size_t i = 0; i < recording->bytes; i++)
        reader->line += text[i] == '\n' && i + 1 < recording->bytes;
    if (last > 0 && text[last - 1] == '\n')
        last--;
    while (last > 0 && text[last - 1] != '\n')
        last--;
    if (sscanf(text + last, "end %" SCNu64 " %8x%n", &recording->event_count, &checksum, &used) !=
            2 ||
        strcmp(text + last + used, "\n") != 0)
        return fail(reader, "the recording was cut short: its last line is not `end EVENTS "
                            "CHECKSUM`");
    if (checksum != (uint32_t)crc32(crc32(0, NULL, 0), (const Bytef *)text, (uInt)last))
        return fail(reader,
                    "the recording was changed after it was written: its checksum is "
                    "%08" PRIx32 ", not %08x",
                    (uint32_t)crc32(crc32(0, NULL, 0), (const Bytef *)text, (uInt)last), checksum);
    text[last] = '\0';
    recording->bytes = last;
    return true;
}

static bool check_version(struct reader *reader)
{
    const char *text = reader->recording->text;
    unsigned version;
    size_t bytes = strlen(first_word);

    reader->line = 1;
    if (strncmp(text, first_word, bytes) != 0 || sscanf(text + bytes, " %u", &version) != 1)
        return fail(reader, "this is no recording; its first line should be `%s %u`", first_word,
                    RECORDING_VERSION);
    if (version != RECORDING_VERSION)
        return fail(reader, "a recording of version %u; this ringside reads version %u", version,
                    RECORDING_VERSION);
    return true;
}

static bool grow(void **rows, size_t count, size_t row_bytes)
{
    void *more;

    if ((count & (count - 1)) != 0)
        return true;
    more = realloc(*rows, (count != 0 ? count * 2 : 16) * row_bytes);
    if (more != NULL)
        *rows = more;
    return more != NULL;
}

static bool read_act(struct reader *reader, const char *text)
{
    struct recording *recording = reader->recording;
    struct session_act act = {0};
    int used = 0;

    if (sscanf(text, "%" SCNu64 ".%u %n", &act.step, &act.turn, &used) != 2 || used == 0 ||
        strlen(text + used) >= sizeof act.line || recording->act_count == SESSION_ACTS_MAX)
        return fail(reader, "expected `do STEP.TURN LINE`, at most %u of them", SESSION_ACTS_MAX);
    snprintf(act.line, sizeof act.line, "%s", text + used);
    if (!grow((void **)&recording->act, recording->act_count, sizeof act))
        return fail(reader, "out of memory");
    recording->act[recording->act_count++] = act;
    return true;
}

static bool read_turn(struct reader *reader, const char *text)
{
    struct recording *recording = reader->recording;
    struct world_turn turn = {0};
    char rest;

    if (sscanf(text, "%" SCNu64 ".%u %u%c", &turn.step, &turn.chance, &turn.count, &rest) != 3)
        return fail(reader, "expected `turn STEP.CHANCE COUNT`");
    if (!grow((void **)&recording->turn, recording->turn_count, sizeof turn))
        return fail(reader, "out of memory");
    recording->turn[recording->turn_count++] = turn;
    return true;
}

/* One line, without newline; false after a message. */
static bool read_line(struct reader *reader, char *line, FILE *scenario)
{
    struct recording *recording = reader->recording;

    if (line[0] >= '0' && line[0] <= '9') {
        if (recording->first_event == NULL) {
            recording->first_event = line;
            recording->first_line = reader->line;
        }
        return true;
    }
    if (strncmp(line, "| ", 2) == 0)
        return fprintf(scenario, "%s\n", line + 2) > 0;
    if (strncmp(line, "turn ", 5) == 0)
        return read_turn(reader, line + 5);
    if (strncmp(line, "do ", 3) == 0)
        return read_act(reader, line + 3);
    if (strcmp(line, "stopped") == 0)
        return recording->stopped = true;
    if (strncmp(line, "scenario ", 9) == 0)
        return (recording->scenario_path = line + 9) != NULL;
    if (strncmp(line, "driver ", 7) == 0)
        return (recording->driver = line + 7) != NULL;
    if (strncmp(line, "object ", 7) == 0)
        return (recording->object = line + 7) != NULL;
    if (strcmp(line, "device qemu") == 0)
        return recording->qemu = true;
    if (strncmp(line, "seed ", 5) == 0 && sscanf(line + 5, "%" SCNu64, &recording->seed) == 1)
        return true;
    return fail(reader, "`%.40s` is no line of a recording", line);
}

static bool read_lines(struct reader *reader)
{
    struct recording *recording = reader->recording;
    size_t bytes = 0;
    FILE *scenario = open_memstream(&recording->scenario_text, &bytes);
    bool good = scenario != NULL;
    char *line = recording->text + strcspn(recording->text, "\n");

    reader->line = 1;
    while (good && *line != '\0') { /* at the newline before it */
        char *next = line + 1;
        size_t length = strcspn(next, "\n");
        reader->line++;
        line = next + length;
        if (*line == '\n' && next[0] != '\0') {
            *line = '\0';
            good = read_line(reader, next, scenario);
            *line = '\n';
        }
    }
    if (scenario != NULL)
        fclose(scenario);
    if (good && (recording->scenario_path == NULL || bytes == 0))
        return fail(reader, "there is no scenario in the recording");
    return good;
}

/* The names that lie in the text end with their lines. */
static bool keep_name(char **name)
{
    if (*name != NULL)
        *name = strndup(*name, strcspn(*name, "\n"));
    return true;
}

struct recording *recording_read(const char *path, FILE *errors)
{
    struct recording *recording = calloc(1, sizeof *recording);
    struct reader reader = {.recording = recording, .errors = errors};
    bool good;

    if (recording == NULL || (recording->path = strdup(path)) == NULL) {
        fputs("ringside: out of memory\n", errors);
        free(recording);
        return NULL;
    }
    good = load(recording, errors) && check_version(&reader) && check_end(&reader) &&
           read_lines(&reader);
    good = keep_name(&recording->scenario_path) && keep_name(&recording->driver) &&
           keep_name(&recording->object) && good;
    if (!good) {
        recording_free(recording);
        return NULL;
    }
    return recording;
}

void recording_free(struct recording *recording)
{
    if (recording == NULL)
        return;
    free(recording->scenario_path);
    free(recording->driver);
    free(recording->object);
    free(recording->scenario_text);
    free(recording->act);
    free(recording->turn);
    free(recording->text);
    free(recording->path);
    free(recording);
}

const char *recording_next(const struct recording *recording, const char *line, unsigned *number)
{
    const char *end = recording->text + recording->bytes;

    while ((line = memchr(line, '\n', (size_t)(end - line))) != NULL) {
        line++;
        (*number)++;
        if (line < end && *line >= '0' && *line <= '9')
            return line;
    }
    return NULL;
}
