/*
 * The driver's side of a queue against a device that the test plays by hand, honest or not.
 */
#include <check.h>
#include <stdbool.h>
#include <string.h>
#include "driver_platform.h"
#include "virtq.h"

#define SIZE_LARGEST 16u

static struct virtq queue;
static struct virtq_shadow shadow[SIZE_LARGEST];
static uint16_t device_used_idx;
static uint16_t device_avail_idx;
static int tokens[SIZE_LARGEST];

static const struct virtq_piece PIECES[] = {{0x1000, 24}, {0x2000, 100}, {0x3000, 408}};

static void create(uint32_t version, uint16_t size, uint64_t features)
{
    struct virtio_device device = {.version = version, .features = features};

    test_platform_reset();
    memset(shadow, 0xa5, sizeof(shadow));
    ck_assert_int_eq(virtq_create(&queue, &device, size, shadow), VIRTIO_OK);
    device_used_idx = 0;
    device_avail_idx = 0;
}

static void destroy(void)
{
    virtq_destroy(&queue);
    ck_assert_uint_eq(test_platform.blocks_out, 0);
}

static volatile le16 *used_event_field(void)
{
    return (volatile le16 *)((uintptr_t)queue.avail + virtq_used_event_offset(queue.size));
}

static volatile le16 *avail_event_field(void)
{
    return (volatile le16 *)((uintptr_t)queue.used + virtq_avail_event_offset(queue.size));
}

static enum virtio_result add(uint16_t readable, uint16_t writable, void *token)
{
    return virtq_add(&queue, PIECES, readable, PIECES + 2, writable, token);
}

/* The head that the device finds next; it must be there. */
static uint16_t device_take(void)
{
    ck_assert_uint_ne(device_avail_idx, queue.avail->idx);
    return queue.avail->ring[device_avail_idx++ % queue.size];
}

static void device_use(uint32_t id, uint32_t len)
{
    queue.used->ring[device_used_idx % queue.size] = (struct virtq_used_elem){id, len};
    queue.used->idx = ++device_used_idx;
}

START_TEST(a_chain_lies_in_memory_as_2_7_5_has_it)
{
    create(VIRTIO_VERSION_MODERN, 8, 0);
    ck_assert_int_eq(add(2, 1, &tokens[0]), VIRTIO_OK);
    ck_assert_uint_eq(queue.avail->idx, 0); /* not published */
    ck_assert(virtq_publish(&queue));
    ck_assert_uint_eq(queue.avail->idx, 1);

    const struct virtq_desc *first = &queue.desc[device_take()];
    const struct virtq_desc *second = &queue.desc[first->next];
    const struct virtq_desc *third = &queue.desc[second->next];
    ck_assert_uint_eq(first->addr, PIECES[0].addr);
    ck_assert_uint_eq(first->len, PIECES[0].len_bytes);
    ck_assert_uint_eq(first->flags, VIRTQ_DESC_F_NEXT);
    ck_assert_uint_eq(second->addr, PIECES[1].addr);
    ck_assert_uint_eq(second->flags, VIRTQ_DESC_F_NEXT);
    ck_assert_uint_eq(third->addr, PIECES[2].addr);
    ck_assert_uint_eq(third->len, PIECES[2].len_bytes);
    ck_assert_uint_eq(third->flags, VIRTQ_DESC_F_WRITE);
    destroy();
}
END_TEST

START_TEST(an_indirect_chain_takes_one_descriptor)
{
    create(VIRTIO_VERSION_MODERN, 1, VIRTIO_BIT(VIRTIO_F_INDIRECT_DESC));
    ck_assert_int_eq(add(2, 1, &tokens[0]), VIRTIO_OK);
    virtq_publish(&queue);

    const struct virtq_desc *head = &queue.desc[device_take()];
    const struct virtq_desc *table = test_cpu(head->addr);
    ck_assert_uint_eq(head->flags, VIRTQ_DESC_F_INDIRECT);
    ck_assert_uint_eq(head->len, 3 * sizeof(struct virtq_desc));
    for (uint16_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(table[i].addr, PIECES[i].addr);
        ck_assert_uint_eq(table[i].flags, i < 2 ? VIRTQ_DESC_F_NEXT : VIRTQ_DESC_F_WRITE);
        ck_assert_uint_eq(table[i].next, i < 2 ? i + 1 : 0);
    }
    ck_assert_int_eq(add(1, 1, &tokens[1]), VIRTIO_QUEUE_FULL);
    destroy();
}
END_TEST

START_TEST(a_legacy_queue_is_one_block_with_its_used_ring_on_a_page)
{
    for (uint16_t size = 1; size <= SIZE_LARGEST; size = (uint16_t)(size * 2)) {
        create(VIRTIO_VERSION_LEGACY, size, 0);
        ck_assert_uint_eq(queue.place.desc_addr % VIRTIO_LEGACY_PAGE_BYTES, 0);
        ck_assert_uint_eq(queue.place.avail_addr, queue.place.desc_addr + 16u * size);
        ck_assert_uint_eq(queue.place.used_addr, queue.place.desc_addr + VIRTIO_LEGACY_PAGE_BYTES);
        ck_assert_ptr_eq(test_cpu(queue.place.used_addr), (const void *)queue.used);
        ck_assert_uint_ge(queue.desc_memory.size_bytes,
                          VIRTIO_LEGACY_PAGE_BYTES + virtq_used_bytes(size));
        destroy();
    }
}
END_TEST

static const uint64_t FEATURE_SETS[] = {
    0,
    VIRTIO_BIT(VIRTIO_F_EVENT_IDX),
    VIRTIO_BIT(VIRTIO_F_INDIRECT_DESC),
    VIRTIO_BIT(VIRTIO_F_EVENT_IDX) | VIRTIO_BIT(VIRTIO_F_INDIRECT_DESC),
};

/* Chains of one to three, as many as fit, used in the opposite order, past the wrap of all idx. */
START_TEST(no_descriptor_is_lost_past_65536_requests)
{
    uint64_t features = FEATURE_SETS[_i % 4];
    uint32_t version = _i < 4 ? VIRTIO_VERSION_LEGACY : VIRTIO_VERSION_MODERN;
    uint32_t wrong = 0;

    create(version, 8, features);
    for (uint32_t requests = 0; requests < 140000;) {
        uint16_t heads[8];
        int *expected[8];
        uint32_t out = 0;
        while (out < 8 && add((uint16_t)(1 + (requests + out) % 2), 1, &tokens[out]) == VIRTIO_OK)
            out++;
        wrong += out == 0;
        virtq_publish(&queue);
        for (uint32_t i = 0; i < out; i++) {
            heads[i] = device_take();
            expected[i] = &tokens[i];
        }
        for (uint32_t i = out; i > 0; i--)
            device_use(heads[i - 1], 408);
        for (uint32_t i = out; i > 0; i--) {
            struct virtq_completion got;
            wrong += virtq_get(&queue, &got) != VIRTIO_OK;
            wrong += got.token != expected[i - 1] || got.written_bytes != 408;
        }
        struct virtq_completion none;
        wrong += virtq_get(&queue, &none) != VIRTIO_NOT_READY;
        wrong += queue.free_count != 8 || queue.out_count != 0;
        requests += out;
        if (wrong > 0)
            ck_abort_msg("after %u requests", requests);
    }
    destroy();
}
END_TEST

/* 2.7.10: notify if and only if the index that the device asked for is among those just added. */
START_TEST(notification_by_event_index_is_exact_at_every_place_of_the_wrap)
{
    uint32_t wrong = 0;

    create(VIRTIO_VERSION_MODERN, 8, VIRTIO_BIT(VIRTIO_F_EVENT_IDX));
    for (uint32_t step = 0; step < 66000; step++) {
        uint16_t old_idx = queue.published_idx;
        uint16_t batch = (uint16_t)(1 + step % 4);
        int distance = (int)(step / 4 % 13) - 6;
        bool asked_for = distance >= 0 && distance < batch;

        *avail_event_field() = (uint16_t)(old_idx + distance);
        queue.used->flags = step & 1 ? VIRTQ_USED_F_NO_NOTIFY : 0; /* not to be looked at */
        for (uint16_t i = 0; i < batch; i++)
            wrong += add(1, 1, &tokens[i]) != VIRTIO_OK;
        wrong += virtq_publish(&queue) != asked_for;
        for (uint16_t i = 0; i < batch; i++) {
            struct virtq_completion got;
            device_use(device_take(), 0);
            wrong += virtq_get(&queue, &got) != VIRTIO_OK;
        }
    }
    ck_assert_uint_eq(wrong, 0);
    destroy();
}
END_TEST

START_TEST(without_event_idx_the_flag_alone_decides_on_notification)
{
    for (uint32_t i = 0; i < 8; i++) {
        create(VIRTIO_VERSION_MODERN, 4, 0);
        *avail_event_field() = (uint16_t)(i / 2); /* not to be looked at */
        queue.used->flags = i % 2 ? VIRTQ_USED_F_NO_NOTIFY : 0;
        ck_assert_int_eq(add(1, 1, &tokens[0]), VIRTIO_OK);
        ck_assert(virtq_publish(&queue) == (i % 2 == 0));
        ck_assert(!virtq_publish(&queue)); /* nothing new */
        destroy();
    }
}
END_TEST

START_TEST(arming_asks_for_the_next_interrupt_and_says_when_it_is_too_late)
{
    struct virtq_completion got;

    for (size_t i = 0; i < 2; i++) {
        bool event_idx = i == 1;
        create(VIRTIO_VERSION_MODERN, 4, FEATURE_SETS[i]);
        ck_assert_uint_eq(queue.avail->flags, event_idx ? 0 : VIRTQ_AVAIL_F_NO_INTERRUPT);
        ck_assert_uint_eq(*used_event_field(), event_idx ? 0xffff : 0);
        ck_assert(virtq_arm(&queue));
        ck_assert_uint_eq(queue.avail->flags, 0);
        ck_assert_uint_eq(*used_event_field(), 0);
        ck_assert_int_eq(add(1, 1, &tokens[0]), VIRTIO_OK);
        virtq_publish(&queue);
        device_use(device_take(), 24);
        ck_assert(!virtq_arm(&queue));
        ck_assert_int_eq(virtq_get(&queue, &got), VIRTIO_OK);
        ck_assert(virtq_arm(&queue));
        ck_assert_uint_eq(*used_event_field(), event_idx ? 1 : 0);
        virtq_disarm(&queue);
        ck_assert_uint_eq(queue.avail->flags, event_idx ? 0 : VIRTQ_AVAIL_F_NO_INTERRUPT);
        ck_assert_uint_eq(*used_event_field(), 0);
        destroy();
    }
}
END_TEST

START_TEST(a_full_queue_refuses_and_stays_as_it_was)
{
    create(VIRTIO_VERSION_MODERN, 4, 0);
    ck_assert_int_eq(add(2, 1, &tokens[0]), VIRTIO_OK);
    ck_assert_int_eq(add(1, 1, &tokens[1]), VIRTIO_QUEUE_FULL);
    ck_assert_uint_eq(queue.free_count, 1);
    ck_assert_uint_eq(queue.avail_idx, 1);
    ck_assert_int_eq(add(1, 0, &tokens[1]), VIRTIO_OK);
    ck_assert_int_eq(add(1, 0, &tokens[2]), VIRTIO_QUEUE_FULL);
    ck_assert_int_eq(add(0, 0, &tokens[2]), VIRTIO_BAD_ARGUMENT);
    destroy();
}
END_TEST

/* More descriptors than 8 bits count. */
START_TEST(a_large_queue_is_filled_to_its_last_descriptor)
{
    static struct virtq_shadow many[512];
    struct virtio_device device = {.version = VIRTIO_VERSION_MODERN};

    test_platform_reset();
    ck_assert_int_eq(virtq_create(&queue, &device, 512, many), VIRTIO_OK);
    for (uint32_t i = 0; i < 256; i++)
        ck_assert_int_eq(add(1, 1, &tokens[0]), VIRTIO_OK);
    ck_assert_int_eq(add(1, 0, &tokens[0]), VIRTIO_QUEUE_FULL);
    ck_assert_uint_eq(queue.free_count, 0);
    ck_assert_uint_eq(queue.out_count, 256);
    destroy();
}
END_TEST

START_TEST(what_makes_no_buffer_is_refused)
{
    create(VIRTIO_VERSION_MODERN, 8, 0);
    ck_assert_int_eq(add(0, 0, &tokens[0]), VIRTIO_BAD_ARGUMENT);
    ck_assert_int_eq(add(1, 1, NULL), VIRTIO_BAD_ARGUMENT);
    ck_assert_uint_eq(queue.free_count, 8);
    ck_assert_uint_eq(queue.avail_idx, 0);
    destroy();
}
END_TEST

START_TEST(nothing_new_asks_for_no_notification)
{
    for (uint32_t event_idx = 0; event_idx < 2; event_idx++) {
        create(VIRTIO_VERSION_MODERN, 8, event_idx ? VIRTIO_BIT(VIRTIO_F_EVENT_IDX) : 0);
        ck_assert(!virtq_publish(&queue));
        ck_assert_int_eq(add(1, 1, &tokens[0]), VIRTIO_OK);
        ck_assert(virtq_publish(&queue));
        ck_assert(!virtq_publish(&queue));
        destroy();
    }
}
END_TEST

/* The device is shown two chains, one of three descriptors and one of one, and answers this. */
static const struct lie {
    const char *name;
    uint32_t version;
    uint16_t idx_step; /* used.idx moves by so much */
    bool use_head;     /* the id is the first chain's head plus `id`, else `id` alone */
    uint32_t id;
    uint32_t len;
    enum virtio_result result;
} LIES[] = {
    {"honest", 2, 1, true, 0, 408, VIRTIO_OK},
    {"honest, nothing written", 2, 1, true, 0, 0, VIRTIO_OK},
    {"id in the middle of a chain", 2, 1, true, 1, 0, VIRTIO_BAD_COMPLETION},
    {"id is the queue's size", 2, 1, false, 8, 0, VIRTIO_BAD_COMPLETION},
    {"id does not fit 16 bits", 2, 1, true, 0x10000, 0, VIRTIO_BAD_COMPLETION},
    {"id is free", 2, 1, false, 7, 0, VIRTIO_BAD_COMPLETION},
    {"one byte too many", 2, 1, true, 0, 409, VIRTIO_BAD_COMPLETION},
    {"one byte too many, legacy", 1, 1, true, 0, 409, VIRTIO_OK},
    {"two used, two out", 2, 2, true, 0, 0, VIRTIO_OK},
    {"three used, two out", 2, 3, true, 0, 0, VIRTIO_BAD_COMPLETION},
    {"idx runs backwards", 2, 0xffff, true, 0, 0, VIRTIO_BAD_COMPLETION},
};

START_TEST(a_device_that_lies_breaks_the_queue_and_nothing_else)
{
    const struct lie *lie = &LIES[_i];
    struct virtq_completion got;
    uint16_t head;

    create(lie->version, 8, 0);
    ck_assert_int_eq(add(2, 1, &tokens[0]), VIRTIO_OK);
    ck_assert_int_eq(add(1, 0, &tokens[1]), VIRTIO_OK);
    virtq_publish(&queue);
    head = device_take();
    queue.used->ring[0] =
        (struct virtq_used_elem){lie->use_head ? head + lie->id : lie->id, lie->len};
    queue.used->idx = lie->idx_step;

    ck_assert_msg(virtq_get(&queue, &got) == lie->result, "%s", lie->name);
    if (lie->result == VIRTIO_OK) {
        ck_assert_ptr_eq(got.token, &tokens[0]);
        ck_assert_uint_eq(queue.out_count, 1);
        ck_assert_uint_le(got.written_bytes, 408);
    } else {
        ck_assert_ptr_null(got.token);
        ck_assert_uint_eq(queue.out_count, 2);
        ck_assert_int_eq(virtq_get(&queue, &got), VIRTIO_BAD_COMPLETION);
        ck_assert_int_eq(add(1, 0, &tokens[2]), VIRTIO_BAD_COMPLETION);
    }
    destroy();
}
END_TEST

START_TEST(the_same_head_cannot_come_back_twice)
{
    struct virtq_completion got;

    create(VIRTIO_VERSION_MODERN, 8, 0);
    ck_assert_int_eq(add(1, 1, &tokens[0]), VIRTIO_OK);
    ck_assert_int_eq(add(1, 1, &tokens[1]), VIRTIO_OK);
    virtq_publish(&queue);
    uint16_t head = device_take();
    device_use(head, 0);
    device_use(head, 0);
    ck_assert_int_eq(virtq_get(&queue, &got), VIRTIO_OK);
    ck_assert_int_eq(virtq_get(&queue, &got), VIRTIO_BAD_COMPLETION);
    destroy();
}
END_TEST

/* All memory that a hostile device can write is filled with rubbish between publishing and using.
 */
START_TEST(what_the_device_rewrites_is_never_believed)
{
    uint32_t wrong = 0;

    create(VIRTIO_VERSION_MODERN, 8, FEATURE_SETS[_i]);
    for (uint32_t round = 0; round < 1000; round++) {
        struct virtq_completion got;
        uint16_t heads[2];
        wrong += add(2, 1, &tokens[0]) != VIRTIO_OK;
        wrong += add(1, 1, &tokens[1]) != VIRTIO_OK;
        virtq_publish(&queue);
        heads[0] = device_take();
        heads[1] = device_take();
        memset(queue.desc_memory.cpu, (int)(round * 37), queue.desc_memory.size_bytes);
        memset(queue.avail_memory.cpu, (int)(round * 41), queue.avail_memory.size_bytes);
        if (queue.indirect)
            memset(queue.indirect_memory.cpu, 0xff, queue.indirect_memory.size_bytes);
        device_use(heads[1], 7);
        device_use(heads[0], 9);
        wrong += virtq_get(&queue, &got) != VIRTIO_OK || got.token != &tokens[1];
        wrong += virtq_get(&queue, &got) != VIRTIO_OK || got.token != &tokens[0];
        wrong += queue.free_count != 8;
    }
    ck_assert_uint_eq(wrong, 0);
    destroy();
}
END_TEST

START_TEST(memory_that_is_not_there_leaves_nothing_behind)
{
    struct virtio_device device = {.version = VIRTIO_VERSION_MODERN,
                                   .features = VIRTIO_BIT(VIRTIO_F_INDIRECT_DESC)};

    for (size_t n = 0; n < 4; n++) {
        test_platform_reset();
        test_platform.fail_at = n;
        ck_assert_int_eq(virtq_create(&queue, &device, 8, shadow), VIRTIO_NO_MEMORY);
        ck_assert_uint_eq(test_platform.allocations, n + 1);
        ck_assert_uint_eq(test_platform.blocks_out, 0);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("virtq_driver");
    TCase *tcase = tcase_create("virtq_driver");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_chain_lies_in_memory_as_2_7_5_has_it);
    tcase_add_test(tcase, an_indirect_chain_takes_one_descriptor);
    tcase_add_test(tcase, a_legacy_queue_is_one_block_with_its_used_ring_on_a_page);
    tcase_add_loop_test(tcase, no_descriptor_is_lost_past_65536_requests, 0, 8);
    tcase_add_test(tcase, notification_by_event_index_is_exact_at_every_place_of_the_wrap);
    tcase_add_test(tcase, without_event_idx_the_flag_alone_decides_on_notification);
    tcase_add_test(tcase, arming_asks_for_the_next_interrupt_and_says_when_it_is_too_late);
    tcase_add_test(tcase, a_full_queue_refuses_and_stays_as_it_was);
    tcase_add_test(tcase, a_large_queue_is_filled_to_its_last_descriptor);
    tcase_add_test(tcase, what_makes_no_buffer_is_refused);
    tcase_add_test(tcase, nothing_new_asks_for_no_notification);
    tcase_add_loop_test(tcase, a_device_that_lies_breaks_the_queue_and_nothing_else, 0,
                        sizeof(LIES) / sizeof(LIES[0]));
    tcase_add_test(tcase, the_same_head_cannot_come_back_twice);
    tcase_add_loop_test(tcase, what_the_device_rewrites_is_never_believed, 0, 4);
    tcase_add_test(tcase, memory_that_is_not_there_leaves_nothing_behind);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
