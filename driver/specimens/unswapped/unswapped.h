/*
 * The reference driver as somebody might leave it whose CPU is little-endian: what has 32 bits is
 * converted, since the accessors of registers do that, and fields of 16 and 64 bits are not.
 *
 * Included before each of the reference driver's sources.
 */
#ifndef RINGSIDE_SPECIMENS_UNSWAPPED_H
#define RINGSIDE_SPECIMENS_UNSWAPPED_H

#include "virtio/types.h"

#define virtio_le16 virtio_native16
#define virtio_le64 virtio_native64

#endif
