/*
 * QEMU's qtest protocol, as much of it as registers need: reads and writes of physical addresses,
 * one line each way.
 *
 * A round trip costs some 50 microseconds, most of it two processes that wake each other; several
 * accesses in one exchange cost one round trip. QEMU performs them in their order, before anything
 * that it has put off (a bottom half) runs: qtest_settle() is there for that.
 *
 * Functions return NULL or a message that lives as long as the struct qtest and until the next
 * call. Numbers are in the target's byte order, which here is little-endian.
 */
#ifndef RINGSIDE_HARNESS_QTEST_H
#define RINGSIDE_HARNESS_QTEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QTEST_ACCESSES_MAX 64u /* in one exchange */
#define QTEST_LINE_BYTES   64u /* the longest line of an access, either way */
#define QTEST_ERROR_BYTES  200u
#define QTEST_PATIENCE_S   8 /* without an answer for so long, QEMU hangs */
/* Round trips after which the next finds done what an access put off: the main loop takes a turn
 * between an answer and the next line, and may look at the line first. */
#define QTEST_SETTLE_TRIPS 1u

struct qtest_access {
    uint64_t addr; /* physical */
    uint64_t value;
    uint8_t bytes; /* 1, 2, 4 or 8 */
    bool is_write;
};

struct qtest {
    int fd; /* a connected stream socket; not owned */
    uint64_t trips;
    size_t used_bytes;
    char text[QTEST_ACCESSES_MAX * QTEST_LINE_BYTES];
    char error[QTEST_ERROR_BYTES];
};

/* `fd` is a connected stream socket with QEMU's `-qtest` at its other end. */
const char *qtest_open(struct qtest *qtest, int fd);
/* Performs accesses in order, in one round trip; fills in the values of reads. */
const char *qtest_exchange(struct qtest *qtest, struct qtest_access *access, size_t count);
/* Until everything that QEMU has put off is done. `addr` is a register of 4 bytes whose read
 * changes nothing. */
const char *qtest_settle(struct qtest *qtest, uint64_t addr);

#endif
