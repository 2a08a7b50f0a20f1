/*
 * The model's account of a device that misbehaves on purpose.
 */
#include "model.h"

/* A device that broke down serves nobody, one that asked for no notification gets none, and one
 * that miscounts finds no event to interrupt for. */
static bool fault_lasts(uint64_t kind)
{
    return kind == SIM_FAULT_NEEDS_RESET || kind == SIM_FAULT_USED_FLAGS ||
           kind == SIM_FAULT_AVAIL_EVENT || kind == SIM_FAULT_USED_IDX_JUMP ||
           kind == SIM_FAULT_USED_IDX_BACK || kind == SIM_FAULT_NOTIFICATION_LOST;
}

void model_fault(struct model *model, const struct event *event)
{
    model->fault = model_keep(event);
    if (fault_lasts(event->value))
        model->lasting_fault = model->fault;
}
