/*
 * The way of a request through the GPU device: read, checked against the command table, answered.
 *
 * A request goes through three phases, one call each: gpu_request() reads the header and the fixed
 * part, gpu_execute() acts, gpu_respond() answers. A command is complete before its answer is
 * written, so that a fence needs nothing more than its number in the answer (5.7.6.5).
 *
 * Not handled: commands of blob resources and 3D, which answer with errors.
 */
#include <stddef.h>
#include <string.h>
#include "gpu_internal.h"

typedef uint32_t (*command_function)(struct gpu_call *call); /* returns the type of the response */

struct row {
    uint32_t queue;
    uint32_t needs; /* enum virtio_gpu_needs */
    uint32_t request_bytes;
    uint32_t answer; /* on success */
    uint32_t answer_bytes;
};

static const struct row table[GPU_ROW_COUNT] = {
/* clang-format off */
#define X(name, code, queue, needs, request, response, response_bytes)                             \
    {VIRTIO_GPU_##queue, VIRTIO_GPU_NEEDS_##needs, (request), VIRTIO_GPU_RESP_##response,          \
     (response_bytes)},
    VIRTIO_GPU_COMMANDS(X)
#undef X
};

#define X(name, code, queue, needs, request, response, response_bytes)                             \
    _Static_assert((request) <= GPU_REQUEST_BYTES_MAX, #name " fits into union gpu_request_bytes");
VIRTIO_GPU_COMMANDS(X)
#undef X

/* The rows that are implemented; `id_at` is where a request names its resource, 0 = nowhere. */
static const struct {
    command_function run;
    uint32_t id_at;
} implemented[GPU_ROW_COUNT] = {
    [GPU_ROW_GET_DISPLAY_INFO] = {gpu_get_display_info, 0},
    [GPU_ROW_RESOURCE_CREATE_2D] = {gpu_resource_create_2d,
        offsetof(struct virtio_gpu_resource_create_2d, resource_id)},
    [GPU_ROW_RESOURCE_UNREF] = {gpu_resource_unref,
        offsetof(struct virtio_gpu_resource_unref, resource_id)},
    [GPU_ROW_SET_SCANOUT] = {gpu_set_scanout,
        offsetof(struct virtio_gpu_set_scanout, resource_id)},
    [GPU_ROW_RESOURCE_FLUSH] = {gpu_resource_flush,
        offsetof(struct virtio_gpu_resource_flush, resource_id)},
    [GPU_ROW_TRANSFER_TO_HOST_2D] = {gpu_transfer_to_host_2d,
        offsetof(struct virtio_gpu_transfer_to_host_2d, resource_id)},
    [GPU_ROW_RESOURCE_ATTACH_BACKING] = {gpu_resource_attach_backing,
        offsetof(struct virtio_gpu_resource_attach_backing, resource_id)},
    [GPU_ROW_RESOURCE_DETACH_BACKING] = {gpu_resource_detach_backing,
        offsetof(struct virtio_gpu_resource_detach_backing, resource_id)},
    [GPU_ROW_GET_CAPSET_INFO] = {gpu_capset, 0},
    [GPU_ROW_GET_CAPSET] = {gpu_capset, 0},
    [GPU_ROW_RESOURCE_CREATE_BLOB] = {gpu_blob, 0},
    [GPU_ROW_SET_SCANOUT_BLOB] = {gpu_blob, 0},
    [GPU_ROW_GET_EDID] = {gpu_get_edid, 0},
    [GPU_ROW_UPDATE_CURSOR] = {gpu_update_cursor,
        offsetof(struct virtio_gpu_update_cursor, resource_id)},
    [GPU_ROW_MOVE_CURSOR] = {gpu_move_cursor, 0},
};
/* clang-format on */

_Static_assert(sizeof(struct virtio_gpu_resource_create_2d) == 40, "CREATE_2D as in 5.7.6.8");
_Static_assert(sizeof(struct virtio_gpu_resource_unref) == 32, "UNREF as in 5.7.6.8");
_Static_assert(sizeof(struct virtio_gpu_set_scanout) == 48, "SET_SCANOUT as in 5.7.6.8");
_Static_assert(sizeof(struct virtio_gpu_resource_flush) == 48, "FLUSH as in 5.7.6.8");
_Static_assert(sizeof(struct virtio_gpu_transfer_to_host_2d) == 56, "TRANSFER as in 5.7.6.8");
_Static_assert(sizeof(struct virtio_gpu_resource_attach_backing) == 32, "ATTACH as in 5.7.6.8");
_Static_assert(sizeof(struct virtio_gpu_resource_detach_backing) == 32, "DETACH as in 5.7.6.8");
_Static_assert(sizeof(struct virtio_gpu_mem_entry) == 16, "a memory entry as in 5.7.6.8");
_Static_assert(sizeof(struct virtio_gpu_update_cursor) == 56, "UPDATE_CURSOR as in 5.7.6.10");
_Static_assert(sizeof(struct virtio_gpu_resp_edid) == 1056, "OK_EDID as in 5.7.6.8");
_Static_assert(sizeof(struct virtio_gpu_resp_display_info) == 408, "OK_DISPLAY_INFO as in 5.7.6.8");

static int row_of(uint32_t type)
{
    switch (type) {
/* clang-format off */
#define X(name, code, queue, needs, request, response, response_bytes)                             \
    case (code): return GPU_ROW_##name;
    VIRTIO_GPU_COMMANDS(X)
#undef X
        /* clang-format on */
    }
    return GPU_ROW_NONE;
}

/* ---- the phases ---- */

void gpu_request(struct sim_device *device, uint32_t queue)
{
    struct gpu_request *request = &gpu_of(device)->request[queue];
    const uint32_t header_bytes = sizeof(struct virtio_gpu_ctrl_hdr);

    request->row = GPU_ROW_NONE;
    request->type = 0;
    memset(&request->in.hdr, 0, header_bytes);
    request->in_bytes = (uint32_t)sim_chain_read(device, queue, 0, request->in.bytes, header_bytes);
    if (request->in_bytes < header_bytes)
        return;
    request->type = virtio_le32(request->in.hdr.type);
    request->row = row_of(request->type);
    if (request->row == GPU_ROW_NONE)
        return;
    uint32_t rest_bytes = table[request->row].request_bytes - header_bytes;
    if (rest_bytes > 0)
        request->in_bytes += (uint32_t)sim_chain_read(device, queue, header_bytes,
                                                      request->in.bytes + header_bytes, rest_bytes);
}

static bool feature_of(uint32_t needs, uint32_t *bit)
{
    switch ((enum virtio_gpu_needs)needs) {
    case VIRTIO_GPU_NEEDS_NOTHING:
        return false;
    case VIRTIO_GPU_NEEDS_VIRGL:
        *bit = VIRTIO_GPU_F_VIRGL;
        return true;
    case VIRTIO_GPU_NEEDS_EDID:
        *bit = VIRTIO_GPU_F_EDID;
        return true;
    case VIRTIO_GPU_NEEDS_UUID:
        *bit = VIRTIO_GPU_F_RESOURCE_UUID;
        return true;
    case VIRTIO_GPU_NEEDS_BLOB:
    case VIRTIO_GPU_NEEDS_MAP:
        *bit = VIRTIO_GPU_F_RESOURCE_BLOB;
        return true;
    }
    return false;
}

/* Everything that is checked before a command's own function sees the request. */
static uint32_t dispatch(struct gpu_call *call)
{
    const struct gpu_request *request = call->request;
    const uint64_t there_bytes = call->device->queue[call->queue].chain.readable_bytes;
    uint32_t bit = 0;

    if (there_bytes < sizeof(struct virtio_gpu_ctrl_hdr))
        return gpu_refuse(call, SIM_REFUSAL_REQUEST_SHORT, there_bytes,
                          sizeof(struct virtio_gpu_ctrl_hdr), VIRTIO_GPU_RESP_ERR_UNSPEC);
    if (request->in_bytes < sizeof(struct virtio_gpu_ctrl_hdr))
        return VIRTIO_GPU_RESP_ERR_UNSPEC; /* reported there: memory that cannot be read */
    if (request->row == GPU_ROW_NONE)
        return gpu_refuse(call, SIM_REFUSAL_COMMAND_UNKNOWN, request->type, 0,
                          VIRTIO_GPU_RESP_ERR_UNSPEC);
    const struct row *row = &table[request->row];
    if (row->queue != call->queue)
        return gpu_refuse(call, SIM_REFUSAL_COMMAND_QUEUE, request->type, row->queue,
                          VIRTIO_GPU_RESP_ERR_UNSPEC);
    command_function run = implemented[request->row].run;
    if (feature_of(row->needs, &bit) && !sim_has_feature(call->device, bit)) {
        gpu_refuse(call, SIM_REFUSAL_COMMAND_FEATURE, request->type, bit, 0);
        return run ? run(call) : VIRTIO_GPU_RESP_ERR_UNSPEC;
    }
    if (there_bytes < row->request_bytes)
        return gpu_refuse(call, SIM_REFUSAL_REQUEST_SHORT, there_bytes, row->request_bytes,
                          sim_is_qemu(call->device) ? VIRTIO_GPU_RESP_OK_NODATA
                                                    : VIRTIO_GPU_RESP_ERR_UNSPEC);
    if (request->in_bytes < row->request_bytes || !run)
        return VIRTIO_GPU_RESP_ERR_UNSPEC;
    return run(call);
}

void gpu_execute(struct sim_device *device, uint32_t queue)
{
    struct gpu *gpu = gpu_of(device);
    struct gpu_request *request = &gpu->request[queue];
    const struct sim_chain *chain = &device->queue[queue].chain;
    struct gpu_call call = {.device = device, .gpu = gpu, .request = request, .queue = queue};

    if (request->row != GPU_ROW_NONE && implemented[request->row].id_at > 0 &&
        request->in_bytes >= table[request->row].request_bytes) {
        le32 id;
        memcpy(&id, request->in.bytes + implemented[request->row].id_at, sizeof(id));
        call.resource_id = virtio_le32(id);
    }
    if (request->in_bytes >= sizeof(request->in.hdr)) {
        struct event event = sim_event(device, EVENT_EXECUTE, queue);
        event.value = request->type;
        event.extra = chain->segment[0].addr;
        event.index = call.resource_id;
        sim_emit(device, &event);
    }
    memset(&request->out.hdr, 0, sizeof(request->out.hdr));
    device->queue[queue].unanswered = sim_is_qemu(device) && queue == VIRTIO_GPU_CONTROLQ &&
                                      request->in_bytes < sizeof(request->in.hdr);
    request->answer = dispatch(&call);
    request->out_bytes = sizeof(request->out.hdr);
    if (request->row != GPU_ROW_NONE && request->answer == table[request->row].answer)
        request->out_bytes = table[request->row].answer_bytes;
}

/* The fault of a kind that acts now, said; or NULL. */
static const struct sim_fault *acting(struct sim_device *device, uint32_t queue,
                                      enum sim_fault_kind kind)
{
    const struct sim_fault *fault = sim_fault_of(device, queue, kind);

    if (fault)
        sim_emit_fault(device, queue, fault);
    return fault;
}

/* The header of the answer: the request's fence comes back with it, 5.7.6.7. */
static void fill_header(struct sim_device *device, uint32_t queue, struct gpu_request *request)
{
    const struct virtio_gpu_ctrl_hdr *in = &request->in.hdr;
    struct virtio_gpu_ctrl_hdr *out = &request->out.hdr;
    const struct sim_fault *fault = acting(device, queue, SIM_FAULT_RESPONSE_TYPE);

    if (fault)
        request->answer = (uint32_t)fault->argument;
    out->type = virtio_le32(request->answer);
    if (request->in_bytes >= sizeof(*in) && (virtio_le32(in->flags) & VIRTIO_GPU_FLAG_FENCE)) {
        out->flags = virtio_le32(VIRTIO_GPU_FLAG_FENCE);
        out->fence_id = in->fence_id;
        out->ctx_id = in->ctx_id;
        fault = acting(device, queue, SIM_FAULT_RESPONSE_FENCE);
        if (fault)
            out->fence_id = virtio_le64(fault->argument);
    }
}

/* Display information may lie, and a response may be cut short. */
static void fault_response(struct sim_device *device, uint32_t queue, struct gpu_request *request)
{
    struct virtio_gpu_display_one *mode = &request->out.display_info.pmodes[0];
    const struct sim_fault *fault;

    if (request->type == VIRTIO_GPU_CMD_GET_DISPLAY_INFO &&
        request->out_bytes == sizeof(request->out.display_info)) {
        fault = acting(device, queue, SIM_FAULT_DISPLAY_WIDTH);
        if (fault)
            mode->r.width = virtio_le32((uint32_t)fault->argument);
        fault = acting(device, queue, SIM_FAULT_DISPLAY_HEIGHT);
        if (fault)
            mode->r.height = virtio_le32((uint32_t)fault->argument);
    }
    fault = acting(device, queue, SIM_FAULT_RESPONSE_BYTES);
    if (fault && fault->argument < request->out_bytes)
        request->out_bytes = (uint32_t)fault->argument;
}

void gpu_respond(struct sim_device *device, uint32_t queue)
{
    struct gpu_request *request = &gpu_of(device)->request[queue];
    const uint64_t room_bytes = device->queue[queue].chain.writable_bytes;
    /* On the cursorq drivers rarely leave room for an answer, and QEMU never writes one. */
    bool is_mute = queue == VIRTIO_GPU_CURSORQ && (room_bytes == 0 || sim_is_qemu(device));
    uint64_t written_bytes = 0;

    fill_header(device, queue, request);
    if (device->faults.count != 0)
        fault_response(device, queue, request);
    if (room_bytes < request->out_bytes && !is_mute) {
        struct event details = {.value = room_bytes, .extra = request->out_bytes};
        sim_refuse(device, queue, SIM_REFUSAL_RESPONSE_SHORT, &details);
    }
    if (room_bytes > 0 && !is_mute)
        written_bytes = sim_chain_write(device, queue, 0, &request->out, request->out_bytes);
    struct event event = sim_event(device, EVENT_RESPOND, queue);
    event.value = request->answer;
    event.extra = written_bytes;
    sim_emit(device, &event);
}
