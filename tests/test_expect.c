/*
 * What a scenario expects is held against an outcome, and each difference is one sentence.
 */
#include <stdlib.h>
#include "judge_rig.h"
#include "testcard.h"

#define SIDE_PX 4u

static struct world_outcome outcome;
static struct scenario *scenario;

/* A run like the seed's: two calls, the second stuck; one error, one note; a picture of 4 by 4. */
static void make_outcome(void)
{
    struct picture *picture = &outcome.scanout.picture;

    memset(&outcome, 0, sizeof outcome);
    outcome.call_count = 2;
    outcome.call[0].action = &scenario->action[0];
    outcome.call[0].result = SUITE_OK;
    outcome.call[0].ladder.missed = LADDER_RUNG_COUNT;
    outcome.call[1].action = &scenario->action[1];
    outcome.call[1].result = SUITE_TIMEOUT;
    outcome.call[1].stuck = true;
    outcome.call[1].ladder.missed = LADDER_QUEUE_LIVE;
    outcome.findings.count = 2;
    outcome.findings.item[0].rule = rule_by_id("LMMIO-DRV-D10");
    outcome.findings.item[0].level = FINDING_ERROR;
    snprintf(outcome.findings.item[0].text, FINDING_TEXT_BYTES, "driver wrote it");
    outcome.findings.item[1].rule = rule_by_id("RS-NO-SCANOUT");
    outcome.findings.item[1].level = FINDING_NOTE;
    outcome.live_dma = 3;
    outcome.scanout.info.active = true;
    outcome.scanout.info.ever_active = true;
    outcome.scanout.info.rect.width = SIDE_PX;
    outcome.scanout.info.rect.height = SIDE_PX;
    ck_assert(picture_create(picture, SIDE_PX, SIDE_PX));
    for (uint32_t i = 0; i < SIDE_PX * SIDE_PX; i++) {
        uint32_t rgb = testcard_pixel(i % SIDE_PX, i / SIDE_PX, SIDE_PX, SIDE_PX);
        picture->rgb[i * 3] = (uint8_t)(rgb >> 16);
        picture->rgb[i * 3 + 1] = (uint8_t)(rgb >> 8);
        picture->rgb[i * 3 + 2] = (uint8_t)rgb;
    }
}

struct expect_case {
    const char *line;    /* besides the expected finding */
    const char *failure; /* the one failure, "" for none */
    unsigned turn;       /* what is changed in the outcome, see turn_outcome() */
};

enum { AS_IT_IS, NOT_STUCK, CRASHED, NO_PICTURE, WRONG_PIXEL, LOST, NEVER, WARNED, FILLED };

static void turn_outcome(unsigned turn)
{
    struct gpu_scanout_info *info = &outcome.scanout.info;

    switch (turn) {
    case NOT_STUCK:
        outcome.call[1].stuck = false;
        break;
    case CRASHED:
        outcome.call[1].result = -1;
        outcome.call[1].crash = WORLD_CRASH_SPIN;
        break;
    case NO_PICTURE:
        picture_free(&outcome.scanout.picture);
        outcome.scanout.picture.rgb = NULL;
        break;
    case WRONG_PIXEL:
        outcome.scanout.picture.rgb[3] ^= 1;
        break;
    case LOST:
        info->active = false;
        info->lost_at_step = 7;
        break;
    case NEVER:
        info->active = info->ever_active = false;
        break;
    case WARNED:
        outcome.findings.item[1].level = FINDING_WARNING;
        break;
    case FILLED:
        outcome.response_filled = true;
        break;
    }
}

static const struct expect_case cases[] = {
    {"", "", AS_IT_IS},
    {"", "call `get_display_info`: expected TIMEOUT, but the driver went round without end",
     CRASHED},
    {"expect stuck queue-live", "", AS_IT_IS},
    {"expect stuck notified", "expected to be stuck at `notified`, was stuck at `queue-live`",
     AS_IT_IS},
    {"expect stuck none",
     "expected no call to be stuck, but `get_display_info` was, at `queue-live`", AS_IT_IS},
    {"expect stuck none", "", NOT_STUCK},
    {"expect stuck notified", "expected to be stuck at `notified`, but no call was stuck",
     NOT_STUCK},
    {"expect finding RS-NO-SCANOUT", "", AS_IT_IS},
    {"expect finding RS-STUCK", "expected finding RS-STUCK, there is none", AS_IT_IS},
    {"expect finding RS-NO-SCANOUT at gpu.c",
     "expected finding RS-NO-SCANOUT at gpu.c, it is at step 0", AS_IT_IS},
    {"", "unexpected finding RS-NO-SCANOUT: ", WARNED},
    {"expect response untouched", "", AS_IT_IS},
    {"expect response filled", "the response was not touched", AS_IT_IS},
    {"expect response filled", "", FILLED},
    {"expect response untouched", "the response was filled", FILLED},
    {"expect scanout 0 active", "", AS_IT_IS},
    {"expect scanout 0 active 4x4", "", AS_IT_IS},
    {"expect scanout 0 active 4x5", "scanout 0 is 4x4", AS_IT_IS},
    {"expect scanout 0 lost", "scanout 0 is active", AS_IT_IS},
    {"expect scanout 0 lost", "", LOST},
    {"expect scanout 0 off", "", LOST},
    {"expect scanout 0 never", "scanout 0 is off", LOST},
    {"expect scanout 0 never", "", NEVER},
    {"expect scanout 0 active", "scanout 0 is never set", NEVER},
    {"expect picture test-card", "", AS_IT_IS},
    {"expect picture test-card", "expected the test card, but nothing is shown", NO_PICTURE},
    {"expect picture test-card",
     "1 pixels differ from the test card, the first at 1, 0: ", WRONG_PIXEL},
    {"expect picture other", "", WRONG_PIXEL},
    {"expect picture other", "expected another picture, but it is the test card", AS_IT_IS},
    {"expect picture other", "expected a picture, but nothing is shown", NO_PICTURE},
    {"expect dma-live 3", "", AS_IT_IS},
    {"expect dma-live 2", "3 DMA allocations are alive, expected 2", AS_IT_IS},
    {"expect QueueReady 1", "", AS_IT_IS},
    {"expect QueueReady 0", "`QueueReady` is 0x1, expected 0x0", AS_IT_IS},
    {"expect q0.used.idx 1", "", AS_IT_IS},
    {"expect q0.used.ring[0].len 408", "", AS_IT_IS},
    {"expect q0.used.idx 2", "`q0.used.idx` is 0x1, expected 0x2", AS_IT_IS},
    {"expect q1.used.idx 0", "`q1.used.idx` cannot be read: its queue is not live", AS_IT_IS},
    {"expect config+0x8 1", "", AS_IT_IS},
};

START_TEST(each_expectation_is_held_against_the_outcome)
{
    const struct expect_case *row = &cases[_i];
    struct rig_config config = {.version = 2};
    char text[1024];

    snprintf(text, sizeof text,
             "device gpu version 2\ndriver levitate\n"
             "call init -> OK\ncall get_display_info -> TIMEOUT\n"
             "expect finding LMMIO-DRV-D10\n%s\n",
             row->line);
    scenario = scenario_parse("test.scn", text, stderr);
    ck_assert_msg(scenario != NULL, "%s", row->line);
    rig_open(&config);
    rig_play(UP_2 REQUEST W("QueueSel 0"));
    make_outcome();
    turn_outcome(row->turn);
    expect_check(scenario, &rig.device, &rig.arena, &outcome);
    if (row->failure[0] == '\0') {
        ck_assert_msg(outcome.failure_count == 0, "%s", outcome.failure[0].text);
    } else {
        ck_assert_msg(outcome.failure_count == 1, "%zu failures for %s", outcome.failure_count,
                      row->line);
        ck_assert_msg(strncmp(outcome.failure[0].text, row->failure, strlen(row->failure)) == 0,
                      "%s", outcome.failure[0].text);
        if (row->line[0] != '\0')
            ck_assert_uint_eq(outcome.failure[0].line, 6);
    }
    picture_free(&outcome.scanout.picture);
    rig_close();
    scenario_free(scenario);
}
END_TEST

START_TEST(failures_that_do_not_fit_are_left_out)
{
    scenario = scenario_parse("test.scn", "device gpu\ndriver levitate\ncall init -> OK\n", stderr);
    ck_assert_ptr_nonnull(scenario);
    memset(&outcome, 0, sizeof outcome);
    outcome.findings.count = FINDINGS_MAX;
    for (uint32_t i = 0; i < FINDINGS_MAX; i++) {
        outcome.findings.item[i].rule = rule_by_id("RS-CRASH");
        outcome.findings.item[i].level = FINDING_ERROR;
    }
    expect_check(scenario, NULL, NULL, &outcome);
    ck_assert_uint_eq(outcome.failure_count, WORLD_FAILURES_MAX);
    scenario_free(scenario);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("expect");
    TCase *tcase = tcase_create("expect");
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, each_expectation_is_held_against_the_outcome, 0,
                        (int)(sizeof cases / sizeof cases[0]));
    tcase_add_test(tcase, failures_that_do_not_fit_are_left_out);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
