/*
 * A call of RISC-V's firmware, with variables that are bound to registers of that machine.
 */
#include "suite.h"

static enum suite_result init(const struct suite_args *args)
{
    return args->count == 0 ? SUITE_OK : SUITE_BAD_ARGUMENT;
}

static enum suite_result firmware(const struct suite_args *args)
{
    register unsigned long a0 __asm__("a0") = args->count;
    register unsigned long a7 __asm__("a7") = 1;

    __asm__ volatile("ecall" : "+r"(a0) : "r"(a7) : "memory");
    return a0 == args->count ? SUITE_OK : SUITE_BAD_DEVICE;
}

static const struct suite_op ops[] = {{"init", init}, {"firmware", firmware}};

const struct suite_driver ringside_driver = {.name = "registers", .ops = ops, .op_count = 2};
