/*
 * Tests of the registers of queues, notifications, interrupts and configuration space.
 */
#include <check.h>
#include <string.h>

#include "device_rig.h"

static const uint64_t RING_FEATURES =
    VIRTIO_BIT(VIRTIO_F_INDIRECT_DESC) | VIRTIO_BIT(VIRTIO_F_EVENT_IDX);

/* ---- queues ---- */

START_TEST(queue_size_max_is_zero_for_a_queue_that_does_not_exist)
{
    for (uint32_t version = 1; version <= 2; version++) {
        struct bench *bench = bench_create(version, SPEC, 0, 10);
        static const struct {
            uint32_t sel, max;
        } row[] = {{0, 10}, {1, 10}, {2, 0}, {3, 0}, {4, 0}, {0x10000, 0}, {0xffffffff, 0}};
        for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
            bench_write(bench, VIRTIO_MMIO_QueueSel, row[i].sel);
            ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_QueueSizeMax), row[i].max);
            bench_write(bench, VIRTIO_MMIO_QueueReady, 1);
            bench_write(bench, VIRTIO_MMIO_QueuePFN, 7);
            ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_QueueReady),
                              version == 2 && row[i].max != 0);
            ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_QueuePFN),
                              version == 1 && row[i].max != 0 ? 7 : 0);
        }
        bench_destroy(bench);
        bench = bench_create(version, SPEC, 0, 0); /* no queue at all */
        ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_QueueSizeMax), 0);
        bench_write(bench, VIRTIO_MMIO_QueueReady, 1);
        bench_write(bench, VIRTIO_MMIO_QueuePFN, 1);
        ck_assert(!sim_queue_is_live(&bench->device, 0));
        bench_destroy(bench);
    }
}
END_TEST

START_TEST(qemu_ignores_a_queue_sel_from_1024)
{
    struct bench *bench = bench_create(2, QEMU, 0, 64);
    bench_write(bench, VIRTIO_MMIO_QueueSel, 1);
    bench_write(bench, VIRTIO_MMIO_QueueSel, 1024);
    ck_assert_uint_eq(bench->device.queue_sel, 1);
    bench_write(bench, VIRTIO_MMIO_QueueSel, 1023);
    ck_assert_uint_eq(bench->device.queue_sel, 1023);
    bench_destroy(bench);
}
END_TEST

START_TEST(queue_size_is_noted_when_wrong_and_ignored_when_impossible)
{
    for (uint32_t version = 1; version <= 2; version++) {
        struct bench *bench = bench_create(version, SPEC, 0, 100);
        ck_assert_uint_eq(bench->device.queue[0].size, 100); /* QueueSizeMax until written */
        for (uint32_t size = 0; size <= 130; size++) {
            bool fits = size >= 1 && size <= 100;
            bool power = size != 0 && (size & (size - 1)) == 0;
            uint32_t old = bench->device.queue[0].size;
            bench_forget(bench);
            bench_write(bench, VIRTIO_MMIO_QueueSize, size);
            ck_assert_uint_eq(bench->device.queue[0].size, fits ? size : old);
            ck_assert_uint_eq(bench->device.queue[1].size, 100);
            const struct event *event =
                bench_expect_refusal(bench,
                                     fits && power ? SIM_REFUSAL_NONE : SIM_REFUSAL_QUEUE_SIZE);
            if (event != NULL) {
                ck_assert_uint_eq(event->addr, size);
                ck_assert_uint_eq(event->extra, 100);
            }
        }
        bench_destroy(bench);
    }
}
END_TEST

START_TEST(area_addresses_are_made_of_two_halves_written_in_any_order)
{
    struct bench *bench = bench_create(2, SPEC, 0, 64);
    static const uint32_t low[] = {0x080, 0x090, 0x0a0};
    bench_write(bench, VIRTIO_MMIO_QueueSel, 1);
    for (size_t i = 0; i < ARRAY_SIZE(low); i++) {
        bench_write(bench, low[i] + 4, 0x11111111u * (uint32_t)(i + 1));
        bench_write(bench, low[i], 0x80000000u + (uint32_t)i);
        bench_write(bench, low[i] + 4, 0x22222222u * (uint32_t)(i + 1));
    }
    ck_assert_uint_eq(bench->device.queue[1].desc_addr, 0x2222222280000000);
    ck_assert_uint_eq(bench->device.queue[1].avail_addr, 0x4444444480000001);
    ck_assert_uint_eq(bench->device.queue[1].used_addr, 0x6666666680000002);
    ck_assert_uint_eq(bench->device.queue[0].desc_addr, 0);
    bench_destroy(bench);
}
END_TEST

START_TEST(queue_ready_reads_back_and_misaligned_areas_are_noted)
{
    struct bench *bench = bench_create(2, SPEC, 0, 64);
    for (uint32_t low = 0; low < 32; low++) {
        bench_write(bench, VIRTIO_MMIO_QueueReady, 0);
        ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_QueueReady), 0);
        bench_write(bench, VIRTIO_MMIO_QueueDescLow, low);
        bench_write(bench, VIRTIO_MMIO_QueueDriverLow, low);
        bench_write(bench, VIRTIO_MMIO_QueueDeviceLow, low);
        bench_forget(bench);
        bench_write(bench, VIRTIO_MMIO_QueueReady, 1);
        ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_QueueReady), 1);
        ck_assert_uint_eq(bench->refused[SIM_REFUSAL_QUEUE_ALIGN],
                          (uint32_t)(low % 16 != 0) + (low % 2 != 0) + (low % 4 != 0));
        uint32_t noted = bench->event_count;
        bench_write(bench, VIRTIO_MMIO_QueueReady, 1); /* nothing new */
        ck_assert_uint_eq(bench->event_count, noted);
    }
    bench_destroy(bench);
}
END_TEST

START_TEST(a_queue_reset_needs_the_feature_and_takes_one_queue_only)
{
    for (int negotiated = 0; negotiated <= 1; negotiated++) {
        for (enum sim_profile profile = SPEC; profile <= QEMU; profile++) {
            uint64_t feature = negotiated ? VIRTIO_BIT(VIRTIO_F_RING_RESET) : 0;
            struct bench *bench =
                bench_live(2, profile, VIRTIO_BIT(VIRTIO_F_RING_RESET) & feature, 16);
            bench_write(bench, VIRTIO_MMIO_QueueSel, 1);
            bench_write(bench, VIRTIO_MMIO_QueueSize, 8);
            bench_write(bench, VIRTIO_MMIO_QueueReady, 1);
            bench_write(bench, VIRTIO_MMIO_QueueSel, 0);
            bench_kick(bench);
            bench_forget(bench);
            bench_write(bench, VIRTIO_MMIO_QueueReset, 0);
            ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_QueueReady), 1);
            bench_write(bench, VIRTIO_MMIO_QueueReset, 1);
            bool done = negotiated && profile == SPEC;
            bench_expect_trace(bench, done ? "device reset by QueueReset of q0\n" : "");
            ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_QueueReset), 0);
            ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_QueueReady), done ? 0 : 1);
            ck_assert_uint_eq(sim_device_enabled(&bench->device), !done);
            ck_assert_uint_eq(bench->device.queue[0].size, done ? VIRTQ_SIZE_MAX : 16);
            ck_assert(sim_queue_is_live(&bench->device, 1) == (profile == SPEC)); /* no address */
            ck_assert_uint_eq(bench->device.queue[1].size, 8);
            ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_Status), 15);
            bench_destroy(bench);
        }
    }
}
END_TEST

/* ---- legacy queues ---- */

START_TEST(the_legacy_used_ring_lies_where_each_profile_computes_it)
{
    static const struct {
        enum sim_profile profile;
        uint32_t size, page, align, pfn;
        uint64_t desc, used;
    } row[] = {
        {QEMU, 16, 4096, 4, 0x400c7, 0x400c7000, 0x400c7124},
        {SPEC, 16, 4096, 4, 0x400c7, 0x400c7000, 0x400c7128},
        {QEMU, 16, 4096, 8, 0x400c7, 0x400c7000, 0x400c7128},
        {SPEC, 16, 4096, 8, 0x400c7, 0x400c7000, 0x400c7128},
        {QEMU, 16, 4096, 4096, 0x400c7, 0x400c7000, 0x400c8000},
        {SPEC, 16, 4096, 4096, 0x400c7, 0x400c7000, 0x400c8000},
        {QEMU, 16, 4096, 0, 0x400c7, 0x400c7000, 0x400c8000}, /* unset: 4096 */
        {SPEC, 16, 4096, 0, 0x400c7, 0x400c7000, 0x400c8000},
        {QEMU, 16, 0, 4, 0x400c7, 0x400c7, 0x401ec},   /* unset: a page of 1; address rounded up */
        {SPEC, 16, 0, 4, 0x400c7, 0x400c7, 0x401ef},   /* offset rounded up */
        {QEMU, 16, 0x3000, 4, 0x10, 0x10000, 0x10124}, /* no power of two: the lowest bit */
        {SPEC, 16, 0x3000, 4, 0x10, 0x30000, 0x30128},
        {QEMU, 16, 4096, 100, 0x400c7, 0x400c7000, (0x400c7124 + 99) / 100 * 100},
        {SPEC, 16, 4096, 100, 0x400c7, 0x400c7000, 0x400c7000 + 300},
        {SPEC, 1024, 4096, 4096, 0x40000, 0x40000000, 0x40005000},
        {QEMU, 1024, 65536, 4096, 0xffffffff, 0xffffffff0000, 0xffffffff5000},
    };
    for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
        struct bench *bench = bench_create(1, row[i].profile, 0, 1024);
        bench_write(bench, VIRTIO_MMIO_GuestPageSize, row[i].page);
        bench_write(bench, VIRTIO_MMIO_QueueSize, row[i].size);
        bench_write(bench, VIRTIO_MMIO_QueueAlign, row[i].align);
        bench_write(bench, VIRTIO_MMIO_QueuePFN, row[i].pfn);
        ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_QueuePFN), row[i].pfn);
        const struct sim_queue *queue = &bench->device.queue[0];
        ck_assert_uint_eq(queue->desc_addr, row[i].desc);
        ck_assert_uint_eq(queue->avail_addr, row[i].desc + 16 * row[i].size);
        ck_assert_msg(queue->used_addr == row[i].used, "row %zu: used ring at 0x%llx", i,
                      (unsigned long long)queue->used_addr);
        bench_destroy(bench);
    }
}
END_TEST

START_TEST(legacy_layouts_of_all_sizes_differ_only_where_used_event_needs_the_room)
{
    struct bench *bench[2] = {bench_create(1, SPEC, 0, VIRTQ_SIZE_MAX),
                              bench_create(1, QEMU, 0, VIRTQ_SIZE_MAX)};
    for (uint32_t align = 1; align <= 65536; align *= 4) {
        for (uint32_t size = 1; size <= VIRTQ_SIZE_MAX; size += size < 64 ? 1 : 61) {
            for (enum sim_profile profile = SPEC; profile <= QEMU; profile++) {
                bench_write(bench[profile], VIRTIO_MMIO_GuestPageSize, 65536);
                bench_write(bench[profile], VIRTIO_MMIO_QueueSize, size);
                bench_write(bench[profile], VIRTIO_MMIO_QueueAlign, align);
                bench_write(bench[profile], VIRTIO_MMIO_QueuePFN, 0x4000);
                uint64_t end = 18ull * size + (profile == SPEC ? 6 : 4);
                uint64_t want = 0x40000000 + end + (align - end % align) % align;
                ck_assert_uint_eq(bench[profile]->device.queue[0].used_addr, want);
            }
        }
    }
    bench_destroy(bench[0]);
    bench_destroy(bench[1]);
}
END_TEST

START_TEST(the_legacy_layout_follows_size_and_alignment_written_late)
{
    for (enum sim_profile profile = SPEC; profile <= QEMU; profile++) {
        struct bench *bench = bench_create(1, profile, 0, 1024);
        bench_write(bench, VIRTIO_MMIO_GuestPageSize, 4096);
        bench_write(bench, VIRTIO_MMIO_QueuePFN, 0x40000);
        ck_assert_uint_eq(bench->device.queue[0].used_addr, 0x40005000);
        bench_write(bench, VIRTIO_MMIO_QueueSize, 16);
        ck_assert_uint_eq(bench->device.queue[0].used_addr, 0x40001000);
        bench_write(bench, VIRTIO_MMIO_QueueAlign, 64);
        ck_assert_uint_eq(bench->device.queue[0].used_addr, 0x40000140);
        bench_write(bench, VIRTIO_MMIO_QueueAlign, 0);
        ck_assert_uint_eq(bench->device.queue[0].used_addr, 0x40000140);
        bench_destroy(bench);
    }
}
END_TEST

START_TEST(queue_pfn_zero_stops_the_queue_or_resets_the_device)
{
    for (enum sim_profile profile = SPEC; profile <= QEMU; profile++) {
        struct bench *bench = bench_live(1, profile, RING_FEATURES, 16);
        bench_write(bench, VIRTIO_MMIO_QueueSel, 1);
        bench_write(bench, VIRTIO_MMIO_QueuePFN, 0x123);
        bench_write(bench, VIRTIO_MMIO_QueueSel, 0);
        bench_kick(bench);
        bench_forget(bench);
        bench_write(bench, VIRTIO_MMIO_QueuePFN, 0);
        ck_assert(!sim_device_enabled(&bench->device));
        ck_assert(!sim_queue_is_live(&bench->device, 0));
        ck_assert_uint_eq(sim_queue_is_live(&bench->device, 1), profile == SPEC);
        ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_Status), profile == SPEC ? 7 : 0);
        ck_assert_uint_eq(bench->resets, profile == SPEC ? 1 : 2);
        bench_expect_trace(bench, profile == SPEC ? "" : "device reset by QueuePFN of q0\n");
        bench_destroy(bench);
    }
}
END_TEST

START_TEST(a_second_queue_pfn_is_noted_and_taken)
{
    struct bench *bench = bench_live(1, SPEC, 0, 16);
    uint32_t old = bench_read(bench, VIRTIO_MMIO_QueuePFN);
    bench_write(bench, VIRTIO_MMIO_QueuePFN, 0x40100);
    const struct event *event = bench_expect_refusal(bench, SIM_REFUSAL_PFN_AGAIN);
    ck_assert_uint_eq(event->addr, 0x40100);
    ck_assert_uint_eq(event->extra, old);
    ck_assert_uint_eq(bench->device.queue[0].desc_addr, 0x40100000);
    bench_destroy(bench);
}
END_TEST

/* ---- notifications, interrupts, configuration ---- */

START_TEST(a_notification_is_refused_for_what_is_wrong_with_it)
{
    const uint64_t data = VIRTIO_BIT(VIRTIO_F_NOTIFICATION_DATA);
    static const struct {
        uint32_t version;
        enum sim_profile profile;
        bool with_data, driver_ok;
        uint32_t value;
        enum sim_refusal want;
    } row[] = {
        {2, SPEC, false, true, 0, SIM_REFUSAL_NONE},
        {2, SPEC, false, true, 1, SIM_REFUSAL_NOTIFY_NOT_LIVE},
        {2, SPEC, false, true, 2, SIM_REFUSAL_NOTIFY_QUEUE},
        {2, SPEC, false, true, 0x10000, SIM_REFUSAL_NOTIFY_QUEUE},
        {2, SPEC, false, true, 0xffffffff, SIM_REFUSAL_NOTIFY_QUEUE},
        {2, SPEC, true, true, 0x80030000, SIM_REFUSAL_NONE},
        {2, SPEC, true, true, 0x80030001, SIM_REFUSAL_NOTIFY_NOT_LIVE},
        {2, SPEC, true, true, 0x00008000, SIM_REFUSAL_NOTIFY_QUEUE},
        {2, SPEC, false, false, 0, SIM_REFUSAL_NOTIFY_BEFORE_DRIVER_OK},
        {2, QEMU, false, false, 0, SIM_REFUSAL_NONE},
        {1, SPEC, false, false, 0, SIM_REFUSAL_NONE},
        {1, QEMU, false, false, 0, SIM_REFUSAL_NONE},
        {1, SPEC, false, true, 1, SIM_REFUSAL_NOTIFY_NOT_LIVE},
        {1, SPEC, false, true, 7, SIM_REFUSAL_NOTIFY_QUEUE},
    };
    for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
        struct bench *bench = bench_create(row[i].version, row[i].profile, data, 64);
        bench_negotiate(bench, row[i].with_data ? data : 0);
        bench_queue(bench, 16);
        if (row[i].driver_ok)
            bench_driver_ok(bench);
        bench_forget(bench);
        bench_write(bench, VIRTIO_MMIO_QueueNotify, row[i].value);
        const struct event *event = bench_expect_refusal(bench, row[i].want);
        ck_assert_uint_eq(sim_device_enabled(&bench->device), event == NULL);
        if (event != NULL)
            ck_assert_uint_eq(event->addr, row[i].value);
        bench_destroy(bench);
    }
}
END_TEST

START_TEST(driver_ok_does_not_make_up_for_an_early_notification)
{
    struct bench *bench = bench_create(2, SPEC, 0, 64);
    bench_negotiate(bench, 0);
    bench_queue(bench, 16);
    bench_kick(bench);
    bench_driver_ok(bench);
    ck_assert(!sim_device_enabled(&bench->device));
    bench_kick(bench);
    ck_assert(sim_device_enabled(&bench->device));
    bench_write(bench, VIRTIO_MMIO_Status, 11); /* DRIVER_OK taken back: nothing may be consumed */
    ck_assert(!sim_device_enabled(&bench->device));
    bench_destroy(bench);
}
END_TEST

START_TEST(interrupt_ack_clears_exactly_the_bits_written)
{
    for (uint32_t status = 0; status < 4; status++) {
        for (uint32_t ack = 0; ack < 8; ack++) {
            struct bench *bench = bench_create(2, SPEC, 0, 64);
            bench->device.interrupt_status = status;
            ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_InterruptStatus), status);
            bench_write(bench, VIRTIO_MMIO_InterruptACK, ack);
            ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_InterruptStatus), status & ~ack);
            bench_destroy(bench);
        }
    }
}
END_TEST

START_TEST(a_config_change_counts_and_notifies_a_driver_that_is_ready_for_it)
{
    for (enum sim_profile profile = SPEC; profile <= QEMU; profile++) {
        struct bench *bench = bench_create(2, profile, 0, 64);
        sim_config_changed(&bench->device);
        bench_expect_trace(bench, profile == SPEC ? "device config-change generation 1\n"
                                                  : "device config-change generation 0\n");
        ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_InterruptStatus), 0);
        bench_write(bench, VIRTIO_MMIO_Status, 15);
        sim_config_changed(&bench->device);
        ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_ConfigGeneration), profile == SPEC ? 2 : 1);
        ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_InterruptStatus), profile == SPEC ? 2 : 3);
        bench_destroy(bench);
    }
}
END_TEST

START_TEST(config_space_is_read_and_written_at_every_width)
{
    for (uint32_t version = 1; version <= 2; version++) {
        struct bench *bench = bench_create(version, SPEC, 0, 64); /* Status 0: before features */
        for (uint32_t width = 1; width <= 8; width *= 2) {
            for (uint32_t offset = 0; offset + width <= BENCH_CONFIG_BYTES; offset += width) {
                uint64_t want = 0;
                memcpy(&want, bench->config + offset, width);
                ck_assert_uint_eq(mmio_read(&bench->device, 0x100 + offset, width), want);
                uint64_t value = UINT64_C(0xf1e2d3c4b5a69788) ^ offset;
                uint8_t before[BENCH_CONFIG_BYTES];
                memcpy(before, bench->config, sizeof(before));
                mmio_write(&bench->device, 0x100 + offset, width, value);
                memcpy(before + offset, &value, width);
                ck_assert_mem_eq(bench->config, before, sizeof(before));
            }
        }
        bench_destroy(bench);
    }
}
END_TEST

START_TEST(shared_memory_regions_do_not_exist)
{
    for (enum sim_profile profile = SPEC; profile <= QEMU; profile++) {
        struct bench *bench = bench_create(2, profile, 0, 64);
        for (uint32_t sel = 0; sel < 3; sel++) {
            bench_write(bench, VIRTIO_MMIO_SHMSel, sel);
            ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_SHMLenLow), 0xffffffff);
            ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_SHMLenHigh), 0xffffffff);
            uint32_t base = profile == SPEC ? 0xffffffff : 0;
            ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_SHMBaseLow), base);
            ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_SHMBaseHigh), base);
        }
        bench_destroy(bench);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        queue_size_max_is_zero_for_a_queue_that_does_not_exist,
        qemu_ignores_a_queue_sel_from_1024,
        queue_size_is_noted_when_wrong_and_ignored_when_impossible,
        area_addresses_are_made_of_two_halves_written_in_any_order,
        queue_ready_reads_back_and_misaligned_areas_are_noted,
        a_queue_reset_needs_the_feature_and_takes_one_queue_only,
        the_legacy_used_ring_lies_where_each_profile_computes_it,
        legacy_layouts_of_all_sizes_differ_only_where_used_event_needs_the_room,
        the_legacy_layout_follows_size_and_alignment_written_late,
        queue_pfn_zero_stops_the_queue_or_resets_the_device,
        a_second_queue_pfn_is_noted_and_taken,
        a_notification_is_refused_for_what_is_wrong_with_it,
        driver_ok_does_not_make_up_for_an_early_notification,
        interrupt_ack_clears_exactly_the_bits_written,
        a_config_change_counts_and_notifies_a_driver_that_is_ready_for_it,
        config_space_is_read_and_written_at_every_width,
        shared_memory_regions_do_not_exist,
    };
    return bench_main("mmio queues", tests, ARRAY_SIZE(tests));
}
