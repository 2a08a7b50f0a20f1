/*
 * Asks the machine what it is: registers mapped late, wherever they are asked for; what memory
 * holds that nobody has written; where the device tree says that things are.
 *
 *   slot ADDRESS DEVICE       maps the registers at ADDRESS; MagicValue and DeviceID must be there
 *   map ADDRESS BYTES         maps BYTES at ADDRESS
 *   word POINTER VALUE        what a pointer sees
 *   stack VALUE               what lies below the stack's end
 *   padding BYTES VALUE       allocates, and looks at the last byte of its page
 *   tree WORD                 the device tree's blob has a word, anywhere
 */
#include "platform.h"
#include "suite.h"

static enum suite_result slot(const struct suite_args *args)
{
    volatile uint32_t *reg = platform_map_mmio(args->value[0], 0x200);

    if (reg == NULL)
        return SUITE_NO_DEVICE;
    if (reg[0] != 0x74726976)
        return SUITE_BAD_DEVICE;
    return reg[2] == args->value[1] ? SUITE_OK : SUITE_NOT_READY;
}

static enum suite_result map(const struct suite_args *args)
{
    return platform_map_mmio(args->value[0], args->value[1]) != NULL ? SUITE_OK : SUITE_NO_DEVICE;
}

static enum suite_result word(const struct suite_args *args)
{
    volatile uint32_t *at = (volatile uint32_t *)(uintptr_t)args->value[0];
    return *at == args->value[1] ? SUITE_OK : SUITE_BAD_COMPLETION;
}

static enum suite_result stack(const struct suite_args *args)
{
    volatile uint8_t *here = __builtin_frame_address(0);
    return here[-100000] == args->value[0] ? SUITE_OK : SUITE_BAD_COMPLETION;
}

static enum suite_result padding(const struct suite_args *args)
{
    struct platform_dma dma;

    if (!platform_dma_alloc(args->value[0], 4096, "padded", &dma))
        return SUITE_NO_MEMORY;
    for (uint64_t i = 0; i < args->value[0]; i++) {
        if (((volatile uint8_t *)dma.cpu)[i] != 0)
            return SUITE_BAD_DEVICE;
    }
    return ((volatile uint8_t *)dma.cpu)[4095] == args->value[1] ? SUITE_OK : SUITE_BAD_COMPLETION;
}

static enum suite_result tree(const struct suite_args *args)
{
    const uint8_t *blob = platform_device_tree();
    uint32_t bytes;

    if (blob == NULL)
        return SUITE_NO_DEVICE;
    bytes = (uint32_t)blob[4] << 24 | (uint32_t)blob[5] << 16 | (uint32_t)blob[6] << 8 | blob[7];
    for (uint32_t at = 0; at + 4 <= bytes; at += 4) {
        uint32_t cell = (uint32_t)blob[at] << 24 | (uint32_t)blob[at + 1] << 16 |
                        (uint32_t)blob[at + 2] << 8 | blob[at + 3];
        if (cell == args->value[0])
            return SUITE_OK;
    }
    return SUITE_BAD_DEVICE;
}

static const struct suite_op ops[] = {
    {"slot", slot},   {"map", map},         {"word", word},
    {"stack", stack}, {"padding", padding}, {"tree", tree},
};

const struct suite_driver ringside_driver = {
    .name = "machine_facts",
    .ops = ops,
    .op_count = sizeof ops / sizeof ops[0],
};
