/*
 * Source places from the debug information of loaded objects, with elfutils' libdw.
 *
 * An object is opened when the first address inside it is asked for, and only that one: a run
 * without findings reads no debug information at all. Every answer, also "unknown", is remembered
 * by its pc.
 *
 * Not handled: debug information in a separate file (build-id, debuglink), split DWARF.
 */
#include "source.h"
#include <assert.h>
#include <dlfcn.h>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "resources.h"
#include "source_ilp32.h"

#define OBJECTS_MAX      256u
#define UNITS_MAX        65536u /* of one object */
#define TEXT_FILES_MAX   256u
#define TEXT_FILE_BYTES  (4u << 20)
#define PLACES_FIRST     256u /* slots of the table of answers; a power of two */
#define INLINE_DEPTH_MAX 16u
#define ACCESSOR_LINES   6u /* from the line of its name to its closing brace */

/* An object with debug information; `dwarf` NULL when it has none. */
struct object {
    uintptr_t base; /* what was added to the addresses in the file */
    char path[PATH_MAX];
    int fd;
    Dwarf *dwarf;
};

/* One remembered answer. */
struct answer {
    uintptr_t pc; /* 0 = free */
    bool found;
    struct source_place place;
};

/* One source file, its newlines turned into terminators. */
struct text_file {
    char name[SOURCE_FILE_BYTES];
    char *text; /* NULL when it cannot be read */
    size_t line_count;
    const char **line;
};

static struct object objects[OBJECTS_MAX];
static size_t object_count;
static struct answer *answers;
static size_t answer_slots; /* a power of two, at least twice answer_count */
static size_t answer_count;
static char scenario_file[SOURCE_FILE_BYTES]; /* "" = none */
static struct text_file text_files[TEXT_FILES_MAX];
static size_t text_file_count;

/* ---- objects ---- */

/* The object that holds an address of code, opened on first use; NULL when none does. */
static struct object *object_of(uintptr_t pc)
{
    Dl_info info;
    struct link_map *map = NULL;
    if (!dladdr1((void *)pc, &info, (void **)&map, RTLD_DL_LINKMAP) || !map) {
        return NULL;
    }
    const char *path = map->l_name[0] ? map->l_name : "/proc/self/exe";
    for (size_t i = 0; i < object_count; i++) {
        if (objects[i].base == map->l_addr && strcmp(objects[i].path, path) == 0) {
            return &objects[i];
        }
    }
    if (object_count == OBJECTS_MAX || strlen(path) >= sizeof objects[0].path) {
        return NULL;
    }
    struct object *object = &objects[object_count++];
    object->base = map->l_addr;
    snprintf(object->path, sizeof object->path, "%s", path);
    object->fd = source_ilp32(open(path, O_RDONLY | O_CLOEXEC));
    object->dwarf = object->fd < 0 ? NULL : dwarf_begin(object->fd, DWARF_C_READ);
    return object;
}

/*
 * The compilation unit of an address. Units are asked one by one: clang writes no .debug_aranges,
 * and a driver has few units.
 */
static bool find_unit(Dwarf *dwarf, Dwarf_Addr address, Dwarf_Die *die)
{
    Dwarf_CU *unit = NULL;
    for (size_t i = 0; i < UNITS_MAX; i++) {
        uint8_t type = 0;
        if (dwarf_get_units(dwarf, unit, &unit, NULL, &type, die, NULL) != 0) {
            return false;
        }
        if (type == DW_UT_compile && dwarf_haspc(die, address) == 1) {
            return true;
        }
    }
    return false;
}

/* ---- names of files ---- */

/* Opens a recorded file: as it stands, or below the project. */
static int open_source(const char *file)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && file[0] != '/') {
        char path[PATH_MAX];
        int bytes = snprintf(path, sizeof path, "%s/%s", resource_folder(RESOURCE_sources), file);
        if (bytes > 0 && (size_t)bytes < sizeof path) {
            fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        }
    }
    return fd;
}

static bool source_exists(const char *file)
{
    int fd = open_source(file);
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

/* What follows `folder` and a slash in `path`, or NULL. */
static const char *below(const char *path, const char *folder)
{
    size_t bytes = strlen(folder);
    while (bytes > 0 && folder[bytes - 1] == '/') {
        bytes--;
    }
    if (bytes == 0 || strncmp(path, folder, bytes) != 0 || path[bytes] != '/') {
        return NULL;
    }
    path += bytes;
    while (*path == '/') {
        path++;
    }
    return path;
}

/* Takes `.` and `x/..` out of a path, as text. */
static void tidy_path(char *path)
{
    char *out = path;
    char *start = path[0] == '/' ? path + 1 : path;
    const char *in = start;
    out = start;
    while (*in) {
        size_t bytes = strcspn(in, "/");
        bool up = bytes == 2 && in[0] == '.' && in[1] == '.';
        bool stay = bytes == 0 || (bytes == 1 && in[0] == '.');
        const char *next = in + bytes + (in[bytes] == '/');
        bool can_go_up = out > start && !(out - start >= 3 && memcmp(out - 3, "../", 3) == 0);
        if (up && can_go_up) {
            out--; /* the slash */
            while (out > start && out[-1] != '/') {
                out--;
            }
        } else if (!stay) {
            memmove(out, in, (size_t)(next - in));
            out += next - in;
        }
        in = next;
    }
    *out = '\0';
}

/* A path as it is shown: relative to the project or to this folder if it lies below. */
static void shorten(const char *path, char out[SOURCE_FILE_BYTES])
{
    char here[PATH_MAX];
    const char *in_project = below(path, resource_folder(RESOURCE_sources));
    const char *in_here = getcwd(here, sizeof here) ? below(path, here) : NULL;
    const char *shown = in_project ? in_project : in_here ? in_here : path;
    snprintf(out, SOURCE_FILE_BYTES, "%.*s", (int)SOURCE_FILE_BYTES - 1, shown);
}

/*
 * The name to show for a file of a unit. libdw puts the compiler's working directory before a
 * relative name; where -ffile-prefix-map has made names relative to the project, that makes a path
 * that does not exist, and the name without it is meant.
 */
static void show_file(Dwarf_Die *unit, const char *recorded, char out[SOURCE_FILE_BYTES])
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", recorded ? recorded : "");
    tidy_path(path);
    const char *shown = path;
    Dwarf_Attribute attribute;
    const char *folder = dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
    const char *bare = folder ? below(path, folder) : NULL;
    if (bare && !source_exists(path) && source_exists(bare)) {
        shown = bare;
    }
    shorten(shown, out);
}

void source_scenario(const char *path)
{
    scenario_file[0] = '\0';
    if (path && strlen(path) < SOURCE_FILE_BYTES) {
        shorten(path, scenario_file);
    }
}

/* ---- one address ---- */

/* Does an address belong to a function that was inlined into this one? */
static bool in_inlined_child(Dwarf_Die *die, Dwarf_Addr address, unsigned depth)
{
    Dwarf_Die child;
    if (depth == INLINE_DEPTH_MAX || dwarf_child(die, &child) != 0) {
        return false;
    }
    do { /* ends with the last child */
        int tag = dwarf_tag(&child);
        if (tag == DW_TAG_inlined_subroutine && dwarf_haspc(&child, address) == 1) {
            return true;
        }
        if (tag == DW_TAG_lexical_block && in_inlined_child(&child, address, depth + 1)) {
            return true;
        }
    } while (dwarf_siblingof(&child, &child) == 0);
    return false;
}

/* The line and first address of a row of the line table; of several for one address the last one
 * counts. */
static bool row_place(Dwarf_Lines *lines, size_t count, size_t row, Dwarf_Addr *address,
                      Dwarf_Word *line)
{
    int number = 0;
    Dwarf_Addr next = 0;
    Dwarf_Line *at = dwarf_onesrcline(lines, row);
    if (dwarf_lineaddr(at, address) != 0 || dwarf_lineno(at, &number) != 0 || number <= 0) {
        return false;
    }
    *line = (Dwarf_Word)number;
    return row + 1 == count || dwarf_lineaddr(dwarf_onesrcline(lines, row + 1), &next) != 0 ||
           next != *address;
}

/*
 * Is this inlined function an accessor, a few lines that somebody wrote once to use everywhere? The
 * compilers do not agree on what they record of `inline`, so its length decides.
 */
static bool is_accessor(Dwarf_Die *unit, Dwarf_Die *die)
{
    Dwarf_Attribute attribute;
    Dwarf_Word first = 0;
    Dwarf_Lines *lines = NULL;
    size_t count = 0;
    if (dwarf_tag(die) != DW_TAG_inlined_subroutine ||
        dwarf_formudata(dwarf_attr_integrate(die, DW_AT_decl_line, &attribute), &first) != 0 ||
        dwarf_getsrclines(unit, &lines, &count) != 0) {
        return false;
    }
    for (size_t row = 0; row < count; row++) {
        Dwarf_Addr address = 0;
        Dwarf_Word line = 0;
        if (!row_place(lines, count, row, &address, &line) || dwarf_haspc(die, address) != 1) {
            continue;
        }
        bool inside = line >= first && line - first < ACCESSOR_LINES;
        if (!inside && !in_inlined_child(die, address, 0)) {
            return false;
        }
    }
    return true;
}

/* The place where an inlined function was called. */
static void call_place(Dwarf_Die *unit, Dwarf_Die *inlined, struct source_place *out)
{
    Dwarf_Attribute attribute;
    Dwarf_Word file = 0, line = 0;
    Dwarf_Files *files = NULL;
    size_t count = 0;
    if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attribute), &file) != 0 ||
        dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attribute), &line) != 0 ||
        dwarf_getsrcfiles(unit, &files, &count) != 0 || file >= count) {
        return;
    }
    show_file(unit, dwarf_filesrc(files, file, NULL, NULL), out->inlined_file);
    out->inlined_line = (unsigned)line;
}

/*
 * Function names and the caller's place. A caller that is one more accessor is passed over, so its
 * own caller is taken, and so on.
 */
static void find_function(Dwarf_Die *unit, Dwarf_Addr address, struct source_place *out)
{
    Dwarf_Die *innermost = NULL;
    Dwarf_Die *scopes = NULL;
    if (dwarf_getscopes(unit, address, &innermost) <= 0) {
        return;
    }
    int count = dwarf_getscopes_die(&innermost[0], &scopes);
    free(innermost);
    bool climbing = true;
    size_t depth = 0;
    for (int i = 0; i < count && climbing && depth < INLINE_DEPTH_MAX; i++) {
        int tag = dwarf_tag(&scopes[i]);
        if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram) {
            continue;
        }
        bool accessor = is_accessor(unit, &scopes[i]);
        const char *name = dwarf_diename(&scopes[i]);
        if (depth == 0) {
            snprintf(out->function, sizeof out->function, "%s", name ? name : "");
            out->helper = accessor;
        } else {
            snprintf(out->inlined_function, sizeof out->inlined_function, "%s", name ? name : "");
        }
        climbing = tag == DW_TAG_inlined_subroutine && (depth == 0 || accessor);
        if (climbing) {
            call_place(unit, &scopes[i], out);
        }
        depth++;
    }
    if (count > 0) {
        free(scopes);
    }
}

/*
 * The row of the line table that holds an address. An optimiser that merges two stores gives the
 * one that is left to no line at all; the nearest line before it is what a person would look at.
 */
static Dwarf_Line *row_of(Dwarf_Die *unit, Dwarf_Addr address, int *number)
{
    Dwarf_Line *line = dwarf_getsrc_die(unit, address);
    Dwarf_Lines *lines = NULL;
    size_t count = 0;
    Dwarf_Line *nearest = NULL;

    if (line == NULL || dwarf_lineno(line, number) != 0 || *number > 0) {
        return line;
    }
    if (dwarf_getsrclines(unit, &lines, &count) != 0) {
        return NULL;
    }
    for (size_t row = 0; row < count; row++) {
        Dwarf_Line *at = dwarf_onesrcline(lines, row);
        Dwarf_Addr from = 0;
        int candidate = 0;
        if (dwarf_lineaddr(at, &from) != 0 || from > address) {
            break;
        }
        if (dwarf_lineno(at, &candidate) == 0 && candidate > 0) {
            nearest = at;
            *number = candidate;
        }
    }
    return nearest;
}

static bool look_up(uintptr_t pc, struct source_place *out)
{
    memset(out, 0, sizeof *out);
    struct object *object = pc > 0 ? object_of(pc - 1) : NULL;
    Dwarf_Die unit;
    if (!object || !object->dwarf) {
        return false;
    }
    Dwarf_Addr address = pc - 1 - object->base;
    if (!find_unit(object->dwarf, address, &unit)) {
        return false;
    }
    int number = 0;
    Dwarf_Line *line = row_of(&unit, address, &number);
    const char *file = line ? dwarf_linesrc(line, NULL, NULL) : NULL;
    if (!file || number <= 0) {
        return false;
    }
    show_file(&unit, file, out->file);
    out->line = (unsigned)number;
    find_function(&unit, address, out);
    return true;
}

/* ---- the table of answers ---- */

/* The slot of a pc in a table that has a free one: its own, or the one to put it in. */
static struct answer *slot_of(struct answer *table, size_t slots, uintptr_t pc)
{
    size_t at = (size_t)((uint64_t)pc * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (slots - 1);
    while (table[at].pc != 0 && table[at].pc != pc) { /* ends: a slot is free */
        at = (at + 1) & (slots - 1);
    }
    return &table[at];
}

/* Makes room for one more answer. */
static bool answers_grow(void)
{
    if (answer_count * 2 < answer_slots) {
        return true;
    }
    size_t slots = answer_slots ? answer_slots * 2 : PLACES_FIRST;
    struct answer *table = calloc(slots, sizeof *table);
    if (!table) {
        return false;
    }
    for (size_t i = 0; i < answer_slots; i++) {
        if (answers[i].pc != 0) {
            *slot_of(table, slots, answers[i].pc) = answers[i];
        }
    }
    free(answers);
    answers = table;
    answer_slots = slots;
    return true;
}

bool source_find(uintptr_t pc, struct source_place *out)
{
    if (pc > 0 && pc <= SOURCE_SCENARIO_LINES && scenario_file[0]) {
        memset(out, 0, sizeof *out);
        memcpy(out->file, scenario_file, sizeof out->file);
        out->line = (unsigned)pc;
        return true;
    }
    if (pc == 0 || !answers_grow()) {
        memset(out, 0, sizeof *out);
        return false;
    }
    struct answer *answer = slot_of(answers, answer_slots, pc);
    if (answer->pc == 0) {
        answer->found = look_up(pc, &answer->place);
        answer->pc = pc;
        answer_count++;
    }
    *out = answer->place;
    return answer->found;
}

/* ---- source text ---- */

/* Cuts a file's text into lines. */
static bool cut_lines(struct text_file *file, size_t bytes)
{
    size_t lines = 1;
    for (size_t i = 0; i < bytes; i++) {
        lines += file->text[i] == '\n';
    }
    file->line = calloc(lines, sizeof *file->line);
    if (!file->line) {
        return false;
    }
    file->line[file->line_count++] = file->text;
    for (size_t i = 0; i < bytes; i++) {
        if (file->text[i] == '\n') {
            file->text[i] = '\0';
            file->line[file->line_count++] = file->text + i + 1;
        } else if (file->text[i] == '\r') {
            file->text[i] = ' ';
        }
    }
    return true;
}

static void read_text(struct text_file *file)
{
    int fd = open_source(file->name);
    FILE *stream = fd < 0 ? NULL : fdopen(fd, "r");
    if (!stream) {
        if (fd >= 0) {
            close(fd);
        }
        return;
    }
    file->text = malloc(TEXT_FILE_BYTES + 1);
    if (file->text) {
        size_t bytes = fread(file->text, 1, TEXT_FILE_BYTES, stream);
        file->text[bytes] = '\0';
        char *fitted = realloc(file->text, bytes + 1);
        file->text = fitted ? fitted : file->text;
        if (bytes == 0 || !cut_lines(file, bytes)) {
            free(file->text);
            file->text = NULL;
        }
    }
    fclose(stream);
}

const char *source_text(const char *file, unsigned line)
{
    struct text_file *known = NULL;
    for (size_t i = 0; i < text_file_count && !known; i++) {
        if (strcmp(text_files[i].name, file) == 0) {
            known = &text_files[i];
        }
    }
    if (!known) {
        if (text_file_count == TEXT_FILES_MAX || strlen(file) >= SOURCE_FILE_BYTES) {
            return "";
        }
        known = &text_files[text_file_count++];
        memset(known, 0, sizeof *known);
        snprintf(known->name, sizeof known->name, "%s", file);
        read_text(known);
    }
    return line == 0 || line > known->line_count ? "" : known->line[line - 1];
}

void source_close(void)
{
    for (size_t i = 0; i < object_count; i++) {
        if (objects[i].dwarf) {
            dwarf_end(objects[i].dwarf);
        }
        if (objects[i].fd >= 0) {
            close(objects[i].fd);
        }
    }
    for (size_t i = 0; i < text_file_count; i++) {
        free(text_files[i].text);
        free(text_files[i].line);
    }
    free(answers);
    answers = NULL;
    object_count = answer_slots = answer_count = text_file_count = 0;
}
