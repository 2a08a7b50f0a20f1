/*
 * The name of a driver's variable, from the symbol table of its object.
 */
#ifndef RINGSIDE_HARNESS_SYMBOL_NAME_H
#define RINGSIDE_HARNESS_SYMBOL_NAME_H

#include <stddef.h>
#include <stdint.h>

/*
 * Writes `name` or `name+0x10` for an address inside a loaded object, local names included; without
 * a symbol table the offset in the object, elsewhere the bare number.
 */
void symbol_name(uintptr_t address, char *out, size_t out_bytes);

#endif
