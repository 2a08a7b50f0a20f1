/*
 * What ringside says of a driver does not depend on who compiled it: every scenario of the seed
 * with the specimens as gcc -O2 makes them, and as gcc -O0, clang -O0 and clang -O2 do.
 */
#include <check.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ringside_asan.h"
#include "rule.h"
#include "scenario.h"
#include "source.h"
#include "world.h"

#define TEXT_BYTES 8192u
/* Longer runs show nothing that a shorter one does not. Under a sanitizer, which the drivers are
 * without, those that are left to the other builds show it nothing either: loops that wait. */
#ifdef RINGSIDE_HAS_ASAN
#define STEPS_MAX UINT64_C(1000000)
#else
#define STEPS_MAX UINT64_C(1500000)
#endif

static struct world_outcome outcome;

/* The line of the access, and the one that a report shows first: a caller's, if it was inlined. */
static void put_place(FILE *out, const struct finding_place *at, bool inlined)
{
    struct source_place place;

    if (at->event.step == 0 || at->event.pc == 0 || !source_find(at->event.pc, &place)) {
        fprintf(out, " -");
        return;
    }
    fprintf(out, " %s:%u", place.file, place.line);
    if (inlined)
        fprintf(out, "/%u", source_main_line(&place));
}

/* What came of the run: failures, findings, their places. */
static void put_outcome(bool inlined, char *out)
{
    FILE *text = fmemopen(out, TEXT_BYTES, "w");

    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < outcome.failure_count; i++)
        fprintf(text, "line %u: %s\n", outcome.failure[i].line, outcome.failure[i].text);
    for (uint32_t i = 0; i < outcome.findings.count; i++) {
        const struct finding *finding = &outcome.findings.item[i];
        fprintf(text, "%s", finding->rule->id);
        put_place(text, &finding->at, inlined);
        put_place(text, &finding->cause, inlined);
        fprintf(text, " %s\n", finding->at.label);
    }
    fclose(text);
}

/* Runs a scenario with a driver's object. */
static void run(const struct scenario *scenario, const char *variant)
{
    char path[512];
    struct world_options options = {.driver_path = path,
                                    .guard = true,
                                    .check_stores = true,
                                    .rules = true};
    const char *error;

    snprintf(path, sizeof path, "%s/drivers/%s%s.so", RINGSIDE_BINARY_DIR, scenario->driver,
             variant);
    world_outcome_free(&outcome);
    error = world_run(scenario, &options, &outcome);
    ck_assert_msg(error == NULL, "%s: %s", path, error);
}

static void check_scenario(const char *path)
{
    static const struct {
        const char *name;
        bool inlines;
    } variant[] = {{"-gcc-O0", false}, {"-clang-O0", false}, {"-clang-O2", true}};
    static char expected[2][TEXT_BYTES], found[TEXT_BYTES];
    struct scenario *scenario = scenario_read(path, stderr);

    ck_assert_ptr_nonnull(scenario);
    run(scenario, "");
    put_outcome(false, expected[false]);
    put_outcome(true, expected[true]);
    ck_assert_msg(strstr(expected[false], "line ") == NULL, "%s: %s", path, expected[false]);
    for (size_t i = 0; i < sizeof variant / sizeof variant[0] && outcome.steps <= STEPS_MAX; i++) {
        const char *wanted = expected[variant[i].inlines];
        run(scenario, variant[i].name);
        put_outcome(variant[i].inlines, found);
        ck_assert_msg(strcmp(wanted, found) == 0, "%s with %s%s:\n%sinstead of\n%s", path,
                      scenario->driver, variant[i].name, found, wanted);
    }
    world_outcome_free(&outcome);
    memset(&outcome, 0, sizeof outcome);
    scenario_free(scenario);
}

static glob_t seed;

START_TEST(a_finding_is_the_same_whoever_compiled_the_driver)
{
    check_scenario(seed.gl_pathv[_i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("compilers");
    TCase *cases = tcase_create("all");
    SRunner *runner = srunner_create(suite);
    int failed;

    if (glob(RINGSIDE_SOURCE_DIR "/scenarios/seed/*.scn", 0, NULL, &seed) != 0 ||
        glob(RINGSIDE_SOURCE_DIR "/scenarios/seed/candidates/*.scn", GLOB_APPEND, NULL, &seed) != 0)
        return 1;
    tcase_set_timeout(cases, 300);
    tcase_add_loop_test(cases, a_finding_is_the_same_whoever_compiled_the_driver, 0,
                        (int)seed.gl_pathc);
    suite_add_tcase(suite, cases);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    globfree(&seed);
    return failed != 0;
}
