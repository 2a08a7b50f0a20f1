/*
 * Tables of the event's text form: every word and shape once, from the vocabulary's own tables.
 */
#include "event_text.h"

#include <assert.h>
#include <string.h>
#include "device.h"
#include "suite.h"
#include "virtio/gpu.h"
#include "virtio/mmio.h"

#define REGISTER_NAME_BYTES 32u
#define COUNT(array)        (sizeof(array) / sizeof((array)[0]))

const char *event_shape(enum event_kind kind)
{
    static const char *const shapes[] = {
#define X(name, shape) [EVENT_##name] = shape,
        EVENT_SHAPES(X)
#undef X
    };
    _Static_assert(COUNT(shapes) == EVENT_KIND_COUNT, "every kind needs a shape");
    assert((size_t)kind < COUNT(shapes) && shapes[kind] != NULL);
    return shapes[kind];
}

struct event_field event_field(char letter)
{
    static const struct event_field fields[128] = {
#define X(c, member, notation) [c] = {c, EVENT_MEMBER_##member, EVENT_NOTATION_##notation},
        EVENT_FIELDS(X)
#undef X
    };
    struct event_field field = fields[letter & 127];
    assert(field.letter == letter);
    return field;
}

static bool is_about_memory(const struct event *event)
{
    return event->value >= SIM_REFUSAL_DMA_DESC && event->value <= SIM_REFUSAL_DMA_BACKING;
}

uint64_t event_member_get(const struct event *event, enum event_member member)
{
    switch (member) {
    case EVENT_MEMBER_VALUE:
        return event->value;
    case EVENT_MEMBER_EXTRA:
        return event->extra;
    case EVENT_MEMBER_ADDR:
        return event->addr;
    case EVENT_MEMBER_WIDTH:
        return event->width_bytes;
    case EVENT_MEMBER_INDEX:
        return event->index;
    case EVENT_MEMBER_QUEUE:
        return event->queue;
    case EVENT_MEMBER_WHERE:
        return event->place != EVENT_PLACE_MEMORY ? event->place : 0;
    case EVENT_MEMBER_WHY:
        return is_about_memory(event) ? event->index : 0;
    case EVENT_MEMBER_WHOSE:
        return !is_about_memory(event) && event->place == EVENT_PLACE_NONE ? event->index : 0;
    }
    assert(false && "unknown member of an event");
    return 0;
}

static const struct event_word barrier_words[] = {
#define X(name, word) {EVENT_BARRIER_##name, word},
    EVENT_BARRIERS(X)
#undef X
};

static const struct event_word cache_words[] = {
    {EVENT_CACHE_CLEAN, "clean"},
    {EVENT_CACHE_INVALIDATE, "invalidate"},
    {EVENT_CACHE_CLEAN_INVALIDATE, "clean-invalidate"},
};

static const struct event_word wait_words[] = {{0, "deadline"}, {1, "interrupt"}};

static const struct event_word result_words[] = {
#define X(name, meaning) {SUITE_##name, #name},
    SUITE_RESULTS(X)
#undef X
};

static const struct event_word command_words[] = {
#define X(name, code, queue, needs, request, response, response_bytes) {code, #name},
    VIRTIO_GPU_COMMANDS(X)
#undef X
};

static const struct event_word response_words[] = {
#define X(name, code) {code, #name},
    VIRTIO_GPU_RESPONSES(X)
#undef X
};

static const struct event_word interrupt_words[] = {
    {0, "none"},
    {VIRTIO_MMIO_INT_USED, "used"},
    {VIRTIO_MMIO_INT_CONFIG, "config"},
    {VIRTIO_MMIO_INT_USED | VIRTIO_MMIO_INT_CONFIG, "used+config"},
};

static const struct event_word reset_words[] = {{0, "Status"}, {1, "QueueReset"}, {2, "QueuePFN"}};

static const struct event_word refusal_words[] = {
#define X(name, action, text) {SIM_REFUSAL_##name, #name},
    SIM_REFUSALS(X)
#undef X
};

static const struct event_word arena_fault_words[] = {
#define X(name, text) {ARENA_FAULT_##name, #name},
    ARENA_FAULTS(X)
#undef X
};

static const struct event_word fault_words[] = {
#define X(name, word, scope, argument) {SIM_FAULT_##name, word},
    SIM_FAULT_KINDS(X)
#undef X
};

static const struct event_word unobserved_words[] = {{1, "access"}, {2, "store"}};

const struct event_words *event_words(enum event_notation notation)
{
    static const struct event_words tables[EVENT_NOTATION_COUNT] = {
        [EVENT_NOTATION_BARRIER] = {barrier_words, COUNT(barrier_words), false},
        [EVENT_NOTATION_CACHE] = {cache_words, COUNT(cache_words), false},
        [EVENT_NOTATION_WAIT] = {wait_words, COUNT(wait_words), false},
        [EVENT_NOTATION_RESULT] = {result_words, COUNT(result_words), false},
        [EVENT_NOTATION_COMMAND] = {command_words, COUNT(command_words), false},
        [EVENT_NOTATION_RESPONSE] = {response_words, COUNT(response_words), false},
        [EVENT_NOTATION_INTERRUPT] = {interrupt_words, COUNT(interrupt_words), false},
        [EVENT_NOTATION_RESET] = {reset_words, COUNT(reset_words), false},
        [EVENT_NOTATION_REFUSAL] = {refusal_words, COUNT(refusal_words), true},
        [EVENT_NOTATION_ARENA_FAULT] = {arena_fault_words, COUNT(arena_fault_words), true},
        [EVENT_NOTATION_FAULT] = {fault_words, COUNT(fault_words), false},
        [EVENT_NOTATION_UNOBSERVED] = {unobserved_words, COUNT(unobserved_words), false},
    };
    assert(notation < EVENT_NOTATION_COUNT);
    return &tables[notation];
}

const char *event_place_pattern(enum event_place place)
{
    static const char *const patterns[] = {
#define X(name, text) [EVENT_PLACE_##name] = text,
        EVENT_PLACES(X)
#undef X
    };
    assert((size_t)place < COUNT(patterns));
    return patterns[place];
}

uint32_t event_place_width(enum event_place place)
{
    switch (place) {
    case EVENT_PLACE_NONE:
    case EVENT_PLACE_MEMORY:
    case EVENT_PLACE_REQUEST:
    case EVENT_PLACE_RESPONSE:
    case EVENT_PLACE_BACKING:
    case EVENT_PLACE_COUNT:
        return 0;
    case EVENT_PLACE_REGISTER:
    case EVENT_PLACE_REGISTER_GAP:
    case EVENT_PLACE_CONFIG:
    case EVENT_PLACE_DESC_LEN:
    case EVENT_PLACE_USED_RING_ID:
    case EVENT_PLACE_USED_RING_LEN:
        return 4;
    case EVENT_PLACE_DESC:
    case EVENT_PLACE_INDIRECT:
        return 16;
    case EVENT_PLACE_DESC_ADDR:
    case EVENT_PLACE_USED_RING:
        return 8;
    case EVENT_PLACE_DESC_FLAGS:
    case EVENT_PLACE_DESC_NEXT:
    case EVENT_PLACE_AVAIL_FLAGS:
    case EVENT_PLACE_AVAIL_IDX:
    case EVENT_PLACE_AVAIL_RING:
    case EVENT_PLACE_USED_EVENT:
    case EVENT_PLACE_USED_FLAGS:
    case EVENT_PLACE_USED_IDX:
    case EVENT_PLACE_AVAIL_EVENT:
        return 2;
    }
    assert(false && "unknown place");
    return 0;
}

int event_register_by_name(const char *name, size_t length)
{
    char terminated[REGISTER_NAME_BYTES];
    if (length >= sizeof terminated) {
        return -1;
    }
    memcpy(terminated, name, length);
    terminated[length] = '\0';
    return mmio_register_by_name(terminated);
}

bool event_name_is_taken(const char *name, size_t length)
{
    static const char *const words[] = {"config", "register"};
    for (size_t i = 0; i < COUNT(words); i++) {
        if (strlen(words[i]) == length && strncmp(words[i], name, length) == 0) {
            return true;
        }
    }
    return strncmp(name, "slot", strlen("slot")) == 0 || event_register_by_name(name, length) >= 0;
}
