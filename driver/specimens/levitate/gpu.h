/*
 * levitate's GPU driver: one command at a time through one command buffer and one response buffer.
 */
#ifndef RINGSIDE_SPECIMENS_LEVITATE_GPU_H
#define RINGSIDE_SPECIMENS_LEVITATE_GPU_H

#include "stack.h"

/* What the device is told about the two buffers. */
enum lev_buffers {
    LEV_BUFFERS_DMA,         /* their physical addresses */
    LEV_BUFFERS_VIRTUAL,     /* the driver's pointers */
    LEV_BUFFERS_OUTSIDE,     /* addresses where there is no RAM */
    LEV_BUFFERS_UNALLOCATED, /* RAM that was never allocated for DMA */
    LEV_BUFFERS_SCATTERED,   /* a response over two pages that are not neighbours */
};

struct lev_config {
    const struct stack_transport_ops *transport;
    struct stack_queue *queue;
    enum lev_buffers buffers;
    struct stack_settings settings;
};

enum suite_result lev_gpu_init(const struct lev_config *config);
enum suite_result lev_gpu_get_display_info(void);
enum suite_result lev_gpu_show(const struct suite_args *args);
enum suite_result lev_gpu_second_handle(void);
enum suite_result lev_gpu_shutdown(void);

#endif
