/*
 * The simulated GPU device: resources, scanouts, and the 2D commands (VIRTIO 1.3, 5.7).
 *
 * A resource has pixels on the host side and, while attached, a list of backing memory entries in the
 * machine's RAM. TRANSFER_TO_HOST_2D copies from backing to pixels; RESOURCE_FLUSH shows pixels.
 * A scanout shows what its resource's pixels were at the last flush that touched them.
 */
#ifndef RINGSIDE_SIM_GPU_H
#define RINGSIDE_SIM_GPU_H

#include "device.h"
#include "picture.h"
#include "virtio/gpu.h"

#define GPU_RESOURCES_MAX       1024u
#define GPU_RESOURCE_PX_MAX     (16384u * 16384u)
#define GPU_HOST_BYTES_MAX      (UINT64_C(1) << 30) /* pixels of all resources together */
#define GPU_BACKING_ENTRIES_MAX 16384u              /* as QEMU: 64 MiB of 4 KiB pages and then some */

struct gpu_config {
    uint32_t num_scanouts; /* 1..16 */
    uint32_t width_px;     /* preferred mode of scanout 0 */
    uint32_t height_px;
};

extern const struct sim_class gpu_class;

/* Gives a device its GPU state; after sim_device_create() with gpu_class. False: out of memory. */
bool gpu_create(struct sim_device *device, const struct gpu_config *config);
void gpu_destroy(struct sim_device *device);

/* What a person would see on a scanout now. */
struct gpu_scanout_info {
    bool active;            /* a resource is set */
    bool ever_active;       /* was one ever set since creation */
    bool flushed;           /* has anything been flushed to it since it was set */
    uint32_t resource_id;
    struct virtio_gpu_rect rect; /* host-endian */
    uint64_t lost_at_step;  /* step of the reset or SET_SCANOUT 0 that took it away; 0 = never */
};

void gpu_scanout_info(const struct sim_device *device, uint32_t scanout_id,
                      struct gpu_scanout_info *out);

/*
 * The scanout as a picture, RGB. False when it is not active, or out of memory. The picture is what
 * was flushed, not what was transferred. The caller frees it with picture_free().
 */
bool gpu_scanout_picture(const struct sim_device *device, uint32_t scanout_id,
                         struct picture *out);

/* Names for traces and reports; NULL when the code is unknown. */
const char *gpu_command_name(uint32_t type);  /* "VIRTIO_GPU_CMD_GET_DISPLAY_INFO" */
const char *gpu_response_name(uint32_t type); /* "VIRTIO_GPU_RESP_OK_NODATA" */
const char *gpu_format_name(uint32_t format); /* "VIRTIO_GPU_FORMAT_B8G8R8A8_UNORM" */

#endif
