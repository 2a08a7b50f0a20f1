/*
 * QEMU's monitor protocol, the client's side.
 *
 * Not handled: several commands on their way at once, out-of-band commands, events as news but for
 * that of a reset.
 */
#include "qmp.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "patience.h"

__attribute__((format(printf, 2, 3))) static const char *qmp_fail(struct qmp *qmp,
                                                                  const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(qmp->error, sizeof qmp->error, format, arguments);
    va_end(arguments);
    return qmp->error;
}

/* `{"QMP": {"version": {"qemu": {"major": 7, ...}}}}` as "7.2.22"; "" when it is not there. */
static void qmp_version(const json_t *greeting, char *text, size_t text_bytes)
{
    static const char *const parts[] = {"major", "minor", "micro"};
    const json_t *version = json_object_get(json_object_get(greeting, "version"), "qemu");
    size_t used = 0;

    snprintf(text, text_bytes, "%s", "");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && used < text_bytes; i++) {
        const json_t *part = json_object_get(version, parts[i]);
        if (json_is_integer(part))
            used += (size_t)snprintf(text + used, text_bytes - used, "%s%" PRId64, i > 0 ? "." : "",
                                     (int64_t)json_integer_value(part));
    }
}

enum qmp_kind qmp_classify(const char *line, size_t bytes, char *text, size_t text_bytes)
{
    enum qmp_kind kind = QMP_GARBAGE;
    json_t *object = json_loadb(line, bytes, 0, NULL);
    const json_t *error = json_object_get(object, "error");
    const char *event = json_string_value(json_object_get(object, "event"));

    snprintf(text, text_bytes, "%s", "");
    if (error) {
        const char *description = json_string_value(json_object_get(error, "desc"));
        snprintf(text, text_bytes, "%s", description ? description : "no description");
        kind = QMP_ERROR;
    } else if (json_object_get(object, "return")) {
        kind = QMP_RETURN;
    } else if (event) {
        snprintf(text, text_bytes, "%s", event);
        kind = QMP_EVENT;
    } else if (json_object_get(object, "QMP")) {
        kind = QMP_GREETING;
        qmp_version(json_object_get(object, "QMP"), text, text_bytes);
    }
    json_decref(object);
    return kind;
}

/* Reads until the buffer begins with a whole line; *bytes is its length without the newline. */
static const char *qmp_line(struct qmp *qmp, size_t *bytes, int64_t deadline_ms)
{
    for (;;) { /* bounded by the deadline and the size of the buffer */
        const char *end = memchr(qmp->line, '\n', qmp->used_bytes);
        if (end) {
            *bytes = (size_t)(end - qmp->line);
            return NULL;
        }
        if (qmp->used_bytes == sizeof qmp->line)
            return qmp_fail(qmp, "QEMU's monitor sent a line of more than %u bytes",
                            QMP_LINE_BYTES_MAX);
        struct pollfd wait[] = {{.fd = qmp->fd, .events = POLLIN},
                                {.fd = qmp->meanwhile.fd, .events = POLLIN}};
        enum patience_end how = patience_wait(wait, 2, deadline_ms);
        if (how != PATIENCE_READY)
            return qmp_fail(qmp, "QEMU's monitor: %s", patience_text(how));
        if (wait[1].revents && !qmp->meanwhile.take(qmp->meanwhile.context))
            qmp->meanwhile.fd = -1;
        if (!wait[0].revents)
            continue;
        ssize_t got =
            recv(qmp->fd, qmp->line + qmp->used_bytes, sizeof qmp->line - qmp->used_bytes, 0);
        if (got < 0 && errno != ECONNRESET)
            return qmp_fail(qmp, "QEMU's monitor: %s", strerror(errno));
        if (got <= 0)
            return qmp_fail(qmp, "QEMU closed its monitor");
        qmp->used_bytes += (size_t)got;
    }
}

/* Waits for a greeting, the answer to a command, or the event RESET; other events are skipped. */
static const char *qmp_answer(struct qmp *qmp, enum qmp_kind wanted, const char *what,
                              int64_t deadline_ms)
{
    char text[QMP_ERROR_BYTES / 2];

    for (unsigned turn = 0; turn < QMP_EVENTS_MAX; turn++) {
        size_t bytes = 0;
        const char *error = qmp_line(qmp, &bytes, deadline_ms);
        if (error)
            return error;
        enum qmp_kind kind = qmp_classify(qmp->line, bytes, text, sizeof text);
        qmp->used_bytes -= bytes + 1;
        memmove(qmp->line, qmp->line + bytes + 1, qmp->used_bytes);
        bool is_reset = kind == QMP_EVENT && strcmp(text, "RESET") == 0;
        qmp->resets += is_reset;
        if (kind == QMP_GREETING)
            snprintf(qmp->version, sizeof qmp->version, "%.*s", (int)sizeof qmp->version - 1, text);
        if (kind == wanted && (kind != QMP_EVENT || is_reset))
            return NULL;
        if (kind == QMP_EVENT)
            continue;
        if (kind == QMP_ERROR)
            return qmp_fail(qmp, "QEMU refused %s: %s", what, text);
        return qmp_fail(qmp, "QEMU's monitor answered %s with something else", what);
    }
    return qmp_fail(qmp, "QEMU's monitor sent %u events and no answer to %s", QMP_EVENTS_MAX, what);
}

/* Takes ownership of `arguments`, which may be NULL. */
static const char *qmp_execute(struct qmp *qmp, const char *command, json_t *arguments,
                               int64_t deadline_ms)
{
    json_t *request = json_pack("{s:s, s:o*}", "execute", command, "arguments", arguments);
    char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
    const char *error = NULL;

    if (!text) {
        error = qmp_fail(qmp, "%s cannot be put into JSON (a path that is not UTF-8?)", command);
    } else {
        size_t bytes = strlen(text);
        /* Requests are far smaller than a socket's buffer, so this cannot block. */
        ssize_t sent = send(qmp->fd, text, bytes, MSG_NOSIGNAL);
        if (sent != (ssize_t)bytes || send(qmp->fd, "\n", 1, MSG_NOSIGNAL) != 1)
            error = qmp_fail(qmp, "QEMU closed its monitor");
    }
    free(text);
    json_decref(request);
    return error ? error : qmp_answer(qmp, QMP_RETURN, command, deadline_ms);
}

const char *qmp_open(struct qmp *qmp, int fd, const struct qmp_meanwhile *meanwhile,
                     int64_t deadline_ms)
{
    qmp->fd = fd;
    qmp->meanwhile = meanwhile ? *meanwhile : (struct qmp_meanwhile){.fd = -1};
    qmp->used_bytes = 0;
    qmp->resets = 0;
    qmp->version[0] = '\0';
    const char *error = qmp_answer(qmp, QMP_GREETING, "the connection", deadline_ms);
    return error ? error : qmp_execute(qmp, "qmp_capabilities", NULL, deadline_ms);
}

const char *qmp_screendump(struct qmp *qmp, const char *path, const char *format,
                           int64_t deadline_ms)
{
    return qmp_execute(qmp, "screendump",
                       json_pack("{s:s, s:s*}", "filename", path, "format", format), deadline_ms);
}

const char *qmp_pmemsave(struct qmp *qmp, uint64_t addr, uint64_t size_bytes, const char *path,
                         int64_t deadline_ms)
{
    return qmp_execute(qmp, "pmemsave",
                       json_pack("{s:I, s:I, s:s}", "val", (json_int_t)addr, "size",
                                 (json_int_t)size_bytes, "filename", path),
                       deadline_ms);
}

/* The event comes when it is done, before or after the answer. */
const char *qmp_reset(struct qmp *qmp, int64_t deadline_ms)
{
    uint64_t before = qmp->resets;
    const char *error = qmp_execute(qmp, "system_reset", NULL, deadline_ms);
    if (error || qmp->resets != before)
        return error;
    return qmp_answer(qmp, QMP_EVENT, "system_reset", deadline_ms);
}

const char *qmp_quit(struct qmp *qmp, int64_t deadline_ms)
{
    return qmp_execute(qmp, "quit", NULL, deadline_ms);
}
