/*
 * The model's order: the last barriers of the driver, by what they order for the device.
 */
#include "model_queue.h"

void model_barrier(struct model *model, const struct event *event)
{
    uint64_t bit = UINT64_C(1) << event->value % EVENT_BARRIER_COUNT;
    uint64_t full = UINT64_C(1) << EVENT_BARRIER_FULL | UINT64_C(1) << EVENT_BARRIER_SYNC;
    uint64_t stores =
        full | UINT64_C(1) << EVENT_BARRIER_STORE | UINT64_C(1) << EVENT_BARRIER_RELEASE;

    uint64_t loads = full | UINT64_C(1) << EVENT_BARRIER_LOAD;

    if ((bit & (stores | loads)) != 0)
        model->barrier = model_keep(event);
    if ((bit & stores) != 0)
        model->store_barrier = model->barrier;
    if ((bit & loads) != 0)
        model->load_barrier = model->barrier;
    if ((bit & full) != 0)
        model->full_barrier = model->barrier;
}
