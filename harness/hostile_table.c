/*
 * The faults that `ringside hostile` tries: every kind, with the arguments that matter.
 */
#include "hostile.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "virtio/config.h"
#include "virtio/mmio.h"

/* clang-format off */
/* X(kind, argument) */
#define HOSTILE_FAULTS(X)                                                                          \
    X(COMPLETION_LATE, 500)                                                                        \
    X(COMPLETION_LATE, 100000) /* behind the driver's timeout */                                   \
    X(COMPLETION_LOST, 0)                                                                          \
    X(COMPLETION_DOUBLED, 0)                                                                       \
    X(COMPLETION_OVERTAKEN, 300)                                                                   \
    X(COMPLETION_OUT_OF_ORDER, 1)                                                                  \
    X(RESPONSE_TYPE, 0) /* what a zeroed buffer holds */                                           \
    X(RESPONSE_TYPE, 0x1100)                                                                       \
    X(RESPONSE_TYPE, 0x1101) /* right for one command, wrong for others */                         \
    X(RESPONSE_TYPE, 0x1200)                                                                       \
    X(RESPONSE_TYPE, 0x1205)                                                                       \
    X(RESPONSE_TYPE, 0x1206) /* behind the last error */                                           \
    X(RESPONSE_TYPE, 0xffffffff)                                                                   \
    X(RESPONSE_BYTES, 0)                                                                           \
    X(RESPONSE_BYTES, 4)                                                                           \
    X(RESPONSE_BYTES, 24) /* the header alone */                                                   \
    X(RESPONSE_FENCE, 0)                                                                           \
    X(RESPONSE_FENCE, UINT64_MAX)                                                                  \
    X(DISPLAY_WIDTH, 0)                                                                            \
    X(DISPLAY_WIDTH, 1)                                                                            \
    X(DISPLAY_WIDTH, 17)                                                                           \
    X(DISPLAY_WIDTH, 16384)                                                                        \
    X(DISPLAY_WIDTH, 0x10000) /* squared it is 0 in 32 bits */                                     \
    X(DISPLAY_WIDTH, 0xffffffff)                                                                   \
    X(DISPLAY_HEIGHT, 0)                                                                           \
    X(DISPLAY_HEIGHT, 1)                                                                           \
    X(DISPLAY_HEIGHT, 16384)                                                                       \
    X(DISPLAY_HEIGHT, 0x80000000)                                                                  \
    X(REWRITE_DESCRIPTORS, 0)                                                                      \
    X(REWRITE_DESCRIPTORS, 0xff)                                                                   \
    X(USED_ID, 0x10000) /* 0 in 16 bits */                                                         \
    X(USED_ID, 0xffffffff)                                                                         \
    X(USED_ID_OUT_OF_RANGE, 0)                                                                     \
    X(USED_ID_NOT_OUTSTANDING, 0)                                                                  \
    X(USED_ID_OF_ANOTHER, 0)                                                                       \
    X(USED_LEN, 0)                                                                                 \
    X(USED_LEN, 0xffffffff)                                                                        \
    X(USED_LEN_LONG, 1)                                                                            \
    X(USED_LEN_SHORT, 1)                                                                           \
    X(USED_IDX_JUMP, 1)                                                                            \
    X(USED_IDX_JUMP, 8) /* a whole ring */                                                         \
    X(USED_IDX_JUMP, 0x7fff)                                                                       \
    X(USED_IDX_BACK, 0) /* it stays */                                                             \
    X(USED_IDX_BACK, 1)                                                                            \
    X(USED_IDX_BACK, 0x8000)                                                                       \
    X(USED_FLAGS, 1)                                                                               \
    X(USED_FLAGS, 0xffff)                                                                          \
    X(AVAIL_EVENT, 0x8000)                                                                         \
    X(NOTIFICATION_LOST, 0)                                                                        \
    X(INTERRUPT_LOST, 0)                                                                           \
    X(SPURIOUS, 0)                                                                                 \
    X(INTERRUPT_CONFIG, 0)                                                                         \
    X(CONFIG_CHANGE, 0)                                                                            \
    X(NEEDS_RESET, 0)                                                                              \
    X(MAGIC, 0)                                                                                    \
    X(MAGIC, 0x76697274) /* the other byte order */                                               \
    X(VERSION, 0)                                                                                  \
    X(VERSION, 1)                                                                                  \
    X(VERSION, 2)                                                                                  \
    X(VERSION, 3)                                                                                  \
    X(DEVICE_ID, 0)                                                                                \
    X(DEVICE_ID, 1)                                                                                \
    X(STATUS_BITS, VIRTIO_STATUS_ACKNOWLEDGE)                                                      \
    X(STATUS_BITS, VIRTIO_STATUS_DRIVER_OK)                                                        \
    X(STATUS_BITS, VIRTIO_STATUS_DEVICE_NEEDS_RESET)                                               \
    X(STATUS_BITS, VIRTIO_STATUS_FAILED)                                                           \
    X(STATUS_BITS, 0xff)                                                                           \
    X(STATUS_BITS, 0xffffff00) /* above the field */                                               \
    X(FEATURES_OFFERED, VIRTIO_BIT(VIRTIO_F_VERSION_1))                                            \
    X(FEATURES_OFFERED, VIRTIO_BIT(VIRTIO_F_EVENT_IDX))                                            \
    X(FEATURES_OFFERED, VIRTIO_BIT(VIRTIO_F_RING_PACKED))                                          \
    X(FEATURES_OFFERED, UINT64_MAX)                                                                \
    X(FEATURES_CHANGED, VIRTIO_BIT(VIRTIO_F_VERSION_1))                                            \
    X(FEATURES_CHANGED, UINT64_MAX)                                                                \
    X(QUEUE_SIZE_MAX, 0)                                                                           \
    X(QUEUE_SIZE_MAX, 1)                                                                           \
    X(QUEUE_SIZE_MAX, 3)                                                                           \
    X(QUEUE_SIZE_MAX, 0x10000)                                                                     \
    X(QUEUE_SIZE_MAX, 0xffffffff)                                                                  \
    X(QUEUE_READY, 0)                                                                              \
    X(QUEUE_READY, 1)                                                                              \
    X(QUEUE_READY, 0xffffffff)                                                                     \
    X(CONFIG_VALUE, 0)                                                                             \
    X(CONFIG_VALUE, 17)                                                                            \
    X(CONFIG_VALUE, 0xffffffff)                                                                    \
    X(CONFIG_TORN, 0)                                                                              \
    X(CONFIG_TORN, 5)                                                                              \
    X(INTERRUPT_BITS, VIRTIO_MMIO_INT_USED)                                                        \
    X(INTERRUPT_BITS, VIRTIO_MMIO_INT_CONFIG)                                                      \
    X(INTERRUPT_BITS, 0xfffffffc)                                                                  \
    X(FEATURES_VETO, 0)                                                                            \
    X(INTERRUPT_ACK_LOST, 0)                                                                       \
    X(RESET_LATE, 50)                                                                              \
    X(RESET_LATE, 20000)                                                                           \
    X(RESET_LOST, 0)                                                                               \
    X(QUEUE_RESET_LATE, 5)
/* clang-format on */

static const struct sim_fault table[] = {
#define X(name, value) {.kind = SIM_FAULT_##name, .argument = (value)},
    HOSTILE_FAULTS(X)
#undef X
};

_Static_assert(sizeof table / sizeof table[0] <= HOSTILE_ROWS_MAX, "each has a row");

const struct sim_fault *hostile_table(size_t *count)
{
    *count = sizeof table / sizeof table[0];
    return table;
}

bool hostile_disguises(enum sim_fault_kind kind)
{
    return kind == SIM_FAULT_VERSION || kind == SIM_FAULT_FEATURES_OFFERED ||
           kind == SIM_FAULT_FEATURES_CHANGED;
}

void hostile_fault_text(const struct sim_fault *fault, char *out, size_t out_bytes)
{
    bool has_argument = strncmp(sim_fault_argument(fault->kind), "none", 4) != 0;
    char argument[24] = "", when[40] = "";

    if (has_argument && fault->argument > 0xffff)
        snprintf(argument, sizeof argument, " 0x%" PRIx64, fault->argument);
    else if (has_argument)
        snprintf(argument, sizeof argument, " %" PRIu64, fault->argument);
    if (fault->request != 0)
        snprintf(when, sizeof when, " request %" PRIu64, fault->request);
    else if (fault->occurrence != 0)
        snprintf(when, sizeof when, " occurrence %" PRIu64, fault->occurrence);
    else if (fault->from_step != 0)
        snprintf(when, sizeof when, " %s %" PRIu64, fault->repeats ? "from" : "at",
                 fault->from_step);
    snprintf(out, out_bytes, "%s%s%s", sim_fault_word(fault->kind), argument, when);
}
