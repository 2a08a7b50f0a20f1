/*
 * A scenario as QEMU's command line.
 *
 * The machine gets the scenario's driver options and calls on the kernel command line; the device's
 * version, slot, display and features become properties of QEMU's virtio-gpu.
 *
 * Not handled: lines in which the scenario plays the driver itself, and faults, for QEMU's device
 * has none. Such scenarios are refused.
 */
#include "boot.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "virtio/config.h"
#include "virtio/gpu.h"

#define MACHINE_MEMORY      "128M"
#define QEMU_QUEUE_SIZE_MAX 1024u /* what its virtio-mmio says for every queue */
#define WORD_BYTES          (BOOT_PATH_BYTES + 256u)

/* Feature bits that are properties of QEMU's device. */
static const struct {
    uint32_t bit;
    const char *property;
} properties[] = {
    {VIRTIO_GPU_F_EDID, "edid"},
    {VIRTIO_GPU_F_RESOURCE_BLOB, "blob"},
    {VIRTIO_F_NOTIFY_ON_EMPTY, "notify_on_empty"},
    {VIRTIO_F_ANY_LAYOUT, "any_layout"},
    {VIRTIO_F_INDIRECT_DESC, "indirect_desc"},
    {VIRTIO_F_EVENT_IDX, "event_idx"},
    {VIRTIO_F_ACCESS_PLATFORM, "iommu_platform"},
    {VIRTIO_F_RING_PACKED, "packed"},
    {VIRTIO_F_RING_RESET, "queue_reset"},
};

enum { PROPERTIES = sizeof properties / sizeof properties[0] };

uint64_t boot_known_features(void)
{
    uint64_t known = 0;
    for (size_t i = 0; i < PROPERTIES; i++)
        known |= UINT64_C(1) << properties[i].bit;
    return known;
}

bool boot_is_on_path(const char *program)
{
    const char *path = getenv("PATH");
    char file[BOOT_PATH_BYTES];

    while (path && *path) {
        size_t bytes = strcspn(path, ":");
        int used = snprintf(file, sizeof file, "%.*s/%s", (int)bytes, path, program);
        if (used > 0 && (size_t)used < sizeof file && access(file, X_OK) == 0)
            return true;
        path += bytes + (path[bytes] == ':');
    }
    return false;
}

bool boot_qemu_is_there(const struct boot_target *target)
{
    return boot_is_on_path(target->qemu);
}

/* ---- what the machine is told ---- */

/* A string that grows inside a fixed buffer; full is remembered. */
struct text {
    char *out;
    size_t used, bytes;
    bool full;
};

__attribute__((format(printf, 2, 3))) static void text_add(struct text *text, const char *format,
                                                           ...)
{
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(text->out + text->used, text->bytes - text->used, format, arguments);
    va_end(arguments);
    if (wanted < 0 || (size_t)wanted >= text->bytes - text->used)
        text->full = true;
    else
        text->used += (size_t)wanted;
}

static const char *action_word(enum scenario_action_kind kind)
{
    switch (kind) {
    case SCENARIO_CALL:
        return "call";
    case SCENARIO_READ:
        return "read";
    case SCENARIO_WRITE:
        return "write";
    case SCENARIO_LOAD:
        return "load";
    case SCENARIO_STORE:
        return "store";
    case SCENARIO_ALLOC:
        return "alloc";
    case SCENARIO_FREE:
        return "free";
    case SCENARIO_INTERRUPT:
        return "interrupt";
    case SCENARIO_WAIT:
        return "wait";
    case SCENARIO_RETURN:
        return "return";
    case SCENARIO_CONFIG_CHANGE:
    case SCENARIO_NEEDS_RESET:
        return "happens";
    case SCENARIO_FAULT:
        return "fault";
    case SCENARIO_HOLD:
        return "hold";
    case SCENARIO_RELEASE:
        return "release";
    case SCENARIO_STEP:
        return "step";
    case SCENARIO_PAUSE:
        return "pause";
    case SCENARIO_CONTINUE:
        return "continue";
    case SCENARIO_PLAY:
        return "a line of a trace";
    case SCENARIO_BARRIER:
        return "barrier";
    case SCENARIO_DISPLAY:
        return "display";
    }
    return "?";
}

/* What in this scenario QEMU cannot do, or NULL. */
static const char *cannot_replay(const struct scenario *scenario)
{
    static char message[BOOT_ERROR_BYTES];

    if (!scenario->driver[0])
        return "it has no driver line, so there is nothing to boot";
    if (scenario->faults.count > 0) {
        snprintf(message, sizeof message,
                 "it asks for the fault \"%s\", which QEMU's device does not have",
                 sim_fault_word(scenario->faults.fault[0].kind));
        return message;
    }
    for (size_t i = 0; i < scenario->action_count; i++) {
        const struct scenario_action *action = &scenario->action[i];
        if (action->kind != SCENARIO_CALL) {
            snprintf(message, sizeof message,
                     "line %u (%s) plays the driver or the device by hand, which a booted machine "
                     "cannot",
                     action->line, action_word(action->kind));
            return message;
        }
        if (action->result == SCENARIO_RUNNING) {
            snprintf(message, sizeof message,
                     "line %u expects a call that never returns, and a booted machine waits for it",
                     action->line);
            return message;
        }
    }
    for (size_t i = 0; i < scenario->option_count; i++) {
        if (strpbrk(scenario->option[i].value, "; ")) {
            snprintf(message, sizeof message, "the value of option %s has a ';' in it",
                     scenario->option[i].name);
            return message;
        }
    }
    return NULL;
}

const char *boot_append(const struct scenario *scenario, char *out, size_t out_bytes)
{
    struct text text = {.out = out, .bytes = out_bytes};
    const char *between = "";

    const char *reason = cannot_replay(scenario);
    if (reason)
        return reason;
    out[0] = '\0';
    for (size_t i = 0; i < scenario->option_count; i++) {
        text_add(&text, "%soption %s %s", between, scenario->option[i].name,
                 scenario->option[i].value);
        between = ";";
    }
    for (size_t i = 0; i < scenario->action_count; i++) {
        const struct scenario_action *action = &scenario->action[i];
        text_add(&text, "%scall %s", between, action->name);
        for (size_t k = 0; k < action->args.count; k++)
            text_add(&text, " %" PRIu64, action->args.value[k]);
        between = ";";
    }
    return text.full ? "its options and calls do not fit on a kernel command line" : NULL;
}

/* ---- the command line ---- */

void boot_add_word(struct boot_command *command, const char *format, ...)
{
    va_list arguments;
    char *word = NULL;

    assert(command->count < BOOT_WORDS_MAX);
    va_start(arguments, format);
    if (vasprintf(&word, format, arguments) < 0)
        abort(); /* out of memory for a few bytes */
    va_end(arguments);
    command->word[command->count++] = word;
    command->word[command->count] = NULL;
}

/* QEMU splits many option values at commas; ",," is one comma. */
static void escape_commas(const char *text, char *out, size_t out_bytes)
{
    size_t used = 0;
    for (; *text && used + 2 < out_bytes; text++) {
        out[used++] = *text;
        if (*text == ',')
            out[used++] = ',';
    }
    out[used] = '\0';
}

/*
 * A scenario's own slot, or the last one, where QEMU would put the device: -1 when the target has
 * no such slot.
 */
static int device_slot(const struct boot_target *target, const struct scenario *scenario)
{
    if (scenario->device.slot == scenario->machine.slot)
        return (int)target->slots - 1;
    return scenario->device.slot < target->slots ? (int)scenario->device.slot : -1;
}

const char *boot_lacks(const struct scenario *scenario, const struct boot_target *target)
{
    if (scenario->device.version == 1 && !target->legacy)
        return "QEMU has no version-1 devices on this machine";
    if (scenario->device.big_endian && !target->big_endian)
        return "the scenario is for a big-endian machine";
    return device_slot(target, scenario) < 0
               ? "its device sits in a slot that the machine does not have"
               : NULL;
}

void boot_add_device(struct boot_command *command, const struct scenario *scenario, uint32_t slot,
                     bool exact)
{
    char device[WORD_BYTES];
    struct text text = {.out = device, .bytes = sizeof device};

    text_add(&text, "virtio-gpu-device,bus=virtio-mmio-bus.%u,xres=%u,yres=%u", slot,
             scenario->display_width_px, scenario->display_height_px);
    if (scenario->scanouts != 1)
        text_add(&text, ",max_outputs=%u", scenario->scanouts);
    for (size_t i = 0; i < PROPERTIES; i++) {
        uint64_t bit = UINT64_C(1) << properties[i].bit;
        if (exact || ((scenario->features_on | scenario->features_off) & bit))
            text_add(&text, ",%s=%s", properties[i].property,
                     scenario->device.features & bit ? "on" : "off");
    }
    assert(!text.full);
    boot_add_word(command, "-global");
    boot_add_word(command, "virtio-mmio.force-legacy=%s",
                  scenario->device.version == 1 ? "true" : "false");
    boot_add_word(command, "-device");
    boot_add_word(command, "%s", device);
}

static void add_channels(struct boot_command *command, const char *dir)
{
    char escaped[WORD_BYTES];

    boot_add_word(command, "-d");
    boot_add_word(command, "guest_errors");
    if (!dir) {
        boot_add_word(command, "-serial");
        boot_add_word(command, "mon:stdio");
        return;
    }
    boot_add_word(command, "-D");
    boot_add_word(command, "%s/guest_errors", dir);
    escape_commas(dir, escaped, sizeof escaped);
    boot_add_word(command, "-serial");
    boot_add_word(command, "unix:%s/uart", escaped);
    boot_add_word(command, "-qmp");
    boot_add_word(command, "unix:%s/qmp", escaped);
}

const char *boot_command(const struct boot_target *target, const struct scenario *scenario,
                         const char *image, const char *dir, struct boot_command *out)
{
    char append[BOOT_APPEND_BYTES];

    *out = (struct boot_command){0};
    const char *reason = boot_append(scenario, append, sizeof append);
    if (reason)
        return reason;
    reason = boot_lacks(scenario, target);
    if (reason)
        return reason;
    const char *const fixed[] = {target->qemu, "-M",   target->machine, "-m",        MACHINE_MEMORY,
                                 "-display",   "none", "-nodefaults",   "-no-reboot"};
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        boot_add_word(out, "%s", fixed[i]);
    for (const char *word = target->words; *word; word += strspn(word, " ")) {
        size_t bytes = strcspn(word, " ");
        boot_add_word(out, "%.*s", (int)bytes, word);
        word += bytes;
    }
    add_channels(out, dir);
    boot_add_device(out, scenario, (uint32_t)device_slot(target, scenario), false);
    boot_add_word(out, "-kernel");
    boot_add_word(out, "%s", image);
    boot_add_word(out, "-append");
    boot_add_word(out, "%s", append);
    return NULL;
}

void boot_command_free(struct boot_command *command)
{
    for (size_t i = 0; i < command->count; i++)
        free(command->word[i]);
    *command = (struct boot_command){0};
}

void boot_command_print(const struct boot_command *command, FILE *out)
{
    static const char safe[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=/.,:@%";

    for (size_t i = 0; i < command->count; i++) {
        const char *word = command->word[i];
        const char *between = i > 0 ? " " : "";
        if (*word && strspn(word, safe) == strlen(word)) {
            fprintf(out, "%s%s", between, word);
            continue;
        }
        fprintf(out, "%s'", between);
        for (; *word; word++)
            fprintf(out, *word == '\'' ? "'\\''" : "%c", *word);
        fputc('\'', out);
    }
    fputc('\n', out);
}

size_t boot_notes(const struct scenario *scenario, FILE *out)
{
    uint64_t told = boot_known_features();
    size_t count = 0;

    if (scenario->device.queue_size_max != QEMU_QUEUE_SIZE_MAX) {
        fprintf(out, "%s: QEMU's QueueSizeMax is always %u, not %u\n", scenario->name,
                QEMU_QUEUE_SIZE_MAX, scenario->device.queue_size_max);
        count++;
    }
    uint64_t untold = (scenario->features_on | scenario->features_off) & ~told;
    if (untold) {
        fprintf(out, "%s: QEMU cannot be told to change the features 0x%" PRIx64 "\n",
                scenario->name, untold);
        count++;
    }
    if (scenario->device.eager_poll) {
        fprintf(out, "%s: QEMU waits for notifications; eager-poll is left out\n", scenario->name);
        count++;
    }
    return count;
}
