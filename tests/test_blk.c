/*
 * The block device: what is on the disk, what a request gets of it, and what it is refused.
 */
#include "blk.h"
#include "device_rig.h"

#include <string.h>

#include "virtio/blk.h"

#define SECTOR       VIRTIO_BLK_SECTOR_BYTES
#define DISK_SECTORS 64u
#define HEADER_BYTES 16u
#define QUEUE_SIZE   16u
#define UNTOUCHED    0xee

static struct bench *make(uint32_t version, uint64_t sectors, bool read_only)
{
    struct bench *bench =
        bench_create_as(VIRTIO_ID_BLOCK, version, SPEC, blk_class.features, QUEUE_SIZE);
    struct sim_config config = bench->device.config;
    struct event_observer observer = bench->device.observer;
    struct blk_config blk = {.disk_bytes = sectors * SECTOR, .read_only = read_only};

    sim_device_destroy(&bench->device);
    sim_device_create(&bench->device, &config, &blk_class, &bench->arena, observer);
    ck_assert(blk_create(&bench->device, &blk));
    bench_negotiate(bench, 0);
    bench_queue(bench, QUEUE_SIZE);
    bench_driver_ok(bench);
    return bench;
}

static void done(struct bench *bench)
{
    blk_destroy(&bench->device);
    bench_destroy(bench);
}

/* Lays a request out at data_addr: header, data, status, each at an address of its own. */
struct request {
    uint32_t type;
    uint64_t sector;
    uint32_t bytes;        /* of data */
    uint32_t piece;        /* the data is cut into descriptors of so many bytes; 0 = one */
    bool status_with_data; /* the status byte lies in the last descriptor of the data */
};

#define DATA_AT   64u
#define STATUS_AT (DATA_AT + 4 * SECTOR)

static uint8_t *ram(struct bench *bench, uint64_t offset)
{
    return arena_host(&bench->arena, bench->data_addr + offset);
}

static void put_header(struct bench *bench, const struct request *request)
{
    const struct virtio_blk_req_hdr header = {.type = virtio_le32(request->type),
                                              .sector = virtio_le64(request->sector)};
    bench_store(bench, bench->data_addr, &header, sizeof(header));
}

/* Returns the status byte; used.len goes to *len. */
static uint8_t ask(struct bench *bench, const struct request *request, uint32_t *len)
{
    uint16_t write = request->type == VIRTIO_BLK_T_OUT ? 0 : VIRTQ_DESC_F_WRITE;
    uint32_t status_at = request->status_with_data ? DATA_AT + request->bytes : STATUS_AT;
    uint32_t piece = request->piece != 0 ? request->piece : request->bytes;
    uint16_t next = 1;

    put_header(bench, request);
    *ram(bench, status_at) = UNTOUCHED;
    bench_desc(bench, bench->desc_addr, 0, bench->data_addr, HEADER_BYTES, VIRTQ_DESC_F_NEXT, next);
    for (uint32_t at = 0; at < request->bytes; at += piece) {
        uint32_t bytes = request->bytes - at < piece ? request->bytes - at : piece;
        bool last = request->status_with_data && at + bytes == request->bytes;
        bench_desc(bench, bench->desc_addr, next, bench->data_addr + DATA_AT + at, bytes + last,
                   last ? write : (uint16_t)(write | VIRTQ_DESC_F_NEXT), (uint16_t)(next + 1));
        next++;
    }
    if (!request->status_with_data)
        bench_desc(bench, bench->desc_addr, next, bench->data_addr + STATUS_AT, 1,
                   VIRTQ_DESC_F_WRITE, 0);
    bench_forget(bench);
    bench_offer(bench, 0);
    bench_kick(bench);
    bench_run(bench);
    ck_assert_uint_eq(bench_used_idx(bench), bench->avail_idx);
    uint64_t slot = (uint16_t)(bench->avail_idx - 1u) % bench->size;
    *len = bench_load32(bench, bench->used_addr + 4 + 8 * slot + 4);
    return *ram(bench, status_at);
}

static uint8_t status_of(struct bench *bench, uint32_t type, uint64_t sector, uint32_t bytes)
{
    struct request request = {.type = type, .sector = sector, .bytes = bytes};
    uint32_t len;
    return ask(bench, &request, &len);
}

static uint32_t pattern(uint64_t offset)
{
    return 0xd15c0000u + (uint32_t)(offset / 4);
}

START_TEST(every_word_of_a_fresh_disk_says_where_it_belongs)
{
    struct bench *bench = make(2, DISK_SECTORS, false);
    uint32_t word = 0;

    for (uint64_t offset = 0; offset < DISK_SECTORS * SECTOR; offset += 4) {
        BENCH_CHECK(blk_disk_word(&bench->device, offset, &word));
        BENCH_CHECK(word == pattern(offset));
    }
    ck_assert(!blk_disk_word(&bench->device, DISK_SECTORS * SECTOR, &word));
    ck_assert(!blk_disk_word(&bench->device, DISK_SECTORS * SECTOR - 3, &word));
    ck_assert(!blk_disk_word(&bench->device, UINT64_MAX, &word));
    done(bench);
}
END_TEST

START_TEST(config_space_tells_capacity_and_block_size)
{
    struct bench *bench = make(2, DISK_SECTORS, false);
    const uint32_t config = VIRTIO_MMIO_CONFIG;

    ck_assert_uint_eq(mmio_read(&bench->device, config, 8), DISK_SECTORS);
    ck_assert_uint_eq(bench_read(bench, config), DISK_SECTORS);
    ck_assert_uint_eq(bench_read(bench, config + 4), 0);
    ck_assert_uint_eq(bench_read(bench, config + 12), 126);
    ck_assert_uint_eq(bench_read(bench, config + 20), 512);
    ck_assert_uint_eq(mmio_read(&bench->device, config + 34, 2), 1);
    ck_assert_int_eq(mmio_check(&bench->device, config + 72, 4, false), EVENT_VERDICT_GAP);
    ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_DeviceID), 2);
    done(bench);
}
END_TEST

START_TEST(reads_give_what_is_on_the_disk_however_the_buffer_is_cut)
{
    static const uint32_t pieces[] = {0, 100, 512, 513, 1000};

    for (uint32_t version = 1; version <= 2; version++) {
        struct bench *bench = make(version, DISK_SECTORS, false);
        for (size_t i = 0; i < 2 * ARRAY_SIZE(pieces); i++) {
            struct request request = {.sector = 3 + i,
                                      .bytes = 2 * SECTOR,
                                      .piece = pieces[i / 2],
                                      .status_with_data = i % 2 != 0};
            uint32_t len;
            memset(ram(bench, DATA_AT), UNTOUCHED, 4 * SECTOR);
            ck_assert_uint_eq(ask(bench, &request, &len), VIRTIO_BLK_S_OK);
            ck_assert_uint_eq(len, request.bytes + 1);
            for (uint32_t at = 0; at < request.bytes; at += 4)
                ck_assert_uint_eq(bench_load32(bench, bench->data_addr + DATA_AT + at),
                                  pattern(request.sector * SECTOR + at));
            bench_expect_refusal(bench, SIM_REFUSAL_NONE);
        }
        done(bench);
    }
}
END_TEST

START_TEST(writes_change_their_sectors_and_no_other)
{
    struct bench *bench = make(1, DISK_SECTORS, false);
    struct request request = {.type = VIRTIO_BLK_T_OUT, .sector = 7, .bytes = 3 * SECTOR};
    uint32_t word, len;

    for (uint32_t at = 0; at < request.bytes; at += 4) {
        uint32_t value = 0xabcd0000u + at;
        bench_store(bench, bench->data_addr + DATA_AT + at, &value, 4);
    }
    request.piece = 700;
    ck_assert_uint_eq(ask(bench, &request, &len), VIRTIO_BLK_S_OK);
    ck_assert_uint_eq(len, 1);
    for (uint32_t at = 0; at < DISK_SECTORS * SECTOR; at += 4) {
        bool inside = at / SECTOR >= 7 && at / SECTOR < 10;
        ck_assert(blk_disk_word(&bench->device, at, &word));
        ck_assert_uint_eq(word, inside ? 0xabcd0000u + at - 7 * SECTOR : pattern(at));
    }
    ck_assert_uint_eq(bench_event(bench, EVENT_EXECUTE, 0)->value, VIRTIO_BLK_T_OUT);
    ck_assert_uint_eq(bench_event(bench, EVENT_EXECUTE, 0)->index, 7);
    ck_assert_uint_eq(bench_event(bench, EVENT_RESPOND, 0)->value, VIRTIO_BLK_S_OK);
    done(bench);
}
END_TEST

START_TEST(header_and_data_may_share_a_descriptor)
{
    struct bench *bench = make(2, DISK_SECTORS, false);
    struct request request = {.type = VIRTIO_BLK_T_OUT, .sector = 1};
    uint32_t value = 0x12345678, word;

    put_header(bench, &request);
    bench_store(bench, bench->data_addr + HEADER_BYTES, &value, 4);
    bench_desc(bench, bench->desc_addr, 0, bench->data_addr, HEADER_BYTES + SECTOR,
               VIRTQ_DESC_F_NEXT, 1);
    bench_desc(bench, bench->desc_addr, 1, bench->data_addr + STATUS_AT, 1, VIRTQ_DESC_F_WRITE, 0);
    *ram(bench, STATUS_AT) = UNTOUCHED;
    bench_offer(bench, 0);
    bench_kick(bench);
    bench_run(bench);
    ck_assert_uint_eq(*ram(bench, STATUS_AT), VIRTIO_BLK_S_OK);
    ck_assert(blk_disk_word(&bench->device, SECTOR, &word));
    ck_assert_uint_eq(word, value);
    done(bench);
}
END_TEST

/* Every start and length around the end of the disk. */
START_TEST(no_request_reaches_behind_the_last_sector)
{
    static const uint64_t starts[] = {0, 61, 62, 63, 64, 65, UINT64_C(1) << 55, UINT64_MAX};
    static const uint32_t types[] = {VIRTIO_BLK_T_IN, VIRTIO_BLK_T_OUT};
    struct bench *bench = make(2, DISK_SECTORS, false);

    for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
        for (uint32_t count = 0; count <= 3; count++) {
            for (size_t t = 0; t < ARRAY_SIZE(types); t++) {
                bool fits = starts[i] <= DISK_SECTORS && count <= DISK_SECTORS - starts[i];
                uint8_t status = status_of(bench, types[t], starts[i], count * SECTOR);
                ck_assert_uint_eq(status, fits ? VIRTIO_BLK_S_OK : VIRTIO_BLK_S_IOERR);
                bench_expect_refusal(bench, fits ? SIM_REFUSAL_NONE : SIM_REFUSAL_SECTOR_RANGE);
            }
        }
    }
    ck_assert_uint_eq(bench_read(bench, VIRTIO_MMIO_Status), 15);
    done(bench);
}
END_TEST

START_TEST(data_is_whole_sectors)
{
    static const uint32_t bytes[] = {1, 511, 513, 1000};
    struct bench *bench = make(2, DISK_SECTORS, false);

    for (size_t i = 0; i < ARRAY_SIZE(bytes); i++) {
        ck_assert_uint_eq(status_of(bench, VIRTIO_BLK_T_IN, 0, bytes[i]), VIRTIO_BLK_S_IOERR);
        const struct event *refusal = bench_expect_refusal(bench, SIM_REFUSAL_DATA_LENGTH);
        ck_assert_uint_eq(refusal->addr, bytes[i]);
        ck_assert_uint_eq(refusal->extra, 512);
    }
    done(bench);
}
END_TEST

START_TEST(a_read_only_disk_is_read_and_not_written)
{
    struct bench *bench = make(2, DISK_SECTORS, true);
    uint32_t word;

    ck_assert_uint_eq(status_of(bench, VIRTIO_BLK_T_IN, 5, SECTOR), VIRTIO_BLK_S_OK);
    memset(ram(bench, DATA_AT), 0, SECTOR);
    ck_assert_uint_eq(status_of(bench, VIRTIO_BLK_T_OUT, 5, SECTOR), VIRTIO_BLK_S_IOERR);
    bench_expect_refusal(bench, SIM_REFUSAL_DISK_READ_ONLY);
    ck_assert(blk_disk_word(&bench->device, 5 * SECTOR, &word));
    ck_assert_uint_eq(word, pattern(5 * SECTOR));
    done(bench);
}
END_TEST

START_TEST(other_types_are_answered_with_what_they_are)
{
    static const struct {
        uint32_t type;
        uint8_t status;
        enum sim_refusal refusal;
    } cases[] = {
        {VIRTIO_BLK_T_FLUSH, VIRTIO_BLK_S_OK, SIM_REFUSAL_NONE},
        {VIRTIO_BLK_T_DISCARD, VIRTIO_BLK_S_UNSUPP, SIM_REFUSAL_COMMAND_UNKNOWN},
        {VIRTIO_BLK_T_WRITE_ZEROES, VIRTIO_BLK_S_UNSUPP, SIM_REFUSAL_COMMAND_UNKNOWN},
        {2, VIRTIO_BLK_S_UNSUPP, SIM_REFUSAL_COMMAND_UNKNOWN},
        {0xffffffff, VIRTIO_BLK_S_UNSUPP, SIM_REFUSAL_COMMAND_UNKNOWN},
    };
    struct bench *bench = make(2, DISK_SECTORS, false);

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        ck_assert_uint_eq(status_of(bench, cases[i].type, 0, 0), cases[i].status);
        bench_expect_refusal(bench, cases[i].refusal);
    }
    done(bench);
}
END_TEST

START_TEST(the_id_is_twenty_bytes_or_what_there_is_room_for)
{
    struct bench *bench = make(2, DISK_SECTORS, false);

    for (uint32_t bytes = 1; bytes <= 24; bytes++) {
        memset(ram(bench, DATA_AT), UNTOUCHED, 32);
        ck_assert_uint_eq(status_of(bench, VIRTIO_BLK_T_GET_ID, 0, bytes), VIRTIO_BLK_S_OK);
        uint32_t written = bytes < 20 ? bytes : 20;
        char id[24] = "ringside-disk";
        ck_assert_mem_eq(ram(bench, DATA_AT), id, written);
        ck_assert_uint_eq(*ram(bench, DATA_AT + written), UNTOUCHED);
    }
    done(bench);
}
END_TEST

START_TEST(a_request_without_a_whole_header_is_an_error)
{
    struct bench *bench = make(2, DISK_SECTORS, false);

    *ram(bench, STATUS_AT) = UNTOUCHED;
    bench_desc(bench, bench->desc_addr, 0, bench->data_addr, 15, VIRTQ_DESC_F_NEXT, 1);
    bench_desc(bench, bench->desc_addr, 1, bench->data_addr + STATUS_AT, 1, VIRTQ_DESC_F_WRITE, 0);
    bench_offer(bench, 0);
    bench_kick(bench);
    bench_run(bench);
    bench_expect_refusal(bench, SIM_REFUSAL_REQUEST_SHORT);
    ck_assert_uint_eq(*ram(bench, STATUS_AT), VIRTIO_BLK_S_IOERR);
    done(bench);
}
END_TEST

START_TEST(a_request_without_room_for_the_status_is_reported)
{
    struct bench *bench = make(2, DISK_SECTORS, false);
    struct request request = {.type = VIRTIO_BLK_T_FLUSH};

    put_header(bench, &request);
    bench_desc(bench, bench->desc_addr, 0, bench->data_addr, HEADER_BYTES, 0, 0);
    bench_offer(bench, 0);
    bench_kick(bench);
    bench_run(bench);
    bench_expect_refusal(bench, SIM_REFUSAL_RESPONSE_SHORT);
    ck_assert_uint_eq(bench_used_idx(bench), 1);
    ck_assert_uint_eq(bench_load32(bench, bench->used_addr + 8), 0);
    done(bench);
}
END_TEST

START_TEST(the_fault_response_type_is_another_status)
{
    struct bench *bench = make(2, DISK_SECTORS, false);
    struct sim_fault fault = {.kind = SIM_FAULT_RESPONSE_TYPE, .argument = 1};

    ck_assert(sim_fault_arm(&bench->device.faults, &fault));
    ck_assert_uint_eq(status_of(bench, VIRTIO_BLK_T_IN, 0, SECTOR), VIRTIO_BLK_S_IOERR);
    ck_assert_uint_eq(bench->count[EVENT_FAULT], 1);
    ck_assert_uint_eq(bench_load32(bench, bench->data_addr + DATA_AT), pattern(0));
    done(bench);
}
END_TEST

START_TEST(the_disk_outlives_a_reset)
{
    struct bench *bench = make(2, DISK_SECTORS, false);
    uint32_t value = 7, word;

    bench_store(bench, bench->data_addr + DATA_AT, &value, 4);
    ck_assert_uint_eq(status_of(bench, VIRTIO_BLK_T_OUT, 2, SECTOR), VIRTIO_BLK_S_OK);
    bench_write(bench, VIRTIO_MMIO_Status, 0);
    ck_assert(blk_disk_word(&bench->device, 2 * SECTOR, &word));
    ck_assert_uint_eq(word, 7);
    done(bench);
}
END_TEST

START_TEST(types_and_statuses_have_names)
{
    ck_assert_str_eq(blk_type_name(0), "VIRTIO_BLK_T_IN");
    ck_assert_str_eq(blk_type_name(8), "VIRTIO_BLK_T_GET_ID");
    ck_assert_ptr_null(blk_type_name(2));
    ck_assert_str_eq(blk_status_name(2), "VIRTIO_BLK_S_UNSUPP");
    ck_assert_ptr_null(blk_status_name(3));
    ck_assert(blk_class.succeeded(0));
    ck_assert(!blk_class.succeeded(1));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_word_of_a_fresh_disk_says_where_it_belongs,
        config_space_tells_capacity_and_block_size,
        reads_give_what_is_on_the_disk_however_the_buffer_is_cut,
        writes_change_their_sectors_and_no_other,
        header_and_data_may_share_a_descriptor,
        no_request_reaches_behind_the_last_sector,
        data_is_whole_sectors,
        a_read_only_disk_is_read_and_not_written,
        other_types_are_answered_with_what_they_are,
        the_id_is_twenty_bytes_or_what_there_is_room_for,
        a_request_without_a_whole_header_is_an_error,
        a_request_without_room_for_the_status_is_reported,
        the_fault_response_type_is_another_status,
        the_disk_outlives_a_reset,
        types_and_statuses_have_names,
    };
    return bench_main("blk", tests, ARRAY_SIZE(tests));
}
