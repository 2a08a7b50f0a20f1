/*
 * Which scenarios QEMU's device cannot run, and why.
 */
#include "qemu_device.h"

#include <inttypes.h>

#include "boot.h"
#include "qemu.h"
#include "virtio/gpu.h"

#define QEMU_QUEUE_SIZE_MAX 1024u /* what its virtio-mmio says for every queue */

/* What an action asks of the device that QEMU's does not do; NULL: nothing. */
static const char *why_not(enum scenario_action_kind kind)
{
    if (kind == SCENARIO_DISPLAY || kind == SCENARIO_CONFIG_CHANGE || kind == SCENARIO_NEEDS_RESET)
        return "the device does something of its own accord";
    if (kind == SCENARIO_HOLD || kind == SCENARIO_STEP || kind == SCENARIO_PAUSE)
        return "something comes in between two steps of the device, and QEMU takes all at once";
    return kind == SCENARIO_FAULT ? "a fault, which QEMU's device does not have" : NULL;
}

const char *qemu_device_unfit(const struct scenario *scenario)
{
    static char text[160];
    uint64_t untold;

    if (scenario->kind != SCENARIO_DEVICE_GPU)
        return "only the GPU is driven on QEMU: its disk works by itself, and nobody knows its "
               "random bytes";
    if (scenario->personality >= 0 && scenario->personality != SIM_PERSONALITY_QEMU_7) {
        snprintf(text, sizeof text, "it asks for the personality %s, and QEMU is as QEMU is",
                 sim_personality_word((enum sim_personality)scenario->personality));
        return text;
    }
    if (scenario->profile_given && scenario->device.profile == SIM_PROFILE_SPEC)
        return "it asks for profile spec, and QEMU is as QEMU is";
    if (scenario->faults.count > 0) {
        snprintf(text, sizeof text, "it asks for the fault `%s`, which QEMU's device does not have",
                 sim_fault_word(scenario->faults.fault[0].kind));
        return text;
    }
    if (scenario->device.queue_size_max != QEMU_QUEUE_SIZE_MAX) {
        snprintf(text, sizeof text, "QEMU's QueueSizeMax is always %u, not %" PRIu32,
                 QEMU_QUEUE_SIZE_MAX, scenario->device.queue_size_max);
        return text;
    }
    untold = (scenario->features_on | scenario->features_off) & ~boot_known_features();
    if (untold != 0) {
        snprintf(text, sizeof text, "QEMU cannot be told to change the features 0x%" PRIx64,
                 untold);
        return text;
    }
    if ((scenario->device.features & VIRTIO_BIT(VIRTIO_GPU_F_RESOURCE_BLOB)) != 0)
        return "QEMU offers blob resources only where the host has udmabuf";
    if (scenario->device.big_endian && scenario->device.version == 1)
        return "its rings are a big-endian CPU's, and without a CPU QEMU knows of none";
    if (scenario->device.eager_poll)
        return "it asks for eager-poll, and QEMU waits for notifications";
    for (size_t i = 0; i < scenario->action_count; i++) {
        const char *why = why_not(scenario->action[i].kind);
        if (why == NULL)
            continue;
        snprintf(text, sizeof text, "line %u: %s", scenario->action[i].line, why);
        return text;
    }
    if (!qemu_has_machine(scenario))
        return "QEMU's device is driven on the machines virt-aarch64, virt-arm and virt-riscv, as "
               "they are";
    if (scenario->memory_base != scenario->machine.ram_base)
        return "its RAM is not where QEMU's machine has it";
    return NULL;
}
