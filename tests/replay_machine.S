/*
 * Machines for the tests of the replay: say their lines on QEMU virt's serial port and then wait.
 * MACHINE_machine says that it is done, MACHINE_unending does not, MACHINE_talking goes on talking.
 * The "response buffer" has one byte that is not zero.
 */
    .text
    .global _start
_start:
    ldr     x0, =0x09000000     /* the PL011's data register; QEMU needs no set-up */
    adr     x1, text
1:  ldrb    w2, [x1], #1
    cbz     w2, 2f
    str     w2, [x0]
    b       1b
2:
#ifdef MACHINE_talking
    b       _start
#endif
    wfi
    b       2b

text:
    .ascii  "firmware says hello\n"
    .ascii  "ringside: driver machine\n"
    .ascii  "ringside: alloc command buffer 0x40300000 0x1000\n"
    .ascii  "ringside: alloc response buffer 0x40300000 0x1000\n"
    .ascii  "ringside: call 1 init -> OK\n"
    .ascii  "ringside: call 2 get_display_info -> TIMEOUT\n"
#ifdef MACHINE_machine
    .ascii  "ringside: done\n"
#endif
    .byte   0

    .section .data
    .byte   1
