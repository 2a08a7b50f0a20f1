/*
 * Block device: configuration space, requests, status (VIRTIO 1.3, 5.2 "Block Device").
 *
 * A request is a chain: `struct virtio_blk_req_hdr` to be read by the device, then the data (read
 * or written by it), then one status byte to be written. Sectors have 512 bytes whatever blk_size
 * says.
 */
#ifndef RINGSIDE_VIRTIO_BLK_H
#define RINGSIDE_VIRTIO_BLK_H

#include "types.h"

#define VIRTIO_BLK_REQUESTQ     0
#define VIRTIO_BLK_SECTOR_BYTES 512
#define VIRTIO_BLK_ID_BYTES     20 /* of the answer to GET_ID; not terminated if it fills them */

/* X(name, bit): 5.2.3, and 5.2.3.1 for the legacy interface. A number, not a mask. */
#define VIRTIO_BLK_FEATURES(X)                                                                     \
    X(BARRIER, 0) /* legacy interface only */                                                      \
    X(SIZE_MAX, 1)                                                                                 \
    X(SEG_MAX, 2)                                                                                  \
    X(GEOMETRY, 4)                                                                                 \
    X(RO, 5)                                                                                       \
    X(BLK_SIZE, 6)                                                                                 \
    X(SCSI, 7) /* legacy interface only */                                                         \
    X(FLUSH, 9)                                                                                    \
    X(TOPOLOGY, 10)                                                                                \
    X(CONFIG_WCE, 11)                                                                              \
    X(MQ, 12)                                                                                      \
    X(DISCARD, 13)                                                                                 \
    X(WRITE_ZEROES, 14)                                                                            \
    X(LIFETIME, 15)                                                                                \
    X(SECURE_ERASE, 16)                                                                            \
    X(ZONED, 17)

enum virtio_blk_feature {
#define X(name, bit) VIRTIO_BLK_F_##name = (bit),
    VIRTIO_BLK_FEATURES(X)
#undef X
};

/* X(name, value): the types of requests that this project knows, 5.2.6. */
#define VIRTIO_BLK_TYPES(X)                                                                        \
    X(IN, 0)    /* the device fills the data from the disk */                                      \
    X(OUT, 1)   /* the data goes to the disk */                                                    \
    X(FLUSH, 4) /* what was written is safe when the answer comes */                               \
    X(GET_ID, 8)                                                                                   \
    X(DISCARD, 11)                                                                                 \
    X(WRITE_ZEROES, 13)                                                                            \
    X(SECURE_ERASE, 14)

enum virtio_blk_type {
#define X(name, value) VIRTIO_BLK_T_##name = (value),
    VIRTIO_BLK_TYPES(X)
#undef X
};

/* X(name, value): the status byte. */
#define VIRTIO_BLK_STATUSES(X)                                                                     \
    X(OK, 0)                                                                                       \
    X(IOERR, 1)                                                                                    \
    X(UNSUPP, 2)

enum virtio_blk_status {
#define X(name, value) VIRTIO_BLK_S_##name = (value),
    VIRTIO_BLK_STATUSES(X)
#undef X
};

struct virtio_blk_geometry {
    le16 cylinders;
    uint8_t heads;
    uint8_t sectors;
};

/* Fields behind the first are valid only with their feature, 5.2.4. */
struct virtio_blk_config {
    le64 capacity; /* in sectors */
    le32 size_max;
    le32 seg_max;
    struct virtio_blk_geometry geometry;
    le32 blk_size;
    uint8_t physical_block_exp;
    uint8_t alignment_offset;
    le16 min_io_size;
    le32 opt_io_size;
    uint8_t wce;
    uint8_t unused;
    le16 num_queues;
    le32 max_discard_sectors;
    le32 max_discard_seg;
    le32 discard_sector_alignment;
    le32 max_write_zeroes_sectors;
    le32 max_write_zeroes_seg;
    uint8_t write_zeroes_may_unmap;
    uint8_t unused1[3];
    le32 max_secure_erase_sectors;
    le32 max_secure_erase_seg;
    le32 secure_erase_sector_alignment;
} __attribute__((packed, aligned(4)));

struct virtio_blk_req_hdr {
    le32 type;
    le32 ioprio; /* reserved, 0 */
    le64 sector; /* of IN and OUT; 0 otherwise */
};

#endif
