/*
 * Rows of cells, broken into lines.
 */
#include "columns.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

/* How many bytes of `text` go on a line of `width`: up to a space, behind a mark, or all that fit.
 */
static size_t line_bytes(const char *text, size_t width)
{
    size_t bytes = strlen(text);
    size_t space = 0, mark = 0;

    if (bytes <= width)
        return bytes;
    for (size_t i = 0; i <= width; i++) {
        if (text[i] == ' ' && i > 0)
            space = i;
        if ((text[i] == '-' || text[i] == '_') && i < width)
            mark = i + 1;
    }
    return space ? space : mark ? mark : width;
}

/* One line of output; true when a cell has text left. */
static bool print_line(FILE *out, const size_t *width, const char **rest, size_t count)
{
    bool more = false;
    size_t owed = 0; /* spaces not printed yet, so that no line ends in one */

    for (size_t i = 0; i < count; i++) {
        size_t bytes = line_bytes(rest[i], width[i]);
        if (bytes > 0) {
            fprintf(out, "%*s%.*s", (int)owed, "", (int)bytes, rest[i]);
            owed = 0;
        }
        owed += width[i] - bytes + 1;
        rest[i] += bytes;
        while (*rest[i] == ' ')
            rest[i]++;
        more = more || *rest[i];
    }
    fputc('\n', out);
    return more;
}

void columns_row(FILE *out, const size_t *width, const char *const *cell, size_t count)
{
    const char *rest[COLUMNS_MAX];

    assert(count <= COLUMNS_MAX);
    for (size_t i = 0; i < count; i++)
        rest[i] = cell[i];
    for (size_t i = 0; i < COLUMNS_CELL_LINES_MAX && print_line(out, width, rest, count); i++)
        ;
}
