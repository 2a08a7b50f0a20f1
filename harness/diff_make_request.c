/*
 * Made-up requests: GPU commands good and bad, in chains of any shape.
 */
#include "diff_make.h"

#include "virtio/config.h"
#include "virtio/mmio.h"
#include "virtio/ring.h"

static uint32_t any_id(struct make *make)
{
    return make_chance(make, 12) ? PICK(make, 0, 99, 0xffffffffu) : 1 + make_below(make, RESOURCES);
}

static uint32_t any_side(struct make *make)
{
    return make_chance(make, 15) ? PICK(make, 0, 1, 15, SIDE_HUGE_PX, 0xffffffffu)
                                 : PICK(make, 16, 16, 17, 32, 33, 48, SIDE_SMALL_PX);
}

static void fill_rect(struct make *make, uint32_t rect[4])
{
    rect[0] = make_chance(make, 3) ? make_below(make, 20) : 0;
    rect[1] = make_chance(make, 3) ? make_below(make, 20) : 0;
    rect[2] = any_side(make);
    rect[3] = any_side(make);
    if (make_chance(make, 30))
        rect[make_below(make, 4)] = make_odd(make);
}

/* The words behind the header; returns how many. */
static size_t fill_body(struct make *make, uint32_t type, uint32_t *word)
{
    switch (type) {
    case VIRTIO_GPU_CMD_RESOURCE_CREATE_2D:
        word[0] = any_id(make);
        word[1] = make_chance(make, 12) ? make_odd(make) : PICK(make, 1, 2, 3, 4, 67, 68, 121, 134);
        word[2] = any_side(make);
        word[3] = any_side(make);
        return 4;
    case VIRTIO_GPU_CMD_RESOURCE_UNREF:
    case VIRTIO_GPU_CMD_RESOURCE_DETACH_BACKING:
        word[0] = any_id(make);
        word[1] = 0;
        return 2;
    case VIRTIO_GPU_CMD_SET_SCANOUT:
        fill_rect(make, word);
        word[4] = make_chance(make, 12) ? make_odd(make) : 0;
        word[5] = make_chance(make, 6) ? 0 : any_id(make);
        return 6;
    case VIRTIO_GPU_CMD_RESOURCE_FLUSH:
        fill_rect(make, word);
        word[4] = any_id(make);
        word[5] = 0;
        return 6;
    case VIRTIO_GPU_CMD_TRANSFER_TO_HOST_2D:
        fill_rect(make, word);
        word[4] = make_chance(make, 4) ? make_below(make, 256) : 0; /* QEMU_LIMITS */
        word[5] = 0;
        word[6] = any_id(make);
        word[7] = 0;
        return 8;
    case VIRTIO_GPU_CMD_RESOURCE_ATTACH_BACKING: {
        uint32_t count = make_chance(make, 4) ? PICK(make, 0, 2, 2, 3) : 1;
        word[0] = any_id(make);
        word[1] = make_chance(make, 20) ? make_odd(make) : count;
        for (uint32_t i = 0; i < count; i++) {
            word[2 + i * 4] = (uint32_t)PIXEL_ADDR + make_below(make, 8) * 0x1000;
            word[3 + i * 4] = 0;
            word[4 + i * 4] = make_chance(make, 12) ? PICK(make, 0, 1, 3) : PIXEL_BYTES / 2;
            word[5 + i * 4] = 0;
        }
        return 2 + (size_t)count * 4;
    }
    case VIRTIO_GPU_CMD_UPDATE_CURSOR:
    case VIRTIO_GPU_CMD_MOVE_CURSOR:
        word[0] = make_chance(make, 12) ? make_odd(make) : 0;
        word[1] = make_below(make, 100);
        word[2] = make_below(make, 100);
        word[3] = 0;
        word[4] = any_id(make);
        word[5] = word[6] = word[7] = 0;
        return 8;
    default:
        for (size_t i = 0; i < 8; i++)
            word[i] = make_odd(make);
        return make_below(make, 9);
    }
}

static uint32_t any_command(struct make *make, uint32_t queue)
{
    if (make_chance(make, 25))
        return make_chance(make, 2) ? make_odd(make)
                                    : PICK(make, 0, 0x107, 0x108, 0x109, 0x10b, 0x10c, 0x10d, 0x200,
                                           0x204, 0x207, 0x302);
    if (queue == VIRTIO_GPU_CURSORQ && !make_chance(make, 8))
        return make_chance(make, 2) ? VIRTIO_GPU_CMD_UPDATE_CURSOR : VIRTIO_GPU_CMD_MOVE_CURSOR;
    return PICK(make, VIRTIO_GPU_CMD_GET_DISPLAY_INFO, VIRTIO_GPU_CMD_RESOURCE_CREATE_2D,
                VIRTIO_GPU_CMD_RESOURCE_CREATE_2D, VIRTIO_GPU_CMD_RESOURCE_CREATE_2D,
                VIRTIO_GPU_CMD_RESOURCE_ATTACH_BACKING, VIRTIO_GPU_CMD_RESOURCE_ATTACH_BACKING,
                VIRTIO_GPU_CMD_RESOURCE_ATTACH_BACKING, VIRTIO_GPU_CMD_SET_SCANOUT,
                VIRTIO_GPU_CMD_SET_SCANOUT, VIRTIO_GPU_CMD_TRANSFER_TO_HOST_2D,
                VIRTIO_GPU_CMD_TRANSFER_TO_HOST_2D, VIRTIO_GPU_CMD_RESOURCE_FLUSH,
                VIRTIO_GPU_CMD_RESOURCE_FLUSH, VIRTIO_GPU_CMD_RESOURCE_UNREF,
                VIRTIO_GPU_CMD_RESOURCE_DETACH_BACKING);
}

#define HEADER_WORDS      6u
#define REQUEST_WORDS_MAX 32u

/* Writes a request into memory; returns its length. */
static uint32_t put_request(struct make *make, uint32_t queue, uint64_t addr)
{
    uint32_t word[REQUEST_WORDS_MAX] = {0};
    uint32_t type = any_command(make, queue);
    size_t count = HEADER_WORDS + fill_body(make, type, word + HEADER_WORDS);

    word[0] = type;
    if (make_chance(make, 4)) {
        word[1] = make_chance(make, 8) ? make_odd(make) : VIRTIO_GPU_FLAG_FENCE;
        word[2] = make_draw(make);
        word[3] = make_chance(make, 2) ? make_draw(make) : 0;
        word[4] = make_chance(make, 8) ? make_draw(make) : 0;
    }
    make_store_words(make, addr, word, count);
    return (uint32_t)count * 4;
}

static void put_desc(struct make *make, uint64_t table, uint32_t index, uint64_t addr, uint32_t len,
                     uint32_t flags, uint32_t next)
{
    if (make_chance(make, 80))
        len = PICK(make, 0, 1, 23, 0x10000);
    if (make_chance(make, 80))
        flags ^= 1u << make_below(make, 4);
    if (make_chance(make, 80))
        next = make_below(make, 20);
    make_store(make, table + virtq_desc_bytes(index), 8, addr);
    make_store(make, table + virtq_desc_bytes(index) + 8, 8,
               len | (uint64_t)(flags & 0xffff) << 32 | (uint64_t)(next & 0xffff) << 48);
}

struct piece {
    uint64_t addr;
    uint32_t len, flags;
};

/* A request and room for its answer, cut in up to four pieces; returns how many. */
static uint32_t cut(struct make *make, uint64_t request, uint32_t request_bytes, uint64_t response,
                    struct piece piece[4])
{
    uint32_t room = make_chance(make, 10) ? PICK(make, 0, 1, 16, 23, 25, 407) : 408;
    uint32_t count = 0;

    if (make_chance(make, 12) && request_bytes > 8) {
        uint32_t first = 1 + make_below(make, request_bytes - 1);
        piece[count++] = (struct piece){request, first, 0};
        piece[count++] = (struct piece){request + first, request_bytes - first, 0};
    } else {
        piece[count++] = (struct piece){request, request_bytes, 0};
    }
    if (room == 0)
        return count;
    if (make_chance(make, 12) && room > 8) {
        uint32_t first = 1 + make_below(make, room - 1);
        piece[count++] = (struct piece){response, first, VIRTQ_DESC_F_WRITE};
        piece[count++] = (struct piece){response + first, room - first, VIRTQ_DESC_F_WRITE};
    } else {
        piece[count++] = (struct piece){response, room, VIRTQ_DESC_F_WRITE};
    }
    return count;
}

static void publish(struct make *make, uint32_t queue, uint32_t head)
{
    uint32_t slot = make->queue[queue].avail_idx % make->queue[queue].size;
    uint64_t avail = make->queue[queue].avail;

    if (make_chance(make, 60))
        head = make_below(make, 70);
    make_store(make, avail + 4 + 2 * (uint64_t)slot, 2, head);
    make->queue[queue].avail_idx++;
    make_store(make, avail + 2, 2, make->queue[queue].avail_idx);
}

void make_request(struct make *make)
{
    uint32_t queue = make_chance(make, 6) ? VIRTIO_GPU_CURSORQ : VIRTIO_GPU_CONTROLQ;
    uint32_t size = make->queue[queue].size;
    uint32_t slot = make->requests++ % REQUEST_SLOTS;
    uint64_t request = DATA_ADDR + slot * REQUEST_STRIDE;
    uint64_t table = make->queue[queue].desc;
    struct piece piece[4];

    if (size == 0) {
        make_queue(make);
        return;
    }
    uint32_t bytes = put_request(make, queue, request);
    if (make_chance(make, 25))
        bytes = 1 + make_below(make, bytes);
    uint32_t count = cut(make, request, bytes, RESPONSE_ADDR + slot * RESPONSE_STRIDE, piece);
    uint32_t head = make->queue[queue].next_desc % size;
    bool indirect = make_chance(make, 8) || count > size;
    uint32_t index = head;
    if (indirect) {
        put_desc(make, table, head, TABLE_ADDR, count * (uint32_t)sizeof(struct virtq_desc),
                 VIRTQ_DESC_F_INDIRECT, 0);
        table = TABLE_ADDR;
        index = 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        bool last = i + 1 == count;
        uint32_t next = indirect ? i + 1 : (index + 1) % size;
        put_desc(make, table, index, piece[i].addr, piece[i].len,
                 piece[i].flags | (last ? 0u : VIRTQ_DESC_F_NEXT), last ? 0 : next);
        index = next;
    }
    make->queue[queue].next_desc = (uint16_t)(indirect ? head + 1 : index);
    publish(make, queue, head);
    if (make_chance(make, 8))
        make_store(make, make->queue[queue].avail, 2, make_below(make, 3));
    if (make_chance(make, 8) && !make_is_full(make))
        make_store(make, make->queue[queue].avail + virtq_used_event_offset(size), 2,
                   (uint16_t)(make->queue[queue].avail_idx - make_below(make, 3)));
    make_write(make, VIRTIO_MMIO_QueueNotify, queue); /* one chain at a time: QEMU_LIMITS */
    if (make_chance(make, 3))
        make_read(make, VIRTIO_MMIO_InterruptStatus);
    if (make_chance(make, 3))
        make_write(make, VIRTIO_MMIO_InterruptACK, PICK(make, 1, 1, 3, 2));
}
