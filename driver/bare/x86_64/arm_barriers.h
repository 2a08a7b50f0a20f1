/* For drivers written for Arm that are built here unchanged: their barrier as this processor's. */
#ifndef __ASSEMBLER__
__asm__(".macro dsb option\n\tmfence\n\t.endm");
#endif
