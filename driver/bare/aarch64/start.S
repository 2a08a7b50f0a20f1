/*
 * AArch64 start-up at EL1 and the exception vectors.
 *
 * Memory is mapped one to one: the first GiB as device memory, RAM as normal cached memory. Not
 * mapped are the first 2 MiB, so that NULL faults, and the 2 MiB below the image, where a stack
 * overflows to. The tables are made by the assembler; the code only switches them on.
 */
#define CPACR_FPEN       (3 << 20)  /* libfdt's compiler uses vector registers */
#define SCTLR_M          (1 << 0)
#define SCTLR_C          (1 << 2)
#define SCTLR_I          (1 << 12)
#define MAIR             0xff04     /* attribute 0: device, no gathering; 1: normal, write-back */
#define TCR_T0SZ_39_BITS 25
#define TCR_WRITE_BACK   ((1 << 8) | (1 << 10))
#define TCR_INNER_SHARED (3 << 12)
#define TCR_EPD1         (1 << 23)
#define TCR_IPS_SHIFT    32

#define TABLE            0x3
#define BLOCK_DEVICE     0x0060000000000401 /* valid, accessed, attribute 0, never executed */
#define BLOCK_NORMAL     0x0000000000000705 /* valid, accessed, attribute 1, inner shareable */
#define GIB              0x40000000
#define MIB2             0x200000
#define NULL_BLOCK       0
#define GUARD_BLOCK      1                  /* 0x40200000, below the image */

    .section .text.start, "ax"
    .global _start
_start:
    msr     daifset, #15
    mov     x19, x0                         /* the device tree, if the loader says so */

    mov     x0, #CPACR_FPEN
    msr     cpacr_el1, x0
    ldr     x0, =vectors
    msr     vbar_el1, x0
    ldr     x0, =bare_stack_top
    mov     sp, x0

    ldr     x0, =bare_bss
    ldr     x1, =bare_bss_end
1:  cmp     x0, x1
    b.hs    2f
    stp     xzr, xzr, [x0], #16
    b       1b

2:  ldr     x0, =MAIR
    msr     mair_el1, x0
    mrs     x1, id_aa64mmfr0_el1            /* how wide physical addresses are */
    and     x1, x1, #7
    ldr     x0, =(TCR_T0SZ_39_BITS | TCR_WRITE_BACK | TCR_INNER_SHARED | TCR_EPD1)
    orr     x0, x0, x1, lsl #TCR_IPS_SHIFT
    msr     tcr_el1, x0
    ldr     x0, =level1
    msr     ttbr0_el1, x0
    dsb     sy
    tlbi    vmalle1
    ic      iallu
    dsb     sy
    isb
    mrs     x0, sctlr_el1
    mov     x1, #(SCTLR_M | SCTLR_C)
    orr     x0, x0, x1
    orr     x0, x0, #SCTLR_I
    msr     sctlr_el1, x0
    isb

    mov     x29, xzr
    mov     x0, x19
    bl      bare_main
3:  wfi
    b       3b

/* Sixteen entries of 128 bytes. Only interrupts at this level return; all else is the end. */
    .macro  entry_fault number
    .balign 128
    mov     x0, #\number
    b       fault
    .endm

    .balign 2048
vectors:
    entry_fault 0
    entry_fault 1
    entry_fault 2
    entry_fault 3
    entry_fault 4
    .balign 128
    b       interrupt
    .irp number, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    entry_fault \number
    .endr

/* The stack may be what is at fault: another one is used. */
fault:
    ldr     x1, =bare_fault_stack_top
    mov     sp, x1
    mrs     x1, elr_el1
    mrs     x2, far_el1
    mrs     x3, esr_el1
    bl      machine_fault
4:  wfi
    b       4b

/* All C of this image is compiled without vector registers, so the general ones are enough. */
interrupt:
    sub     sp, sp, #192
    stp     x0, x1, [sp, #0]
    stp     x2, x3, [sp, #16]
    stp     x4, x5, [sp, #32]
    stp     x6, x7, [sp, #48]
    stp     x8, x9, [sp, #64]
    stp     x10, x11, [sp, #80]
    stp     x12, x13, [sp, #96]
    stp     x14, x15, [sp, #112]
    stp     x16, x17, [sp, #128]
    stp     x18, x29, [sp, #144]
    mrs     x0, elr_el1
    mrs     x1, spsr_el1
    stp     x30, x0, [sp, #160]
    str     x1, [sp, #176]
    bl      machine_interrupt
    ldp     x30, x0, [sp, #160]
    ldr     x1, [sp, #176]
    msr     elr_el1, x0
    msr     spsr_el1, x1
    ldp     x0, x1, [sp, #0]
    ldp     x2, x3, [sp, #16]
    ldp     x4, x5, [sp, #32]
    ldp     x6, x7, [sp, #48]
    ldp     x8, x9, [sp, #64]
    ldp     x10, x11, [sp, #80]
    ldp     x12, x13, [sp, #96]
    ldp     x14, x15, [sp, #112]
    ldp     x16, x17, [sp, #128]
    ldp     x18, x29, [sp, #144]
    add     sp, sp, #192
    eret

    .section .rodata
/* 512 blocks of 2 MiB from \base on, but for one. */
    .macro  level2_table base, attributes, hole
    .set    addr, \base
    .set    index, 0
    .rept   512
    .if     index == \hole
    .quad   0
    .else
    .quad   addr + \attributes
    .endif
    .set    addr, addr + MIB2
    .set    index, index + 1
    .endr
    .endm

    .balign 4096
level1:
    .quad   level2_devices + TABLE
    .quad   level2_ram + TABLE
    .set    addr, 2 * GIB
    .rept   6
    .quad   addr + BLOCK_NORMAL
    .set    addr, addr + GIB
    .endr
    .fill   512 - 8, 8, 0

level2_devices:
    level2_table 0, BLOCK_DEVICE, NULL_BLOCK

level2_ram:
    level2_table GIB, BLOCK_NORMAL, GUARD_BLOCK
