/*
 * The seam inside a rebuilt driver stack: any of its transports works with any of its queues.
 *
 * The stacks in this folder are other people's designs, rebuilt with their faults. Their transport
 * and their queue meet only here, so that "was it the queue or the transport?" can be answered by
 * changing one and keeping the other. Each stack has one queue (the control queue) and one request
 * in flight.
 */
#ifndef RINGSIDE_SPECIMENS_STACK_H
#define RINGSIDE_SPECIMENS_STACK_H

#include "platform.h"
#include "suite.h"
#include "virtio/config.h"
#include "virtio/gpu.h"
#include "virtio/mmio.h"
#include "virtio/ring.h"

/* The virtio-mmio windows of QEMU's `virt`, as the stacks' boot code has them built in; a port to
 * another machine has others. */
#ifndef STACK_BUS_ADDR
#define STACK_BUS_ADDR   UINT64_C(0x0a000000)
#define STACK_SLOT_BYTES VIRTIO_MMIO_WINDOW_BYTES
#define STACK_SLOTS      32u
#endif
#define STACK_PAGE_BYTES 4096u

enum stack_registers {
    STACK_REGISTERS_AUTO,   /* as the Version register says */
    STACK_REGISTERS_LEGACY, /* GuestPageSize, QueueAlign, QueuePFN, whatever Version says */
    STACK_REGISTERS_MODERN, /* QueueDesc, QueueDriver, QueueDevice, QueueReady, likewise */
};

/* What a scenario can change; each stack's adapter has its own defaults. */
struct stack_settings {
    enum stack_registers registers;
    uint32_t queue_size;
    uint32_t queue_align_bytes; /* legacy: written to QueueAlign */
    bool guest_page_size;       /* legacy: write GuestPageSize at all */
    uint32_t
        used_offset_bytes; /* embedded queue: where the driver polls; 0 = as its layout has it */
    bool event_fields;     /* embedded queue: used_event and padding are part of the layout */
    bool event_idx;        /* negotiate EVENT_IDX */
    bool dsb;              /* embedded queue: `dsb sy` before the notification */
    uint64_t poll_iterations;
};

/* Where the parts of a queue lie: physical addresses. */
struct stack_queue_place {
    uint32_t size;
    uint64_t desc_addr;
    uint64_t avail_addr;
    uint64_t used_addr;
};

/* A handle on one slot of the bus. There may be several on the same slot: that is one of the
 * faults. */
struct stack_transport {
    const struct stack_transport_ops *ops;
    const struct stack_settings *settings;
    volatile uint8_t *window;
    uint32_t slot;
    uint32_t version;
    uint32_t device_id;
    uint64_t features; /* accepted */
};

struct stack_transport_ops {
    const char *name;
    /* Reads MagicValue, Version and DeviceID. False when there is nothing to have a handle on. */
    bool (*open)(struct stack_transport *transport, uint32_t slot,
                 const struct stack_settings *settings);
    /* From reset to FEATURES_OK. */
    enum suite_result (*begin)(struct stack_transport *transport);
    /* Does the queue have to be one block, laid out as 2.7.2 says? */
    bool (*wants_one_block)(const struct stack_transport *transport);
    uint32_t (*queue_size_max)(struct stack_transport *transport, uint32_t queue);
    void (*queue_set)(struct stack_transport *transport, uint32_t queue,
                      const struct stack_queue_place *place);
    void (*finish)(struct stack_transport *transport); /* DRIVER_OK */
    void (*notify)(struct stack_transport *transport, uint32_t queue);
    void (*close)(struct stack_transport *transport); /* gives the handle up */
};

enum stack_pop { STACK_POP_NOTHING, STACK_POP_DONE, STACK_POP_WRONG };

/* One request: a device-readable buffer, then a device-writable one. */
struct stack_request {
    uint64_t request_addr;
    uint32_t request_bytes;
    uint64_t response_addr;
    uint32_t response_bytes;
};

struct stack_queue {
    const struct stack_queue_ops *ops;
    struct stack_queue_place place;
};

struct stack_queue_ops {
    const char *name;
    enum suite_result (*create)(struct stack_queue *queue, const struct stack_settings *settings,
                                const struct stack_transport *transport);
    /* Makes a request available; SUITE_QUEUE_FULL when there are no two free descriptors. */
    enum suite_result (*add)(struct stack_queue *queue, const struct stack_request *request,
                             uint16_t *head);
    bool (*should_notify)(struct stack_queue *queue);
    /* Takes the next completion, if there is one; what is checked about it is the queue's affair.
     */
    enum stack_pop (*pop)(struct stack_queue *queue, uint16_t head);
    void (*destroy)(struct stack_queue *queue);
};

/* The two transports and the two queues. A queue is one object: a stack has one. */
extern const struct stack_transport_ops lev_transport_ops;
extern const struct stack_transport_ops rcore_transport_ops;
struct stack_queue *lev_queue(void);
struct stack_queue *rcore_queue(void);

/* The register at an offset of a handle's window. */
static inline volatile uint32_t *stack_reg(const struct stack_transport *transport, uint32_t offset)
{
    return (volatile uint32_t *)(transport->window + offset);
}

/* Opens the first slot, counted from 0, that holds a GPU. False when none does. */
bool stack_find_gpu(struct stack_transport *transport, const struct stack_settings *settings);

/* Logs "LABEL: COUNT". */
void stack_log_count(const char *label, uint32_t count);

#endif
