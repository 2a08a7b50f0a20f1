/*
 * Tests of the register file: every access, names, features, Status.
 */
#include <check.h>
#include <string.h>

#include "device_rig.h"
#include "virtio/gpu.h"

#define WINDOW_BYTES 0x200u

static const uint64_t RING_FEATURES =
    VIRTIO_BIT(VIRTIO_F_INDIRECT_DESC) | VIRTIO_BIT(VIRTIO_F_EVENT_IDX);

/* ---- every access there is ---- */

/* What the specification's table says, row by row and in the order of the verdicts' weight. */
static enum event_verdict expected_verdict(uint32_t version, bool is_queue_ready, uint32_t offset,
                                           uint32_t width, bool is_write)
{
    static const struct {
        uint32_t offset;
        int access[3];
    } row[] = {
#define X(name, at, v1, v2, scope, alias) {at, {0, VIRTIO_MMIO_##v1, VIRTIO_MMIO_##v2}},
        VIRTIO_MMIO_REGISTERS(X)
#undef X
    };
    static const uint32_t fixed[] = {0x038, 0x080, 0x084, 0x090, 0x094, 0x0a0, 0x0a4};
    if (offset >= 0x100) {
        if (offset - 0x100 + width > BENCH_CONFIG_BYTES)
            return EVENT_VERDICT_GAP;
        if (width != 1 && width != 2 && width != 4 && width != 8)
            return EVENT_VERDICT_WIDTH;
        return (offset & (width - 1)) != 0 ? EVENT_VERDICT_ALIGN : EVENT_VERDICT_OK;
    }
    for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
        if (offset < row[i].offset || offset > row[i].offset + 3)
            continue;
        int access = row[i].access[version];
        if (access == VIRTIO_MMIO_NONE)
            return EVENT_VERDICT_VERSION;
        if (width != 4)
            return EVENT_VERDICT_WIDTH;
        if (offset != row[i].offset)
            return EVENT_VERDICT_ALIGN;
        if (is_write && access == VIRTIO_MMIO_R)
            return EVENT_VERDICT_READ_ONLY;
        if (!is_write && access == VIRTIO_MMIO_W)
            return EVENT_VERDICT_WRITE_ONLY;
        for (size_t j = 0; j < ARRAY_SIZE(fixed); j++) {
            if (is_write && version == 2 && is_queue_ready && fixed[j] == offset)
                return EVENT_VERDICT_WHILE_READY;
        }
        return EVENT_VERDICT_OK;
    }
    return EVENT_VERDICT_GAP;
}

/* QEMU makes two accesses of one of 64 bits, and writes to a queue that is ready. */
static bool makes_two(const struct bench *bench, enum event_verdict verdict, uint32_t width_bytes)
{
    return bench->device.config.profile == QEMU &&
           (width_bytes == 8 || verdict == EVENT_VERDICT_WHILE_READY);
}

static void check_every_access(struct bench *bench, bool is_queue_ready)
{
    static const uint32_t width[] = {1, 2, 3, 4, 8, 16};
    static struct sim_device before;
    uint32_t version = bench->device.config.version;
    for (uint32_t offset = 0; offset < WINDOW_BYTES; offset++) {
        for (size_t i = 0; i < 2 * ARRAY_SIZE(width); i++) {
            bool is_write = (i & 1) != 0;
            enum event_verdict want =
                expected_verdict(version, is_queue_ready, offset, width[i / 2], is_write);
            enum event_verdict got = mmio_check(&bench->device, offset, width[i / 2], is_write);
            ck_assert_msg(got == want, "version %u: %s of %u bytes at 0x%x is `%s`, not `%s`",
                          version, is_write ? "write" : "read", width[i / 2], offset,
                          event_verdict_word(got), event_verdict_word(want));
            if (want == EVENT_VERDICT_OK || makes_two(bench, want, width[i / 2]))
                continue;
            memcpy(&before, &bench->device, sizeof(before));
            bench_forget(bench);
            if (is_write)
                mmio_write(&bench->device, offset, width[i / 2], 0x0123456789abcdef);
            else if (bench->device.config.profile == SPEC)
                ck_assert_uint_eq(mmio_read(&bench->device, offset, width[i / 2]), 0);
            ck_assert_msg(memcmp(&before, &bench->device, sizeof(before)) == 0 &&
                              bench->event_count == 0,
                          "version %u: an ignored access at 0x%x did something", version, offset);
        }
    }
}

START_TEST(every_access_gets_the_verdict_of_the_table_and_a_bad_one_does_nothing)
{
    for (uint32_t version = 1; version <= 2; version++) {
        for (enum sim_profile profile = SPEC; profile <= QEMU; profile++) {
            struct bench *bench = bench_create(version, profile, RING_FEATURES, 64);
            check_every_access(bench, false);
            bench_negotiate(bench, RING_FEATURES);
            bench_queue(bench, 16);
            check_every_access(bench, true);
            bench_write(bench, VIRTIO_MMIO_QueueSel, 1); /* another queue is not live */
            check_every_access(bench, false);
            bench_write(bench, VIRTIO_MMIO_QueueSel, 99);
            check_every_access(bench, false);
            bench_destroy(bench);
        }
    }
}
END_TEST

START_TEST(every_good_write_is_taken_without_harm_whatever_the_value)
{
    static const uint32_t value[] = {0,    1,     2,      3,      0x7f,       0x80,
                                     0xff, 0x100, 0x8000, 0x8001, 0x80000000, 0xffffffff};
    for (uint32_t version = 1; version <= 2; version++) {
        for (enum sim_profile profile = SPEC; profile <= QEMU; profile++) {
            struct bench *bench = bench_create(version, profile, RING_FEATURES, 64);
            for (size_t i = 0; i < ARRAY_SIZE(value); i++) {
                for (uint32_t offset = 0; offset < 0x100; offset += 4) {
                    bench_write(bench, offset, value[i]);
                    bench_run(bench);
                    for (uint32_t other = 0; other < 0x100; other += 4)
                        bench_read(bench, other);
                }
            }
            bench_destroy(bench);
        }
    }
}
END_TEST

/* ---- names ---- */

START_TEST(registers_are_found_by_offset_name_and_alias)
{
    static const struct {
        const char *name, *alias;
        uint32_t offset;
    } row[] = {
#define X(name, offset, v1, v2, scope, alias) {#name, alias, offset},
        VIRTIO_MMIO_REGISTERS(X)
#undef X
    };
    for (int reg = 0; reg < VIRTIO_MMIO_REG_COUNT; reg++) {
        ck_assert_int_eq(mmio_register_at(row[reg].offset), reg);
        ck_assert_int_eq(mmio_register_at(row[reg].offset + 3), reg);
        ck_assert_str_eq(mmio_register_name(reg), row[reg].name);
        ck_assert_uint_eq(mmio_register_offset(reg), row[reg].offset);
        ck_assert_int_eq(mmio_register_by_name(row[reg].name), reg);
        ck_assert_int_eq(mmio_register_by_name(row[reg].alias), reg);
    }
    ck_assert_int_eq(mmio_register_by_name("queuenum"), VIRTIO_MMIO_REG_QueueSize);
    ck_assert_int_eq(mmio_register_by_name("QUEUEPFN"), VIRTIO_MMIO_REG_QueuePFN);
    ck_assert_int_eq(mmio_register_by_name("Queue"), -1);
    ck_assert_int_eq(mmio_register_by_name(""), -1);
    ck_assert_int_eq(mmio_register_at(0x00c + 4 * 2), VIRTIO_MMIO_REG_DeviceFeaturesSel);
    ck_assert_int_eq(mmio_register_at(0x018), -1);
    ck_assert_int_eq(mmio_register_at(0x0f8), -1);
    ck_assert_int_eq(mmio_register_at(0x100), -1);
    ck_assert_int_eq(mmio_register_at(0xffffffff), -1);
}
END_TEST

START_TEST(identification_registers_read_as_the_specification_says)
{
    for (uint32_t version = 1; version <= 2; version++) {
        struct bench *bench = bench_create_as(VIRTIO_ID_GPU, version, SPEC, 0, 64);
        ck_assert_uint_eq(bench_read(bench, 0x000), 0x74726976);
        ck_assert_uint_eq(bench_read(bench, 0x004), version);
        ck_assert_uint_eq(bench_read(bench, 0x008), 16);
        ck_assert_uint_eq(bench_read(bench, 0x00c), SIM_VENDOR_ID);
        ck_assert_uint_eq(bench->event_count, 0);
        bench_destroy(bench);
    }
}
END_TEST

/* ---- features ---- */

/* What a person sees of a register: as a driver would read it, and the write-only ones too. */
START_TEST(every_register_of_the_version_can_be_looked_at)
{
    static const struct {
        uint32_t offset, value;
    } written[] = {{VIRTIO_MMIO_QueueSel, 1},          {VIRTIO_MMIO_DriverFeatures, 0x81},
                   {VIRTIO_MMIO_DriverFeaturesSel, 1}, {VIRTIO_MMIO_DeviceFeaturesSel, 1},
                   {VIRTIO_MMIO_QueueSize, 16},        {VIRTIO_MMIO_QueueDescLow, 0x40001000},
                   {VIRTIO_MMIO_QueueDescHigh, 2},     {VIRTIO_MMIO_QueueDriverLow, 0x40003000},
                   {VIRTIO_MMIO_QueueDriverHigh, 4},   {VIRTIO_MMIO_QueueDeviceLow, 0x40005000},
                   {VIRTIO_MMIO_QueueDeviceHigh, 6},   {VIRTIO_MMIO_SHMSel, 7},
                   {VIRTIO_MMIO_GuestPageSize, 4096},  {VIRTIO_MMIO_QueueAlign, 8192},
                   {VIRTIO_MMIO_QueuePFN, 0x40007}};
    for (uint32_t version = 1; version <= 2; version++) {
        struct bench *bench = bench_create(version, SPEC, RING_FEATURES, 64);
        uint32_t held;
        for (size_t i = 0; i < ARRAY_SIZE(written); i++) {
            bench_write(bench, written[i].offset, written[i].value);
            bool there = mmio_check(&bench->device, written[i].offset, 4, true) == EVENT_VERDICT_OK;
            int reg = mmio_register_at(written[i].offset);
            ck_assert_int_eq(mmio_held(&bench->device, reg, &held), there);
            ck_assert_msg(held == (there ? written[i].value : 0), "version %u: %s holds 0x%x",
                          version, mmio_register_name(reg), held);
        }
        for (int reg = 0; reg < VIRTIO_MMIO_REG_COUNT; reg++) {
            uint32_t offset = mmio_register_offset(reg);
            if (mmio_check(&bench->device, offset, 4, false) != EVENT_VERDICT_OK)
                continue;
            ck_assert(mmio_held(&bench->device, reg, &held));
            ck_assert_uint_eq(held, bench_read(bench, offset));
        }
        ck_assert(!mmio_held(&bench->device, VIRTIO_MMIO_REG_QueueNotify, &held));
        ck_assert(!mmio_held(&bench->device, VIRTIO_MMIO_REG_InterruptACK, &held));
        bench_destroy(bench);
    }
}
END_TEST

START_TEST(device_features_are_read_word_by_word)
{
    static const struct {
        uint32_t version;
        enum sim_profile profile;
        uint32_t sel, want;
    } row[] = {
        {2, SPEC, 0, 0x31000001}, {2, SPEC, 1, 0x00000101}, {2, SPEC, 2, 0},
        {2, SPEC, 0xffffffff, 0}, {2, QEMU, 1, 0x00000101}, {2, QEMU, 7, 0x00000101},
        {1, SPEC, 0, 0x31000001}, {1, SPEC, 1, 0},          {1, QEMU, 1, 0},
        {1, QEMU, 5, 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
        struct bench *bench =
            bench_create(row[i].version, row[i].profile, UINT64_C(0x10131000001), 64);
        bench_write(bench, VIRTIO_MMIO_DeviceFeaturesSel, row[i].sel);
        ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_DeviceFeatures), row[i].want);
        bench_destroy(bench);
    }
}
END_TEST

static void write_features(struct bench *bench, uint64_t features)
{
    bench_write(bench, VIRTIO_MMIO_DriverFeaturesSel, 0);
    bench_write(bench, VIRTIO_MMIO_DriverFeatures, (uint32_t)features);
    bench_write(bench, VIRTIO_MMIO_DriverFeaturesSel, 1);
    bench_write(bench, VIRTIO_MMIO_DriverFeatures, (uint32_t)(features >> 32));
}

START_TEST(features_ok_is_vetoed_for_every_set_that_cannot_be_and_no_other)
{
    static const uint32_t bit[] = {VIRTIO_GPU_F_VIRGL, VIRTIO_GPU_F_CONTEXT_INIT,
                                   VIRTIO_F_EVENT_IDX, VIRTIO_F_VERSION_1,
                                   VIRTIO_F_RING_PACKED /* the one that is not offered */};
    const uint64_t offered = VIRTIO_BIT(bit[0]) | VIRTIO_BIT(bit[1]) | VIRTIO_BIT(bit[2]);
    for (uint32_t set = 0; set < 1u << ARRAY_SIZE(bit); set++) {
        uint64_t wanted = 0;
        for (size_t i = 0; i < ARRAY_SIZE(bit); i++)
            wanted |= (set >> i & 1) != 0 ? VIRTIO_BIT(bit[i]) : 0;
        bool virgl = (set & 1) != 0, context = (set & 2) != 0;
        bool good = (set & 8) != 0 && (set & 16) == 0 && (virgl || !context);
        for (enum sim_profile profile = SPEC; profile <= QEMU; profile++) {
            struct bench *bench = bench_create_as(VIRTIO_ID_GPU, 2, profile, offered, 64);
            bench_write(bench, VIRTIO_MMIO_Status, 3);
            write_features(bench, wanted);
            ck_assert_uint_eq(bench->device.features, 0); /* not before FEATURES_OK */
            bench_write(bench, VIRTIO_MMIO_Status, 11);
            bool agreed = good || profile == QEMU;
            ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_Status), agreed ? 11 : 3);
            const struct event *veto =
                bench_expect_refusal(bench, agreed ? SIM_REFUSAL_NONE : SIM_REFUSAL_FEATURES_VETO);
            if (veto != NULL) {
                ck_assert_uint_eq(veto->addr, wanted);
                ck_assert_uint_eq(veto->extra, offered | VIRTIO_BIT(VIRTIO_F_VERSION_1));
            }
            ck_assert_uint_eq(bench->device.features,
                              agreed ? wanted & ~VIRTIO_BIT(VIRTIO_F_RING_PACKED) : 0);
            bench_destroy(bench);
        }
    }
}
END_TEST

START_TEST(a_vetoed_driver_may_try_again_with_less)
{
    struct bench *bench = bench_create(2, SPEC, RING_FEATURES, 64);
    bench_write(bench, VIRTIO_MMIO_Status, 3);
    write_features(bench, RING_FEATURES);
    bench_write(bench, VIRTIO_MMIO_Status, 11);
    ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_Status), 3);
    write_features(bench, RING_FEATURES | VIRTIO_BIT(VIRTIO_F_VERSION_1));
    bench_write(bench, VIRTIO_MMIO_Status, 11);
    ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_Status), 11);
    ck_assert(sim_has_feature(&bench->device, VIRTIO_F_EVENT_IDX));
    ck_assert(!sim_has_feature(&bench->device, VIRTIO_F_RING_RESET));
    bench_destroy(bench);
}
END_TEST

START_TEST(features_cannot_be_changed_after_features_ok)
{
    for (enum sim_profile profile = SPEC; profile <= QEMU; profile++) {
        struct bench *bench = bench_create(2, profile, RING_FEATURES, 64);
        bench_negotiate(bench, RING_FEATURES);
        uint64_t agreed = bench->device.features;
        write_features(bench, 0);
        bench_write(bench, VIRTIO_MMIO_Status, 15);
        ck_assert_uint_eq(bench->device.features, agreed);
        ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_Status), 15);
        bench_destroy(bench);
    }
}
END_TEST

START_TEST(legacy_features_are_in_effect_when_written_and_have_no_high_word)
{
    for (enum sim_profile profile = SPEC; profile <= QEMU; profile++) {
        struct bench *bench =
            bench_create(1, profile, RING_FEATURES | VIRTIO_BIT(VIRTIO_F_VERSION_1), 64);
        bench_write(bench, VIRTIO_MMIO_Status, 3);
        write_features(bench, UINT64_MAX);
        ck_assert_uint_eq(bench->device.features, RING_FEATURES);
        bench_write(bench, VIRTIO_MMIO_Status, 11); /* no such step, but the bit sticks */
        ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_Status), 11);
        write_features(bench, 0);
        ck_assert_uint_eq(bench->device.features, RING_FEATURES);
        bench_expect_refusal(bench, SIM_REFUSAL_NONE);
        bench_destroy(bench);
    }
}
END_TEST

START_TEST(driver_features_beyond_the_second_word_go_nowhere)
{
    struct bench *bench = bench_create(2, SPEC, RING_FEATURES, 64);
    write_features(bench, RING_FEATURES | VIRTIO_BIT(VIRTIO_F_VERSION_1));
    bench_write(bench, VIRTIO_MMIO_DriverFeaturesSel, 2);
    bench_write(bench, VIRTIO_MMIO_DriverFeatures, 0xffffffff);
    ck_assert_uint_eq(bench->device.driver_features,
                      RING_FEATURES | VIRTIO_BIT(VIRTIO_F_VERSION_1));
    bench_destroy(bench);
}
END_TEST

/* ---- status ---- */

START_TEST(status_keeps_what_is_written_and_reports_cleared_bits)
{
    static const struct {
        enum sim_profile profile;
        uint32_t old, write, want;
        bool reported;
    } row[] = {
        {SPEC, 0, 1, 1, false},        {SPEC, 1, 3, 3, false},       {SPEC, 3, 1, 1, true},
        {SPEC, 3, 0x82, 0x82, true},   {SPEC, 3, 0x83, 0x83, false}, {SPEC, 11, 15, 15, false},
        {SPEC, 15, 4, 4, true},        {SPEC, 3, 0x303, 3, false},   {SPEC, 0, 0x40, 0, false},
        {SPEC, 0x4f, 15, 0x4f, false}, {QEMU, 0x4f, 15, 15, false},  {QEMU, 0, 0x40, 0x40, false},
        {QEMU, 15, 4, 4, true},        {QEMU, 3, 0x303, 3, false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
        struct bench *bench = bench_create(2, row[i].profile, 0, 64);
        bench->device.status = row[i].old;
        bench_write(bench, VIRTIO_MMIO_Status, row[i].write);
        ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_Status), row[i].want);
        const struct event *event =
            bench_expect_refusal(bench,
                                 row[i].reported ? SIM_REFUSAL_STATUS_CLEARS : SIM_REFUSAL_NONE);
        if (event != NULL) {
            ck_assert_uint_eq(event->addr, row[i].write);
            ck_assert_uint_eq(event->extra, row[i].old);
        }
        bench_destroy(bench);
    }
}
END_TEST

START_TEST(status_zero_resets_everything)
{
    static const uint32_t zero[] = {0, 0x100, 0xffffff00}; /* Status has eight bits */
    for (size_t i = 0; i < ARRAY_SIZE(zero); i++) {
        for (uint32_t version = 1; version <= 2; version++) {
            struct bench *bench = bench_live(version, SPEC, RING_FEATURES, 16);
            bench->device.interrupt_status = 3;
            bench_write(bench, VIRTIO_MMIO_SHMSel, 1);
            bench_write(bench, VIRTIO_MMIO_DeviceFeaturesSel, 1);
            bench_kick(bench);
            uint32_t resets = bench->resets;
            bench_forget(bench);
            bench_write(bench, VIRTIO_MMIO_Status, zero[i]);
            ck_assert_uint_eq(bench->resets, resets + 1);
            bench_expect_trace(bench, "device reset\n");
            ck_assert(!sim_device_enabled(&bench->device));
            ck_assert(!sim_queue_is_live(&bench->device, 0));
            ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_Status), 0);
            ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_InterruptStatus), 0);
            ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_QueueReady), 0);
            ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_QueuePFN), 0);
            struct bench *fresh = bench_create(version, SPEC, RING_FEATURES, VIRTQ_SIZE_MAX);
            ck_assert_uint_eq(bench->device.features, 0);
            ck_assert_uint_eq(bench->device.driver_features, 0);
            ck_assert_uint_eq(bench->device.device_features_sel, 0);
            ck_assert_uint_eq(bench->device.driver_features_sel, 0);
            ck_assert_uint_eq(bench->device.guest_page_size, 0);
            ck_assert_uint_eq(bench->device.queue_sel, 0);
            ck_assert_uint_eq(bench->device.shm_sel, 0);
            for (uint32_t queue = 0; queue < BENCH_QUEUES; queue++)
                ck_assert_mem_eq(&bench->device.queue[queue], &fresh->device.queue[queue],
                                 sizeof(struct sim_queue));
            bench_destroy(fresh);
            bench_destroy(bench);
        }
    }
}
END_TEST

START_TEST(qemu_keeps_page_size_alignment_and_selectors_over_a_reset)
{
    struct bench *bench = bench_live(1, QEMU, 0, 16);
    bench_write(bench, VIRTIO_MMIO_DeviceFeaturesSel, 1);
    bench_write(bench, VIRTIO_MMIO_QueueSel, 1);
    bench_write(bench, VIRTIO_MMIO_Status, 0);
    ck_assert_uint_eq(bench->device.guest_page_size, 4096);
    ck_assert_uint_eq(bench->device.queue[0].align, 4096);
    ck_assert_uint_eq(bench->device.device_features_sel, 1);
    ck_assert_uint_eq(bench->device.queue_sel, 0);
    bench_destroy(bench);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_access_gets_the_verdict_of_the_table_and_a_bad_one_does_nothing,
        every_good_write_is_taken_without_harm_whatever_the_value,
        registers_are_found_by_offset_name_and_alias,
        identification_registers_read_as_the_specification_says,
        every_register_of_the_version_can_be_looked_at,
        device_features_are_read_word_by_word,
        features_ok_is_vetoed_for_every_set_that_cannot_be_and_no_other,
        a_vetoed_driver_may_try_again_with_less,
        features_cannot_be_changed_after_features_ok,
        legacy_features_are_in_effect_when_written_and_have_no_high_word,
        driver_features_beyond_the_second_word_go_nowhere,
        status_keeps_what_is_written_and_reports_cleared_bits,
        status_zero_resets_everything,
        qemu_keeps_page_size_alignment_and_selectors_over_a_reset,
    };
    return bench_main("mmio", tests, ARRAY_SIZE(tests));
}
