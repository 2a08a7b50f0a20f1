/*
 * The constants and layouts of VIRTIO as two tables with the same keys: ours, and Linux's.
 *
 * The two sets of headers use the same names for different things, so each table is made in a
 * source file of its own. A key is the name in our headers.
 */
#ifndef RINGSIDE_TESTS_VOCABULARY_H
#define RINGSIDE_TESTS_VOCABULARY_H

#include <stddef.h>
#include <stdint.h>

struct vocabulary_row {
    const char *key;
    const char *linux_name; /* NULL on our side, and where there is no name to look for */
    uint64_t value;
};

struct vocabulary {
    const struct vocabulary_row *row;
    size_t count;
};

struct vocabulary vocabulary_ours(void);
struct vocabulary vocabulary_linux(void);

/* Ours that Linux 6.1's headers lack; values from the specification. `linux_name` says why. */
struct vocabulary vocabulary_ours_alone(void);

/* Register of our table: VIRTIO_MMIO_R and so on in version 1 and 2. */
struct vocabulary_register {
    const char *key;
    unsigned access_v1;
    unsigned access_v2;
};

extern const struct vocabulary_register vocabulary_registers[];
extern const size_t vocabulary_register_count;

/* What Linux computes about rings. */
#define VOCABULARY_QUEUE_MAX 32768u
#define VOCABULARY_ALIGN_MAX 65536u
uint64_t linux_used_offset(unsigned size, unsigned long align_bytes);
uint64_t linux_used_event_offset(unsigned size, unsigned long align_bytes);
uint64_t linux_avail_event_offset(unsigned size, unsigned long align_bytes);
uint64_t linux_ring_bytes(unsigned size, unsigned long align_bytes);
int linux_need_event(uint16_t event, uint16_t new_idx, uint16_t old_idx);

/* clang-format off */
/* X(our structure, Linux's, field): every field of every structure. */
#define VOCABULARY_FIELDS(X)                                                                       \
    X(virtq_desc, vring_desc, addr)                                                                \
    X(virtq_desc, vring_desc, len)                                                                 \
    X(virtq_desc, vring_desc, flags)                                                               \
    X(virtq_desc, vring_desc, next)                                                                \
    X(virtq_avail, vring_avail, flags)                                                             \
    X(virtq_avail, vring_avail, idx)                                                               \
    X(virtq_used_elem, vring_used_elem, id)                                                        \
    X(virtq_used_elem, vring_used_elem, len)                                                       \
    X(virtq_used, vring_used, flags)                                                               \
    X(virtq_used, vring_used, idx)                                                                 \
    X(virtio_blk_req_hdr, virtio_blk_outhdr, type)                                                 \
    X(virtio_blk_req_hdr, virtio_blk_outhdr, ioprio)                                               \
    X(virtio_blk_req_hdr, virtio_blk_outhdr, sector)                                               \
    VOCABULARY_SAME(X, virtio_blk_config, capacity)                                                \
    VOCABULARY_SAME(X, virtio_blk_config, size_max)                                                \
    VOCABULARY_SAME(X, virtio_blk_config, seg_max)                                                 \
    VOCABULARY_SAME(X, virtio_blk_config, geometry)                                                \
    VOCABULARY_SAME(X, virtio_blk_config, blk_size)                                                \
    VOCABULARY_SAME(X, virtio_blk_config, physical_block_exp)                                      \
    VOCABULARY_SAME(X, virtio_blk_config, alignment_offset)                                        \
    VOCABULARY_SAME(X, virtio_blk_config, min_io_size)                                             \
    VOCABULARY_SAME(X, virtio_blk_config, opt_io_size)                                             \
    VOCABULARY_SAME(X, virtio_blk_config, wce)                                                     \
    VOCABULARY_SAME(X, virtio_blk_config, unused)                                                  \
    VOCABULARY_SAME(X, virtio_blk_config, num_queues)                                              \
    VOCABULARY_SAME(X, virtio_blk_config, max_discard_sectors)                                     \
    VOCABULARY_SAME(X, virtio_blk_config, max_discard_seg)                                         \
    VOCABULARY_SAME(X, virtio_blk_config, discard_sector_alignment)                                \
    VOCABULARY_SAME(X, virtio_blk_config, max_write_zeroes_sectors)                                \
    VOCABULARY_SAME(X, virtio_blk_config, max_write_zeroes_seg)                                    \
    VOCABULARY_SAME(X, virtio_blk_config, write_zeroes_may_unmap)                                  \
    VOCABULARY_SAME(X, virtio_blk_config, unused1)                                                 \
    VOCABULARY_SAME(X, virtio_blk_config, max_secure_erase_sectors)                                \
    VOCABULARY_SAME(X, virtio_blk_config, max_secure_erase_seg)                                    \
    VOCABULARY_SAME(X, virtio_blk_config, secure_erase_sector_alignment)                           \
    VOCABULARY_SAME(X, virtio_blk_geometry, cylinders)                                             \
    VOCABULARY_SAME(X, virtio_blk_geometry, heads)                                                 \
    VOCABULARY_SAME(X, virtio_blk_geometry, sectors)                                               \
    VOCABULARY_SAME(X, virtio_gpu_config, events_read)                                             \
    VOCABULARY_SAME(X, virtio_gpu_config, events_clear)                                            \
    VOCABULARY_SAME(X, virtio_gpu_config, num_scanouts)                                            \
    VOCABULARY_SAME(X, virtio_gpu_config, num_capsets)                                             \
    VOCABULARY_SAME(X, virtio_gpu_ctrl_hdr, type)                                                  \
    VOCABULARY_SAME(X, virtio_gpu_ctrl_hdr, flags)                                                 \
    VOCABULARY_SAME(X, virtio_gpu_ctrl_hdr, fence_id)                                              \
    VOCABULARY_SAME(X, virtio_gpu_ctrl_hdr, ctx_id)                                                \
    VOCABULARY_SAME(X, virtio_gpu_ctrl_hdr, ring_idx)                                              \
    VOCABULARY_SAME(X, virtio_gpu_ctrl_hdr, padding)                                               \
    VOCABULARY_SAME(X, virtio_gpu_rect, x)                                                         \
    VOCABULARY_SAME(X, virtio_gpu_rect, y)                                                         \
    VOCABULARY_SAME(X, virtio_gpu_rect, width)                                                     \
    VOCABULARY_SAME(X, virtio_gpu_rect, height)                                                    \
    VOCABULARY_SAME(X, virtio_gpu_display_one, r)                                                  \
    VOCABULARY_SAME(X, virtio_gpu_display_one, enabled)                                            \
    VOCABULARY_SAME(X, virtio_gpu_display_one, flags)                                              \
    VOCABULARY_SAME(X, virtio_gpu_resp_display_info, hdr)                                          \
    VOCABULARY_SAME(X, virtio_gpu_resp_display_info, pmodes)                                       \
    VOCABULARY_SAME(X, virtio_gpu_resource_create_2d, hdr)                                         \
    VOCABULARY_SAME(X, virtio_gpu_resource_create_2d, resource_id)                                 \
    VOCABULARY_SAME(X, virtio_gpu_resource_create_2d, format)                                      \
    VOCABULARY_SAME(X, virtio_gpu_resource_create_2d, width)                                       \
    VOCABULARY_SAME(X, virtio_gpu_resource_create_2d, height)                                      \
    VOCABULARY_SAME(X, virtio_gpu_resource_unref, hdr)                                             \
    VOCABULARY_SAME(X, virtio_gpu_resource_unref, resource_id)                                     \
    VOCABULARY_SAME(X, virtio_gpu_resource_unref, padding)                                         \
    VOCABULARY_SAME(X, virtio_gpu_set_scanout, hdr)                                                \
    VOCABULARY_SAME(X, virtio_gpu_set_scanout, r)                                                  \
    VOCABULARY_SAME(X, virtio_gpu_set_scanout, scanout_id)                                         \
    VOCABULARY_SAME(X, virtio_gpu_set_scanout, resource_id)                                        \
    VOCABULARY_SAME(X, virtio_gpu_resource_flush, hdr)                                             \
    VOCABULARY_SAME(X, virtio_gpu_resource_flush, r)                                               \
    VOCABULARY_SAME(X, virtio_gpu_resource_flush, resource_id)                                     \
    VOCABULARY_SAME(X, virtio_gpu_resource_flush, padding)                                         \
    VOCABULARY_SAME(X, virtio_gpu_transfer_to_host_2d, hdr)                                        \
    VOCABULARY_SAME(X, virtio_gpu_transfer_to_host_2d, r)                                          \
    VOCABULARY_SAME(X, virtio_gpu_transfer_to_host_2d, offset)                                     \
    VOCABULARY_SAME(X, virtio_gpu_transfer_to_host_2d, resource_id)                                \
    VOCABULARY_SAME(X, virtio_gpu_transfer_to_host_2d, padding)                                    \
    VOCABULARY_SAME(X, virtio_gpu_mem_entry, addr)                                                 \
    VOCABULARY_SAME(X, virtio_gpu_mem_entry, length)                                               \
    VOCABULARY_SAME(X, virtio_gpu_mem_entry, padding)                                              \
    VOCABULARY_SAME(X, virtio_gpu_resource_attach_backing, hdr)                                    \
    VOCABULARY_SAME(X, virtio_gpu_resource_attach_backing, resource_id)                            \
    VOCABULARY_SAME(X, virtio_gpu_resource_attach_backing, nr_entries)                             \
    VOCABULARY_SAME(X, virtio_gpu_resource_detach_backing, hdr)                                    \
    VOCABULARY_SAME(X, virtio_gpu_resource_detach_backing, resource_id)                            \
    VOCABULARY_SAME(X, virtio_gpu_resource_detach_backing, padding)                                \
    X(virtio_gpu_get_edid, virtio_gpu_cmd_get_edid, hdr)                                           \
    X(virtio_gpu_get_edid, virtio_gpu_cmd_get_edid, scanout)                                       \
    X(virtio_gpu_get_edid, virtio_gpu_cmd_get_edid, padding)                                       \
    VOCABULARY_SAME(X, virtio_gpu_get_capset_info, hdr)                                            \
    VOCABULARY_SAME(X, virtio_gpu_get_capset_info, capset_index)                                   \
    VOCABULARY_SAME(X, virtio_gpu_get_capset_info, padding)                                        \
    VOCABULARY_SAME(X, virtio_gpu_get_capset, hdr)                                                 \
    VOCABULARY_SAME(X, virtio_gpu_get_capset, capset_id)                                           \
    VOCABULARY_SAME(X, virtio_gpu_get_capset, capset_version)                                      \
    VOCABULARY_SAME(X, virtio_gpu_resp_edid, hdr)                                                  \
    VOCABULARY_SAME(X, virtio_gpu_resp_edid, size)                                                 \
    VOCABULARY_SAME(X, virtio_gpu_resp_edid, padding)                                              \
    VOCABULARY_SAME(X, virtio_gpu_resp_edid, edid)                                                 \
    VOCABULARY_SAME(X, virtio_gpu_resource_assign_uuid, hdr)                                       \
    VOCABULARY_SAME(X, virtio_gpu_resource_assign_uuid, resource_id)                               \
    VOCABULARY_SAME(X, virtio_gpu_resource_assign_uuid, padding)                                   \
    VOCABULARY_SAME(X, virtio_gpu_resource_create_blob, hdr)                                       \
    VOCABULARY_SAME(X, virtio_gpu_resource_create_blob, resource_id)                               \
    VOCABULARY_SAME(X, virtio_gpu_resource_create_blob, blob_mem)                                  \
    VOCABULARY_SAME(X, virtio_gpu_resource_create_blob, blob_flags)                                \
    VOCABULARY_SAME(X, virtio_gpu_resource_create_blob, nr_entries)                                \
    VOCABULARY_SAME(X, virtio_gpu_resource_create_blob, blob_id)                                   \
    VOCABULARY_SAME(X, virtio_gpu_resource_create_blob, size)                                      \
    VOCABULARY_SAME(X, virtio_gpu_set_scanout_blob, hdr)                                           \
    VOCABULARY_SAME(X, virtio_gpu_set_scanout_blob, r)                                             \
    VOCABULARY_SAME(X, virtio_gpu_set_scanout_blob, scanout_id)                                    \
    VOCABULARY_SAME(X, virtio_gpu_set_scanout_blob, resource_id)                                   \
    VOCABULARY_SAME(X, virtio_gpu_set_scanout_blob, width)                                         \
    VOCABULARY_SAME(X, virtio_gpu_set_scanout_blob, height)                                        \
    VOCABULARY_SAME(X, virtio_gpu_set_scanout_blob, format)                                        \
    VOCABULARY_SAME(X, virtio_gpu_set_scanout_blob, padding)                                       \
    VOCABULARY_SAME(X, virtio_gpu_set_scanout_blob, strides)                                       \
    VOCABULARY_SAME(X, virtio_gpu_set_scanout_blob, offsets)                                       \
    VOCABULARY_SAME(X, virtio_gpu_resource_map_blob, hdr)                                          \
    VOCABULARY_SAME(X, virtio_gpu_resource_map_blob, resource_id)                                  \
    VOCABULARY_SAME(X, virtio_gpu_resource_map_blob, padding)                                      \
    VOCABULARY_SAME(X, virtio_gpu_resource_map_blob, offset)                                       \
    VOCABULARY_SAME(X, virtio_gpu_resource_unmap_blob, hdr)                                        \
    VOCABULARY_SAME(X, virtio_gpu_resource_unmap_blob, resource_id)                                \
    VOCABULARY_SAME(X, virtio_gpu_resource_unmap_blob, padding)                                    \
    VOCABULARY_SAME(X, virtio_gpu_cursor_pos, scanout_id)                                          \
    VOCABULARY_SAME(X, virtio_gpu_cursor_pos, x)                                                   \
    VOCABULARY_SAME(X, virtio_gpu_cursor_pos, y)                                                   \
    VOCABULARY_SAME(X, virtio_gpu_cursor_pos, padding)                                             \
    VOCABULARY_SAME(X, virtio_gpu_update_cursor, hdr)                                              \
    VOCABULARY_SAME(X, virtio_gpu_update_cursor, pos)                                              \
    VOCABULARY_SAME(X, virtio_gpu_update_cursor, resource_id)                                      \
    VOCABULARY_SAME(X, virtio_gpu_update_cursor, hot_x)                                            \
    VOCABULARY_SAME(X, virtio_gpu_update_cursor, hot_y)                                            \
    VOCABULARY_SAME(X, virtio_gpu_update_cursor, padding)
#define VOCABULARY_SAME(X, name, field) X(name, name, field)

/* X(our structure, Linux's): every structure. */
#define VOCABULARY_STRUCTS(X)                                                                      \
    X(virtq_desc, vring_desc)                                                                      \
    X(virtq_avail, vring_avail)                                                                    \
    X(virtq_used_elem, vring_used_elem)                                                            \
    X(virtq_used, vring_used)                                                                      \
    X(virtio_blk_config, virtio_blk_config)                                                        \
    X(virtio_blk_geometry, virtio_blk_geometry)                                                    \
    X(virtio_blk_req_hdr, virtio_blk_outhdr)                                                       \
    X(virtio_gpu_config, virtio_gpu_config)                                                        \
    X(virtio_gpu_ctrl_hdr, virtio_gpu_ctrl_hdr)                                                    \
    X(virtio_gpu_rect, virtio_gpu_rect)                                                            \
    X(virtio_gpu_display_one, virtio_gpu_display_one)                                              \
    X(virtio_gpu_resp_display_info, virtio_gpu_resp_display_info)                                  \
    X(virtio_gpu_resource_create_2d, virtio_gpu_resource_create_2d)                                \
    X(virtio_gpu_resource_unref, virtio_gpu_resource_unref)                                        \
    X(virtio_gpu_set_scanout, virtio_gpu_set_scanout)                                              \
    X(virtio_gpu_resource_flush, virtio_gpu_resource_flush)                                        \
    X(virtio_gpu_transfer_to_host_2d, virtio_gpu_transfer_to_host_2d)                              \
    X(virtio_gpu_mem_entry, virtio_gpu_mem_entry)                                                  \
    X(virtio_gpu_resource_attach_backing, virtio_gpu_resource_attach_backing)                      \
    X(virtio_gpu_resource_detach_backing, virtio_gpu_resource_detach_backing)                      \
    X(virtio_gpu_get_edid, virtio_gpu_cmd_get_edid)                                                \
    X(virtio_gpu_get_capset_info, virtio_gpu_get_capset_info)                                      \
    X(virtio_gpu_get_capset, virtio_gpu_get_capset)                                                \
    X(virtio_gpu_resp_edid, virtio_gpu_resp_edid)                                                  \
    X(virtio_gpu_resource_assign_uuid, virtio_gpu_resource_assign_uuid)                            \
    X(virtio_gpu_resource_create_blob, virtio_gpu_resource_create_blob)                            \
    X(virtio_gpu_set_scanout_blob, virtio_gpu_set_scanout_blob)                                    \
    X(virtio_gpu_resource_map_blob, virtio_gpu_resource_map_blob)                                  \
    X(virtio_gpu_resource_unmap_blob, virtio_gpu_resource_unmap_blob)                              \
    X(virtio_gpu_cursor_pos, virtio_gpu_cursor_pos)                                                \
    X(virtio_gpu_update_cursor, virtio_gpu_update_cursor)
/* clang-format on */

/* Rows of a field: its offset, and its size as `....size`; of a structure: its size. */
#define VOCABULARY_FIELD_ROWS(key, name, field)                                                    \
    {"offset " #key "." #field, NULL, offsetof(struct name, field)},                               \
        {"size " #key "." #field, NULL, sizeof(((struct name *)0)->field)},

#endif
