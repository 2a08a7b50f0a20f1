/*
 * Included before every driver source: assembler macros that stand in for the instructions of other
 * architectures which drivers write in line, so that `asm volatile("dmb ish")`, `asm
 * volatile("fence rw, w")` or `asm volatile("mrs %0, cntvct_el0" : "=r"(now))` assembles
 * unchanged on x86-64 and has its effect.
 *
 * Each macro calls a stub that keeps every register and the flags, with the text of the
 * instruction as the assembler saw it. The compiler has put registers of this machine in the
 * place of `%0`; harness/instruction.c reads them from the text, so `dc cvac, %0` has its address
 * and `csrr %0, time` its result. Drivers are built with -mno-red-zone, so that the push below
 * the stack pointer is allowed.
 *
 * What this assembler does with other machines' text:
 *   - `#` begins a comment: the rest of the *line* is gone, further instructions after `;` as
 *     well. `dmb #2` is a full barrier then, `msr daifset, #2` masks interrupts. Write several
 *     instructions in a string on lines of their own (`\n`), or with `;` before the first `#`.
 *   - `%w0` is the 16-bit name of a register; it is taken for the 32-bit one. gcc warns of it.
 *     `%x0` works with gcc only.
 *   - clang's assembler tells upper and lower case apart: names are known all lower or all upper
 *     case.
 *
 * Not handled, with the way round:
 *   - loads and stores (`ldr %w0, [%1]`, `str`, `ldar`, `stlr`, `lw`, `sw`): the header with such
 *     accessors is shadowed by one of the same name that uses volatile pointers, in a directory
 *     that comes first on the include path (INCLUDES; it may `#include_next` the rest);
 *   - locks made of `ldrex`/`strex`, `ldxr`/`stxr`, `lr`/`sc`, `amoswap`: replace the function,
 *     or take acquire(), spin_lock() of ringside_shims.h;
 *   - jumps, labels and fixed registers (`mov x0, %0`, `li a7, 1`, `b 1b`): replace the function;
 *   - `register long a0 asm("a0")`: build with OPTIONS -Dregister= ;
 *   - a result that goes straight to DMA memory (`"=r"(ring->field)`): the compiler does not tell
 *     of that store; ringside says when the device reads it. Use a variable, and store that;
 *   - instructions as numbers (`.word 0x...`, `.insn`): they would be executed as x86 code.
 *     Replace them.
 */
#ifndef RINGSIDE_ASM_H
#define RINGSIDE_ASM_H

#ifndef __ASSEMBLER__

/*
 * The text comes after the call: clang gives the source line to the first thing that is assembled.
 */
#define RINGSIDE_MACRO(name)                                                                       \
    ".macro " name " operands:vararg\n"                                                            \
    "  pushq %rdi\n"                                                                               \
    "  leaq 77770f(%rip), %rdi\n"                                                                  \
    "  call ringside_asm_instruction@PLT\n"                                                        \
    "  popq %rdi\n"                                                                                \
    "  .pushsection .rodata.ringside, \"a\", @progbits\n"                                          \
    "  77770: .asciz \"" name " \\operands\"\n"                                                    \
    "  .popsection\n"                                                                              \
    ".endm\n"

/* gas knows its macros in any case and refuses a second one. */
#ifdef __clang__
#define RINGSIDE_INSTRUCTION(lower, upper) RINGSIDE_MACRO(lower) RINGSIDE_MACRO(upper)
#else
#define RINGSIDE_INSTRUCTION(lower, upper) RINGSIDE_MACRO(lower)
#endif

/* clang-format off */
__asm__(
    /* Arm, 32 and 64 bit */
    RINGSIDE_INSTRUCTION("dmb", "DMB") RINGSIDE_INSTRUCTION("dsb", "DSB")
    RINGSIDE_INSTRUCTION("isb", "ISB")
    RINGSIDE_INSTRUCTION("ssbb", "SSBB") RINGSIDE_INSTRUCTION("pssbb", "PSSBB")
    RINGSIDE_INSTRUCTION("csb", "CSB") RINGSIDE_INSTRUCTION("esb", "ESB")
    RINGSIDE_INSTRUCTION("wfi", "WFI") RINGSIDE_INSTRUCTION("wfe", "WFE")
    RINGSIDE_INSTRUCTION("sev", "SEV") RINGSIDE_INSTRUCTION("sevl", "SEVL")
    RINGSIDE_INSTRUCTION("yield", "YIELD") RINGSIDE_INSTRUCTION("hint", "HINT")
    RINGSIDE_INSTRUCTION("dgh", "DGH") RINGSIDE_INSTRUCTION("bti", "BTI")
    RINGSIDE_INSTRUCTION("dc", "DC") RINGSIDE_INSTRUCTION("ic", "IC")
    RINGSIDE_INSTRUCTION("at", "AT") RINGSIDE_INSTRUCTION("tlbi", "TLBI")
    RINGSIDE_INSTRUCTION("prfm", "PRFM") RINGSIDE_INSTRUCTION("pld", "PLD")
    RINGSIDE_INSTRUCTION("pldw", "PLDW") RINGSIDE_INSTRUCTION("pli", "PLI")
    RINGSIDE_INSTRUCTION("clrex", "CLREX") RINGSIDE_INSTRUCTION("setend", "SETEND")
    RINGSIDE_INSTRUCTION("mrs", "MRS") RINGSIDE_INSTRUCTION("msr", "MSR")
    RINGSIDE_INSTRUCTION("mrc", "MRC") RINGSIDE_INSTRUCTION("mcr", "MCR")
    RINGSIDE_INSTRUCTION("mrrc", "MRRC") RINGSIDE_INSTRUCTION("mcrr", "MCRR")
    RINGSIDE_INSTRUCTION("cpsid", "CPSID") RINGSIDE_INSTRUCTION("cpsie", "CPSIE")
    RINGSIDE_INSTRUCTION("cps", "CPS") RINGSIDE_INSTRUCTION("svc", "SVC")
    RINGSIDE_INSTRUCTION("hvc", "HVC") RINGSIDE_INSTRUCTION("smc", "SMC")
    RINGSIDE_INSTRUCTION("eret", "ERET") RINGSIDE_INSTRUCTION("brk", "BRK")
    RINGSIDE_INSTRUCTION("bkpt", "BKPT") RINGSIDE_INSTRUCTION("udf", "UDF")
    /* RISC-V */
    RINGSIDE_INSTRUCTION("fence", "FENCE") RINGSIDE_INSTRUCTION("fence.i", "FENCE.I")
    RINGSIDE_INSTRUCTION("fence.tso", "FENCE.TSO")
    RINGSIDE_INSTRUCTION("sfence.vma", "SFENCE.VMA")
    RINGSIDE_INSTRUCTION("sfence.inval.ir", "SFENCE.INVAL.IR")
    RINGSIDE_INSTRUCTION("sfence.w.inval", "SFENCE.W.INVAL")
    RINGSIDE_INSTRUCTION("sinval.vma", "SINVAL.VMA")
    RINGSIDE_INSTRUCTION("hfence.gvma", "HFENCE.GVMA")
    RINGSIDE_INSTRUCTION("hfence.vvma", "HFENCE.VVMA")
    RINGSIDE_INSTRUCTION("cbo.clean", "CBO.CLEAN") RINGSIDE_INSTRUCTION("cbo.flush", "CBO.FLUSH")
    RINGSIDE_INSTRUCTION("cbo.inval", "CBO.INVAL") RINGSIDE_INSTRUCTION("cbo.zero", "CBO.ZERO")
    RINGSIDE_INSTRUCTION("prefetch.i", "PREFETCH.I")
    RINGSIDE_INSTRUCTION("prefetch.r", "PREFETCH.R")
    RINGSIDE_INSTRUCTION("prefetch.w", "PREFETCH.W")
    RINGSIDE_INSTRUCTION("csrr", "CSRR") RINGSIDE_INSTRUCTION("csrw", "CSRW")
    RINGSIDE_INSTRUCTION("csrs", "CSRS") RINGSIDE_INSTRUCTION("csrc", "CSRC")
    RINGSIDE_INSTRUCTION("csrwi", "CSRWI") RINGSIDE_INSTRUCTION("csrsi", "CSRSI")
    RINGSIDE_INSTRUCTION("csrci", "CSRCI") RINGSIDE_INSTRUCTION("csrrw", "CSRRW")
    RINGSIDE_INSTRUCTION("csrrs", "CSRRS") RINGSIDE_INSTRUCTION("csrrc", "CSRRC")
    RINGSIDE_INSTRUCTION("csrrwi", "CSRRWI") RINGSIDE_INSTRUCTION("csrrsi", "CSRRSI")
    RINGSIDE_INSTRUCTION("csrrci", "CSRRCI")
    RINGSIDE_INSTRUCTION("rdtime", "RDTIME") RINGSIDE_INSTRUCTION("rdtimeh", "RDTIMEH")
    RINGSIDE_INSTRUCTION("rdcycle", "RDCYCLE") RINGSIDE_INSTRUCTION("rdcycleh", "RDCYCLEH")
    RINGSIDE_INSTRUCTION("rdinstret", "RDINSTRET")
    RINGSIDE_INSTRUCTION("rdinstreth", "RDINSTRETH")
    RINGSIDE_INSTRUCTION("mv", "MV")
    RINGSIDE_INSTRUCTION("ecall", "ECALL") RINGSIDE_INSTRUCTION("ebreak", "EBREAK")
    RINGSIDE_INSTRUCTION("unimp", "UNIMP") RINGSIDE_INSTRUCTION("mret", "MRET")
    RINGSIDE_INSTRUCTION("sret", "SRET")
    /* T-Head's cache operations */
    RINGSIDE_INSTRUCTION("th.dcache.cva", "TH.DCACHE.CVA")
    RINGSIDE_INSTRUCTION("th.dcache.iva", "TH.DCACHE.IVA")
    RINGSIDE_INSTRUCTION("th.dcache.civa", "TH.DCACHE.CIVA")
    RINGSIDE_INSTRUCTION("th.dcache.cpa", "TH.DCACHE.CPA")
    RINGSIDE_INSTRUCTION("th.dcache.ipa", "TH.DCACHE.IPA")
    RINGSIDE_INSTRUCTION("th.dcache.cipa", "TH.DCACHE.CIPA")
    RINGSIDE_INSTRUCTION("th.dcache.call", "TH.DCACHE.CALL")
    RINGSIDE_INSTRUCTION("th.dcache.iall", "TH.DCACHE.IALL")
    RINGSIDE_INSTRUCTION("th.dcache.ciall", "TH.DCACHE.CIALL")
    RINGSIDE_INSTRUCTION("th.icache.iall", "TH.ICACHE.IALL")
    RINGSIDE_INSTRUCTION("th.icache.iva", "TH.ICACHE.IVA")
    RINGSIDE_INSTRUCTION("th.sync", "TH.SYNC") RINGSIDE_INSTRUCTION("th.sync.s", "TH.SYNC.S")
    RINGSIDE_INSTRUCTION("th.sync.i", "TH.SYNC.I") RINGSIDE_INSTRUCTION("th.sync.is", "TH.SYNC.IS")
    /*
     * x86: barriers that this machine has, and what only a kernel may execute. `pause` is left
     * alone.
     */
    RINGSIDE_INSTRUCTION("mfence", "MFENCE") RINGSIDE_INSTRUCTION("sfence", "SFENCE")
    RINGSIDE_INSTRUCTION("lfence", "LFENCE")
    RINGSIDE_INSTRUCTION("clflush", "CLFLUSH") RINGSIDE_INSTRUCTION("clflushopt", "CLFLUSHOPT")
    RINGSIDE_INSTRUCTION("clwb", "CLWB") RINGSIDE_INSTRUCTION("wbinvd", "WBINVD")
    RINGSIDE_INSTRUCTION("invd", "INVD") RINGSIDE_INSTRUCTION("invlpg", "INVLPG")
    RINGSIDE_INSTRUCTION("cli", "CLI") RINGSIDE_INSTRUCTION("sti", "STI")
    RINGSIDE_INSTRUCTION("hlt", "HLT")
    RINGSIDE_INSTRUCTION("rdtsc", "RDTSC") RINGSIDE_INSTRUCTION("rdtscp", "RDTSCP")
    RINGSIDE_INSTRUCTION("outb", "OUTB") RINGSIDE_INSTRUCTION("outw", "OUTW")
    RINGSIDE_INSTRUCTION("outl", "OUTL") RINGSIDE_INSTRUCTION("inb", "INB")
    RINGSIDE_INSTRUCTION("inw", "INW") RINGSIDE_INSTRUCTION("inl", "INL")
);
/* clang-format on */

/*
 * A built-in copy would be expanded in line, or be called behind the probe's back. The names here
 * are not the driver's: it may declare memcpy with any type, or not at all.
 */
#ifdef __cplusplus
extern "C" {
#endif
void *ringside_memcpy(void *to, const void *from, __SIZE_TYPE__ bytes) __asm__("memcpy");
void *ringside_memmove(void *to, const void *from, __SIZE_TYPE__ bytes) __asm__("memmove");
void *ringside_memset(void *to, int value, __SIZE_TYPE__ bytes) __asm__("memset");
int ringside_memcmp(const void *a, const void *b, __SIZE_TYPE__ bytes) __asm__("memcmp");
#ifdef __cplusplus
}
#endif
#define __builtin_memcpy  ringside_memcpy
#define __builtin_memmove ringside_memmove
#define __builtin_memset  ringside_memset
#define __builtin_memcmp  ringside_memcmp

/* Built-ins of compilers for other machines. Those of Arm take the number of the option. */
#define RINGSIDE_BARRIER(name, option)                                                             \
    ({ __asm__ __volatile__(name " %c0" : : "i"(option) : "memory"); })
#define RINGSIDE_PLAIN(name) ({ __asm__ __volatile__(name : : : "memory"); })
#define RINGSIDE_LINE(name, address)                                                               \
    ({ __asm__ __volatile__(name " (%0)" : : "r"(address) : "memory"); })
#define RINGSIDE_READ(type, name)                                                                  \
    ({                                                                                             \
        type ringside_value_;                                                                      \
        __asm__ __volatile__("mrs %0, " name : "=r"(ringside_value_));                             \
        ringside_value_;                                                                           \
    })
#define RINGSIDE_WRITE(type, name, value)                                                          \
    ({ __asm__ __volatile__("msr " name ", %0" : : "r"((type)(value)) : "memory"); })

#define __builtin_arm_dmb(option)       RINGSIDE_BARRIER("dmb", option)
#define __builtin_arm_dsb(option)       RINGSIDE_BARRIER("dsb", option)
#define __builtin_arm_isb(option)       RINGSIDE_PLAIN("isb")
#define __builtin_arm_wfi()             RINGSIDE_PLAIN("wfi")
#define __builtin_arm_wfe()             RINGSIDE_PLAIN("wfe")
#define __builtin_arm_sev()             RINGSIDE_PLAIN("sev")
#define __builtin_arm_sevl()            RINGSIDE_PLAIN("sevl")
#define __builtin_arm_yield()           RINGSIDE_PLAIN("yield")
#define __builtin_arm_rsr(name)         RINGSIDE_READ(unsigned, name)
#define __builtin_arm_rsr64(name)       RINGSIDE_READ(unsigned long, name)
#define __builtin_arm_wsr(name, value)  RINGSIDE_WRITE(unsigned, name, value)
#define __builtin_arm_wsr64(name, value) RINGSIDE_WRITE(unsigned long, name, value)
#define __builtin_riscv_pause()         RINGSIDE_PLAIN("yield")
#define __builtin_riscv_fence()         RINGSIDE_PLAIN("fence")
#define __builtin_riscv_fence_i()       RINGSIDE_PLAIN("fence.i")
#define __builtin_riscv_zicbom_cbo_clean(address) RINGSIDE_LINE("cbo.clean", address)
#define __builtin_riscv_zicbom_cbo_flush(address) RINGSIDE_LINE("cbo.flush", address)
#define __builtin_riscv_zicbom_cbo_inval(address) RINGSIDE_LINE("cbo.inval", address)
#define __builtin_riscv_zicboz_cbo_zero(address)  RINGSIDE_LINE("cbo.zero", address)
#define __builtin_ia32_mfence()         RINGSIDE_PLAIN("mfence")
#define __builtin_ia32_sfence()         RINGSIDE_PLAIN("sfence")
#define __builtin_ia32_lfence()         RINGSIDE_PLAIN("lfence")
#define __builtin_ia32_clflush(address) RINGSIDE_LINE("clflush", address)

/*
 * `__sync_synchronize` and the fences of `__atomic` and `__c11_atomic` are the compiler's own and
 * are seen.
 */

#endif
#endif
