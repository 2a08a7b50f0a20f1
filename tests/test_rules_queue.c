/*
 * Rules about queues, requests and the machine: for each one, a driver that breaks it and one that
 * passes close by.
 */
#include "judge_rig.h"
#include "rules_rig.h"

#include <stdlib.h>

/* clang-format off */
#define LATE_1    S("q0.avail.ring[1] 0") S("q0.avail.idx 2") NOTIFY TAKE_BACK
#define BEFORE_PFN BEGIN_1 W("GuestPageSize 4096") SELECT_1 W("QueueAlign 4")
/* A request of one command; fields behind the header are at 24. */
#define HEADER(type) S(PAGE_COMMAND "/4 " type)
#define FIELD(at, value) S("0x400030" at "/4 " value)
#define SEND(slot, idx) S("q0.avail.ring[" slot "] 0") S("q0.avail.idx " idx) NOTIFY \
    "driver load q0.used.idx 0\n"
#define LENGTH(bytes) S("q0.desc[0].len " bytes)
#define CREATE(id, format) HEADER("0x101") FIELD("18", id) FIELD("1c", format) FIELD("20", "8") \
    FIELD("24", "8") LENGTH("40")
#define ATTACH(id, entries) HEADER("0x106") FIELD("18", id) FIELD("1c", entries) \
    S("0x40003020/8 0x40004200") FIELD("28", "256") FIELD("2c", "0") LENGTH("48")
#define SCANOUT(width, scanout, id) HEADER("0x103") FIELD("18", "0") FIELD("1c", "0") \
    FIELD("20", width) FIELD("24", "8") FIELD("28", scanout) FIELD("2c", id) LENGTH("48")
#define TRANSFER(id) HEADER("0x105") FIELD("18", "0") FIELD("1c", "0") FIELD("20", "8") \
    FIELD("24", "8") S("0x40003028/8 0") FIELD("30", id) FIELD("34", "0") LENGTH("56")
#define FLUSH(id) HEADER("0x104") FIELD("18", "0") FIELD("1c", "0") FIELD("20", "8") \
    FIELD("24", "8") FIELD("28", id) FIELD("2c", "0") LENGTH("48")
/* The display was asked for: GPU-DRV-01 has nothing to say. */
#define CHAIN UP_2 "device execute GET_DISPLAY_INFO on q0\n" DESC_0 DESC_1
#define SHOW CHAIN CREATE("1", "2") SEND("0", "1") ATTACH("1", "1") SEND("1", "2") \
    SCANOUT("8", "0", "1") SEND("2", "3") TRANSFER("1") SEND("3", "4") FLUSH("1") SEND("4", "5")
/* desc[1] is a copy of desc[0]: the request once more. */
#define LOOP S("q0.desc[0].addr " PAGE_COMMAND) S("q0.desc[0].len 24") S("q0.desc[0].flags 1") \
    S("q0.desc[0].next 0")
#define TABLE(addr, flags, next) S("q0.desc[0].addr " addr) S("q0.desc[0].len 32") \
    S("q0.desc[0].flags " flags) S("q0.desc[0].next " next)

static const struct rule_case cases[] = {
    /* ---- 4.2.2, 4.2.3: a queue's set-up, version 2 ---- */
    {"a size that is too large", V2, BEGIN_2 W("QueueSel 0") R("QueueSizeMax") W("QueueSize 128"),
     "MMIO-DRV-12", "write QueueSize 0x80"},
    {"the largest size", V2, BEGIN_2 W("QueueSel 0") R("QueueSizeMax") W("QueueSize 64"), "", ""},
    {"a size while the queue is ready", V2, BEGIN_2 SELECT ADDRESSES READY W("QueueSize 8"),
     "MMIO-DRV-13", "write QueueSize 8 !queue-is-live"},
    {"a size when it is not ready any more", V2, BEGIN_2 SELECT ADDRESSES READY W("QueueReady 0")
     R("QueueReady") W("QueueSize 8"), "", ""},
    {"rings are freed alive", V2, UP_2 "driver free - 0x1000 at " PAGE_USED "\n", "MMIO-DRV-14",
     "free - 0x1000"},
    {"rings are freed alive and used", V2, UP_2 COMMAND DESC_0 DESC_1
     "driver free - 0x1000 at " PAGE_USED "\n" PUBLISH NOTIFY, "MMIO-DRV-14", "free - 0x1000"},
    {"a request is freed and used", V2, UP_2 COMMAND DESC_0 DESC_1
     "driver free - 0x1000 at " PAGE_COMMAND "\n" PUBLISH NOTIFY, "RS-DMA-FREED",
     "store q0.desc[0].addr 0x40003000"},
    {"rings are freed after a reset", V2, UP_2 RESET "driver free - 0x1000 at " PAGE_USED "\n", "",
     ""},
    {"a buffer is freed", V2, UP_2 "driver free - 0x1000 at " PAGE_COMMAND "\n", "", ""},
    {"never made ready", V2, BEGIN_2 SELECT ADDRESSES GO NOTIFY, "XMMIO-DRV-01",
     "write QueueNotify 0"},
    {"taken back before it is notified", V2, UP_2 W("QueueReady 0") NOTIFY, "XMMIO-DRV-01",
     "write QueueNotify 0"},
    {"a queue that does not exist", V2, BEGIN_2 W("QueueSel 3") R("QueueReady") R("QueueSizeMax")
     READY, "XMMIO-DRV-02", "write QueueReady 1"},
    {"an address is missing", V2, BEGIN_2 SELECT W("QueueDescLow " PAGE_DESC) W("QueueDescHigh 0")
     W("QueueDriverLow " PAGE_AVAIL) W("QueueDriverHigh 0") READY, "XMMIO-DRV-04",
     "write QueueReady 1"},

    /* ---- 4.2.4: a queue's set-up, version 1 ---- */
    {"no GuestPageSize", V1, BEGIN_1 SELECT_1 W("QueueAlign 4") PFN, "LMMIO-DRV-D1",
     "write QueuePFN"},
    {"GuestPageSize before the reset", V1, PROBE W("GuestPageSize 4096") RESET WELCOME
     W("DeviceFeaturesSel 0") R("DeviceFeatures") ACCEPT_1 SELECT_1 W("QueueAlign 4") PFN,
     "LMMIO-DRV-D1", "write QueuePFN"},
    {"the same on QEMU", QEMU_1, PROBE W("GuestPageSize 4096") RESET WELCOME
     W("DeviceFeaturesSel 0") R("DeviceFeatures") ACCEPT_1 SELECT_1 W("QueueAlign 4") PFN, "", ""},
    {"an odd page size", V1, PROBE RESET W("GuestPageSize 4095"), "LMMIO-DRV-D2",
     "write GuestPageSize"},
    {"the maximum of a queue in use", V1, UP_1 R("QueueSizeMax"), "LMMIO-DRV-D3",
     "read QueueSizeMax"},
    {"an odd alignment", V1, PROBE RESET W("QueueAlign 3"), "LMMIO-DRV-D4", "write QueueAlign 3"},
    {"page 0", V1, BEFORE_PFN W("QueuePFN 0"), "LMMIO-DRV-D5", "write QueuePFN 0"},
    {"page 0 to stop", V1, UP_1 W("QueuePFN 0"), "", ""},
    {"rings are freed alive, version 1", V1, UP_1 "driver free - 0x1000 at " PAGE_DESC "\n",
     "LMMIO-DRV-D6", "free - 0x1000"},
    {"no QueueAlign", V1, BEGIN_1 W("GuestPageSize 4096") SELECT_1 PFN, "LMMIO-DRV-D7",
     "write QueuePFN"},
    {"no PFN at all", V1, BEFORE_PFN GO_1 NOTIFY, "LMMIO-DRV-D7", "write QueueNotify 0"},
    {"a size that is too large, version 1", V1, PROBE RESET W("QueueSize 128"), "LMMIO-DRV-D8",
     "write QueueSize 0x80"},

    /* ---- 2.7 ---- */
    {"no power of two", V2, BEGIN_2 W("QueueSel 0") R("QueueSizeMax") W("QueueSize 10"),
     "XSPLIT-DRV-01", "write QueueSize 0xa"},
    {"a misaligned table", V2, BEGIN_2 SELECT W("QueueDescLow 0x40000008") W("QueueDescHigh 0")
     W("QueueDriverLow " PAGE_AVAIL) W("QueueDriverHigh 0") W("QueueDeviceLow " PAGE_USED)
     W("QueueDeviceHigh 0") READY, "SPLIT-DRV-01", "write QueueDescLow"},
    {"rings aligned as little as can be", V2, BEGIN_2 SELECT W("QueueDescLow 0x40000010")
     W("QueueDescHigh 0") W("QueueDriverLow 0x40001002") W("QueueDriverHigh 0")
     W("QueueDeviceLow 0x40002004") W("QueueDeviceHigh 0") READY, "", ""},
    {"the block is too small", V1, BEGIN_1 W("GuestPageSize 4096") SELECT_1 W("QueueAlign 4096") PFN
     GO_1 NOTIFY, "LSPLIT-DRV-02", "write QueuePFN"},
    {"the block is too small and in use", V1, BEGIN_1 W("GuestPageSize 4096") SELECT_1
     W("QueueAlign 4096") PFN GO_1 S("0x40001000/4 0x100"), "LSPLIT-DRV-02", "write QueuePFN"},
    {"the driver looks elsewhere", V1, UP_1 COMMAND DESC_0 DESC_1 PUBLISH NOTIFY
     "driver load 0x40000202/2 0\nworld stuck\n", "LSPLIT-DRV-03", "load 0x40000202/2"},
    {"the driver looks elsewhere, too", V1, UP_1 COMMAND DESC_0 DESC_1 PUBLISH NOTIFY
     "driver load 0x40000202/2 0\ndriver load q0.used.idx 0\nworld stuck\n", "RS-STUCK",
     "load q0.used.idx 1"},
    {"readable after writable", V2, UP_2 COMMAND S("q0.desc[0].addr " PAGE_RESPONSE)
     S("q0.desc[0].len 408") S("q0.desc[0].flags 3") S("q0.desc[0].next 1")
     S("q0.desc[1].addr " PAGE_COMMAND) S("q0.desc[1].len 24") S("q0.desc[1].flags 0") PUBLISH
     NOTIFY, "SPLIT-DRV-02", "store q0.desc[1].flags 0"},
    {"a chain that loops", V2, UP_2 COMMAND LOOP PUBLISH NOTIFY, "SPLIT-DRV-04",
     "store q0.desc[0].next 0"},
    {"more than 4 GiB", V2, UP_2 COMMAND DESC_0 DESC_1 S("q0.desc[0].len 0xffffffff") PUBLISH
     NOTIFY, "SPLIT-DRV-04", "store q0.desc[1].len 0x198"},
    {"indirect without the feature", V2, UP_2 COMMAND TABLE(PAGE_COMMAND, "4", "0") PUBLISH NOTIFY,
     "SPLIT-DRV-06", "store q0.desc[0].flags 4"},
    {"indirect with next", INDIRECT, PROBE RESET WELCOME OFFER W("DriverFeaturesSel 0")
     W("DriverFeatures 0x10000000") W("DriverFeaturesSel 1") W("DriverFeatures 1") AGREE SELECT
     ADDRESSES READY GO COMMAND TABLE(PAGE_COMMAND, "5", "1") PUBLISH NOTIFY, "SPLIT-DRV-09",
     "store q0.desc[0].flags 5"},
    {"indirect in indirect", INDIRECT, PROBE RESET WELCOME OFFER W("DriverFeaturesSel 0")
     W("DriverFeatures 0x10000000") W("DriverFeaturesSel 1") W("DriverFeatures 1") AGREE SELECT
     ADDRESSES READY GO S(PAGE_COMMAND "/8 " PAGE_COMMAND) S("0x40003008/4 16")
     S("0x4000300c/2 4") TABLE(PAGE_COMMAND, "4", "0") PUBLISH NOTIFY, "SPLIT-DRV-07",
     "store 0x4000300c/2 4"},
    {"an odd indirect table", INDIRECT, PROBE RESET WELCOME OFFER W("DriverFeaturesSel 0")
     W("DriverFeatures 0x10000000") W("DriverFeaturesSel 1") W("DriverFeatures 1") AGREE SELECT
     ADDRESSES READY GO TABLE(PAGE_COMMAND, "4", "0") S("q0.desc[0].len 24") PUBLISH NOTIFY,
     "XSPLIT-DRV-10", "store q0.desc[0].len 0x18"},
    {"a descriptor written by two stores of 8 bytes", V2, UP_2 COMMAND
     S("0x40000000/8 " PAGE_COMMAND) S("0x40000008/8 0x0001008100000018") DESC_1 PUBLISH NOTIFY
     TAKE_BACK, "XSPLIT-DRV-06", "store q0.desc[0].flags 0x81"},
    {"unknown flags", V2, UP_2 COMMAND DESC_0 DESC_1 S("q0.desc[1].flags 0x82") PUBLISH NOTIFY
     TAKE_BACK, "XSPLIT-DRV-06", "store q0.desc[1].flags 0x82"},
    {"avail.idx goes back", V2, UP_2 REQUEST S("q0.avail.idx 0"), "SPLIT-DRV-11",
     "store q0.avail.idx 0"},
    {"avail.idx jumps", V2, UP_2 S("q0.avail.idx 9"), "XSPLIT-DRV-02", "store q0.avail.idx 9"},
    {"avail.idx is initialised late", V2, BEGIN_2 SELECT S(PAGE_AVAIL "/4 0x50000") ADDRESSES READY
     S("q0.avail.idx 0") GO, "", ""},
    {"a head that does not exist", V2, UP_2 S("q0.avail.ring[0] 8") S("q0.avail.idx 1") NOTIFY,
     "XSPLIT-DRV-04", "store q0.avail.ring[0] 8"},
    {"a next that does not exist", V2, UP_2 DESC_0 S("q0.desc[0].next 9") PUBLISH NOTIFY,
     "XSPLIT-DRV-05", "store q0.desc[0].next 9"},
    {"a descriptor of the device is changed", V2, UP_2 COMMAND DESC_0 DESC_1 PUBLISH
     S("q0.desc[1].len 24"), "XSPLIT-DRV-05", "store q0.desc[1].len"},
    {"a descriptor is available twice", V2, UP_2 COMMAND DESC_0 DESC_1 PUBLISH
     S("q0.avail.ring[1] 1") S("q0.avail.idx 2"), "XSPLIT-DRV-05", "store q0.avail.idx 2"},
    {"a descriptor is available twice, and comes back twice", V2, UP_2 COMMAND DESC_0 DESC_1
     PUBLISH S("q0.avail.ring[1] 0") S("q0.avail.idx 2") NOTIFY, "XSPLIT-DRV-05",
     "store q0.avail.idx 2"},
    {"a descriptor that came back is changed", V2, UP_2 REQUEST S("q0.desc[1].len 408") LATE_1, "",
     ""},
    {"the used ring is written", V2, UP_2 S("q0.used.flags 0"), "XSPLIT-DRV-12",
     "store q0.used.flags 0"},
    {"the used ring is zeroed in time", V2, BEGIN_2 SELECT ADDRESSES READY S("q0.used.flags 0")
     S("q0.used.idx 0") GO, "", ""},
    {"no notification", V2, CALL UP_2 COMMAND DESC_0 DESC_1 PUBLISH STUCK, "SPLIT-DRV-20",
     "store q0.avail.idx 1"},
    {"the wrong queue is notified", V2, CALL UP_2 COMMAND DESC_0 DESC_1 PUBLISH W("QueueNotify 7")
     STUCK, "XNOTIF-DRV-02 SPLIT-DRV-20", "write QueueNotify 7"},
    {"notified too early", V2, CALL UP_2 COMMAND DESC_0 DESC_1 NOTIFY PUBLISH STUCK, "SPLIT-DRV-20",
     "store q0.avail.idx 1"},
    {"no notification with EVENT_IDX", EVENT_IDX, CALL PROBE RESET WELCOME OFFER
     W("DriverFeaturesSel 0") W("DriverFeatures 0x20000000") W("DriverFeaturesSel 1")
     W("DriverFeatures 1") AGREE SELECT ADDRESSES READY GO COMMAND DESC_0 DESC_1 PUBLISH STUCK,
     "SPLIT-DRV-22", "store q0.avail.idx 1"},

    /* ---- 5.7 ---- */
    {"a picture is shown", V2, SHOW, "", ""},
    {"a cursor command on queue 0", V2, CHAIN HEADER("0x300") LENGTH("56") SEND("0", "1"),
     "XGPU-DRV-01", "store"},
    {"a short request", V2, CHAIN HEADER("0x101") SEND("0", "1"), "XGPU-DRV-02", "store"},
    {"a response that does not fit", V2, CHAIN COMMAND S("q0.desc[1].len 8") SEND("0", "1"),
     "XGPU-DRV-02", "store"},
    {"no command at all", V2, CHAIN HEADER("0x1ff") SEND("0", "1"), "XGPU-DRV-02", "store"},
    {"a rectangle outside", V2, CHAIN CREATE("1", "2") SEND("0", "1") ATTACH("1", "1")
     SEND("1", "2") SCANOUT("9", "0", "1") SEND("2", "3"), "XGPU-DRV-11", "store 0x40003020/4 9"},
    {"resource 0", V2, CHAIN CREATE("0", "2") SEND("0", "1"), "XGPU-DRV-12",
     "store 0x40003018/4 0"},
    {"resource 0 turns a scanout off", V2, SHOW SCANOUT("8", "0", "0") SEND("5", "6"), "", ""},
    {"a format that is none", V2, CHAIN CREATE("1", "5") SEND("0", "1"), "XGPU-DRV-15",
     "store 0x4000301c/4 5"},
    {"entries are missing", V2, CHAIN CREATE("1", "2") SEND("0", "1") ATTACH("1", "2")
     SEND("1", "2"), "XGPU-DRV-16", "store 0x4000301c/4 2"},
    {"a resource that is not there", V2, CHAIN ATTACH("7", "1") SEND("0", "1"), "XGPU-DRV-17",
     "store 0x40003018/4 7"},
    {"a transfer without backing", V2, CHAIN CREATE("1", "2") SEND("0", "1") TRANSFER("1")
     SEND("1", "2"), "XGPU-DRV-17", "store"},
    {"a scanout that is not there", V2, CHAIN CREATE("1", "2") SEND("0", "1") ATTACH("1", "1")
     SEND("1", "2") SCANOUT("8", "1", "1") SEND("2", "3"), "XGPU-DRV-20", "store 0x40003028/4 1"},
    {"a scanout without backing", QEMU_2,
     CHAIN CREATE("1", "2") SEND("0", "1") SCANOUT("8", "0", "1")
     SEND("1", "2"), "XGPU-DRV-21", "store"},
    {"flushed and never transferred", V2, CHAIN CREATE("1", "2") SEND("0", "1") ATTACH("1", "1")
     SEND("1", "2") SCANOUT("8", "0", "1") SEND("2", "3") FLUSH("1") SEND("3", "4"),
     "XGPU-DRV-21", "store"},
    {"a flush of a resource that is not there", V2, CHAIN FLUSH("7") SEND("0", "1"), "XGPU-DRV-17",
     "store 0x40003028/4 7"},
    {"a scanout too small for QEMU", QEMU_2, CHAIN CREATE("1", "2") SEND("0", "1") ATTACH("1", "1")
     SEND("1", "2") SCANOUT("8", "0", "1") SEND("2", "3"), "XGPU-DRV-11", "store 0x40003020/4 8"},
    {"a part with the offset of the whole", V2, SHOW TRANSFER("1") FIELD("18", "4")
     FIELD("1c", "2") FIELD("20", "4") FIELD("24", "4") SEND("5", "6"), "XGPU-DRV-22",
     "store 0x40003028/8 0"},
    {"a part with its own offset", V2, SHOW TRANSFER("1") FIELD("18", "4") FIELD("1c", "2")
     FIELD("20", "4") FIELD("24", "4") S("0x40003028/8 80") SEND("5", "6"), "", ""},
    {"EDID without its feature", V2, CHAIN HEADER("0x10a") LENGTH("32") SEND("0", "1"),
     "XGPU-DRV-04", "store"},

    /* ---- addresses ---- */
    {"outside RAM", V2, UP_2 DESC_0 DESC_1 S("q0.desc[0].addr 0x70000000") PUBLISH NOTIFY,
     "RS-DMA-OUTSIDE", "store q0.desc[0].addr"},
    {"never allocated", V2, UP_2 DESC_0 DESC_1 S("q0.desc[0].addr 0x40800000") PUBLISH NOTIFY,
     "RS-DMA-NOT-ALLOCATED", "store q0.desc[0].addr"},
    {"over the end", V2, UP_2 COMMAND DESC_0 DESC_1 S("q0.desc[1].addr 0x40004f00") PUBLISH NOTIFY,
     "RS-DMA-ACROSS-END", "store q0.desc[1].addr"},
    {"freed", V2, UP_2 COMMAND DESC_0 DESC_1 "driver free - 0x1000 at " PAGE_COMMAND "\n" PUBLISH
     NOTIFY, "RS-DMA-FREED", "store q0.desc[0].addr"},
    {"a ring outside RAM", V2, BEGIN_2 SELECT ADDRESSES W("QueueDriverLow 0x70000000") READY GO
     NOTIFY, "RS-DMA-OUTSIDE", "write QueueDriverLow"},
    {"follows from the page size", V1, BEGIN_1 SELECT_1 W("QueueAlign 4") PFN GO_1 NOTIFY,
     "LMMIO-DRV-D1", "write QueuePFN"},

    /* ---- the machine ---- */
    {"a crash", V2, "world crash 1 at 0x10\n", "RS-CRASH", "crash"},
    {"no stack", V2, "world crash 2\n", "RS-STACK", "crash"},
    {"a spin", V2, "world crash 3\n", "RS-SPIN", "crash"},
    {"a silent spin", V2, "world crash 4\n", "RS-SILENT-SPIN", "crash"},
    {"a spin without request", V2, CALL UP_2 STUCK "world crash 3\nworld return 0 12\n", "RS-SPIN",
     "crash"},
    {"a spin behind a cause", V2, CALL UP_2 COMMAND DESC_0 DESC_1 PUBLISH STUCK "world crash 3\n",
     "SPLIT-DRV-20", "store q0.avail.idx 1"},
    {"unobserved access", V2, "world unobserved access Status\n", "RS-UNOBSERVED-ACCESS", "Status"},
    {"unobserved store", V2, "device unobserved store 0x40003000/4\n", "RS-UNOBSERVED-STORE",
     "0x40003000"},
    {"waits for nothing", V2, CALL UP_2 REQUEST RETURN_OK CALL STUCK RETURN_LATE, "RS-STUCK",
     "load q0.used.idx"},
    {"waits for nothing and knows it", V2, CALL UP_2 REQUEST RETURN_OK CALL STUCK RETURN_OK, "",
     ""},
    {"does not see its completion", V2, CALL UP_2 COMMAND DESC_0 DESC_1 PUBLISH NOTIFY
     "driver load " PAGE_RESPONSE "/4 0\nworld stuck\n", "RS-STUCK", "load 0x40004000"},
    {"a reset takes the display", V2, SHOW RESET NOTIFY, "RS-DISPLAY-LOST", "write Status 0"},
    {"a reset and a new bring-up", V2,
     SHOW RESET ZERO WELCOME OFFER ACCEPT AGREE SELECT ADDRESSES
     READY GO NOTIFY, "", ""},
    {"a reset and nothing more", V2, SHOW RESET, "", ""},
    {"full for no reason", V2, CALL UP_2 REQUEST "world return 0 QUEUE_FULL\n", "RS-DESC-LEAK",
     "load"},
    {"full without a live queue", V2, CALL BEGIN_2 SELECT "world return 0 QUEUE_FULL\n",
     "RS-DESC-LEAK", ""},
    {"full of what it waits for", V2, CALL UP_2 COMMAND DESC_0 DESC_1 PUBLISH
     "world return 0 QUEUE_FULL\n" NOTIFY, "", ""},
};
/* clang-format on */

TEST_RULE_CASES(cases)

#define HOLD "world call 1\n"

/* A completion that comes when its request has been given up, and a driver that takes it all the
 * same. */
static void play_late(const char *last, const char *result)
{
    static const struct sim_fault late = {.kind = SIM_FAULT_COMPLETION_LATE,
                                          .argument = 40,
                                          .request = 1};
    struct rig_config config = machines[V2];

    config.fault = &late;
    rig_open(&config);
    rig_play(CALL UP_2 COMMAND DESC_0 DESC_1 PUBLISH NOTIFY
             "driver load q0.used.idx 0\n" RETURN_LATE HOLD S("q0.desc[2].addr " PAGE_COMMAND)
                 S("q0.desc[2].len 24") S("q0.desc[2].flags 1") S("q0.desc[2].next 3")
                     S("q0.desc[3].addr " PAGE_RESPONSE) S("q0.desc[3].len 408")
                         S("q0.desc[3].flags 2") S("q0.avail.ring[1] 2") S("q0.avail.idx 2")
                             NOTIFY);
    for (unsigned i = 0; i < 60; i++)
        rig_line("driver load q0.used.idx 0");
    rig_line("driver load q0.used.ring[0].id 0");
    rig_play(last);
    rig_play(result);
}

START_TEST(a_late_completion_that_is_taken_for_an_answer_is_told)
{
    play_late("", "world return 1 OK\n");
    ck_assert_str_eq(rig_ids(FINDING_WARNING), "RS-LATE-COMPLETION");
    ck_assert_ptr_nonnull(
        strstr(rig_text(&rig.findings.item[0].at.event), "load q0.used.ring[0].id"));
    rig_close();
}
END_TEST

START_TEST(a_late_completion_that_is_passed_over_is_no_fault)
{
    play_late("driver load q0.used.ring[1].id 0\n", "world return 1 OK\n");
    ck_assert_str_eq(rig_ids(FINDING_WARNING), "");
    rig_close();
}
END_TEST

START_TEST(a_response_that_is_no_success_must_not_pass_for_one)
{
    static const struct sim_fault type_0 = {.kind = SIM_FAULT_RESPONSE_TYPE,
                                            .argument = 0,
                                            .request = 1};
    struct rig_config config = machines[V2];

    config.fault = &type_0;
    rig_open(&config);
    rig_play(CALL UP_2 REQUEST RETURN_OK);
    ck_assert_str_eq(rig_ids(FINDING_WARNING), "RS-RESPONSE-UNCHECKED");
    rig_close();
    rig_open(&config);
    rig_play(CALL UP_2 REQUEST "world return 0 BAD_COMPLETION\n");
    ck_assert_str_eq(rig_ids(FINDING_WARNING), "");
    rig_close();
}
END_TEST

START_TEST(a_queue_full_of_late_requests_leaks_nothing)
{
    struct sim_fault fault = {.kind = SIM_FAULT_COMPLETION_LATE, .argument = 100000, .request = 0};
    struct rig_config config = machines[V2];

    for (unsigned i = 0; i < 2; i++) {
        fault.kind = i == 0 ? SIM_FAULT_COMPLETION_LATE : SIM_FAULT_COMPLETION_LOST;
        config.fault = &fault;
        rig_open(&config);
        rig_play(CALL BEGIN_2 W("QueueSel 0") R("QueueReady") R("QueueSizeMax") W("QueueSize 2")
                     ADDRESSES READY GO COMMAND DESC_0 DESC_1 PUBLISH NOTIFY RETURN_LATE
                 "world call 1\nworld return 1 QUEUE_FULL\n");
        ck_assert_str_eq(rig_ids(FINDING_WARNING), i == 0 ? "" : "RS-DESC-LEAK");
        if (i == 1)
            ck_assert_str_eq(rig.findings.item[0].text,
                             "driver filled queue 0 with 1 request that it gave up, and did not "
                             "reset the device");
        rig_close();
    }
}
END_TEST

/* A device that loses a completion on purpose: the driver's wait is in vain, but not by its fault.
 */
START_TEST(a_provoked_wait_is_no_finding)
{
    static const struct sim_fault lost = {.kind = SIM_FAULT_COMPLETION_LOST,
                                          .argument = 0,
                                          .request = 1};
    struct rig_config config = machines[V2];

    config.fault = &lost;
    rig_open(&config);
    rig_play(CALL UP_2 COMMAND DESC_0 DESC_1 PUBLISH NOTIFY STUCK RETURN_LATE);
    ck_assert_str_eq(rig_ids(FINDING_NOTE), "");
    rig_close();
}
END_TEST

START_TEST(a_pointer_in_place_of_an_address_is_named_as_one)
{
    char line[RIG_LINE_BYTES];

    rig_open(&machines[V2]);
    rig_play(UP_2 COMMAND DESC_0 DESC_1);
    snprintf(line, sizeof line, "driver store q0.desc[0].addr %p",
             (void *)arena_host(&rig.arena, RIG_BASE + 0x3000));
    rig_line(line);
    rig_play(PUBLISH NOTIFY);
    ck_assert_str_eq(rig_ids(FINDING_WARNING), "RSVD-DRV-04");
    ck_assert_ptr_nonnull(
        strstr(rig_text(&rig.findings.item[0].at.event), "store q0.desc[0].addr"));
    ck_assert_ptr_nonnull(strstr(rig.findings.item[0].at.label, "it would be 0x40003000"));
    rig_close();
}
END_TEST

START_TEST(that_nothing_is_shown_is_a_note_when_the_run_is_over)
{
    rig_open(&machines[V2]);
    rig_play(CALL UP_2 REQUEST RETURN_OK);
    ck_assert_str_eq(rig_ids(FINDING_NOTE), "");
    judge_end(&rig.judge);
    ck_assert_str_eq(rig_ids(FINDING_NOTE), "RS-NO-SCANOUT");
    ck_assert_uint_eq(rig.findings.item[0].at.event.step, 0);
    rig_close();
    rig_open(&machines[V2]);
    rig_play(SHOW);
    judge_end(&rig.judge);
    ck_assert_str_eq(rig_ids(FINDING_NOTE), "");
    rig_close();
}
END_TEST

/* The seed's row C2: the device's used ring is where QEMU has it, the driver looks two words on. */
START_TEST(qemus_used_ring_and_the_drivers_are_both_named)
{
    const struct finding *finding = &rig.findings.item[0];

    rig_open(&machines[QEMU_1]);
    rig_play(CALL UP_1 COMMAND DESC_0 DESC_1 PUBLISH NOTIFY "driver load 0x4000009a/2 0\n"
                                                            "world stuck\n");
    ck_assert_str_eq(rig_ids(FINDING_NOTE), "LSPLIT-DRV-03");
    ck_assert_str_eq(finding->at.label, "the driver looks at 0x4000009a; used.idx is at 0x40000096 "
                                        "and reads 1");
    ck_assert_ptr_nonnull(strstr(rig_text(&finding->cause.event), "write QueueAlign 4"));
    rig_close();
}
END_TEST

/* What a person reads under the line, with this run's values. */
static const struct {
    enum machine machine;
    const char *script, *id, *text, *label, *cause;
} sentences[] = {
    {V1, BEGIN_1 W("GuestPageSize 4096") SELECT_1 W("QueueAlign 4096") PFN GO_1 NOTIFY,
     "LSPLIT-DRV-02", "the used ring of queue 0 overlaps other DMA memory, `avail`",
     "the used ring is at 0x40001000, which belongs to `avail`", "write QueueAlign"},
    {V2, UP_2 COMMAND DESC_0 DESC_1 PUBLISH S("q0.desc[1].len 24"), "XSPLIT-DRV-05",
     "driver changed descriptor 1 of queue 0, which the device owns", "the device still owns it",
     "store q0.avail.idx 1"},
    {V2, CALL UP_2 COMMAND DESC_0 DESC_1 PUBLISH W("QueueNotify 1") STUCK, "SPLIT-DRV-20",
     "driver made a buffer of queue 0 available and notified queue 1",
     "avail.idx is 1 now; no QueueNotify 0 came after it", "write QueueNotify 1"},
    {V2, CALL UP_2 COMMAND DESC_0 DESC_1 NOTIFY PUBLISH STUCK, "SPLIT-DRV-20",
     "driver made a buffer of queue 0 available but did not notify the device",
     "avail.idx is 1 now; no QueueNotify 0 came after it", "write QueueNotify 0"},
    {V2, BEGIN_2 W("QueueSel 0") W("QueueSize 8") ADDRESSES READY GO W("QueueReady 0") NOTIFY,
     "XMMIO-DRV-01", "driver notified queue 0, but QueueReady is 0: the device has no such queue",
     "ignored by the device", ""},
    {V1, BEGIN_1 SELECT_1 W("QueueAlign 4") PFN, "LMMIO-DRV-D1",
     "driver wrote `QueuePFN` while `GuestPageSize` is not set",
     "the device computes 0x40000 x 1: queue 0 is at address 0x40000", ""},
    {V2, SHOW RESET NOTIFY, "RS-DISPLAY-LOST",
     "scanout 0 was lost by a reset of the live device at step ",
     "resets the device: scanout 0, resource 1 and all queues are gone", "write QueueNotify 0"},
    {V2,
     CALL UP_2 COMMAND DESC_0 DESC_1 PUBLISH NOTIFY "driver load " PAGE_RESPONSE
                                                    "/4 0\nworld stuck\n",
     "RS-STUCK", "a request on queue 0 can never complete: it did not come to `used-idx`, ",
     "nothing that the driver waits for can come any more", "device store q0.used.idx 1"},
};

START_TEST(sentences_carry_the_values_of_the_run)
{
    const struct finding *finding;

    rig_open(&machines[sentences[_i].machine]);
    rig_play(sentences[_i].script);
    finding = judge_find(&rig.judge, sentences[_i].id, UINT32_MAX);
    ck_assert_ptr_nonnull(finding);
    ck_assert_int_eq(finding->level, FINDING_ERROR);
    ck_assert_msg(strstr(finding->text, sentences[_i].text) == finding->text, "%s", finding->text);
    ck_assert_str_eq(finding->at.label, sentences[_i].label);
    if (sentences[_i].cause[0] != '\0')
        ck_assert_msg(strstr(rig_text(&finding->cause.event), sentences[_i].cause) != NULL, "%s",
                      rig_text(&finding->cause.event));
    rig_close();
}
END_TEST

/* Nothing that can come in any order may harm the judge. */
START_TEST(no_order_of_events_is_too_strange)
{
    rig_open(&machines[_i % 2 == 0 ? V1 : V2]);
    srand((unsigned)_i);
    for (unsigned i = 0; i < 20000; i++) {
        struct event event = {
            .party = (uint8_t)(rand() % EVENT_PARTY_COUNT),
            .kind = (uint8_t)(rand() % EVENT_KIND_COUNT),
            .place = (uint8_t)(rand() % EVENT_PLACE_COUNT),
            .verdict = (uint8_t)(rand() % 4 != 0 ? 0 : rand() % EVENT_VERDICT_COUNT),
            .queue = (uint16_t)(rand() % 4 == 0 ? rand() : rand() % 2),
            .slot = (uint16_t)(rand() % 40),
            .flags = (uint8_t)(rand() % 8 == 0 ? EVENT_OTHER_SLOT : 0),
            .index = (uint32_t)(rand() % 8 == 0 ? rand() : rand() % 40),
            .value = (uint64_t)(rand() % 3 == 0 ? rand() : rand() % 16),
            .extra = (uint64_t)(rand() % 3 == 0 ? rand() : rand() % 16),
            .addr = rand() % 2 == 0 ? (uint64_t)rand() : RIG_BASE + (uint64_t)(rand() % 0x5000),
            .width_bytes = 1u << rand() % 5,
            .pc = (uintptr_t)(rand() % 64),
        };
        struct ladder ladder;
        rig_emit(&rig, &event);
        if (i % 100 == 0)
            ladder_climb(&rig.judge.model, (uint32_t)rand() % 5, &ladder);
    }
    judge_end(&rig.judge);
    ck_assert_uint_gt(rig.findings.count, 10);
    rig_close();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rules about queues");
    TCase *tcase = tcase_create("queues");
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, rule_cases, 0, (int)(sizeof cases / sizeof cases[0]));
    tcase_add_test(tcase, a_late_completion_that_is_taken_for_an_answer_is_told);
    tcase_add_test(tcase, a_late_completion_that_is_passed_over_is_no_fault);
    tcase_add_test(tcase, a_queue_full_of_late_requests_leaks_nothing);
    tcase_add_test(tcase, a_response_that_is_no_success_must_not_pass_for_one);
    tcase_add_test(tcase, a_provoked_wait_is_no_finding);
    tcase_add_test(tcase, a_pointer_in_place_of_an_address_is_named_as_one);
    tcase_add_test(tcase, that_nothing_is_shown_is_a_note_when_the_run_is_over);
    tcase_add_loop_test(tcase, sentences_carry_the_values_of_the_run, 0,
                        (int)(sizeof sentences / sizeof sentences[0]));
    tcase_add_test(tcase, qemus_used_ring_and_the_drivers_are_both_named);
    tcase_add_loop_test(tcase, no_order_of_events_is_too_strange, 0, 16);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
