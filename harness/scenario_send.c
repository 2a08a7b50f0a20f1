/*
 * The scenario verb `send`: one GPU command with its fields by name, as a conforming driver sends
 * it, on the queue that it belongs to. It becomes plain actions of its own line.
 *
 * Request and response lie in an area of 2 KiB; a queue has eight, used in turn, each with two
 * descriptors of its own (from 2 on, as 0 and 1 are those of `request`).
 */
#include "scenario_parse.h"
#include <stddef.h>
#include <string.h>
#include "gpu.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define PAGE_SENDS      7u /* behind what scenario_play.c has */
#define SEND_PAGES      4u
#define AREA_BYTES      2048u
#define RESPONSE_OFFSET 512u
#define ENTRIES_MAX     24u /* memory entries: what fits between request and response */
#define CHAINS          3u  /* pairs of descriptors that are taken in turn */

struct send_field {
    uint32_t command; /* 0 = every one: the header */
    const char *name;
    uint32_t offset, bytes;
};

static const struct send_field send_fields[] = {
#define FIELD(command, structure, field)                                                           \
    {command, #field, offsetof(struct virtio_gpu_##structure, field),                              \
     sizeof(((struct virtio_gpu_##structure *)0)->field)},
#define FIELD_NUMBER  FIELD
#define FIELD_FORMAT  FIELD
#define FIELD_ENTRIES FIELD
#define FIELD_PADDING FIELD
#define FIELD_RECT(command, structure, field)                                                      \
    FIELD(command, structure, field.x)                                                             \
    FIELD(command, structure, field.y)                                                             \
    FIELD(command, structure, field.width)                                                         \
    FIELD(command, structure, field.height)
#define FIELD_POSITION(command, structure, field)                                                  \
    FIELD(command, structure, field.scanout_id)                                                    \
    FIELD(command, structure, field.x)                                                             \
    FIELD(command, structure, field.y)
#define X(command, structure, field, notation)                                                     \
    FIELD_##notation(VIRTIO_GPU_CMD_##command, structure, field)
    FIELD(0, ctrl_hdr, type) FIELD(0, ctrl_hdr, flags) FIELD(0, ctrl_hdr, fence_id)
        FIELD(0, ctrl_hdr, ctx_id) FIELD(0, ctrl_hdr, ring_idx) VIRTIO_GPU_REQUEST_FIELDS(X)
#undef X
};

static const struct send_command {
    const char *name;
    uint32_t type, queue, request_bytes, response_bytes;
} send_commands[] = {
#define X(name, code, queue, needs, request, response, response_bytes)                             \
    {#name, code, VIRTIO_GPU_##queue, request, response_bytes},
    VIRTIO_GPU_COMMANDS(X)
#undef X
};

static const char *const send_names[] = {
#define X(name, code, queue, needs, request, response, response_bytes) #name,
    VIRTIO_GPU_COMMANDS(X)
#undef X
};

/* A request as the line describes it. */
struct send {
    const struct send_command *command;
    uint8_t bytes[RESPONSE_OFFSET];
    uint32_t queue, request_bytes, room_bytes, entries;
    bool unnotified;
};

static void put(struct send *send, uint32_t offset, uint32_t bytes, uint64_t value)
{
    for (uint32_t i = 0; i < bytes; i++) {
        send->bytes[offset + i] = (uint8_t)(value >> 8 * i);
    }
}

/* ---- words ---- */

static bool parse_entry(struct parser *parser, struct send *send)
{
    uint64_t addr = 0, length = 0;
    uint32_t at = send->command->request_bytes + send->entries * 16u;
    if (!parse_number(parser, "a memory entry's address", 0, UINT64_MAX, &addr) ||
        !parse_number(parser, "a memory entry's length", 0, UINT32_MAX, &length)) {
        return false;
    }
    if (send->entries == ENTRIES_MAX) {
        return parse_fail(parser, &parser->word[0], NULL, NULL, "more than %u memory entries",
                          ENTRIES_MAX);
    }
    put(send, at, sizeof(le64), addr);
    put(send, at + sizeof(le64), sizeof(le32), length);
    send->entries++;
    return true;
}

static bool parse_field(struct parser *parser, const struct word *word, struct send *send)
{
    const char *names[COUNT(send_fields)];
    const struct send_field *fields[COUNT(send_fields)];
    size_t count = 0;
    uint64_t value = 0;
    for (size_t i = 0; i < COUNT(send_fields); i++) {
        if (send_fields[i].command == 0 || send_fields[i].command == send->command->type) {
            fields[count] = &send_fields[i];
            names[count++] = send_fields[i].name;
        }
    }
    int chosen = parse_choose(parser, word, "field or option", names, count);
    if (chosen < 0) {
        return false;
    }
    const struct send_field *field = fields[chosen];
    if (!parse_number(parser, "a value", 0, parse_width_max(field->bytes), &value)) {
        return false;
    }
    put(send, field->offset, field->bytes, value);
    return true;
}

static bool parse_words(struct parser *parser, struct send *send)
{
    static const struct {
        const char *word;
        uint32_t max;
    } numbers[] = {{"on", VIRTIO_GPU_QUEUE_COUNT - 1},
                   {"bytes", RESPONSE_OFFSET},
                   {"room", AREA_BYTES - RESPONSE_OFFSET}};
    uint32_t *const out[] = {&send->queue, &send->request_bytes, &send->room_bytes};
    const struct word *word = parse_next(parser);
    bool bytes_given = false;
    for (; word; word = parse_next(parser)) { /* bounded by the words of the line */
        bool is_number = false;
        for (size_t i = 0; i < COUNT(numbers); i++) {
            uint64_t value = 0;
            if (!word_is(word, numbers[i].word)) {
                continue;
            }
            if (!parse_number(parser, "a number", 0, numbers[i].max, &value)) {
                return false;
            }
            *out[i] = (uint32_t)value;
            is_number = true;
            bytes_given |= i == 1;
        }
        if (is_number) {
            continue;
        }
        if (word_is(word, "unnotified")) {
            send->unnotified = true;
        } else if (word_is(word, "entry") ? !parse_entry(parser, send)
                                          : !parse_field(parser, word, send)) {
            return false;
        }
    }
    if (!bytes_given) {
        send->request_bytes += send->entries * 16u;
    }
    return !parser->failed;
}

/* nr_entries is the number of entries, unless the line says otherwise. */
static void count_entries(struct send *send)
{
    static const struct send_field *const none = NULL;
    const struct send_field *field = none;
    for (size_t i = 0; i < COUNT(send_fields); i++) {
        if (send_fields[i].command == send->command->type &&
            strcmp(send_fields[i].name, "nr_entries") == 0) {
            field = &send_fields[i];
        }
    }
    if (field && send->bytes[field->offset] == 0) {
        put(send, field->offset, field->bytes, send->entries);
    }
}

/* ---- actions ---- */

static bool give_memory(struct parser *parser, uint32_t queue)
{
    if (parser->sends_given[queue]) {
        return true;
    }
    parser->sends_given[queue] = true;
    return play_alloc(parser, queue == VIRTIO_GPU_CONTROLQ ? "requests" : "cursor-requests",
                      PAGE_SENDS + SEND_PAGES * queue, SEND_PAGES);
}

static bool play_send(struct parser *parser, const struct send *send)
{
    uint32_t queue = send->queue;
    uint32_t number = parser->sent[queue];
    uint32_t head = 2 + number % CHAINS * 2;
    uint64_t request = play_page_addr(parser->scenario, PAGE_SENDS + SEND_PAGES * queue) +
                       number % (SEND_PAGES * 4096u / AREA_BYTES) * AREA_BYTES;
    struct virtq_desc in = {request, send->request_bytes, 0, 0};
    struct virtq_desc out = {request + RESPONSE_OFFSET, send->room_bytes, VIRTQ_DESC_F_WRITE, 0};
    bool good = give_memory(parser, queue);
    for (uint32_t at = 0; at < send->request_bytes && good; at += sizeof(le32)) {
        uint32_t word = 0;
        memcpy(&word, send->bytes + at, sizeof word);
        good = play_store(parser, EVENT_PLACE_MEMORY, 0, 0, sizeof(le32), request + at, word);
    }
    if (send->room_bytes > 0) {
        in.flags = VIRTQ_DESC_F_NEXT;
        in.next = (uint16_t)(head + 1);
        good = good && play_descriptor(parser, queue, head + 1, &out);
    }
    uint16_t *idx = queue == VIRTIO_GPU_CONTROLQ ? &parser->requests : &parser->sent[queue];
    uint32_t slot = *idx % PLAY_QUEUE_SIZE;
    if (queue == VIRTIO_GPU_CONTROLQ) {
        parser->sent[queue]++; /* of the cursor queue it is the index itself */
    }
    (*idx)++;
    return good && play_descriptor(parser, queue, head, &in) &&
           play_store(parser, EVENT_PLACE_AVAIL_RING, queue, slot, sizeof(le16), 0, head) &&
           play_store(parser, EVENT_PLACE_AVAIL_IDX, queue, 0, sizeof(le16), 0, *idx) &&
           (send->unnotified || play_register(parser, VIRTIO_MMIO_REG_QueueNotify, true, queue));
}

bool parse_send(struct parser *parser)
{
    struct send send = {0};
    if (parser->scenario->kind != SCENARIO_DEVICE_GPU) {
        return parse_fail(parser, &parser->word[0], "`device gpu`", NULL,
                          "only a GPU takes GPU commands");
    }
    int row = parse_choice(parser, "command", send_names, COUNT(send_names));
    if (row < 0) {
        return false;
    }
    send.command = &send_commands[row];
    send.queue = send.command->queue;
    send.request_bytes = send.command->request_bytes;
    /* Drivers leave cursor commands no room: nobody waits for their answer. */
    send.room_bytes = send.queue == VIRTIO_GPU_CONTROLQ ? send.command->response_bytes : 0;
    put(&send, 0, sizeof(le32), send.command->type);
    if (!parse_words(parser, &send)) {
        return false;
    }
    count_entries(&send);
    return play_send(parser, &send);
}
