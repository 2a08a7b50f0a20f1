/*
 * A driver that sleeps on a channel, without the kernel that has the function: the C library has
 * another.
 */
#include "suite.h"

void sleep(void *channel, void *lock);

static enum suite_result init(const struct suite_args *args)
{
    sleep((void *)args, 0);
    return SUITE_OK;
}

static const struct suite_op ops[] = {{"init", init}};

const struct suite_driver ringside_driver = {.name = "sleeper", .ops = ops, .op_count = 1};
