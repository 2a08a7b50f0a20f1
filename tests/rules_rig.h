/*
 * A table of drivers, each with the findings that it earns.
 */
#ifndef RINGSIDE_TESTS_RULES_RIG_H
#define RINGSIDE_TESTS_RULES_RIG_H

#include "judge_rig.h"
#include "virtio/config.h"

/* The machines, by the letter of the table's second column. */
#define MACHINES(X)                                                                                \
    X(V1, 1, SPEC, 0)                                                                              \
    X(V2, 2, SPEC, 0)                                                                              \
    X(QEMU_1, 1, QEMU, 0)                                                                          \
    X(QEMU_2, 2, QEMU, 0)                                                                          \
    X(EDID, 2, SPEC, VIRTIO_BIT(VIRTIO_GPU_F_EDID))                                                \
    X(CONTEXT, 2, SPEC, VIRTIO_BIT(VIRTIO_GPU_F_CONTEXT_INIT) | VIRTIO_BIT(VIRTIO_GPU_F_VIRGL))    \
    X(ACCESS, 2, SPEC, VIRTIO_BIT(VIRTIO_F_ACCESS_PLATFORM))                                       \
    X(CONTEXT_ALONE, 2, SPEC, VIRTIO_BIT(VIRTIO_GPU_F_CONTEXT_INIT))                               \
    X(IN_ORDER, 2, SPEC, VIRTIO_BIT(VIRTIO_F_IN_ORDER))                                            \
    X(JUNK, 2, SPEC, VIRTIO_BIT(VIRTIO_F_SR_IOV))                                                  \
    X(LAYOUT_1, 1, SPEC, VIRTIO_BIT(VIRTIO_F_ANY_LAYOUT))                                          \
    X(LAYOUT_2, 2, SPEC, VIRTIO_BIT(VIRTIO_F_ANY_LAYOUT))                                          \
    X(EVENT_IDX, 2, SPEC, VIRTIO_BIT(VIRTIO_F_EVENT_IDX))                                          \
    X(INDIRECT, 2, SPEC, VIRTIO_BIT(VIRTIO_F_INDIRECT_DESC))                                       \
    X(RING_RESET, 2, SPEC, VIRTIO_BIT(VIRTIO_F_RING_RESET))

enum machine {
#define X(name, version, profile, features) name,
    MACHINES(X)
#undef X
};

static const struct rig_config machines[] = {
#define X(name, version_, profile_, features_)                                                     \
    [name] = {.version = version_, .profile = SIM_PROFILE_##profile_, .features = features_},
    MACHINES(X)
#undef X
};

struct rule_case {
    const char *name;
    enum machine machine;
    const char *script;
    const char *ids;   /* warnings and errors, in the order in which they were found */
    const char *place; /* part of the first one's event */
};

static inline void check_rule_case(const struct rule_case *row)
{
    const char *ids;

    rig_open(&machines[row->machine]);
    rig_play(row->script);
    judge_end(&rig.judge);
    ids = rig_ids(FINDING_WARNING);
    ck_assert_msg(strcmp(ids, row->ids) == 0, "%s: found [%s], expected [%s]", row->name, ids,
                  row->ids);
    if (row->place[0] != '\0') {
        const struct finding *finding = &rig.findings.item[0];
        while (finding->level < FINDING_WARNING)
            finding++;
        ck_assert_msg(strstr(rig_text(&finding->at.event), row->place) != NULL, "%s: at %s",
                      row->name, rig_text(&finding->at.event));
    }
    rig_close();
}

/* One test a row, so that a failure names its row and does not hide the next. */
#define TEST_RULE_CASES(cases)                                                                     \
    START_TEST(rule_cases)                                                                         \
    {                                                                                              \
        check_rule_case(&cases[_i]);                                                               \
    }                                                                                              \
    END_TEST

static inline int rules_main(const char *name, const TTest *loop, size_t loop_count,
                             const TTest *const *tests)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, loop, 0, (int)loop_count);
    for (size_t i = 0; tests[i] != NULL; i++)
        tcase_add_test(tcase, tests[i]);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}

#endif
