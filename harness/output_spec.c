/*
 * Anchors of the specification's HTML: `#x1-N000n`, where N counts every heading of the document
 * from its beginning and n is the last number of the section. Headings are listed in their order,
 * chapter by chapter, so that one number a chapter is enough.
 */
#include "output_spec.h"

#include <stdio.h>
#include <string.h>

struct chapter {
    unsigned first; /* number of its first heading in the list */
    const char *const *section;
};

/* clang-format off */
static const char *const facilities[] = {
    "2.1", "2.1.1", "2.1.2", "2.2", "2.2.1", "2.2.2", "2.2.3", "2.3", "2.4", "2.4.1", "2.4.2",
    "2.5", "2.5.1", "2.5.2", "2.5.3", "2.5.4", "2.6", "2.6.1", "2.6.1.1", "2.6.1.1.1", "2.6.1.1.2",
    "2.6.1.2", "2.6.1.2.1", "2.6.1.2.2", "2.7", "2.7.1", "2.7.2", "2.7.3", "2.7.4", "2.7.4.1",
    "2.7.4.2", "2.7.4.3", "2.7.5", "2.7.5.1", "2.7.5.2", "2.7.5.3", "2.7.5.3.1", "2.7.5.3.2",
    "2.7.6", "2.7.6.1", "2.7.7", "2.7.7.1", "2.7.7.2", "2.7.8", "2.7.8.1", "2.7.8.2", "2.7.8.3",
    "2.7.9", "2.7.10", "2.7.10.1", "2.7.10.2", "2.7.11", "2.7.12", "2.7.13", "2.7.13.1",
    "2.7.13.2", "2.7.13.3", "2.7.13.3.1", "2.7.13.4", "2.7.13.4.1", "2.7.14", "2.8",
    NULL};

static const char *const operation[] = {
    "3.1", "3.1.1", "3.1.2", "3.2", "3.2.1", "3.3", "3.3.1",
    NULL};

static const char *const mmio[] = {
    "4.2", "4.2.1", "4.2.2", "4.2.2.1", "4.2.2.2", "4.2.3", "4.2.3.1", "4.2.3.1.1", "4.2.3.2",
    "4.2.3.3", "4.2.3.4", "4.2.3.4.1", "4.2.4", "4.2.5",
    NULL};

static const char *const gpu[] = {
    "5.7", "5.7.1", "5.7.2", "5.7.3", "5.7.4", "5.7.4.1", "5.7.4.2", "5.7.5", "5.7.6", "5.7.6.1",
    "5.7.6.2", "5.7.6.3", "5.7.6.4", "5.7.6.5", "5.7.6.6", "5.7.6.7", "5.7.6.8", "5.7.6.9",
    "5.7.6.10",
    NULL};
/* clang-format on */

static const struct chapter chapters[] = {{11, facilities},
                                          {122, operation},
                                          {180, mmio},
                                          {396, gpu}};

void output_spec_uri(const char *section, char *out, size_t out_bytes)
{
    const char *last = strrchr(section, '.');

    snprintf(out, out_bytes, "%s", OUTPUT_SPEC_URI);
    for (size_t i = 0; last != NULL && i < sizeof chapters / sizeof chapters[0]; i++) {
        for (unsigned j = 0; chapters[i].section[j] != NULL; j++) {
            if (strcmp(chapters[i].section[j], section) == 0)
                snprintf(out, out_bytes, "%s#x1-%u000%s", OUTPUT_SPEC_URI, chapters[i].first + j,
                         last + 1);
        }
    }
}
