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

/*
 * virtio_native...() is for what legacy devices have in the CPU's own order (2.5.3, 2.7.3), where
 * there is nothing to do. VIRTIO_BIG_ENDIAN, for builds on a little-endian CPU, makes memory look
 * as if a big-endian one had written it: then it is the native fields that are turned round.
 */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define LE_IS_TURNED 1
#else
#define LE_IS_TURNED 0
#endif
#ifdef VIRTIO_BIG_ENDIAN
#define NATIVE_IS_TURNED 1
#else
#define NATIVE_IS_TURNED 0
#endif

/* X(bits) */
#define VIRTIO_WIDTHS(X) X(16) X(32) X(64)

/* Between a field and its value, both ways. */
#define X(bits)                                                                                    \
    static inline uint##bits##_t virtio_le##bits(uint##bits##_t value)                             \
    {                                                                                              \
        return LE_IS_TURNED ? __builtin_bswap##bits(value) : value;                                \
    }                                                                                              \
    static inline uint##bits##_t virtio_native##bits(uint##bits##_t value)                         \
    {                                                                                              \
        return NATIVE_IS_TURNED ? __builtin_bswap##bits(value) : value;                            \
    }
VIRTIO_WIDTHS(X)
#undef X

#endif
