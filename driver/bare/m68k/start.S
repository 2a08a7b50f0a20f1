/*
 * 68040 start-up in supervisor mode, without translation, and the exception vectors.
 *
 * Not handled: a NULL pointer and a stack that overflows; RAM begins at 0 and is one piece.
 */
#define SR_MASKED 0x2700

    .section .text.start, "ax"
    .global _start
_start:
    move.w  #SR_MASKED, %sr
    lea     bare_stack_top, %sp
    lea     vectors, %a0
    movec   %a0, %vbr
    lea     bare_bss, %a0
    lea     bare_bss_end, %a1
1:  cmpa.l  %a1, %a0
    bcc     2f
    clr.l   (%a0)+
    bra     1b
2:  suba.l  %fp, %fp
    pea     bare_image_end              /* the boot information */
    jsr     bare_main
3:  stop    #SR_MASKED
    bra     3b

/* Frame: status, pc, format and vector. The format's upper four bits are not the vector's. */
interrupt:
    movem.l %d0-%d1/%a0-%a1, -(%sp)
    move.w  22(%sp), %d0
    andi.l  #0xfff, %d0
    lsr.l   #2, %d0
    move.l  %d0, -(%sp)
    jsr     machine_interrupt
    addq.l  #4, %sp
    movem.l (%sp)+, %d0-%d1/%a0-%a1
    rte

/* The stack may be what is at fault: another one is used. */
fault:
    move.w  6(%sp), %d0
    andi.l  #0xfff, %d0
    lsr.l   #2, %d0
    move.l  2(%sp), %d1
    move.l  8(%sp), %d2                 /* an address, in the longer frames */
    lea     bare_fault_stack_top, %sp
    move.l  %d2, -(%sp)
    move.l  %d1, -(%sp)
    move.l  %d0, -(%sp)
    jsr     machine_fault
4:  stop    #SR_MASKED
    bra     4b

    .section .rodata
    .balign 4
vectors:
    .rept   25
    .long   fault
    .endr
    .rept   7                           /* one for each level */
    .long   interrupt
    .endr
    .rept   256 - 32
    .long   fault
    .endr
