/*
 * `ringside new-driver NAME [FOLDER]`: writes a folder that builds and runs as it is, for a driver
 * to be put into.
 *
 * The files are those of tools/skeleton; `@NAME@` in them becomes the driver's name.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build.h"
#include "command.h"
#include "resources.h"
#include "scenario.h"

#define PATH_BYTES          (PATH_MAX + 64)
#define SKELETON_FILE_BYTES 65536u

static const char *const files[] = {"CMakeLists.txt", "README.md", "adapter.c",
                                    "driver.c",       "driver.h",  "first.scn"};
static const char mark[] = "@NAME@";

/* Letters, digits, `_` and `-`, a letter first: a word of a scenario and the name of a file. */
static bool is_name(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    size_t bytes = strlen(name);

    return bytes > 0 && bytes < SCENARIO_WORD_BYTES - 8 && strchr(letters, name[0]) != NULL &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == bytes;
}

static int complain(const char *path, const char *what)
{
    fprintf(stderr, "ringside: %s: %s\n", path, what);
    return EXIT_ENVIRONMENT;
}

static bool read_skeleton(const char *path, char text[SKELETON_FILE_BYTES])
{
    FILE *file = fopen(path, "re");
    size_t bytes;

    if (file == NULL)
        return false;
    bytes = fread(text, 1, SKELETON_FILE_BYTES - 1, file);
    text[bytes] = '\0';
    fclose(file);
    return bytes > 0;
}

static int write_file(const char *folder, const char *name, const char *driver)
{
    static char text[SKELETON_FILE_BYTES];
    char path[PATH_BYTES];
    const char *at = text;
    struct whole_file out;

    snprintf(path, sizeof path, "%s/%s", resource_folder(RESOURCE_skeleton), name);
    if (!read_skeleton(path, text))
        return complain(path, "the skeleton cannot be read: is ringside wholly installed?");
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (!whole_file_open(&out, path))
        return EXIT_ENVIRONMENT;
    for (const char *next = strstr(at, mark); next != NULL; next = strstr(at, mark)) {
        fwrite(at, 1, (size_t)(next - at), out.stream);
        fputs(driver, out.stream);
        at = next + sizeof mark - 1;
    }
    fputs(at, out.stream);
    return whole_file_close(&out, true) ? EXIT_AS_EXPECTED : EXIT_ENVIRONMENT;
}

int build_new_driver_main(int argc, char **argv)
{
    static const char usage[] = "usage: ringside new-driver NAME [FOLDER]";
    const char *name = argc > 0 ? argv[0] : "";
    const char *folder = argc > 1 ? argv[1] : name;

    if (strcmp(name, "--help") == 0)
        return build_help(usage);
    if (argc < 1 || argc > 2 || name[0] == '-') {
        fprintf(stderr, "ringside: %s\n", usage);
        return EXIT_ENVIRONMENT;
    }
    if (!is_name(name))
        return complain(name, "a driver's name is made of a-z, 0-9, _ and -, a letter first");
    if (strlen(folder) >= PATH_MAX)
        return complain("new-driver", "the folder's path is too long");
    if (mkdir(folder, 0777) != 0)
        return complain(folder, errno == EEXIST ? "is there already; nothing was written"
                                                : strerror(errno));
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        int status = write_file(folder, files[i], name);
        if (status != EXIT_AS_EXPECTED)
            return status;
    }
    printf(
        "wrote %s/: a driver that runs as it is, and where yours goes\n"
        "next:  cmake -S %s -B %s/build && cmake --build %s/build && ctest --test-dir %s/build\n",
        folder, folder, folder, folder, folder);
    return EXIT_AS_EXPECTED;
}
