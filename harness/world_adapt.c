/*
 * What of a scenario is not as it stands: a driver whose memory lies where it will, and QEMU's
 * device, which is as QEMU is.
 */
#include "world_state.h"

#include <stdlib.h>
#include <string.h>

/* A copy of the scenario that may be changed; false when memory ran out. */
static bool adapt(struct world *world)
{
    if (world->adapted != NULL)
        return true;
    world->adapted = malloc(sizeof *world->adapted);
    if (world->adapted == NULL)
        return false;
    *world->adapted = *world->scenario;
    world->scenario = world->adapted;
    return true;
}

/* Is `word` one of the words of `text`? */
static bool has_word(const char *text, const char *word)
{
    size_t bytes = strlen(word);

    for (const char *at = text; (at = strstr(at, word)) != NULL; at += bytes) {
        if ((at == text || at[-1] == ' ') && (at[bytes] == '\0' || at[bytes] == ' '))
            return true;
    }
    return false;
}

/* Where a driver's memory lies is its own affair: its table may ask for more than the scenario
 * says. */
static const char *adapt_memory(struct world *world)
{
    const char *memory = world->driver != NULL ? world->driver->suite->memory : NULL;
    bool is_low = world->driver != NULL && world->driver->ilp32;

    if (memory == NULL && is_low)
        memory = "";
    if (memory == NULL)
        return NULL;
    if (!adapt(world))
        return "out of memory";
    world->adapted->identity |= is_low || has_word(memory, "identity");
    world->adapted->static_dma |= has_word(memory, "static-dma");
    world->adapted->stack_dma |= has_word(memory, "stack-dma");
    for (enum machine_name name = 0; name < MACHINE_COUNT; name++) {
        struct sim_machine machine = machine_by_name(name);
        if (!has_word(memory, machine.word) || world->adapted->machine_given)
            continue;
        world->adapted->machine = machine;
        world->adapted->device.slot = machine.slot;
        world->adapted->memory_base = machine.ram_base;
        world->adapted->memory_next = 0;
    }
    return NULL;
}

/* QEMU's device has QEMU's profile, and acts at once. */
static const char *adapt_device(struct world *world)
{
    if (!world->options->qemu)
        return NULL;
    if (!adapt(world))
        return "out of memory";
    world->adapted->device.profile = SIM_PROFILE_QEMU;
    world->adapted->schedule = SCHEDULE_EAGER;
    return qemu_device_create(world);
}

const char *world_adapt(struct world *world)
{
    const char *error = adapt_memory(world);
    return error == NULL ? adapt_device(world) : error;
}
