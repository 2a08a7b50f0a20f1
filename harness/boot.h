/*
 * QEMU as a machine: its command line for a scenario, one process in a private directory, and what
 * comes out of it.
 */
#ifndef RINGSIDE_HARNESS_BOOT_H
#define RINGSIDE_HARNESS_BOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include "qmp.h"
#include "scenario.h"
#include "target.h"

/* Is a program on the PATH? */
bool boot_is_on_path(const char *program);
/* Is the target's QEMU? */
bool boot_qemu_is_there(const struct boot_target *target);

#define BOOT_WORDS_MAX    40u
#define BOOT_APPEND_BYTES 8192u
#define BOOT_PATH_BYTES   4096u
#define BOOT_LOG_BYTES    (1u << 20)
#define BOOT_ERROR_BYTES  1024u

/*
 * The scenario as the machine gets it: `option NAME VALUE;call NAME ARG...`, in order. Returns
 * NULL, or a message that says why this scenario cannot be replayed; it lives until the next call.
 */
const char *boot_append(const struct scenario *scenario, char *out, size_t out_bytes);

/* What this scenario asks for and a target's machine does not have, or NULL. */
const char *boot_lacks(const struct scenario *scenario, const struct boot_target *target);

/* An argument vector; words are owned. */
struct boot_command {
    size_t count;
    char *word[BOOT_WORDS_MAX + 1]; /* NULL-terminated */
};

/*
 * QEMU's command line. `dir` is the private directory whose sockets and files QEMU uses, or NULL
 * for a command that a person can paste: serial line and log on the terminal.
 */
const char *boot_command(const struct boot_target *target, const struct scenario *scenario,
                         const char *image, const char *dir, struct boot_command *out);
void boot_command_free(struct boot_command *command);
/*
 * Parts of it, for a QEMU that is started otherwise: one word; version and device of a scenario.
 * `exact`: QEMU is told of every feature that it can be told of, not only of those that the
 * scenario changes.
 */
void boot_add_word(struct boot_command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Feature bits that QEMU can be told to offer or not. */
uint64_t boot_known_features(void);
void boot_add_device(struct boot_command *command, const struct scenario *scenario, uint32_t slot,
                     bool exact);
/* One line, quoted for the shell. */
void boot_command_print(const struct boot_command *command, FILE *out);

/* What of a scenario's device QEMU cannot be told, a line each; returns how many. */
size_t boot_notes(const struct scenario *scenario, FILE *out);

struct boot {
    pid_t pid; /* 0 = none */
    char dir[BOOT_PATH_BYTES];
    int uart_listen, qmp_listen; /* -1 = closed, as for all of them */
    int uart, monitor, errors;
    struct qmp qmp;
    char *log; /* serial line, BOOT_LOG_BYTES at most, NUL-terminated; freed by the caller */
    size_t log_bytes;
    size_t complaint_bytes;
    char complaint[BOOT_ERROR_BYTES]; /* QEMU's standard error, the beginning of it */
    char error[BOOT_ERROR_BYTES];
};

/* Path of a file in the private directory. */
void boot_path(const struct boot *boot, const char *name, char *out, size_t out_bytes);

/*
 * Starts QEMU and connects. Returns NULL or a message inside *boot; either way boot_end() follows.
 */
const char *boot_start(struct boot *boot, const struct boot_target *target,
                       const struct scenario *scenario, const char *image, int64_t deadline_ms);

/*
 * Listens to the serial line until the machine has said everything or the deadline has passed;
 * *over tells which. A message when QEMU died or a signal came.
 */
const char *boot_listen(struct boot *boot, bool *over, int64_t deadline_ms);

/* Ends QEMU, by force if need be, and removes the private directory. May be called twice. */
void boot_end(struct boot *boot);

/* The whole of a small file as a NUL-terminated string, or NULL; the caller frees it. */
char *boot_read_file(const char *path, size_t most_bytes, size_t *bytes);

#endif
