/*
 * What an instruction of another machine does here: a barrier, a cache operation or a wait
 * becomes an event, a counter tells the world's clock, the interrupt mask is the world's,
 * translation and prediction are left alone. What has no meaning here is told once a run and
 * otherwise skipped.
 *
 * Not handled: operations on a cache by set and way touch all of RAM; the point of unification is
 * not where devices look, so that `dc cvau` is no cleaning for a device.
 */
#include <stdio.h>
#include <string.h>

#include "crash.h"
#include "instruction.h"
#include "observe.h"
#include "world_state.h"

/*
 * What a processor sleeps at most: then its timer's interrupt wakes it, in whatever kernel it runs.
 */
#define SLEEP_NS 10000000u

struct foreign {
    struct world *world;
    struct instruction instruction;
    struct instruction_frame *frame;
    const char *text;
    uint64_t zeroed_addr; /* a line that the instruction fills with zeros, if it is `zeroes` */
    bool zeroes;
};

/* Does it; false when the instruction means nothing here. */
typedef bool (*effect)(struct foreign *foreign, int argument);

static const struct instruction_operand *operand(const struct foreign *foreign, unsigned index)
{
    return &foreign->instruction.operand[index];
}

/* What an instruction reads; false when that cannot be told. */
static bool source(const struct instruction_operand *from, uint64_t *value)
{
    static const char *const zeros[] = {"zero", "xzr", "wzr"};

    *value = from->value;
    if (from->kind == INSTRUCTION_REGISTER || from->kind == INSTRUCTION_NUMBER)
        return true;
    *value = 0;
    for (size_t i = 0; i < sizeof zeros / sizeof zeros[0]; i++) {
        if (from->kind == INSTRUCTION_WORD && strcmp(from->word, zeros[i]) == 0)
            return true;
    }
    return false;
}

/* RISC-V calls its register that is always zero x0 as well; Arm's x0 is any register. */
static bool riscv_source(const struct instruction_operand *from, uint64_t *value)
{
    return source(from, value) || strcmp(from->word, "x0") == 0;
}

/* The result of an instruction; one that goes to the register that is always zero is dropped. */
static bool result(struct foreign *foreign, const struct instruction_operand *to, uint64_t value)
{
    uint64_t nothing;

    if (instruction_set(foreign->frame, to, value))
        return true;
    return to->kind == INSTRUCTION_WORD && riscv_source(to, &nothing);
}

/* ---- barriers, waits ---- */

static bool barrier(struct foreign *foreign, int kind)
{
    if (!probe.skip_polls)
        world_barrier(kind, foreign->text, 0, foreign->frame->pc);
    return true;
}

static bool arm_barrier(struct foreign *foreign, int argument)
{
    (void)argument;
    return barrier(foreign, instruction_arm_barrier(&foreign->instruction));
}

static bool riscv_fence(struct foreign *foreign, int argument)
{
    (void)argument;
    return barrier(foreign, instruction_riscv_fence(&foreign->instruction));
}

static bool nothing(struct foreign *foreign, int argument)
{
    (void)foreign;
    (void)argument;
    return true;
}

/* A masked interrupt wakes the processor as well; its handler then runs when the mask is opened. */
static bool sleep(struct foreign *foreign, int argument)
{
    struct world *world = foreign->world;

    (void)argument;
    barrier(foreign, EVENT_BARRIER_HINT);
    if (world->interrupts_masked && world_settle_until_interrupt(world))
        return true;
    (void)world_wait(world, world->clock_ns + SLEEP_NS, foreign->frame->pc);
    return true;
}

static bool relax(struct foreign *foreign, int argument)
{
    barrier(foreign, EVENT_BARRIER_HINT);
    (void)argument;
    world_relax(foreign->world, foreign->frame->pc);
    return true;
}

static bool stop(struct foreign *foreign, int argument)
{
    (void)argument;
    (void)world_crashed(WORLD_CRASH_ABORT, 0, foreign->frame->pc);
    world_abandon();
}

/* ---- caches ---- */

enum { CACHE_ZERO = 16, CACHE_ALL = 32 };

/* `address` is the driver's; 0 with CACHE_ALL. */
static bool cache(struct foreign *foreign, int operation, uint64_t address)
{
    struct world *world = foreign->world;
    const void *line =
        (const void *)(uintptr_t)(address & ~(uint64_t)(INSTRUCTION_LINE_BYTES - 1));
    struct event event = {
        .party = EVENT_PARTY_DRIVER,
        .kind = EVENT_CACHE,
        .place = EVENT_PLACE_MEMORY,
        .value = (uint64_t)(operation & ~CACHE_ALL),
        .width_bytes = INSTRUCTION_LINE_BYTES,
        .pc = foreign->frame->pc,
    };

    if (operation == CACHE_ZERO) {
        foreign->zeroes = true;
        foreign->zeroed_addr = (uint64_t)(uintptr_t)line;
        return true;
    }
    if ((operation & CACHE_ALL) != 0) {
        event.addr = world->arena.base;
        event.width_bytes = world->arena.size_bytes < UINT32_MAX
                                ? (uint32_t)world->arena.size_bytes
                                : UINT32_MAX & ~(INSTRUCTION_LINE_BYTES - 1);
        world_emit(world, &event);
    } else if (arena_physical(&world->arena, line, &event.addr)) {
        world_emit(world, &event);
    }
    return true;
}

/* X(word, operation): `dc WORD, address`. */
#define ARM_CACHE_OPERATIONS(X)                                                                    \
    X("cvac", EVENT_CACHE_CLEAN) X("cvap", EVENT_CACHE_CLEAN) X("cvadp", EVENT_CACHE_CLEAN)        \
    X("ivac", EVENT_CACHE_INVALIDATE) X("civac", EVENT_CACHE_CLEAN_INVALIDATE)                     \
    X("zva", CACHE_ZERO) X("csw", EVENT_CACHE_CLEAN | CACHE_ALL)                                   \
    X("isw", EVENT_CACHE_INVALIDATE | CACHE_ALL)                                                   \
    X("cisw", EVENT_CACHE_CLEAN_INVALIDATE | CACHE_ALL)

static bool arm_cache(struct foreign *foreign, int argument)
{
    static const struct {
        const char *word;
        int operation;
    } operations[] = {
#define X(word, operation) {word, operation},
        ARM_CACHE_OPERATIONS(X)
#undef X
    };
    const char *word = operand(foreign, 0)->word;
    uint64_t address;

    (void)argument;
    if (strcmp(word, "cvau") == 0)
        return barrier(foreign, EVENT_BARRIER_HINT);
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        if (strcmp(word, operations[i].word) == 0 && source(operand(foreign, 1), &address))
            return cache(foreign, operations[i].operation, address);
    }
    return false;
}

/*
 * `cbo.clean (a0)`, `clflush (%rax)`, `th.dcache.cva a0`: the operand is an address, in
 * parentheses or not.
 */
static bool line_cache(struct foreign *foreign, int operation)
{
    const struct instruction_operand *from = operand(foreign, 0);
    uint64_t address = from->value;

    if (from->kind != INSTRUCTION_MEMORY && !source(from, &address))
        return false;
    return cache(foreign, operation, address);
}

static bool physical_line_cache(struct foreign *foreign, int operation)
{
    const struct arena *arena = &foreign->world->arena;
    uint64_t address;

    if (!source(operand(foreign, 0), &address))
        return false;
    if (address < arena->base || address - arena->base >= arena->size_bytes)
        return true;
    return cache(foreign, operation, (uint64_t)(uintptr_t)arena_host(arena, address));
}

static bool whole_cache(struct foreign *foreign, int operation)
{
    return cache(foreign, operation | CACHE_ALL, 0);
}

/* ---- system registers ---- */

/* A name that is not known is told once, and works as a register that keeps what is written. */
static bool is_known(struct foreign *foreign, bool known, const char *name)
{
    char text[INSTRUCTION_NAME_BYTES + INSTRUCTION_WORD_BYTES];

    if (known)
        return true;
    snprintf(text, sizeof text, "%s %s", foreign->instruction.name, name);
    return !instruction_is_news(foreign->world, text);
}

static bool read_system(struct foreign *foreign, const char *name,
                        const struct instruction_operand *to)
{
    uint64_t value;
    bool known = instruction_system_read(foreign->world, name, &value);

    return result(foreign, to, value) && is_known(foreign, known, name);
}

static bool write_system(struct foreign *foreign, const char *name, uint64_t value, uint64_t mask)
{
    bool known = instruction_system_write(foreign->world, name, value, mask);

    if (known)
        barrier(foreign, EVENT_BARRIER_HINT);
    return is_known(foreign, known, name);
}

static bool arm_read(struct foreign *foreign, int argument)
{
    (void)argument;
    return read_system(foreign, operand(foreign, 1)->word, operand(foreign, 0));
}

/* `msr daifset, #2` comes without its number: the assembler here takes it for a comment. */
static bool arm_write(struct foreign *foreign, int argument)
{
    const char *name = operand(foreign, 0)->word;
    uint64_t value;
    bool known = source(operand(foreign, 1), &value);

    (void)argument;
    if (strcmp(name, "daifset") == 0 || strcmp(name, "daifclr") == 0)
        return write_system(foreign, "daif", strcmp(name, "daifset") == 0 ? ~UINT64_C(0) : 0,
                            known ? value << 6 : 0x80);
    return known && write_system(foreign, name, value, ~UINT64_C(0));
}

enum { CSR_READ = 1, CSR_WRITE = 2, CSR_SET = 4, CSR_CLEAR = 8 };

/* Reads, then writes: `csrrw rd, csr, rs`, and the short forms that lack rd or rs. */
static bool riscv_csr(struct foreign *foreign, int operation)
{
    unsigned next = 0;
    const struct instruction_operand *to = (operation & CSR_READ) != 0 ? operand(foreign, next++)
                                                                       : NULL;
    const char *name = operand(foreign, next++)->word;
    uint64_t value = 0;
    bool is_written = (operation & ~CSR_READ) != 0;
    bool done = true;

    if (is_written && !riscv_source(operand(foreign, next), &value))
        return false;
    if (to != NULL)
        done = read_system(foreign, name, to);
    if ((operation & CSR_WRITE) != 0)
        done &= write_system(foreign, name, value, ~UINT64_C(0));
    else if ((operation & CSR_SET) != 0 && value != 0)
        done &= write_system(foreign, name, value, value);
    else if ((operation & CSR_CLEAR) != 0 && value != 0)
        done &= write_system(foreign, name, 0, value);
    return done;
}

/* `rdtime rd` is `csrr rd, time`. */
static bool riscv_counter(struct foreign *foreign, int argument)
{
    (void)argument;
    return read_system(foreign, foreign->instruction.name + 2, operand(foreign, 0));
}

static bool x86_counter(struct foreign *foreign, int argument)
{
    uint64_t cycles = instruction_counter(foreign->world, INSTRUCTION_CYCLES_HZ);

    foreign->frame->reg[0] = (uint32_t)cycles;
    foreign->frame->reg[2] = cycles >> 32;
    if (argument != 0)
        foreign->frame->reg[1] = 0; /* rdtscp: the processor's number */
    return true;
}

/*
 * `mv rd, tp` of RISC-V, where kernels keep the hart's number; of other registers nothing is known.
 */
static bool riscv_move(struct foreign *foreign, int argument)
{
    const char *from = operand(foreign, 1)->word;
    uint64_t value = 0;

    (void)argument;
    if (strcmp(from, "sp") == 0)
        value = foreign->frame->reg[4];
    else if (!riscv_source(operand(foreign, 1), &value) && strcmp(from, "tp") != 0)
        return false;
    return result(foreign, operand(foreign, 0), value) ||
           strcmp(operand(foreign, 0)->word, "tp") == 0;
}

static bool mask(struct foreign *foreign, int masked)
{
    const char *which = operand(foreign, 0)->word;

    if (which[0] != '\0' && strchr(which, 'i') == NULL)
        return true; /* cpsid f, cpsid a: other exceptions */
    foreign->world->interrupts_masked = masked != 0;
    return barrier(foreign, EVENT_BARRIER_HINT);
}

/* ---- Arm's coprocessor 15 ---- */

/* X(name, effect, argument): what `mcr` does that is no register. */
/* clang-format off */
#define COPROCESSOR_OPERATIONS(X)                                                                  \
    X("p15.0.c7.c0.4",  sleep,   0)                                                                \
    X("p15.0.c7.c5.4",  barrier, EVENT_BARRIER_INSTRUCTION)                                        \
    X("p15.0.c7.c10.4", barrier, EVENT_BARRIER_SYNC)                                               \
    X("p15.0.c7.c10.5", barrier, EVENT_BARRIER_FULL)                                               \
    X("p15.0.c7.c6.1",  NULL,    EVENT_CACHE_INVALIDATE)                                           \
    X("p15.0.c7.c10.1", NULL,    EVENT_CACHE_CLEAN)                                                \
    X("p15.0.c7.c14.1", NULL,    EVENT_CACHE_CLEAN_INVALIDATE)                                     \
    X("p15.0.c7.c6.0",  whole_cache, EVENT_CACHE_INVALIDATE)                                       \
    X("p15.0.c7.c6.2",  whole_cache, EVENT_CACHE_INVALIDATE)                                       \
    X("p15.0.c7.c7.0",  whole_cache, EVENT_CACHE_INVALIDATE)                                       \
    X("p15.0.c7.c10.0", whole_cache, EVENT_CACHE_CLEAN)                                            \
    X("p15.0.c7.c10.2", whole_cache, EVENT_CACHE_CLEAN)                                            \
    X("p15.0.c7.c14.0", whole_cache, EVENT_CACHE_CLEAN_INVALIDATE)                                 \
    X("p15.0.c7.c14.2", whole_cache, EVENT_CACHE_CLEAN_INVALIDATE)
/* clang-format on */

/* `p15, 0, %eax, c7, c10, 1` without the operands [skip, skip + count). */
static void coprocessor_name(const struct foreign *foreign, unsigned skip, unsigned count,
                             char *out, size_t out_bytes)
{
    size_t length = 0;

    out[0] = '\0';
    for (unsigned i = 0; i < foreign->instruction.operand_count && length < out_bytes; i++) {
        const char *word = operand(foreign, i)->word;
        if (i >= skip && i < skip + count)
            continue;
        length += (size_t)snprintf(out + length, out_bytes - length, "%s%s", i > 0 ? "." : "",
                                   word[0] == '$' ? word + 1 : word);
    }
}

static bool coprocessor_write(struct foreign *foreign, int argument)
{
    static const struct {
        const char *name;
        effect effect;
        int argument;
    } operations[] = {
#define X(name, effect, argument) {name, effect, argument},
        COPROCESSOR_OPERATIONS(X)
#undef X
    };
    char name[INSTRUCTION_WORD_BYTES];
    uint64_t value;

    (void)argument;
    coprocessor_name(foreign, 2, 1, name, sizeof name);
    if (!source(operand(foreign, 2), &value))
        return false;
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        if (strcmp(operations[i].name, name) != 0)
            continue;
        return operations[i].effect != NULL
                   ? operations[i].effect(foreign, operations[i].argument)
                   : cache(foreign, operations[i].argument, value);
    }
    return write_system(foreign, name, value, ~UINT64_C(0));
}

static bool coprocessor_read(struct foreign *foreign, int argument)
{
    char name[INSTRUCTION_WORD_BYTES];

    (void)argument;
    coprocessor_name(foreign, 2, 1, name, sizeof name);
    return read_system(foreign, name, operand(foreign, 2));
}

/* `mrrc p15, 1, low, high, c14` */
static bool coprocessor_read_pair(struct foreign *foreign, int argument)
{
    char name[INSTRUCTION_WORD_BYTES];
    uint64_t value;
    bool known;

    (void)argument;
    coprocessor_name(foreign, 2, 2, name, sizeof name);
    known = instruction_system_read(foreign->world, name, &value);
    return result(foreign, operand(foreign, 2), (uint32_t)value) &&
           result(foreign, operand(foreign, 3), value >> 32) && is_known(foreign, known, name);
}

/* ---- which does what ---- */

/*
 * X(name, effect, argument) for all but what does nothing; the macros of the header have the same
 * names.
 */
/* clang-format off */
#define EFFECTS(X)                                                                                 \
    X("dmb", arm_barrier, 0)               X("dsb", arm_barrier, 0)                                \
    X("isb", barrier, EVENT_BARRIER_INSTRUCTION)                                                   \
    X("fence", riscv_fence, 0)             X("fence.tso", barrier, EVENT_BARRIER_RELEASE)          \
    X("fence.i", barrier, EVENT_BARRIER_INSTRUCTION)                                               \
    X("mfence", barrier, EVENT_BARRIER_FULL)                                                       \
    X("sfence", barrier, EVENT_BARRIER_STORE)                                                      \
    X("lfence", barrier, EVENT_BARRIER_LOAD)                                                       \
    X("th.sync", barrier, EVENT_BARRIER_SYNC)                                                      \
    X("th.sync.s", barrier, EVENT_BARRIER_SYNC)                                                    \
    X("wfi", sleep, 0)                     X("hlt", sleep, 0)                                      \
    X("wfe", relax, 0)                     X("yield", relax, 0)                                    \
    X("sev", barrier, EVENT_BARRIER_HINT)  X("sevl", barrier, EVENT_BARRIER_HINT)                  \
    X("brk", stop, 0)                      X("bkpt", stop, 0)                                      \
    X("udf", stop, 0)                      X("ebreak", stop, 0)                                    \
    X("unimp", stop, 0)                                                                            \
    X("dc", arm_cache, 0)                                                                          \
    X("cbo.clean", line_cache, EVENT_CACHE_CLEAN)                                                  \
    X("cbo.flush", line_cache, EVENT_CACHE_CLEAN_INVALIDATE)                                       \
    X("cbo.inval", line_cache, EVENT_CACHE_INVALIDATE)                                             \
    X("cbo.zero", line_cache, CACHE_ZERO)                                                          \
    X("clflush", line_cache, EVENT_CACHE_CLEAN_INVALIDATE)                                         \
    X("clflushopt", line_cache, EVENT_CACHE_CLEAN_INVALIDATE)                                      \
    X("clwb", line_cache, EVENT_CACHE_CLEAN)                                                       \
    X("wbinvd", whole_cache, EVENT_CACHE_CLEAN_INVALIDATE)                                         \
    X("invd", whole_cache, EVENT_CACHE_INVALIDATE)                                                 \
    X("th.dcache.cva", line_cache, EVENT_CACHE_CLEAN)                                              \
    X("th.dcache.iva", line_cache, EVENT_CACHE_INVALIDATE)                                         \
    X("th.dcache.civa", line_cache, EVENT_CACHE_CLEAN_INVALIDATE)                                  \
    X("th.dcache.cpa", physical_line_cache, EVENT_CACHE_CLEAN)                                     \
    X("th.dcache.ipa", physical_line_cache, EVENT_CACHE_INVALIDATE)                                \
    X("th.dcache.cipa", physical_line_cache, EVENT_CACHE_CLEAN_INVALIDATE)                         \
    X("th.dcache.call", whole_cache, EVENT_CACHE_CLEAN)                                            \
    X("th.dcache.iall", whole_cache, EVENT_CACHE_INVALIDATE)                                       \
    X("th.dcache.ciall", whole_cache, EVENT_CACHE_CLEAN_INVALIDATE)                                \
    X("mrs", arm_read, 0)                  X("msr", arm_write, 0)                                  \
    X("mcr", coprocessor_write, 0)         X("mrc", coprocessor_read, 0)                           \
    X("mrrc", coprocessor_read_pair, 0)                                                            \
    X("csrr", riscv_csr, CSR_READ)         X("csrw", riscv_csr, CSR_WRITE)                         \
    X("csrs", riscv_csr, CSR_SET)          X("csrc", riscv_csr, CSR_CLEAR)                         \
    X("csrwi", riscv_csr, CSR_WRITE)       X("csrsi", riscv_csr, CSR_SET)                          \
    X("csrci", riscv_csr, CSR_CLEAR)                                                               \
    X("csrrw", riscv_csr, CSR_READ | CSR_WRITE) X("csrrwi", riscv_csr, CSR_READ | CSR_WRITE)       \
    X("csrrs", riscv_csr, CSR_READ | CSR_SET)   X("csrrsi", riscv_csr, CSR_READ | CSR_SET)         \
    X("csrrc", riscv_csr, CSR_READ | CSR_CLEAR) X("csrrci", riscv_csr, CSR_READ | CSR_CLEAR)       \
    X("rdtime", riscv_counter, 0)          X("rdtimeh", riscv_counter, 0)                          \
    X("rdcycle", riscv_counter, 0)         X("rdcycleh", riscv_counter, 0)                         \
    X("rdinstret", riscv_counter, 0)       X("rdinstreth", riscv_counter, 0)                       \
    X("rdtsc", x86_counter, 0)             X("rdtscp", x86_counter, 1)                             \
    X("mv", riscv_move, 0)                                                                         \
    X("cpsid", mask, 1)                    X("cpsie", mask, 0)                                     \
    X("cli", mask, 1)                      X("sti", mask, 0)
/* clang-format on */

/* Translation, prediction, prefetching: nothing that a device could see. */
static const char *const without_effect[] = {
    "at",       "bti",         "clrex",       "cps",          "csb",            "dgh",
    "esb",      "hfence.gvma", "hfence.vvma", "hint",         "ic",             "invlpg",
    "mcrr",     "pld",         "pldw",        "pli",          "prefetch.i",     "prefetch.r",
    "prefetch.w", "prfm",      "pssbb",       "setend",         "sfence.inval.ir",
    "sfence.vma", "sfence.w.inval", "sinval.vma", "ssbb",     "th.icache.iall", "th.icache.iva",
    "th.sync.i", "th.sync.is", "tlbi",
};

static bool apply(struct foreign *foreign)
{
    static const struct {
        const char *name;
        effect effect;
        int argument;
    } effects[] = {
#define X(name, effect, argument) {name, effect, argument},
        EFFECTS(X)
#undef X
    };
    const char *name = foreign->instruction.name;

    for (size_t i = 0; i < sizeof effects / sizeof effects[0]; i++) {
        if (strcmp(effects[i].name, name) == 0)
            return effects[i].effect(foreign, effects[i].argument);
    }
    for (size_t i = 0; i < sizeof without_effect / sizeof without_effect[0]; i++) {
        if (strcmp(without_effect[i], name) == 0)
            return nothing(foreign, 0);
    }
    return false;
}

/* Says once a run that an instruction, or the register it names, means nothing here. */
static void tell(struct foreign *foreign)
{
    struct event event = {
        .party = EVENT_PARTY_DRIVER,
        .kind = EVENT_FOREIGN,
        .pc = foreign->frame->pc,
        .bytes = (const uint8_t *)foreign->text,
    };

    for (unsigned i = 0; i < foreign->instruction.operand_count; i++) {
        if (operand(foreign, i)->kind == INSTRUCTION_REGISTER)
            event.value = operand(foreign, i)->value;
    }
    world_emit(foreign->world, &event);
}

static void host_instruction(void *argument)
{
    struct foreign *foreign = argument;
    struct world *world = world_now;
    bool was_masked;

    foreign->world = world;
    if (probe.pending)
        world_finish();
    if (--probe.budget < 0)
        world_budget_out(foreign->frame->pc);
    instruction_read(foreign->text, foreign->frame, &foreign->instruction);
    was_masked = world->interrupts_masked;
    if (!apply(foreign) && instruction_is_news(world, foreign->text))
        tell(foreign);
    if (was_masked && !world->interrupts_masked)
        (void)world_interrupt(world);
}

/*
 * From observe_asm.S, on the driver's stack, with every register of the driver in `frame`;
 * changes to it reach the driver.
 */
void probe_assembly(const char *text, struct instruction_frame *frame);
void probe_assembly(const char *text, struct instruction_frame *frame)
{
    struct foreign foreign = {.text = text, .frame = frame};

    if (!probe.running)
        return;
    probe_on_host(host_instruction, &foreign);
    if (foreign.zeroes)
        ringside_observe_set((void *)(uintptr_t)foreign.zeroed_addr, 0, INSTRUCTION_LINE_BYTES,
                             (const void *)(uintptr_t)frame->pc);
}
