/*
 * RISC-V start-up in machine mode, for 32 and 64 bits: stack, memory zeroed, the one trap entry.
 *
 * There is no translation. The page below the stack and the first 64 KiB of the address space are
 * closed by the memory protection (entries 0 and 1, locked, so that they bind machine mode, too).
 */
#if __riscv_xlen == 64
#define STORE sd
#define LOAD  ld
#define WORD  8
#else
#define STORE sw
#define LOAD  lw
#define WORD  4
#endif

#define FRAME_WORDS  18
#define PMP_LOCKED   0x80
#define PMP_NAPOT    0x18
#define MIE_EXTERNAL (1 << 11)
#define MIE_TIMER    (1 << 7)

    .section .text.start, "ax"
    .global _start
_start:
    .option push
    .option norelax
    la      gp, bare_global_pointer
    .option pop
    bnez    a0, 3f                      /* one processor is enough */
    la      sp, bare_stack_top
    la      t0, trap
    csrw    mtvec, t0
    mv      s0, a1                      /* the device tree */

    la      t0, bare_bss
    la      t1, bare_bss_end
1:  bgeu    t0, t1, 2f
    STORE   zero, 0(t0)
    addi    t0, t0, WORD
    j       1b

2:  li      t0, 0x1fff                  /* naturally aligned: 64 KiB from 0 */
    csrw    pmpaddr0, t0
    la      t0, bare_stack_guard        /* 4 KiB */
    srli    t0, t0, 2
    ori     t0, t0, 0x1ff
    csrw    pmpaddr1, t0
    li      t0, (PMP_LOCKED | PMP_NAPOT) | (PMP_LOCKED | PMP_NAPOT) << 8
    csrw    pmpcfg0, t0
    li      t0, MIE_EXTERNAL | MIE_TIMER
    csrw    mie, t0

    mv      a0, s0
    call    bare_main
3:  wfi
    j       3b

/* Interrupts return; all else is the end. */
    .balign 4
trap:
    csrw    mscratch, t0
    csrr    t0, mcause
    bgez    t0, fault
    csrr    t0, mscratch
    addi    sp, sp, -FRAME_WORDS * WORD
    STORE   ra, 0 * WORD(sp)
    STORE   t0, 1 * WORD(sp)
    STORE   t1, 2 * WORD(sp)
    STORE   t2, 3 * WORD(sp)
    STORE   t3, 4 * WORD(sp)
    STORE   t4, 5 * WORD(sp)
    STORE   t5, 6 * WORD(sp)
    STORE   t6, 7 * WORD(sp)
    STORE   a0, 8 * WORD(sp)
    STORE   a1, 9 * WORD(sp)
    STORE   a2, 10 * WORD(sp)
    STORE   a3, 11 * WORD(sp)
    STORE   a4, 12 * WORD(sp)
    STORE   a5, 13 * WORD(sp)
    STORE   a6, 14 * WORD(sp)
    STORE   a7, 15 * WORD(sp)
    csrr    a0, mcause
    call    machine_interrupt
    LOAD    ra, 0 * WORD(sp)
    LOAD    t0, 1 * WORD(sp)
    LOAD    t1, 2 * WORD(sp)
    LOAD    t2, 3 * WORD(sp)
    LOAD    t3, 4 * WORD(sp)
    LOAD    t4, 5 * WORD(sp)
    LOAD    t5, 6 * WORD(sp)
    LOAD    t6, 7 * WORD(sp)
    LOAD    a0, 8 * WORD(sp)
    LOAD    a1, 9 * WORD(sp)
    LOAD    a2, 10 * WORD(sp)
    LOAD    a3, 11 * WORD(sp)
    LOAD    a4, 12 * WORD(sp)
    LOAD    a5, 13 * WORD(sp)
    LOAD    a6, 14 * WORD(sp)
    LOAD    a7, 15 * WORD(sp)
    addi    sp, sp, FRAME_WORDS * WORD
    mret

/* The stack may be what is at fault: another one is used. */
fault:
    la      sp, bare_fault_stack_top
    csrr    a0, mcause
    csrr    a1, mepc
    csrr    a2, mtval
    call    machine_fault
4:  wfi
    j       4b
