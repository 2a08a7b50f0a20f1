/*
 * Where ringside's own files are; see resources.h.
 *
 * The program is taken for installed when it lies in PREFIX/bin and the probe's sources are where
 * an installation puts them below the same prefix.
 */
#include "resources.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *installed;
    const char *built;
} places[RESOURCE_COUNT] = {
#define X(name, installed, built) {installed, built},
    RESOURCES(X)
#undef X
};

static char folder[RESOURCE_COUNT][PATH_MAX];

/* PREFIX of a program PREFIX/bin/ringside; false when it lies elsewhere. */
static bool find_prefix(char prefix[PATH_MAX])
{
    ssize_t bytes = readlink("/proc/self/exe", prefix, PATH_MAX - 1);
    char *slash;

    if (bytes <= 0)
        return false;
    prefix[bytes] = '\0';
    slash = strrchr(prefix, '/');
    if (slash == NULL)
        return false;
    *slash = '\0';
    slash = strrchr(prefix, '/');
    if (slash == NULL || strcmp(slash, "/bin") != 0)
        return false;
    *slash = '\0';
    return true;
}

static bool put(enum resource resource, const char *prefix)
{
    int bytes = snprintf(folder[resource], PATH_MAX, "%s/%s", prefix, places[resource].installed);
    return bytes > 0 && bytes < PATH_MAX;
}

static bool is_installed(char prefix[PATH_MAX])
{
    return find_prefix(prefix) && put(RESOURCE_probe, prefix) &&
           access(folder[RESOURCE_probe], F_OK) == 0;
}

const char *resource_folder(enum resource resource)
{
    static bool known;
    char prefix[PATH_MAX];

    if (!known) {
        bool installed = is_installed(prefix);
        for (unsigned i = 0; i < RESOURCE_COUNT; i++) {
            if (!installed || !put((enum resource)i, prefix))
                snprintf(folder[i], PATH_MAX, "%s", places[i].built);
        }
        known = true;
    }
    return folder[resource];
}
