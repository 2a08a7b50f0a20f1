/*
 * Results for machines, from start to end.
 */
#include "output_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "isolate.h"

/* ---- files ---- */

static const char *const words[] = {
#define X(name, word) word,
    OUTPUT_FORMATS(X)
#undef X
};

static bool complain(const char *what)
{
    fprintf(stderr, "ringside: %s\n", what);
    return false;
}

/*
 * From here on standard output is a stream of its own, for a machine; what is printed for people
 * goes to standard error.
 */
static bool take_standard_output(struct output *output)
{
    int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

    fflush(stdout);
    output->standard = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (output->standard == NULL || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
        fprintf(stderr, "ringside: standard output: %s\n", strerror(errno));
        return false;
    }
    return true;
}

static bool open_files(struct output *output, const struct output_paths *paths)
{
    for (unsigned i = 0; i < OUTPUT_FORMAT_COUNT; i++) {
        const char *path = paths->path[i];
        if (path == NULL)
            continue;
        output->wanted[i] = true;
        output->to_standard[i] = strcmp(path, "-") == 0;
        for (unsigned j = 0; j < i; j++) {
            if (paths->path[j] != NULL && strcmp(paths->path[j], path) == 0) {
                fprintf(stderr, "ringside: --%s and --%s would both write %s\n", words[j], words[i],
                        output->to_standard[i] ? "standard output" : path);
                return false;
            }
        }
        if (output->to_standard[i] ? !take_standard_output(output)
                                   : !whole_file_open(&output->file[i], path))
            return false;
    }
    return true;
}

static FILE *stream_of(const struct output *output, unsigned format)
{
    return output->to_standard[format] ? output->standard : output->file[format].stream;
}

static void close_all(struct output *output)
{
    for (unsigned i = 0; i < OUTPUT_FORMAT_COUNT; i++) {
        if (output->file[i].stream != NULL)
            (void)whole_file_close(&output->file[i], false);
    }
    if (output->standard != NULL)
        fclose(output->standard);
    if (output->lines >= 0)
        close(output->lines);
    json_decref(output->extra);
    isolate_free(output, sizeof *output);
}

struct output *output_create(const struct output_paths *paths, const char *command,
                             const char *again)
{
    struct output *output = isolate_alloc(sizeof *output);
    FILE *lines = tmpfile();

    if (output == NULL || lines == NULL) {
        fprintf(stderr, "ringside: results: %s\n",
                output == NULL ? "out of memory" : strerror(errno));
        if (lines != NULL)
            fclose(lines);
        isolate_free(output, sizeof *output);
        return NULL;
    }
    output->command = command;
    output->again = again;
    output->lines = fcntl(fileno(lines), F_DUPFD_CLOEXEC, 0);
    fclose(lines);
    if (output->lines < 0 || !open_files(output, paths)) {
        close_all(output);
        return NULL;
    }
    return output;
}

/* ---- the accesses of a run ---- */

void output_begin(struct output *output)
{
    output->noted = 0;
    output->found = 0;
}

void output_forget(struct output *output)
{
    output->found = 0;
}

static void keep_trail(struct output *output, struct output_trail *trail)
{
    uint64_t first = output->noted > OUTPUT_TRAIL_EVENTS ? output->noted - OUTPUT_TRAIL_EVENTS : 0;

    trail->count = (uint32_t)(output->noted - first);
    for (uint32_t i = 0; i < trail->count; i++)
        trail->event[i] = output->recent[(first + i) % OUTPUT_TRAIL_EVENTS];
}

static void note_event(void *context, const struct event *event, const struct world_sight *sight)
{
    static const uint64_t accesses = EVENT_MASK(EVENT_READ) | EVENT_MASK(EVENT_WRITE) |
                                     EVENT_MASK(EVENT_LOAD) | EVENT_MASK(EVENT_STORE) |
                                     EVENT_MASK(EVENT_UPDATE) | EVENT_MASK(EVENT_BARRIER);
    struct output *output = context;

    if (event->party == EVENT_PARTY_DRIVER && (accesses & EVENT_MASK(event->kind)) != 0) {
        struct event *place = &output->recent[output->noted++ % OUTPUT_TRAIL_EVENTS];
        *place = *event;
        place->bytes = NULL;
    }
    while (output->found < sight->outcome->findings.count && output->found < FINDINGS_MAX)
        keep_trail(output, &output->trail[output->found++]);
}

struct world_reader output_reader(struct output *output)
{
    return (struct world_reader){note_event, output};
}

/* ---- results ---- */

/* One line with one call, so that a lost process leaves no half of it. */
static void add(struct output *output, json_t *result)
{
    char *text = json_dumps(result, JSON_COMPACT);
    size_t bytes = text != NULL ? strlen(text) : 0;

    if (text != NULL)
        text[bytes++] = '\n'; /* in place of its end */
    if (text == NULL || output_lacks_memory() ||
        write(output->lines, text, bytes) != (ssize_t)bytes)
        output->failed = true;
    free(text);
    json_decref(result);
}

void output_add(struct output *output, const struct world_outcome *outcome, enum page_state state,
                double seconds)
{
    add(output, output_result(output, outcome, state, seconds));
}

void output_add_skipped(struct output *output, const struct scenario *scenario, const char *reason)
{
    add(output, output_result_skipped(scenario, reason));
}

void output_add_broken(struct output *output, const char *path, const char *reason)
{
    add(output, output_result_broken(path, reason));
}

void output_take(struct output *output, json_t *result)
{
    add(output, json_incref(result));
}

void output_extend(struct output *output, const char *key, json_t *value)
{
    output->extra_key = key;
    output->extra = value;
}

/* All that was added, as an array; NULL when it cannot be read back. */
static json_t *read_results(struct output *output)
{
    json_t *results = json_array();
    FILE *lines = fdopen(output->lines, "r");
    char *line = NULL;
    size_t room = 0;
    ssize_t bytes;

    output->lines = lines != NULL ? -1 : output->lines;
    if (lines == NULL || results == NULL || fseek(lines, 0, SEEK_SET) != 0) {
        json_decref(results);
        results = NULL;
    }
    while (results != NULL && (bytes = getline(&line, &room, lines)) > 0) {
        json_t *result = json_loadb(line, (size_t)bytes, 0, NULL);
        if (json_array_append_new(results, result) != 0) {
            json_decref(results);
            results = NULL;
        }
    }
    free(line);
    if (lines != NULL)
        fclose(lines);
    return results;
}

static void drop_seconds(const json_t *document)
{
    json_t *result;
    size_t i;

    json_array_foreach(json_object_get(document, "results"), i, result)
        json_object_del(result, "seconds");
}

static bool write_one(struct output *output, unsigned format, const json_t *document)
{
    static bool (*const writers[])(const json_t *document, FILE *out) = {
        [OUTPUT_TAP] = output_write_tap,
        [OUTPUT_JUNIT] = output_write_junit,
        [OUTPUT_SARIF] = output_write_sarif,
        [OUTPUT_JSON] = output_write_json,
    };
    FILE *out = stream_of(output, format);
    bool written;

    if (format == OUTPUT_JSON)
        drop_seconds(document); /* it is the last one; the same run writes the same */
    written = writers[format](document, out) && !output_lacks_memory();
    if (!output->to_standard[format]) {
        output->file[format].failed |= !written;
        written = whole_file_close(&output->file[format], written) && written;
        return written;
    }
    written = written && fflush(out) == 0 && ferror(out) == 0;
    return written || complain("cannot write standard output");
}

bool output_end(struct output *output, size_t planned, bool interrupted, bool whole)
{
    json_t *results = whole ? read_results(output) : NULL;
    json_t *document = NULL;
    bool good = !whole;

    if (results != NULL)
        document = output_document(output->command, results, planned, interrupted);
    if (document != NULL && output->extra_key != NULL)
        output_put(document, output->extra_key, json_incref(output->extra));
    if (whole && (document == NULL || output->failed || output_lacks_memory()))
        complain("results could not be kept: out of memory or of room for temporary files");
    else if (whole)
        good = true;
    for (unsigned i = 0; i < OUTPUT_FORMAT_COUNT && whole && document != NULL; i++)
        good = (!output->wanted[i] || write_one(output, i, document)) && good;
    json_decref(document);
    close_all(output);
    return good;
}
