/*
 * Building a driver without CMake: `ringside cc`, `ringside link`, and the folder that
 * `ringside new-driver` writes.
 */
#ifndef RINGSIDE_HARNESS_BUILD_H
#define RINGSIDE_HARNESS_BUILD_H

#include <stdbool.h>
#include <stddef.h>

#define BUILD_ARGUMENTS_MAX 4096u

/* A command line under construction; always ends with NULL. */
struct build_command {
    size_t count;
    const char *argument[BUILD_ARGUMENTS_MAX + 1];
};

/* False after a message, when there are too many. */
bool build_add(struct build_command *command, const char *argument);
bool build_add_list(struct build_command *command, const char *const *list);
/* The level of the language, which a driver's own options may change: C, or C++. */
bool build_add_language(struct build_command *command, bool is_cxx);
/* The flags under which a source is watched, and what goes with them. */
bool build_add_probe(struct build_command *command, const char *compiler);

/* Is this option about the machine that the driver was written for, and to be left out here? */
bool build_is_target_flag(const char *option);

/*
 * Runs a command to its end. 0 = all is well, 1 = it failed and has said why, 2 = it is not there
 * (the message names the Debian package) or died. With `output`, at most `output_bytes` - 1 bytes
 * of what it prints are kept there, and ended.
 */
int build_run(const struct build_command *command, char *output, size_t output_bytes);
/* Prints a command as a shell would read it. */
void build_print(const struct build_command *command);

/* Prints what was asked for; the exit status. */
int build_help(const char *usage);

/* The commands themselves; exit statuses as in command.h. */
int build_cc_main(int argc, char **argv);
int build_link_main(int argc, char **argv);
int build_new_driver_main(int argc, char **argv);

#endif
