/*
 * The switch from one fiber of the driver to another: what a function keeps for its caller, and the
 * stack. x86-64, System V.
 */
        .text
        .globl  probe_fiber_switch
        .hidden probe_fiber_switch
        .type   probe_fiber_switch, @function
probe_fiber_switch:
        pushq   %rbp
        pushq   %rbx
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        movq    %rsp, (%rdi)
        movq    %rsi, %rsp
        popq    %r15
        popq    %r14
        popq    %r13
        popq    %r12
        popq    %rbx
        popq    %rbp
        ret
        .size   probe_fiber_switch, . - probe_fiber_switch

        .globl  probe_fiber_start
        .hidden probe_fiber_start
        .type   probe_fiber_start, @function
probe_fiber_start:
        xorl    %ebp, %ebp
        movq    %r12, %rdi
        call    *%rbx
        ud2
        .size   probe_fiber_start, . - probe_fiber_start

        .section .note.GNU-stack, "", @progbits
