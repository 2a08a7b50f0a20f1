/*
 * Why a rule was not exercised: of another device, of a version that the driver refuses, of a
 * feature that it does not accept, of an operation or option that it lacks; or of something that
 * only some drivers do at all.
 */
#include "conform.h"

#include <string.h>
#include "virtio/config.h"
#include "virtio/gpu.h"

enum need { FEATURE, LACKING, ONLY };

/* What rules need, by id, by the beginning of one (`ID*`), or by section (`S 2.7.5.3.1`). */
struct need_row {
    const char *rule;
    enum need need;
    unsigned bit;     /* FEATURE */
    const char *word; /* the feature's name; the operation or option; who comes to it */
};

#define NEEDS(rule, feature)                                                                       \
    {                                                                                              \
        rule, FEATURE, VIRTIO_F_##feature, "VIRTIO_F_" #feature                                    \
    }
#define NEEDS_GPU(rule, feature)                                                                   \
    {                                                                                              \
        rule, FEATURE, VIRTIO_GPU_F_##feature, "VIRTIO_GPU_F_" #feature                            \
    }

static const struct need_row rows[] = {
    /* clang-format off */
    NEEDS("SPLIT-DRV-05", IN_ORDER),
    NEEDS("SPLIT-DRV-10", IN_ORDER),
    NEEDS("XSPLIT-DRV-11", IN_ORDER),
    NEEDS("S 2.7.5.3.1", INDIRECT_DESC),
    NEEDS("SPLIT-DRV-13", EVENT_IDX),
    {"SPLIT-DRV-13", ONLY, 0, "a driver that writes avail.flags with EVENT_IDX"},
    NEEDS("SPLIT-DRV-23", EVENT_IDX),
    NEEDS("VQR-DRV-*", RING_RESET),
    NEEDS("MMIO-DRV-19", RING_RESET),
    NEEDS("RSVD-DRV-07", ORDER_PLATFORM),
    NEEDS_GPU("GPU-DRV-02", EDID),
    NEEDS_GPU("GPU-DRV-06", EDID),
    NEEDS_GPU("GPU-DRV-09", RESOURCE_BLOB),
    NEEDS_GPU("GPU-DRV-1*", RESOURCE_BLOB),
    NEEDS_GPU("GPU-DRV-08", VIRGL),
    NEEDS_GPU("XGPU-DRV-09", VIRGL),
    {"GPU-DRV-07*", LACKING, 0, "cursor"},
    {"XGPU-DRV-13", LACKING, 0, "cursor"},
    {"S 5.7.6.6", LACKING, 0, "cursor"},
    {"SPLIT-DRV-14", LACKING, 0, "interrupts"},
    {"XSPLIT-DRV-09", LACKING, 0, "interrupts"},
    {"S 4.2.3.4.1", LACKING, 0, "interrupts"},
    {"MMIO-DRV-16", LACKING, 0, "interrupts"},
    {"MMIO-DRV-17", LACKING, 0, "interrupts"},
    {"MMIO-DRV-18", LACKING, 0, "interrupts"},
    {"MMIO-DRV-16", ONLY, 0, "a driver that looks at bits without a meaning"},
    {"GPU-DRV-04", ONLY, 0, "a driver that writes configuration space"},
    {"XGPU-DRV-19", ONLY, 0, "a driver that clears events of the display"},
    {"GPU-DRV-05", ONLY, 0, "a driver that reads events_read"},
    {"GPU-DRV-03", ONLY, 0, "a driver that looks for shared memory regions"},
    {"MMIO-DRV-24", ONLY, 0, "a driver that looks for shared memory regions"},
    {"XGPU-DRV-18", ONLY, 0, "a driver that frees memory of a resource that is still there"},
    {"S 5.7*", LACKING, 0, "show"},
    {"CONF-DRV-0*", ONLY, 0, "a driver that reads several fields of configuration space"},
    {"LCONF-DRV-*", ONLY, 0, "a driver that reads several fields of configuration space"},
    {"INIT-DRV-02", ONLY, 0, "a driver that writes configuration space"},
    {"MMIO-DRV-05*", ONLY, 0, "fields of this width, which a GPU has not"},
    {"MMIO-DRV-09", ONLY, 0, "a driver that looks through slots of the bus without a device"},
    {"MMIO-DRV-15", ONLY, 0, "a driver that writes 0 to QueueReady"},
    {"STATUS-DRV-03", ONLY, 0, "a driver that sets FAILED and tries again"},
    {"STATUS-DRV-04", ONLY, 0, "a driver that waits on a device that needs a reset"},
    {"FEAT-DRV-02", ONLY, 0, "a driver that accepts a feature which depends on another"},
    {"FEAT-DRV-07", ONLY, 0, "a driver that refuses the features it gets"},
    {"RESET-DRV-01", ONLY, 0, "a driver that goes on while a reset is under way"},
    {"SPLIT-DRV-12", ONLY, 0, "a driver that writes avail.flags without EVENT_IDX"},
    {"XSPLIT-DRV-12", ONLY, 0, "a driver that writes the used ring"},
    {"LSPLIT-DRV-03", ONLY, 0, "a driver that looks for the used ring at a wrong place"},
    {"LSPLIT-DRV-D1", ONLY, 0, "a driver that uses len of a version-1 device"},
    {"SPLIT-DRV-15", ONLY, 0, "a driver that looks behind the bytes that were written"},
    {"SPLIT-DRV-16", ONLY, 0, "a driver that looks behind the bytes that were written"},
    {"CLEAN-DRV-01", ONLY, 0, "a driver that takes a live queue's memory away"},
    {"RSVD-DRV-08", ONLY, 0, "a driver that knows VIRTIO_F_SR_IOV"},
    {"RS-*", ONLY, 0, "a driver that makes this mistake"},
    /* clang-format on */
};

static bool matches(const struct need_row *row, const struct rule *rule)
{
    bool by_section = strncmp(row->rule, "S ", 2) == 0;
    const char *wanted = by_section ? row->rule + 2 : row->rule;
    const char *has = by_section ? rule->section : rule->id;
    size_t bytes = strlen(wanted);

    if (bytes > 0 && wanted[bytes - 1] == '*')
        return strncmp(wanted, has, bytes - 1) == 0;
    return strcmp(wanted, has) == 0;
}

/* False when the row's need is met, and so is no reason. */
static bool explain_need(const struct need_row *row, const struct conform_sum *sum, char *out,
                         size_t out_bytes)
{
    switch (row->need) {
    case FEATURE:
        snprintf(out, out_bytes, "needs %s, which it never accepts", row->word);
        return (sum->features >> row->bit & 1) == 0;
    case LACKING:
        snprintf(out, out_bytes, "needs `%s`, which it lacks", row->word);
        return conform_lacks(sum, row->word);
    case ONLY:
        snprintf(out, out_bytes, "needs %s", row->word);
        return true;
    }
    return false;
}

void conform_why(const struct rule *rule, const struct conform_sum *sum, char *out,
                 size_t out_bytes)
{
    unsigned version = rule->versions == RULE_V1 ? 1 : rule->versions == RULE_V2 ? 2 : 0;

    if (rule->device_id != 0 && rule->device_id != VIRTIO_ID_GPU) {
        snprintf(out, out_bytes, "is about another type of device");
        return;
    }
    if (version != 0 && sum->came_up[version - 1] == 0) {
        snprintf(out, out_bytes, "needs version %u, on which it never comes up", version);
        return;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (matches(&rows[i], rule) && explain_need(&rows[i], sum, out, out_bytes))
            return;
    }
    snprintf(out, out_bytes, "nothing that was done leads to it");
}
