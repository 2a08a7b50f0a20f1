/*
 * Words, texts and actions of refusals, from the one table.
 */
#include "refusal.h"

#include <assert.h>
#include <ctype.h>
#include <stddef.h>

#define WORD_BYTES 32u

static const struct {
    const char *name;
    enum sim_action action;
    const char *text;
} refusals[] = {
#define X(name, action, text) [SIM_REFUSAL_##name] = {#name, SIM_ACTION_##action, text},
    SIM_REFUSALS(X)
#undef X
};

#define X(name, action, text)                                                                      \
    _Static_assert(sizeof #name <= WORD_BYTES, "the word of " #name " is too long");
SIM_REFUSALS(X)
#undef X

const char *sim_refusal_text(enum sim_refusal refusal)
{
    assert((size_t)refusal < SIM_REFUSAL_COUNT);
    return refusals[refusal].text;
}

const char *sim_refusal_word(enum sim_refusal refusal)
{
    static char words[SIM_REFUSAL_COUNT][WORD_BYTES]; /* made when first asked for */
    assert((size_t)refusal < SIM_REFUSAL_COUNT);
    char *word = words[refusal];
    if (word[0] == '\0') {
        const char *name = refusals[refusal].name;
        for (size_t i = 0; name[i] != '\0'; i++) {
            word[i] = name[i] == '_' ? '-' : (char)tolower((unsigned char)name[i]);
        }
    }
    return word;
}

enum sim_action sim_refusal_action(enum sim_refusal refusal)
{
    assert((size_t)refusal < SIM_REFUSAL_COUNT);
    return refusals[refusal].action;
}
