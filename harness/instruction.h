/*
 * Instructions of other machines, as the assembler macros of probe/ringside_asm.h hand them over:
 * the text as the assembler saw it, and every register of the driver.
 *
 * instruction.c reads the text, instruction_effect.c does what the instruction would do here, and
 * instruction_system.c keeps the system registers (clock, interrupt mask, what was written to the
 * rest).
 */
#ifndef RINGSIDE_HARNESS_INSTRUCTION_H
#define RINGSIDE_HARNESS_INSTRUCTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INSTRUCTION_NAME_BYTES    24u
#define INSTRUCTION_WORD_BYTES    24u
#define INSTRUCTION_OPERANDS_MAX  8u
#define INSTRUCTION_LINE_BYTES    64u /* of a cache, as all machines have that ringside plays */
#define INSTRUCTION_SYSTEM_MAX    64u
/* How fast the counters run that drivers read: QEMU's values. */
#define INSTRUCTION_ARM_COUNTER_HZ   62500000u
#define INSTRUCTION_RISCV_TIME_HZ    10000000u
#define INSTRUCTION_CYCLES_HZ        1000000000u

/* What observe_asm.S saves, and puts back: in the order of the processor's register numbers. */
struct instruction_frame {
    uint64_t reg[16]; /* rax rcx rdx rbx rsp rbp rsi rdi r8..r15 */
    uint64_t flags;
    uint64_t pc;
    uint64_t rdi; /* where the macro pushed it; reg[7] is written back to it */
};

enum instruction_operand_kind {
    INSTRUCTION_NONE,     /* not there; also what a `#` made the assembler drop */
    INSTRUCTION_WORD,     /* a name of the other machine: sy, cntvct_el0, c7 */
    INSTRUCTION_NUMBER,   /* 5 or $5 */
    INSTRUCTION_REGISTER, /* what the compiler put in the place of %0 */
    INSTRUCTION_MEMORY,   /* 8(%rax): the address */
    INSTRUCTION_OPAQUE,   /* cannot be told, as var(%rip) */
};

struct instruction_operand {
    enum instruction_operand_kind kind;
    char word[INSTRUCTION_WORD_BYTES]; /* in lower case */
    uint64_t value;                    /* of NUMBER and REGISTER; the address of MEMORY */
    unsigned reg;
    bool is_wide; /* the 64-bit name of the register */
};

struct instruction {
    char name[INSTRUCTION_NAME_BYTES]; /* in lower case */
    unsigned operand_count;
    struct instruction_operand operand[INSTRUCTION_OPERANDS_MAX];
};

/* A system register that a driver has written, or a name that was complained about. */
struct instruction_register {
    char name[INSTRUCTION_NAME_BYTES + INSTRUCTION_WORD_BYTES];
    uint64_t value;
};

/* Part of the world; all zero when a run begins. */
struct instruction_state {
    struct instruction_register kept[INSTRUCTION_SYSTEM_MAX];
    unsigned kept_count;
    struct instruction_register told[INSTRUCTION_SYSTEM_MAX];
    unsigned told_count;
};

/* Reads the text of one instruction; too long names are cut, operands too many dropped. */
void instruction_read(const char *text, const struct instruction_frame *frame,
                      struct instruction *out);
/* Gives a register operand a new value; false for operands of other kinds. */
bool instruction_set(struct instruction_frame *frame, const struct instruction_operand *operand,
                     uint64_t value);
/* How many bytes the plain instruction of this machine at `code` reads or writes. */
uint32_t instruction_access_bytes(const uint8_t *code);
/* enum event_barrier of `dmb`, `dsb` (Arm) and `fence` (RISC-V) with their operands. */
int instruction_arm_barrier(const struct instruction *instruction);
int instruction_riscv_fence(const struct instruction *instruction);

struct world;

/* The value of a system register by its name; false when the name is not known (then *value is
 * what was written to it last, or 0). */
bool instruction_system_read(struct world *world, const char *name, uint64_t *value);
/* Bits outside `mask` stay as they are. */
bool instruction_system_write(struct world *world, const char *name, uint64_t value, uint64_t mask);
/* The first time that this name comes up in a run? */
bool instruction_is_news(struct world *world, const char *name);
/* A look at a counter that runs with `hz`. */
uint64_t instruction_counter(struct world *world, uint64_t hz);

#endif
