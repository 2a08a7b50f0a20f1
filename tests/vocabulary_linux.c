/*
 * The same vocabulary from the system's <linux/virtio_*.h>, under our keys.
 */
#include "vocabulary.h"

#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <linux/virtio_gpu.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_ring.h>

#define COUNT(array)          (sizeof(array) / sizeof((array)[0]))
#define CONSTANT(key, theirs) {#key, #theirs, (uint64_t)(theirs)},
/* Spelt out, because an argument that is handed on would be expanded before it becomes a string. */
#define SAME(name)            {#name, #name, (uint64_t)(name)},
#define REGISTER(key, theirs) CONSTANT(VIRTIO_MMIO_##key, VIRTIO_MMIO_##theirs)
/* A command, and the structures of its request and response. */
#define COMMAND(name, request, response)                                                           \
    SAME(VIRTIO_GPU_CMD_##name){"request " #name, #request, sizeof(struct request)},               \
        {"response " #name, #response, sizeof(struct response)},
#define HEADER virtio_gpu_ctrl_hdr

/* clang-format off */
static const struct vocabulary_row rows[] = {
    CONSTANT(VIRTIO_STATUS_ACKNOWLEDGE, VIRTIO_CONFIG_S_ACKNOWLEDGE)
    CONSTANT(VIRTIO_STATUS_DRIVER, VIRTIO_CONFIG_S_DRIVER)
    CONSTANT(VIRTIO_STATUS_DRIVER_OK, VIRTIO_CONFIG_S_DRIVER_OK)
    CONSTANT(VIRTIO_STATUS_FEATURES_OK, VIRTIO_CONFIG_S_FEATURES_OK)
    CONSTANT(VIRTIO_STATUS_DEVICE_NEEDS_RESET, VIRTIO_CONFIG_S_NEEDS_RESET)
    CONSTANT(VIRTIO_STATUS_FAILED, VIRTIO_CONFIG_S_FAILED)

    SAME(VIRTIO_F_NOTIFY_ON_EMPTY)
    SAME(VIRTIO_F_ANY_LAYOUT)
    CONSTANT(VIRTIO_F_INDIRECT_DESC, VIRTIO_RING_F_INDIRECT_DESC)
    CONSTANT(VIRTIO_F_EVENT_IDX, VIRTIO_RING_F_EVENT_IDX)
    SAME(VIRTIO_F_VERSION_1)
    SAME(VIRTIO_F_ACCESS_PLATFORM)
    SAME(VIRTIO_F_RING_PACKED)
    SAME(VIRTIO_F_IN_ORDER)
    SAME(VIRTIO_F_ORDER_PLATFORM)
    SAME(VIRTIO_F_SR_IOV)
    SAME(VIRTIO_F_RING_RESET)

    SAME(VIRTIO_ID_NET)
    SAME(VIRTIO_ID_BLOCK)
    SAME(VIRTIO_ID_CONSOLE)
    CONSTANT(VIRTIO_ID_ENTROPY, VIRTIO_ID_RNG)
    SAME(VIRTIO_ID_GPU)
    SAME(VIRTIO_ID_INPUT)

    REGISTER(MagicValue, MAGIC_VALUE)
    REGISTER(Version, VERSION)
    REGISTER(DeviceID, DEVICE_ID)
    REGISTER(VendorID, VENDOR_ID)
    REGISTER(DeviceFeatures, DEVICE_FEATURES)
    REGISTER(DeviceFeaturesSel, DEVICE_FEATURES_SEL)
    REGISTER(DriverFeatures, DRIVER_FEATURES)
    REGISTER(DriverFeaturesSel, DRIVER_FEATURES_SEL)
    REGISTER(GuestPageSize, GUEST_PAGE_SIZE)
    REGISTER(QueueSel, QUEUE_SEL)
    REGISTER(QueueSizeMax, QUEUE_NUM_MAX)
    REGISTER(QueueSize, QUEUE_NUM)
    REGISTER(QueueAlign, QUEUE_ALIGN)
    REGISTER(QueuePFN, QUEUE_PFN)
    REGISTER(QueueReady, QUEUE_READY)
    REGISTER(QueueNotify, QUEUE_NOTIFY)
    REGISTER(InterruptStatus, INTERRUPT_STATUS)
    REGISTER(InterruptACK, INTERRUPT_ACK)
    REGISTER(Status, STATUS)
    REGISTER(QueueDescLow, QUEUE_DESC_LOW)
    REGISTER(QueueDescHigh, QUEUE_DESC_HIGH)
    REGISTER(QueueDriverLow, QUEUE_AVAIL_LOW)
    REGISTER(QueueDriverHigh, QUEUE_AVAIL_HIGH)
    REGISTER(QueueDeviceLow, QUEUE_USED_LOW)
    REGISTER(QueueDeviceHigh, QUEUE_USED_HIGH)
    REGISTER(SHMSel, SHM_SEL)
    REGISTER(SHMLenLow, SHM_LEN_LOW)
    REGISTER(SHMLenHigh, SHM_LEN_HIGH)
    REGISTER(SHMBaseLow, SHM_BASE_LOW)
    REGISTER(SHMBaseHigh, SHM_BASE_HIGH)
    REGISTER(ConfigGeneration, CONFIG_GENERATION)
    REGISTER(CONFIG, CONFIG)
    REGISTER(INT_USED, INT_VRING)
    REGISTER(INT_CONFIG, INT_CONFIG)

    SAME(VIRTIO_BLK_F_BARRIER)
    SAME(VIRTIO_BLK_F_SIZE_MAX)
    SAME(VIRTIO_BLK_F_SEG_MAX)
    SAME(VIRTIO_BLK_F_GEOMETRY)
    SAME(VIRTIO_BLK_F_RO)
    SAME(VIRTIO_BLK_F_BLK_SIZE)
    SAME(VIRTIO_BLK_F_SCSI)
    SAME(VIRTIO_BLK_F_FLUSH)
    SAME(VIRTIO_BLK_F_TOPOLOGY)
    SAME(VIRTIO_BLK_F_CONFIG_WCE)
    SAME(VIRTIO_BLK_F_MQ)
    SAME(VIRTIO_BLK_F_DISCARD)
    SAME(VIRTIO_BLK_F_WRITE_ZEROES)
    SAME(VIRTIO_BLK_F_SECURE_ERASE)
    SAME(VIRTIO_BLK_T_IN)
    SAME(VIRTIO_BLK_T_OUT)
    SAME(VIRTIO_BLK_T_FLUSH)
    SAME(VIRTIO_BLK_T_GET_ID)
    SAME(VIRTIO_BLK_T_DISCARD)
    SAME(VIRTIO_BLK_T_WRITE_ZEROES)
    SAME(VIRTIO_BLK_T_SECURE_ERASE)
    SAME(VIRTIO_BLK_S_OK)
    SAME(VIRTIO_BLK_S_IOERR)
    SAME(VIRTIO_BLK_S_UNSUPP)
    SAME(VIRTIO_BLK_ID_BYTES)

    SAME(VIRTIO_GPU_F_VIRGL)
    SAME(VIRTIO_GPU_F_EDID)
    SAME(VIRTIO_GPU_F_RESOURCE_UUID)
    SAME(VIRTIO_GPU_F_RESOURCE_BLOB)
    SAME(VIRTIO_GPU_F_CONTEXT_INIT)

    COMMAND(GET_DISPLAY_INFO, HEADER, virtio_gpu_resp_display_info)
    COMMAND(RESOURCE_CREATE_2D, virtio_gpu_resource_create_2d, HEADER)
    COMMAND(RESOURCE_UNREF, virtio_gpu_resource_unref, HEADER)
    COMMAND(SET_SCANOUT, virtio_gpu_set_scanout, HEADER)
    COMMAND(RESOURCE_FLUSH, virtio_gpu_resource_flush, HEADER)
    COMMAND(TRANSFER_TO_HOST_2D, virtio_gpu_transfer_to_host_2d, HEADER)
    COMMAND(RESOURCE_ATTACH_BACKING, virtio_gpu_resource_attach_backing, HEADER)
    COMMAND(RESOURCE_DETACH_BACKING, virtio_gpu_resource_detach_backing, HEADER)
    COMMAND(GET_CAPSET_INFO, virtio_gpu_get_capset_info, virtio_gpu_resp_capset_info)
    COMMAND(GET_CAPSET, virtio_gpu_get_capset, virtio_gpu_resp_capset)
    COMMAND(GET_EDID, virtio_gpu_cmd_get_edid, virtio_gpu_resp_edid)
    COMMAND(RESOURCE_ASSIGN_UUID, virtio_gpu_resource_assign_uuid, virtio_gpu_resp_resource_uuid)
    COMMAND(RESOURCE_CREATE_BLOB, virtio_gpu_resource_create_blob, HEADER)
    COMMAND(SET_SCANOUT_BLOB, virtio_gpu_set_scanout_blob, HEADER)
    COMMAND(CTX_CREATE, virtio_gpu_ctx_create, HEADER)
    COMMAND(CTX_DESTROY, virtio_gpu_ctx_destroy, HEADER)
    COMMAND(CTX_ATTACH_RESOURCE, virtio_gpu_ctx_resource, HEADER)
    COMMAND(CTX_DETACH_RESOURCE, virtio_gpu_ctx_resource, HEADER)
    COMMAND(RESOURCE_CREATE_3D, virtio_gpu_resource_create_3d, HEADER)
    COMMAND(TRANSFER_TO_HOST_3D, virtio_gpu_transfer_host_3d, HEADER)
    COMMAND(TRANSFER_FROM_HOST_3D, virtio_gpu_transfer_host_3d, HEADER)
    COMMAND(SUBMIT_3D, virtio_gpu_cmd_submit, HEADER)
    COMMAND(RESOURCE_MAP_BLOB, virtio_gpu_resource_map_blob, virtio_gpu_resp_map_info)
    COMMAND(RESOURCE_UNMAP_BLOB, virtio_gpu_resource_unmap_blob, HEADER)
    COMMAND(UPDATE_CURSOR, virtio_gpu_update_cursor, HEADER)
    COMMAND(MOVE_CURSOR, virtio_gpu_update_cursor, HEADER)

    SAME(VIRTIO_GPU_BLOB_FLAG_USE_MAPPABLE)
    SAME(VIRTIO_GPU_BLOB_FLAG_USE_SHAREABLE)
    SAME(VIRTIO_GPU_BLOB_FLAG_USE_CROSS_DEVICE)
    SAME(VIRTIO_GPU_BLOB_MEM_GUEST)
    SAME(VIRTIO_GPU_BLOB_MEM_HOST3D)
    SAME(VIRTIO_GPU_BLOB_MEM_HOST3D_GUEST)

    SAME(VIRTIO_GPU_RESP_OK_NODATA)
    SAME(VIRTIO_GPU_RESP_OK_DISPLAY_INFO)
    SAME(VIRTIO_GPU_RESP_OK_CAPSET_INFO)
    SAME(VIRTIO_GPU_RESP_OK_CAPSET)
    SAME(VIRTIO_GPU_RESP_OK_EDID)
    SAME(VIRTIO_GPU_RESP_OK_RESOURCE_UUID)
    SAME(VIRTIO_GPU_RESP_OK_MAP_INFO)
    SAME(VIRTIO_GPU_RESP_ERR_UNSPEC)
    SAME(VIRTIO_GPU_RESP_ERR_OUT_OF_MEMORY)
    SAME(VIRTIO_GPU_RESP_ERR_INVALID_SCANOUT_ID)
    SAME(VIRTIO_GPU_RESP_ERR_INVALID_RESOURCE_ID)
    SAME(VIRTIO_GPU_RESP_ERR_INVALID_CONTEXT_ID)
    SAME(VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER)

    SAME(VIRTIO_GPU_FORMAT_B8G8R8A8_UNORM)
    SAME(VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM)
    SAME(VIRTIO_GPU_FORMAT_A8R8G8B8_UNORM)
    SAME(VIRTIO_GPU_FORMAT_X8R8G8B8_UNORM)
    SAME(VIRTIO_GPU_FORMAT_R8G8B8A8_UNORM)
    SAME(VIRTIO_GPU_FORMAT_X8B8G8R8_UNORM)
    SAME(VIRTIO_GPU_FORMAT_A8B8G8R8_UNORM)
    SAME(VIRTIO_GPU_FORMAT_R8G8B8X8_UNORM)

    SAME(VIRTIO_GPU_EVENT_DISPLAY)
    SAME(VIRTIO_GPU_MAX_SCANOUTS)
    SAME(VIRTIO_GPU_FLAG_FENCE)
    SAME(VIRTIO_GPU_FLAG_INFO_RING_IDX)

    CONSTANT(VIRTQ_DESC_F_NEXT, VRING_DESC_F_NEXT)
    CONSTANT(VIRTQ_DESC_F_WRITE, VRING_DESC_F_WRITE)
    CONSTANT(VIRTQ_DESC_F_INDIRECT, VRING_DESC_F_INDIRECT)
    CONSTANT(VIRTQ_AVAIL_F_NO_INTERRUPT, VRING_AVAIL_F_NO_INTERRUPT)
    CONSTANT(VIRTQ_USED_F_NO_NOTIFY, VRING_USED_F_NO_NOTIFY)
    CONSTANT(VIRTQ_DESC_ALIGN_BYTES, VRING_DESC_ALIGN_SIZE)
    CONSTANT(VIRTQ_AVAIL_ALIGN_BYTES, VRING_AVAIL_ALIGN_SIZE)
    CONSTANT(VIRTQ_USED_ALIGN_BYTES, VRING_USED_ALIGN_SIZE)

#define X(ours, theirs) {"size " #ours, #theirs, sizeof(struct theirs)},
    VOCABULARY_STRUCTS(X)
#undef X
#define X(ours, theirs, field) VOCABULARY_FIELD_ROWS(ours, theirs, field)
    VOCABULARY_FIELDS(X)
#undef X
};

static const struct vocabulary_row alone[] = {
    {"VIRTIO_F_UNUSED", "6.3; an old QEMU's, not in Linux", 30},
    {"VIRTIO_F_NOTIFICATION_DATA", "section 6; in Linux since 6.4", 38},
    {"VIRTIO_F_NOTIF_CONFIG_DATA", "section 6; not in Linux", 39},
    {"VIRTIO_F_ADMIN_VQ", "section 6; in Linux since 6.8", 41},
    {"VIRTIO_ID_NONE", "4.2.2.2: no device", 0},
    {"VIRTIO_MMIO_QueueReset", "4.2.2; not in Linux", 0x0c0},
    {"VIRTIO_MMIO_MAGIC", "4.2.2: the letters virt", 0x74726976},
    {"VIRTIO_MMIO_WINDOW_BYTES", "QEMU's virt machine", 0x200},
    {"VIRTIO_GPU_CONTROLQ", "5.7.2", 0},
    {"VIRTIO_GPU_CURSORQ", "5.7.2", 1},
    {"VIRTIO_GPU_QUEUE_COUNT", "5.7.2", 2},
    {"VIRTIO_GPU_CURSOR_PX", "5.7.6.6: 64 by 64", 64},
    {"VIRTIO_GPU_EDID_BYTES_MAX", "5.7.6.8: edid[1024]", 1024},
    {"VIRTIO_GPU_PIXEL_BYTES", "5.7.6.8: eight formats of 32 bits", 4},
    {"VIRTIO_BLK_F_LIFETIME", "5.2.3; not in Linux's header", 15},
    {"VIRTIO_BLK_F_ZONED", "5.2.3; in Linux since 6.3", 17},
    {"VIRTIO_BLK_REQUESTQ", "5.2.2", 0},
    {"VIRTIO_BLK_SECTOR_BYTES", "5.2.4: capacity is in sectors of 512 bytes", 512},
    {"VIRTIO_ENTROPY_REQUESTQ", "5.4.2", 0},
    {"VIRTQ_SIZE_MAX", "2.7", 32768},
};
/* clang-format on */

struct vocabulary vocabulary_linux(void)
{
    return (struct vocabulary){rows, COUNT(rows)};
}

struct vocabulary vocabulary_ours_alone(void)
{
    return (struct vocabulary){alone, COUNT(alone)};
}

/* ---- rings ---- */

static struct vring ring_at(uint8_t *memory, unsigned size, unsigned long align_bytes)
{
    struct vring ring;
    vring_init(&ring, size, memory, align_bytes);
    return ring;
}

/* Room for the largest ring at the largest alignment, itself so aligned. */
static _Alignas(VOCABULARY_ALIGN_MAX) uint8_t
    ring_memory[VOCABULARY_QUEUE_MAX * 26 + 2 * VOCABULARY_ALIGN_MAX];

static uint64_t offset_of(const volatile void *pointer)
{
    return (uint64_t)((uintptr_t)pointer - (uintptr_t)ring_memory);
}

uint64_t linux_used_offset(unsigned size, unsigned long align_bytes)
{
    struct vring ring = ring_at(ring_memory, size, align_bytes);
    return offset_of(ring.used);
}

uint64_t linux_used_event_offset(unsigned size, unsigned long align_bytes)
{
    struct vring ring = ring_at(ring_memory, size, align_bytes);
    return offset_of(&vring_used_event(&ring)) - offset_of(ring.avail);
}

uint64_t linux_avail_event_offset(unsigned size, unsigned long align_bytes)
{
    struct vring ring = ring_at(ring_memory, size, align_bytes);
    return offset_of(&vring_avail_event(&ring)) - offset_of(ring.used);
}

uint64_t linux_ring_bytes(unsigned size, unsigned long align_bytes)
{
    return vring_size(size, align_bytes);
}

int linux_need_event(uint16_t event, uint16_t new_idx, uint16_t old_idx)
{
    return vring_need_event(event, new_idx, old_idx);
}
