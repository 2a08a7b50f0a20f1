/*
 * `ringside show`: the command line, and what is drawn without a window.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "options.h"
#include "resources.h"
#include "scenario.h"
#include "show_window.h"

#define refuse(...) options_refuse("show", __VA_ARGS__)

/* X(name, word, alias, argument or "", help) */
#define SHOW_OPTIONS(X)                                                                            \
    X(HEADLESS, "--headless", NULL, "", "without a display: draw one frame, as the window would")  \
    X(PNG, "--png", NULL, "FILE", "where --headless writes it (NAME.png)")                         \
    X(SIZE, "--size", NULL, "WxH", "of the window or the frame, in pixels (1920x1080)")            \
    X(SCANOUT, "--scanout", NULL, "N", "the scanout that is shown, from 0; the key d changes it")  \
    X(DO, "--do", NULL, "COMMAND", "carry out a command of `ringside step` first: until finding")  \
    X(DRIVER, "--driver", NULL, "FILE", "run this driver object, whatever the scenario names")     \
    X(DRIVERS, "--drivers", NULL, "DIR", "look for driver objects NAME.so here")                   \
    X(FAULT, "--fault", NULL, "TEXT", "a fault besides the scenario's: \"used-len 0 at 412\"")     \
    X(PERSONALITY, "--personality", NULL, "NAME", "the device's: strict, lazy, qemu-11 ...")       \
    X(NO_GUARD, "--no-guard", NULL, "", "leave register windows readable between accesses")        \
    X(NO_SHADOW, "--no-shadow", NULL, "", "do not look for stores that the probe missed")          \
    X(HELP, "--help", NULL, "", "print this")

enum show_option { SHOW_OPTIONS(OPTION_INDEX) OPTION_COUNT };

static const struct option_row option_table[] = {SHOW_OPTIONS(OPTION_ROW)};

struct show_arguments {
    struct show_wanted wanted;
    struct run_options run; /* what concerns the driver */
    bool help;
};

static int set_option(void *context, size_t row, const char *value);
static int take_operand(void *context, const char *word);

static const struct options option_reader = {"show", option_table, OPTION_COUNT, set_option,
                                             take_operand};

static void print_help(void)
{
    static const char *const keys[][2] = {
#define X(key, text) {key, text},
        FRAME_KEYS(X)
#undef X
    };
    puts("usage: ringside show [OPTION]... SCENARIO\n\n"
         "Shows a run in a window: the screen, and beside it registers, rings, requests, events,\n"
         "the driver's source, and how far it came. Forward and back, step by step.\n");
    options_print(stdout, &option_reader, 16);
    puts("\nKeys:");
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        printf("  %-20s %s\n", keys[i][0], keys[i][1]);
    puts("\nExit status: 0 shown or drawn, 2 the environment or the command line.");
}

/* ---- the command line ---- */

static int set_size(struct show_wanted *wanted, const char *value)
{
    char *end;
    long width = strtol(value, &end, 10);
    long height = *end == 'x' ? strtol(end + 1, &end, 10) : 0;

    if (*end != '\0' || value[0] < '1' || value[0] > '9' || width < FRAME_SIDE_PX_MIN ||
        height < FRAME_SIDE_PX_MIN || width > FRAME_SIDE_PX_MAX || height > FRAME_SIDE_PX_MAX)
        return refuse("--size takes WxH, both from %d to %d, not %s", FRAME_SIDE_PX_MIN,
                      FRAME_SIDE_PX_MAX, value);
    wanted->width = (int)width;
    wanted->height = (int)height;
    return 0;
}

static int set_scanout(struct show_wanted *wanted, const char *value)
{
    char *end;
    long scanout = strtol(value, &end, 10);

    if (*end != '\0' || value[0] < '0' || value[0] > '9' || scanout >= VIRTIO_GPU_MAX_SCANOUTS)
        return refuse("--scanout takes a number from 0 to %d, not %s", VIRTIO_GPU_MAX_SCANOUTS - 1,
                      value);
    wanted->scanout = (uint32_t)scanout;
    return 0;
}

static int set_option(void *context, size_t row, const char *value)
{
    struct show_arguments *arguments = context;
    struct show_wanted *wanted = &arguments->wanted;

    switch ((enum show_option)row) {
    case OPTION_HEADLESS:
        wanted->headless = true;
        return 0;
    case OPTION_PNG:
        wanted->png = value;
        return 0;
    case OPTION_SIZE:
        return set_size(wanted, value);
    case OPTION_SCANOUT:
        return set_scanout(wanted, value);
    case OPTION_DO:
        if (wanted->command_count == SHOW_COMMANDS_MAX || strlen(value) >= SHOW_LINE_BYTES)
            return refuse("--do: no more than %u commands of %u bytes", SHOW_COMMANDS_MAX,
                          SHOW_LINE_BYTES - 1);
        wanted->command[wanted->command_count++] = value;
        return 0;
    case OPTION_DRIVER:
        arguments->run.driver_path = value;
        return 0;
    case OPTION_DRIVERS:
        arguments->run.driver_dir = value;
        return 0;
    case OPTION_FAULT:
        if (arguments->run.fault_count == SIM_FAULTS_MAX)
            return refuse("more than %u faults", SIM_FAULTS_MAX);
        arguments->run.fault[arguments->run.fault_count++] = value;
        return 0;
    case OPTION_PERSONALITY:
        return command_take_personality(&arguments->run, "show", value) ? 0 : EXIT_ENVIRONMENT;
    case OPTION_NO_GUARD:
        arguments->run.guard = false;
        return 0;
    case OPTION_NO_SHADOW:
        arguments->run.shadow = false;
        return 0;
    case OPTION_HELP:
        arguments->help = true;
        return 0;
    case OPTION_COUNT:
        break;
    }
    abort();
}

static int take_operand(void *context, const char *word)
{
    struct run_options *run = &((struct show_arguments *)context)->run;

    if (run->path_count == 1)
        return refuse("one scenario at a time: not %s as well", word);
    run->path[run->path_count++] = word;
    return 0;
}

static int parse_arguments(struct show_arguments *arguments, int argc, char **argv)
{
    int status = options_read(&option_reader, arguments, argc, argv);

    if (status != 0)
        return status;
    if (!arguments->help && arguments->run.path_count == 0)
        return refuse("no scenario given; try --help");
    if (arguments->wanted.headless && arguments->wanted.command_count == 0)
        arguments->wanted.command[arguments->wanted.command_count++] = "continue";
    if (arguments->wanted.png != NULL && !arguments->wanted.headless)
        return refuse("--png is for --headless; in the window, the key s saves a picture");
    return 0;
}

/* ---- the show ---- */

static int show(struct show_arguments *arguments, struct scenario *scenario)
{
    int status = EXIT_ENVIRONMENT;

    if (arguments->wanted.scanout >= scenario->scanouts)
        return refuse("--scanout %" PRIu32 ": the device has %" PRIu32 ", counted from 0",
                      arguments->wanted.scanout, scenario->scanouts);
    struct show *show = isolate_alloc(sizeof *show);
    if (show == NULL)
        return refuse("out of memory");
    show->scenario = scenario;
    show->options = (struct world_options){.driver_dir = arguments->run.driver_dir,
                                           .driver_path = arguments->run.driver_path,
                                           .guard = arguments->run.guard,
                                           .check_stores = arguments->run.shadow,
                                           .rules = true,
                                           .reader_count = 1,
                                           .reader = {{show_read, show}}};
    session_create(&show->session, scenario, &show->options, &show->outcome);
    status = show_window(show, &arguments->wanted);
    isolate_free(show, sizeof *show);
    return status;
}

int show_main(int argc, char **argv)
{
    static struct show_arguments arguments;
    struct string_list files = {0};
    struct scenario *scenario = NULL;

    arguments.run.guard = arguments.run.shadow = true;
    arguments.run.driver_dir = resource_folder(RESOURCE_drivers);
    int status = parse_arguments(&arguments, argc, argv);
    if (status == 0 && arguments.help) {
        print_help();
        return EXIT_AS_EXPECTED;
    }
    if (status == 0 && !files_find(&files, arguments.run.path[0]))
        status = EXIT_ENVIRONMENT;
    else if (status == 0 && files.count != 1)
        status = refuse("%s: %zu scenarios; name one of them", arguments.run.path[0], files.count);
    if (status == 0) {
        scenario = command_scenario(&arguments.run, files.item[0], stderr);
        status = scenario != NULL && command_driver_is_there(&arguments.run, scenario, stderr)
                     ? show(&arguments, scenario)
                     : EXIT_ENVIRONMENT;
    }
    scenario_free(scenario);
    string_list_free(&files);
    return status;
}
