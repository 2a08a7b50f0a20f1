/*
 * ARMv7-A start-up in supervisor mode and the exception vectors.
 *
 * Memory is mapped one to one in sections of 1 MiB: the first GiB as device memory, RAM as normal
 * cached memory. Not mapped are the first MiB, so that NULL faults, and the one below the image,
 * where a stack overflows to. The table is made by the assembler.
 */
#define MODE_IRQ     0x12
#define MODE_SVC     0x13
#define MODE_ABORT   0x17
#define MODE_UNDEF   0x1b
#define SCTLR_M      (1 << 0)
#define SCTLR_C      (1 << 2)
#define SCTLR_I      (1 << 12)
#define SECTION_DEVICE 0x00000c16       /* read and write, never executed, shared device */
#define SECTION_NORMAL 0x00011c0e       /* read, write, execute; write-back, shareable */
#define MIB          0x100000
#define DEVICE_MIBS  1024
#define RAM_MIBS     1024
#define GUARD_MIB    3                  /* of RAM: 0x40300000, below the image */

    .syntax unified
    .arch   armv7-a
    .arch_extension sec
    .section .text.start, "ax"
    .global _start
_start:
    cpsid   aif, #MODE_SVC
    ldr     sp, =bare_stack_top
    ldr     r0, =vectors
    mcr     p15, 0, r0, c12, c0, 0      /* VBAR */

    ldr     r0, =bare_bss
    ldr     r1, =bare_bss_end
    mov     r2, #0
1:  cmp     r0, r1
    strlo   r2, [r0], #4
    blo     1b

    mcr     p15, 0, r2, c2, c0, 2       /* TTBCR: one table */
    ldr     r0, =sections
    mcr     p15, 0, r0, c2, c0, 0       /* TTBR0 */
    mov     r0, #1
    mcr     p15, 0, r0, c3, c0, 0       /* domain 0: as the table says */
    mcr     p15, 0, r2, c8, c7, 0       /* forget translations, predictions and instructions */
    mcr     p15, 0, r2, c7, c5, 6
    mcr     p15, 0, r2, c7, c5, 0
    dsb     sy
    isb
    mrc     p15, 0, r0, c1, c0, 0
    orr     r0, r0, #(SCTLR_M | SCTLR_C)
    orr     r0, r0, #SCTLR_I
    mcr     p15, 0, r0, c1, c0, 0
    isb

    mov     r11, #0
    mov     r0, #0                      /* the device tree is where RAM begins */
    bl      bare_main
2:  wfi
    b       2b

    .balign 32
vectors:
    b       undefined                   /* reset */
    b       undefined
    b       undefined                   /* system call */
    b       prefetch_abort
    b       data_abort
    b       undefined                   /* hypervisor call */
    b       interrupt
    b       undefined                   /* fast interrupt */

/* The stack may be what is at fault: another one is used. r0: kind; lr is banked for each mode. */
undefined:
    mov     r0, #0
    mov     r2, #0
    mov     r3, #0
    sub     r1, lr, #4
    b       fault
prefetch_abort:
    mov     r0, #1
    mrc     p15, 0, r2, c6, c0, 2       /* IFAR, IFSR */
    mrc     p15, 0, r3, c5, c0, 1
    sub     r1, lr, #4
    b       fault
data_abort:
    mov     r0, #2
    mrc     p15, 0, r2, c6, c0, 0       /* DFAR, DFSR */
    mrc     p15, 0, r3, c5, c0, 0
    sub     r1, lr, #8
fault:
    cpsid   aif, #MODE_SVC
    ldr     sp, =bare_fault_stack_top
    bl      machine_fault
3:  wfi
    b       3b

/* On the stack of the mode that was interrupted, which need not be aligned to 8 bytes. */
interrupt:
    sub     lr, lr, #4
    srsdb   sp!, #MODE_SVC
    cps     #MODE_SVC
    push    {r0-r3, r12, lr}
    and     r1, sp, #4
    sub     sp, sp, r1
    push    {r1, r2}
    bl      machine_interrupt
    pop     {r1, r2}
    add     sp, sp, r1
    pop     {r0-r3, r12, lr}
    rfeia   sp!
    .ltorg

    .section .rodata
    .balign 16384
sections:
    .word   0
    .set    addr, MIB
    .rept   DEVICE_MIBS - 1
    .word   addr + SECTION_DEVICE
    .set    addr, addr + MIB
    .endr
    .set    index, 0
    .rept   RAM_MIBS
    .if     index == GUARD_MIB
    .word   0
    .else
    .word   addr + SECTION_NORMAL
    .endif
    .set    addr, addr + MIB
    .set    index, index + 1
    .endr
    .fill   4096 - DEVICE_MIBS - RAM_MIBS, 4, 0
