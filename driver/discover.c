/*
 * Finds virtio-mmio devices in the flattened device tree of the machine, in one walk.
 *
 * A device is a node that is compatible with "virtio,mmio"; its `reg` gives the window, in cells
 * whose number the parent says, and its `interrupts` the line, in the three cells of a GIC. Most
 * slots of QEMU's `virt` are empty: they answer with DeviceID 0 and are passed over in silence
 * (4.2.2.2).
 *
 * Not handled: `ranges` between the node and the root (a bus that translates addresses), interrupt
 * controllers with another form than the GIC's three cells or a single cell.
 */
#include "transport.h"

#include <libfdt.h>

#include "platform.h"

#define NODES_MAX 65536u
#define DEPTH_MAX 16 /* nodes around a device, the root among them */

/* The first cell of a GIC interrupt says which bank its number counts in. */
enum { GIC_SPI = 0, GIC_PPI = 1, GIC_PPI_FIRST = 16, GIC_SPI_FIRST = 32 };

static uint64_t cells(const fdt32_t *cell, int count)
{
    uint64_t value = 0;

    for (int i = 0; i < count; i++)
        value = value << 32 | fdt32_to_cpu(cell[i]);
    return value;
}

/* How a bus describes what is on it. Slots lie in a row on one bus, so it is asked once. */
struct bus {
    int node; /* -1 = none was asked */
    int address_cells;
    int size_cells;
};

static void ask_bus(const void *tree, int node, struct bus *bus)
{
    if (bus->node == node)
        return;
    bus->node = node;
    bus->address_cells = fdt_address_cells(tree, node);
    bus->size_cells = fdt_size_cells(tree, node);
}

static bool node_window(const void *tree, int node, const struct bus *bus, uint64_t *addr,
                        uint64_t *size_bytes)
{
    int address_cells = bus->address_cells;
    int size_cells = bus->size_cells;
    int bytes = 0;
    const fdt32_t *reg = fdt_getprop(tree, node, "reg", &bytes);

    if (address_cells < 1 || address_cells > 2 || size_cells < 1 || size_cells > 2 || reg == NULL ||
        bytes < (address_cells + size_cells) * (int)sizeof(*reg))
        return false;
    *addr = cells(reg, address_cells);
    *size_bytes = cells(reg + address_cells, size_cells);
    return true;
}

/* The platform's number of a node's interrupt, or 0. */
static uint32_t node_interrupt(const void *tree, int node)
{
    int bytes = 0;
    const fdt32_t *cell = fdt_getprop(tree, node, "interrupts", &bytes);

    if (cell == NULL)
        return 0;
    if (bytes == (int)sizeof(*cell))
        return fdt32_to_cpu(cell[0]);
    if (bytes < 3 * (int)sizeof(*cell))
        return 0;
    switch (fdt32_to_cpu(cell[0])) {
    case GIC_SPI:
        return GIC_SPI_FIRST + fdt32_to_cpu(cell[1]);
    case GIC_PPI:
        return GIC_PPI_FIRST + fdt32_to_cpu(cell[1]);
    default:
        return 0;
    }
}

enum virtio_result virtio_discover(uint32_t device_id, struct virtio_device *out)
{
    const void *tree = platform_device_tree();
    int around[DEPTH_MAX]; /* the nodes from the root to where the walk is */
    struct bus bus = {.node = -1};
    int node = -1;
    int depth = -1;

    *out = (struct virtio_device){0};
    if (tree == NULL || fdt_check_header(tree) != 0) {
        platform_log("virtio: the machine has no device tree");
        return VIRTIO_NO_DEVICE;
    }

    for (uint32_t i = 0; i < NODES_MAX; i++) {
        struct virtio_device found;
        uint64_t addr;
        uint64_t size_bytes;

        node = fdt_next_node(tree, node, &depth);
        if (node < 0 || depth < 0)
            break;
        if (depth >= DEPTH_MAX)
            continue;
        around[depth] = node;
        if (depth == 0 || fdt_node_check_compatible(tree, node, "virtio,mmio") != 0)
            continue;
        ask_bus(tree, around[depth - 1], &bus);
        if (!node_window(tree, node, &bus, &addr, &size_bytes))
            continue;
        if (virtio_probe(addr, size_bytes, 0, &found) == VIRTIO_OK &&
            found.device_id == device_id) {
            *out = found;
            out->interrupt = node_interrupt(tree, node);
            return VIRTIO_OK;
        }
    }
    return VIRTIO_NO_DEVICE;
}
