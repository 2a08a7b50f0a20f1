/*
 * The commands of the control queue, one function each, all of one shape: the request as the
 * specification lays it out, the answer, and what success looks like (VIRTIO 1.3, 5.7.6.8).
 */
#include "gpu.h"

/* The header of a command; the fence, if wanted, is added when it is sent. */
static struct virtio_gpu_ctrl_hdr header(enum virtio_gpu_cmd type)
{
    return (struct virtio_gpu_ctrl_hdr){.type = virtio_le32((uint32_t)type)};
}

static struct virtio_gpu_rect wire_rect(const struct vgpu_rect *rect)
{
    return (struct virtio_gpu_rect){
        .x = virtio_le32(rect->x),
        .y = virtio_le32(rect->y),
        .width = virtio_le32(rect->width),
        .height = virtio_le32(rect->height),
    };
}

/* Sends a command whose answer is a bare header. */
static enum virtio_result send(struct vgpu *gpu, struct virtio_gpu_ctrl_hdr *request,
                               size_t request_bytes)
{
    struct virtio_gpu_ctrl_hdr answer;
    struct vgpu_command command = {
        .header = request,
        .fixed_bytes = (uint32_t)request_bytes,
        .answer = &answer,
        .answer_bytes = sizeof(answer),
        .answer_type = VIRTIO_GPU_RESP_OK_NODATA,
    };

    return vgpu_send(gpu, &command);
}

enum virtio_result vgpu_get_display_info(struct vgpu *gpu,
                                         struct vgpu_display display[VIRTIO_GPU_MAX_SCANOUTS])
{
    struct virtio_gpu_ctrl_hdr request = header(VIRTIO_GPU_CMD_GET_DISPLAY_INFO);
    struct virtio_gpu_resp_display_info answer;
    struct vgpu_command command = {
        .header = &request,
        .fixed_bytes = sizeof(request),
        .answer = &answer.hdr,
        .answer_bytes = sizeof(answer),
        .answer_type = VIRTIO_GPU_RESP_OK_DISPLAY_INFO,
    };
    enum virtio_result result = vgpu_send(gpu, &command);

    for (uint32_t i = 0; result == VIRTIO_OK && i < VIRTIO_GPU_MAX_SCANOUTS; i++) {
        const struct virtio_gpu_display_one *mode = &answer.pmodes[i];
        display[i] = (struct vgpu_display){.enabled = mode->enabled != 0};
        if (!display[i].enabled)
            continue;
        display[i].rect.x = virtio_le32(mode->r.x);
        display[i].rect.y = virtio_le32(mode->r.y);
        display[i].rect.width = virtio_le32(mode->r.width);
        display[i].rect.height = virtio_le32(mode->r.height);
    }
    return result;
}

enum virtio_result vgpu_resource_create_2d(struct vgpu *gpu, uint32_t resource_id, uint32_t format,
                                           uint32_t width_px, uint32_t height_px)
{
    struct virtio_gpu_resource_create_2d request = {
        .hdr = header(VIRTIO_GPU_CMD_RESOURCE_CREATE_2D),
        .resource_id = virtio_le32(resource_id),
        .format = virtio_le32(format),
        .width = virtio_le32(width_px),
        .height = virtio_le32(height_px),
    };

    return send(gpu, &request.hdr, sizeof(request));
}

enum virtio_result vgpu_resource_unref(struct vgpu *gpu, uint32_t resource_id)
{
    struct virtio_gpu_resource_unref request = {
        .hdr = header(VIRTIO_GPU_CMD_RESOURCE_UNREF),
        .resource_id = virtio_le32(resource_id),
    };

    return send(gpu, &request.hdr, sizeof(request));
}

enum virtio_result vgpu_set_scanout(struct vgpu *gpu, uint32_t scanout_id, uint32_t resource_id,
                                    const struct vgpu_rect *rect)
{
    struct virtio_gpu_set_scanout request = {
        .hdr = header(VIRTIO_GPU_CMD_SET_SCANOUT),
        .r = wire_rect(rect),
        .scanout_id = virtio_le32(scanout_id),
        .resource_id = virtio_le32(resource_id),
    };

    return send(gpu, &request.hdr, sizeof(request));
}

enum virtio_result vgpu_resource_flush(struct vgpu *gpu, uint32_t resource_id,
                                       const struct vgpu_rect *rect)
{
    struct virtio_gpu_resource_flush request = {
        .hdr = header(VIRTIO_GPU_CMD_RESOURCE_FLUSH),
        .r = wire_rect(rect),
        .resource_id = virtio_le32(resource_id),
    };

    return send(gpu, &request.hdr, sizeof(request));
}

enum virtio_result vgpu_transfer_to_host_2d(struct vgpu *gpu, uint32_t resource_id,
                                            const struct vgpu_rect *rect, uint64_t offset_bytes)
{
    struct virtio_gpu_transfer_to_host_2d request = {
        .hdr = header(VIRTIO_GPU_CMD_TRANSFER_TO_HOST_2D),
        .r = wire_rect(rect),
        .offset = virtio_le64(offset_bytes),
        .resource_id = virtio_le32(resource_id),
    };
    struct virtio_gpu_ctrl_hdr answer;
    struct vgpu_command command = {
        .header = &request.hdr,
        .fixed_bytes = sizeof(request),
        .uses_backing = true,
        .answer = &answer,
        .answer_bytes = sizeof(answer),
        .answer_type = VIRTIO_GPU_RESP_OK_NODATA,
    };

    return vgpu_send(gpu, &command);
}

enum virtio_result vgpu_resource_attach_backing(struct vgpu *gpu, uint32_t resource_id,
                                                const struct platform_dma *piece,
                                                uint32_t piece_count)
{
    struct virtio_gpu_resource_attach_backing request = {
        .hdr = header(VIRTIO_GPU_CMD_RESOURCE_ATTACH_BACKING),
        .resource_id = virtio_le32(resource_id),
        .nr_entries = virtio_le32(piece_count),
    };
    struct virtio_gpu_ctrl_hdr answer;
    struct vgpu_command command = {
        .header = &request.hdr,
        .fixed_bytes = sizeof(request),
        .entry = piece,
        .entry_count = piece_count,
        .uses_backing = true,
        .answer = &answer,
        .answer_bytes = sizeof(answer),
        .answer_type = VIRTIO_GPU_RESP_OK_NODATA,
    };

    return vgpu_send(gpu, &command);
}

enum virtio_result vgpu_resource_detach_backing(struct vgpu *gpu, uint32_t resource_id)
{
    struct virtio_gpu_resource_detach_backing request = {
        .hdr = header(VIRTIO_GPU_CMD_RESOURCE_DETACH_BACKING),
        .resource_id = virtio_le32(resource_id),
    };

    return send(gpu, &request.hdr, sizeof(request));
}
