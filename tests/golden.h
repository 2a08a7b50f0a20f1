/*
 * Golden files: text that is compared byte for byte with tests/golden/NAME. With RINGSIDE_BLESS=1
 * in the environment the file is written instead, to be reviewed as any other change.
 */
#ifndef RINGSIDE_TESTS_GOLDEN_H
#define RINGSIDE_TESTS_GOLDEN_H

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN_BYTES_MAX (1u << 20)

static inline void golden_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    ck_assert_msg(file != NULL, "%s cannot be written", path);
    fputs(text, file);
    ck_assert_msg(fclose(file) == 0, "%s cannot be written", path);
}

/* The file's text; the caller frees it. */
static inline char *golden_read(const char *path)
{
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s is missing; RINGSIDE_BLESS=1 writes it", path);
    char *text = malloc(GOLDEN_BYTES_MAX);
    ck_assert(text != NULL);
    size_t bytes = fread(text, 1, GOLDEN_BYTES_MAX - 1, file);
    text[bytes] = '\0';
    fclose(file);
    return text;
}

static inline void golden_compare(const char *name, const char *text)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/tests/golden/%s", RINGSIDE_SOURCE_DIR, name);
    const char *bless = getenv("RINGSIDE_BLESS");
    if (bless && strcmp(bless, "1") == 0) {
        golden_write(path, text);
        return;
    }
    char *wanted = golden_read(path);
    size_t same = 0, line = 1;
    while (wanted[same] && wanted[same] == text[same]) {
        line += wanted[same] == '\n';
        same++;
    }
    if (wanted[same] != text[same]) { /* too long for a message of Check */
        fprintf(stderr, "--- got, instead of %s ---\n%s\n--- end ---\n", path, text);
    }
    ck_assert_msg(wanted[same] == text[same], "differs from %s in line %zu", path, line);
    free(wanted);
}

#endif
