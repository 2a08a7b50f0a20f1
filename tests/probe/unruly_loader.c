/*
 * A driver whose object ends the process as soon as it is loaded.
 */
#include <stdlib.h>

#include "suite.h"

static __attribute__((constructor)) void start(void)
{
    exit(7); /* @loader */
}

const struct suite_driver ringside_driver = {.name = "unruly-loader"};
