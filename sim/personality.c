/*
 * The table of personalities, and what a row does to a device's settings.
 */
#include "personality.h"

#include <assert.h>
#include <stddef.h>

static const struct {
    const char *word;
    struct sim_config config; /* the settings that are a personality's */
    bool lazy;
    const char *text;
} table[] = {
#define X(name, word_, profile_, eager, hush, strict_, order, size, lazy_, text_)                  \
    {.word = (word_),                                                                              \
     .config = {.profile = SIM_PROFILE_##profile_,                                                 \
                .eager_poll = (eager),                                                             \
                .no_notify = (hush),                                                               \
                .strict = (strict_),                                                               \
                .out_of_order = (order),                                                           \
                .checks_queue_size = (size)},                                                      \
     .lazy = (lazy_),                                                                              \
     .text = (text_)},
    SIM_PERSONALITIES(X)
#undef X
};

void sim_personality_apply(enum sim_personality personality, struct sim_config *config)
{
    assert((size_t)personality < SIM_PERSONALITY_COUNT);
    const struct sim_config *own = &table[personality].config;

    config->profile = own->profile;
    config->eager_poll = own->eager_poll;
    config->strict = own->strict;
    config->out_of_order = own->out_of_order;
    config->no_notify = own->no_notify;
    config->checks_queue_size = own->checks_queue_size;
}

bool sim_personality_is_lazy(enum sim_personality personality)
{
    assert((size_t)personality < SIM_PERSONALITY_COUNT);
    return table[personality].lazy;
}

const char *sim_personality_word(enum sim_personality personality)
{
    assert((size_t)personality < SIM_PERSONALITY_COUNT);
    return table[personality].word;
}

const char *sim_personality_text(enum sim_personality personality)
{
    assert((size_t)personality < SIM_PERSONALITY_COUNT);
    return table[personality].text;
}
