/*
 * A driver with the inline assembly of other machines, one way an operation; its results go to
 * static data that the test reads through stores to DMA memory. Marked lines are looked up by the
 * test.
 */
#include <stddef.h>
#include <stdint.h>

#include "platform.h"
#include "suite.h"

static struct platform_dma page;
static volatile uint64_t *out;

static enum suite_result init(const struct suite_args *args)
{
    (void)args;
    if (!platform_dma_alloc(4096, 4096, "page", &page))
        return SUITE_NO_MEMORY;
    out = page.cpu;
    return SUITE_OK;
}

/* ---- cache maintenance ---- */

static enum suite_result caches(const struct suite_args *args)
{
    char *line = (char *)page.cpu + 0x100;
    uint32_t low = (uint32_t)(uintptr_t)line;

    (void)args;
    __asm__ volatile("dc cvac, %0" : : "r"(line) : "memory");           /* @cvac */
    __asm__ volatile("dc civac, %0" : : "r"(line + 0x41) : "memory");   /* @civac */
    __asm__ volatile("dc ivac, %0\n\tdsb sy" : : "r"(line) : "memory"); /* @ivac */
    __asm__ volatile("cbo.clean (%0)" : : "r"(line) : "memory");        /* @cbo-clean */
    __asm__ volatile("cbo.flush 0(%0)" : : "r"(line) : "memory");       /* @cbo-flush */
    __asm__ volatile("cbo.inval %0" : : "m"(*line) : "memory");         /* @cbo-inval */
    __asm__ volatile("th.dcache.civa %0" : : "r"(line) : "memory");     /* @thead */
    __asm__ volatile("clflush %0" : "+m"(*line));                       /* @clflush */
    if ((uintptr_t)line == low) {
        __asm__ volatile("mcr p15, 0, %0, c7, c10, 1" : : "r"(low) : "memory"); /* @mcr-clean */
        __asm__ volatile("mcr p15, 0, %0, c7, c6, 1" : : "r"(low) : "memory");  /* @mcr-inval */
    }
    __asm__ volatile("dc zva, %0" : : "r"(line) : "memory"); /* @zva */
    __asm__ volatile("dc cvau, %0" : : "r"(line) : "memory"); /* @cvau */
    __asm__ volatile("ic ialluis" : : : "memory");
    return SUITE_OK;
}

/* ---- counters ---- */

static enum suite_result counters(const struct suite_args *args)
{
    uint64_t arm, frequency, riscv, riscv_csr, cycles;
    uint32_t low, high;

    (void)args;
    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
    __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(arm)::"memory");
    __asm__ volatile("rdtime %0" : "=r"(riscv));
    __asm__ volatile("csrr %0, time" : "=r"(riscv_csr));
    __asm__ volatile("rdcycle %0" : "=r"(cycles));
    __asm__ volatile("mrrc p15, 1, %0, %1, c14" : "=r"(low), "=r"(high));
    out[0] = frequency;
    out[1] = arm;
    out[2] = riscv;
    out[3] = riscv_csr;
    out[4] = cycles;
    out[5] = low | (uint64_t)high << 32;
    out[6] = platform_now_ns();
    return SUITE_OK;
}

/* ---- the interrupt mask, registers that keep what is written ---- */

static enum suite_result masks(const struct suite_args *args)
{
    uint64_t daif, masked, before, after, kept, old, cpsr;
    uint32_t primask;

    (void)args;
    __asm__ volatile("mrs %0, daif" : "=r"(daif));
    out[0] = daif;
    __asm__ volatile("msr daifset, #2" ::: "memory");
    __asm__ volatile("mrs %0, daif" : "=r"(masked));
    out[1] = masked;
    __asm__ volatile("msr daif, %0" : : "r"(daif) : "memory");
    __asm__ volatile("csrr %0, sstatus" : "=r"(before));
    __asm__ volatile("csrc sstatus, %0" : : "r"(2ul) : "memory");
    __asm__ volatile("csrr %0, sstatus" : "=r"(after));
    out[2] = before << 8 | after;
    __asm__ volatile("csrsi sstatus, 2" ::: "memory");
    __asm__ volatile("cpsid i" ::: "memory");
    __asm__ volatile("mrs %0, primask" : "=r"(primask));
    __asm__ volatile("cpsie i" ::: "memory");
    out[3] = primask;
    __asm__ volatile("csrw sie, %0" : : "rK"(0x222) : "memory");
    __asm__ volatile("csrrs %0, sie, %1" : "=r"(old) : "r"(5ul) : "memory");
    __asm__ volatile("csrr %0, sie" : "=r"(kept));
    out[4] = old;
    out[5] = kept;
    __asm__ volatile("cli" ::: "memory");
    __asm__ volatile("mrs %0, cpsr" : "=r"(cpsr));
    out[6] = cpsr;
    __asm__ volatile("sti" ::: "memory");
    return SUITE_OK;
}

/* ---- what has no meaning here ---- */

static enum suite_result strange(const struct suite_args *args)
{
    for (uint64_t i = 0; i < 3; i++) {
        uint64_t value;
        __asm__ volatile("ecall" ::: "memory");                                 /* @ecall */
        __asm__ volatile("msr s3_7_c15_c0_2, %0" : : "r"(0x1234ul) : "memory"); /* @msr */
        __asm__ volatile("mrs %0, s3_7_c15_c0_2" : "=r"(value));                /* @mrs */
        out[i] = value;
    }
    __asm__ volatile("tlbi vmalle1" ::: "memory");
    __asm__ volatile("sfence.vma zero, zero" ::: "memory");
    __asm__ volatile("sfence.vma" ::: "memory");
    __asm__ volatile("prfm pldl1keep, [%0]" : : "r"(out));
    return args->count == 0 ? SUITE_OK : SUITE_BAD_ARGUMENT;
}

static enum suite_result stop(const struct suite_args *args)
{
    if (args->value[0] == 0)
        __asm__ volatile("ebreak" ::: "memory"); /* @ebreak */
    else
        __asm__ volatile("brk #0xf000" ::: "memory"); /* @brk */
    return SUITE_OK;
}

/* ---- built-ins of other compilers, and Arm's language extensions ---- */

#include <arm_acle.h>

static enum suite_result builtins(const struct suite_args *args)
{
    (void)args;
    __builtin_arm_dmb(10);                              /* @builtin-dmb */
    __builtin_arm_dsb(15);                              /* @builtin-dsb */
    __builtin_riscv_fence();                            /* @builtin-fence */
    __builtin_riscv_zicbom_cbo_clean(page.cpu);         /* @builtin-cbo */
    __dmb(0xb);                                         /* @acle-dmb */
    __dsb(0xf);                                         /* @acle-dsb */
    __isb(0xf);                                         /* @acle-isb */
    __sync_synchronize();                               /* @sync */
    __asm__ __volatile__("DMB ISHST" ::: "memory");     /* @upper */
    __asm__ __volatile__("dmb #2" ::: "memory");        /* @hash */
    __asm__ __volatile__("dsb 0xE" ::: "memory");       /* @number */
    __asm__ __volatile__("dmb ish // all" ::: "memory"); /* @comment */
    return __builtin_arm_rsr64("cntfrq_el0") == 62500000 ? SUITE_OK : SUITE_BAD_DEVICE;
}

/*
 * Every register and the flags live through the stubs: thirteen values that the compiler cannot
 * keep but in registers, a comparison on both sides of an instruction, and results in each
 * register in turn.
 */
#define EACH_REGISTER(X)                                                                           \
    X(rax) X(rcx) X(rdx) X(rbx) X(rsi) X(rdi) X(r8) X(r9) X(r10) X(r11) X(r12) X(r13) X(r14) X(r15)

#define INTO(name)                                                                                 \
    do {                                                                                           \
        register uint64_t in_##name __asm__(#name);                                                \
        __asm__ volatile("mrs %0, ctr_el0" : "=r"(in_##name));                                     \
        if (in_##name != 0x84448004)                                                               \
            return SUITE_BAD_COMPLETION;                                                           \
    } while (0);

#define FROM(name)                                                                                 \
    do {                                                                                           \
        register uint64_t in_##name __asm__(#name) = expected + __LINE__;                          \
        uint64_t read;                                                                             \
        __asm__ volatile("csrw sscratch, %1\n\tcsrr %0, sscratch"                                  \
                         : "=&r"(read)                                                             \
                         : "r"(in_##name));                                                        \
        if (read != expected + __LINE__)                                                           \
            return SUITE_BAD_DEVICE;                                                               \
    } while (0);

static enum suite_result survive(const struct suite_args *args)
{
    uint64_t expected = args->value[0];
    uint64_t sum = 0;
    uint8_t flags[4];

    EACH_REGISTER(INTO)
    EACH_REGISTER(FROM)
    for (uint64_t i = 0; i < 100; i++) {
        uint64_t a = i * 3, b = i * 5, c = i * 7, d = i * 11, e = i * 13, f = i * 17;
        uint64_t g = i * 19, h = i * 23, j = i * 29;
        __asm__ volatile("dc cvac, %0\n\tfence rw,rw\n\tcsrw sscratch, %1"
                         : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f), "+r"(g), "+r"(h),
                           "+r"(j)
                         :
                         : "memory");
        sum += a + b + c + d + e + f + g + h + j;
    }
    __asm__ volatile("cmpq %5, %4\n\tdmb sy\n\tsetb %0\n\tcmpq %5, %5\n\tdsb sy\n\tsete %1\n\t"
                     "cmpq %4, %5\n\tmrs %2, ctr_el0\n\tseta %3"
                     : "=m"(flags[0]), "=m"(flags[1]), "=&r"(expected), "=m"(flags[2])
                     : "r"(1ul), "r"(2ul)
                     : "cc", "memory");
    if (flags[0] != 1 || flags[1] != 1 || flags[2] != 1)
        return SUITE_NEEDS_RESET;
    return sum == 4950 * (3 + 5 + 7 + 11 + 13 + 17 + 19 + 23 + 29ul) ? SUITE_OK
                                                                     : SUITE_DEVICE_ERROR;
}

/* ---- waiting for an interrupt that nobody raises ---- */

static enum suite_result sleeps(const struct suite_args *args)
{
    uint64_t before = platform_now_ns();

    (void)args;
    __asm__ volatile("wfi" ::: "memory"); /* @wfi */
    out[0] = platform_now_ns() - before;
    return SUITE_OK;
}

static const struct suite_op ops[] = {
    {"init", init},       {"caches", caches},     {"counters", counters}, {"masks", masks},
    {"strange", strange}, {"builtins", builtins}, {"survive", survive},   {"stop", stop},
    {"sleeps", sleeps},
};

const struct suite_driver ringside_driver = {
    .name = "foreign",
    .ops = ops,
    .op_count = sizeof ops / sizeof ops[0],
};
