/*
 * PC start-up: from PVH's 32-bit protected mode to 64 bits, page tables, the interrupt entries.
 *
 * Memory below 4 GiB is mapped one to one. Not mapped are the first 4 KiB, so that NULL faults, and
 * the 2 MiB below the image, where a stack overflows to. The tables are made by the assembler.
 */
#define CR0_PE         (1 << 0)
#define CR0_MP         (1 << 1)
#define CR0_EM         (1 << 2)
#define CR0_PG         (1 << 31)
#define CR4_PAE        (1 << 5)
#define CR4_OSFXSR     (3 << 9)         /* libfdt's compiler uses vector registers */
#define MSR_EFER       0xc0000080
#define EFER_LME       (1 << 8)
#define MSR_FS_BASE    0xc0000100
#define PRESENT        0x3              /* and writable */
#define LARGE          0x80
#define UNCACHED       0x10
#define MIB2           0x200000
#define CODE_SELECTOR  0x08
#define DATA_SELECTOR  0x10
#define PVH_NOTE_ENTRY 18               /* XEN_ELFNOTE_PHYS32_ENTRY */

    .section .note.pvh, "a", @note
    .balign 4
    .long   4, 4, PVH_NOTE_ENTRY
    .asciz  "Xen"
    .long   _start

    .section .text.start, "ax"
    .code32
    .global _start
_start:
    cli
    cld
    movl    $bare_stack_top, %esp
    movl    %ebx, %esi                  /* the boot information */
    movl    $bare_bss, %edi
    movl    $bare_bss_end, %ecx
    subl    %edi, %ecx
    shrl    $2, %ecx
    xorl    %eax, %eax
    rep stosl

    movl    $pml4, %eax
    movl    %eax, %cr3
    movl    %cr4, %eax
    orl     $(CR4_PAE | CR4_OSFXSR), %eax
    movl    %eax, %cr4
    movl    $MSR_EFER, %ecx
    rdmsr
    orl     $EFER_LME, %eax
    wrmsr
    movl    %cr0, %eax
    andl    $~CR0_EM, %eax
    orl     $(CR0_PG | CR0_MP | CR0_PE), %eax
    movl    %eax, %cr0
    lgdt    gdt_pointer
    ljmp    $CODE_SELECTOR, $1f

    .code64
1:  movl    $DATA_SELECTOR, %eax
    movl    %eax, %ds
    movl    %eax, %es
    movl    %eax, %ss
    xorl    %eax, %eax
    movl    %eax, %fs
    movl    %eax, %gs
    movl    $MSR_FS_BASE, %ecx          /* the stack protector of libfdt's compiler looks there */
    movl    $thread, %eax
    xorl    %edx, %edx
    wrmsr
    movl    %esi, %edi
    xorl    %ebp, %ebp
    movl    $bare_stack_top, %esp
    call    bare_main
2:  hlt
    jmp     2b

/* One entry a vector: error code, or 0 where the processor has none, and the vector's number. */
    .balign 16
    .global machine_entries
machine_entries:
    .set    vector, 0
    .rept   256
    .balign 16
    .if     vector != 8 && (vector < 10 || vector > 14) && vector != 17
    pushq   $0
    .endif
    pushq   $vector
    jmp     entry
    .set    vector, vector + 1
    .endr

/* Interrupts return; exceptions are the end, on another stack: this one may be what is at fault. */
entry:
    cmpq    $32, (%rsp)
    jb      fault
    pushq   %rax
    pushq   %rcx
    pushq   %rdx
    pushq   %rsi
    pushq   %rdi
    pushq   %r8
    pushq   %r9
    pushq   %r10
    pushq   %r11
    movq    72(%rsp), %rdi
    cld
    pushq   %rbp
    movq    %rsp, %rbp
    andq    $-16, %rsp
    call    machine_interrupt
    movq    %rbp, %rsp
    popq    %rbp
    popq    %r11
    popq    %r10
    popq    %r9
    popq    %r8
    popq    %rdi
    popq    %rsi
    popq    %rdx
    popq    %rcx
    popq    %rax
    addq    $16, %rsp
    iretq
fault:
    movq    0(%rsp), %rdi
    movq    16(%rsp), %rsi
    movq    %cr2, %rdx
    movq    8(%rsp), %rcx
    movl    $bare_fault_stack_top, %esp
    call    machine_fault
3:  hlt
    jmp     3b

    .section .rodata
    .balign 8
gdt:
    .quad   0
    .quad   0x00af9a000000ffff          /* code, 64 bits */
    .quad   0x00cf92000000ffff          /* data */
    .global machine_task_descriptor
gdt_end:
gdt_pointer:
    .word   gdt_end - gdt - 1
    .long   gdt
    .long   0

    .section .data
    .balign 64
thread:
    .fill   5, 8, 0
    .quad   0x7269676e73696465

    .balign 4096
pml4:
    .quad   pointers + PRESENT
    .fill   511, 8, 0
    .balign 4096
pointers:
    .quad   directories + PRESENT
    .quad   directories + 0x1000 + PRESENT
    .quad   directories + 0x2000 + PRESENT
    .quad   directories + 0x3000 + PRESENT
    .fill   508, 8, 0
    .balign 4096
directories:
    .quad   first_table + PRESENT
    .quad   0
    .set    addr, 2 * MIB2
    .rept   3 * 512 - 2
    .quad   addr + PRESENT + LARGE
    .set    addr, addr + MIB2
    .endr
    .rept   512                         /* the last GiB is devices' */
    .quad   addr + PRESENT + LARGE + UNCACHED
    .set    addr, addr + MIB2
    .endr
    .balign 4096
first_table:
    .quad   0
    .set    addr, 0x1000
    .rept   511
    .quad   addr + PRESENT
    .set    addr, addr + 0x1000
    .endr
