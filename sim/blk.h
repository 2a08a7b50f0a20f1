/*
 * The simulated block device: a disk in memory (VIRTIO 1.3, 5.2).
 *
 * The disk starts with a pattern that tells where each piece of it belongs: the 32-bit
 * little-endian word at byte offset n is BLK_PATTERN + n / 4. Every word that a driver has not
 * written still says so when the run is over.
 *
 * IN, OUT, FLUSH and GET_ID are done; every other type is answered UNSUPP. A transfer that is not
 * whole sectors, runs over the end of the disk, or writes to a read-only disk is answered IOERR and
 * reported. FLUSH is done whether or not it was negotiated, as in QEMU.
 *
 * Not handled: discard, write zeroes, secure erase, zones, more than one queue, SCSI commands.
 */
#ifndef RINGSIDE_SIM_BLK_H
#define RINGSIDE_SIM_BLK_H

#include "device.h"

#define BLK_PATTERN            UINT32_C(0xd15c0000)
#define BLK_DISK_BYTES_MAX     (UINT64_C(256) << 20)
#define BLK_DISK_BYTES_DEFAULT (UINT64_C(1) << 20)
#define BLK_ID                 "ringside-disk"

struct blk_config {
    uint64_t disk_bytes; /* whole sectors, from 1 sector to BLK_DISK_BYTES_MAX */
    bool read_only;
};

extern const struct sim_class blk_class;

/* Gives a device its disk; after sim_device_create() with blk_class. False: out of memory. */
bool blk_create(struct sim_device *device, const struct blk_config *config);
void blk_destroy(struct sim_device *device);

/* Reads the word at a byte offset of the disk; false when it does not lie on it. */
bool blk_disk_word(const struct sim_device *device, uint64_t offset, uint32_t *value);

/* "VIRTIO_BLK_T_IN" and "VIRTIO_BLK_S_OK"; NULL when the code is unknown. */
const char *blk_type_name(uint32_t type);
const char *blk_status_name(uint32_t status);

#endif
