/*
 * ringside: the command. All of it is in command.c, so that tests can link it.
 */
#include "command.h"

int main(int argc, char **argv)
{
    return command_main(argc, argv);
}
