/*
 * Stack switches between ringside (the host's stack) and the driver (its own), and the stub behind
 * instructions of other architectures. x86-64, System V.
 *
 *   probe_enter       host -> driver, remembering where the host was
 *   probe_on_host     driver -> host, below where probe_enter left it, and back
 *   probe_abandon     host (inside probe_on_host) -> back out of probe_enter
 *
 * probe_enter may nest (an interrupt handler of the driver runs inside probe_on_host): the two
 * saved stack pointers of the outer one are kept in the inner one's frame.
 */
        .text
        .hidden probe_host_sp
        .hidden probe_driver_sp
        .hidden probe_abandon_result

        .globl  probe_enter
        .hidden probe_enter
        .type   probe_enter, @function
probe_enter:
        .cfi_startproc
        pushq   %rbp
        .cfi_def_cfa_offset 16
        .cfi_offset %rbp, -16
        movq    %rsp, %rbp
        .cfi_def_cfa_register %rbp
        pushq   %rbx
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        pushq   probe_host_sp(%rip)
        pushq   probe_driver_sp(%rip)
        pushq   probe_on_host_flag(%rip)
        subq    $8, %rsp
        stmxcsr (%rsp)
        movq    $0, probe_on_host_flag(%rip)
        movq    %rsp, probe_host_sp(%rip)
        andq    $-16, %rdx
        movq    %rdx, %rsp
        movq    %rdi, %rax
        movq    %rsi, %rdi
        xorl    %ebp, %ebp
        call    *%rax
.Lleave:
        cld
        movq    probe_host_sp(%rip), %rsp
        ldmxcsr (%rsp)
        addq    $8, %rsp
        popq    probe_on_host_flag(%rip)
        popq    probe_driver_sp(%rip)
        popq    probe_host_sp(%rip)
        popq    %r15
        popq    %r14
        popq    %r13
        popq    %r12
        popq    %rbx
        popq    %rbp
        .cfi_def_cfa %rsp, 8
        ret
        .cfi_endproc
        .size   probe_enter, . - probe_enter

        .globl  probe_on_host
        .hidden probe_on_host
        .type   probe_on_host, @function
probe_on_host:
        pushq   %rbp
        movq    %rsp, %rbp
        pushq   probe_driver_sp(%rip)
        pushq   %rbx
        movq    %rsp, probe_driver_sp(%rip)
        movq    probe_host_sp(%rip), %rsp
        andq    $-16, %rsp
        movq    %rdi, %rax
        movq    %rsi, %rdi
        movq    $1, probe_on_host_flag(%rip)
        call    *%rax
        movq    $0, probe_on_host_flag(%rip)
        movq    probe_driver_sp(%rip), %rsp
        popq    %rbx
        popq    probe_driver_sp(%rip)
        popq    %rbp
        ret
        .size   probe_on_host, . - probe_on_host

        .globl  probe_abandon
        .hidden probe_abandon
        .type   probe_abandon, @function
probe_abandon:
        movq    %rdi, %rax
        jmp     .Lleave
        .size   probe_abandon, . - probe_abandon

        .globl  probe_abandon_here
        .hidden probe_abandon_here
        .type   probe_abandon_here, @function
probe_abandon_here:
        movq    probe_abandon_result(%rip), %rax
        jmp     .Lleave
        .size   probe_abandon_here, . - probe_abandon_here

/*
 * Called by the assembler macros of probe/ringside_asm.h with %rdi = text of the instruction and
 * the driver's %rdi pushed before the call. Keeps every register and the flags, because the
 * compiler does not know that there is a call; what the instruction is to change is changed in
 * the frame, a struct instruction_frame.
 */
        .globl  ringside_asm_instruction
        .type   ringside_asm_instruction, @function
ringside_asm_instruction:
        pushfq
        pushq   %r15
        pushq   %r14
        pushq   %r13
        pushq   %r12
        pushq   %r11
        pushq   %r10
        pushq   %r9
        pushq   %r8
        pushq   80(%rsp)
        pushq   %rsi
        pushq   %rbp
        leaq    112(%rsp), %rbp
        pushq   %rbp
        pushq   %rbx
        pushq   %rdx
        pushq   %rcx
        pushq   %rax
        movq    %rsp, %rsi
        movq    %rsp, %rbp
        subq    $512, %rsp
        andq    $-16, %rsp
        fxsave64 (%rsp)
        cld
        call    probe_assembly@PLT
        fxrstor64 (%rsp)
        movq    %rbp, %rsp
        popq    %rax
        popq    %rcx
        popq    %rdx
        popq    %rbx
        addq    $8, %rsp
        popq    %rbp
        popq    %rsi
        popq    80(%rsp)
        popq    %r8
        popq    %r9
        popq    %r10
        popq    %r11
        popq    %r12
        popq    %r13
        popq    %r14
        popq    %r15
        popfq
        ret
        .size   ringside_asm_instruction, . - ringside_asm_instruction

        .bss
        .globl  probe_host_sp
        .globl  probe_driver_sp
        .globl  probe_abandon_result
        .globl  probe_on_host_flag
        .hidden probe_on_host_flag
        .balign 8
probe_host_sp:
        .zero   8
probe_driver_sp:
        .zero   8
probe_abandon_result:
        .zero   8
probe_on_host_flag:
        .zero   8

        .section .note.GNU-stack, "", @progbits
