/*
 * The judge: model first, then the rules that asked for the event, then the findings.
 */
#include "judge.h"

#include <stdarg.h>

void judge_create(struct judge *judge, const struct scenario *scenario, const struct arena *arena,
                  const struct sim_device *device, struct findings *findings, bool rules_on)
{
    judge->findings = findings;
    judge->arena = arena;
    judge->device = device;
    judge->scenario = scenario;
    judge->rules_on = rules_on;
    model_create(&judge->model, &device->config, SIM_QUEUES_MAX, arena);
}

void judge_destroy(struct judge *judge)
{
    model_destroy(&judge->model);
}

void judge_event(struct judge *judge, const struct event *event)
{
    model_event(&judge->model, event);
}

void judge_end(struct judge *judge)
{
    (void)judge;
}
