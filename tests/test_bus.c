/*
 * The bus: the device tree says where the slots are, and an access goes to the slot that it names.
 */
#include "bus.h"

#include <check.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>
#include "virtio/mmio.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define RAM_BASE     UINT64_C(0x140000000) /* above 4 GiB, so that both cells count */
#define RAM_BYTES    UINT64_C(0x208000000)
#define GPU_SLOT     31u
#define SLOTS        32u
#define SLOT_BYTES   0x200u
#define BUS_BASE     UINT64_C(0x0a000000)
#define BUS_BYTES    (SLOTS * SLOT_BYTES)

static struct bus bus;

static void setup(void)
{
    struct sim_machine machine = machine_by_name(MACHINE_VIRT_AARCH64);
    const char *error = bus_create(&bus, &machine, 2, RAM_BASE, RAM_BYTES);
    ck_assert_msg(error == NULL, "%s", error);
}

/* ---- a device that is nothing but registers ---- */

static const struct sim_class bare_class = {.name = "bare",
                                            .device_id = 16,
                                            .queue_count = 1,
                                            .config_bytes = 0};

static void ignore_reset(struct sim_device *device)
{
    (void)device;
}

static void ignore_event(void *context, struct event *event)
{
    (void)context;
    (void)event;
}

static struct arena arena;
static struct sim_device device;
static struct sim_class class;

static void setup_with_device(void)
{
    setup();
    struct arena_config arena_config = {.base = 0x40000000, .size_bytes = 1 << 20};
    ck_assert_ptr_null(arena_create(&arena, &arena_config));
    class = bare_class;
    class.reset = ignore_reset;
    struct sim_config config = {.version = 2,
                                .slot = GPU_SLOT,
                                .features = UINT64_C(1) << 32,
                                .queue_size_max = 8};
    sim_device_create(&device, &config, &class, &arena,
                      (struct event_observer){ignore_event, NULL});
    bus_plug(&bus, GPU_SLOT, &device);
}

static void teardown_with_device(void)
{
    sim_device_destroy(&device);
    arena_destroy(&arena);
}

/* ---- the device tree ---- */

static uint64_t cells(const char *path, const char *name, int first, int count)
{
    int bytes = 0;
    int node = fdt_path_offset(bus.fdt, path);
    ck_assert_msg(node >= 0, "no node %s", path);
    const fdt32_t *cell = fdt_getprop(bus.fdt, node, name, &bytes);
    ck_assert_msg(cell != NULL && bytes >= (first + count) * 4, "%s has no %s", path, name);
    uint64_t value = 0;
    for (int i = first; i < first + count; i++) {
        value = value << 32 | fdt32_to_cpu(cell[i]);
    }
    return value;
}

static void check_flag(const char *path, const char *name)
{
    int bytes = -1;
    const void *flag = fdt_getprop(bus.fdt, fdt_path_offset(bus.fdt, path), name, &bytes);
    ck_assert_msg(flag != NULL && bytes == 0, "%s has no empty %s", path, name);
}

static const char *string(const char *path, const char *name)
{
    int bytes = 0;
    const char *text = fdt_getprop(bus.fdt, fdt_path_offset(bus.fdt, path), name, &bytes);
    ck_assert_msg(text != NULL && bytes == (int)strlen(text) + 1, "%s has no %s", path, name);
    return text;
}

START_TEST(the_tree_is_whole_and_has_the_root_of_qemus_virt)
{
    ck_assert_int_eq(fdt_check_full(bus.fdt, sizeof bus.fdt), 0);
    ck_assert_uint_eq(cells("/", "#address-cells", 0, 1), 2);
    ck_assert_uint_eq(cells("/", "#size-cells", 0, 1), 2);
    ck_assert_str_eq(string("/", "compatible"), "linux,dummy-virt");
    ck_assert_int_ge(fdt_path_offset(bus.fdt, "/chosen"), 0);
    uint32_t parent = (uint32_t)cells("/", "interrupt-parent", 0, 1);
    int controller = fdt_node_offset_by_phandle(bus.fdt, parent);
    ck_assert_int_eq(controller, fdt_path_offset(bus.fdt, "/intc@8000000"));
    ck_assert_int_ge(controller, 0);
    ck_assert_str_eq(string("/", "model"), "linux,dummy-virt");
    ck_assert_str_eq(string("/intc@8000000", "compatible"), "arm,cortex-a15-gic");
    check_flag("/intc@8000000", "interrupt-controller");
    check_flag("/intc@8000000", "ranges");
    ck_assert_uint_eq(cells("/intc@8000000", "#address-cells", 0, 1), 2);
    ck_assert_uint_eq(cells("/intc@8000000", "#size-cells", 0, 1), 2);
    ck_assert_uint_eq(cells("/intc@8000000", "#interrupt-cells", 0, 1), 3);
    ck_assert_uint_eq(cells("/intc@8000000", "reg", 0, 2), 0x08000000);
    ck_assert_uint_eq(cells("/intc@8000000", "reg", 4, 2), 0x08010000);
}
END_TEST

START_TEST(the_memory_node_tells_base_and_size_in_two_cells_each)
{
    ck_assert_str_eq(string("/memory@140000000", "device_type"), "memory");
    ck_assert_uint_eq(cells("/memory@140000000", "reg", 0, 2), RAM_BASE);
    ck_assert_uint_eq(cells("/memory@140000000", "reg", 2, 2), RAM_BYTES);
}
END_TEST

START_TEST(every_slot_has_a_node_with_its_window_and_interrupt)
{
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        char path[40];
        snprintf(path, sizeof path, "/virtio_mmio@%x", 0xa000000 + slot * 0x200);
        ck_assert_str_eq(string(path, "compatible"), "virtio,mmio");
        ck_assert_uint_eq(cells(path, "reg", 0, 2), 0xa000000 + slot * 0x200);
        ck_assert_uint_eq(cells(path, "reg", 2, 2), 0x200);
        ck_assert_uint_eq(cells(path, "interrupts", 0, 1), 0);         /* SPI */
        ck_assert_uint_eq(cells(path, "interrupts", 1, 1), 16 + slot); /* counted from 32 */
        ck_assert_uint_eq(cells(path, "interrupts", 2, 1), 1);         /* edge, rising */
        check_flag(path, "dma-coherent");
    }
}
END_TEST

/* ---- other machines ---- */

static const struct {
    enum machine_name name;
    const char *folder; /* of the tree, where the slots are */
    uint64_t base, ram_base;
    uint32_t stride, slots, interrupt, slot;
    bool backwards; /* the last slot comes first */
} machines[] = {
    {MACHINE_VIRT_AARCH64, "", 0x0a000000, 0x40000000, 0x200, 32, 16, 31, false},
    {MACHINE_VIRT_ARM, "", 0x0a000000, 0x40000000, 0x200, 32, 16, 31, false},
    {MACHINE_VIRT_RISCV, "/soc", 0x10001000, 0x80000000, 0x1000, 8, 1, 0, true},
    {MACHINE_MICROVM, "", 0xfeb00000, 0x00100000, 0x200, 24, 24, 23, false},
    {MACHINE_VIRT_M68K, "", 0xff010000, 0, 0x200, 128, 40, 0, false},
};

START_TEST(every_machine_has_its_slots_where_qemu_has_them)
{
    ck_assert_uint_eq(COUNT(machines), MACHINE_COUNT);
    for (size_t i = 0; i < COUNT(machines); i++) {
        struct sim_machine machine = machine_by_name(machines[i].name);
        int cell = machine.interrupts == MACHINE_GIC ? 1 : 0;
        char path[64];
        ck_assert_uint_eq(machine.ram_base, machines[i].ram_base);
        ck_assert_uint_eq(machine.slot, machines[i].slot);
        ck_assert_uint_eq(machine_bytes(&machine), machines[i].stride * machines[i].slots);
        ck_assert_ptr_null(bus_create(&bus, &machine, 2, RAM_BASE, RAM_BYTES));
        ck_assert_int_eq(fdt_check_full(bus.fdt, sizeof bus.fdt), 0);
        for (uint32_t slot = 0; slot < machines[i].slots; slot++) {
            uint64_t addr = machines[i].base + slot * machines[i].stride;
            snprintf(path, sizeof path, "%s/virtio_mmio@%llx", machines[i].folder,
                     (unsigned long long)addr);
            ck_assert_uint_eq(cells(path, "reg", 0, 2), addr);
            ck_assert_uint_eq(cells(path, "reg", 2, 2), machines[i].stride);
            ck_assert_uint_eq(cells(path, "interrupts", cell, 1), machines[i].interrupt + slot);
        }
        snprintf(path, sizeof path, "%s/virtio_mmio@%llx", machines[i].folder,
                 (unsigned long long)machines[i].base + machines[i].slots * machines[i].stride);
        ck_assert_int_lt(fdt_path_offset(bus.fdt, path), 0);
        int first = fdt_node_offset_by_compatible(bus.fdt, -1, "virtio,mmio");
        const fdt32_t *reg = fdt_getprop(bus.fdt, first, "reg", NULL);
        uint32_t expected = machines[i].backwards ? machines[i].slots - 1 : 0;
        ck_assert_uint_eq(fdt32_to_cpu(reg[1]),
                          (uint32_t)machines[i].base + expected * machines[i].stride);
    }
}
END_TEST

START_TEST(risc_v_slots_name_the_interrupt_controller)
{
    struct sim_machine machine = machine_by_name(MACHINE_VIRT_RISCV);
    ck_assert_ptr_null(bus_create(&bus, &machine, 2, RAM_BASE, RAM_BYTES));
    uint32_t parent = (uint32_t)cells("/soc/virtio_mmio@10001000", "interrupt-parent", 0, 1);
    ck_assert_int_eq(fdt_node_offset_by_phandle(bus.fdt, parent),
                     fdt_path_offset(bus.fdt, "/soc/plic@c000000"));
    ck_assert_uint_eq(cells("/soc/plic@c000000", "#interrupt-cells", 0, 1), 1);
    ck_assert_str_eq(string("/", "compatible"), "riscv-virtio");
    check_flag("/soc", "ranges");
}
END_TEST

/* Every word of every slot, whatever the distance from one to the next. */
START_TEST(the_slots_of_every_machine_answer_as_empty_ones)
{
    for (size_t i = 0; i < COUNT(machines); i++) {
        struct sim_machine machine = machine_by_name(machines[i].name);
        ck_assert_ptr_null(bus_create(&bus, &machine, 1, RAM_BASE, RAM_BYTES));
        for (uint32_t slot = 0; slot < machine.slots; slot++) {
            uint32_t at = machine_slot_offset(&machine, slot);
            ck_assert_uint_eq(bus_read(&bus, at + VIRTIO_MMIO_MagicValue, 4), VIRTIO_MMIO_MAGIC);
            ck_assert_uint_eq(bus_read(&bus, at + VIRTIO_MMIO_Version, 4), 1);
            ck_assert_uint_eq(bus_read(&bus, at + VIRTIO_MMIO_DeviceID, 4), 0);
            ck_assert_uint_eq(bus_read(&bus, at + VIRTIO_MMIO_VendorID, 4), SIM_VENDOR_ID);
            uint32_t last = at + machine_slot_bytes(&machine) - 4;
            ck_assert_int_eq(bus_check(&bus, last, 4, false), EVENT_VERDICT_EMPTY_SLOT);
            ck_assert_int_eq(bus_check(&bus, last + 2, 4, false), EVENT_VERDICT_GAP);
        }
        uint32_t end = machine_bytes(&machine);
        ck_assert_int_eq(bus_check(&bus, end, 4, false), EVENT_VERDICT_GAP);
        ck_assert_uint_eq(bus_read(&bus, end, 4), 0);
    }
}
END_TEST

START_TEST(a_search_by_compatible_finds_each_slot_once_and_the_first_one_first)
{
    uint32_t count = 0;
    int node = fdt_node_offset_by_compatible(bus.fdt, -1, "virtio,mmio");
    for (; node >= 0 && count <= SLOTS; count++) {
        const fdt32_t *reg = fdt_getprop(bus.fdt, node, "reg", NULL);
        ck_assert_uint_eq(fdt32_to_cpu(reg[1]), BUS_BASE + count * SLOT_BYTES);
        node = fdt_node_offset_by_compatible(bus.fdt, node, "virtio,mmio");
    }
    ck_assert_uint_eq(count, SLOTS);
}
END_TEST

START_TEST(the_tree_leaves_room_in_its_buffer)
{
    ck_assert_uint_le(fdt_totalsize(bus.fdt), BUS_FDT_BYTES / 2);
}
END_TEST

/* ---- slots without a device ---- */

START_TEST(an_empty_slot_says_what_it_is_and_nothing_else)
{
    for (uint32_t version = 1; version <= 2; version++) {
        struct sim_machine machine = machine_by_name(MACHINE_VIRT_AARCH64);
        ck_assert_ptr_null(bus_create(&bus, &machine, version, RAM_BASE, RAM_BYTES));
        const uint64_t known[] = {VIRTIO_MMIO_MAGIC, version, 0, SIM_VENDOR_ID};
        for (uint32_t offset = 0; offset < BUS_BYTES; offset += 4) {
            uint32_t word = offset % SLOT_BYTES / 4;
            bool is_known = word < COUNT(known);
            ck_assert_uint_eq(bus_check(&bus, offset, 4, false),
                              is_known ? EVENT_VERDICT_OK : EVENT_VERDICT_EMPTY_SLOT);
            ck_assert_uint_eq(bus_read(&bus, offset, 4), is_known ? known[word] : 0);
            ck_assert_uint_eq(bus_check(&bus, offset, 4, true), EVENT_VERDICT_EMPTY_SLOT);
        }
    }
}
END_TEST

START_TEST(an_empty_slot_is_read_in_whole_words)
{
    static const uint32_t widths[] = {1, 2, 8};
    for (size_t i = 0; i < COUNT(widths); i++) {
        ck_assert_uint_eq(bus_check(&bus, 0, widths[i], false), EVENT_VERDICT_WIDTH);
        ck_assert_uint_eq(bus_read(&bus, 0, widths[i]), 0);
        ck_assert_uint_eq(bus_check(&bus, 16, widths[i], false), EVENT_VERDICT_EMPTY_SLOT);
    }
    for (uint32_t offset = 1; offset < 4; offset++) {
        ck_assert_uint_eq(bus_check(&bus, offset, 4, false), EVENT_VERDICT_ALIGN);
        ck_assert_uint_eq(bus_read(&bus, offset, 4), 0);
    }
}
END_TEST

START_TEST(a_write_into_an_empty_slot_changes_nothing)
{
    static struct bus before;
    before = bus;
    for (uint32_t offset = 0; offset < BUS_BYTES; offset += 4) {
        bus_write(&bus, offset, 4, UINT32_MAX);
    }
    ck_assert_mem_eq(&bus, &before, sizeof bus);
}
END_TEST

/* ---- slots with a device ---- */

START_TEST(an_access_goes_to_the_device_of_its_slot_only)
{
    const uint32_t base = GPU_SLOT * SLOT_BYTES;
    ck_assert_uint_eq(bus_read(&bus, base + VIRTIO_MMIO_DeviceID, 4), 16);
    ck_assert_uint_eq(bus_read(&bus, base - SLOT_BYTES + VIRTIO_MMIO_DeviceID, 4), 0);
    bus_write(&bus, base - SLOT_BYTES + VIRTIO_MMIO_Status, 4, 1);
    ck_assert_uint_eq(device.status, 0);
    bus_write(&bus, base + VIRTIO_MMIO_Status, 4, 1);
    ck_assert_uint_eq(device.status, 1);
    ck_assert_uint_eq(bus_read(&bus, base + VIRTIO_MMIO_Status, 4), 1);
    bus_plug(&bus, GPU_SLOT, NULL);
    ck_assert_uint_eq(bus_read(&bus, base + VIRTIO_MMIO_DeviceID, 4), 0);
    ck_assert_uint_eq(bus_check(&bus, base + VIRTIO_MMIO_Status, 4, true),
                      EVENT_VERDICT_EMPTY_SLOT);
}
END_TEST

START_TEST(the_device_judges_every_access_inside_its_slot)
{
    static const uint32_t widths[] = {1, 2, 4, 8};
    for (uint32_t offset = 0; offset < SLOT_BYTES; offset++) {
        for (size_t i = 0; i < COUNT(widths) && offset + widths[i] <= SLOT_BYTES; i++) {
            for (int is_write = 0; is_write < 2; is_write++) {
                ck_assert_uint_eq(bus_check(&bus, GPU_SLOT * SLOT_BYTES + offset, widths[i],
                                            is_write),
                                  mmio_check(&device, offset, widths[i], is_write));
            }
        }
    }
}
END_TEST

START_TEST(a_refused_access_reads_zero)
{
    const uint32_t base = GPU_SLOT * SLOT_BYTES;
    ck_assert_uint_eq(bus_read(&bus, base + VIRTIO_MMIO_MagicValue, 4), VIRTIO_MMIO_MAGIC);
    ck_assert_uint_eq(bus_read(&bus, base + VIRTIO_MMIO_MagicValue, 2), 0);
    ck_assert_uint_eq(bus_read(&bus, base + VIRTIO_MMIO_QueueNotify, 4), 0);
}
END_TEST

START_TEST(an_access_that_leaves_its_slot_or_the_bus_is_no_access)
{
    static const struct {
        uint32_t offset;
        uint32_t width_bytes;
    } cases[] = {
        {SLOT_BYTES - 2, 4}, {GPU_SLOT * SLOT_BYTES - 1, 2},
        {BUS_BYTES - 4, 8},  {BUS_BYTES, 4},
        {BUS_BYTES + 4, 1},  {UINT32_MAX, 1},
        {UINT32_MAX - 3, 4}, {UINT32_MAX, UINT32_MAX},
        {0, SLOT_BYTES + 1}, {0, UINT32_MAX},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        ck_assert_uint_eq(bus_check(&bus, cases[i].offset, cases[i].width_bytes, false),
                          EVENT_VERDICT_GAP);
        ck_assert_uint_eq(bus_check(&bus, cases[i].offset, cases[i].width_bytes, true),
                          EVENT_VERDICT_GAP);
        ck_assert_uint_eq(bus_read(&bus, cases[i].offset, cases[i].width_bytes), 0);
        bus_write(&bus, cases[i].offset, cases[i].width_bytes, UINT64_MAX);
    }
    ck_assert_uint_eq(device.status, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bus");
    TCase *empty = tcase_create("empty");
    tcase_add_checked_fixture(empty, setup, NULL);
    tcase_add_test(empty, the_tree_is_whole_and_has_the_root_of_qemus_virt);
    tcase_add_test(empty, the_memory_node_tells_base_and_size_in_two_cells_each);
    tcase_add_test(empty, every_slot_has_a_node_with_its_window_and_interrupt);
    tcase_add_test(empty, a_search_by_compatible_finds_each_slot_once_and_the_first_one_first);
    tcase_add_test(empty, every_machine_has_its_slots_where_qemu_has_them);
    tcase_add_test(empty, risc_v_slots_name_the_interrupt_controller);
    tcase_add_test(empty, the_slots_of_every_machine_answer_as_empty_ones);
    tcase_add_test(empty, the_tree_leaves_room_in_its_buffer);
    tcase_add_test(empty, an_empty_slot_says_what_it_is_and_nothing_else);
    tcase_add_test(empty, an_empty_slot_is_read_in_whole_words);
    tcase_add_test(empty, a_write_into_an_empty_slot_changes_nothing);
    suite_add_tcase(suite, empty);

    TCase *plugged = tcase_create("plugged");
    tcase_add_checked_fixture(plugged, setup_with_device, teardown_with_device);
    tcase_add_test(plugged, an_access_goes_to_the_device_of_its_slot_only);
    tcase_add_test(plugged, the_device_judges_every_access_inside_its_slot);
    tcase_add_test(plugged, a_refused_access_reads_zero);
    tcase_add_test(plugged, an_access_that_leaves_its_slot_or_the_bus_is_no_access);
    suite_add_tcase(suite, plugged);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
