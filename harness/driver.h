/*
 * A driver's shared object: loading it, where its writable data lies, and putting that data back to
 * its initial contents before every run.
 */
#ifndef RINGSIDE_HARNESS_DRIVER_H
#define RINGSIDE_HARNESS_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "suite.h"

#define DRIVER_PATH_BYTES 512u
#define DRIVER_BIG_ENDIAN "-big-endian" /* the end of the name of a build for the other order */

/* Writable data of the object, page-aligned outwards, with its contents as they were after loading.
 */
struct driver_data {
    uint8_t *host;
    size_t bytes;
    size_t zeros_from; /* from here on all was zero, as most of a driver's tables are */
    size_t bare_from;  /* from here on the pages have no file behind them */
    uint8_t *initial;
};

struct driver {
    void *handle;
    const struct suite_driver *suite;
    struct driver_data data;
    uintptr_t image_low; /* all of the object, text included, in whole pages */
    uintptr_t image_high;
    /* its data was mapped onto an arena: the object cannot be used with another one */
    bool aliased;
    bool ilp32;                      /* its pointers have 32 bits; see driver_ilp32.h */
    struct suite_driver *translated; /* `suite` of such a driver; else NULL */
    char path[DRIVER_PATH_BYTES];
};

/*
 * Loads an object, or finds it loaded already with its data put back. Returns NULL with *error a
 * line for people. The object stays loaded until driver_unload_all().
 */
struct driver *driver_load(const char *path, const char **error);
/* Puts all writable data back as it was after loading. */
void driver_restore(struct driver *driver);
/* Unloads one object (its data was aliased) or all of them. */
void driver_unload(struct driver *driver);
void driver_unload_all(void);
/*
 * Unloads what lies below 4 GiB and is not the object at `path`: drivers are linked to lie there,
 * all at the same place, where identity-mapped RAM lies as well. True when anything was unloaded.
 */
bool driver_make_room(const char *path);

#endif
