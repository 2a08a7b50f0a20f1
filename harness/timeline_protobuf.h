/*
 * The few pieces of the protocol buffers' wire format that a timeline needs.
 *
 * A message that lies in another one is begun and ended around its fields; its length takes two
 * bytes, a varint that is longer than it need be, so that nothing has to be moved. What does not
 * fit makes the whole message `overflown`, and it must not be written then.
 */
#ifndef RINGSIDE_HARNESS_TIMELINE_PROTOBUF_H
#define RINGSIDE_HARNESS_TIMELINE_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PROTOBUF_BYTES        4096u
#define PROTOBUF_NESTED_MAX   0x3fffu /* what two bytes of a length can say */
#define PROTOBUF_VARINT_BYTES 10u

_Static_assert(PROTOBUF_BYTES <= PROTOBUF_NESTED_MAX, "a length takes two bytes");

enum protobuf_wire { PROTOBUF_VARINT = 0, PROTOBUF_FIXED64 = 1, PROTOBUF_BYTES_OF_LENGTH = 2 };

struct protobuf {
    size_t used;
    bool overflown;
    uint8_t bytes[PROTOBUF_BYTES];
};

static inline void protobuf_byte(struct protobuf *out, unsigned byte)
{
    if (out->used == PROTOBUF_BYTES)
        out->overflown = true;
    else
        out->bytes[out->used++] = (uint8_t)byte;
}

static inline void protobuf_raw_varint(struct protobuf *out, uint64_t value)
{
    while (value >= 0x80) {
        protobuf_byte(out, (unsigned)(value & 0x7f) | 0x80u);
        value >>= 7;
    }
    protobuf_byte(out, (unsigned)value);
}

static inline void protobuf_key(struct protobuf *out, unsigned field, enum protobuf_wire wire)
{
    protobuf_raw_varint(out, (uint64_t)field << 3 | wire);
}

/* uint64, uint32, enum, bool, and int64 that are not negative */
static inline void protobuf_uint(struct protobuf *out, unsigned field, uint64_t value)
{
    protobuf_key(out, field, PROTOBUF_VARINT);
    protobuf_raw_varint(out, value);
}

static inline void protobuf_fixed64(struct protobuf *out, unsigned field, uint64_t value)
{
    protobuf_key(out, field, PROTOBUF_FIXED64);
    for (unsigned i = 0; i < 8; i++)
        protobuf_byte(out, (unsigned)(value >> 8 * i) & 0xffu);
}

/* A string is ASCII: other bytes become `?`, so that no reader meets broken UTF-8. */
static inline void protobuf_string(struct protobuf *out, unsigned field, const char *text)
{
    size_t length = strlen(text);

    protobuf_key(out, field, PROTOBUF_BYTES_OF_LENGTH);
    protobuf_raw_varint(out, length);
    for (size_t i = 0; i < length; i++)
        protobuf_byte(out, (unsigned char)text[i] < 0x80 ? (unsigned char)text[i] : '?');
}

/* Begins a message in a field; returns what protobuf_end() needs. */
static inline size_t protobuf_begin(struct protobuf *out, unsigned field)
{
    protobuf_key(out, field, PROTOBUF_BYTES_OF_LENGTH);
    protobuf_byte(out, 0);
    protobuf_byte(out, 0);
    return out->used;
}

static inline void protobuf_end(struct protobuf *out, size_t begin)
{
    size_t length = out->used - begin;

    if (out->overflown)
        return;
    out->bytes[begin - 2] = (uint8_t)(0x80u | (length & 0x7f));
    out->bytes[begin - 1] = (uint8_t)(length >> 7);
}

/* Another message, complete, in a field. */
static inline void protobuf_append(struct protobuf *out, unsigned field,
                                   const struct protobuf *message)
{
    protobuf_key(out, field, PROTOBUF_BYTES_OF_LENGTH);
    protobuf_raw_varint(out, message->used);
    out->overflown = out->overflown || message->overflown;
    if (message->used > PROTOBUF_BYTES - out->used) {
        out->overflown = true;
        return;
    }
    memcpy(out->bytes + out->used, message->bytes, message->used);
    out->used += message->used;
}

#endif
