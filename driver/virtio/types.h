/*
 * Little-endian field types of VIRTIO structures (VIRTIO 1.3, 1.4 "Structure Specifications").
 *
 * A `le16`, `le32` or `le64` is stored in little-endian order whatever the CPU. The types are plain
 * integers, so nothing but the name keeps them apart: convert at the place where a field is read or
 * written, with the functions below, which the compiler folds away on a little-endian CPU.
 */
#ifndef RINGSIDE_VIRTIO_TYPES_H
#define RINGSIDE_VIRTIO_TYPES_H

#include <stdint.h>

typedef uint16_t le16;
typedef uint32_t le32;
typedef uint64_t le64;

/* VIRTIO_F_... and VIRTIO_GPU_F_... are bit numbers; VIRTIO_BIT() makes the mask of one. */
#define VIRTIO_BIT(bit) (UINT64_C(1) << (bit))

static inline uint16_t virtio_le16(uint16_t value)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return __builtin_bswap16(value);
#else
    return value;
#endif
}

static inline uint32_t virtio_le32(uint32_t value)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return __builtin_bswap32(value);
#else
    return value;
#endif
}

static inline uint64_t virtio_le64(uint64_t value)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return __builtin_bswap64(value);
#else
    return value;
#endif
}

#endif
