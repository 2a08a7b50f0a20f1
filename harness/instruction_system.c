/*
 * System registers of Arm, RISC-V and x86 as drivers meet them: counters that tell the world's
 * clock, the interrupt mask, constants that describe the machine, and registers that merely keep
 * what is written to them.
 *
 * Names of the latter are listed so that a name that is not known can be told, once.
 */
#include <string.h>

#include "instruction.h"
#include "world_state.h"

enum system_kind {
    SYSTEM_COUNTER,      /* number = Hz */
    SYSTEM_COUNTER_HIGH, /* the same, its upper half */
    SYSTEM_CONSTANT,     /* number = value */
    SYSTEM_MASK_BIT,     /* number = bits that are set while interrupts are masked */
    SYSTEM_MASK_ANY,     /* masked while not 0 */
    SYSTEM_ENABLE_BIT,   /* number = bit that is set while interrupts are not masked */
};

/*
 * X(name, kind, number). CTR_EL0 and DCZID_EL0 tell of lines of 64 bytes; CLIDR_EL1 and
 * CCSIDR_EL1 of one data cache of one set and one way, so that a loop over all of it ends soon.
 */
/* clang-format off */
#define SYSTEM_REGISTERS(X)                                                                        \
    X("cntvct_el0",     COUNTER,      INSTRUCTION_ARM_COUNTER_HZ)                                  \
    X("cntpct_el0",     COUNTER,      INSTRUCTION_ARM_COUNTER_HZ)                                  \
    X("cntvctss_el0",   COUNTER,      INSTRUCTION_ARM_COUNTER_HZ)                                  \
    X("cntpctss_el0",   COUNTER,      INSTRUCTION_ARM_COUNTER_HZ)                                  \
    X("s3_3_c14_c0_2",  COUNTER,      INSTRUCTION_ARM_COUNTER_HZ)                                  \
    X("s3_3_c14_c0_1",  COUNTER,      INSTRUCTION_ARM_COUNTER_HZ)                                  \
    X("pmccntr_el0",    COUNTER,      INSTRUCTION_CYCLES_HZ)                                       \
    X("cntfrq_el0",     CONSTANT,     INSTRUCTION_ARM_COUNTER_HZ)                                  \
    X("s3_3_c14_c0_0",  CONSTANT,     INSTRUCTION_ARM_COUNTER_HZ)                                  \
    X("currentel",      CONSTANT,     4)                                                           \
    X("mpidr_el1",      CONSTANT,     0x80000000)                                                  \
    X("midr_el1",       CONSTANT,     0x410fd083)                                                  \
    X("ctr_el0",        CONSTANT,     0x84448004)                                                  \
    X("dczid_el0",      CONSTANT,     4)                                                           \
    X("clidr_el1",      CONSTANT,     0x01000003)                                                  \
    X("ccsidr_el1",     CONSTANT,     2)                                                           \
    X("daif",           MASK_BIT,     0x80)                                                        \
    X("cpsr",           MASK_BIT,     0x80)                                                        \
    X("cpsr_c",         MASK_BIT,     0x80)                                                        \
    X("cpsr_cxsf",      MASK_BIT,     0x80)                                                        \
    X("cpsr_fsxc",      MASK_BIT,     0x80)                                                        \
    X("primask",        MASK_BIT,     1)                                                           \
    X("faultmask",      MASK_BIT,     1)                                                           \
    X("basepri",        MASK_ANY,     0x10)                                                        \
    X("time",           COUNTER,      INSTRUCTION_RISCV_TIME_HZ)                                   \
    X("timeh",          COUNTER_HIGH, INSTRUCTION_RISCV_TIME_HZ)                                   \
    X("cycle",          COUNTER,      INSTRUCTION_CYCLES_HZ)                                       \
    X("cycleh",         COUNTER_HIGH, INSTRUCTION_CYCLES_HZ)                                       \
    X("instret",        COUNTER,      INSTRUCTION_CYCLES_HZ)                                       \
    X("instreth",       COUNTER_HIGH, INSTRUCTION_CYCLES_HZ)                                       \
    X("mcycle",         COUNTER,      INSTRUCTION_CYCLES_HZ)                                       \
    X("mcycleh",        COUNTER_HIGH, INSTRUCTION_CYCLES_HZ)                                       \
    X("minstret",       COUNTER,      INSTRUCTION_CYCLES_HZ)                                       \
    X("minstreth",      COUNTER_HIGH, INSTRUCTION_CYCLES_HZ)                                       \
    X("0xc00",          COUNTER,      INSTRUCTION_CYCLES_HZ)                                       \
    X("0xc01",          COUNTER,      INSTRUCTION_RISCV_TIME_HZ)                                   \
    X("0xc02",          COUNTER,      INSTRUCTION_CYCLES_HZ)                                       \
    X("0xc80",          COUNTER_HIGH, INSTRUCTION_CYCLES_HZ)                                       \
    X("0xc81",          COUNTER_HIGH, INSTRUCTION_RISCV_TIME_HZ)                                   \
    X("0xc82",          COUNTER_HIGH, INSTRUCTION_CYCLES_HZ)                                       \
    X("sstatus",        ENABLE_BIT,   2)                                                           \
    X("mstatus",        ENABLE_BIT,   8)                                                           \
    X("mhartid",        CONSTANT,     0)                                                           \
    /* Arm's 32-bit coprocessor registers, as mrc names them without the destination */            \
    X("p15.0.c14.c0.0", CONSTANT,     INSTRUCTION_ARM_COUNTER_HZ)                                  \
    X("p15.1.c14",      COUNTER,      INSTRUCTION_ARM_COUNTER_HZ)                                  \
    X("p15.0.c14",      COUNTER,      INSTRUCTION_ARM_COUNTER_HZ)                                  \
    X("p15.0.c9.c13.0", COUNTER,      INSTRUCTION_CYCLES_HZ)                                       \
    X("p15.0.c0.c0.5",  CONSTANT,     0x80000000)                                                  \
    X("p15.0.c0.c0.0",  CONSTANT,     0x410fc0f0)                                                  \
    X("p15.0.c0.c0.1",  CONSTANT,     0x84448004)                                                  \
    X("p15.1.c0.c0.1",  CONSTANT,     0x01000003)                                                  \
    X("p15.1.c0.c0.0",  CONSTANT,     2)
/* clang-format on */

/* Registers that keep what is written to them, and are 0 before. */
static const char *const kept_names[] = {
    "apsr",           "basepri_max",    "ccsidr2_el1",   "cntkctl_el1",    "cntp_ctl_el0",
    "cntp_cval_el0",  "cntp_tval_el0",  "cntv_ctl_el0",  "cntv_cval_el0",  "cntv_tval_el0",
    "cntvoff_el2",    "contextidr_el1", "control",       "cpacr_el1",      "csselr_el1",
    "elr_el1",        "elr_el2",        "esr_el1",       "esr_el2",        "far_el1",
    "fpcr",           "fpsr",           "hcr_el2",       "icc_bpr1_el1",   "icc_ctlr_el1",
    "icc_dir_el1",    "icc_eoir1_el1",  "icc_hppir1_el1", "icc_iar1_el1",  "icc_igrpen1_el1",
    "icc_pmr_el1",    "icc_sgi1r_el1",  "icc_sre_el1",   "id_aa64mmfr0_el1", "id_aa64pfr0_el1",
    "ipsr",           "isr_el1",        "mair_el1",      "mcause",         "mcounteren",
    "mdscr_el1",      "medeleg",        "menvcfg",       "mepc",           "mideleg",
    "mie",            "mip",            "misa",          "msp",            "mscratch",
    "mtval",          "mtvec",          "nzcv",          "par_el1",        "pmcntenset_el0",
    "pmcr_el0",       "pmuserenr_el0",  "psp",
    "satp",           "scause",         "scounteren",    "sctlr_el1",      "sepc",
    "sie",            "sip",            "sp_el0",        "spsel",          "spsr",
    "spsr_el1",       "spsr_el2",       "sscratch",      "stimecmp",       "stval",
    "stvec",          "tcr_el1",        "tpidr_el0",     "tpidr_el1",      "tpidrro_el0",
    "ttbr0_el1",      "ttbr1_el1",      "vbar_el1",      "vbar_el2",       "xpsr",
};

static const struct system_register {
    const char *name;
    enum system_kind kind;
    uint64_t number;
} registers[] = {
#define X(name, kind, number) {name, SYSTEM_##kind, number},
    SYSTEM_REGISTERS(X)
#undef X
};

static const struct system_register *find_register(const char *name)
{
    for (size_t i = 0; i < sizeof registers / sizeof registers[0]; i++) {
        if (strcmp(registers[i].name, name) == 0)
            return &registers[i];
    }
    return NULL;
}

static bool is_kept(const char *name)
{
    for (size_t i = 0; i < sizeof kept_names / sizeof kept_names[0]; i++) {
        if (strcmp(kept_names[i], name) == 0)
            return true;
    }
    /* Too many to list: a coprocessor's, and those of physical memory protection. */
    return strncmp(name, "p15.", 4) == 0 || strncmp(name, "pmp", 3) == 0;
}

/* The row of a name; NULL when all are taken. */
static struct instruction_register *row_of(struct instruction_register *rows, unsigned *count,
                                           const char *name)
{
    struct instruction_register *row;

    for (unsigned i = 0; i < *count; i++) {
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    }
    if (*count == INSTRUCTION_SYSTEM_MAX)
        return NULL;
    row = &rows[(*count)++];
    strncpy(row->name, name, sizeof row->name - 1);
    return row;
}

static struct instruction_register *kept(struct world *world, const char *name)
{
    return row_of(world->instruction.kept, &world->instruction.kept_count, name);
}

bool instruction_is_news(struct world *world, const char *name)
{
    struct instruction_register *row =
        row_of(world->instruction.told, &world->instruction.told_count, name);

    return row != NULL && row->value++ == 0;
}

uint64_t instruction_counter(struct world *world, uint64_t hz)
{
    uint64_t ns = world_look_at_clock(world);

    /* Both frequencies and a thousand million have large common factors: no 128 bits are needed. */
    return ns / 1000 * (hz / 500000) / 2 + ns % 1000 * (hz / 500000) / 2000;
}

bool instruction_system_read(struct world *world, const char *name, uint64_t *value)
{
    const struct system_register *reg = find_register(name);
    const struct instruction_register *row;

    *value = 0;
    if (reg == NULL || reg->kind == SYSTEM_ENABLE_BIT) {
        row = kept(world, name);
        if (row != NULL)
            *value = row->value;
        if (reg == NULL)
            return is_kept(name);
    }
    switch (reg->kind) {
    case SYSTEM_COUNTER:
        *value = instruction_counter(world, reg->number);
        break;
    case SYSTEM_COUNTER_HIGH:
        *value = instruction_counter(world, reg->number) >> 32;
        break;
    case SYSTEM_CONSTANT:
        *value = reg->number;
        break;
    case SYSTEM_MASK_BIT:
    case SYSTEM_MASK_ANY:
        *value = world->interrupts_masked ? reg->number : 0;
        break;
    case SYSTEM_ENABLE_BIT:
        *value = (*value & ~reg->number) | (world->interrupts_masked ? 0 : reg->number);
        break;
    }
    return true;
}

bool instruction_system_write(struct world *world, const char *name, uint64_t value, uint64_t mask)
{
    const struct system_register *reg = find_register(name);
    struct instruction_register *row;

    if (reg == NULL || reg->kind == SYSTEM_ENABLE_BIT) {
        row = kept(world, name);
        if (row != NULL)
            row->value = (row->value & ~mask) | (value & mask);
        if (reg == NULL)
            return is_kept(name);
    }
    switch (reg->kind) {
    case SYSTEM_COUNTER:
    case SYSTEM_COUNTER_HIGH:
    case SYSTEM_CONSTANT:
        break;
    case SYSTEM_MASK_BIT:
        if ((mask & reg->number) != 0)
            world->interrupts_masked = (value & reg->number) != 0;
        break;
    case SYSTEM_MASK_ANY:
        world->interrupts_masked = value != 0;
        break;
    case SYSTEM_ENABLE_BIT:
        if ((mask & reg->number) != 0)
            world->interrupts_masked = (value & reg->number) == 0;
        break;
    }
    return true;
}
