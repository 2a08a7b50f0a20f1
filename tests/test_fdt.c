/*
 * What images use where Debian has no libfdt: each answer is libfdt's, on the trees that the
 * simulated machines have and on one made of boot information; and no broken tree is walked out of.
 */
#include <check.h>
#include <libfdt.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bus.h"
#include "tree.h"

int our_check_header(const void *tree);
int our_next_node(const void *tree, int node, int *depth);
int our_node_check_compatible(const void *tree, int node, const char *compatible);
const void *our_getprop(const void *tree, int node, const char *name, int *bytes);
int our_parent_offset(const void *tree, int node);
int our_path_offset(const void *tree, const char *path);
int our_node_offset_by_compatible(const void *tree, int start, const char *compatible);
int our_node_offset_by_prop_value(const void *tree, int start, const char *name, const void *value,
                                  int value_bytes);
int our_address_cells(const void *tree, int node);
int our_size_cells(const void *tree, int node);

#define RAM_BYTES 0x8000000u
#define NODES_MAX 1000

static struct bus bus;

/* Row `which`: a simulated machine's tree, or behind them the one that tree.c makes. */
static const void *tree_of(int which)
{
    if (which < MACHINE_COUNT) {
        struct sim_machine machine = machine_by_name((enum machine_name)which);
        ck_assert_ptr_null(bus_create(&bus, &machine, 2, machine.ram_base, RAM_BYTES));
        return bus.fdt;
    }
    tree_begin(0x100000, RAM_BYTES, "call init and more", strlen("call init"));
    for (uint32_t i = 0; i < 128; i++)
        tree_slot(0xff010000u + i * 0x200, 0x200, 40 + i);
    return tree_end();
}

static void compare_property(const void *tree, int node, const char *name)
{
    int bytes = 0, our_bytes = 0;
    const void *value = fdt_getprop(tree, node, name, &bytes);

    ck_assert_ptr_eq(our_getprop(tree, node, name, &our_bytes), value);
    ck_assert_int_eq(our_bytes, bytes);
}

START_TEST(every_answer_is_libfdts)
{
    static const char *const names[] = {"compatible", "reg",  "interrupts", "device_type",
                                        "bootargs",   "none", "#size-cells"};
    const void *tree = tree_of(_i);
    int nodes = 0;

    ck_assert_int_eq(fdt_check_header(tree), 0);
    ck_assert_int_eq(our_check_header(tree), 0);
    for (int node = 0; node >= 0; node = fdt_next_node(tree, node, NULL), nodes++) {
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            compare_property(tree, node, names[i]);
        ck_assert_int_eq(our_parent_offset(tree, node), fdt_parent_offset(tree, node));
        ck_assert_int_eq(our_address_cells(tree, node), fdt_address_cells(tree, node));
        ck_assert_int_eq(our_size_cells(tree, node), fdt_size_cells(tree, node));
        ck_assert_int_eq(our_node_check_compatible(tree, node, "virtio,mmio"),
                         fdt_node_check_compatible(tree, node, "virtio,mmio"));
        ck_assert_int_eq(our_next_node(tree, node, NULL), fdt_next_node(tree, node, NULL));
        ck_assert_int_eq(our_node_offset_by_compatible(tree, node, "virtio,mmio"),
                         fdt_node_offset_by_compatible(tree, node, "virtio,mmio"));
    }
    ck_assert_int_gt(nodes, 8);
    ck_assert_int_eq(our_path_offset(tree, "/chosen"), fdt_path_offset(tree, "/chosen"));
    ck_assert_int_eq(our_path_offset(tree, "/none"), fdt_path_offset(tree, "/none"));
    ck_assert_int_eq(our_node_offset_by_prop_value(tree, -1, "device_type", "memory",
                                                   sizeof "memory"),
                     fdt_node_offset_by_prop_value(tree, -1, "device_type", "memory",
                                                   sizeof "memory"));
}
END_TEST

/* From the beginning, and from each node: then it ends where that node does. */
START_TEST(a_walk_knows_its_depth)
{
    const void *tree = tree_of(_i);
    int deepest = 0;

    for (int i = 0, start = -1; i == 0 || start >= 0;
         i++, start = fdt_next_node(tree, start, NULL)) {
        int node = start, ours = start, depth = start < 0 ? -1 : 0, our_depth = depth, nodes = 0;
        do {
            node = fdt_next_node(tree, node, &depth);
            ours = our_next_node(tree, ours, &our_depth);
            ck_assert_int_eq(ours, node);
            ck_assert_int_eq(our_depth, depth);
            deepest = depth > deepest ? depth : deepest;
        } while (node >= 0 && depth >= 0 && nodes++ < NODES_MAX);
        ck_assert_int_lt(depth, 0);
    }
    ck_assert_int_gt(deepest, 0);
}
END_TEST

START_TEST(a_tree_made_of_boot_information_is_whole)
{
    const void *tree = tree_of(MACHINE_COUNT);
    int bytes = 0, slots = 0;

    ck_assert_int_eq(fdt_check_full(tree, fdt_totalsize(tree)), 0);
    int node = fdt_path_offset(tree, "/chosen");
    const char *bootargs = fdt_getprop(tree, node, "bootargs", &bytes);
    ck_assert_str_eq(bootargs, "call init");
    ck_assert_int_eq(bytes, sizeof "call init");
    node = -1;
    while ((node = fdt_node_offset_by_compatible(tree, node, "virtio,mmio")) >= 0) {
        const fdt64_t *reg = fdt_getprop(tree, node, "reg", NULL);
        ck_assert_uint_eq(fdt64_ld(reg), 0xff010000u + (uint32_t)slots * 0x200);
        ck_assert_uint_eq(fdt32_ld(fdt_getprop(tree, node, "interrupts", NULL)),
                          40u + (uint32_t)slots);
        slots++;
    }
    ck_assert_int_eq(slots, 128);
}
END_TEST

START_TEST(a_command_line_that_does_not_fit_gives_no_tree)
{
    static char text[10000];

    memset(text, 'x', sizeof text);
    tree_begin(0, RAM_BYTES, text, sizeof text);
    ck_assert_ptr_null(tree_end());
    ck_assert_ptr_nonnull(tree_of(MACHINE_COUNT));
}
END_TEST

/* Each word of the structure broken, one at a time: every walk must end, and inside the blob. */
START_TEST(a_broken_tree_is_not_walked_out_of)
{
    const void *whole = tree_of(MACHINE_VIRT_AARCH64);
    size_t bytes = fdt_totalsize(whole);
    uint8_t *tree = malloc(bytes);

    for (uint32_t at = fdt_off_dt_struct(whole); at < fdt_off_dt_strings(whole); at += 4) {
        memcpy(tree, whole, bytes);
        memset(tree + at, at % 8 ? 0xff : 0x01, 4);
        int node = -1;
        for (int i = 0; i < 200; i++) {
            node = our_node_offset_by_compatible(tree, node, "virtio,mmio");
            if (node < 0)
                break;
            our_parent_offset(tree, node);
        }
        our_path_offset(tree, "/chosen");
    }
    free(tree);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fdt");
    TCase *tests = tcase_create("fdt");

    tcase_add_loop_test(tests, every_answer_is_libfdts, 0, MACHINE_COUNT + 1);
    tcase_add_loop_test(tests, a_walk_knows_its_depth, 0, MACHINE_COUNT + 1);
    tcase_add_test(tests, a_tree_made_of_boot_information_is_whole);
    tcase_add_test(tests, a_command_line_that_does_not_fit_gives_no_tree);
    tcase_add_test(tests, a_broken_tree_is_not_walked_out_of);
    suite_add_tcase(suite, tests);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
