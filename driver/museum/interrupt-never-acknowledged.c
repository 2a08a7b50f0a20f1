/*
 * The interrupt handler takes what was used, and acknowledges nothing.
 *
 * Symptom: after the first interrupt the machine does nothing else than handle it, or, where the
 * line is edge-triggered, no other interrupt comes. Cause: InterruptStatus stays set until its bits
 * are written to InterruptACK, and the line stays up with it. Seen in mit-pdos/xv6-riscv@7a5fcb2.
 */
#include "exhibit.h"

#define WAIT_NS UINT64_C(100000000)

static volatile bool returned;

void exhibit_interrupt(void)
{
    struct virtq_used_elem used;
    uint32_t status = REG(InterruptStatus);

    if (exhibit.mended)
        REG(InterruptACK) = status;
    while (exhibit_take_used(&exhibit.queue, &used)) {
        exhibit_give_back(&exhibit.queue, (uint16_t)used.id);
        returned = true;
    }
}

enum suite_result exhibit_wait(struct exhibit_queue *queue, uint16_t head)
{
    uint64_t deadline_ns = platform_now_ns() + WAIT_NS;

    (void)queue;
    (void)head;
    while (!returned) {
        if (!platform_wait_interrupt(deadline_ns))
            return SUITE_TIMEOUT;
    }
    returned = false;
    return SUITE_OK;
}
