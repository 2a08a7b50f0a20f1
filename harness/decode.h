/*
 * Requests and responses of the GPU device in words, by the tables of virtio/gpu.h.
 *
 * Bytes come from the driver and are not trusted. What is not there is said to be missing; what is
 * behind the fields that the tables know is counted.
 */
#ifndef RINGSIDE_HARNESS_DECODE_H
#define RINGSIDE_HARNESS_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DECODE_LINES_MAX   40u
#define DECODE_NAME_BYTES  28u
#define DECODE_VALUE_BYTES 100u

/* A field, or (without name) a remark. */
struct decode_line {
    char name[DECODE_NAME_BYTES];
    char value[DECODE_VALUE_BYTES];
};

struct decode {
    const char *name; /* "VIRTIO_GPU_CMD_SET_SCANOUT"; NULL = the type is not known */
    size_t count;
    struct decode_line line[DECODE_LINES_MAX];
};

/* `count` bytes of what may be longer: `total` in all. */
void decode_gpu_request(const uint8_t *bytes, size_t count, uint64_t total, struct decode *out);
void decode_gpu_response(const uint8_t *bytes, size_t count, uint64_t total, struct decode *out);

/* "GET_DISPLAY_INFO", "OK_NODATA": the name without its prefix. */
const char *decode_short_name(const char *name);

#endif
