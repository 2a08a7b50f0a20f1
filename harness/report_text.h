/*
 * Text for a terminal: colours only where they are wanted, lines wrapped, and nothing printed raw
 * that came from a file or a driver.
 */
#ifndef RINGSIDE_HARNESS_REPORT_TEXT_H
#define RINGSIDE_HARNESS_REPORT_TEXT_H

#include "report.h"

#define REPORT_COLUMNS_MIN 40u
#define REPORT_LINE_BYTES  1024u

/* X(name, escape sequence) */
#define REPORT_STYLES(X)                                                                           \
    X(PLAIN, "")                                                                                   \
    X(BOLD, "\033[1m")                                                                             \
    X(ERROR, "\033[1;31m")                                                                         \
    X(WARNING, "\033[1;33m")                                                                       \
    X(NOTE, "\033[1;36m")                                                                          \
    X(GOOD, "\033[1;32m")                                                                          \
    X(GUTTER, "\033[1;34m")                                                                        \
    X(FAINT, "\033[2m")

enum report_style {
#define X(name, escape) REPORT_STYLE_##name,
    REPORT_STYLES(X)
#undef X
};

/* Text in a style; control characters become `?`, tabs spaces. Returns the columns it takes. */
unsigned report_put(FILE *out, const struct report_options *options, enum report_style style,
                    const char *text);

/*
 * Text broken between words, and a newline at the end. `at` is the column already reached; every
 * further line begins with `hang` in the gutter's style and then spaces up to `indent`.
 */
void report_wrap(FILE *out, const struct report_options *options, enum report_style style,
                 const char *hang, unsigned indent, unsigned at, const char *text);

/* Text on one line, cut with `...` where it would pass the last column, and a newline. */
void report_clip(FILE *out, const struct report_options *options, enum report_style style,
                 unsigned at, const char *text);

/* One line as printf() makes it, blanks at its end left out, cut as by report_clip(). */
__attribute__((format(printf, 4, 5))) void report_line(FILE *out,
                                                       const struct report_options *options,
                                                       enum report_style style, const char *format,
                                                       ...);

void report_spaces(FILE *out, unsigned count);

/* Columns that text takes: characters, as every character of ours is one column wide. */
unsigned report_width(const char *text);

/* A path as a shell takes it: quoted if it has to be. */
void report_shell_word(const char *path, char *out, size_t out_bytes);

/* Options for a stream: width of the terminal if it is one, colours as `when` says and NO_COLOR
 * allows. */
enum report_when { REPORT_AUTO, REPORT_ALWAYS, REPORT_NEVER };
struct report_options report_options_for(FILE *out, enum report_when when);

#endif
