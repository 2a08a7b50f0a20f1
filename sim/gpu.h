/*
 * The simulated GPU device: resources, scanouts, and the 2D commands (VIRTIO 1.3, 5.7).
 *
 * A resource has pixels on the host side and, while attached, a list of backing memory entries in
 * the machine's RAM. TRANSFER_TO_HOST_2D copies from backing to pixels; RESOURCE_FLUSH shows
 * pixels. A scanout shows what its resource's pixels were at the last flush that touched them; one
 * that was set and never flushed is black.
 *
 * Where the specification leaves the answer open, the device answers as QEMU 7.2 does. The profiles
 * differ in this:
 *
 *                                   spec                          qemu
 *   picture of a scanout            what was flushed              the resource's pixels as they are
 *   resource of no pixels           ERR_INVALID_PARAMETER         OK
 *   pixels of all resources         1 GiB                         below 256 MiB
 *   SET_SCANOUT below 16 x 16       OK, unless empty              ERR_INVALID_PARAMETER
 *   SET_SCANOUT without backing     OK                            ERR_UNSPEC
 *   full-width transfer, offset 0   the rectangle's rows          all rows of the resource
 *   transfer behind the backing     ERR_INVALID_PARAMETER         OK, with what there is
 *   memory entry of length 0        nothing                       ERR_UNSPEC
 *   request shorter than its type   ERR_UNSPEC                    OK_NODATA, and nothing done
 *   request without a header        ERR_UNSPEC                    no answer, no used element
 *   cursorq                         a response if there is room   never a response
 *   capset commands                 ERR_INVALID_PARAMETER         ERR_UNSPEC
 *   blob commands                   ERR_UNSPEC                    ERR_INVALID_PARAMETER
 *   size in OK_EDID                 128                           1024
 *   GET_EDID of no scanout          ERR_INVALID_SCANOUT_ID        ERR_INVALID_PARAMETER
 *
 * Measured on Debian 12's QEMU 7.2.22. Not handled: blob resources, 3D, capability sets, a cursor
 * that is drawn. What QEMU does and this device does in no profile: it aborts at a transfer of
 * which a row starts behind the end of the backing (here ERR_INVALID_PARAMETER); it takes one page
 * of what is no RAM for backing.
 */
#ifndef RINGSIDE_SIM_GPU_H
#define RINGSIDE_SIM_GPU_H

#include "device.h"
#include "picture.h"
#include "virtio/gpu.h"

/* clang-format off */
#define GPU_RESOURCES_MAX       1024u
#define GPU_RESOURCE_PX_MAX     (16384u * 16384u)
#define GPU_HOST_BYTES_MAX      (UINT64_C(1) << 30) /* of all resources; of all fronts again */
#define GPU_HOST_BYTES_QEMU     (UINT64_C(1) << 28) /* QEMU's max_hostmem: it stays below */
#define GPU_SCANOUT_PX_MIN_QEMU 16u                 /* least width and height of its scanouts */
#define GPU_BACKING_ENTRIES_MAX 16384u              /* as QEMU: 64 MiB in 4 KiB pages */
/* clang-format on */

struct gpu_config {
    uint32_t num_scanouts; /* 1..16 */
    uint32_t width_px;     /* preferred mode of scanout 0 */
    uint32_t height_px;
};

extern const struct sim_class gpu_class;

/* Gives a device its GPU state; after sim_device_create() with gpu_class. False: out of memory. */
bool gpu_create(struct sim_device *device, const struct gpu_config *config);
void gpu_destroy(struct sim_device *device);

/* The display has another size now: a new mode for scanout 0, and VIRTIO_GPU_EVENT_DISPLAY. */
void gpu_set_display(struct sim_device *device, uint32_t width_px, uint32_t height_px);

/*
 * What a person would see on a scanout now. An EVENT_SCANOUT that turns one off is emitted while it
 * is still on, so that an observer can take the last picture.
 */
struct gpu_scanout_info {
    bool active;      /* a resource is set */
    bool ever_active; /* was one ever set since creation */
    bool flushed;     /* has anything been flushed to it since it was set */
    uint32_t resource_id;
    struct virtio_gpu_rect rect; /* host-endian */
    uint64_t lost_at_step;       /* step of the EVENT_SCANOUT that a reset, SET_SCANOUT 0 or
                                    RESOURCE_UNREF brought about; 0 = never since it was last set */
};

/* How many the device has, 1..16. */
uint32_t gpu_scanout_count(const struct sim_device *device);

void gpu_scanout_info(const struct sim_device *device, uint32_t scanout_id,
                      struct gpu_scanout_info *out);

/*
 * The scanout as a picture, RGB. False when it is not active, too large for a picture, or out of
 * memory. The picture is what was flushed, not what was transferred; in the qemu profile it is the
 * resource's pixels, as QEMU's scanout shares them and its screendump shows them before any flush.
 * The caller frees it with picture_free().
 */
bool gpu_scanout_picture(const struct sim_device *device, uint32_t scanout_id, struct picture *out);

/* The cursor of a scanout, as the driver's last commands left it. */
struct gpu_cursor_info {
    uint32_t resource_id; /* 0 = hidden */
    uint32_t x, y, hot_x, hot_y;
};

void gpu_cursor_info(const struct sim_device *device, uint32_t scanout_id,
                     struct gpu_cursor_info *out);

/* Names for traces and reports; NULL when the code is unknown. */
const char *gpu_command_name(uint32_t type);  /* "VIRTIO_GPU_CMD_GET_DISPLAY_INFO" */
const char *gpu_response_name(uint32_t type); /* "VIRTIO_GPU_RESP_OK_NODATA" */
const char *gpu_format_name(uint32_t format); /* "VIRTIO_GPU_FORMAT_B8G8R8A8_UNORM" */

#endif
