/*
 * Command lines for compilers, and `ringside cc`: a compiler whose objects are watched.
 *
 * The driver's own options come first and the probe's behind them, so that the probe's hold.
 * Options about the driver's own machine are left out.
 */
#include "build.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "build_flags.h"
#include "command.h"
#include "report_text.h"
#include "resources.h"

#define PATH_BYTES   (PATH_MAX + 64)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const probe_flags[] = {BUILD_PROBE_FLAGS, NULL};
static const char *const probe_flags_gcc[] = {BUILD_PROBE_FLAGS_GCC, NULL};
static const char *const probe_flags_clang[] = {BUILD_PROBE_FLAGS_CLANG, NULL};
static const char *const probe_flags_c[] = {BUILD_PROBE_FLAGS_C, NULL};
static const char *const probe_flags_cxx[] = {BUILD_PROBE_FLAGS_CXX, NULL};
static const char *const target_flags[] = {BUILD_TARGET_FLAGS, NULL};

/* ---- command lines ---- */

bool build_add(struct build_command *command, const char *argument)
{
    if (command->count == BUILD_ARGUMENTS_MAX) {
        fprintf(stderr, "ringside: more than %u arguments for a compiler\n", BUILD_ARGUMENTS_MAX);
        return false;
    }
    command->argument[command->count++] = argument;
    command->argument[command->count] = NULL;
    return true;
}

bool build_add_list(struct build_command *command, const char *const *list)
{
    for (size_t i = 0; list[i] != NULL; i++) {
        if (!build_add(command, list[i]))
            return false;
    }
    return true;
}

bool build_add_language(struct build_command *command, bool is_cxx)
{
    return build_add_list(command, is_cxx ? probe_flags_cxx : probe_flags_c);
}

bool build_add_probe(struct build_command *command, const char *compiler)
{
    static char forced[PATH_BYTES], include[PATH_BYTES];
    bool is_clang = strstr(compiler, "clang") != NULL;

    snprintf(forced, sizeof forced, "%s/ringside_asm.h", resource_folder(RESOURCE_probe));
    snprintf(include, sizeof include, "%s/include", resource_folder(RESOURCE_probe));
    return build_add_list(command, probe_flags) &&
           build_add_list(command, is_clang ? probe_flags_clang : probe_flags_gcc) &&
           build_add(command, "-include") && build_add(command, forced) &&
           build_add(command, "-isystem") && build_add(command, include) &&
           build_add(command, "-isystem") && build_add(command, resource_folder(RESOURCE_probe)) &&
           build_add(command, "-I") && build_add(command, resource_folder(RESOURCE_include));
}

bool build_is_target_flag(const char *option)
{
    for (size_t i = 0; target_flags[i] != NULL; i++) {
        if (strncmp(option, target_flags[i], strlen(target_flags[i])) == 0)
            return true;
    }
    return false;
}

int build_help(const char *usage)
{
    puts(usage);
    return EXIT_AS_EXPECTED;
}

void build_print(const struct build_command *command)
{
    char word[PATH_MAX];

    for (size_t i = 0; i < command->count; i++) {
        report_shell_word(command->argument[i], word, sizeof word);
        printf("%s%s", i > 0 ? " " : "", word);
    }
    putchar('\n');
}

/* ---- running them ---- */

/* The Debian package that has a program. */
static const char *package_of(const char *program)
{
    static const char *const packages[][2] = {
        {"clang++", "clang"}, {"clang", "clang"}, {"g++", "g++"},
        {"gcc", "gcc"},       {"nm", "binutils"}, {"ar", "binutils"},
    };

    for (size_t i = 0; i < COUNT(packages); i++) {
        if (strncmp(program, packages[i][0], strlen(packages[i][0])) == 0)
            return packages[i][1];
    }
    return NULL;
}

static _Noreturn void become(const struct build_command *command, const int *ends)
{
    if (ends != NULL) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
    }
    /* execvp() takes its texts as not const, and leaves them alone. */
    execvp(command->argument[0], (char *const *)(uintptr_t)command->argument);
    _exit(errno == ENOENT ? 127 : 126);
}

static void read_all(int fd, char *output, size_t output_bytes)
{
    size_t used = 0;
    char rest[4096];

    for (;;) { /* ends when the program has closed its output */
        bool full = used + 1 >= output_bytes;
        ssize_t bytes =
            full ? read(fd, rest, sizeof rest) : read(fd, output + used, output_bytes - 1 - used);
        if (bytes <= 0 && !(bytes < 0 && errno == EINTR))
            break;
        used += full || bytes < 0 ? 0 : (size_t)bytes;
    }
    output[used] = '\0';
}

int build_run(const struct build_command *command, char *output, size_t output_bytes)
{
    const char *program = command->argument[0];
    const char *package = package_of(program);
    int ends[2] = {-1, -1};
    int status = 0;
    pid_t child;

    fflush(stdout);
    if (output != NULL && pipe(ends) != 0) {
        fprintf(stderr, "ringside: %s: %s\n", program, strerror(errno));
        return EXIT_ENVIRONMENT;
    }
    child = fork();
    if (child == 0)
        become(command, output != NULL ? ends : NULL);
    if (output != NULL) {
        close(ends[1]);
        read_all(ends[0], output, output_bytes);
        close(ends[0]);
    }
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    if (child > 0 && WIFEXITED(status) && WEXITSTATUS(status) < 126)
        return WEXITSTATUS(status) == 0 ? EXIT_AS_EXPECTED : EXIT_NOT_AS_EXPECTED;
    if (child > 0 && WIFEXITED(status) && package != NULL)
        fprintf(stderr, "ringside: %s is not there; it is in the package %s: apt-get install %s\n",
                program, package, package);
    else
        fprintf(stderr, "ringside: %s cannot be run\n", program);
    return EXIT_ENVIRONMENT;
}

/* ---- ringside cc ---- */

#define CC_USAGE "usage: ringside cc [--cc COMPILER] [-X] -- [FLAG]... SOURCE..."

static int cc_usage(const char *why)
{
    fprintf(stderr, "ringside: %s; %s\n", why, CC_USAGE);
    return EXIT_ENVIRONMENT;
}

enum language { LANGUAGE_NONE, LANGUAGE_C, LANGUAGE_CXX };

/* What a source is written in; NONE if the argument is no source. */
static enum language language_of(const char *argument)
{
    static const struct {
        const char *ending;
        enum language language;
    } endings[] = {
        {".c", LANGUAGE_C},     {".S", LANGUAGE_C},     {".s", LANGUAGE_C},   {".cc", LANGUAGE_CXX},
        {".cpp", LANGUAGE_CXX}, {".cxx", LANGUAGE_CXX}, {".C", LANGUAGE_CXX},
    };
    size_t bytes = strlen(argument);

    for (size_t i = 0; i < COUNT(endings) && argument[0] != '-'; i++) {
        size_t ending_bytes = strlen(endings[i].ending);
        if (bytes > ending_bytes && strcmp(argument + bytes - ending_bytes, endings[i].ending) == 0)
            return endings[i].language;
    }
    return LANGUAGE_NONE;
}

/* The language of the first source among the arguments. */
static enum language find_language(int argc, char **argv)
{
    enum language language = LANGUAGE_NONE;

    for (int i = 0; i < argc && language == LANGUAGE_NONE; i++)
        language = language_of(argv[i]);
    return language;
}

/* What was seen among a driver's own options. */
struct seen {
    bool stage, optimisation;
};

/* Adds the driver's own options; those with a value of their own keep or lose it as well. */
static bool add_own(struct build_command *command, int argc, char **argv, struct seen *seen)
{
    static const char *const with_value[] = {"-o", "-I",       "-D",  "-U",  "-include", "-isystem",
                                             "-x", "-imacros", "-MF", "-MT", "-MQ",      "-iquote"};
    static const char *const stages[] = {"-c", "-S", "-E"};

    for (int i = 0; i < argc; i++) {
        const char *argument = argv[i];
        bool takes_value = strcmp(argument, "-T") == 0 || strcmp(argument, "-target") == 0;
        if (takes_value || build_is_target_flag(argument)) {
            i += takes_value;
            continue;
        }
        for (size_t j = 0; j < COUNT(stages); j++)
            seen->stage |= strcmp(argument, stages[j]) == 0;
        seen->optimisation |= strncmp(argument, "-O", 2) == 0;
        if (!build_add(command, argument))
            return false;
        for (size_t j = 0; j < COUNT(with_value) && i + 1 < argc; j++) {
            if (strcmp(argument, with_value[j]) == 0 && !build_add(command, argv[++i]))
                return false;
        }
    }
    return true;
}

int build_cc_main(int argc, char **argv)
{
    static struct build_command command;
    const char *compiler = "gcc";
    bool only_print = false;
    struct seen seen = {false, false};
    enum language language;
    int at = 0;

    command.count = 0;
    for (; at < argc && argv[at][0] == '-'; at++) {
        if (strcmp(argv[at], "--cc") == 0 && at + 1 < argc)
            compiler = argv[++at];
        else if (strncmp(argv[at], "--cc=", 5) == 0)
            compiler = argv[at] + 5;
        else if (strcmp(argv[at], "-X") == 0)
            only_print = true;
        else if (strcmp(argv[at], "--help") == 0)
            return build_help(CC_USAGE);
        else
            break;
    }
    at += at < argc && strcmp(argv[at], "--") == 0;
    if (compiler[0] == '\0' || (at < argc && strcmp(argv[at], "--cc") == 0))
        return cc_usage("a compiler's name is missing after `--cc`");
    language = find_language(argc - at, argv + at);
    if (language == LANGUAGE_NONE)
        return cc_usage("cc has no source file to compile");
    if (!build_add(&command, compiler) || !build_add_language(&command, language == LANGUAGE_CXX) ||
        !add_own(&command, argc - at, argv + at, &seen))
        return EXIT_ENVIRONMENT;
    if ((!seen.stage && !build_add(&command, "-c")) ||
        (!seen.optimisation && !build_add(&command, "-O2")) || !build_add_probe(&command, compiler))
        return EXIT_ENVIRONMENT;
    if (only_print) {
        build_print(&command);
        return EXIT_AS_EXPECTED;
    }
    return build_run(&command, NULL, 0);
}
