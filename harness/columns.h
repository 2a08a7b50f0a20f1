/*
 * A table on a terminal: cells side by side, each broken into lines of its column's width.
 */
#ifndef RINGSIDE_HARNESS_COLUMNS_H
#define RINGSIDE_HARNESS_COLUMNS_H

#include <stddef.h>
#include <stdio.h>

#define COLUMNS_MAX            8u
#define COLUMNS_CELL_LINES_MAX 24u /* a cell that needs more is cut */

/*
 * One row of `count` cells, a space between them. Cells that are too long are broken at spaces,
 * then behind hyphens and underscores, then anywhere; no line ends in a space.
 */
void columns_row(FILE *out, const size_t *width, const char *const *cell, size_t count);

#endif
