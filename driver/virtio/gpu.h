/*
 * The GPU device: commands, responses, formats and structures (VIRTIO 1.3, 5.7 "GPU Device").
 *
 * All fields are little-endian and there is no implicit padding. Sizes are in bytes.
 */
#ifndef RINGSIDE_VIRTIO_GPU_H
#define RINGSIDE_VIRTIO_GPU_H

#include "types.h"

enum { VIRTIO_GPU_CONTROLQ = 0, VIRTIO_GPU_CURSORQ = 1, VIRTIO_GPU_QUEUE_COUNT = 2 }; /* 5.7.2 */

/* X(name, bit): 5.7.3 */
#define VIRTIO_GPU_FEATURES(X)                                                                     \
    X(VIRGL, 0)                                                                                    \
    X(EDID, 1)                                                                                     \
    X(RESOURCE_UUID, 2)                                                                            \
    X(RESOURCE_BLOB, 3)                                                                            \
    X(CONTEXT_INIT, 4)

enum virtio_gpu_feature {
#define X(name, bit) VIRTIO_GPU_F_##name = (bit),
    VIRTIO_GPU_FEATURES(X)
#undef X
};

#define VIRTIO_GPU_EVENT_DISPLAY 1u /* bit in events_read, 5.7.4.2 */
#define VIRTIO_GPU_MAX_SCANOUTS  16u

/* 5.7.4: device configuration space. */
struct virtio_gpu_config {
    le32 events_read;
    le32 events_clear;
    le32 num_scanouts;
    le32 num_capsets;
};

#define VIRTIO_GPU_FLAG_FENCE         1u /* 5.7.6.7 */
#define VIRTIO_GPU_FLAG_INFO_RING_IDX 2u

struct virtio_gpu_ctrl_hdr {
    le32 type;
    le32 flags;
    le64 fence_id;
    le32 ctx_id;
    uint8_t ring_idx;
    uint8_t padding[3];
};

struct virtio_gpu_rect {
    le32 x;
    le32 y;
    le32 width;
    le32 height;
};

struct virtio_gpu_display_one {
    struct virtio_gpu_rect r;
    le32 enabled;
    le32 flags;
};

struct virtio_gpu_resp_display_info {
    struct virtio_gpu_ctrl_hdr hdr;
    struct virtio_gpu_display_one pmodes[VIRTIO_GPU_MAX_SCANOUTS];
};

struct virtio_gpu_resource_create_2d {
    struct virtio_gpu_ctrl_hdr hdr;
    le32 resource_id;
    le32 format;
    le32 width;
    le32 height;
};

struct virtio_gpu_resource_unref {
    struct virtio_gpu_ctrl_hdr hdr;
    le32 resource_id;
    le32 padding;
};

struct virtio_gpu_set_scanout {
    struct virtio_gpu_ctrl_hdr hdr;
    struct virtio_gpu_rect r;
    le32 scanout_id;
    le32 resource_id;
};

struct virtio_gpu_resource_flush {
    struct virtio_gpu_ctrl_hdr hdr;
    struct virtio_gpu_rect r;
    le32 resource_id;
    le32 padding;
};

struct virtio_gpu_transfer_to_host_2d {
    struct virtio_gpu_ctrl_hdr hdr;
    struct virtio_gpu_rect r;
    le64 offset;
    le32 resource_id;
    le32 padding;
};

struct virtio_gpu_mem_entry {
    le64 addr;
    le32 length;
    le32 padding;
};

/* nr_entries of struct virtio_gpu_mem_entry follow. */
struct virtio_gpu_resource_attach_backing {
    struct virtio_gpu_ctrl_hdr hdr;
    le32 resource_id;
    le32 nr_entries;
};

struct virtio_gpu_resource_detach_backing {
    struct virtio_gpu_ctrl_hdr hdr;
    le32 resource_id;
    le32 padding;
};

struct virtio_gpu_get_capset_info {
    struct virtio_gpu_ctrl_hdr hdr;
    le32 capset_index;
    le32 padding;
};

struct virtio_gpu_get_capset {
    struct virtio_gpu_ctrl_hdr hdr;
    le32 capset_id;
    le32 capset_version;
};

struct virtio_gpu_get_edid {
    struct virtio_gpu_ctrl_hdr hdr;
    le32 scanout;
    le32 padding;
};

#define VIRTIO_GPU_EDID_BYTES_MAX 1024u

struct virtio_gpu_resp_edid {
    struct virtio_gpu_ctrl_hdr hdr;
    le32 size; /* of what is valid in `edid` */
    le32 padding;
    uint8_t edid[VIRTIO_GPU_EDID_BYTES_MAX];
};

struct virtio_gpu_resource_assign_uuid {
    struct virtio_gpu_ctrl_hdr hdr;
    le32 resource_id;
    le32 padding;
};

/* Bits of blob_flags, and the kinds of blob_mem. */
#define VIRTIO_GPU_BLOB_FLAG_USE_MAPPABLE     1u
#define VIRTIO_GPU_BLOB_FLAG_USE_SHAREABLE    2u
#define VIRTIO_GPU_BLOB_FLAG_USE_CROSS_DEVICE 4u
#define VIRTIO_GPU_BLOB_MEM_GUEST             1u
#define VIRTIO_GPU_BLOB_MEM_HOST3D            2u
#define VIRTIO_GPU_BLOB_MEM_HOST3D_GUEST      3u

/* nr_entries of struct virtio_gpu_mem_entry follow. */
struct virtio_gpu_resource_create_blob {
    struct virtio_gpu_ctrl_hdr hdr;
    le32 resource_id;
    le32 blob_mem;
    le32 blob_flags;
    le32 nr_entries;
    le64 blob_id;
    le64 size;
};

struct virtio_gpu_set_scanout_blob {
    struct virtio_gpu_ctrl_hdr hdr;
    struct virtio_gpu_rect r;
    le32 scanout_id;
    le32 resource_id;
    le32 width;
    le32 height;
    le32 format;
    le32 padding;
    le32 strides[4];
    le32 offsets[4];
};

struct virtio_gpu_resource_map_blob {
    struct virtio_gpu_ctrl_hdr hdr;
    le32 resource_id;
    le32 padding;
    le64 offset;
};

struct virtio_gpu_resource_unmap_blob {
    struct virtio_gpu_ctrl_hdr hdr;
    le32 resource_id;
    le32 padding;
};

struct virtio_gpu_cursor_pos {
    le32 scanout_id;
    le32 x;
    le32 y;
    le32 padding;
};

struct virtio_gpu_update_cursor {
    struct virtio_gpu_ctrl_hdr hdr;
    struct virtio_gpu_cursor_pos pos;
    le32 resource_id;
    le32 hot_x;
    le32 hot_y;
    le32 padding;
};

/* Which feature a command waits for. 3D stands for VIRGL, BLOB for RESOURCE_BLOB, and so on. */
enum virtio_gpu_needs {
    VIRTIO_GPU_NEEDS_NOTHING,
    VIRTIO_GPU_NEEDS_VIRGL,
    VIRTIO_GPU_NEEDS_EDID,
    VIRTIO_GPU_NEEDS_UUID,
    VIRTIO_GPU_NEEDS_BLOB,
    VIRTIO_GPU_NEEDS_MAP, /* RESOURCE_BLOB and the host visible shared memory region */
};

/*
 * X(name, code, queue, needs, request bytes, success response, response bytes)
 *
 * Request bytes are the fixed part, header included; ATTACH_BACKING and CREATE_BLOB are followed by
 * memory entries, SUBMIT_3D by its stream. Seven 3D commands have a code in the specification, no
 * layout; their sizes are those of <linux/virtio_gpu.h>.
 */
#define VIRTIO_GPU_COMMANDS(X)                                                                     \
    X(GET_DISPLAY_INFO, 0x0100, CONTROLQ, NOTHING, 24, OK_DISPLAY_INFO, 408)                       \
    X(RESOURCE_CREATE_2D, 0x0101, CONTROLQ, NOTHING, 40, OK_NODATA, 24)                            \
    X(RESOURCE_UNREF, 0x0102, CONTROLQ, NOTHING, 32, OK_NODATA, 24)                                \
    X(SET_SCANOUT, 0x0103, CONTROLQ, NOTHING, 48, OK_NODATA, 24)                                   \
    X(RESOURCE_FLUSH, 0x0104, CONTROLQ, NOTHING, 48, OK_NODATA, 24)                                \
    X(TRANSFER_TO_HOST_2D, 0x0105, CONTROLQ, NOTHING, 56, OK_NODATA, 24)                           \
    X(RESOURCE_ATTACH_BACKING, 0x0106, CONTROLQ, NOTHING, 32, OK_NODATA, 24)                       \
    X(RESOURCE_DETACH_BACKING, 0x0107, CONTROLQ, NOTHING, 32, OK_NODATA, 24)                       \
    X(GET_CAPSET_INFO, 0x0108, CONTROLQ, VIRGL, 32, OK_CAPSET_INFO, 40)                            \
    X(GET_CAPSET, 0x0109, CONTROLQ, VIRGL, 32, OK_CAPSET, 24)                                      \
    X(GET_EDID, 0x010a, CONTROLQ, EDID, 32, OK_EDID, 1056)                                         \
    X(RESOURCE_ASSIGN_UUID, 0x010b, CONTROLQ, UUID, 32, OK_RESOURCE_UUID, 40)                      \
    X(RESOURCE_CREATE_BLOB, 0x010c, CONTROLQ, BLOB, 56, OK_NODATA, 24)                             \
    X(SET_SCANOUT_BLOB, 0x010d, CONTROLQ, BLOB, 96, OK_NODATA, 24)                                 \
    X(CTX_CREATE, 0x0200, CONTROLQ, VIRGL, 96, OK_NODATA, 24)                                      \
    X(CTX_DESTROY, 0x0201, CONTROLQ, VIRGL, 24, OK_NODATA, 24)                                     \
    X(CTX_ATTACH_RESOURCE, 0x0202, CONTROLQ, VIRGL, 32, OK_NODATA, 24)                             \
    X(CTX_DETACH_RESOURCE, 0x0203, CONTROLQ, VIRGL, 32, OK_NODATA, 24)                             \
    X(RESOURCE_CREATE_3D, 0x0204, CONTROLQ, VIRGL, 72, OK_NODATA, 24)                              \
    X(TRANSFER_TO_HOST_3D, 0x0205, CONTROLQ, VIRGL, 72, OK_NODATA, 24)                             \
    X(TRANSFER_FROM_HOST_3D, 0x0206, CONTROLQ, VIRGL, 72, OK_NODATA, 24)                           \
    X(SUBMIT_3D, 0x0207, CONTROLQ, VIRGL, 32, OK_NODATA, 24)                                       \
    X(RESOURCE_MAP_BLOB, 0x0208, CONTROLQ, MAP, 40, OK_MAP_INFO, 32)                               \
    X(RESOURCE_UNMAP_BLOB, 0x0209, CONTROLQ, MAP, 32, OK_NODATA, 24)                               \
    X(UPDATE_CURSOR, 0x0300, CURSORQ, NOTHING, 56, OK_NODATA, 24)                                  \
    X(MOVE_CURSOR, 0x0301, CURSORQ, NOTHING, 56, OK_NODATA, 24)

enum virtio_gpu_cmd {
#define X(name, code, queue, needs, request, response, response_bytes)                             \
    VIRTIO_GPU_CMD_##name = (code),
    VIRTIO_GPU_COMMANDS(X)
#undef X
};

/* X(name, code): responses, 5.7.6.7. */
#define VIRTIO_GPU_RESPONSES(X)                                                                    \
    X(OK_NODATA, 0x1100)                                                                           \
    X(OK_DISPLAY_INFO, 0x1101)                                                                     \
    X(OK_CAPSET_INFO, 0x1102)                                                                      \
    X(OK_CAPSET, 0x1103)                                                                           \
    X(OK_EDID, 0x1104)                                                                             \
    X(OK_RESOURCE_UUID, 0x1105)                                                                    \
    X(OK_MAP_INFO, 0x1106)                                                                         \
    X(ERR_UNSPEC, 0x1200)                                                                          \
    X(ERR_OUT_OF_MEMORY, 0x1201)                                                                   \
    X(ERR_INVALID_SCANOUT_ID, 0x1202)                                                              \
    X(ERR_INVALID_RESOURCE_ID, 0x1203)                                                             \
    X(ERR_INVALID_CONTEXT_ID, 0x1204)                                                              \
    X(ERR_INVALID_PARAMETER, 0x1205)

enum virtio_gpu_resp {
#define X(name, code) VIRTIO_GPU_RESP_##name = (code),
    VIRTIO_GPU_RESPONSES(X)
#undef X
};

/*
 * X(name, value, B, G, R, A): the eight formats, 5.7.6.8. The name gives the bytes in the order in
 * which they lie in memory; B, G, R, A are the byte offsets of the channels in a pixel. For the X
 * formats, A is the offset of the byte without meaning and VIRTIO_GPU_FORMAT_HAS_ALPHA is false.
 */
#define VIRTIO_GPU_FORMATS(X)                                                                      \
    X(B8G8R8A8_UNORM, 1, 0, 1, 2, 3)                                                               \
    X(B8G8R8X8_UNORM, 2, 0, 1, 2, 3)                                                               \
    X(A8R8G8B8_UNORM, 3, 3, 2, 1, 0)                                                               \
    X(X8R8G8B8_UNORM, 4, 3, 2, 1, 0)                                                               \
    X(R8G8B8A8_UNORM, 67, 2, 1, 0, 3)                                                              \
    X(X8B8G8R8_UNORM, 68, 1, 2, 3, 0)                                                              \
    X(A8B8G8R8_UNORM, 121, 1, 2, 3, 0)                                                             \
    X(R8G8B8X8_UNORM, 134, 2, 1, 0, 3)

enum virtio_gpu_formats {
#define X(name, value, b, g, r, a) VIRTIO_GPU_FORMAT_##name = (value),
    VIRTIO_GPU_FORMATS(X)
#undef X
};

/*
 * X(command, struct, field, notation): what follows the header in a request, 5.7.6.8. Offset and
 * width are the field's in `struct virtio_gpu_<struct>`. Notations: NUMBER; FORMAT, one of
 * VIRTIO_GPU_FORMATS; RECT, a struct virtio_gpu_rect; POSITION, a struct virtio_gpu_cursor_pos;
 * ENTRIES, how many struct virtio_gpu_mem_entry follow; PADDING, 0. Arrays are left out.
 */
#define VIRTIO_GPU_REQUEST_FIELDS(X)                                                               \
    X(RESOURCE_CREATE_2D, resource_create_2d, resource_id, NUMBER)                                 \
    X(RESOURCE_CREATE_2D, resource_create_2d, format, FORMAT)                                      \
    X(RESOURCE_CREATE_2D, resource_create_2d, width, NUMBER)                                       \
    X(RESOURCE_CREATE_2D, resource_create_2d, height, NUMBER)                                      \
    X(RESOURCE_UNREF, resource_unref, resource_id, NUMBER)                                         \
    X(RESOURCE_UNREF, resource_unref, padding, PADDING)                                            \
    X(SET_SCANOUT, set_scanout, r, RECT)                                                           \
    X(SET_SCANOUT, set_scanout, scanout_id, NUMBER)                                                \
    X(SET_SCANOUT, set_scanout, resource_id, NUMBER)                                               \
    X(RESOURCE_FLUSH, resource_flush, r, RECT)                                                     \
    X(RESOURCE_FLUSH, resource_flush, resource_id, NUMBER)                                         \
    X(RESOURCE_FLUSH, resource_flush, padding, PADDING)                                            \
    X(TRANSFER_TO_HOST_2D, transfer_to_host_2d, r, RECT)                                           \
    X(TRANSFER_TO_HOST_2D, transfer_to_host_2d, offset, NUMBER)                                    \
    X(TRANSFER_TO_HOST_2D, transfer_to_host_2d, resource_id, NUMBER)                               \
    X(TRANSFER_TO_HOST_2D, transfer_to_host_2d, padding, PADDING)                                  \
    X(RESOURCE_ATTACH_BACKING, resource_attach_backing, resource_id, NUMBER)                       \
    X(RESOURCE_ATTACH_BACKING, resource_attach_backing, nr_entries, ENTRIES)                       \
    X(RESOURCE_DETACH_BACKING, resource_detach_backing, resource_id, NUMBER)                       \
    X(RESOURCE_DETACH_BACKING, resource_detach_backing, padding, PADDING)                          \
    X(GET_CAPSET_INFO, get_capset_info, capset_index, NUMBER)                                      \
    X(GET_CAPSET_INFO, get_capset_info, padding, PADDING)                                          \
    X(GET_CAPSET, get_capset, capset_id, NUMBER)                                                   \
    X(GET_CAPSET, get_capset, capset_version, NUMBER)                                              \
    X(GET_EDID, get_edid, scanout, NUMBER)                                                         \
    X(GET_EDID, get_edid, padding, PADDING)                                                        \
    X(RESOURCE_ASSIGN_UUID, resource_assign_uuid, resource_id, NUMBER)                             \
    X(RESOURCE_ASSIGN_UUID, resource_assign_uuid, padding, PADDING)                                \
    X(RESOURCE_CREATE_BLOB, resource_create_blob, resource_id, NUMBER)                             \
    X(RESOURCE_CREATE_BLOB, resource_create_blob, blob_mem, NUMBER)                                \
    X(RESOURCE_CREATE_BLOB, resource_create_blob, blob_flags, NUMBER)                              \
    X(RESOURCE_CREATE_BLOB, resource_create_blob, nr_entries, ENTRIES)                             \
    X(RESOURCE_CREATE_BLOB, resource_create_blob, blob_id, NUMBER)                                 \
    X(RESOURCE_CREATE_BLOB, resource_create_blob, size, NUMBER)                                    \
    X(SET_SCANOUT_BLOB, set_scanout_blob, r, RECT)                                                 \
    X(SET_SCANOUT_BLOB, set_scanout_blob, scanout_id, NUMBER)                                      \
    X(SET_SCANOUT_BLOB, set_scanout_blob, resource_id, NUMBER)                                     \
    X(SET_SCANOUT_BLOB, set_scanout_blob, width, NUMBER)                                           \
    X(SET_SCANOUT_BLOB, set_scanout_blob, height, NUMBER)                                          \
    X(SET_SCANOUT_BLOB, set_scanout_blob, format, FORMAT)                                          \
    X(SET_SCANOUT_BLOB, set_scanout_blob, padding, PADDING)                                        \
    X(RESOURCE_MAP_BLOB, resource_map_blob, resource_id, NUMBER)                                   \
    X(RESOURCE_MAP_BLOB, resource_map_blob, padding, PADDING)                                      \
    X(RESOURCE_MAP_BLOB, resource_map_blob, offset, NUMBER)                                        \
    X(RESOURCE_UNMAP_BLOB, resource_unmap_blob, resource_id, NUMBER)                               \
    X(RESOURCE_UNMAP_BLOB, resource_unmap_blob, padding, PADDING)                                  \
    X(UPDATE_CURSOR, update_cursor, pos, POSITION)                                                 \
    X(UPDATE_CURSOR, update_cursor, resource_id, NUMBER)                                           \
    X(UPDATE_CURSOR, update_cursor, hot_x, NUMBER)                                                 \
    X(UPDATE_CURSOR, update_cursor, hot_y, NUMBER)                                                 \
    X(UPDATE_CURSOR, update_cursor, padding, PADDING)                                              \
    X(MOVE_CURSOR, update_cursor, pos, POSITION)                                                   \
    X(MOVE_CURSOR, update_cursor, resource_id, NUMBER)                                             \
    X(MOVE_CURSOR, update_cursor, hot_x, NUMBER)                                                   \
    X(MOVE_CURSOR, update_cursor, hot_y, NUMBER)                                                   \
    X(MOVE_CURSOR, update_cursor, padding, PADDING)

/* The same for responses, by the type of the response. MODES: all of `pmodes`. */
#define VIRTIO_GPU_RESPONSE_FIELDS(X) X(OK_DISPLAY_INFO, resp_display_info, pmodes, MODES)

#define VIRTIO_GPU_CURSOR_PX   64u /* width and height of a cursor, 5.7.6.6 */
#define VIRTIO_GPU_PIXEL_BYTES 4u /* all eight formats */

#define VIRTIO_GPU_FORMAT_HAS_ALPHA(format)                                                        \
    ((format) == VIRTIO_GPU_FORMAT_B8G8R8A8_UNORM ||                                               \
     (format) == VIRTIO_GPU_FORMAT_A8R8G8B8_UNORM ||                                               \
     (format) == VIRTIO_GPU_FORMAT_R8G8B8A8_UNORM || (format) == VIRTIO_GPU_FORMAT_A8B8G8R8_UNORM)

#endif
