/*
 * Writes a flattened device tree (Devicetree Specification 0.4, 5) of three kinds of nodes: memory,
 * virtio-mmio windows, and the chosen node with the command line.
 *
 * The blob is made in place: header, an empty reservation map, the structure as it comes, and the
 * property names, which are always the same.
 */
#include "tree.h"

#include <libfdt.h>
#include <stdbool.h>
#include <string.h>

#define TREE_BYTES   49152u
#define RESERVED_AT  sizeof(struct fdt_header)
#define STRUCTURE_AT (RESERVED_AT + sizeof(struct fdt_reserve_entry))

/* X(name): all names of properties. */
#define NAMES(X)                                                                                   \
    X("#address-cells")                                                                            \
    X("#size-cells")                                                                               \
    X("device_type")                                                                               \
    X("compatible")                                                                                \
    X("reg")                                                                                       \
    X("interrupts")                                                                                \
    X("bootargs")

#define X(name) name "\0"
static const char names[] = NAMES(X);
#undef X

static struct {
    _Alignas(8) uint8_t blob[TREE_BYTES];
    size_t used;
    bool full;
} tree;

/* `bytes` of anything, filled up to a whole word. */
static void put(const void *data, size_t bytes)
{
    size_t whole = (bytes + sizeof(fdt32_t) - 1) & ~(sizeof(fdt32_t) - 1);

    if (tree.full || whole > TREE_BYTES - tree.used) {
        tree.full = true;
        return;
    }
    memset(tree.blob + tree.used, 0, whole);
    memcpy(tree.blob + tree.used, data, bytes);
    tree.used += whole;
}

static void put_word(uint32_t value)
{
    fdt32_t word = cpu_to_fdt32(value);

    put(&word, sizeof(word));
}

static void begin_node(const char *name)
{
    put_word(FDT_BEGIN_NODE);
    put(name, strlen(name) + 1);
}

static void end_node(void)
{
    put_word(FDT_END_NODE);
}

static uint32_t name_offset(const char *name)
{
    const char *at = names;

    while (*at != '\0' && strcmp(at, name) != 0)
        at += strlen(at) + 1;
    return (uint32_t)(at - names);
}

static void property(const char *name, const void *value, size_t bytes)
{
    put_word(FDT_PROP);
    put_word((uint32_t)bytes);
    put_word(name_offset(name));
    put(value, bytes);
}

static void property_word(const char *name, uint32_t value)
{
    fdt32_t word = cpu_to_fdt32(value);

    property(name, &word, sizeof(word));
}

static void property_window(uint64_t addr, uint64_t size_bytes)
{
    fdt64_t window[2] = {cpu_to_fdt64(addr), cpu_to_fdt64(size_bytes)};

    property("reg", window, sizeof(window));
}

void tree_begin(uint64_t ram_addr, uint64_t ram_bytes, const char *bootargs, size_t bootargs_bytes)
{
    static char text[8192]; /* bootargs with its zero */

    memset(tree.blob, 0, STRUCTURE_AT);
    tree.used = STRUCTURE_AT;
    tree.full = bootargs_bytes >= sizeof(text);
    if (tree.full)
        return;
    memcpy(text, bootargs, bootargs_bytes);
    text[bootargs_bytes] = '\0';

    begin_node("");
    property_word("#address-cells", 2);
    property_word("#size-cells", 2);
    begin_node("memory");
    property("device_type", "memory", sizeof("memory"));
    property_window(ram_addr, ram_bytes);
    end_node();
    begin_node("chosen");
    property("bootargs", text, bootargs_bytes + 1);
    end_node();
}

void tree_slot(uint64_t addr, uint64_t size_bytes, uint32_t interrupt)
{
    begin_node("virtio_mmio");
    property("compatible", "virtio,mmio", sizeof("virtio,mmio"));
    property_window(addr, size_bytes);
    property_word("interrupts", interrupt);
    end_node();
}

const void *tree_end(void)
{
    struct fdt_header header = {
        .magic = cpu_to_fdt32(FDT_MAGIC),
        .off_dt_struct = cpu_to_fdt32(STRUCTURE_AT),
        .off_mem_rsvmap = cpu_to_fdt32(RESERVED_AT),
        .version = cpu_to_fdt32(FDT_LAST_SUPPORTED_VERSION),
        .last_comp_version = cpu_to_fdt32(FDT_FIRST_SUPPORTED_VERSION),
    };

    end_node();
    put_word(FDT_END);
    header.off_dt_strings = cpu_to_fdt32((uint32_t)tree.used);
    header.size_dt_struct = cpu_to_fdt32((uint32_t)(tree.used - STRUCTURE_AT));
    header.size_dt_strings = cpu_to_fdt32(sizeof(names));
    put(names, sizeof(names));
    header.totalsize = cpu_to_fdt32((uint32_t)tree.used);
    memcpy(tree.blob, &header, sizeof(header));
    return tree.full ? NULL : tree.blob;
}
