/*
 * OpenRISC 1000 start-up in supervisor mode, without translation, and the exception vectors, which
 * lie 256 bytes apart from 0x100 on. Every jump and call has a delay slot.
 *
 * Not handled: a NULL pointer and a stack that overflows; RAM begins at 0 and is one piece.
 */
#define SPR_SR       17
#define SPR_EPCR     32
#define SPR_EEAR     48
#define SR_SM        1
#define RED_ZONE     128                /* below the stack; still in use when interrupted */
#define FRAME        (RED_ZONE + 128)
#define VECTOR_TICK  0x500
#define VECTOR_LINE  0x800

    .section .text.start, "ax"
    .space  0x100

    .global _start
_start:                                 /* the reset vector */
    l.j     start
     l.nop
    .set    vector, 0x200
    .rept   30
    .balign 0x100
    .if     vector == VECTOR_TICK || vector == VECTOR_LINE
    l.addi  r1, r1, -FRAME
    l.sw    0(r1), r3
    l.j     interrupt
     l.ori  r3, r0, vector
    .else
    l.j     fault
     l.ori  r3, r0, vector
    .endif
    .set    vector, vector + 0x100
    .endr
    .balign 0x100

start:
    l.ori   r4, r0, SR_SM
    l.mtspr r0, r4, SPR_SR
    l.movhi r1, hi(bare_stack_top)
    l.ori   r1, r1, lo(bare_stack_top)
    l.movhi r4, hi(bare_bss)
    l.ori   r4, r4, lo(bare_bss)
    l.movhi r5, hi(bare_bss_end)
    l.ori   r5, r5, lo(bare_bss_end)
1:  l.sfgeu r4, r5
    l.bf    2f
     l.nop
    l.sw    0(r4), r0
    l.j     1b
     l.addi r4, r4, 4
2:  l.or    r2, r0, r0
    l.jal   bare_main                   /* r3: the device tree, as the loader left it */
     l.nop
3:  l.j     3b
     l.nop

/* The registers that a called function may change; r3 is saved already and has the vector. */
interrupt:
    l.sw    4(r1), r4
    l.sw    8(r1), r5
    l.sw    12(r1), r6
    l.sw    16(r1), r7
    l.sw    20(r1), r8
    l.sw    24(r1), r9
    l.sw    28(r1), r11
    l.sw    32(r1), r12
    l.sw    36(r1), r13
    l.sw    40(r1), r15
    l.sw    44(r1), r17
    l.sw    48(r1), r19
    l.sw    52(r1), r21
    l.sw    56(r1), r23
    l.sw    60(r1), r25
    l.sw    64(r1), r27
    l.sw    68(r1), r29
    l.sw    72(r1), r31
    l.jal   machine_interrupt
     l.nop
    l.lwz   r4, 4(r1)
    l.lwz   r5, 8(r1)
    l.lwz   r6, 12(r1)
    l.lwz   r7, 16(r1)
    l.lwz   r8, 20(r1)
    l.lwz   r9, 24(r1)
    l.lwz   r11, 28(r1)
    l.lwz   r12, 32(r1)
    l.lwz   r13, 36(r1)
    l.lwz   r15, 40(r1)
    l.lwz   r17, 44(r1)
    l.lwz   r19, 48(r1)
    l.lwz   r21, 52(r1)
    l.lwz   r23, 56(r1)
    l.lwz   r25, 60(r1)
    l.lwz   r27, 64(r1)
    l.lwz   r29, 68(r1)
    l.lwz   r31, 72(r1)
    l.lwz   r3, 0(r1)
    l.addi  r1, r1, FRAME
    l.rfe
     l.nop

/* The stack may be what is at fault: another one is used. */
fault:
    l.movhi r1, hi(bare_fault_stack_top)
    l.ori   r1, r1, lo(bare_fault_stack_top)
    l.mfspr r4, r0, SPR_EPCR
    l.mfspr r5, r0, SPR_EEAR
    l.jal   machine_fault
     l.nop
4:  l.j     4b
     l.nop
