/*
 * Devices in the device tree: what a node says, in any number of cells, and what says too little.
 */
#include <check.h>
#include <libfdt.h>
#include <string.h>
#include "driver_platform.h"
#include "transport.h"
#include "virtio/config.h"

#define TREE_BYTES 0x100000
#define CELLS_MAX  6
#define NODES_MAX  65536 /* as discover.c has it, the root among them */
#define DEPTH_MAX  16

static char tree[TREE_BYTES];
static uint32_t registers[VIRTIO_MMIO_WINDOW_BYTES / 4];

struct node {
    const char *name;
    int address_cells, size_cells; /* of its parent */
    int reg_cells;                 /* 0 = it has no such property */
    uint32_t reg[CELLS_MAX];
    int interrupt_cells; /* 0 = it has no such property */
    uint32_t interrupts[CELLS_MAX];
    /* what the driver makes of it */
    uint64_t addr; /* 0 = it is passed over */
    uint64_t size_bytes;
    uint32_t interrupt;
};

static const struct node NODES[] = {
    {"one cell each", 1, 1, 2, {0x0a000000, 0x200}, 1, {7}, 0x0a000000, 0x200, 7},
    {"two cells each", 2, 2, 4, {1, 0x0a000000, 0, 0x200}, 1, {7}, 0x10a000000, 0x200, 7},
    {"two and one", 2, 1, 3, {1, 0x0a000000, 0x200}, 1, {7}, 0x10a000000, 0x200, 7},
    {"one and two", 1, 2, 3, {0x0a000000, 0, 0x200}, 1, {7}, 0x0a000000, 0x200, 7},
    {"a second window", 1, 1, 4, {0x0a000000, 0x200, 1, 2}, 1, {7}, 0x0a000000, 0x200, 7},
    {"no address cells", 0, 1, 2, {0x0a000000, 0x200}, 1, {7}, 0, 0, 0},
    {"three address cells", 3, 1, 4, {0, 1, 0x0a000000, 0x200}, 1, {7}, 0, 0, 0},
    {"no size cells", 1, 0, 2, {0x0a000000, 0x200}, 1, {7}, 0, 0, 0},
    {"three size cells", 1, 3, 4, {0x0a000000, 0, 0, 0x200}, 1, {7}, 0, 0, 0},
    {"no window", 1, 1, 0, {0}, 1, {7}, 0, 0, 0},
    {"half a window", 1, 1, 1, {0x0a000000}, 1, {7}, 0, 0, 0},
    {"three quarters of a window", 2, 2, 3, {0, 0x0a000000, 0}, 1, {7}, 0, 0, 0},
    {"the least window", 1, 1, 2, {0x0a000000, 0x100}, 1, {7}, 0x0a000000, 0x100, 7},
    {"a window too small", 1, 1, 2, {0x0a000000, 0xff}, 1, {7}, 0, 0, 0},
    {"no interrupt", 1, 1, 2, {0x0a000000, 0x200}, 0, {0}, 0x0a000000, 0x200, 0},
    {"a shared interrupt", 1, 1, 2, {0x0a000000, 0x200}, 3, {0, 16, 1}, 0x0a000000, 0x200, 48},
    {"a private interrupt", 1, 1, 2, {0x0a000000, 0x200}, 3, {1, 3, 4}, 0x0a000000, 0x200, 19},
    {"of a third bank", 1, 1, 2, {0x0a000000, 0x200}, 3, {2, 3, 4}, 0x0a000000, 0x200, 0},
    {"two cells", 1, 1, 2, {0x0a000000, 0x200}, 2, {0, 16}, 0x0a000000, 0x200, 0},
    {"four cells", 1, 1, 2, {0x0a000000, 0x200}, 4, {0, 16, 1, 9}, 0x0a000000, 0x200, 48},
};

static void good(int error)
{
    ck_assert_int_eq(error, 0);
}

static void put_cells(const char *name, const uint32_t *cell, int count)
{
    fdt32_t raw[CELLS_MAX];

    if (count == 0)
        return;
    for (int i = 0; i < count; i++)
        raw[i] = cpu_to_fdt32(cell[i]);
    good(fdt_property(tree, name, raw, count * (int)sizeof(raw[0])));
}

static void begin_tree(uint32_t address_cells, uint32_t size_cells)
{
    test_platform_reset();
    memset(registers, 0, sizeof(registers));
    registers[VIRTIO_MMIO_MagicValue / 4] = VIRTIO_MMIO_MAGIC;
    registers[VIRTIO_MMIO_Version / 4] = VIRTIO_VERSION_MODERN;
    registers[VIRTIO_MMIO_DeviceID / 4] = VIRTIO_ID_GPU;
    test_platform.registers = registers;
    test_platform.tree = tree;
    good(fdt_create(tree, TREE_BYTES));
    good(fdt_finish_reservemap(tree));
    good(fdt_begin_node(tree, ""));
    good(fdt_property_u32(tree, "#address-cells", address_cells));
    good(fdt_property_u32(tree, "#size-cells", size_cells));
}

static void put_node(const char *compatible, const struct node *node)
{
    good(fdt_begin_node(tree, "virtio_mmio"));
    good(fdt_property(tree, "compatible", compatible, (int)strlen(compatible) + 1));
    put_cells("reg", node->reg, node->reg_cells);
    put_cells("interrupts", node->interrupts, node->interrupt_cells);
    good(fdt_end_node(tree));
}

static void end_tree(void)
{
    good(fdt_end_node(tree));
    good(fdt_finish(tree));
}

START_TEST(a_node_is_read_as_its_cells_say)
{
    const struct node *node = &NODES[_i];
    struct virtio_device found;
    enum virtio_result result;

    begin_tree((uint32_t)node->address_cells, (uint32_t)node->size_cells);
    put_node("virtio,mmio", node);
    end_tree();
    result = virtio_discover(VIRTIO_ID_GPU, &found);
    ck_assert_msg(result == (node->addr != 0 ? VIRTIO_OK : VIRTIO_NO_DEVICE), "%s", node->name);
    ck_assert_msg(test_platform.mapped_addr == node->addr, "%s", node->name);
    ck_assert_msg(test_platform.mapped_bytes == node->size_bytes, "%s", node->name);
    ck_assert_msg(found.interrupt == node->interrupt, "%s", node->name);
    ck_assert_msg((found.registers != NULL) == (node->addr != 0), "%s", node->name);
}
END_TEST

START_TEST(only_a_device_of_the_kind_that_is_looked_for_is_found)
{
    struct virtio_device found;

    begin_tree(1, 1);
    put_node("arm,pl011", &NODES[0]);
    end_tree();
    ck_assert_int_eq(virtio_discover(VIRTIO_ID_GPU, &found), VIRTIO_NO_DEVICE);
    ck_assert_uint_eq(test_platform.mapped_addr, 0);

    begin_tree(1, 1);
    put_node("virtio,mmio", &NODES[0]);
    end_tree();
    ck_assert_int_eq(virtio_discover(VIRTIO_ID_BLOCK, &found), VIRTIO_NO_DEVICE);
    ck_assert_ptr_null((void *)(uintptr_t)found.registers);
    registers[VIRTIO_MMIO_MagicValue / 4] = 0; /* the slot's id is right, and it is no virtio */
    ck_assert_int_eq(virtio_discover(VIRTIO_ID_GPU, &found), VIRTIO_NO_DEVICE);
}
END_TEST

/* Nodes that are no slots are passed over, as far as there is a bound to it. */
START_TEST(the_first_65536_nodes_are_looked_at)
{
    struct virtio_device found;

    for (int before = NODES_MAX - 2; before <= NODES_MAX - 1; before++) {
        begin_tree(1, 1);
        for (int i = 0; i < before; i++) {
            good(fdt_begin_node(tree, "n"));
            good(fdt_end_node(tree));
        }
        put_node("virtio,mmio", &NODES[0]);
        end_tree();
        ck_assert_int_eq(virtio_discover(VIRTIO_ID_GPU, &found),
                         before + 1 < NODES_MAX ? VIRTIO_OK : VIRTIO_NO_DEVICE);
    }
}
END_TEST

START_TEST(a_slot_in_sixteen_nodes_is_not_looked_for)
{
    struct virtio_device found;

    for (int around = 1; around <= DEPTH_MAX; around++) {
        begin_tree(1, 1);
        for (int i = 1; i < around; i++) {
            good(fdt_begin_node(tree, "bus"));
            good(fdt_property_u32(tree, "#address-cells", 1));
            good(fdt_property_u32(tree, "#size-cells", 1));
        }
        put_node("virtio,mmio", &NODES[0]);
        for (int i = 1; i < around; i++)
            good(fdt_end_node(tree));
        end_tree();
        ck_assert_int_eq(virtio_discover(VIRTIO_ID_GPU, &found),
                         around < DEPTH_MAX ? VIRTIO_OK : VIRTIO_NO_DEVICE);
    }
}
END_TEST

START_TEST(a_machine_without_a_tree_has_no_devices)
{
    struct virtio_device found = {.interrupt = 1};

    begin_tree(1, 1);
    put_node("virtio,mmio", &NODES[0]);
    end_tree();
    fdt_set_magic(tree, 0);
    ck_assert_int_eq(virtio_discover(VIRTIO_ID_GPU, &found), VIRTIO_NO_DEVICE);
    ck_assert_ptr_nonnull(test_platform.last_log);
    ck_assert_uint_eq(found.interrupt, 0);
    test_platform.last_log = NULL;
    test_platform.tree = NULL;
    ck_assert_int_eq(virtio_discover(VIRTIO_ID_GPU, &found), VIRTIO_NO_DEVICE);
    ck_assert_ptr_nonnull(test_platform.last_log);
    ck_assert_uint_eq(test_platform.mapped_addr, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("discover");
    TCase *tcase = tcase_create("discover");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tcase, a_node_is_read_as_its_cells_say, 0,
                        (int)(sizeof(NODES) / sizeof(NODES[0])));
    tcase_add_test(tcase, only_a_device_of_the_kind_that_is_looked_for_is_found);
    tcase_add_test(tcase, the_first_65536_nodes_are_looked_at);
    tcase_add_test(tcase, a_slot_in_sixteen_nodes_is_not_looked_for);
    tcase_add_test(tcase, a_machine_without_a_tree_has_no_devices);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
