/*
 * Commands run from outside: their exit status, what they print where, and the files they leave.
 *
 * A test has a folder of its own below the build folder; $R is the program.
 */
#ifndef RINGSIDE_TESTS_SHELL_RIG_H
#define RINGSIDE_TESTS_SHELL_RIG_H

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHELL_OUTPUT_BYTES (1u << 20)

static char shell_output[SHELL_OUTPUT_BYTES], shell_errors[SHELL_OUTPUT_BYTES];

struct shell_case {
    const char *command;
    int status;
    /* what is found in them; "" = nothing is printed, NULL = any */
    const char *output, *errors;
};

static inline void shell_read(const char *name, char out[SHELL_OUTPUT_BYTES])
{
    FILE *file = fopen(name, "r");
    ck_assert_msg(file != NULL, "%s", name);
    size_t bytes = fread(out, 1, SHELL_OUTPUT_BYTES - 1, file);
    out[bytes] = '\0';
    fclose(file);
}

static inline void shell_write(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    ck_assert_msg(file != NULL, "%s", name);
    fputs(text, file);
    fclose(file);
}

/* An empty folder of this name, in which everything that follows happens. */
static inline void shell_begin(const char *name)
{
    char command[1024];
    snprintf(command, sizeof command, "rm -rf '%s/%s' && mkdir -p '%s/%s'", RINGSIDE_BINARY_DIR,
             name, RINGSIDE_BINARY_DIR, name);
    ck_assert_int_eq(system(command), 0);
    snprintf(command, sizeof command, "%s/%s", RINGSIDE_BINARY_DIR, name);
    ck_assert_int_eq(chdir(command), 0);
    setenv("R", RINGSIDE_BINARY_DIR "/ringside", 1);
    unsetenv("NO_COLOR");
}

/* The exit status of a shell command; its output is in `shell_output` and `shell_errors`. */
static inline int shell_run(const char *command)
{
    char line[2048];
    snprintf(line, sizeof line, "{ %s; } >.out 2>.err", command);
    int status = system(line);
    shell_read(".out", shell_output);
    shell_read(".err", shell_errors);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static inline bool shell_says(const char *wanted, const char *got)
{
    if (!wanted)
        return true;
    return wanted[0] == '\0' ? got[0] == '\0' : strstr(got, wanted) != NULL;
}

static inline void shell_check(const struct shell_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int status = shell_run(cases[i].command);
        ck_assert_msg(status == cases[i].status && shell_says(cases[i].output, shell_output) &&
                          shell_says(cases[i].errors, shell_errors),
                      "%s: status %d\n--- output ---\n%.1500s\n--- errors ---\n%.1000s",
                      cases[i].command, status, shell_output, shell_errors);
    }
}

#endif
