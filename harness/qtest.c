/*
 * The client's side of qtest: lines out, as many answers in.
 *
 * Not handled: interrupts as news (irq_intercept), QEMU's clock, memory; RAM is shared, and the
 * clock stands still because the machine is stopped.
 */
#include "qtest.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "isolate.h"

__attribute__((format(printf, 2, 3))) static const char *qtest_fail(struct qtest *qtest,
                                                                    const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(qtest->error, sizeof qtest->error, format, arguments);
    va_end(arguments);
    return qtest->error;
}

const char *qtest_open(struct qtest *qtest, int fd)
{
    const struct timeval patience = {.tv_sec = QTEST_PATIENCE_S};

    *qtest = (struct qtest){.fd = fd};
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0)
        return qtest_fail(qtest, "QEMU's qtest: %s", strerror(errno));
    return NULL;
}

static char letter_of(uint8_t bytes)
{
    static const char letters[] = {[1] = 'b', [2] = 'w', [4] = 'l', [8] = 'q'};

    assert(bytes < sizeof letters && letters[bytes] != '\0');
    return letters[bytes];
}

static const char *send_all(struct qtest *qtest, const char *text, size_t bytes)
{
    while (bytes > 0) { /* every turn sends some */
        ssize_t sent = send(qtest->fd, text, bytes, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return qtest_fail(qtest, "QEMU closed its qtest");
        text += sent;
        bytes -= (size_t)sent;
    }
    return NULL;
}

/* Receives until the text begins with a whole line; *bytes is its length without the newline. */
static const char *receive_line(struct qtest *qtest, size_t *bytes)
{
    for (;;) { /* bounded by the size of the buffer and by the socket's patience */
        const char *end = memchr(qtest->text, '\n', qtest->used_bytes);
        if (end != NULL) {
            *bytes = (size_t)(end - qtest->text);
            return NULL;
        }
        if (qtest->used_bytes == sizeof qtest->text)
            return qtest_fail(qtest, "QEMU's qtest sent a line without end");
        ssize_t got = recv(qtest->fd, qtest->text + qtest->used_bytes,
                           sizeof qtest->text - qtest->used_bytes, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return qtest_fail(qtest, "QEMU's qtest gave no answer for %d seconds",
                              QTEST_PATIENCE_S);
        if (got <= 0)
            return qtest_fail(qtest, "QEMU closed its qtest");
        qtest->used_bytes += (size_t)got;
    }
}

/* `OK`, or for a read `OK 0x...`. */
static const char *take_answer(struct qtest *qtest, struct qtest_access *access)
{
    size_t bytes = 0;
    const char *error = receive_line(qtest, &bytes);

    if (error != NULL)
        return error;
    qtest->text[bytes] = '\0';
    if (bytes > 0 && qtest->text[bytes - 1] == '\r')
        qtest->text[bytes - 1] = '\0';
    bool good = strncmp(qtest->text, "OK", 2) == 0;
    if (good && !access->is_write) {
        char *end;
        access->value = strtoull(qtest->text + 2, &end, 16);
        good = end != qtest->text + 2 && *end == '\0';
    }
    if (!good)
        return qtest_fail(qtest, "QEMU's qtest answered `%.60s`", qtest->text);
    qtest->used_bytes -= bytes + 1;
    memmove(qtest->text, qtest->text + bytes + 1, qtest->used_bytes);
    return NULL;
}

const char *qtest_exchange(struct qtest *qtest, struct qtest_access *access, size_t count)
{
    char lines[QTEST_ACCESSES_MAX * QTEST_LINE_BYTES];
    size_t used = 0;

    assert(count > 0 && count <= QTEST_ACCESSES_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct qtest_access *at = &access[i];
        int bytes =
            at->is_write
                ? snprintf(lines + used, QTEST_LINE_BYTES, "write%c 0x%" PRIx64 " 0x%" PRIx64 "\n",
                           letter_of(at->bytes), at->addr, at->value)
                : snprintf(lines + used, QTEST_LINE_BYTES, "read%c 0x%" PRIx64 "\n",
                           letter_of(at->bytes), at->addr);
        assert(bytes > 0 && (unsigned)bytes < QTEST_LINE_BYTES);
        used += (size_t)bytes;
    }
    qtest->trips++;
    const char *error = send_all(qtest, lines, used);
    for (size_t i = 0; i < count && error == NULL; i++)
        error = take_answer(qtest, &access[i]);
    isolate_notes->beat++; /* QEMU answers, however late: the worker does not stand still */
    return error;
}

const char *qtest_settle(struct qtest *qtest, uint64_t addr)
{
    const char *error = NULL;

    for (unsigned trip = 0; trip < QTEST_SETTLE_TRIPS && error == NULL; trip++) {
        struct qtest_access look = {.addr = addr, .bytes = 4};
        error = qtest_exchange(qtest, &look, 1);
    }
    return error;
}
