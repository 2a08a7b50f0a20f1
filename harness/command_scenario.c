/*
 * A scenario as the command line wants it: with another personality of the device, and more faults.
 */
#include <stdio.h>
#include <string.h>
#include "command.h"
#include "scenario.h"

bool command_take_personality(struct run_options *options, const char *command, const char *word)
{
#define X(name, word, profile, eager, hush, strict, order, size, lazy, text) word,
    static const char *const words[] = {SIM_PERSONALITIES(X)};
#undef X
    for (int i = 0; i < SIM_PERSONALITY_COUNT; i++) {
        if (strcmp(word, words[i]) == 0) {
            options->personality = i + 1;
            return true;
        }
    }
    const char *nearest = scenario_nearest(word, words, SIM_PERSONALITY_COUNT);
    fprintf(stderr, "ringside%s%s: unknown personality `%s`", command[0] ? " " : "", command, word);
    if (nearest) {
        fprintf(stderr, "; did you mean `%s`?\n", nearest);
    } else {
        fputs("; there are", stderr);
        for (int i = 0; i < SIM_PERSONALITY_COUNT; i++) {
            fprintf(stderr, "%s%s", i ? ", " : " ", words[i]);
        }
        fputc('\n', stderr);
    }
    return false;
}

struct scenario *command_scenario(const struct run_options *options, const char *path, FILE *errors)
{
    struct scenario *scenario = scenario_read(path, errors);
    bool good = scenario != NULL;
    if (good && options->personality != 0) {
        scenario_give_personality(scenario, (enum sim_personality)(options->personality - 1));
    }
    for (size_t i = 0; i < options->fault_count && good; i++) {
        struct sim_fault fault;
        good = scenario_parse_fault(scenario, options->fault[i], &fault, errors);
        if (good && !sim_fault_arm(&scenario->faults, &fault)) {
            fprintf(errors, "ringside: %s: more than %u faults\n", path, SIM_FAULTS_MAX);
            good = false;
        }
    }
    if (!good) {
        scenario_free(scenario);
        return NULL;
    }
    return scenario;
}
