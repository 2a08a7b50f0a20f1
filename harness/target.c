/*
 * The table of targets.
 */
#include "target.h"

#include <string.h>

const struct boot_target boot_targets[] = {
#define X(name, qemu, machine, words, slots, big_endian, legacy, qemu_package, compiler_package)   \
    {name, qemu, machine, words, slots, big_endian, legacy, qemu_package, compiler_package},
    BOOT_TARGETS(X)
#undef X
};
const size_t boot_target_count = sizeof boot_targets / sizeof boot_targets[0];
_Static_assert(sizeof boot_targets / sizeof boot_targets[0] <= BOOT_TARGETS_MAX, "names fit");

const struct boot_target *boot_target_by_name(const char *name)
{
    for (size_t i = 0; i < boot_target_count; i++) {
        if (strcmp(boot_targets[i].name, name) == 0)
            return &boot_targets[i];
    }
    return NULL;
}

size_t boot_target_names(const char *names[BOOT_TARGETS_MAX])
{
    for (size_t i = 0; i < boot_target_count; i++)
        names[i] = boot_targets[i].name;
    return boot_target_count;
}
