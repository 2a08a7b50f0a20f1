/*
 * The GPU commands that the rebuilt stacks send: one function a command, all of one shape.
 *
 * Not handled: big-endian CPUs, more than one display, updates of a part.
 */
#include "show.h"

#include <string.h>

#include "testcard.h"

#define FORMAT                  VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM
#define SIDE_MAX_PX             16384u
#define FRAMEBUFFER_ALIGN_BYTES 4096u

/* A request is built where the port says, and starts with its header. */
static void *request(const struct show_port *port, enum virtio_gpu_cmd type, size_t size_bytes)
{
    struct virtio_gpu_ctrl_hdr *hdr = port->request;

    memset(hdr, 0, size_bytes);
    hdr->type = (le32)type;
    return port->request;
}

static void whole(struct virtio_gpu_rect *rect, uint32_t width_px, uint32_t height_px)
{
    rect->x = 0;
    rect->y = 0;
    rect->width = width_px;
    rect->height = height_px;
}

static enum suite_result send(const struct show_port *port, size_t request_bytes)
{
    return port->send((uint32_t)request_bytes, sizeof(struct virtio_gpu_ctrl_hdr),
                      VIRTIO_GPU_RESP_OK_NODATA);
}

enum suite_result show_display_info(struct show *show, const struct show_port *port)
{
    const struct virtio_gpu_resp_display_info *info = port->response;
    enum suite_result result;

    (void)request(port, VIRTIO_GPU_CMD_GET_DISPLAY_INFO, sizeof(struct virtio_gpu_ctrl_hdr));
    result = port->send(sizeof(struct virtio_gpu_ctrl_hdr), sizeof(*info),
                        VIRTIO_GPU_RESP_OK_DISPLAY_INFO);
    if (result != SUITE_OK)
        return result;
    show->width_px = info->pmodes[0].r.width;
    show->height_px = info->pmodes[0].r.height;
    show->display_known = true;
    return SUITE_OK;
}

static enum suite_result create_2d(const struct show_port *port, uint32_t resource_id,
                                   uint32_t width_px, uint32_t height_px)
{
    struct virtio_gpu_resource_create_2d *create =
        request(port, VIRTIO_GPU_CMD_RESOURCE_CREATE_2D, sizeof(*create));

    create->resource_id = resource_id;
    create->format = FORMAT;
    create->width = width_px;
    create->height = height_px;
    return send(port, sizeof(*create));
}

static enum suite_result attach_backing(const struct show_port *port, uint32_t resource_id,
                                        const struct platform_dma *framebuffer)
{
    struct {
        struct virtio_gpu_resource_attach_backing attach;
        struct virtio_gpu_mem_entry entry;
    } *attach = request(port, VIRTIO_GPU_CMD_RESOURCE_ATTACH_BACKING, sizeof(*attach));

    attach->attach.resource_id = resource_id;
    attach->attach.nr_entries = 1;
    attach->entry.addr = framebuffer->addr;
    attach->entry.length = (le32)framebuffer->size_bytes;
    return send(port, sizeof(*attach));
}

static enum suite_result set_scanout(const struct show_port *port, uint32_t resource_id,
                                     uint32_t width_px, uint32_t height_px)
{
    struct virtio_gpu_set_scanout *set = request(port, VIRTIO_GPU_CMD_SET_SCANOUT, sizeof(*set));

    whole(&set->r, width_px, height_px);
    set->scanout_id = 0;
    set->resource_id = resource_id;
    return send(port, sizeof(*set));
}

static enum suite_result transfer(const struct show_port *port, uint32_t resource_id,
                                  uint32_t width_px, uint32_t height_px)
{
    struct virtio_gpu_transfer_to_host_2d *transfer =
        request(port, VIRTIO_GPU_CMD_TRANSFER_TO_HOST_2D, sizeof(*transfer));

    whole(&transfer->r, width_px, height_px);
    transfer->offset = 0;
    transfer->resource_id = resource_id;
    return send(port, sizeof(*transfer));
}

static enum suite_result flush(const struct show_port *port, uint32_t resource_id,
                               uint32_t width_px, uint32_t height_px)
{
    struct virtio_gpu_resource_flush *flush =
        request(port, VIRTIO_GPU_CMD_RESOURCE_FLUSH, sizeof(*flush));

    whole(&flush->r, width_px, height_px);
    flush->resource_id = resource_id;
    return send(port, sizeof(*flush));
}

enum suite_result show_test_card(struct show *show, const struct show_port *port,
                                 const struct suite_args *args)
{
    enum suite_result result = show->display_known ? SUITE_OK : show_display_info(show, port);
    uint32_t width_px = show->width_px;
    uint32_t height_px = show->height_px;
    uint32_t resource_id = show->picture_count + 1;
    struct platform_dma *framebuffer;

    if (result != SUITE_OK)
        return result;
    if (args->count == 2) {
        if (args->value[0] > SIDE_MAX_PX || args->value[1] > SIDE_MAX_PX)
            return SUITE_BAD_ARGUMENT;
        width_px = (uint32_t)args->value[0];
        height_px = (uint32_t)args->value[1];
    }
    if ((args->count != 0 && args->count != 2) || width_px == 0 || height_px == 0)
        return SUITE_BAD_ARGUMENT;
    if (show->picture_count == SHOW_PICTURES_MAX)
        return SUITE_NO_MEMORY;
    framebuffer = &show->framebuffer[show->picture_count];
    if (!platform_dma_alloc((size_t)width_px * height_px * VIRTIO_GPU_PIXEL_BYTES,
                            FRAMEBUFFER_ALIGN_BYTES, "framebuffer", framebuffer))
        return SUITE_NO_MEMORY;
    show->picture_count++;

    result = create_2d(port, resource_id, width_px, height_px);
    if (result == SUITE_OK)
        result = attach_backing(port, resource_id, framebuffer);
    if (result == SUITE_OK)
        result = set_scanout(port, resource_id, width_px, height_px);
    if (result != SUITE_OK)
        return result;
    testcard_draw(framebuffer->cpu, FORMAT, (size_t)width_px * VIRTIO_GPU_PIXEL_BYTES,
                  &(struct testcard_rect){.width = width_px, .height = height_px}, width_px,
                  height_px);
    result = transfer(port, resource_id, width_px, height_px);
    if (result == SUITE_OK)
        result = flush(port, resource_id, width_px, height_px);
    return result;
}

void show_release(struct show *show)
{
    for (uint32_t i = 0; i < show->picture_count; i++)
        platform_dma_free(&show->framebuffer[i]);
    *show = (struct show){.picture_count = 0};
}
