/*
 * The inside of results for machines, for the files that make them up: output.c (from start to
 * end), output_result.c (one run), output_document.c (all of them), output_tap.c, output_junit.c,
 * output_sarif.c.
 */
#ifndef RINGSIDE_HARNESS_OUTPUT_STATE_H
#define RINGSIDE_HARNESS_OUTPUT_STATE_H

#include <jansson.h>
#include "command.h"
#include "output.h"

#define OUTPUT_FORMAT_WORD    "ringside-results"
#define OUTPUT_VERSION        1
#define OUTPUT_TRAIL_EVENTS   8u /* of the driver, up to the one that a finding is about */
#define OUTPUT_TEXT_BYTES     1024u
#define OUTPUT_REPORT_COLUMN  80u
#define OUTPUT_JSON_BYTES_MAX (UINT64_C(1) << 30) /* that are read back */

/* The last accesses of the driver before a finding was raised. */
struct output_trail {
    uint32_t count;
    struct event event[OUTPUT_TRAIL_EVENTS]; /* from the oldest; bytes is NULL */
};

/* Lies in memory that all processes share. */
struct output {
    const char *command;
    const char *again;
    int lines;             /* results, one a line; unnamed */
    const char *extra_key; /* of the document; NULL = none */
    json_t *extra;         /* of the process that ends it */
    bool failed;
    FILE *standard; /* what standard output was, or NULL */
    bool wanted[OUTPUT_FORMAT_COUNT];
    bool to_standard[OUTPUT_FORMAT_COUNT];
    struct whole_file file[OUTPUT_FORMAT_COUNT];
    /* ---- of one scenario, from here on ---- */
    uint64_t noted;
    struct event recent[OUTPUT_TRAIL_EVENTS];
    uint32_t found; /* trails that are kept */
    struct output_trail trail[FINDINGS_MAX];
};

/* ---- output_json.c: jansson with what it leaves to its users ---- */

/* A string of any origin: what is not UTF-8 becomes U+FFFD. */
json_t *output_text(const char *text);
/* Takes `value` over. A NULL one is memory that ran out: output_lacks_memory() is true from then
 * on. */
void output_put(json_t *object, const char *key, json_t *value);
void output_append(json_t *array, json_t *value);
void output_put_text(json_t *object, const char *key, const char *text);
void output_put_number(json_t *object, const char *key, uint64_t number);
void output_put_bool(json_t *object, const char *key, bool value);
bool output_lacks_memory(void);
/* Members that may be missing: "" and 0 then. */
const char *output_word(const json_t *object, const char *key);
uint64_t output_number(const json_t *object, const char *key);
bool output_flag(const json_t *object, const char *key);

/* ---- output.c ---- */

/* One more member of the document; takes `value` over. In the process that ends the output. */
void output_extend(struct output *output, const char *key, json_t *value);
/* A result that was read back from another document. */
void output_take(struct output *output, json_t *result);

/* ---- output_result.c ---- */

json_t *output_result(const struct output *output, const struct world_outcome *outcome,
                      enum page_state state, double seconds);
json_t *output_result_skipped(const struct scenario *scenario, const char *reason);
json_t *output_result_broken(const char *path, const char *reason);

/* ---- output_document.c ---- */

/* Takes `results` over, an array. */
json_t *output_document(const char *command, json_t *results, size_t planned, bool interrupted);
/* The name of a run among all: the path of its scenario without `.scn`. The caller frees it. */
char *output_run_name(const json_t *result);
/* A sentence why a run is not ok: what failed first, or why it was not run. */
const char *output_reason(const json_t *result);

/* ---- the formats: false when memory ran out; what cannot be written is told by the stream ---- */

bool output_write_tap(const json_t *document, FILE *out);
bool output_write_junit(const json_t *document, FILE *out);
bool output_write_sarif(const json_t *document, FILE *out);
bool output_write_json(const json_t *document, FILE *out);

#endif
