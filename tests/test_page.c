/*
 * Pages: whatever text gets into one stays text, and a page holds the run that it is of.
 *
 * Pages are made by the program, in a folder of their own below the build folder, and read back
 * with other means than they were written with: jansson and zlib's inflate.
 */
#include "page_state.h"
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#define FILE_BYTES_MAX (64u << 20)

static const char program[] = RINGSIDE_BINARY_DIR "/ringside";
static const char folder[] = RINGSIDE_BINARY_DIR "/test_page";

static void setup(void)
{
    char command[1024];
    snprintf(command, sizeof command, "rm -rf '%s' && mkdir -p '%s'", folder, folder);
    ck_assert_int_eq(system(command), 0);
    ck_assert_int_eq(chdir(folder), 0);
    setenv("R", program, 1);
    setenv("S", RINGSIDE_SOURCE_DIR "/scenarios", 1);
}

static int run(const char *command)
{
    char line[2048];
    snprintf(line, sizeof line, "{ %s; } >.out 2>.err", command);
    int status = system(line);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    ck_assert_msg(file != NULL, "%s", name);
    fputs(text, file);
    fclose(file);
}

/* The caller frees it. */
static char *read_file(const char *name)
{
    FILE *file = fopen(name, "r");
    ck_assert_msg(file != NULL, "%s is missing", name);
    char *text = malloc(FILE_BYTES_MAX);
    ck_assert_ptr_nonnull(text);
    size_t bytes = fread(text, 1, FILE_BYTES_MAX - 1, file);
    text[bytes] = '\0';
    fclose(file);
    return text;
}

static unsigned count(const char *text, const char *what)
{
    unsigned times = 0;
    while ((text = strstr(text, what)) != NULL) {
        times++;
        text += strlen(what);
    }
    return times;
}

/* The text of an element of a page, by its id. */
static char *element(const char *page, const char *id)
{
    char begin[64];
    snprintf(begin, sizeof begin, "id=\"%s\">", id);
    const char *at = strstr(page, begin);
    ck_assert_msg(at != NULL, "no element %s", id);
    at += strlen(begin);
    const char *end = strstr(at, "</script>");
    ck_assert_ptr_nonnull(end);
    return strndup(at, (size_t)(end - at));
}

static json_t *parse(const char *text)
{
    json_error_t error;
    json_t *json = json_loads(text, JSON_DECODE_ANY, &error);
    ck_assert_msg(json != NULL, "%s at %d: %.60s", error.text, error.position,
                  text + (error.position > 30 ? error.position - 30 : 0));
    return json;
}

static json_t *data_of(const char *page)
{
    char *text = element(page, "data");
    json_t *json = parse(text);
    free(text);
    return json;
}

static const char *word(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    ck_assert_msg(text != NULL, "no %s", key);
    return text;
}

static long long number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    ck_assert_msg(json_is_integer(value), "no %s", key);
    return json_integer_value(value);
}

/* ---- hostile names ---- */

#define HOSTILE_NAME "x<img src=q onerror=alert(1)>\"'&`%23 \\u003c.scn"

static const char hostile[] = "# </script><script>alert('d')</script> & <b>bold</b>\n"
                              "# <!--@script--> ${alert(2)}\n"
                              "device gpu version 2\n"
                              "driver hostile\n"
                              "call attack 1 -> TIMEOUT  # <script>alert(4)</script>\n";

START_TEST(hostile_names_do_not_become_markup)
{
    write_file("plain.scn", "device gpu version 2\nread Version -> 2\n");
    write_file(HOSTILE_NAME, hostile);
    ck_assert_int_eq(run("$R run --html out plain.scn x*.scn"), 1);
    char *plain = read_file("out/plain.html");
    char *page = read_file("out/x_img_src_q_onerror_alert_1_______23__u003c.html");
    static const char *const markup[] = {"<script", "</script", "<img", "<svg/", "<b>", "<!--"};
    for (size_t i = 0; i < sizeof markup / sizeof markup[0]; i++)
        ck_assert_msg(count(page, markup[i]) == count(plain, markup[i]), "%s", markup[i]);
    json_t *data = data_of(page);
    ck_assert_str_eq(word(data, "path"), HOSTILE_NAME);
    ck_assert_ptr_nonnull(strstr(word(data, "description"), "<!--@script--> ${alert(2)}"));
    ck_assert_str_eq(word(data, "scenario"), hostile);
    const json_t *regions = json_object_get(data, "regions");
    unsigned found = 0;
    for (size_t i = 0; i < json_array_size(regions); i++) {
        const char *name = json_string_value(json_array_get(json_array_get(regions, i), 0));
        found += strcmp(name, "<img src=q onerror=alert(6)>") == 0;
        found += strcmp(name, "</script><script>") == 0;
    }
    ck_assert_uint_eq(found, 2);
    json_decref(data);
    free(page);
    char *index = read_file("out/index.html");
    ck_assert_uint_eq(count(index, "<img"), 0);
    data = data_of(index);
    ck_assert_uint_eq(json_array_size(data), 2);
    ck_assert_str_eq(word(json_array_get(data, 1), "path"), HOSTILE_NAME);
    json_decref(data);
    free(index);
    free(plain);
}
END_TEST

/* ---- what a page holds ---- */

static size_t digit(char letter)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = strchr(digits, letter);
    ck_assert_ptr_nonnull(at);
    return (size_t)(at - digits);
}

/* Undoes base64 and deflate; the caller frees it. */
static char *inflated(const char *base64, size_t letters, size_t *bytes_out)
{
    uint8_t *packed = malloc(letters + 1);
    size_t packed_bytes = 0;
    for (size_t i = 0; i + 3 < letters; i += 4) {
        size_t value = digit(base64[i]) << 18 | digit(base64[i + 1]) << 12;
        value |= base64[i + 2] != '=' ? digit(base64[i + 2]) << 6 : 0;
        value |= base64[i + 3] != '=' ? digit(base64[i + 3]) : 0;
        packed[packed_bytes++] = (uint8_t)(value >> 16);
        packed[packed_bytes++] = (uint8_t)(value >> 8);
        packed[packed_bytes++] = (uint8_t)value;
    }
    uLongf bytes = 16u << 20;
    char *text = malloc(bytes + 1);
    int status = uncompress((Bytef *)text, &bytes, packed, packed_bytes);
    ck_assert_int_eq(status, Z_OK);
    text[bytes] = '\0';
    *bytes_out = bytes;
    free(packed);
    return text;
}

static uint32_t *folds_of(const char *page, size_t *words)
{
    size_t bytes;
    char *text = element(page, "fold-data");
    uint32_t *word_list = (uint32_t *)(void *)inflated(text, strlen(text), &bytes);
    free(text);
    *words = bytes / 4;
    return word_list;
}

/* Compares a page's lines with those of a trace, which begins with the scenario's path. */
static void compare_with_trace(const char *page, const char *trace)
{
    char *blocks = element(page, "block-data");
    const char *line = strchr(trace, '\n') + 1;
    uint64_t step = 0;
    for (const char *block = blocks; *block != '\0'; block += strcspn(block, "\n") + 1) {
        size_t bytes;
        char *text = inflated(block, strcspn(block, "\n"), &bytes);
        for (char *at = text; *at != '\0'; at += strcspn(at, "\n") + 1) {
            char full[512];
            size_t length = strcspn(at, "\t\n");
            if (at[0] >= '0' && at[0] <= '9')
                step = strtoull(at, NULL, 10);
            else
                step++;
            if (at[0] >= '0' && at[0] <= '9')
                snprintf(full, sizeof full, "%.*s", (int)length, at);
            else
                snprintf(full, sizeof full, "%llu %.*s", (unsigned long long)step, (int)length, at);
            ck_assert_msg(strncmp(line, full, strlen(full)) == 0 && line[strlen(full)] == '\n',
                          "`%s` is not `%.60s`", full, line);
            line += strlen(full) + 1;
        }
        free(text);
    }
    ck_assert_str_eq(line, "");
    free(blocks);
}

START_TEST(a_page_holds_every_event_of_the_trace)
{
    static const char *const scenarios[] = {"seed/a-timeout", "seed/c8-queue-align-8",
                                            "gpu/a-picture-in-pieces"};
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
        char command[256], name[128];
        snprintf(command, sizeof command, "$R run --html out --trace=t.txt $S/%s.scn",
                 scenarios[i]);
        ck_assert_int_eq(run(command), 0);
        snprintf(name, sizeof name, "out/%s.html", strchr(scenarios[i], '/') + 1);
        char *page = read_file(name);
        char *trace = read_file("t.txt");
        compare_with_trace(page, trace);
        free(page);
        free(trace);
    }
}
END_TEST

/* Rows that a reader may jump to, from the lines of the trace. */
static unsigned compare_marks(const uint32_t *folds, const char *trace, int kind, const char *what)
{
    const uint32_t *row = folds + 2 + 3 * folds[0];
    const uint32_t *kinds = row + folds[1];
    const char *line = strchr(trace, '\n') + 1;
    uint32_t at = 0, next = 0, marks = 0;
    for (uint32_t i = 0; i < folds[1]; i++) {
        at += row[i];
        if (kinds[i] != (uint32_t)kind)
            continue;
        for (; next < at; next++) {
            ck_assert_msg(strncmp(strchr(line, ' '), what, strlen(what)) != 0, "%.40s", line);
            line = strchr(line, '\n') + 1;
        }
        ck_assert_msg(strncmp(strchr(line, ' '), what, strlen(what)) == 0, "%.40s", line);
        line = strchr(line, '\n') + 1;
        next++;
        marks++;
    }
    for (; *line != '\0'; line = strchr(line, '\n') + 1)
        ck_assert_msg(strncmp(strchr(line, ' '), what, strlen(what)) != 0, "%.40s", line);
    return marks;
}

/* `wanted`: a bit a kind that must be there. */
static void check_nesting(const uint32_t *folds, unsigned wanted)
{
    uint32_t stack[8], depth = 0, start = 0, kinds[4] = {0};
    for (uint32_t i = 0; i < folds[0]; i++) {
        uint32_t rows = folds[2 + folds[0] + i];
        start += folds[2 + i];
        while (depth > 0 && stack[depth - 1] <= start)
            depth--;
        ck_assert_uint_gt(rows, 0);
        ck_assert_uint_lt(depth, 8);
        if (depth > 0)
            ck_assert_uint_le(start + rows, stack[depth - 1]);
        stack[depth++] = start + rows;
        ck_assert_uint_lt(folds[2 + 2 * folds[0] + i] >> 16, 4);
        kinds[folds[2 + 2 * folds[0] + i] >> 16]++;
    }
    for (int kind = 0; kind < 4; kind++)
        ck_assert_msg((wanted >> kind & 1) == 0 || kinds[kind] > 0, "no fold of kind %d", kind);
}

START_TEST(folds_nest_and_marks_are_where_the_trace_has_them)
{
    write_file("r.scn", "device gpu version 2\ndriver reference queue-size 4\nschedule lazy\n"
                        "call init\ncall requests 20\ncall show 64 64\n");
    ck_assert_int_eq(run("$R run --html out --trace=t.txt r.scn"), 0);
    char *page = read_file("out/r.html");
    char *trace = read_file("t.txt");
    size_t words;
    uint32_t *folds = folds_of(page, &words);
    ck_assert_uint_eq(words, 2 + 3 * folds[0] + 2 * folds[1]);
    check_nesting(folds, 15);
    unsigned notified = compare_marks(folds, trace, PAGE_MARK_NOTIFY, " driver write QueueNotify ");
    ck_assert_uint_ge(notified, 20);
    ck_assert_uint_eq(compare_marks(folds, trace, PAGE_MARK_USED, " device store q0.used.idx "),
                      notified);
    free(folds);
    free(page);
    free(trace);
}
END_TEST

static json_t *rings_of(const char *page)
{
    size_t bytes;
    char *text = element(page, "ring-data");
    char *list = inflated(text, strlen(text), &bytes);
    json_t *json = parse(list);
    free(list);
    free(text);
    return json;
}

START_TEST(rings_are_drawn_as_they_are_at_a_notification)
{
    write_file("r.scn", "device gpu version 2\ndriver reference queue-size 4\ncall init\n"
                        "call requests 2\n");
    ck_assert_int_eq(run("$R run --html out r.scn"), 0);
    char *page = read_file("out/r.html");
    json_t *rings = rings_of(page);
    ck_assert_uint_eq(json_array_size(rings), 2);
    for (size_t i = 0; i < 2; i++) {
        const json_t *ring = json_array_get(rings, i);
        ck_assert(json_is_true(json_object_get(ring, "live")));
        ck_assert_int_eq(number(ring, "size"), 4);
        /* one more is there than the device has taken and the driver has seen */
        ck_assert_int_eq(number(json_object_get(ring, "avail"), "idx"), (int)i + 1);
        ck_assert_int_eq(number(json_object_get(ring, "used"), "idx"), (int)i);
        ck_assert_int_eq(number(ring, "taken"), (int)i);
        const json_t *requests = json_object_get(ring, "requests");
        ck_assert_uint_eq(json_array_size(requests), 1);
        const json_t *request = json_array_get(requests, 0);
        ck_assert_str_eq(json_string_value(json_array_get(request, 1)), "published");
        ck_assert_str_eq(json_string_value(json_array_get(request, 2)),
                         "VIRTIO_GPU_CMD_GET_DISPLAY_INFO");
        /* its head is in the slot, and its two descriptors are its own */
        long long head = json_integer_value(json_array_get(request, 0));
        const json_t *slots = json_object_get(json_object_get(ring, "avail"), "slots");
        ck_assert_int_eq(json_integer_value(json_array_get(json_array_get(slots, i), 1)), head);
        unsigned owned = 0;
        const json_t *desc = json_object_get(ring, "desc");
        for (size_t j = 0; j < json_array_size(desc); j++)
            owned += json_integer_value(json_array_get(json_array_get(desc, j), 6)) == head;
        ck_assert_uint_eq(owned, 2);
    }
    json_decref(rings);
    free(page);
}
END_TEST

START_TEST(pictures_of_the_first_and_the_last_notifications_are_kept)
{
    write_file("r.scn", "device gpu version 2\ndriver reference queue-size 4\ncall init\n"
                        "call requests 300\n");
    ck_assert_int_eq(run("$R run --html out r.scn"), 0);
    char *page = read_file("out/r.html");
    json_t *rings = rings_of(page);
    json_t *data = data_of(page);
    ck_assert_int_eq(number(data, "notifications"), 300);
    ck_assert_uint_eq(json_array_size(rings), PAGE_RINGS_FIRST + PAGE_RINGS_LAST);
    for (size_t i = 0; i < json_array_size(rings); i++) {
        long long idx = number(json_object_get(json_array_get(rings, i), "avail"), "idx");
        long long lost = 300 - PAGE_RINGS_FIRST - PAGE_RINGS_LAST;
        ck_assert_int_eq(idx, (long long)i + 1 + (i < PAGE_RINGS_FIRST ? 0 : lost));
    }
    json_decref(data);
    json_decref(rings);
    free(page);
}
END_TEST

START_TEST(events_beyond_the_limit_are_counted)
{
    write_file("r.scn", "device gpu version 2\ndriver reference\nschedule lazy\ncall init\n"
                        "call requests 24500\n");
    ck_assert_int_eq(run("$R run --html out r.scn"), 0);
    char *page = read_file("out/r.html");
    json_t *data = data_of(page);
    long long steps = number(data, "steps");
    ck_assert_int_gt(steps, (long long)PAGE_EVENTS_MAX);
    ck_assert_int_eq(number(data, "eventsMore"), steps - (long long)PAGE_EVENTS_MAX);
    ck_assert_uint_eq(json_array_size(json_object_get(data, "blocks")), 2 * PAGE_BLOCKS_MAX);
    json_decref(data);
    size_t words;
    uint32_t *folds = folds_of(page, &words);
    check_nesting(folds, 1u << PAGE_FOLD_CALL | 1u << PAGE_FOLD_REQUEST);
    free(folds);
    free(page);
}
END_TEST

START_TEST(a_finding_has_its_rule_its_places_and_its_source)
{
    ck_assert_int_eq(run("$R run --html out $S/seed/a-timeout.scn"), 0);
    char *page = read_file("out/a-timeout.html");
    json_t *data = data_of(page);
    ck_assert_str_eq(word(data, "state"), "ok");
    ck_assert_uint_eq(json_array_size(json_object_get(data, "findings")), 1);
    const json_t *finding = json_array_get(json_object_get(data, "findings"), 0);
    ck_assert_str_eq(word(finding, "id"), "LMMIO-DRV-D10");
    ck_assert_str_eq(word(finding, "section"), "4.2.4");
    ck_assert_ptr_nonnull(strstr(word(finding, "help"), "force-legacy=false"));
    const json_t *at = json_object_get(finding, "at");
    ck_assert_int_eq(number(at, "step"), 144);
    ck_assert_str_eq(word(at, "text"), "144 driver write QueueReady 1 !wrong-version");
    const json_t *place =
        json_array_get(json_object_get(data, "places"), (size_t)number(at, "place"));
    const char *file = json_string_value(json_array_get(place, 0));
    char line[16];
    snprintf(line, sizeof line, "%lld", json_integer_value(json_array_get(place, 1)));
    ck_assert_str_eq(file, "driver/specimens/levitate/transport.c");
    const json_t *lines = json_object_get(json_object_get(data, "sources"), file);
    ck_assert_ptr_nonnull(strstr(word(lines, line), "VIRTIO_MMIO_QueueReady) = 1;"));
    const json_t *ladder = json_array_get(json_object_get(data, "ladders"), 0);
    ck_assert_int_eq(number(ladder, "missed"), LADDER_QUEUE_LIVE);
    ck_assert_uint_eq(json_array_size(json_object_get(ladder, "rungs")), LADDER_RUNG_COUNT);
    json_decref(data);
    /* the report as on a terminal, for readers without a script */
    ck_assert_ptr_nonnull(strstr(page, "error[LMMIO-DRV-D10]: driver wrote `QueueReady`"));
    free(page);
}
END_TEST

START_TEST(the_screen_is_a_png_also_when_it_was_lost)
{
    write_file("d.scn", "device gpu version 2 display 64x48\ndriver reference\ncall init\n"
                        "call show\ncall shutdown\nexpect scanout 0 lost\n");
    ck_assert_int_eq(run("$R run --html out d.scn"), 0);
    char *page = read_file("out/d.html");
    json_t *data = data_of(page);
    const json_t *screen = json_object_get(data, "screen");
    const json_t *last = json_object_get(screen, "last");
    ck_assert(json_is_false(json_object_get(screen, "active")));
    ck_assert_ptr_null(json_object_get(screen, "picture"));
    ck_assert_int_eq(number(last, "width"), 64);
    ck_assert_int_eq(number(last, "height"), 48);
    ck_assert_int_eq(strncmp(word(last, "png"), "iVBORw0KGgo", 11), 0);
    json_decref(data);
    free(page);
}
END_TEST

/* ---- files ---- */

START_TEST(pages_have_names_of_their_own)
{
    static const char reads[] = "device gpu version 2\nread Version -> 2\n";
    ck_assert_int_eq(system("mkdir -p a b"), 0);
    write_file("a/same.scn", reads);
    write_file("b/same.scn", reads);
    write_file("a/index.scn", reads);
    write_file("b/broken.scn", "device gpu\nraed Version\n");
    ck_assert_int_eq(run("$R run --html out a b"), 2);
    ck_assert_int_eq(system("cd out && ls >../ls.txt"), 0);
    char *list = read_file("ls.txt");
    ck_assert_str_eq(list, "index.html\nsame-2.html\nsame.html\nscenario.html\n");
    free(list);
    char *index = read_file("out/index.html");
    json_t *rows = data_of(index);
    static const char *const files[] = {"scenario.html", "same.html", NULL, "same-2.html"};
    ck_assert_uint_eq(json_array_size(rows), 4);
    for (size_t i = 0; i < 4; i++) {
        const json_t *row = json_array_get(rows, i);
        if (files[i] != NULL)
            ck_assert_str_eq(word(row, "file"), files[i]);
        ck_assert_str_eq(word(row, "state"), files[i] != NULL ? "ok" : "broken");
    }
    json_decref(rows);
    free(index);
}
END_TEST

START_TEST(what_cannot_be_written_is_told)
{
    write_file("good.scn", "device gpu version 2\nread Version -> 2\n");
    write_file("file", "");
    ck_assert_int_eq(run("$R run --html file good.scn"), 2);
    char *errors = read_file(".err");
    ck_assert_str_eq(errors, "ringside: file: Not a directory\n");
    free(errors);
    ck_assert_int_eq(run("$R run --html nowhere/out good.scn"), 2);
    errors = read_file(".err");
    ck_assert_str_eq(errors, "ringside: nowhere/out: No such file or directory\n");
    free(errors);
}
END_TEST

START_TEST(a_run_that_is_killed_leaves_nothing_behind)
{
    write_file("long.scn", "device gpu version 2\ndriver reference\ncall init\n"
                           "call requests 100000000\n");
    ck_assert_int_eq(run("mkdir out; timeout -s KILL 1 $R run --html out --trace=t.txt long.scn"),
                     137);
    ck_assert_int_eq(system("ls out t.txt* >ls.txt 2>/dev/null"), 0x200);
    char *list = read_file("ls.txt");
    ck_assert_msg(strstr(list, "html") == NULL && strstr(list, "t.txt") == NULL, "%s", list);
    free(list);
}
END_TEST

START_TEST(a_driver_that_takes_its_process_along_has_a_page_with_its_events)
{
    write_file("lost.scn", "device gpu\ndriver unruly\ncall raw-exit -> ...\n");
    (void)run("$R run --html out lost.scn");
    char *page = read_file("out/lost.html");
    json_t *data = data_of(page);
    const json_t *blocks = json_object_get(data, "blocks");
    ck_assert_uint_eq(json_array_size(blocks), 2);
    ck_assert_int_gt(json_integer_value(json_array_get(blocks, 1)), 0);
    const json_t *finding = json_array_get(json_object_get(data, "findings"), 0);
    ck_assert_str_eq(word(finding, "id"), "RS-PROCESS");
    json_decref(data);
    free(page);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("page");
    TCase *pages = tcase_create("pages");
    tcase_add_checked_fixture(pages, setup, NULL);
    tcase_set_timeout(pages, 60);
    tcase_add_test(pages, hostile_names_do_not_become_markup);
    tcase_add_test(pages, a_page_holds_every_event_of_the_trace);
    tcase_add_test(pages, folds_nest_and_marks_are_where_the_trace_has_them);
    tcase_add_test(pages, rings_are_drawn_as_they_are_at_a_notification);
    tcase_add_test(pages, pictures_of_the_first_and_the_last_notifications_are_kept);
    tcase_add_test(pages, events_beyond_the_limit_are_counted);
    tcase_add_test(pages, a_finding_has_its_rule_its_places_and_its_source);
    tcase_add_test(pages, the_screen_is_a_png_also_when_it_was_lost);
    tcase_add_test(pages, pages_have_names_of_their_own);
    tcase_add_test(pages, what_cannot_be_written_is_told);
    tcase_add_test(pages, a_run_that_is_killed_leaves_nothing_behind);
    tcase_add_test(pages, a_driver_that_takes_its_process_along_has_a_page_with_its_events);
    suite_add_tcase(suite, pages);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_FORK);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
