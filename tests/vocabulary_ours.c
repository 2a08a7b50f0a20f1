/*
 * Our vocabulary as a table: every constant and layout of driver/virtio.
 */
#include "vocabulary.h"

#include "virtio/blk.h"
#include "virtio/config.h"
#include "virtio/entropy.h"
#include "virtio/gpu.h"
#include "virtio/mmio.h"
#include "virtio/ring.h"

#define COUNT(array)   (sizeof(array) / sizeof((array)[0]))
#define CONSTANT(name) {#name, NULL, (uint64_t)(name)},

/* clang-format off */
static const struct vocabulary_row rows[] = {
#define X(name, value) CONSTANT(VIRTIO_STATUS_##name)
    VIRTIO_STATUS_BITS(X)
#undef X
#define X(name, bit) CONSTANT(VIRTIO_F_##name)
    VIRTIO_FEATURES(X)
#undef X
#define X(name, id) CONSTANT(VIRTIO_ID_##name)
    VIRTIO_DEVICE_IDS(X)
#undef X
#define X(name, offset, v1, v2, scope, alias) CONSTANT(VIRTIO_MMIO_##name)
    VIRTIO_MMIO_REGISTERS(X)
#undef X
#define X(name, bit) CONSTANT(VIRTIO_GPU_F_##name)
    VIRTIO_GPU_FEATURES(X)
#undef X
#define X(name, code, queue, needs, request, response, response_bytes)                             \
    CONSTANT(VIRTIO_GPU_CMD_##name)                                                                \
    {"request " #name, NULL, request}, {"response " #name, NULL, response_bytes},
    VIRTIO_GPU_COMMANDS(X)
#undef X
#define X(name, bit) CONSTANT(VIRTIO_BLK_F_##name)
    VIRTIO_BLK_FEATURES(X)
#undef X
#define X(name, value) CONSTANT(VIRTIO_BLK_T_##name)
    VIRTIO_BLK_TYPES(X)
#undef X
#define X(name, value) CONSTANT(VIRTIO_BLK_S_##name)
    VIRTIO_BLK_STATUSES(X)
#undef X
#define X(name, code) CONSTANT(VIRTIO_GPU_RESP_##name)
    VIRTIO_GPU_RESPONSES(X)
#undef X
#define X(name, value, b, g, r, a) CONSTANT(VIRTIO_GPU_FORMAT_##name)
    VIRTIO_GPU_FORMATS(X)
#undef X
    CONSTANT(VIRTIO_MMIO_CONFIG)
    CONSTANT(VIRTIO_MMIO_MAGIC)
    CONSTANT(VIRTIO_MMIO_WINDOW_BYTES)
    CONSTANT(VIRTIO_MMIO_INT_USED)
    CONSTANT(VIRTIO_MMIO_INT_CONFIG)
    CONSTANT(VIRTIO_GPU_CONTROLQ)
    CONSTANT(VIRTIO_GPU_CURSORQ)
    CONSTANT(VIRTIO_GPU_QUEUE_COUNT)
    CONSTANT(VIRTIO_GPU_EVENT_DISPLAY)
    CONSTANT(VIRTIO_GPU_MAX_SCANOUTS)
    CONSTANT(VIRTIO_GPU_FLAG_FENCE)
    CONSTANT(VIRTIO_GPU_FLAG_INFO_RING_IDX)
    CONSTANT(VIRTIO_GPU_PIXEL_BYTES)
    CONSTANT(VIRTIO_GPU_CURSOR_PX)
    CONSTANT(VIRTIO_GPU_EDID_BYTES_MAX)
    CONSTANT(VIRTIO_GPU_BLOB_FLAG_USE_MAPPABLE)
    CONSTANT(VIRTIO_GPU_BLOB_FLAG_USE_SHAREABLE)
    CONSTANT(VIRTIO_GPU_BLOB_FLAG_USE_CROSS_DEVICE)
    CONSTANT(VIRTIO_GPU_BLOB_MEM_GUEST)
    CONSTANT(VIRTIO_GPU_BLOB_MEM_HOST3D)
    CONSTANT(VIRTIO_GPU_BLOB_MEM_HOST3D_GUEST)
    CONSTANT(VIRTIO_BLK_REQUESTQ)
    CONSTANT(VIRTIO_BLK_SECTOR_BYTES)
    CONSTANT(VIRTIO_BLK_ID_BYTES)
    CONSTANT(VIRTIO_ENTROPY_REQUESTQ)
    CONSTANT(VIRTQ_SIZE_MAX)
    CONSTANT(VIRTQ_DESC_F_NEXT)
    CONSTANT(VIRTQ_DESC_F_WRITE)
    CONSTANT(VIRTQ_DESC_F_INDIRECT)
    CONSTANT(VIRTQ_AVAIL_F_NO_INTERRUPT)
    CONSTANT(VIRTQ_USED_F_NO_NOTIFY)
    CONSTANT(VIRTQ_DESC_ALIGN_BYTES)
    CONSTANT(VIRTQ_AVAIL_ALIGN_BYTES)
    CONSTANT(VIRTQ_USED_ALIGN_BYTES)
#define X(ours, theirs) {"size " #ours, NULL, sizeof(struct ours)},
    VOCABULARY_STRUCTS(X)
#undef X
#define X(ours, theirs, field) VOCABULARY_FIELD_ROWS(ours, ours, field)
    VOCABULARY_FIELDS(X)
#undef X
};
/* clang-format on */

struct vocabulary vocabulary_ours(void)
{
    return (struct vocabulary){rows, COUNT(rows)};
}

const struct vocabulary_register vocabulary_registers[] = {
#define X(name, offset, v1, v2, scope, alias)                                                      \
    {"VIRTIO_MMIO_" #name, VIRTIO_MMIO_##v1, VIRTIO_MMIO_##v2},
    VIRTIO_MMIO_REGISTERS(X)
#undef X
};
const size_t vocabulary_register_count = COUNT(vocabulary_registers);
