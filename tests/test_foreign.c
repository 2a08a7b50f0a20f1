/*
 * Instructions of other machines, as drivers write them in line: read from their text, and with
 * their effect on the world, for both compilers, optimised and not.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "instruction.h"
#include "rule.h"
#include "scenario.h"
#include "source.h"
#include "world.h"

#define EVENTS_MAX 512u
#define SUBJECT_C  RINGSIDE_SOURCE_DIR "/tests/probe/foreign.c"

/* ---- the text ---- */

static const struct instruction_frame frame = {
    .reg = {0x1111222233334444, 0xc1, 0xd2, 0xb3, 0x57, 0xbb, 0x51, 0xd1, 0x88, 9, 10, 11, 12, 13,
            14, 0x15000000015},
};

static const struct {
    const char *text;
    const char *name;
    unsigned operand_count;
    unsigned which;
    enum instruction_operand_kind kind;
    uint64_t value;
} texts[] = {
    {"dmb ", "dmb", 0, 0, INSTRUCTION_NONE, 0},
    {"DMB ISH", "dmb", 1, 0, INSTRUCTION_WORD, 0},
    {"dc civac, %rax", "dc", 2, 1, INSTRUCTION_REGISTER, 0x1111222233334444},
    {"dc civac,%eax", "dc", 2, 1, INSTRUCTION_REGISTER, 0x33334444},
    {"csrw sie, %cx", "csrw", 2, 1, INSTRUCTION_REGISTER, 0xc1},
    {"csrw sie, %sil", "csrw", 2, 1, INSTRUCTION_REGISTER, 0x51},
    {"csrw sie, %r8d", "csrw", 2, 1, INSTRUCTION_REGISTER, 0x88},
    {"csrw sie, %r15", "csrw", 2, 1, INSTRUCTION_REGISTER, 0x15000000015},
    {"csrw sie, %r15d", "csrw", 2, 1, INSTRUCTION_REGISTER, 0x15},
    {"csrw sie, %r16", "csrw", 2, 1, INSTRUCTION_OPAQUE, 0},
    {"csrw sie, %xmm0", "csrw", 2, 1, INSTRUCTION_OPAQUE, 0},
    {"csrwi sie, $5", "csrwi", 2, 1, INSTRUCTION_NUMBER, 5},
    {"csrwi sie, 0x1f", "csrwi", 2, 1, INSTRUCTION_NUMBER, 31},
    {"csrwi sie, 1f", "csrwi", 2, 1, INSTRUCTION_WORD, 0},
    {"csrwi sie, $symbol", "csrwi", 2, 1, INSTRUCTION_OPAQUE, 0},
    {"cbo.clean (%rdx)", "cbo.clean", 1, 0, INSTRUCTION_MEMORY, 0xd2},
    {"cbo.clean -8(%rbp)", "cbo.clean", 1, 0, INSTRUCTION_MEMORY, 0xb3},
    {"cbo.clean 16(%rdx,%rcx,4)", "cbo.clean", 1, 0, INSTRUCTION_MEMORY, 0xd2 + 4 * 0xc1 + 16},
    {"cbo.clean (,%rcx,2)", "cbo.clean", 1, 0, INSTRUCTION_MEMORY, 2 * 0xc1},
    {"cbo.clean buffer(%rip)", "cbo.clean", 1, 0, INSTRUCTION_OPAQUE, 0},
    {"mcr p15, 0, %eax, c7, c10, 1", "mcr", 6, 5, INSTRUCTION_NUMBER, 1},
    {"msr daifset, ", "msr", 2, 1, INSTRUCTION_NONE, 0},
    {"mrs %rbx, S3_3_C14_C0_2 // the counter", "mrs", 2, 1, INSTRUCTION_WORD, 0},
    {"fence rw,w @ comment, with, commas", "fence", 2, 1, INSTRUCTION_WORD, 0},
    {"averyveryverylongnameindeedthatnobodyhas x", "averyveryverylongnameind", 0, 0,
     INSTRUCTION_NONE, 0},
    {"a 1,2,3,4,5,6,7,8,9,10,11", "a", 8, 7, INSTRUCTION_NUMBER, 8},
};

START_TEST(the_text_of_an_instruction_is_read_with_its_registers)
{
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct instruction instruction;
        const struct instruction_operand *operand = &instruction.operand[texts[i].which];

        instruction_read(texts[i].text, &frame, &instruction);
        ck_assert_msg(strncmp(instruction.name, texts[i].name, INSTRUCTION_NAME_BYTES - 1) == 0,
                      "%s: name %s", texts[i].text, instruction.name);
        if (texts[i].operand_count == 0 && texts[i].kind == INSTRUCTION_NONE &&
            strlen(texts[i].text) > 20)
            continue;
        ck_assert_msg(instruction.operand_count == texts[i].operand_count, "%s: %u operands",
                      texts[i].text, instruction.operand_count);
        ck_assert_msg(operand->kind == texts[i].kind, "%s: kind %d", texts[i].text, operand->kind);
        if (texts[i].kind != INSTRUCTION_WORD)
            ck_assert_msg(operand->value == texts[i].value || operand->kind == INSTRUCTION_OPAQUE,
                          "%s: 0x%llx", texts[i].text, (unsigned long long)operand->value);
    }
}
END_TEST

static const struct {
    const char *text;
    int kind;
} barriers[] = {
    {"dmb ", EVENT_BARRIER_FULL},         {"dmb sy", EVENT_BARRIER_FULL},
    {"dmb ishst", EVENT_BARRIER_STORE},   {"dmb oshld", EVENT_BARRIER_LOAD},
    {"dmb 0xB", EVENT_BARRIER_FULL},      {"dmb $10", EVENT_BARRIER_STORE},
    {"dmb 9", EVENT_BARRIER_LOAD},        {"dmb st", EVENT_BARRIER_STORE},
    {"dsb ", EVENT_BARRIER_SYNC},         {"dsb sy", EVENT_BARRIER_SYNC},
    {"dsb ish", EVENT_BARRIER_SYNC},      {"dsb ishst", EVENT_BARRIER_STORE},
    {"dsb ld", EVENT_BARRIER_LOAD},       {"dsb 0xF", EVENT_BARRIER_SYNC},
    {"fence ", EVENT_BARRIER_FULL},       {"fence rw,rw", EVENT_BARRIER_FULL},
    {"fence iorw, iorw", EVENT_BARRIER_FULL}, {"fence w, w", EVENT_BARRIER_STORE},
    {"fence w,o", EVENT_BARRIER_STORE},   {"fence ow,ow", EVENT_BARRIER_STORE},
    {"fence r,r", EVENT_BARRIER_LOAD},    {"fence ir,ir", EVENT_BARRIER_LOAD},
    {"fence r,rw", EVENT_BARRIER_LOAD},   {"fence rw,w", EVENT_BARRIER_RELEASE},
    {"fence w,r", EVENT_BARRIER_FULL},    {"fence rw,r", EVENT_BARRIER_LOAD},
};

START_TEST(a_barrier_is_as_strong_as_its_operands_say)
{
    for (size_t i = 0; i < sizeof barriers / sizeof barriers[0]; i++) {
        struct instruction instruction;
        int kind;

        instruction_read(barriers[i].text, &frame, &instruction);
        kind = instruction.name[0] == 'f' ? instruction_riscv_fence(&instruction)
                                          : instruction_arm_barrier(&instruction);
        ck_assert_msg(kind == barriers[i].kind, "%s: %s", barriers[i].text,
                      event_barrier_word((enum event_barrier)kind));
    }
}
END_TEST

static const struct {
    uint8_t code[8];
    uint32_t bytes;
} accesses[] = {
    {{0x8b, 0x43, 0x70}, 4},             /* mov 0x70(%rbx),%eax */
    {{0x48, 0x8b, 0x43, 0x70}, 8},       /* mov 0x70(%rbx),%rax */
    {{0x66, 0x8b, 0x43, 0x70}, 2},       /* mov 0x70(%rbx),%ax */
    {{0x8a, 0x43, 0x70}, 1},             /* mov 0x70(%rbx),%al */
    {{0x41, 0x8a, 0x45, 0x00}, 1},       /* mov (%r13),%al */
    {{0x45, 0x89, 0x65, 0x00}, 4},       /* mov %r12d,(%r13) */
    {{0x88, 0x43, 0x70}, 1},             /* mov %al,0x70(%rbx) */
    {{0x0f, 0xb6, 0x43, 0x70}, 1},       /* movzbl 0x70(%rbx),%eax */
    {{0x41, 0x0f, 0xb7, 0x45, 0x00}, 2}, /* movzwl (%r13),%eax */
    {{0xf6, 0x43, 0x70, 0x08}, 1},       /* testb $8,0x70(%rbx) */
    {{0xf7, 0x43, 0x70, 0x08}, 4},       /* testl $8,0x70(%rbx) */
    {{0xc7, 0x43, 0x70, 0x00}, 4},       /* movl $0,0x70(%rbx) */
    {{0xc6, 0x43, 0x70, 0x00}, 1},       /* movb $0,0x70(%rbx) */
    {{0x66, 0xc7, 0x43, 0x70}, 2},       /* movw $0,0x70(%rbx) */
    {{0x83, 0x4b, 0x70, 0x04}, 4},       /* orl $4,0x70(%rbx) */
    {{0x80, 0x4b, 0x70, 0x04}, 1},       /* orb $4,0x70(%rbx) */
    {{0x0f, 0xba, 0x63, 0x70, 3}, 4},    /* btl $3,0x70(%rbx) */
};

START_TEST(the_width_of_an_access_is_read_from_its_instruction)
{
    for (size_t i = 0; i < sizeof accesses / sizeof accesses[0]; i++)
        ck_assert_msg(instruction_access_bytes(accesses[i].code) == accesses[i].bytes, "row %zu",
                      i);
}
END_TEST

/* ---- effects ---- */

struct seen {
    struct event event;
    char text[64];
    unsigned line;
};

static struct seen seen[EVENTS_MAX];
static size_t seen_count;
static struct world_outcome outcome;
static uint64_t page; /* physical address */

static const char *const variants[] = {"gcc-O0", "gcc-O2", "clang-O0", "clang-O2"};
#define EACH_VARIANT(i) for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++)

static void keep(void *context, const struct event *event, const struct world_sight *sight)
{
    (void)sight;
    struct source_place place;
    struct seen *here = &seen[seen_count];

    (void)context;
    if (event->kind == EVENT_ALLOC)
        page = event->addr;
    if (event->pc == 0 || seen_count == EVENTS_MAX)
        return;
    memset(here, 0, sizeof *here);
    here->event = *event;
    if ((event->kind == EVENT_BARRIER || event->kind == EVENT_FOREIGN) && event->bytes != NULL)
        strncpy(here->text, (const char *)event->bytes, sizeof here->text - 1);
    ck_assert_msg(source_find(event->pc, &place), "no source line for an event");
    here->line = place.line;
    seen_count++;
}

static unsigned line_of(const char *mark)
{
    char wanted[64];
    char line[512];
    unsigned number = 0;
    FILE *file = fopen(SUBJECT_C, "r");

    ck_assert_ptr_nonnull(file);
    snprintf(wanted, sizeof wanted, "/* @%s */", mark);
    while (fgets(line, sizeof line, file) != NULL) {
        number++;
        if (strstr(line, wanted) != NULL) {
            fclose(file);
            return number;
        }
    }
    ck_abort_msg("no mark @%s", mark);
}

static void run_with(const char *variant, const char *memory, const char *calls)
{
    char text[512];
    char path[512];
    struct world_options options = {
        .driver_path = path, .guard = true, .check_stores = true, .rules = true, .reader_count = 1,
                                    .reader = {{keep, NULL}}};
    struct scenario *scenario;
    const char *error;

    snprintf(path, sizeof path, "%s/drivers/foreign-%s.so", RINGSIDE_BINARY_DIR, variant);
    snprintf(text, sizeof text, "device gpu\ndriver foreign\n%scall init -> OK\n%s\n", memory,
             calls);
    scenario = scenario_parse("foreign.scn", text, stderr);
    ck_assert_ptr_nonnull(scenario);
    seen_count = 0;
    source_close(); /* the object of the variant before lay at the same addresses */
    world_outcome_free(&outcome);
    error = world_run(scenario, &options, &outcome);
    ck_assert_msg(error == NULL, "%s", error);
    for (size_t i = 0; i < outcome.failure_count; i++)
        ck_abort_msg("%s: %s", variant, outcome.failure[i].text);
    scenario_free(scenario);
}

static void run(const char *variant, const char *calls)
{
    run_with(variant, "", calls);
}

/* What was stored into the page, in the order of the driver's `out[]`. */
static uint64_t stored(unsigned index)
{
    for (size_t i = 0; i < seen_count; i++) {
        const struct event *event = &seen[i].event;
        if (event->kind == EVENT_STORE && event->addr == page + 8 * index)
            return event->value;
    }
    ck_abort_msg("nothing was stored at %u", index);
}

struct cache_event {
    const char *mark;
    enum event_cache kind;
    uint64_t offset;
};

static const struct cache_event cache_events[] = {
    {"cvac", EVENT_CACHE_CLEAN, 0x100},
    {"civac", EVENT_CACHE_CLEAN_INVALIDATE, 0x140}, /* the line, not the byte */
    {"ivac", EVENT_CACHE_INVALIDATE, 0x100},
    {"cbo-clean", EVENT_CACHE_CLEAN, 0x100},
    {"cbo-flush", EVENT_CACHE_CLEAN_INVALIDATE, 0x100},
    {"cbo-inval", EVENT_CACHE_INVALIDATE, 0x100},
    {"thead", EVENT_CACHE_CLEAN_INVALIDATE, 0x100},
    {"clflush", EVENT_CACHE_CLEAN_INVALIDATE, 0x100},
    {"mcr-clean", EVENT_CACHE_CLEAN, 0x100},
    {"mcr-inval", EVENT_CACHE_INVALIDATE, 0x100},
};

START_TEST(cache_operations_are_told_by_kind_and_line)
{
    EACH_VARIANT(i)
    {
        size_t next = 0;
        unsigned zeroed = 0, unified = 0, synced = 0;

        run_with(variants[i], "memory identity\n", "call caches -> OK");
        for (size_t k = 0; k < seen_count; k++) {
            const struct event *event = &seen[k].event;
            if (event->kind == EVENT_CACHE) {
                const struct cache_event *want = &cache_events[next++];
                ck_assert_uint_le(next, sizeof cache_events / sizeof cache_events[0]);
                ck_assert_msg(seen[k].line == line_of(want->mark), "%s @%s: line %u", variants[i],
                              want->mark, seen[k].line);
                ck_assert_uint_eq(event->value, want->kind);
                ck_assert_uint_eq(event->addr, page + want->offset);
                ck_assert_uint_eq(event->width_bytes, 64);
            }
            zeroed += event->kind == EVENT_STORE && seen[k].line == line_of("zva") &&
                      event->addr == page + 0x100 && event->width_bytes == 64 && event->value == 0;
            unified += event->kind == EVENT_BARRIER && seen[k].line == line_of("cvau");
            synced += event->kind == EVENT_BARRIER && seen[k].line == line_of("ivac") &&
                      event->value == EVENT_BARRIER_SYNC;
        }
        ck_assert_uint_eq(next, sizeof cache_events / sizeof cache_events[0]);
        ck_assert_uint_eq(zeroed, 1);
        ck_assert_uint_eq(unified, 1);
        ck_assert_uint_eq(synced, 1);
        ck_assert_uint_eq(outcome.findings.count, 0);
    }
}
END_TEST

START_TEST(counters_tell_the_clock_of_the_world)
{
    EACH_VARIANT(i)
    {
        uint64_t now, arm;

        run(variants[i], "call counters -> OK");
        now = stored(6);
        arm = stored(1) * 16; /* 62.5 MHz: 16 ns */
        ck_assert_uint_eq(stored(0), 62500000);
        ck_assert_msg(arm > 0 && arm < now && now - arm < 1000, "%s: arm %llu of %llu",
                      variants[i], (unsigned long long)arm, (unsigned long long)now);
        ck_assert_uint_le(stored(2) * 100, now);
        ck_assert_uint_le(now - stored(2) * 100, 1000);
        ck_assert_uint_le(stored(2), stored(3));
        ck_assert_uint_lt(arm, stored(4));
        ck_assert_uint_lt(stored(4), now);
        ck_assert_uint_le(stored(1), stored(5));
        ck_assert_uint_lt(stored(5) * 16, now);
        ck_assert_uint_eq(outcome.findings.count, 0);
    }
}
END_TEST

START_TEST(the_interrupt_mask_is_one_however_it_is_named)
{
    EACH_VARIANT(i)
    {
        run(variants[i], "call masks -> OK");
        ck_assert_uint_eq(stored(0), 0);
        ck_assert_uint_eq(stored(1), 0x80);
        ck_assert_uint_eq(stored(2), 0x200);
        ck_assert_uint_eq(stored(3), 1);
        ck_assert_uint_eq(stored(4), 0x222);
        ck_assert_uint_eq(stored(5), 0x227);
        ck_assert_uint_eq(stored(6), 0x80);
        ck_assert_uint_eq(outcome.findings.count, 0);
    }
}
END_TEST

static unsigned told(const char *mark)
{
    unsigned times = 0;

    for (size_t i = 0; i < seen_count; i++)
        times += seen[i].event.kind == EVENT_FOREIGN && seen[i].line == line_of(mark);
    return times;
}

START_TEST(what_means_nothing_here_is_told_once_with_its_line)
{
    EACH_VARIANT(i)
    {
        run(variants[i], "call strange -> OK");
        const struct finding *finding = &outcome.findings.item[0];
        ck_assert_uint_eq(outcome.findings.count, 1);
        ck_assert_str_eq(finding->rule->id, "RS-FOREIGN");
        ck_assert(finding->level == FINDING_NOTE);
        ck_assert_uint_eq(finding->times, 3);
        ck_assert_uint_eq(told("ecall"), 1);
        ck_assert_uint_eq(told("msr"), 1);
        for (size_t k = 0; k < seen_count; k++)
            ck_assert(seen[k].event.kind != EVENT_FOREIGN || seen[k].line != line_of("msr") ||
                      seen[k].event.value == 0x1234);
        ck_assert_uint_eq(told("mrs"), 1);
        ck_assert_ptr_nonnull(strstr(finding->text, "`ecall"));
        ck_assert_ptr_nonnull(strstr(finding->text, ", `msr s3_7_c15_c0_2"));
        ck_assert_uint_eq(stored(2), 0x1234);
    }
}
END_TEST

START_TEST(a_breakpoint_ends_the_call)
{
    EACH_VARIANT(i)
    {
        for (unsigned which = 0; which < 2; which++) {
            run(variants[i], which == 0 ? "call stop 0 -> ...\nexpect finding RS-CRASH"
                                        : "call stop 1 -> ...\nexpect finding RS-CRASH");
            ck_assert_int_eq(outcome.call[1].crash, WORLD_CRASH_ABORT);
        }
    }
}
END_TEST

static const struct {
    const char *mark;
    int kind;
    const char *text;
} builtins[] = {
    {"builtin-dmb", EVENT_BARRIER_STORE, "dmb 10"}, {"builtin-dsb", EVENT_BARRIER_SYNC, "dsb 15"},
    {"builtin-fence", EVENT_BARRIER_FULL, "fence "}, {"acle-dmb", EVENT_BARRIER_FULL, "dmb 11"},
    {"acle-dsb", EVENT_BARRIER_SYNC, "dsb 15"},     {"acle-isb", EVENT_BARRIER_INSTRUCTION, "isb "},
    {"sync", EVENT_BARRIER_FULL, ""},               {"upper", EVENT_BARRIER_STORE, NULL},
    {"hash", EVENT_BARRIER_FULL, "dmb "},           {"number", EVENT_BARRIER_STORE, "dsb 0xE"},
    {"comment", EVENT_BARRIER_FULL, NULL},
};

START_TEST(builtins_of_other_compilers_are_instructions)
{
    EACH_VARIANT(i)
    {
        size_t next = 0;
        unsigned cleaned = 0;

        run(variants[i], "call builtins -> OK");
        for (size_t k = 0; k < seen_count; k++) {
            cleaned += seen[k].event.kind == EVENT_CACHE &&
                       seen[k].line == line_of("builtin-cbo") && seen[k].event.addr == page;
            if (seen[k].event.kind != EVENT_BARRIER)
                continue;
            ck_assert_uint_lt(next, sizeof builtins / sizeof builtins[0]);
            ck_assert_msg(seen[k].line == line_of(builtins[next].mark), "%s @%s: line %u",
                          variants[i], builtins[next].mark, seen[k].line);
            ck_assert_msg(seen[k].event.value == (uint64_t)builtins[next].kind, "%s @%s: %s",
                          variants[i], builtins[next].mark, seen[k].text);
            if (builtins[next].text != NULL)
                ck_assert_str_eq(seen[k].text, builtins[next].text);
            next++;
        }
        ck_assert_uint_eq(next, sizeof builtins / sizeof builtins[0]);
        ck_assert_uint_eq(cleaned, 1);
    }
}
END_TEST

START_TEST(every_register_and_the_flags_survive)
{
    EACH_VARIANT(i)
    {
        run(variants[i], "call survive 0x123456789abcdef0 -> OK");
        ck_assert_uint_eq(outcome.findings.count, 0);
    }
}
END_TEST

/* `register long a0 asm("a0")` with OPTIONS -Dregister= */
START_TEST(variables_bound_to_foreign_registers_are_variables)
{
    run("registers-gcc", "call firmware -> OK");
    ck_assert_uint_eq(outcome.findings.count, 1);
    ck_assert_ptr_nonnull(strstr(outcome.findings.item[0].text, "ecall"));
    run("registers-clang", "call firmware -> OK");
    ck_assert_uint_eq(outcome.findings.count, 1);
}
END_TEST

START_TEST(a_sleep_without_an_interrupt_lasts_a_tick_of_the_timer)
{
    EACH_VARIANT(i)
    {
        run(variants[i], "call sleeps -> OK");
        ck_assert_uint_ge(stored(0), 10000000);
        ck_assert_uint_lt(stored(0), 20000000);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("foreign");
    TCase *cases = tcase_create("all");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, the_text_of_an_instruction_is_read_with_its_registers);
    tcase_add_test(cases, a_barrier_is_as_strong_as_its_operands_say);
    tcase_add_test(cases, the_width_of_an_access_is_read_from_its_instruction);
    tcase_add_test(cases, cache_operations_are_told_by_kind_and_line);
    tcase_add_test(cases, counters_tell_the_clock_of_the_world);
    tcase_add_test(cases, the_interrupt_mask_is_one_however_it_is_named);
    tcase_add_test(cases, what_means_nothing_here_is_told_once_with_its_line);
    tcase_add_test(cases, a_breakpoint_ends_the_call);
    tcase_add_test(cases, builtins_of_other_compilers_are_instructions);
    tcase_add_test(cases, every_register_and_the_flags_survive);
    tcase_add_test(cases, variables_bound_to_foreign_registers_are_variables);
    tcase_add_test(cases, a_sleep_without_an_interrupt_lasts_a_tick_of_the_timer);
    suite_add_tcase(suite, cases);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
