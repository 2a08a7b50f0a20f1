/*
 * Scenario verbs that say which machine it is, and where its memory lies: machine, memory.
 *
 * `machine` comes before `device` and `memory`, whose defaults it sets.
 */
#include "scenario_parse.h"
#include <string.h>
#include "machine.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define MEMORY_PAGE_BYTES UINT64_C(4096)
#define MEMORY_BYTES_MIN  UINT64_C(65536)
#define MEMORY_BYTES_MAX  (UINT64_C(4) << 30)
#define MEMORY_BASE_MAX   MACHINE_ADDRESS_MAX
#define HOST_LOWEST       UINT64_C(0x10000) /* vm.mmap_min_addr as Linux is usually set up */
#define OFFSET_MAX        UINT64_C(0x600000000000) /* RAM of 2^44 and 4 GiB is still below 2^47 */

/* ---- machine ---- */

enum machine_option {
    OPTION_BASE,
    OPTION_STRIDE,
    OPTION_SLOTS,
    OPTION_INTERRUPT,
    OPTION_RAM,
    OPTION_COUNT
};

/* Machines first, then options: what may stand at the beginning of the line. */
static const char *const machine_words[MACHINE_COUNT + OPTION_COUNT] = {
#define X(name, word, base, stride, slots, interrupt, ram, slot, kind) word,
    SIM_MACHINES(X)
#undef X
        "base",
    "stride", "slots", "interrupt", "ram"};

static bool machine_base(struct parser *parser)
{
    const struct word *word = parse_peek(parser);
    uint64_t base = 0;
    if (!parse_number(parser, "a physical address", 0, UINT64_MAX, &base)) {
        return false;
    }
    if (base > MACHINE_ADDRESS_MAX) {
        return parse_fail(parser, word,
                          "the physical address, which platform_map_mmio() maps where it can", NULL,
                          "no process can have registers at the kernel's address %#llx",
                          (unsigned long long)base);
    }
    if (base % MACHINE_BASE_ALIGN_BYTES != 0) {
        return parse_fail(parser, word, "a multiple of 0x200", NULL,
                          "slots do not begin at such an address");
    }
    parser->scenario->machine.base = base;
    return true;
}

static bool machine_stride(struct parser *parser)
{
    const struct word *word = parse_peek(parser);
    uint64_t stride = 0;
    if (!parse_number(parser, "the bytes from one slot to the next", MACHINE_STRIDE_BYTES_MIN,
                      MACHINE_STRIDE_BYTES_MAX, &stride)) {
        return false;
    }
    if ((stride & (stride - 1)) != 0) {
        return parse_fail(parser, word, "a power of two", NULL,
                          "slots are not such a distance apart");
    }
    parser->scenario->machine.slot_shift = (uint32_t)__builtin_ctzll(stride);
    return true;
}

static bool machine_option(struct parser *parser, enum machine_option option)
{
    struct sim_machine *machine = &parser->scenario->machine;
    uint64_t number = 0;
    switch (option) {
    case OPTION_BASE:
        return machine_base(parser);
    case OPTION_STRIDE:
        return machine_stride(parser);
    case OPTION_SLOTS:
        if (!parse_number(parser, "a number of slots", 1, MACHINE_SLOTS_MAX, &number)) {
            return false;
        }
        machine->slots = (uint32_t)number;
        return true;
    case OPTION_INTERRUPT:
        if (!parse_number(parser, "an interrupt", 0, 1023, &number)) {
            return false;
        }
        machine->interrupt = (uint32_t)number;
        return true;
    case OPTION_RAM: {
        const struct word *word = parse_peek(parser);
        if (!parse_number(parser, "a physical address", 0, MEMORY_BASE_MAX, &machine->ram_base)) {
            return false;
        }
        return machine->ram_base % MEMORY_PAGE_BYTES == 0 ||
               parse_fail(parser, word, "a multiple of 4096", NULL,
                          "the RAM is not at the start of a page");
    }
    case OPTION_COUNT:
        break;
    }
    return false;
}

/* The scenario's other defaults follow from the machine. */
static bool machine_settle(struct parser *parser, const struct word *word, bool is_own)
{
    struct scenario *scenario = parser->scenario;
    struct sim_machine *machine = &scenario->machine;
    uint64_t ram_end = machine->ram_base + scenario->memory_bytes;
    if (machine->base < ram_end && machine->base + machine_bytes(machine) > machine->ram_base) {
        return parse_fail(parser, word, "`ram ADDRESS` for other RAM, or another base", NULL,
                          "the registers would lie over the RAM, %#llx to %#llx",
                          (unsigned long long)machine->ram_base, (unsigned long long)ram_end - 1);
    }
    if (is_own || machine->slot >= machine->slots) {
        machine->slot = 0;
    }
    scenario->machine_given = true;
    scenario->device.slot = machine->slot;
    scenario->memory_base = machine->ram_base;
    return true;
}

bool parse_machine(struct parser *parser)
{
    static const char expected[] = "a machine, or base, stride, slots, interrupt or ram";
    bool seen[OPTION_COUNT] = {false};
    struct scenario *scenario = parser->scenario;
    const struct word *first = parse_need(parser, "the machine", expected);
    if (!first) {
        return false;
    }
    int row = parse_choose(parser, first, "machine", machine_words, COUNT(machine_words));
    if (row < 0) {
        return false;
    }
    bool is_own = row >= MACHINE_COUNT;
    scenario->machine_own = is_own || parse_peek(parser) != NULL;
    scenario->machine = machine_by_name(is_own ? MACHINE_VIRT_AARCH64 : (enum machine_name)row);
    const struct word *word = is_own ? first : parse_next(parser);
    while (word) { /* bounded by the words of the line */
        int option = parse_choose(parser, word, "option of a machine",
                                  &machine_words[MACHINE_COUNT], OPTION_COUNT);
        if (option < 0) {
            return false;
        }
        if (seen[option]) {
            return parse_fail(parser, word, NULL, NULL, "`%s` is given twice",
                              machine_words[MACHINE_COUNT + option]);
        }
        seen[option] = true;
        if (!machine_option(parser, (enum machine_option)option)) {
            return false;
        }
        word = parse_next(parser);
    }
    return machine_settle(parser, first, is_own);
}

/* ---- memory ---- */

enum memory_option {
    MEMORY_BASE,
    MEMORY_SIZE,
    MEMORY_NEXT,
    MEMORY_IDENTITY,
    MEMORY_OFFSET,
    MEMORY_STATIC_DMA,
    MEMORY_STACK_DMA,
    MEMORY_POISON,
    MEMORY_OPTION_COUNT
};

static const char *const memory_options[MEMORY_OPTION_COUNT] = {"base",      "size",   "next",
                                                                "identity",  "offset", "static-dma",
                                                                "stack-dma", "poison"};

static bool memory_option(struct parser *parser, enum memory_option option)
{
    struct scenario *scenario = parser->scenario;
    switch (option) {
    case MEMORY_BASE:
        return parse_number(parser, "a physical address", 0, MEMORY_BASE_MAX,
                            &scenario->memory_base);
    case MEMORY_SIZE:
        return parse_size(parser, "a size", MEMORY_BYTES_MIN, MEMORY_BYTES_MAX,
                          &scenario->memory_bytes);
    case MEMORY_NEXT:
        return parse_number(parser, "a physical address", 1, MEMORY_BASE_MAX + MEMORY_BYTES_MAX,
                            &scenario->memory_next);
    case MEMORY_IDENTITY:
        scenario->identity = true;
        return true;
    case MEMORY_OFFSET:
        return parse_number(parser, "a number", 1, UINT64_MAX, &scenario->memory_offset);
    case MEMORY_STATIC_DMA:
        scenario->static_dma = true;
        return true;
    case MEMORY_STACK_DMA:
        scenario->stack_dma = true;
        return true;
    case MEMORY_POISON:
        scenario->poison = true;
        return true;
    case MEMORY_OPTION_COUNT:
        break;
    }
    return false;
}

/* Where a process can have memory: not at the bottom, and not in the kernel's half. */
static bool host_fits(struct parser *parser, const struct word *const word[MEMORY_OPTION_COUNT])
{
    const struct scenario *scenario = parser->scenario;
    uint64_t offset = scenario->memory_offset;
    if (scenario->identity && offset != 0) {
        return parse_fail(parser, word[MEMORY_OFFSET], NULL, NULL,
                          "`identity` is an offset of 0: give one of the two");
    }
    if (scenario->identity && scenario->memory_base < HOST_LOWEST) {
        return parse_fail(parser, word[MEMORY_BASE], "`base 0x100000` or more with `identity`",
                          NULL, "no process can have memory at address %#llx",
                          (unsigned long long)scenario->memory_base);
    }
    if (offset % MEMORY_PAGE_BYTES != 0) {
        return parse_fail(parser, word[MEMORY_OFFSET], "a multiple of 4096", NULL,
                          "the offset is not whole pages");
    }
    if (offset > OFFSET_MAX) {
        return parse_fail(parser, word[MEMORY_OFFSET],
                          "at most 0x600000000000; build the driver with such an offset", NULL,
                          "no process can have memory at the kernel's addresses");
    }
    if (offset != 0 && offset < scenario->memory_bytes) {
        return parse_fail(parser, word[MEMORY_OFFSET], "`identity`, or at least the memory's size",
                          NULL, "pointers and physical addresses would overlap");
    }
    return true;
}

/* Options that are right one by one may not fit together; `word` is the value of each, or NULL. */
static bool memory_fits(struct parser *parser, const struct word *const word[MEMORY_OPTION_COUNT])
{
    const struct scenario *scenario = parser->scenario;
    const struct sim_machine *machine = &scenario->machine;
    uint64_t slots_end = machine->base + machine_bytes(machine);
    uint64_t end = scenario->memory_base + scenario->memory_bytes;
    if (scenario->memory_base % MEMORY_PAGE_BYTES != 0) {
        return parse_fail(parser, word[MEMORY_BASE], "a multiple of 4096", NULL,
                          "the base is not at the start of a page");
    }
    if (scenario->memory_bytes % MEMORY_PAGE_BYTES != 0) {
        return parse_fail(parser, word[MEMORY_SIZE], "a multiple of 4096", NULL,
                          "the size is not whole pages");
    }
    if (scenario->memory_base < slots_end && end > machine->base) {
        const struct word *culprit = word[MEMORY_BASE] ? word[MEMORY_BASE] : word[MEMORY_SIZE];
        return parse_fail(parser, culprit, NULL, NULL,
                          "memory from %#llx to %#llx would lie over the register windows at %#llx",
                          (unsigned long long)scenario->memory_base, (unsigned long long)end - 1,
                          (unsigned long long)machine->base);
    }
    if (word[MEMORY_NEXT] &&
        (scenario->memory_next < scenario->memory_base || scenario->memory_next >= end)) {
        return parse_fail(parser, word[MEMORY_NEXT], NULL, NULL,
                          "the next address lies outside memory, which goes from %#llx to %#llx",
                          (unsigned long long)scenario->memory_base, (unsigned long long)end - 1);
    }
    return true;
}

bool parse_memory(struct parser *parser)
{
    const struct word *value[MEMORY_OPTION_COUNT] = {NULL};
    bool seen[MEMORY_OPTION_COUNT] = {false};
    const struct word *word = parse_next(parser);
    do { /* bounded by the words of the line */
        int option =
            parse_choose(parser, word, "memory option", memory_options, MEMORY_OPTION_COUNT);
        if (option < 0) {
            return false;
        }
        if (seen[option]) {
            return parse_fail(parser, word, NULL, NULL, "`%s` is given twice",
                              memory_options[option]);
        }
        seen[option] = true;
        value[option] = parse_peek(parser);
        if (!memory_option(parser, (enum memory_option)option)) {
            return false;
        }
        word = parse_next(parser);
    } while (word);
    return memory_fits(parser, value) && host_fits(parser, value);
}
