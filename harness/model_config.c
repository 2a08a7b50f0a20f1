/*
 * The model's view of configuration space: which reads of it belong together.
 */
#include "model.h"

#define WORD_BYTES 4u

void model_config_read(struct model_config *space, const struct event *event)
{
    bool generation = event->place == EVENT_PLACE_REGISTER;
    uint64_t first = (event->addr - VIRTIO_MMIO_CONFIG) / WORD_BYTES;
    uint64_t last = (event->addr - VIRTIO_MMIO_CONFIG + event->width_bytes - 1) / WORD_BYTES;

    if (!space->open || (generation && space->after.step != 0)) {
        space->open = true;
        space->first = space->last = space->before = space->after = (struct event){0};
        space->words = 0;
    }
    if (generation && space->first.step == 0) {
        space->before = *event;
        return;
    }
    if (generation) {
        space->after = *event;
        return;
    }
    if (space->after.step != 0) { /* it was read at the end, and is so at the beginning of this */
        space->before = space->after;
        space->after = space->first = (struct event){0};
        space->words = 0;
    }
    if (space->first.step == 0)
        space->first = *event;
    space->last = *event;
    for (uint64_t word = first; word <= last && word < MODEL_CONFIG_WORDS; word++) {
        space->words |= UINT64_C(1) << word;
        space->read_step[word] = event->step;
        if (space->reads[word] < UINT8_MAX)
            space->reads[word]++;
    }
}
