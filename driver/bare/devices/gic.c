/*
 * Arm's interrupt controller GICv2: distributor and processor interface.
 */
#include <libfdt.h>

#include "devices.h"
#include "platform.h"

#define GICD_CTLR      0x000u
#define GICD_ISENABLER 0x100u
#define GICD_ICENABLER 0x180u
#define GICD_ITARGETSR 0x800u
#define GICC_CTLR      0x000u
#define GICC_PMR       0x004u
#define GICC_IAR       0x00cu
#define GICC_EOIR      0x010u
#define GIC_LINES      1020u /* numbers from here on are not lines */
#define GIC_SPI_FIRST  32u

static uintptr_t distributor = 0x08000000;
static uintptr_t interface = 0x08010000;

void gic_begin(const void *tree)
{
    int node = fdt_node_offset_by_compatible(tree, -1, "arm,cortex-a15-gic");
    int bytes = 0;
    const fdt64_t *reg = node < 0 ? NULL : fdt_getprop(tree, node, "reg", &bytes);

    if (reg != NULL && bytes >= 4 * (int)sizeof(*reg)) {
        distributor = (uintptr_t)fdt64_ld(&reg[0]);
        interface = (uintptr_t)fdt64_ld(&reg[2]);
    }
    write_le32(distributor + GICD_CTLR, 1);
    write_le32(interface + GICC_PMR, 0xff);
    write_le32(interface + GICC_CTLR, 1);
}

void gic_line(uint32_t interrupt, bool on)
{
    uint32_t word = interrupt / 32 * 4;

    if (interrupt >= GIC_LINES)
        return;
    if (on && interrupt >= GIC_SPI_FIRST) /* one byte a line: to the first processor */
        *reg8(distributor + GICD_ITARGETSR + interrupt) = 1;
    write_le32(distributor + (on ? GICD_ISENABLER : GICD_ICENABLER) + word, 1u << interrupt % 32);
    platform_mb();
}

bool gic_acknowledge(uint32_t *interrupt, uint32_t *token)
{
    *token = read_le32(interface + GICC_IAR);
    *interrupt = *token & 0x3ff;
    return *interrupt < GIC_LINES;
}

void gic_end(uint32_t token)
{
    platform_mb();
    write_le32(interface + GICC_EOIR, token);
}
