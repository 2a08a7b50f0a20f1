/*
 * A driver without the kernel that it calls: it is told all that is missing.
 */
#include "suite.h"

void udelay(unsigned long us);
int printk(const char *format, ...);
void my_kernel_log(const char *text);
void my_kernel_panic(void);
extern char kernel_end[];

static enum suite_result init(const struct suite_args *args)
{
    printk("%p", kernel_end);
    if (args->count != 0)
        my_kernel_panic();
    udelay(1);
    my_kernel_log("up");
    /* For this assembler, x0 is a variable. */
    __asm__ volatile("movq %0, x0@GOTPCREL(%%rip)" : : "r"(0ul));
    return SUITE_OK;
}

static const struct suite_op ops[] = {{"init", init}};

const struct suite_driver ringside_driver = {.name = "lacking", .ops = ops, .op_count = 1};
