/*
 * The GPU commands that the rebuilt stacks send, apart from how a stack sends one.
 *
 * A stack gives a port: a place where the next request is built, a place where its response is
 * found, and `send`, which waits for the response and judges it in the stack's own way.
 */
#ifndef RINGSIDE_SPECIMENS_SHOW_H
#define RINGSIDE_SPECIMENS_SHOW_H

#include "platform.h"
#include "suite.h"
#include "virtio/gpu.h"

#define SHOW_PICTURES_MAX 4u /* resources that one run can create; their framebuffers stay */

struct show_port {
    void *request;
    const void *response;
    enum suite_result (*send)(uint32_t request_bytes, uint32_t response_bytes,
                              enum virtio_gpu_resp wanted);
};

struct show {
    bool display_known; /* width_px and height_px are those of display 0 */
    uint32_t width_px;
    uint32_t height_px;
    uint32_t picture_count;
    struct platform_dma framebuffer[SHOW_PICTURES_MAX];
};

/* GET_DISPLAY_INFO: keeps the size of display 0. */
enum suite_result show_display_info(struct show *show, const struct show_port *port);

/*
 * Shows the test card on scanout 0: create, attach, set scanout, draw, transfer, flush. With no
 * arguments as large as display 0, else WIDTH HEIGHT.
 */
enum suite_result show_test_card(struct show *show, const struct show_port *port,
                                 const struct suite_args *args);

/* Frees the framebuffers; the device must not own them any more. */
void show_release(struct show *show);

#endif
