/*
 * `ringside conform`: the cells are scenarios, sums do not depend on how they are cut, the table,
 * and what is told of mistakes.
 */
#include "conform_state.h"
#include "golden.h"
#include "resources.h"
#include "scenario.h"
#include "shell_rig.h"

static struct conform_cells *cells;

static void make_cells(void)
{
    char folder[4096];
    snprintf(folder, sizeof folder, "%s/suite", resource_folder(RESOURCE_scenarios));
    cells = conform_cells_create(folder);
    ck_assert_ptr_nonnull(cells);
}

static void drop_cells(void)
{
    conform_cells_free(cells);
}

/* ---- cells ---- */

START_TEST(every_cell_is_a_scenario_of_its_own)
{
    size_t count = conform_cells_count(cells), guarded = 0;
    static char *text[CONFORM_CELLS_MAX];
    ck_assert_uint_gt(count, 300);
    for (size_t i = 0; i < count; i++) {
        const char *name = conform_cell_name(cells, i);
        text[i] = conform_cell_text(cells, i);
        struct scenario *scenario = scenario_parse(name, text[i], stderr);
        ck_assert_msg(scenario != NULL, "%s:\n%s", name, text[i]);
        ck_assert_uint_eq(scenario->device.version, conform_cell_version(cells, i));
        ck_assert_uint_gt(scenario->action_count, 0);
        guarded += conform_cell_guard(cells, i);
        for (size_t j = 0; j < i; j++) {
            ck_assert_str_ne(name, conform_cell_name(cells, j));
            ck_assert_msg(strcmp(strchr(text[i], '\n'), strchr(text[j], '\n')) != 0,
                          "%s is %s once more", name, conform_cell_name(cells, j));
        }
        scenario_free(scenario);
    }
    for (size_t i = 0; i < count; i++)
        free(text[i]);
    ck_assert_uint_gt(guarded, 20);
}
END_TEST

START_TEST(shards_have_each_cell_once)
{
    for (uint32_t count = 1; count <= 9; count++) {
        for (uint32_t total = 0; total < 20; total++) {
            unsigned times[20] = {0};
            for (uint32_t index = 1; index <= count; index++) {
                struct conform_shard shard = {index, count};
                for (uint32_t i = 0; i < conform_shard_cells(&shard, total); i++)
                    times[conform_shard_cell(&shard, i)]++;
            }
            for (uint32_t i = 0; i < total; i++)
                ck_assert_uint_eq(times[i], 1);
        }
    }
}
END_TEST

/* ---- sums ---- */

static struct conform_sum *new_sum(void)
{
    struct conform_sum *sum = calloc(1, sizeof *sum);
    ck_assert_ptr_nonnull(sum);
    sum->cells = (uint32_t)conform_cells_count(cells);
    return sum;
}

/* A run that is made up, a pure function of its cell. */
static void note_run(struct conform_sum *sum, uint32_t cell)
{
    static struct world_outcome outcome;
    static struct scenario_action init = {.name = "init"}, show = {.name = "show"};
    size_t count = 0;
    const struct rule *rules = rule_table(&count);
    memset(&outcome, 0, sizeof outcome);
    snprintf(outcome.driver, sizeof outcome.driver, "made-up");
    outcome.steps = 100 + cell;
    outcome.features = UINT64_C(1) << (cell % 40);
    for (size_t i = 0; i < count; i++)
        outcome.exercised[i] = (cell + i) % 3 == 0;
    for (uint32_t i = 0; i < cell % 5; i++) {
        struct finding *finding = &outcome.findings.item[outcome.findings.count++];
        finding->rule = &rules[(cell * 7 + i * 31) % count];
        finding->level = (enum finding_level)((cell + i) % 3);
        finding->at.event.step = cell + i;
        snprintf(finding->text, sizeof finding->text, "found in %u", cell);
    }
    for (uint32_t i = 0; i < cell % 3; i++) {
        struct world_failure *failure = &outcome.failure[outcome.failure_count++];
        snprintf(failure->text, sizeof failure->text, "call %u", (cell + i) % 11);
    }
    outcome.call_count = 2;
    outcome.call[0] = (struct world_call){.action = &init, .result = cell % 4 == 0};
    outcome.call[1] = (struct world_call){.action = &show, .skipped = cell % 9 == 8};
    conform_note(sum, cell, conform_cell_version(cells, cell), &outcome,
                 outcome.failure_count > 0 ? PAGE_FAILED : PAGE_OK);
}

static void same_sum(const struct conform_sum *a, const struct conform_sum *b)
{
    for (size_t i = 0; i < RULES_MAX; i++) {
        const struct conform_row *left = &a->row[i], *right = &b->row[i];
        ck_assert_uint_eq(left->exercised, right->exercised);
        ck_assert_uint_eq(left->broken, right->broken);
        ck_assert_uint_eq(left->cell, right->cell);
        ck_assert_uint_eq(left->level, right->level);
        ck_assert_str_eq(left->place, right->place);
        ck_assert_str_eq(left->text, right->text);
    }
    struct conform_shard whole = {1, 1};
    json_t *left = conform_json(a, cells, &whole), *right = conform_json(b, cells, &whole);
    ck_assert(json_equal(left, right));
    json_decref(left);
    json_decref(right);
}

START_TEST(a_sum_is_the_same_however_it_is_cut)
{
    static const uint32_t counts[] = {1, 2, 3, 7, 50};
    struct conform_sum *whole = new_sum();
    for (uint32_t cell = 0; cell < whole->cells; cell++)
        note_run(whole, cell);
    ck_assert_uint_gt(whole->failure_count, 5);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct conform_sum *joined = new_sum();
        for (uint32_t index = counts[i]; index >= 1; index--) {
            struct conform_shard shard = {index, counts[i]};
            struct conform_sum *part = new_sum();
            for (uint32_t j = conform_shard_cells(&shard, part->cells); j-- > 0;)
                note_run(part, conform_shard_cell(&shard, j));
            ck_assert(conform_join(joined, part));
            free(part);
        }
        same_sum(whole, joined);
        free(joined);
    }
    struct conform_sum *other = new_sum();
    snprintf(other->driver, sizeof other->driver, "another");
    ck_assert(!conform_join(whole, other));
    other->driver[0] = '\0';
    other->cells++;
    ck_assert(!conform_join(whole, other));
    free(other);
    free(whole);
}
END_TEST

/* ---- the table ---- */

static void put_table(FILE *out, bool quiet, void (*fill)(struct conform_sum *sum))
{
    struct report_options options = {.columns = 80};
    struct conform_sum *sum = new_sum();
    snprintf(sum->driver, sizeof sum->driver, "made-up");
    sum->cells = 12;
    fill(sum);
    conform_print(out, &options, sum, cells, quiet);
    free(sum);
}

static void break_row(struct conform_sum *sum, const char *id, uint32_t broken,
                      enum finding_level level, const char *place, const char *text)
{
    struct conform_row *row = &sum->row[rule_index(rule_by_id(id))];
    *row = (struct conform_row){.exercised = 10, .broken = broken, .cell = 3, .level = level};
    snprintf(row->place, sizeof row->place, "%s", place);
    snprintf(row->text, sizeof row->text, "%s", text);
}

static void fill_some(struct conform_sum *sum)
{
    sum->runs = 12;
    sum->state[PAGE_OK] = 7;
    sum->state[PAGE_FAILED] = 5;
    sum->steps = 123456;
    sum->findings = 9;
    sum->came_up[1] = 9;
    sum->refused[0] = 3;
    sum->lack_count = 2;
    snprintf(sum->lack[0], sizeof sum->lack[0], "cursor");
    snprintf(sum->lack[1], sizeof sum->lack[1], "interrupts");
    sum->row[rule_index(rule_by_id("STATUS-DRV-01"))].exercised = 12;
    break_row(sum, "SPLIT-DRV-15", 2, FINDING_ERROR, "drivers/a-rather-long-name/gpu.c:95",
              "driver went by bytes of a response that the device did not write");
    break_row(sum, "FEAT-DRV-07", 5, FINDING_ERROR, "transport.c:60",
              "driver stopped after its features were refused but did not set FAILED");
    break_row(sum, "RSVD-DRV-02", 10, FINDING_WARNING, "transport.c:57",
              "driver did not accept VIRTIO_F_ACCESS_PLATFORM, which is offered");
    break_row(sum, "RS-NO-SCANOUT", 1, FINDING_NOTE, "in the end", "nothing is shown");
    sum->failure[0] = (struct conform_failure){4, 2, "call `show`: expected OK, came to TIMEOUT"};
    sum->failure_count = 1;
    sum->failures_dropped = 1;
}

static void fill_nothing(struct conform_sum *sum)
{
    sum->runs = 1;
    sum->refused[1] = 1;
    sum->state[PAGE_SKIPPED] = 1;
}

/* Without the lines that count all rules, or name the axes: those change with every rule. */
static void put_steady(FILE *out, const char *table)
{
    const char *from = strstr(table, "version 1:");
    ck_assert_ptr_nonnull(from);
    for (const char *at = from; *at;) {
        size_t length = strcspn(at, "\n") + 1;
        const char *rules = strstr(at, " rules: ");
        if (rules == NULL || rules > at + length)
            fprintf(out, "%.*s", (int)length, at);
        at += length;
    }
}

START_TEST(the_table_shows_the_worst_first)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    put_table(out, true, fill_some);
    fclose(out);
    char *steady = NULL, *nothing = NULL;
    FILE *both = open_memstream(&steady, &bytes);
    put_steady(both, text);
    fputs("\n----\n\n", both);
    out = open_memstream(&nothing, &bytes);
    put_table(out, true, fill_nothing);
    fclose(out);
    put_steady(both, nothing);
    fclose(both);
    golden_compare("conform_table.txt", steady);
    size_t count = 0, bound = 0;
    const struct rule *rules = rule_table(&count);
    for (size_t i = 0; i < count; i++)
        bound += rules[i].party != EVENT_PARTY_DEVICE;
    char summary[128];
    snprintf(summary, sizeof summary,
             "\n%zu rules: 2 broken, 1 warned, 1 noted, %zu not exercised, 1 passed\n", bound,
             bound - 5);
    ck_assert_msg(strstr(text, summary) != NULL, "%s", summary);
    free(steady);
    free(nothing);
    free(text);
}
END_TEST

START_TEST(every_line_of_the_table_has_80_columns_and_every_rule_a_reason)
{
    char *text = NULL;
    size_t bytes = 0, lines = 0;
    FILE *out = open_memstream(&text, &bytes);
    put_table(out, false, fill_some);
    fclose(out);
    for (const char *at = text; *at; lines++) {
        size_t length = strcspn(at, "\n");
        ck_assert_msg(length <= 80, "%.*s", (int)length, at);
        at += length + (at[length] == '\n');
    }
    ck_assert_uint_gt(lines, 180);
    static const char *const reasons[] = {"needs version 1, on which", "needs `cursor`, which",
                                          "needs `interrupts`, which", "VIRTIO_F_RING_RESET",
                                          "is about another type of"};
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        ck_assert_msg(strstr(text, reasons[i]) != NULL, "%s", reasons[i]);
    free(text);
}
END_TEST

/* ---- the command ---- */

START_TEST(mistakes_are_told_in_one_line)
{
    shell_begin("test_conform_mistakes");
    shell_write("empty.json", "{}");
    shell_write("cut.json", "{\"format\": ");
    static const struct shell_case cases[] = {
        {"$R conform", 2, "", "which driver? its name, or its object FILE.so"},
        {"$R conform referense", 2, "", "unknown driver `referense`; did you mean `reference`?"},
        {"$R conform no/such.so", 2, "", "no/such.so: No such file"},
        {"$R conform reference levitate", 2, "", "one driver at a time; what is levitate"},
        {"$R conform --shard 0/3 reference", 2, "", "shards are numbered from 1 to 3"},
        {"$R conform --shard 4/3 reference", 2, "", "shards are numbered from 1 to 3"},
        {"$R conform --shard 1/0 reference", 2, "", "there can be 1 to 1000 shards"},
        {"$R conform --shard 1/1001 reference", 2, "", "there can be 1 to 1000 shards"},
        {"$R conform --shard one/two reference", 2, "", "--shard takes I/N, such as 2/4"},
        {"$R conform --shard 2 reference", 2, "", "--shard takes I/N, such as 2/4, not 2"},
        {"$R conform --shard -1/2 reference", 2, "", "--shard takes I/N"},
        {"$R conform --shard 1/2x reference", 2, "", "--shard takes I/N"},
        {"$R conform --shard 99999999999999999999/3 reference", 2, "", "--shard takes I/N"},
        {"$R conform --shrad 1/2 reference", 2, "", "did you mean --shard?"},
        {"$R conform --run v2/shwo reference", 2, "", "did you mean `v2/show`?"},
        {"$R conform --print nothing-like-it", 2, "", "--list lists them"},
        {"$R conform --merge", 2, "", "--merge what?"},
        {"$R conform --merge --shard 1/2 x", 2, "", "leave out --shard and --run"},
        {"$R conform --merge none.json", 2, "", "none.json"},
        {"$R conform --merge cut.json", 2, "", "cut.json:1:"},
        {"$R conform --merge empty.json", 2, "", "expected what `conform --json` writes"},
        {"$R conform --json none/x.json reference", 2, "", "none/x.json: No such file"},
        {"$R conform --color blue reference", 2, "", "--color takes always, never or auto"},
    };
    shell_check(cases, sizeof cases / sizeof cases[0]);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        shell_run(cases[i].command);
        ck_assert_msg(strchr(shell_errors, '\n') == strrchr(shell_errors, '\n'), "%s: %s",
                      cases[i].command, shell_errors);
    }
}
END_TEST

/* The table, and every format, of the shards are those of the whole. */
START_TEST(shards_merge_to_the_whole)
{
    shell_begin("test_conform_shards");
    ck_assert_int_eq(shell_run("$R conform --json w.json --tap w.tap --sarif w.sarif "
                               "--junit w.junit reference > w.txt"),
                     0);
    static const unsigned counts[] = {2, 7};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        char command[512];
        snprintf(command, sizeof command,
                 "rm -f s*.json; for i in $(seq %u); do $R conform --shard $i/%u --json s$i.json "
                 "reference || exit 3; done",
                 counts[i], counts[i]);
        ck_assert_int_eq(shell_run(command), 0);
        ck_assert_int_eq(shell_run("$R conform --merge --json m.json --tap m.tap --sarif m.sarif "
                                   "--junit m.junit $(ls -r s*.json) > m.txt"),
                         0);
        ck_assert_msg(shell_run("for f in txt json tap sarif junit; do cmp w.$f m.$f || exit 3; "
                                "done") == 0,
                      "%u shards: %s", counts[i], shell_output);
    }
    /* The seven are still there. */
    shell_run("sed 's/\"driver\": \"reference\"/\"driver\": \"mine\"/' s3.json > other.json; "
              "sed 's/\"runs\": [0-9]*,/\"runs\": 3,/' s3.json > part.json; "
              "sed 's/\"version\": 1,/\"version\": 9,/' s3.json > new.json; "
              "sed 's/\"cells\": [0-9]*/\"cells\": 7/' s3.json > cells.json; "
              "sed 's/\"count\": 7/\"count\": 6/' s3.json > count.json");
    static const struct shell_case cases[] = {
        {"$R conform --merge s[12].json s[4-7].json", 2, "", "shard 3/7 is missing"},
        {"$R conform --merge s?.json s3.json", 2, "", "s3.json and s3.json are both shard 3/7"},
        {"$R conform --merge s[12].json other.json", 2, "",
         "other.json: is of driver `mine`, the others are of `reference`"},
        {"$R conform --merge part.json", 2, "", "shard 3/7 is not whole: 3 of"},
        {"$R conform --merge new.json", 2, "", "new.json: was written by ringside"},
        {"$R conform --merge cells.json", 2, "", "is of another matrix"},
        {"$R conform --merge s1.json count.json", 2, "", "is shard 3/6, the others are of 7"},
        {"$R conform --merge --json kept.json s1.json; test ! -e kept.json", 0, "", NULL},
    };
    shell_check(cases, sizeof cases / sizeof cases[0]);
}
END_TEST

START_TEST(a_wrong_driver_is_told_its_rules)
{
    shell_begin("test_conform_wrong");
    ck_assert_int_eq(shell_run("$R conform rcore"), 1);
    const char *head = strstr(shell_output, "\nXSPLIT-DRV-05         broken ");
    ck_assert_ptr_nonnull(head);
    ck_assert_ptr_nonnull(strstr(head, "rcore/queue.c:119, in\n"));
    /* This one waits in most cells until it is told to stop: some of them will do. */
    ck_assert_int_eq(shell_run("$R conform --shard 1/40 levitate"), 1);
    head = strstr(shell_output, "\nLMMIO-DRV-D10         broken ");
    ck_assert_ptr_nonnull(head);
    ck_assert_ptr_nonnull(strstr(head, "transport.c:106, in v1/bring-up: driver wrote"));
    static const struct shell_case cases[] = {
        {"$R conform --run v1/show levitate", 1, "x queue-live        never came", ""},
        {"$R conform --run v1/show levitate", 1, "again: ringside conform --run v1/show ", ""},
        {"$R conform --print v1/show > show.scn && $R run show.scn", 0, "ok ", ""},
        {"$R conform --list", 0, "v2/tour/in-order/q1024/all/lazy\n", ""},
        {"$R conform --help", 0, "--shard I/N", ""},
    };
    shell_check(cases, sizeof cases / sizeof cases[0]);
}
END_TEST

int main(void)
{
    TCase *parts = tcase_create("parts");
    tcase_add_unchecked_fixture(parts, make_cells, drop_cells);
    tcase_set_timeout(parts, 120);
    tcase_add_test(parts, every_cell_is_a_scenario_of_its_own);
    tcase_add_test(parts, shards_have_each_cell_once);
    tcase_add_test(parts, a_sum_is_the_same_however_it_is_cut);
    tcase_add_test(parts, the_table_shows_the_worst_first);
    tcase_add_test(parts, every_line_of_the_table_has_80_columns_and_every_rule_a_reason);
    TCase *command = tcase_create("command");
    tcase_set_timeout(command, 800);
    tcase_add_test(command, mistakes_are_told_in_one_line);
    tcase_add_test(command, shards_merge_to_the_whole);
    tcase_add_test(command, a_wrong_driver_is_told_its_rules);
    Suite *suite = suite_create("conform");
    suite_add_tcase(suite, parts);
    suite_add_tcase(suite, command);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
