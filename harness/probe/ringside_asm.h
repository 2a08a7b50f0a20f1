/*
 * Included before every driver source: assembler macros that stand in for barrier instructions of
 * other architectures, so that `asm volatile("dmb ish")` or `asm volatile("fence rw, w")` assembles
 * unchanged on x86-64 and becomes an event.
 *
 * Each macro calls a stub that keeps every register and the flags. Drivers are built with
 * -mno-red-zone, so that the push below the stack pointer is allowed.
 */
#ifndef RINGSIDE_ASM_H
#define RINGSIDE_ASM_H

/* A built-in copy would be expanded in line, or be called behind the probe's back. */
#define __builtin_memcpy  memcpy
#define __builtin_memmove memmove
#define __builtin_memset  memset

#ifndef __ASSEMBLER__

/* The text comes after the call: clang gives the source line to the first thing that is assembled. */
#define RINGSIDE_INSTRUCTION(name)                                                                 \
    ".macro " name " operands:vararg\n"                                                            \
    "  pushq %rdi\n"                                                                               \
    "  leaq 77770f(%rip), %rdi\n"                                                                  \
    "  call ringside_asm_instruction@PLT\n"                                                        \
    "  popq %rdi\n"                                                                                \
    "  .pushsection .rodata.ringside, \"a\", @progbits\n"                                          \
    "  77770: .asciz \"" name " \\operands\"\n"                                                   \
    "  .popsection\n"                                                                              \
    ".endm\n"

/* clang-format off */
__asm__(
    /* Arm */
    RINGSIDE_INSTRUCTION("dmb")
    RINGSIDE_INSTRUCTION("dsb")
    RINGSIDE_INSTRUCTION("isb")
    RINGSIDE_INSTRUCTION("wfi")
    RINGSIDE_INSTRUCTION("wfe")
    RINGSIDE_INSTRUCTION("sev")
    RINGSIDE_INSTRUCTION("sevl")
    RINGSIDE_INSTRUCTION("yield")
    /* RISC-V */
    RINGSIDE_INSTRUCTION("fence")
    RINGSIDE_INSTRUCTION("fence.i")
    RINGSIDE_INSTRUCTION("fence.tso")
    /* x86 */
    RINGSIDE_INSTRUCTION("mfence")
    RINGSIDE_INSTRUCTION("sfence")
    RINGSIDE_INSTRUCTION("lfence")
);
/* clang-format on */

#endif
#endif
