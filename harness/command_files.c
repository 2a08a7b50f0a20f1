/*
 * Files of the command line: scenarios below folders, driver objects, output that is whole or not
 * there.
 */
#include "command.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "museum.h"
#include "resources.h"
#include "scenario.h"

bool string_list_add(struct string_list *list, const char *text)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 64;
        char **item = realloc(list->item, capacity * sizeof *item);
        if (!item) {
            return false;
        }
        list->item = item;
        list->capacity = capacity;
    }
    list->item[list->count] = strdup(text);
    if (!list->item[list->count]) {
        return false;
    }
    list->count++;
    return true;
}

void string_list_free(struct string_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->item[i]);
    }
    free(list->item);
    *list = (struct string_list){0};
}

static bool ends_in(const char *name, const char *ending)
{
    size_t bytes = strlen(name), ending_bytes = strlen(ending);
    return bytes > ending_bytes && strcmp(name + bytes - ending_bytes, ending) == 0;
}

/* By bytes, so that the order is the same in every locale. */
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool complain(const char *path, const char *what)
{
    fprintf(stderr, "ringside: %s: %s\n", path, what);
    return false;
}

static bool find_below(struct string_list *out, const char *folder, unsigned depth);

/* One entry of a folder. A link to a folder is not followed: it may lead back up. */
static bool find_entry(struct string_list *out, const char *path, unsigned depth)
{
    struct stat status, link;
    if (lstat(path, &link) != 0 || stat(path, &status) != 0) {
        return ends_in(path, ".scn") ? complain(path, strerror(errno)) : true;
    }
    if (S_ISDIR(link.st_mode)) {
        return find_below(out, path, depth + 1);
    }
    if (!S_ISREG(status.st_mode) || !ends_in(path, ".scn")) {
        return true;
    }
    if (out->count == COMMAND_SCENARIOS_MAX) {
        return complain(path, "too many scenarios");
    }
    return string_list_add(out, path) || complain(path, "out of memory");
}

static bool find_below(struct string_list *out, const char *folder, unsigned depth)
{
    if (depth > COMMAND_FOLDERS_MAX) {
        return complain(folder, "folders are nested too deep");
    }
    struct dirent **entry = NULL;
    int count = scandir(folder, &entry, not_hidden, by_bytes);
    if (count < 0) {
        return complain(folder, strerror(errno));
    }
    bool good = true;
    for (int i = 0; i < count; i++) {
        char *path = NULL;
        bool slash = ends_in(folder, "/");
        if (asprintf(&path, "%s%s%s", folder, slash ? "" : "/", entry[i]->d_name) < 0) {
            good = complain(folder, "out of memory");
        } else {
            good = find_entry(out, path, depth) && good;
            free(path);
        }
        free(entry[i]);
    }
    free(entry);
    return good;
}

bool files_find(struct string_list *out, const char *path)
{
    struct stat status;
    char own[PATH_MAX];
    if (stat(path, &status) != 0) {
        int error = errno;
        snprintf(own, sizeof own, "%s/%s", resource_folder(RESOURCE_scenarios), path);
        if (path[0] == '/' || stat(own, &status) != 0) {
            return complain(path, strerror(error));
        }
        path = own;
    }
    if (S_ISDIR(status.st_mode)) {
        return find_below(out, path, 0);
    }
    return string_list_add(out, path) || complain(path, "out of memory");
}

void files_drivers(struct string_list *out, const char *folder)
{
    struct dirent **entry = NULL;
    int count = scandir(folder, &entry, not_hidden, by_bytes);
    for (int i = 0; i < count; i++) {
        size_t bytes = strlen(entry[i]->d_name);
        if (ends_in(entry[i]->d_name, ".so") && out->count < COMMAND_DRIVERS_MAX) {
            entry[i]->d_name[bytes - 3] = '\0';
            (void)string_list_add(out, entry[i]->d_name);
        }
        free(entry[i]);
    }
    free(entry);
}

static bool driver_exists(const char *folder, const char *name)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s.so", folder, name) < 0) {
        return false;
    }
    bool exists = access(path, F_OK) == 0;
    free(path);
    return exists;
}

bool command_driver_is_there(const struct run_options *options, const struct scenario *scenario,
                             FILE *errors)
{
    const char *folder = options->driver_dir;
    if (scenario->driver[0] == '\0' || options->driver_path ||
        driver_exists(folder, scenario->driver)) {
        return true;
    }
    struct string_list known = {0};
    files_drivers(&known, folder);
    fprintf(errors, "%s:%u:%u: error: unknown driver `%s`; ", scenario->path, scenario->driver_line,
            scenario->driver_column, scenario->driver);
    if (known.count == 0) {
        fprintf(errors, "there are no driver objects in %s", folder);
    } else {
        size_t shown = 0;
        fputs("known drivers: ", errors);
        for (size_t i = 0; i < known.count; i++) {
            if (!museum_has_driver(known.item[i])) {
                fprintf(errors, "%s%s", shown++ ? ", " : "", known.item[i]);
            }
        }
        if (shown < known.count) {
            fprintf(errors, "%s%zu of the museum", shown ? ", " : "", known.count - shown);
        }
        const char *nearest =
            scenario_nearest(scenario->driver, (const char *const *)known.item, known.count);
        if (nearest) {
            fprintf(errors, "; did you mean `%s`?", nearest);
        }
    }
    fputc('\n', errors);
    string_list_free(&known);
    return false;
}

/* ---- whole files ---- */

static void whole_file_free(struct whole_file *file)
{
    free(file->path);
    free(file->temporary);
    *file = (struct whole_file){0};
}

/*
 * A file without a name in the folder of `path`, which is gone with the process however that ends;
 * -1 where the file system has none.
 */
static int open_unnamed(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t bytes = slash == path ? 1 : slash ? (size_t)(slash - path) : 1;
    char *folder = strndup(slash ? path : ".", bytes);
    bool named = access("/proc/self/fd", F_OK) == 0; /* or it could not get its name later */
    int fd = folder && named ? open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666) : -1;
    free(folder);
    return fd;
}

bool whole_file_open(struct whole_file *file, const char *path)
{
    *file = (struct whole_file){.path = strdup(path)};
    if (!file->path || asprintf(&file->temporary, "%s.%ld.part", path, (long)getpid()) < 0) {
        file->temporary = NULL;
        whole_file_free(file);
        return complain(path, "out of memory");
    }
    struct stat status;
    /* A device or a pipe cannot be renamed over; it takes what comes as it comes. */
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
        free(file->temporary);
        file->temporary = NULL;
    }
    int fd = file->temporary ? open_unnamed(path) : -1;
    file->unnamed = fd >= 0;
    file->stream =
        fd >= 0 ? fdopen(fd, "w") : fopen(file->temporary ? file->temporary : path, "we");
    if (!file->stream) {
        complain(path, strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        whole_file_free(file);
        return false;
    }
    return true;
}

/* Gives an unnamed file its temporary name. */
static bool name_file(const struct whole_file *file)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fileno(file->stream));
    return linkat(AT_FDCWD, link, AT_FDCWD, file->temporary, AT_SYMLINK_FOLLOW) == 0;
}

bool whole_file_close(struct whole_file *file, bool keep)
{
    bool bad = file->failed || ferror(file->stream) != 0;
    errno = 0;
    bad = fflush(file->stream) != 0 || bad;
    bool named = !file->unnamed || (!bad && keep && name_file(file));
    bad = (!named && keep) || bad;
    bad = fclose(file->stream) != 0 || bad;
    if (bad) {
        complain(file->path, errno ? strerror(errno) : "cannot be written");
    }
    if (file->temporary && named) {
        if (bad || !keep) {
            unlink(file->temporary);
        } else if (rename(file->temporary, file->path) != 0) {
            bad = !complain(file->path, strerror(errno)) || bad;
            unlink(file->temporary);
        }
    }
    whole_file_free(file);
    return !bad;
}
