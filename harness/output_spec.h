/*
 * Where a section of VIRTIO 1.3 is found on the network.
 */
#ifndef RINGSIDE_HARNESS_OUTPUT_SPEC_H
#define RINGSIDE_HARNESS_OUTPUT_SPEC_H

#include <stddef.h>

#define OUTPUT_SPEC_URI                                                                            \
    "https://docs.oasis-open.org/virtio/virtio/v1.3/csd01/virtio-v1.3-csd01.html"

/* The section, or the whole document where the section's anchor is not known ("" among them). */
void output_spec_uri(const char *section, char *out, size_t out_bytes);

#endif
