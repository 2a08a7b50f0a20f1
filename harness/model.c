/*
 * The model: what both sides have done so far, from events alone.
 */
#include "model.h"

#include <string.h>

void model_create(struct model *model, const struct sim_config *config, uint32_t queue_count,
                  const struct arena *arena)
{
    memset(model, 0, sizeof *model);
    model->config = *config;
    model->queue_count = queue_count;
    model->arena = arena;
}

void model_destroy(struct model *model)
{
    (void)model;
}

void model_event(struct model *model, const struct event *event)
{
    (void)model;
    (void)event;
}

uint32_t model_waiting_queue(const struct model *model)
{
    (void)model;
    return 0;
}
