/*
 * The table of machines.
 */
#include "machine.h"

#include <assert.h>

struct sim_machine machine_by_name(enum machine_name name)
{
    static const struct {
        const char *word;
        uint64_t base;
        uint32_t stride_bytes, slots, interrupt;
        uint64_t ram_base;
        uint32_t slot;
        enum machine_interrupts interrupts;
    } row[MACHINE_COUNT] = {
#define X(name, word, base, stride, slots, interrupt, ram, slot, kind)                             \
    {word, base, stride, slots, interrupt, ram, slot, MACHINE_##kind},
        SIM_MACHINES(X)
#undef X
    };

    assert(name < MACHINE_COUNT);
    return (struct sim_machine){
        .word = row[name].word,
        .name = name,
        .interrupts = row[name].interrupts,
        .base = row[name].base,
        .slot_shift = (uint32_t)__builtin_ctz(row[name].stride_bytes),
        .slots = row[name].slots,
        .interrupt = row[name].interrupt,
        .ram_base = row[name].ram_base,
        .slot = row[name].slot,
    };
}
