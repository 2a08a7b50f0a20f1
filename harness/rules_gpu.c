/*
 * Rules about requests to the GPU device (5.7), most of them told by what the device refused.
 *
 * What a driver does over several commands is judged in rules_gpu_state.c.
 */
#include "rules.h"

#include <stdio.h>
#include <string.h>

#include "gpu.h"
#include "virtio/config.h"
#include "virtio/gpu.h"
#include "virtio/ring.h"

/* What a refusal or a response is about: the command that was executed last on that queue. */
static uint32_t command_of(const struct judge *judge, const struct event *event)
{
    const struct model_queue *queue = rule_queue(judge, event->queue);
    return queue != NULL ? (uint32_t)queue->execute.value : 0;
}

static void command_words(const struct judge *judge, const struct event *refusal, char *out,
                          size_t out_bytes)
{
    uint32_t command = command_of(judge, refusal);
    const char *name = gpu_command_name(command);

    if (name != NULL)
        snprintf(out, out_bytes, "`%s`", name);
    else
        snprintf(out, out_bytes, "request 0x%x", command);
}

static void raise_request(const struct rule *rule, struct judge *judge, const struct event *refusal,
                          const char *label, const char *what)
{
    struct event at = rule_blame(judge, refusal);
    const struct model_queue *queue = rule_queue(judge, refusal->queue);
    char command[96];

    command_words(judge, refusal, command, sizeof command);
    judge_raise(judge, rule, &at, label, queue != NULL ? &queue->avail_store : NULL,
                "the request was made available here", "%s: %s", command, what);
}

/* What came and what was needed, as numbers. */
static void check_numbers(const struct rule *rule, struct judge *judge, const struct event *event)
{
    char label[FINDING_TEXT_BYTES];

    if (event->extra != 0)
        snprintf(label, sizeof label, "%" PRIu64 " came, the bound is %" PRIu64, event->addr,
                 event->extra);
    else
        snprintf(label, sizeof label, "0x%" PRIx64 " came", event->addr);
    raise_request(rule, judge, event, label, sim_refusal_text((enum sim_refusal)event->value));
}

/* The chain of a request that leaves its response too little room. */
struct room {
    uint32_t request_bytes;          /* of its command */
    uint32_t readable_bytes;         /* so far */
    bool has_writable, has_unmarked; /* unmarked: behind the request, and device-readable */
    struct model_desc writable, unmarked, last;
};

static bool look_for_room(void *context, const struct model_desc *desc)
{
    struct room *room = context;

    if ((desc->flags & VIRTQ_DESC_F_INDIRECT) != 0)
        return true;
    room->last = *desc;
    if ((desc->flags & VIRTQ_DESC_F_WRITE) != 0) {
        room->writable = *desc;
        room->has_writable = true;
    } else if (room->readable_bytes >= room->request_bytes && !room->has_unmarked) {
        room->unmarked = *desc;
        room->has_unmarked = true;
    } else {
        room->readable_bytes += desc->len_bytes;
    }
    return true;
}

static uint32_t request_bytes(uint32_t command)
{
    switch (command) {
#define X(name, code, queue, needs, request, response, response_bytes)                             \
    case code:                                                                                     \
        return request;
        VIRTIO_GPU_COMMANDS(X)
#undef X
    }
    return sizeof(struct virtio_gpu_ctrl_hdr);
}

/* There is too little room for the response: which descriptor is it? */
static void check_room(const struct rule *rule, struct judge *judge, const struct event *event)
{
    const struct model_queue *queue = rule_queue(judge, event->queue);
    struct room room = {.request_bytes = request_bytes(command_of(judge, event))};
    char command[96], label[FINDING_TEXT_BYTES], what[FINDING_TEXT_BYTES];
    struct event at;

    if (queue == NULL || !queue->live)
        return;
    command_words(judge, event, command, sizeof command);
    model_walk(&judge->model, queue, queue->hand, look_for_room, &room);
    if (room.has_writable) {
        at = rule_blame_field(judge, queue, &room.writable, EVENT_PLACE_DESC_LEN);
        snprintf(what, sizeof what,
                 "the response buffer has %" PRIu64 " bytes, the response %" PRIu64, event->addr,
                 event->extra);
        snprintf(label, sizeof label, "descriptor %u is the last that the device may write",
                 room.writable.index);
    } else if (room.has_unmarked) {
        at = rule_blame_field(judge, queue, &room.unmarked, EVENT_PLACE_DESC_FLAGS);
        snprintf(what, sizeof what, "the response descriptor is not marked WRITE");
        snprintf(label, sizeof label, "WRITE (2) is missing; descriptor %u has %u bytes",
                 room.unmarked.index, room.unmarked.len_bytes);
    } else {
        at = rule_blame_field(judge, queue, &room.last, EVENT_PLACE_DESC_FLAGS);
        snprintf(what, sizeof what, "the chain has no descriptor for the response");
        snprintf(label, sizeof label, "the chain ends here; %" PRIu64 " bytes are needed",
                 event->extra);
    }
    if (at.step == 0)
        at = rule_blame(judge, event);
    judge_raise(judge, rule, &at, label, &queue->avail_store, "the request was made available here",
                "%s: %s", command, what);
}

static void check_sizes(const struct rule *rule, struct judge *judge, const struct event *event)
{
    char label[FINDING_TEXT_BYTES];

    if (event->value == SIM_REFUSAL_RESPONSE_SHORT) {
        check_room(rule, judge, event);
        return;
    }
    if (event->value == SIM_REFUSAL_COMMAND_UNKNOWN)
        snprintf(label, sizeof label, "the header's type is 0x%" PRIx64, event->addr);
    else
        snprintf(label, sizeof label, "%" PRIu64 " bytes came, %" PRIu64 " are needed", event->addr,
                 event->extra);
    raise_request(rule, judge, event, label, sim_refusal_text((enum sim_refusal)event->value));
}

static void check_rectangle(const struct rule *rule, struct judge *judge, const struct event *event)
{
    unsigned right = (unsigned)(event->addr >> 32), bottom = (unsigned)event->addr;
    unsigned width = (unsigned)(event->extra >> 32), height = (unsigned)event->extra;
    char label[FINDING_TEXT_BYTES];

    snprintf(label, sizeof label, "it ends at %u, %u; the resource at %u, %u", right, bottom, width,
             height);
    if (right > width || bottom > height)
        raise_request(rule, judge, event, label, sim_refusal_text(SIM_REFUSAL_RECT_OUTSIDE));
    else
        raise_request(rule, judge, event, label,
                      judge->model.config.profile == SIM_PROFILE_QEMU
                          ? "QEMU shows nothing that is smaller than 16 x 16 pixels"
                          : "a rectangle without pixels");
}

static void check_resource_0(const struct rule *rule, struct judge *judge,
                             const struct event *event)
{
    if (event->addr == 0)
        raise_request(rule, judge, event, "resource_id is 0", "0 is not a resource");
}

/*
 * Does the device refuse what follows from its own answers? One that carries a command out and
 * says that it does not, or the other way round, has itself to blame for what it is asked next.
 */
static bool is_told_otherwise(const struct judge *judge, const struct event *event, bool is_create)
{
    const struct model_gpu *gpu = &judge->model.gpu;
    const struct model_queue *queue = rule_queue(judge, event->queue);
    bool is_by_id = event->value == SIM_REFUSAL_RESOURCE_ID;
    uint32_t id = is_by_id ? (uint32_t)event->addr : queue != NULL ? queue->execute.index : 0;
    const struct model_resource *resource = model_resource_find(gpu, id);

    if (is_by_id && is_create)
        return resource == NULL && !gpu->overflowed;
    if (resource == NULL || resource->is_blob)
        return false;
    return is_by_id ||
           (event->value == SIM_REFUSAL_BACKING_MISSING && resource->attached.step != 0) ||
           (event->value == SIM_REFUSAL_BACKING_PRESENT && resource->attached.step == 0);
}

static void check_resource(const struct rule *rule, struct judge *judge, const struct event *event)
{
    char label[FINDING_TEXT_BYTES];
    bool is_create = command_of(judge, event) == VIRTIO_GPU_CMD_RESOURCE_CREATE_2D;

    if (is_told_otherwise(judge, event, is_create))
        return;
    if (event->value == SIM_REFUSAL_RESOURCE_ID && event->addr == 0)
        return;
    if (event->value == SIM_REFUSAL_BACKING_MISSING &&
        command_of(judge, event) == VIRTIO_GPU_CMD_SET_SCANOUT)
        return; /* an order that is wrong: XGPU-DRV-21 */
    if (event->value == SIM_REFUSAL_RESOURCE_ID)
        snprintf(label, sizeof label, "resource %" PRIu64 " %s", event->addr,
                 is_create ? "exists already" : "does not exist");
    else
        snprintf(label, sizeof label, "resource %u",
                 rule_queue(judge, event->queue) != NULL
                     ? rule_queue(judge, event->queue)->execute.index
                     : 0);
    raise_request(rule, judge, event, label, sim_refusal_text((enum sim_refusal)event->value));
}

/* create, attach, set scanout; then transfer before flush */
static void check_sequence(const struct rule *rule, struct judge *judge, const struct event *event)
{
    struct event at;

    if (event->kind == EVENT_REFUSE) {
        if (command_of(judge, event) == VIRTIO_GPU_CMD_SET_SCANOUT)
            raise_request(rule, judge, event, "its resource has no backing yet",
                          "the resource is shown before memory was attached to it");
        return;
    }
    /* A flush that the device refused has a finding of its own. */
    if (event->queue >= SIM_QUEUES_MAX || event->value != VIRTIO_GPU_RESP_OK_NODATA ||
        command_of(judge, event) != VIRTIO_GPU_CMD_RESOURCE_FLUSH ||
        judge->model.display.transfers != 0)
        return;
    at = judge->model.queue[event->queue].avail_store;
    judge_raise(judge, rule, &at, "nothing was transferred yet", NULL, NULL,
                "driver flushed a resource without any TRANSFER_TO_HOST_2D before it");
}

/* Commands whose feature was not negotiated: a rule for each group of commands. */
static const struct {
    const char *id;
    uint32_t first, last;
} feature_rule[] = {
    {"XGPU-DRV-04", VIRTIO_GPU_CMD_GET_EDID, VIRTIO_GPU_CMD_GET_EDID},
    {"XGPU-DRV-05", VIRTIO_GPU_CMD_RESOURCE_ASSIGN_UUID, VIRTIO_GPU_CMD_RESOURCE_ASSIGN_UUID},
    {"XGPU-DRV-06", VIRTIO_GPU_CMD_RESOURCE_CREATE_BLOB, VIRTIO_GPU_CMD_SET_SCANOUT_BLOB},
    {"XGPU-DRV-07", VIRTIO_GPU_CMD_CTX_CREATE, VIRTIO_GPU_CMD_SUBMIT_3D},
    {"XGPU-DRV-07", VIRTIO_GPU_CMD_GET_CAPSET_INFO, VIRTIO_GPU_CMD_GET_CAPSET},
    {"XGPU-DRV-08", VIRTIO_GPU_CMD_RESOURCE_MAP_BLOB, VIRTIO_GPU_CMD_RESOURCE_UNMAP_BLOB},
};

static void check_feature(const struct rule *rule, struct judge *judge, const struct event *event)
{
    char label[FINDING_TEXT_BYTES];

    for (size_t i = 0; i < sizeof feature_rule / sizeof feature_rule[0]; i++) {
        if (strcmp(rule->id, feature_rule[i].id) != 0 || event->addr < feature_rule[i].first ||
            event->addr > feature_rule[i].last)
            continue;
        snprintf(label, sizeof label, "it needs feature bit %" PRIu64, event->extra);
        raise_request(rule, judge, event, label, sim_refusal_text(SIM_REFUSAL_COMMAND_FEATURE));
    }
}

#define GPU_ONLY           .device_id = VIRTIO_ID_GPU
#define GPU_REFUSAL(names) GPU_ONLY, .on = ON(REFUSE), .exercise = ON(EXECUTE), .refusals = (names)

/* clang-format off */
static const struct rule rules[] = {
    {RULE("XGPU-DRV-01", MUST, ERROR, "5.7.2", "Virtqueues",
          "Cursor commands go to queue 1, all others to queue 0.",
          "send UPDATE_CURSOR and MOVE_CURSOR on the cursor queue only"),
     GPU_REFUSAL(REFUSAL(COMMAND_QUEUE)), .check = check_numbers},
    {RULE("XGPU-DRV-02", MUST, ERROR, "5.7.6.7", "Device Operation: Request header",
          "A request is a whole structure that starts with the control header, and leaves room for "
          "the response.",
          "give the device the command's whole structure and a response buffer of its size"),
     GPU_REFUSAL(REFUSAL(REQUEST_SHORT) | REFUSAL(RESPONSE_SHORT) | REFUSAL(COMMAND_UNKNOWN)),
     .check = check_sizes},
    {RULE("XGPU-DRV-21", MUST, ERROR, "5.7.6.1", "Create a framebuffer and configure scanout",
          "The order is RESOURCE_CREATE_2D, ATTACH_BACKING, SET_SCANOUT; then TRANSFER_TO_HOST_2D "
          "before each RESOURCE_FLUSH.",
          "transfer what was drawn before flushing it"),
     GPU_ONLY, .on = ON(REFUSE) | ON(RESPOND), .refusals = REFUSAL(BACKING_MISSING),
     .check = check_sequence},
    {RULE("XGPU-DRV-11", MUST, ERROR, "5.7.6.8", "Device Operation: controlq",
          "A rectangle lies inside its resource.",
          "clip the rectangle to the width and height that the resource was created with"),
     GPU_REFUSAL(REFUSAL(RECT_OUTSIDE)), .check = check_rectangle},
    {RULE("XGPU-DRV-12", MUST, ERROR, "5.7.6.8", "Device Operation: controlq",
          "Resource id 0 is no resource; only SET_SCANOUT takes it, to turn a scanout off.",
          "count resource ids from 1"),
     GPU_REFUSAL(REFUSAL(RESOURCE_ID)), .check = check_resource_0},
    {RULE("XGPU-DRV-15", MUST, ERROR, "5.7.6.8", "Device Operation: controlq",
          "A resource's format is one of the eight that are defined.",
          "use VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM (2) if in doubt"),
     GPU_REFUSAL(REFUSAL(RESOURCE_FORMAT)), .check = check_numbers},
    {RULE("XGPU-DRV-16", MUST, ERROR, "5.7.6.8", "Device Operation: controlq",
          "nr_entries memory entries follow the structure of ATTACH_BACKING.",
          "make the request 32 bytes and 16 for each entry"),
     GPU_REFUSAL(REFUSAL(BACKING_ENTRIES)), .check = check_numbers},
    {RULE("XGPU-DRV-17", MUST, ERROR, "5.7.6.8", "Device Operation: controlq",
          "Requests name resources that exist; transfers need backing that is large enough.",
          "create the resource, and attach memory for all of its pixels, first"),
     GPU_REFUSAL(REFUSAL(RESOURCE_ID) | REFUSAL(BACKING_MISSING) | REFUSAL(BACKING_PRESENT) |
                 REFUSAL(BACKING_SHORT)), .check = check_resource},
    {RULE("XGPU-DRV-20", MUST, ERROR, "5.7.6.8", "Device Operation: controlq",
          "scanout_id is below num_scanouts.", "read num_scanouts from configuration space"),
     GPU_REFUSAL(REFUSAL(SCANOUT_ID)), .check = check_numbers},
    {RULE("XGPU-DRV-04", MUST, ERROR, "5.7.6.8", "Device Operation: controlq",
          "GET_EDID is sent only if VIRTIO_GPU_F_EDID was negotiated.", "accept feature bit 1"),
     GPU_REFUSAL(REFUSAL(COMMAND_FEATURE)), .check = check_feature},
    {RULE("XGPU-DRV-05", MUST, ERROR, "5.7.6.8", "Device Operation: controlq",
          "RESOURCE_ASSIGN_UUID is sent only if VIRTIO_GPU_F_RESOURCE_UUID was negotiated.",
          "accept feature bit 2"),
     GPU_REFUSAL(REFUSAL(COMMAND_FEATURE)), .check = check_feature},
    {RULE("XGPU-DRV-06", MUST, ERROR, "5.7.6.8", "Device Operation: controlq",
          "Blob commands are sent only if VIRTIO_GPU_F_RESOURCE_BLOB was negotiated.",
          "accept feature bit 3"),
     GPU_REFUSAL(REFUSAL(COMMAND_FEATURE)), .check = check_feature},
    {RULE("XGPU-DRV-07", MUST, ERROR, "5.7.6.9", "Device Operation: controlq (3d)",
          "3D commands are sent only if VIRTIO_GPU_F_VIRGL was negotiated.",
          "accept feature bit 0"),
     GPU_REFUSAL(REFUSAL(COMMAND_FEATURE)), .check = check_feature},
    {RULE("XGPU-DRV-08", MUST, ERROR, "5.7.6.9", "Device Operation: controlq (3d)",
          "Blobs are mapped only if VIRTIO_GPU_F_RESOURCE_BLOB was negotiated and the device has a "
          "host visible region.",
          "accept feature bit 3 and look for the region"),
     GPU_REFUSAL(REFUSAL(COMMAND_FEATURE)), .check = check_feature},
};
/* clang-format on */

const struct rule_list rules_gpu = RULE_LIST(rules);
