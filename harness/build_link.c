/*
 * `ringside link`: a driver's objects, the probe's glue and the test card become one shared object,
 * and what nobody defines is told now, not when the driver is loaded.
 */
#include "build.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build_flags.h"
#include "command.h"
#include "resources.h"

#define SYMBOLS_BYTES (1u << 20)
#define PATH_BYTES    (PATH_MAX + 64)

/* Files made on the way, in a folder of their own. */
#define PARTS(X)                                                                                   \
    X(glue, "glue.o")                                                                              \
    X(card, "testcard.o")                                                                          \
    X(pictures, "pictures.o")                                                                      \
    X(archive, "pictures.a")                                                                       \
    X(shims, "shims.o")

enum part {
#define X(name, file) PART_##name,
    PARTS(X)
#undef X
        PART_COUNT
};

struct link {
    const char *output;
    const char *text_segment;
    bool shims;         /* ringside_shims.c: what drivers expect of their kernel */
    bool has_libraries; /* which may define what is not known here */
    char folder[PATH_MAX];
    char part[PART_COUNT][PATH_BYTES];
};

#define LINK_USAGE                                                                                 \
    "usage: ringside link [--shims] [--text-segment ADDRESS] -o FILE.so OBJECT... [-lLIBRARY]..."

static int link_usage(const char *why)
{
    fprintf(stderr, "ringside: %s; %s\n", why, LINK_USAGE);
    return EXIT_ENVIRONMENT;
}

/* ---- the parts ---- */

static bool begin(struct link *link)
{
    static const char *const files[PART_COUNT] = {
#define X(name, file) file,
        PARTS(X)
#undef X
    };
    const char *temporary = getenv("TMPDIR");

    snprintf(link->folder, sizeof link->folder, "%s/ringside-XXXXXX",
             temporary != NULL && temporary[0] != '\0' ? temporary : "/tmp");
    if (mkdtemp(link->folder) == NULL) {
        fprintf(stderr, "ringside: %s: %s\n", link->folder, strerror(errno));
        return false;
    }
    for (unsigned i = 0; i < PART_COUNT; i++)
        snprintf(link->part[i], PATH_BYTES, "%s/%s", link->folder, files[i]);
    return true;
}

static void end(struct link *link)
{
    for (unsigned i = 0; i < PART_COUNT; i++)
        unlink(link->part[i]);
    rmdir(link->folder);
}

/* Compiles one of ringside's own sources; `watched` as a driver's. */
static int compile(enum resource folder, const char *name, bool watched, const char *object)
{
    static const char *const plain[] = {"-g",           "-fPIC",         "-ffreestanding",
                                        "-fno-builtin", "-mno-red-zone", NULL};
    static struct build_command command;
    char source[PATH_BYTES];

    command.count = 0;
    snprintf(source, sizeof source, "%s/%s", resource_folder(folder), name);
    if (!build_add(&command, "gcc") || !build_add(&command, "-O2") || !build_add(&command, "-c") ||
        !build_add(&command, source) || !build_add(&command, "-o") ||
        !build_add(&command, object) || !build_add(&command, "-I") ||
        !build_add(&command, resource_folder(RESOURCE_driver_sources)) ||
        !(watched ? build_add_probe(&command, "gcc") : build_add_list(&command, plain)))
        return EXIT_ENVIRONMENT;
    return build_run(&command, NULL, 0);
}

static int make_parts(const struct link *link)
{
    const char *const archive[] = {
        "ar", "rc", link->part[PART_archive], link->part[PART_card], link->part[PART_pictures],
        NULL};
    static struct build_command command;
    int status = compile(RESOURCE_probe, "ringside_glue.c", false, link->part[PART_glue]);

    if (status == EXIT_AS_EXPECTED)
        status = compile(RESOURCE_driver_sources, "testcard.c", true, link->part[PART_card]);
    if (status == EXIT_AS_EXPECTED)
        status = compile(RESOURCE_probe, "ringside_picture.c", true, link->part[PART_pictures]);
    if (status == EXIT_AS_EXPECTED && link->shims)
        status = compile(RESOURCE_probe, "ringside_shims.c", false, link->part[PART_shims]);
    if (status != EXIT_AS_EXPECTED)
        return status;
    command.count = 0;
    return build_add_list(&command, archive) ? build_run(&command, NULL, 0) : EXIT_ENVIRONMENT;
}

/* ---- the object ---- */

static int make_object(const struct link *link, int argc, char **argv)
{
    static struct build_command command;
    char map[PATH_BYTES], segment[64];
    const char *const first[] = {"gcc", "-shared", "-o", link->output, NULL};
    const char *const last[] = {
        link->part[PART_glue], link->part[PART_archive], map, segment, "-Wl,-z,norelro",
        "-Wl,-z,now",          "-Wl,--build-id=none",    NULL};

    snprintf(map, sizeof map, "-Wl,--version-script=%s/driver.map",
             resource_folder(RESOURCE_probe));
    snprintf(segment, sizeof segment, "-Wl,-Ttext-segment=%.32s", link->text_segment);
    command.count = 0;
    if (!build_add_list(&command, first))
        return EXIT_ENVIRONMENT;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "-l", 2) != 0 && !build_add(&command, argv[i]))
            return EXIT_ENVIRONMENT;
    }
    /* Weak, like the glue, and before it: the shims' malloc gives memory that the device reaches.
     */
    if ((link->shims && !build_add(&command, link->part[PART_shims])) ||
        !build_add_list(&command, last))
        return EXIT_ENVIRONMENT;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "-l", 2) == 0 && !build_add(&command, argv[i]))
            return EXIT_ENVIRONMENT;
    }
    return build_run(&command, NULL, 0);
}

/* One line of `nm -D -P`: NAME TYPE ...; false when nobody defines it. */
static bool check_symbol(const struct link *link, char *line, bool *has_driver)
{
    char *name = strtok(line, " ");
    const char *type = strtok(NULL, " ");

    if (name == NULL || type == NULL)
        return true;
    name[strcspn(name, "@")] = '\0';
    *has_driver |= strcmp(name, "ringside_driver") == 0 && type[0] != 'U';
    if (type[0] != 'U' || link->has_libraries || dlsym(RTLD_DEFAULT, name) != NULL)
        return true;
    fprintf(stderr,
            "ringside: %s: `%s` is defined nowhere: link what has it, try --shims, or give the "
            "adapter a stub, like  long %s(void) { return 0; }\n",
            link->output, name, name);
    return false;
}

/* What the object calls must be its own, ringside's or a library's. */
static int check_object(const struct link *link)
{
    const char *const list[] = {"nm", "-D", "-P", link->output, NULL};
    static struct build_command command;
    static char symbols[SYMBOLS_BYTES];
    char *rest = symbols;
    unsigned wrong = 0;
    bool has_driver = false;
    int status;

    command.count = 0;
    if (!build_add_list(&command, list))
        return EXIT_ENVIRONMENT;
    status = build_run(&command, symbols, sizeof symbols);
    if (status != EXIT_AS_EXPECTED)
        return status;
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n"))
        wrong += !check_symbol(link, line, &has_driver);
    if (!has_driver) {
        fprintf(stderr,
                "ringside: %s: there is no adapter in it: nobody says RINGSIDE_DRIVER(...) (see "
                "<ringside/ringside.h>)\n",
                link->output);
        wrong++;
    }
    return wrong == 0 ? EXIT_AS_EXPECTED : EXIT_NOT_AS_EXPECTED;
}

int build_link_main(int argc, char **argv)
{
    static struct link link;
    int objects = 0;

    link = (struct link){.text_segment = BUILD_TEXT_SEGMENT};
    for (int i = 0; i < argc; i++) {
        bool has_value = i + 1 < argc;
        if (strcmp(argv[i], "-o") == 0 && has_value) {
            link.output = argv[++i];
        } else if (strcmp(argv[i], "--text-segment") == 0 && has_value) {
            link.text_segment = argv[++i];
        } else if (strcmp(argv[i], "--shims") == 0) {
            link.shims = true;
        } else if (strcmp(argv[i], "--help") == 0) {
            return build_help(LINK_USAGE);
        } else if (!build_is_target_flag(argv[i])) {
            link.has_libraries |= strncmp(argv[i], "-l", 2) == 0;
            argv[objects++] = argv[i];
        }
    }
    if (link.output == NULL)
        return link_usage("link has no `-o FILE.so`");
    if (objects == 0)
        return link_usage("link has no object file to link");
    if (!begin(&link))
        return EXIT_ENVIRONMENT;
    int status = make_parts(&link);
    if (status == EXIT_AS_EXPECTED)
        status = make_object(&link, objects, argv);
    if (status == EXIT_AS_EXPECTED)
        status = check_object(&link);
    end(&link);
    return status;
}
