/*
 * <arm_acle.h> for drivers that are compiled for this machine: the functions of Arm's C language
 * extensions that drivers use, by the instructions of ringside_asm.h.
 */
#ifndef RINGSIDE_ARM_ACLE_H
#define RINGSIDE_ARM_ACLE_H

#define __dmb(option) __builtin_arm_dmb(option)
#define __dsb(option) __builtin_arm_dsb(option)
#define __isb(option) __builtin_arm_isb(option)
#define __wfi()       __builtin_arm_wfi()
#define __wfe()       __builtin_arm_wfe()
#define __sev()       __builtin_arm_sev()
#define __sevl()      __builtin_arm_sevl()
#define __yield()     __builtin_arm_yield()
#define __nop()       __asm__ __volatile__("nop")

#define __arm_rsr(name)          __builtin_arm_rsr(name)
#define __arm_rsr64(name)        __builtin_arm_rsr64(name)
#define __arm_wsr(name, value)   __builtin_arm_wsr(name, value)
#define __arm_wsr64(name, value) __builtin_arm_wsr64(name, value)

#define __rev(value)   __builtin_bswap32(value)
#define __revll(value) __builtin_bswap64(value)
#define __rev16(value) ((unsigned)(__builtin_bswap32(value) >> 16 | __builtin_bswap32(value) << 16))
#define __clz(value)   ((value) == 0 ? 32u : (unsigned)__builtin_clz(value))
#define __clzll(value) ((value) == 0 ? 64u : (unsigned)__builtin_clzll(value))

#endif
