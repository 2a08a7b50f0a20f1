/*
 * QEMU's monitor protocol (QMP), as much of it as a replay needs: JSON objects, one a line.
 *
 *   greeting -> qmp_capabilities -> any number of commands; events may come between and are
 * skipped.
 *
 * Functions return NULL or a message that lives as long as the struct qmp and until the next call.
 */
#ifndef RINGSIDE_HARNESS_QMP_H
#define RINGSIDE_HARNESS_QMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QMP_LINE_BYTES_MAX 65536u
#define QMP_ERROR_BYTES    300u
#define QMP_EVENTS_MAX     1000u /* skipped while one answer is waited for */
#define QMP_VERSION_BYTES  40u

/* What one line from QEMU is. */
enum qmp_kind { QMP_GREETING, QMP_RETURN, QMP_ERROR, QMP_EVENT, QMP_GARBAGE };

/*
 * Something else to be emptied while an answer is waited for: QEMU's serial line, for when that is
 * full, QEMU waits for us to read it, and answers nothing.
 */
struct qmp_meanwhile {
    int fd;                      /* -1 = nothing */
    bool (*take)(void *context); /* reads once; false at the end: it is not watched any longer */
    void *context;
};

struct qmp {
    int fd; /* a connected stream socket; not owned */
    struct qmp_meanwhile meanwhile;
    uint64_t resets;                 /* events RESET that have come */
    char version[QMP_VERSION_BYTES]; /* QEMU's, from the greeting: "7.2.22"; "" = it did not say */
    size_t used_bytes;
    char line[QMP_LINE_BYTES_MAX];
    char error[QMP_ERROR_BYTES];
};

/*
 * Classifies a line; `text` gets the description of a QMP_ERROR, the name of a QMP_EVENT, the
 * version in a QMP_GREETING.
 */
enum qmp_kind qmp_classify(const char *line, size_t bytes, char *text, size_t text_bytes);

/* Takes the greeting and leaves negotiation mode. `meanwhile` may be NULL. */
const char *qmp_open(struct qmp *qmp, int fd, const struct qmp_meanwhile *meanwhile,
                     int64_t deadline_ms);

/* The screen of the first console into a file. `format` is "png", or NULL for QEMU's own PPM. */
const char *qmp_screendump(struct qmp *qmp, const char *path, const char *format,
                           int64_t deadline_ms);
/* Guest-physical memory into a file. */
const char *qmp_pmemsave(struct qmp *qmp, uint64_t addr, uint64_t size_bytes, const char *path,
                         int64_t deadline_ms);
/* The machine as it was when it was switched on; comes back when that is done. */
const char *qmp_reset(struct qmp *qmp, int64_t deadline_ms);
const char *qmp_quit(struct qmp *qmp, int64_t deadline_ms);

#endif
