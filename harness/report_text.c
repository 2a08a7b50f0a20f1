/*
 * Wrapping, cutting, colouring.
 */
#include "report_text.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS_DEFAULT 80u
#define COLUMNS_MAX     200u

static const char *const escapes[] = {
#define X(name, escape) [REPORT_STYLE_##name] = escape,
    REPORT_STYLES(X)
#undef X
};

/* Is this byte the first of a character? */
static bool starts_character(char byte)
{
    return ((unsigned char)byte & 0xc0u) != 0x80u;
}

unsigned report_width(const char *text)
{
    unsigned width = 0;
    for (; *text; text++) {
        width += starts_character(*text);
    }
    return width;
}

/* The bytes of `text` that fill `columns`, or all of them. */
static size_t bytes_of(const char *text, unsigned columns)
{
    size_t at = 0;
    unsigned width = 0;
    while (text[at] && !(starts_character(text[at]) && width == columns)) {
        width += starts_character(text[at]);
        at++;
    }
    return at;
}

static void put_bytes(FILE *out, const struct report_options *options, enum report_style style,
                      const char *text, size_t bytes)
{
    bool colored = options->color && style != REPORT_STYLE_PLAIN && bytes > 0;
    if (colored) {
        fputs(escapes[style], out);
    }
    for (size_t i = 0; i < bytes; i++) {
        /* C1 controls are the two bytes 0xc2 0x80 to 0xc2 0x9f. */
        bool c1 = i > 0 && (unsigned char)text[i - 1] == 0xc2 && (unsigned char)text[i] < 0xa0;
        bool control = iscntrl((unsigned char)text[i]) || c1;
        fputc(text[i] == '\t' ? ' ' : control ? '?' : text[i], out);
    }
    if (colored) {
        fputs("\033[0m", out);
    }
}

unsigned report_put(FILE *out, const struct report_options *options, enum report_style style,
                    const char *text)
{
    put_bytes(out, options, style, text, strlen(text));
    return report_width(text);
}

void report_spaces(FILE *out, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        fputc(' ', out);
    }
}

static unsigned columns_of(const struct report_options *options)
{
    return options->columns < REPORT_COLUMNS_MIN ? REPORT_COLUMNS_MIN : options->columns;
}

/* How much of `text` fits into `room` columns, cut between words if there is one to cut at. */
static size_t fitting_bytes(const char *text, unsigned room)
{
    size_t bytes = bytes_of(text, room);
    if (text[bytes] == '\0' || text[bytes] == ' ') {
        return bytes;
    }
    size_t at = bytes;
    while (at > 0 && text[at] != ' ') {
        at--;
    }
    return at > 0 ? at : strcspn(text, " ");
}

void report_wrap(FILE *out, const struct report_options *options, enum report_style style,
                 const char *hang, unsigned indent, unsigned at, const char *text)
{
    unsigned columns = columns_of(options);
    while (*text) { /* every second turn at least prints a word */
        unsigned room = at < columns ? columns - at : 1;
        size_t bytes = fitting_bytes(text, room);
        if (at > indent && report_width(text) > room && bytes_of(text, room) < bytes) {
            bytes = 0; /* not even the first word fits: it gets a line of its own */
        }
        put_bytes(out, options, style, text, bytes);
        text += bytes;
        text += strspn(text, " ");
        if (*text) {
            fputc('\n', out);
            unsigned used = report_put(out, options, REPORT_STYLE_GUTTER, hang);
            at = indent > used ? indent : used;
            report_spaces(out, at - used);
        }
    }
    fputc('\n', out);
}

void report_clip(FILE *out, const struct report_options *options, enum report_style style,
                 unsigned at, const char *text)
{
    static const char dots[] = "...";
    unsigned columns = columns_of(options);
    unsigned room = at + sizeof dots < columns ? columns - at : (unsigned)sizeof dots;
    if (report_width(text) <= room) {
        put_bytes(out, options, style, text, strlen(text));
    } else {
        put_bytes(out, options, style, text, bytes_of(text, room - (unsigned)strlen(dots)));
        report_put(out, options, REPORT_STYLE_FAINT, dots);
    }
    fputc('\n', out);
}

void report_line(FILE *out, const struct report_options *options, enum report_style style,
                 const char *format, ...)
{
    char text[REPORT_LINE_BYTES];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    for (size_t end = strlen(text); end > 0 && text[end - 1] == ' '; end--) {
        text[end - 1] = '\0';
    }
    report_clip(out, options, style, 0, text);
}

void report_shell_word(const char *path, char *out, size_t out_bytes)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "_-./+,:@%=";
    if (path[0] != '\0' && path[strspn(path, safe)] == '\0') {
        snprintf(out, out_bytes, "%s", path);
        return;
    }
    size_t used = 0;
    out[used++] = '\'';
    for (; *path && used + 6 < out_bytes; path++) {
        if (*path == '\'') {
            memcpy(out + used, "'\\''", 4);
            used += 4;
        } else {
            out[used++] = *path;
        }
    }
    out[used++] = '\'';
    out[used] = '\0';
}

struct report_options report_options_for(FILE *out, enum report_when when)
{
    struct report_options options = {.columns = COLUMNS_DEFAULT};
    bool terminal = isatty(fileno(out)) == 1;
    struct winsize size;
    if (terminal && ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        options.columns = size.ws_col < COLUMNS_MAX ? size.ws_col : COLUMNS_MAX;
    }
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    bool wanted = terminal && !(no_color && no_color[0]) && !(term && strcmp(term, "dumb") == 0);
    options.color = when == REPORT_ALWAYS || (when == REPORT_AUTO && wanted);
    return options;
}
