/*
 * A driver whose object can be loaded once and not again: while a file tells that it was, loading
 * it ends the process. Its one operation takes the process down, past everything that could stop
 * it.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "suite.h"

static __attribute__((constructor)) void start(void)
{
    if (open("loaded", O_CREAT | O_EXCL | O_WRONLY, 0666) < 0)
        exit(8);
}

static enum suite_result take_down(const struct suite_args *args)
{
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(SYS_exit_group), "D"(args->count)
                     : "rcx", "r11", "memory");
    return result == 0 ? SUITE_OK : SUITE_TIMEOUT;
}

static const struct suite_op ops[] = {{"take-down", take_down}};

const struct suite_driver ringside_driver = {.name = "unruly-second", .ops = ops, .op_count = 1};
