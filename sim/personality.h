/*
 * Personalities: what devices in the field do within what the specification leaves to them, or, in
 * QEMU's case, beside it. A driver that relies on more than is promised works with one of them and
 * not with another.
 *
 * The table is all there is to a personality: settings of struct sim_config, and the schedule that
 * a world gives the device. The behaviours behind the settings are in mmio_queue.c and chain.c
 * (strict), queue_used.c (out-of-order), queue.c (no_notify) and mmio_qemu.c (QEMU's).
 */
#ifndef RINGSIDE_SIM_PERSONALITY_H
#define RINGSIDE_SIM_PERSONALITY_H

#include <stdbool.h>
#include "device.h"

/*
 * X(name, word, profile, eager_poll, no_notify, strict, out_of_order, checks_queue_size, lazy,
 *   what it does and which real devices do so)
 */
#define SIM_PERSONALITIES(X)                                                                       \
    X(QEMU_7, "qemu-7", QEMU, false, false, false, false, false, false,                            \
      "as QEMU 7.2, measured: FEATURES_OK never refused, queues served before DRIVER_OK, any "     \
      "QueueSize kept, mistakes passed over in silence")                                           \
    X(QEMU_11, "qemu-11", QEMU, false, false, false, false, true, false,                           \
      "qemu-7, but a QueueSize above QueueSizeMax is rejected, as QEMU does since 11.1; known "    \
      "from reports, not measured")                                                                \
    X(STRICT, "strict", SPEC, false, false, true, false, false, false,                             \
      "refuses whatever the specification lets it: queues of wrong size, place or alignment, "     \
      "wrong descriptors and Status bits taken back break the device, Status takes its bits in "   \
      "their order; in part as Firecracker and crosvm do")                                         \
    X(EAGER, "eager", SPEC, true, true, false, false, false, false,                                \
      "looks at the available ring itself and wants no notifications, as vhost-user devices that " \
      "poll (DPDK, SPDK) and hardware; acts the moment that avail.idx moves")                      \
    X(LAZY, "lazy", SPEC, false, false, false, false, false, true,                                 \
      "acts only when the driver waits, as a device on a busy host: nothing is done when "         \
      "QueueNotify was written")                                                                   \
    X(OUT_OF_ORDER, "out-of-order", SPEC, false, false, false, true, false, false,                 \
      "uses the last of several chains first, as disks and network cards with several requests "   \
      "in work may (IN_ORDER is not offered)")

enum sim_personality {
#define X(name, word, profile, eager, hush, strict, order, size, lazy, text) SIM_PERSONALITY_##name,
    SIM_PERSONALITIES(X)
#undef X
        SIM_PERSONALITY_COUNT
};

/* Gives a device its personality. */
void sim_personality_apply(enum sim_personality personality, struct sim_config *config);
/* Does the device take its steps only when the driver waits? The world's to see to. */
bool sim_personality_is_lazy(enum sim_personality personality);
const char *sim_personality_word(enum sim_personality personality);
const char *sim_personality_text(enum sim_personality personality);

#endif
