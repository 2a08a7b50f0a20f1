/*
 * Requests and responses of the GPU device, field by field.
 */
#include "decode.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gpu.h"
#include "virtio/gpu.h"

#define ENTRIES_SHOWN 8u

enum notation {
    NOTATION_NUMBER,
    NOTATION_FORMAT,
    NOTATION_RECT,
    NOTATION_POSITION,
    NOTATION_ENTRIES,
    NOTATION_PADDING,
    NOTATION_MODES
};

struct field {
    uint32_t type; /* of the request or response */
    uint32_t offset;
    uint32_t width_bytes;
    enum notation notation;
    const char *name;
};

#define FIELD(code, layout, field, notation)                                                       \
    {                                                                                              \
        code, offsetof(struct virtio_gpu_##layout, field),                                         \
            sizeof(((struct virtio_gpu_##layout *)NULL)->field), NOTATION_##notation, #field       \
    }

static const struct field request_field[] = {
#define X(command, layout, field, notation)                                                        \
    FIELD(VIRTIO_GPU_CMD_##command, layout, field, notation),
    VIRTIO_GPU_REQUEST_FIELDS(X)
#undef X
};

static const struct field response_field[] = {
#define X(response, layout, field, notation)                                                       \
    FIELD(VIRTIO_GPU_RESP_##response, layout, field, notation),
    VIRTIO_GPU_RESPONSE_FIELDS(X)
#undef X
};

struct message {
    const uint8_t *bytes;
    size_t count;
    uint64_t total;
    uint64_t known; /* bytes that the tables account for */
    struct decode *out;
};

__attribute__((format(printf, 3, 4))) static void add(struct message *message, const char *name,
                                                      const char *format, ...)
{
    struct decode *out = message->out;
    if (out->count >= DECODE_LINES_MAX)
        return;
    struct decode_line *line = &out->line[out->count++];
    va_list list;
    snprintf(line->name, sizeof line->name, "%s", name);
    va_start(list, format);
    vsnprintf(line->value, sizeof line->value, format, list);
    va_end(list);
}

/* ---- values ---- */

static bool is_there(const struct message *message, uint64_t offset, uint64_t bytes)
{
    return offset <= message->count && bytes <= message->count - offset;
}

/* Up to 8 bytes, little-endian; those that are not there count as 0. */
static uint64_t number_at(const struct message *message, uint64_t offset, uint32_t width_bytes)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < width_bytes && i < sizeof value && offset + i < message->count; i++)
        value |= (uint64_t)message->bytes[offset + i] << 8 * i;
    return value;
}

static uint32_t word_at(const struct message *message, uint64_t offset)
{
    return (uint32_t)number_at(message, offset, sizeof(le32));
}

static void add_rect(struct message *message, const char *name, uint64_t at, const char *more)
{
    add(message, name, "x %" PRIu32 "  y %" PRIu32 "  width %" PRIu32 "  height %" PRIu32 "%s",
        word_at(message, at + offsetof(struct virtio_gpu_rect, x)),
        word_at(message, at + offsetof(struct virtio_gpu_rect, y)),
        word_at(message, at + offsetof(struct virtio_gpu_rect, width)),
        word_at(message, at + offsetof(struct virtio_gpu_rect, height)), more);
}

/* The memory entries behind the fixed part of ATTACH_BACKING. */
static void add_entries(struct message *message, const struct field *field)
{
    uint32_t count = word_at(message, field->offset);
    uint64_t at = field->offset + field->width_bytes;

    add(message, field->name, "%" PRIu32, count);
    message->known = at + (uint64_t)count * sizeof(struct virtio_gpu_mem_entry);
    for (uint32_t i = 0; i < count; i++, at += sizeof(struct virtio_gpu_mem_entry)) {
        char name[DECODE_NAME_BYTES];
        snprintf(name, sizeof name, "entries[%" PRIu32 "]", i);
        if (i == ENTRIES_SHOWN) {
            add(message, "", "%" PRIu32 " more entries", count - i);
            break;
        }
        if (!is_there(message, at, sizeof(struct virtio_gpu_mem_entry))) {
            add(message, name, "missing: the request ends before");
            break;
        }
        add(message, name, "addr 0x%" PRIx64 "  length %" PRIu32,
            number_at(message, at + offsetof(struct virtio_gpu_mem_entry, addr), sizeof(le64)),
            word_at(message, at + offsetof(struct virtio_gpu_mem_entry, length)));
    }
}

/* All scanouts of a display info, those that are enabled or say anything in full. */
static void add_modes(struct message *message, const struct field *field)
{
    static const uint8_t nothing[sizeof(struct virtio_gpu_display_one)];
    unsigned silent = 0;

    for (unsigned i = 0; i < VIRTIO_GPU_MAX_SCANOUTS; i++) {
        uint64_t at = field->offset + i * sizeof(struct virtio_gpu_display_one);
        char name[DECODE_NAME_BYTES];
        if (!is_there(message, at, sizeof(struct virtio_gpu_display_one)))
            break;
        if (memcmp(message->bytes + at, nothing, sizeof nothing) == 0) {
            silent++;
            continue;
        }
        snprintf(name, sizeof name, "%s[%u]", field->name, i);
        add_rect(message, name, at,
                 word_at(message, at + offsetof(struct virtio_gpu_display_one, enabled)) != 0
                     ? "  enabled"
                     : "  not enabled");
    }
    if (silent > 0)
        add(message, "", "%u other modes are all 0", silent);
}

static void add_field(struct message *message, const struct field *field)
{
    uint64_t value = number_at(message, field->offset, field->width_bytes);
    const char *format;

    switch (field->notation) {
    case NOTATION_NUMBER:
        add(message, field->name, value < 10 ? "%" PRIu64 : "%" PRIu64 " (0x%" PRIx64 ")", value,
            value);
        return;
    case NOTATION_FORMAT:
        format = gpu_format_name((uint32_t)value);
        add(message, field->name, "%" PRIu64 " %s", value, format != NULL ? format : "no format");
        return;
    case NOTATION_RECT:
        add_rect(message, field->name, field->offset, "");
        return;
    case NOTATION_POSITION:
        add(message, field->name, "scanout_id %" PRIu32 "  x %" PRIu32 "  y %" PRIu32,
            word_at(message, field->offset + offsetof(struct virtio_gpu_cursor_pos, scanout_id)),
            word_at(message, field->offset + offsetof(struct virtio_gpu_cursor_pos, x)),
            word_at(message, field->offset + offsetof(struct virtio_gpu_cursor_pos, y)));
        return;
    case NOTATION_ENTRIES:
        add_entries(message, field);
        return;
    case NOTATION_PADDING:
        if (value != 0)
            add(message, field->name, "0x%" PRIx64 ", should be 0", value);
        return;
    case NOTATION_MODES:
        add_modes(message, field);
        return;
    }
}

/* ---- messages ---- */

static void add_header(struct message *message, uint32_t type)
{
    uint32_t flags = word_at(message, offsetof(struct virtio_gpu_ctrl_hdr, flags));
    uint64_t fence =
        number_at(message, offsetof(struct virtio_gpu_ctrl_hdr, fence_id), sizeof(le64));
    uint32_t context = word_at(message, offsetof(struct virtio_gpu_ctrl_hdr, ctx_id));
    const char *name = message->out->name;

    add(message, "type", "0x%" PRIx32 " %s", type,
        name != NULL ? name : "is no type that is known");
    add(message, "flags", "%" PRIu32 "%s%s", flags,
        (flags & VIRTIO_GPU_FLAG_FENCE) != 0 ? " FENCE" : "",
        (flags & VIRTIO_GPU_FLAG_INFO_RING_IDX) != 0 ? " INFO_RING_IDX" : "");
    if (fence != 0 || (flags & VIRTIO_GPU_FLAG_FENCE) != 0)
        add(message, "fence_id", "%" PRIu64, fence);
    if (context != 0)
        add(message, "ctx_id", "%" PRIu32, context);
}

static void decode(const uint8_t *bytes, size_t count, uint64_t total, const struct field *field,
                   size_t field_count, const char *(*name_of)(uint32_t), struct decode *out)
{
    struct message message = {bytes, count, total, sizeof(struct virtio_gpu_ctrl_hdr), out};

    memset(out, 0, sizeof *out);
    if (!is_there(&message, 0, sizeof(struct virtio_gpu_ctrl_hdr))) {
        add(&message, "", "%zu bytes are no header, which has %zu", count,
            sizeof(struct virtio_gpu_ctrl_hdr));
        return;
    }
    uint32_t type = word_at(&message, offsetof(struct virtio_gpu_ctrl_hdr, type));
    out->name = name_of(type);
    add_header(&message, type);
    for (size_t i = 0; i < field_count; i++) {
        if (field[i].type != type)
            continue;
        uint32_t needed = field[i].notation != NOTATION_MODES ? field[i].width_bytes : 0;
        if (!is_there(&message, field[i].offset, needed)) {
            add(&message, field[i].name, "missing: there are %zu bytes", count);
            return;
        }
        message.known = field[i].offset + field[i].width_bytes;
        add_field(&message, &field[i]);
    }
    if (total > message.known && out->name != NULL)
        add(&message, "", "%" PRIu64 " more bytes", total - message.known);
}

void decode_gpu_request(const uint8_t *bytes, size_t count, uint64_t total, struct decode *out)
{
    decode(bytes, count, total, request_field, sizeof request_field / sizeof request_field[0],
           gpu_command_name, out);
}

void decode_gpu_response(const uint8_t *bytes, size_t count, uint64_t total, struct decode *out)
{
    decode(bytes, count, total, response_field, sizeof response_field / sizeof response_field[0],
           gpu_response_name, out);
}

const char *decode_short_name(const char *name)
{
    static const char *const prefixes[] = {"VIRTIO_GPU_CMD_", "VIRTIO_GPU_RESP_"};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return name + strlen(prefixes[i]);
    }
    return name;
}
