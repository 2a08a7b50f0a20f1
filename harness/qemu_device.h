/*
 * QEMU's own device in front of the driver, in the place of the simulated one.
 *
 *   driver --register access--> QEMU over qtest, whose answer the driver gets
 *      |                          |
 *      +--------> RAM <-----------+      one memory file, mapped by both
 *                  ^
 *                  |  the simulated device, profile qemu, is the *witness*
 *
 * QEMU shows registers, InterruptStatus, RAM and the screen. What it does inside (which descriptors
 * it reads, what it takes a request for, why it refuses one) it does not show. So the simulated
 * device gets the same register writes and, once QEMU has come to rest, walks through the same
 * memory; its events are the account of what QEMU must have done. Its stores go to the arena's
 * shadow, and then RAM is held against the shadow, InterruptStatus and Status against its own, the
 * screen against its picture: whatever QEMU does otherwise is a *difference*, and from then on the
 * driver sees QEMU's value.
 *
 *   seen on QEMU          register values, InterruptStatus, used ring, responses, pixels
 *   derived by the walk   the device's loads, take, execute, respond, refuse, scanout, flush
 *
 * Named differences. From one of these on nothing is compared any more (outcome->parted):
 *   - an address outside RAM: QEMU's machine has flash, other devices or nothing there (2.7.5)
 *   - avail.idx more than a queue ahead, or back: QEMU takes as many chains as the queue has, then
 *     breaks; it executes them, and shows no used element (2.7.13.3 allows no such index)
 *   - GET_EDID: the bytes tell of who made the display (5.7.6.8 leaves them to the device)
 *   - a chain that breaks the device behind others of one notification: QEMU takes all chains
 *     before it executes the first, so that the others are executed and never used (2.1.2 leaves
 *     it open)
 *
 * Not handled: devices other than the GPU, faults, a schedule (QEMU acts at once), interrupts other
 * than by a look at InterruptStatus. The machine is stopped, so that QEMU's clock stands still.
 */
#ifndef RINGSIDE_HARNESS_QEMU_DEVICE_H
#define RINGSIDE_HARNESS_QEMU_DEVICE_H

#include <stdbool.h>
#include <stdint.h>
#include "world.h"

struct world;
struct qemu_device;

/* Why a scenario cannot run on QEMU's device, a text that lives until the next call; NULL: it can.
 */
const char *qemu_device_unfit(const struct scenario *scenario);

/* Starts QEMU, before the world's machine is made. Returns NULL or a message. */
const char *qemu_device_create(struct world *world);
/* ConfigGeneration at the beginning. */
uint32_t qemu_device_generation(const struct qemu_device *far);
/* The memory file that is QEMU's RAM. */
int qemu_device_ram(const struct qemu_device *far);
void qemu_device_destroy(struct world *world);

/* Register accesses; `offset` counts from the machine's first slot. */
uint64_t qemu_device_read(struct world *world, uint32_t offset, uint32_t bytes);
void qemu_device_write(struct world *world, uint32_t offset, uint32_t bytes, uint64_t value);

/* The witness has emitted this event. */
void qemu_device_saw(struct world *world, const struct event *event);
/* The witness has come to rest: holds what it did against what QEMU did. */
void qemu_device_confirm(struct world *world);
/*
 * What QEMU's screen shows, held against the witness; the outcome's account of the scanout follows
 * QEMU's. False when it shows no scanout; the caller frees the picture otherwise.
 */
bool qemu_device_picture(struct world *world, struct picture *out);

#endif
