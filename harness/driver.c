/*
 * Loads a driver's shared object and keeps its writable data as it was, for every run to start
 * alike.
 */
#include "driver.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "driver_ilp32.h"
#include "process.h"
#include "ringside_asan.h"
#include "symbols.h"

#define DRIVERS_LOADED_MAX   256u
#define PAGE_BYTES           4096u
#define TABLES_DROPPED_BYTES (64u * 1024u)

static struct driver *loaded[DRIVERS_LOADED_MAX];
static size_t loaded_count;
static char error_text[DRIVER_PATH_BYTES + SYMBOLS_TEXT_BYTES + 64];

struct data_search {
    const void *symbol;
    struct driver *driver;
};

/* Finds the object that holds `symbol`, and its writable part. */
static int find_data(struct dl_phdr_info *info, size_t size, void *context)
{
    struct data_search *search = context;
    uintptr_t wanted = (uintptr_t)search->symbol;
    uintptr_t page_bytes = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t start = UINTPTR_MAX;
    uintptr_t end = 0;
    uintptr_t file_end = 0;
    uintptr_t low = UINTPTR_MAX;
    uintptr_t high = 0;
    bool mine = false;

    (void)size;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uintptr_t from = info->dlpi_addr + header->p_vaddr;
        uintptr_t to = from + header->p_memsz;
        if (header->p_type != PT_LOAD)
            continue;
        mine |= wanted >= from && wanted < to;
        low = from < low ? from : low;
        high = to > high ? to : high;
        if ((header->p_flags & PF_W) != 0) {
            start = from < start ? from : start;
            end = to > end ? to : end;
            file_end = from + header->p_filesz > file_end ? from + header->p_filesz : file_end;
        }
    }
    if (!mine)
        return 0;
    if (end > start) {
        start &= ~(page_bytes - 1);
        end = (end + page_bytes - 1) & ~(page_bytes - 1);
        search->driver->data.host = (uint8_t *)start;
        search->driver->data.bytes = end - start;
        search->driver->data.bare_from =
            ((file_end + page_bytes - 1) & ~(page_bytes - 1)) - start;
    }
    search->driver->image_low = low & ~(page_bytes - 1);
    search->driver->image_high = (high + page_bytes - 1) & ~(page_bytes - 1);
    return 1;
}

static struct driver *find_loaded(const char *path)
{
    for (size_t i = 0; i < loaded_count; i++) {
        if (strcmp(loaded[i]->path, path) == 0)
            return loaded[i];
    }
    return NULL;
}

/* dlerror() starts with the path; the message is one line that starts with it as well. */
static struct driver *fail(struct driver *driver, const char *path, const char *what)
{
    if (what != NULL && strncmp(what, path, strlen(path)) == 0)
        snprintf(error_text, sizeof error_text, "%s", what);
    else
        snprintf(error_text, sizeof error_text, "%s: %s", path, what != NULL ? what : "?");
    if (driver != NULL) {
        if (driver->handle != NULL)
            dlclose(driver->handle);
        free(driver->translated);
        free(driver->data.initial);
        free(driver);
    }
    return NULL;
}

/* The loader names one symbol that nobody defines; the user wants them all, and what to do. */
static struct driver *fail_to_open(struct driver *driver, const char *path)
{
    char why[SYMBOLS_TEXT_BYTES];
    char line[SYMBOLS_TEXT_BYTES + 64];
    char loader[sizeof line];
    const char *text = dlerror();

    /* The loader's text lives only until it is called again, as looking for symbols may do. */
    snprintf(loader, sizeof loader, "%s", text != NULL ? text : "?");
    if (!symbols_missing(path, why, sizeof why))
        return fail(driver, path, loader);
    snprintf(line, sizeof line, "not defined anywhere: %s", why);
    return fail(driver, path, line);
}

/* dlopen() has found sleep() in the C library, where it is another function. */
static bool is_misled(const char *path, char *line, size_t line_bytes)
{
    char why[SYMBOLS_TEXT_BYTES];

    if (!symbols_misleading(path, why, sizeof why))
        return false;
    snprintf(line, line_bytes, "the C library's functions would be called for %s", why);
    return true;
}

/* The table, in this process's layout. Returns NULL or a sentence. */
static const char *read_table(struct driver *driver, const void *table)
{
    const char *what;

    driver->suite = table;
    driver->ilp32 = ilp32_is(driver->handle);
    if (!driver->ilp32)
        return NULL;
    what = ilp32_repair(driver->path, table);
    if (what != NULL)
        return what;
    driver->translated = ilp32_suite(table);
    driver->suite = driver->translated;
    return driver->suite != NULL ? NULL : "out of memory";
}

struct driver *driver_load(const char *path, const char **error)
{
    struct driver *driver = find_loaded(path);
    struct data_search search;
    const void *table;
    const char *what;
    char misled[SYMBOLS_TEXT_BYTES + 64];
    char opened[DRIVER_PATH_BYTES + 2];

    *error = error_text;
    if (driver != NULL && !driver->aliased) {
        driver_restore(driver);
        return driver;
    }
    if (driver != NULL)
        driver_unload(driver);
    if (strlen(path) >= DRIVER_PATH_BYTES)
        return fail(NULL, path, "the path is too long");
    if (loaded_count == DRIVERS_LOADED_MAX)
        return fail(NULL, path, "more than 64 driver objects in one run");
    driver = calloc(1, sizeof *driver);
    if (driver == NULL)
        return fail(NULL, path, "out of memory");
    snprintf(driver->path, sizeof driver->path, "%s", path);
    /* A name without a slash would be looked for among the system's libraries. */
    snprintf(opened, sizeof opened, "%s%s", strchr(path, '/') == NULL ? "./" : "", path);
    driver->handle = dlopen(opened, RTLD_NOW | RTLD_LOCAL);
    if (driver->handle == NULL)
        return fail_to_open(driver, path);
    driver_heap_floor();
    if (is_misled(path, misled, sizeof misled))
        return fail(driver, path, misled);
    table = dlsym(driver->handle, "ringside_driver");
    if (table == NULL)
        return fail(driver, path, "the object has no `ringside_driver` (see suite.h)");
    search = (struct data_search){.symbol = table, .driver = driver};
    dl_iterate_phdr(find_data, &search);
    what = read_table(driver, table);
    if (what != NULL)
        return fail(driver, path, what);
    if (driver->data.bytes != 0) {
        driver->data.initial = malloc(driver->data.bytes);
        if (driver->data.initial == NULL)
            return fail(driver, path, "out of memory");
        ringside_asan_copy(driver->data.initial, driver->data.host, driver->data.bytes);
        driver->data.zeros_from = driver->data.bytes;
        while (driver->data.zeros_from > 0 &&
               driver->data.initial[driver->data.zeros_from - 1] == 0)
            driver->data.zeros_from--;
    }
    loaded[loaded_count++] = driver;
    return driver;
}

/*
 * Zeroes the end of the data, where a driver's tables are: large ones are mostly left alone by a
 * run, and their pages are given back to the kernel, which reads them as zeros. Not when the arena
 * was mapped over them.
 */
static void clear_tables(struct driver *driver)
{
    const struct driver_data *data = &driver->data;
    size_t from = data->zeros_from > data->bare_from ? data->zeros_from : data->bare_from;

    from = (from + PAGE_BYTES - 1) & ~(size_t)(PAGE_BYTES - 1);
    if (driver->aliased || from >= data->bytes || data->bytes - from < TABLES_DROPPED_BYTES ||
        madvise(data->host + from, data->bytes - from, MADV_DONTNEED) != 0)
        from = data->bytes;
    ringside_asan_clear(data->host + data->zeros_from, from - data->zeros_from);
}

void driver_restore(struct driver *driver)
{
    const struct driver_data *data = &driver->data;

    if (data->bytes == 0)
        return;
    ringside_asan_copy(data->host, data->initial, data->zeros_from);
    clear_tables(driver);
}

void driver_unload(struct driver *driver)
{
    for (size_t i = 0; i < loaded_count; i++) {
        if (loaded[i] == driver) {
            loaded[i] = loaded[--loaded_count];
            break;
        }
    }
    /* The loader writes to the data while it unloads: it must find what it left there. */
    driver_restore(driver);
    dlclose(driver->handle);
    free(driver->translated);
    free(driver->data.initial);
    free(driver);
}

bool driver_make_room(const char *path)
{
    bool unloaded = false;

    for (size_t i = loaded_count; i-- > 0;) {
        if (loaded[i]->image_low > UINT32_MAX || strcmp(loaded[i]->path, path) == 0)
            continue;
        driver_unload(loaded[i]);
        unloaded = true;
    }
    return unloaded;
}

void driver_unload_all(void)
{
    while (loaded_count > 0)
        driver_unload(loaded[loaded_count - 1]);
}
