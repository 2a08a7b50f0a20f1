/*
 * ringside: the command. All of it is in command.c, so that tests can link it.
 */
#include "command.h"

#include <malloc.h>

/* What a run needs and gives back, the next one needs again: so much of it is not returned. */
#define KEPT_BYTES (32 << 20)

int main(int argc, char **argv)
{
    (void)mallopt(M_MMAP_THRESHOLD, KEPT_BYTES / 4);
    (void)mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
    return command_main(argc, argv);
}
