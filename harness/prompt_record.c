/*
 * `record`: the run up to where it stands, acts by hand included, as a recording. The run is made
 * again for it.
 */
#include "prompt.h"

enum prompt_result prompt_record(struct prompt *prompt, const char *word_given, const char *rest)
{
    char path[SESSION_PATH_BYTES];

    (void)word_given;
    if (!prompt_word(&rest, path, sizeof path))
        return prompt_misused(prompt, "into which file? `record FILE`");
    if (!prompt_end(prompt, rest))
        return PROMPT_MISUSED;
    session_record(prompt->session, path);
    return PROMPT_ORDERED;
}
