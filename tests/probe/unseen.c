/*
 * A driver that writes one field of one request with an instruction of its own, of which the
 * compiler does not tell: as kernels do that have a memcpy in assembly. `mended on`: in C.
 */
#include "exhibit.h"

static void store_in_assembly(volatile void *to, uint32_t value)
{
    __asm__ volatile("movl %0, (%1)" ::"r"(value), "r"(to) : "memory");
}

enum suite_result exhibit_set_scanout(void)
{
    volatile struct virtio_gpu_set_scanout *set =
        exhibit_request(VIRTIO_GPU_CMD_SET_SCANOUT, sizeof(*set));

    set->r.width = exhibit.width_px;
    set->r.height = exhibit.height_px;
    if (exhibit.mended)
        set->resource_id = EXHIBIT_RESOURCE;
    else
        store_in_assembly(&set->resource_id, EXHIBIT_RESOURCE);
    return exhibit_send(sizeof(*set), sizeof(struct virtio_gpu_ctrl_hdr),
                        VIRTIO_GPU_RESP_OK_NODATA);
}

const char exhibit_name[] = "unseen";
