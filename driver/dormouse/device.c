/*
 * Finding a device, agreeing with it, and resetting it.
 *
 * Not handled: buses between device and CPU that translate addresses (`ranges`), interrupts
 * described in other ways than by a GIC's three cells or by one cell.
 */
#include "device.h"

#include <libfdt.h>

#define RESET_NS         UINT64_C(100000000)
#define LEGACY_PAGE_SIZE 4096u

/* ---- finding it --------------------------------------------------------------------------------
 */

static uint64_t number(const fdt32_t *cell, int cells)
{
    uint64_t value = 0;

    for (int i = 0; i < cells; i++)
        value = value << 32 | fdt32_to_cpu(cell[i]);
    return value;
}

/* The registers of a node, or NULL when there are none that can be reached. */
static volatile uint8_t *registers_of(const void *tree, int node)
{
    int bus = fdt_parent_offset(tree, node);
    int addr_cells = fdt_address_cells(tree, bus);
    int size_cells = fdt_size_cells(tree, bus);
    int bytes;
    const fdt32_t *reg = fdt_getprop(tree, node, "reg", &bytes);
    uint64_t size_bytes;

    if (reg == NULL || addr_cells < 1 || addr_cells > 2 || size_cells < 1 || size_cells > 2 ||
        bytes < (addr_cells + size_cells) * (int)sizeof(*reg))
        return NULL;
    size_bytes = number(reg + addr_cells, size_cells);
    if (size_bytes < VIRTIO_MMIO_CONFIG)
        return NULL;
    return platform_map_mmio(number(reg, addr_cells), (size_t)size_bytes);
}

/* A GIC counts shared lines from 32 and a CPU's own from 16; others have one number for all. */
static uint32_t interrupt_of(const void *tree, int node)
{
    int bytes;
    const fdt32_t *cell = fdt_getprop(tree, node, "interrupts", &bytes);

    if (cell == NULL || bytes < (int)sizeof(*cell))
        return 0;
    if (bytes < 3 * (int)sizeof(*cell))
        return fdt32_to_cpu(cell[0]);
    return (fdt32_to_cpu(cell[0]) == 0 ? 32 : 16) + fdt32_to_cpu(cell[1]);
}

/* Most slots of a board are empty and say so with DeviceID 0; they are not touched beyond (4.2.2).
 */
static bool is_there(struct device *device, enum virtio_device_id id)
{
    uint32_t version;

    if (device_read(device, VIRTIO_MMIO_MagicValue) != VIRTIO_MMIO_MAGIC)
        return false;
    version = device_read(device, VIRTIO_MMIO_Version);
    device->legacy = version == 1;
    return (version == 1 || version == 2) && device_read(device, VIRTIO_MMIO_DeviceID) == id;
}

enum suite_result device_find(enum virtio_device_id id, struct device *out)
{
    const void *tree = platform_device_tree();
    int node = -1;

    if (tree == NULL || fdt_check_header(tree) != 0)
        return SUITE_NO_DEVICE;
    while ((node = fdt_node_offset_by_compatible(tree, node, "virtio,mmio")) >= 0) {
        *out = (struct device){.registers = registers_of(tree, node),
                               .interrupt = interrupt_of(tree, node)};
        if (out->registers != NULL && is_there(out, id))
            return SUITE_OK;
    }
    return SUITE_NO_DEVICE;
}

/* ---- bringing it up ----------------------------------------------------------------------------
 */

static void add_status(struct device *device, enum virtio_status bit)
{
    device->status |= bit;
    device_write(device, VIRTIO_MMIO_Status, device->status);
}

bool device_reset(struct device *device)
{
    uint64_t end_ns = platform_now_ns() + RESET_NS;

    device->status = 0;
    device_write(device, VIRTIO_MMIO_Status, 0);
    /* Status is 0 again when the device has let go of everything (2.4.1). It raises no interrupt
     * for that, so this is the one thing that has to be looked for. */
    while (device_read(device, VIRTIO_MMIO_Status) != 0) {
        if (platform_now_ns() > end_ns)
            return false;
        platform_relax();
    }
    return true;
}

/* One word of 32 features after the other. A legacy device has only the first one. */
static void agree_on_features(struct device *device, uint64_t wanted)
{
    device->features = 0;
    for (uint32_t word = 0; word < (device->legacy ? 1u : 2u); word++) {
        uint32_t agreed;
        device_write(device, VIRTIO_MMIO_DeviceFeaturesSel, word);
        agreed = device_read(device, VIRTIO_MMIO_DeviceFeatures) & (uint32_t)(wanted >> 32 * word);
        device_write(device, VIRTIO_MMIO_DriverFeaturesSel, word);
        device_write(device, VIRTIO_MMIO_DriverFeatures, agreed);
        device->features |= (uint64_t)agreed << 32 * word;
    }
}

enum suite_result device_begin(struct device *device, uint64_t wanted)
{
    if (!device_reset(device))
        return SUITE_TIMEOUT;
    add_status(device, VIRTIO_STATUS_ACKNOWLEDGE);
    add_status(device, VIRTIO_STATUS_DRIVER);

    if (device->legacy) {
        agree_on_features(device, wanted | VIRTIO_BIT(VIRTIO_F_ANY_LAYOUT));
        /* The unit of QueuePFN; FEATURES_OK came with version 2. */
        device_write(device, VIRTIO_MMIO_GuestPageSize, LEGACY_PAGE_SIZE);
        return SUITE_OK;
    }
    /* Addresses and barriers are the platform's, so they suit any device: 6.1 wants that said. */
    agree_on_features(device, wanted | VIRTIO_BIT(VIRTIO_F_VERSION_1) |
                                  VIRTIO_BIT(VIRTIO_F_ACCESS_PLATFORM) |
                                  VIRTIO_BIT(VIRTIO_F_ORDER_PLATFORM));
    add_status(device, VIRTIO_STATUS_FEATURES_OK);
    if (!device_has(device, VIRTIO_F_VERSION_1) ||
        (device_read(device, VIRTIO_MMIO_Status) & VIRTIO_STATUS_FEATURES_OK) == 0)
        return SUITE_BAD_DEVICE;
    return SUITE_OK;
}

void device_go(struct device *device)
{
    add_status(device, VIRTIO_STATUS_DRIVER_OK);
}

void device_give_up(struct device *device)
{
    add_status(device, VIRTIO_STATUS_FAILED);
}

/* ---- what it tells -----------------------------------------------------------------------------
 */

bool device_asks_for_reset(struct device *device)
{
    if ((device_read(device, VIRTIO_MMIO_Status) & VIRTIO_STATUS_DEVICE_NEEDS_RESET) != 0)
        device->needs_reset = true;
    return device->needs_reset;
}

uint32_t device_interrupted(struct device *device)
{
    uint32_t what = device_read(device, VIRTIO_MMIO_InterruptStatus) &
                    (VIRTIO_MMIO_INT_USED | VIRTIO_MMIO_INT_CONFIG);

    if ((what & VIRTIO_MMIO_INT_CONFIG) != 0 && !device_asks_for_reset(device))
        device->config_changed = true;
    return what;
}

void device_acknowledge(struct device *device, uint32_t what)
{
    if (what != 0)
        device_write(device, VIRTIO_MMIO_InterruptACK, what);
}
