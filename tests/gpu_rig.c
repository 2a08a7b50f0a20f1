/*
 * The bench of the GPU tests.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "gpu_rig.h"
#include "test_gpu.h"
#include "virtio/config.h"
#include "virtio/mmio.h"
#include "virtio/ring.h"

#define PAGE_BYTES     4096u
#define RING_STRIDE    (8u * PAGE_BYTES) /* room for each part of a ring of RIG_QUEUE_SIZE */
#define DEVICE_STEPS   1000000u
#define RESPONSE_BYTES PAGE_BYTES

static void collect(void *context, struct event *event)
{
    struct rig *rig = context;

    event->step = ++rig->steps;
    if (rig->event_count < RIG_EVENTS_MAX)
        rig->event[rig->event_count++] = *event;
    if (rig->on_event)
        rig->on_event(rig, event);
}

static void write32(struct rig *rig, uint32_t offset, uint32_t value)
{
    ck_assert_int_eq(mmio_check(&rig->device, offset, 4, true), EVENT_VERDICT_OK);
    mmio_write(&rig->device, offset, 4, value);
}

static void start_queue(struct rig *rig, uint32_t queue)
{
    uint64_t addr = rig->ring_addr[queue];

    memset(arena_host(&rig->arena, addr), 0, 3 * RING_STRIDE);
    rig->avail_idx[queue] = 0;
    write32(rig, VIRTIO_MMIO_QueueSel, queue);
    write32(rig, VIRTIO_MMIO_QueueSize, RIG_QUEUE_SIZE);
    write32(rig, VIRTIO_MMIO_QueueDescLow, (uint32_t)addr);
    write32(rig, VIRTIO_MMIO_QueueDescHigh, (uint32_t)(addr >> 32));
    addr += RING_STRIDE;
    write32(rig, VIRTIO_MMIO_QueueDriverLow, (uint32_t)addr);
    write32(rig, VIRTIO_MMIO_QueueDriverHigh, (uint32_t)(addr >> 32));
    addr += RING_STRIDE;
    write32(rig, VIRTIO_MMIO_QueueDeviceLow, (uint32_t)addr);
    write32(rig, VIRTIO_MMIO_QueueDeviceHigh, (uint32_t)(addr >> 32));
    write32(rig, VIRTIO_MMIO_QueueReady, 1);
}

void rig_start(struct rig *rig)
{
    uint32_t status = VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER;

    write32(rig, VIRTIO_MMIO_Status, VIRTIO_STATUS_ACKNOWLEDGE);
    write32(rig, VIRTIO_MMIO_Status, status);
    write32(rig, VIRTIO_MMIO_DriverFeaturesSel, 1);
    write32(rig, VIRTIO_MMIO_DriverFeatures, 1);
    write32(rig, VIRTIO_MMIO_DriverFeaturesSel, 0);
    write32(rig, VIRTIO_MMIO_DriverFeatures, 0);
    write32(rig, VIRTIO_MMIO_Status, status | VIRTIO_STATUS_FEATURES_OK);
    for (uint32_t queue = 0; queue < VIRTIO_GPU_QUEUE_COUNT; queue++)
        start_queue(rig, queue);
    write32(rig, VIRTIO_MMIO_Status, status | VIRTIO_STATUS_FEATURES_OK | VIRTIO_STATUS_DRIVER_OK);
}

void rig_reset(struct rig *rig)
{
    rig->event_count = 0;
    write32(rig, VIRTIO_MMIO_Status, 0);
}

struct rig *rig_create(enum sim_profile profile, uint32_t num_scanouts)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    const struct arena_config ram = {.base = RIG_RAM_BASE,
                                     .size_bytes = RIG_RAM_BYTES,
                                     .shadow = true};
    const struct sim_config config = {.version = 2,
                                      .profile = profile,
                                      .features = VIRTIO_BIT(VIRTIO_F_VERSION_1),
                                      .queue_size_max = RIG_QUEUE_SIZE};
    const struct gpu_config gpu = {.num_scanouts = num_scanouts,
                                   .width_px = 1280,
                                   .height_px = 800};

    ck_assert_ptr_nonnull(rig);
    ck_assert_ptr_null(arena_create(&rig->arena, &ram));
    sim_device_create(&rig->device, &config, &gpu_class, &rig->arena,
                      (struct event_observer){.emit = collect, .context = rig});
    ck_assert(gpu_create(&rig->device, &gpu));
    for (uint32_t queue = 0; queue < VIRTIO_GPU_QUEUE_COUNT; queue++)
        rig->ring_addr[queue] = arena_alloc(&rig->arena, 3 * RING_STRIDE, PAGE_BYTES, "ring", 0, 0);
    rig->request_addr = arena_alloc(&rig->arena, RIG_BUFFER_BYTES, PAGE_BYTES, "request", 0, 0);
    rig->response_addr = arena_alloc(&rig->arena, RESPONSE_BYTES, PAGE_BYTES, "response", 0, 0);
    ck_assert_uint_ne(rig->response_addr, 0);
    rig_start(rig);
    return rig;
}

void rig_destroy(struct rig *rig)
{
    gpu_destroy(&rig->device);
    sim_device_destroy(&rig->device);
    arena_destroy(&rig->arena);
    free(rig);
}

/* ---- requests ---- */

void rig_submit(struct rig *rig, uint32_t queue, const struct rig_piece *piece, uint32_t count)
{
    struct virtq_desc *desc = (void *)arena_host(&rig->arena, rig->ring_addr[queue]);
    struct virtq_avail *avail = (void *)((uint8_t *)desc + RING_STRIDE);
    struct virtq_used *used = (void *)((uint8_t *)avail + RING_STRIDE);

    ck_assert_uint_ge(count, 1);
    ck_assert_uint_le(count, RIG_QUEUE_SIZE);
    for (uint32_t n = 0; n < count; n++) {
        bool is_last = n + 1 == count;
        desc[n].addr = virtio_le64(piece[n].addr);
        desc[n].len = virtio_le32(piece[n].len_bytes);
        desc[n].flags = virtio_le16((uint16_t)((is_last ? 0 : VIRTQ_DESC_F_NEXT) |
                                               (piece[n].writable ? VIRTQ_DESC_F_WRITE : 0)));
        desc[n].next = virtio_le16((uint16_t)(is_last ? 0 : n + 1));
    }
    avail->ring[rig->avail_idx[queue] % RIG_QUEUE_SIZE] = 0;
    avail->idx = virtio_le16(++rig->avail_idx[queue]);
    rig->event_count = 0;
    write32(rig, VIRTIO_MMIO_QueueNotify, queue);
    for (uint32_t step = 0; sim_device_step(&rig->device); step++)
        ck_assert_uint_lt(step, DEVICE_STEPS);
    ck_assert_uint_eq(virtio_le16(used->idx), rig->avail_idx[queue]);
    const struct virtq_used_elem *element =
        &used->ring[(uint16_t)(rig->avail_idx[queue] - 1) % RIG_QUEUE_SIZE];
    ck_assert_uint_eq(virtio_le32(element->id), 0);
    rig->used_len = virtio_le32(element->len);
}

uint32_t rig_command(struct rig *rig, const void *request, uint32_t request_bytes)
{
    const struct rig_piece piece[] = {{.addr = rig->request_addr, .len_bytes = request_bytes},
                                      {.addr = rig->response_addr,
                                       .len_bytes = RESPONSE_BYTES,
                                       .writable = true}};
    const struct virtio_gpu_ctrl_hdr *response = rig_response(rig);

    ck_assert_uint_le(request_bytes, RIG_BUFFER_BYTES);
    memcpy(arena_host(&rig->arena, rig->request_addr), request, request_bytes);
    memset(arena_host(&rig->arena, rig->response_addr), 0xee, RESPONSE_BYTES);
    rig_submit(rig, VIRTIO_GPU_CONTROLQ, piece, 2);
    ck_assert_uint_ge(rig->used_len, sizeof(*response));
    return virtio_le32(response->type);
}

const void *rig_response(const struct rig *rig)
{
    return arena_host(&rig->arena, rig->response_addr);
}

const struct event *rig_event(const struct rig *rig, enum event_kind kind, uint32_t n)
{
    for (uint32_t i = 0; i < rig->event_count; i++) {
        if (rig->event[i].kind == kind && n-- == 0)
            return &rig->event[i];
    }
    return NULL;
}

enum sim_refusal rig_refusal(const struct rig *rig)
{
    const struct event *event = rig_event(rig, EVENT_REFUSE, 0);

    ck_assert_ptr_null(rig_event(rig, EVENT_REFUSE, 1));
    return event ? (enum sim_refusal)event->value : SIM_REFUSAL_NONE;
}

/* ---- commands ---- */

struct virtio_gpu_ctrl_hdr rig_header(uint32_t type)
{
    return (struct virtio_gpu_ctrl_hdr){.type = virtio_le32(type)};
}

struct virtio_gpu_rect rig_rect(uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
    return (struct virtio_gpu_rect){.x = virtio_le32(x),
                                    .y = virtio_le32(y),
                                    .width = virtio_le32(width),
                                    .height = virtio_le32(height)};
}

uint32_t rig_create_2d(struct rig *rig, uint32_t id, uint32_t format, uint32_t width,
                       uint32_t height)
{
    const struct virtio_gpu_resource_create_2d request = {.hdr = rig_header(
                                                              VIRTIO_GPU_CMD_RESOURCE_CREATE_2D),
                                                          .resource_id = virtio_le32(id),
                                                          .format = virtio_le32(format),
                                                          .width = virtio_le32(width),
                                                          .height = virtio_le32(height)};
    return rig_command(rig, &request, sizeof(request));
}

uint32_t rig_unref(struct rig *rig, uint32_t id)
{
    const struct virtio_gpu_resource_unref request = {.hdr =
                                                          rig_header(VIRTIO_GPU_CMD_RESOURCE_UNREF),
                                                      .resource_id = virtio_le32(id)};
    return rig_command(rig, &request, sizeof(request));
}

uint32_t rig_attach(struct rig *rig, uint32_t id, const struct sim_segment *segment, uint32_t count)
{
    struct virtio_gpu_resource_attach_backing head = {.hdr = rig_header(
                                                          VIRTIO_GPU_CMD_RESOURCE_ATTACH_BACKING),
                                                      .resource_id = virtio_le32(id),
                                                      .nr_entries = virtio_le32(count)};
    size_t bytes = sizeof(head) + count * sizeof(struct virtio_gpu_mem_entry);
    uint8_t *request = malloc(bytes);

    ck_assert_ptr_nonnull(request);
    memcpy(request, &head, sizeof(head));
    for (uint32_t n = 0; n < count; n++) {
        struct virtio_gpu_mem_entry entry = {.addr = virtio_le64(segment[n].addr),
                                             .length = virtio_le32(segment[n].len_bytes)};
        memcpy(request + sizeof(head) + n * sizeof(entry), &entry, sizeof(entry));
    }
    uint32_t answer = rig_command(rig, request, (uint32_t)bytes);
    free(request);
    return answer;
}

uint32_t rig_detach(struct rig *rig, uint32_t id)
{
    const struct virtio_gpu_resource_detach_backing request = {
        .hdr = rig_header(VIRTIO_GPU_CMD_RESOURCE_DETACH_BACKING), .resource_id = virtio_le32(id)};
    return rig_command(rig, &request, sizeof(request));
}

uint32_t rig_set_scanout(struct rig *rig, uint32_t scanout_id, uint32_t id,
                         struct virtio_gpu_rect rect)
{
    const struct virtio_gpu_set_scanout request = {.hdr = rig_header(VIRTIO_GPU_CMD_SET_SCANOUT),
                                                   .r = rect,
                                                   .scanout_id = virtio_le32(scanout_id),
                                                   .resource_id = virtio_le32(id)};
    return rig_command(rig, &request, sizeof(request));
}

uint32_t rig_transfer(struct rig *rig, uint32_t id, struct virtio_gpu_rect rect, uint64_t offset)
{
    const struct virtio_gpu_transfer_to_host_2d request = {.hdr = rig_header(
                                                               VIRTIO_GPU_CMD_TRANSFER_TO_HOST_2D),
                                                           .r = rect,
                                                           .offset = virtio_le64(offset),
                                                           .resource_id = virtio_le32(id)};
    return rig_command(rig, &request, sizeof(request));
}

uint32_t rig_flush(struct rig *rig, uint32_t id, struct virtio_gpu_rect rect)
{
    const struct virtio_gpu_resource_flush request = {.hdr =
                                                          rig_header(VIRTIO_GPU_CMD_RESOURCE_FLUSH),
                                                      .r = rect,
                                                      .resource_id = virtio_le32(id)};
    return rig_command(rig, &request, sizeof(request));
}

uint64_t rig_resource(struct rig *rig, uint32_t id, uint32_t format, uint32_t width,
                      uint32_t height)
{
    uint32_t bytes = width * height * VIRTIO_GPU_PIXEL_BYTES;
    uint64_t addr = arena_alloc(&rig->arena, bytes, PAGE_BYTES, "backing", 0, 0);

    ck_assert_uint_ne(addr, 0);
    ck_assert_uint_eq(rig_create_2d(rig, id, format, width, height), VIRTIO_GPU_RESP_OK_NODATA);
    ck_assert_uint_eq(rig_attach(rig, id, &(struct sim_segment){addr, bytes}, 1),
                      VIRTIO_GPU_RESP_OK_NODATA);
    return addr;
}

uint32_t rig_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33);
}

/* ---- what several tests begin with ---- */

const struct gpu_command gpu_commands[GPU_COMMAND_COUNT] = {
#define X(name, code, queue, needs, request, response, response_bytes)                             \
    {code,    VIRTIO_GPU_##queue,         VIRTIO_GPU_NEEDS_##needs,                                \
     request, VIRTIO_GPU_RESP_##response, response_bytes},
    VIRTIO_GPU_COMMANDS(X)
#undef X
};

struct rig *rig_with_resources(enum sim_profile profile)
{
    struct rig *rig = rig_create(profile, 2);

    rig_resource(rig, ID_BACKED, VIRTIO_GPU_FORMAT_B8G8R8A8_UNORM, 64, 64);
    ck_assert_uint_eq(rig_create_2d(rig, ID_BARE, VIRTIO_GPU_FORMAT_B8G8R8A8_UNORM, 64, 64), OK);
    return rig;
}

uint32_t rig_send_type(struct rig *rig, uint32_t queue, uint32_t type, uint32_t request_bytes,
                       uint32_t room_bytes)
{
    const struct rig_piece piece[] = {{.addr = rig->request_addr, .len_bytes = request_bytes},
                                      {.addr = rig->response_addr,
                                       .len_bytes = room_bytes,
                                       .writable = true}};
    struct virtio_gpu_ctrl_hdr hdr = rig_header(type);
    uint8_t *request = arena_host(&rig->arena, rig->request_addr);
    const struct virtio_gpu_ctrl_hdr *response = rig_response(rig);

    memset(request, 0, 4096);
    memcpy(request, &hdr, sizeof(hdr));
    memset(arena_host(&rig->arena, rig->response_addr), 0, 4096);
    rig_submit(rig, queue, piece, room_bytes ? 2 : 1);
    return virtio_le32(response->type);
}

void rig_expect_picture(struct rig *rig, uint32_t scanout_id, uint32_t width, uint32_t height,
                        const uint32_t *want)
{
    struct picture picture;

    ck_assert(gpu_scanout_picture(&rig->device, scanout_id, &picture));
    ck_assert_uint_eq(picture.width_px, width);
    ck_assert_uint_eq(picture.height_px, height);
    for (size_t n = 0; n < (size_t)width * height; n++) {
        uint32_t got = (uint32_t)picture.rgb[n * 3] << 16 | (uint32_t)picture.rgb[n * 3 + 1] << 8 |
                       picture.rgb[n * 3 + 2];
        ck_assert_msg(got == want[n], "pixel %zu is %06x, want %06x", n, got, want[n]);
    }
    picture_free(&picture);
}

void rig_put_word(struct rig *rig, uint64_t addr, uint32_t value)
{
    le32 word = virtio_le32(value);
    memcpy(arena_host(&rig->arena, addr), &word, sizeof(word));
}
