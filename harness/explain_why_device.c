/*
 * Why each rule that binds devices exists: what a driver suffers from a device that breaks it.
 */
#include "explain.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *id, *why;
} reasons[] = {
    {"STATUS-DEV-01",
     "A driver sets its rings up in any order before DRIVER_OK. A device that looks "
     "early reads half of them, and answers into memory that is not ready."},
    {"STATUS-DEV-02",
     "The driver has no other sign that the device is dead. It waits for requests that "
     "never come back, until its own timeout at best."},
    {"STATUS-DEV-03",
     "A driver that sleeps until an interrupt never looks at Status: it sleeps for ever "
     "on a dead device."},
    {"FEAT-DEV-01",
     "A driver that accepts what is offered accepts a set that the device must refuse, "
     "and has nothing that it could leave out instead."},
    {"FEAT-DEV-02",
     "A driver that knows fewer features than the device cannot use it at all; it was "
     "written for any device that speaks the specification."},
    {"FEAT-DEV-03",
     "The driver takes the set for agreed on, and from then on both sides read the same "
     "bytes in two ways."},
    {"FEAT-DEV-04",
     "A driver that relies on the bit sends what the device does not understand, long "
     "after the negotiation."},
    {"FEAT-DEV-05",
     "A driver that is loaded a second time, or comes back from suspend, fails where it "
     "had worked."},
    {"RESET-DEV-01",
     "Drivers wait until Status reads 0. They wait for ever, or go on with a device that "
     "still uses the old rings."},
    {"RESET-DEV-02",
     "The memory of the rings is given to somebody else after a reset: the device writes "
     "into another program's data."},
    {"VQR-DEV-01", "The driver frees or refills the rings of a queue that it has reset; the device "
                   "goes on in memory that is not its own."},
    {"VQR-DEV-02", "The driver begins with slot 0. The device reads an entry of the queue's former "
                   "life, and takes descriptors that were freed."},
    {"VQR-DEV-03",
     "The device works on the old rings, which the driver has given away, and never sees "
     "what is in the new ones."},
    {"LSPLIT-DEV-01",
     "Both sides compute the places of a legacy queue for themselves. Where they "
     "disagree the request is executed, and the driver waits for the answer in the wrong "
     "place."},
    {"SPLIT-DEV-02",
     "Drivers give read-only data, constants or a user's pages, as device-readable. They "
     "are changed under their owner."},
    {"SPLIT-DEV-03",
     "What lies in a buffer for an answer is old: the device acts on another request's "
     "data, or lets it out."},
    {"SPLIT-DEV-04",
     "Drivers keep addresses and free lists in the table. One that trusts it frees or "
     "reuses memory of the device's choice."},
    {"XSPLIT-DEV-02",
     "The driver counts on avail.idx as it wrote it; changed, requests are lost or made "
     "available twice."},
    {"SPLIT-DEV-08",
     "A driver that polls is interrupted for each answer. The gain of polling is gone, "
     "and a driver without a handler may be stopped by its interrupt controller."},
    {"SPLIT-DEV-09",
     "A driver that sleeps until it is told sleeps for ever, with the answer in front of "
     "it."},
    {"SPLIT-DEV-11",
     "The driver asked to be told from this answer on and sleeps. One missed crossing, "
     "once in thousands, hangs it."},
    {"SPLIT-DEV-12",
     "Interrupts that were not wanted cost what EVENT_IDX was to save, and look like a "
     "storm."},
    {"XSPLIT-DEV-01",
     "The driver completes a request that is still under way, or one that never was: it "
     "frees memory in use, or follows a free list into nowhere."},
    {"SPLIT-DEV-13",
     "The driver sees the index move and reads an element that is not there yet: an id "
     "and a length of long ago."},
    {"SPLIT-DEV-14",
     "The driver reads len bytes, as it may. Behind what was written there is memory "
     "that it never cleared: stale data goes to whoever asked."},
    {"SPLIT-DEV-15",
     "A driver that looks at bits it does not know stops notifying, or does not, by "
     "chance."},
    {"SPLIT-DEV-16",
     "A driver that looks at the flags besides avail_event stops notifying, and both "
     "sides wait for each other."},
    {"XCONF-DEV-01",
     "A display that was plugged in, or a disk that grew, is noticed at the next boot "
     "only."},
    {"XMMIO-DEV-01",
     "The driver reads QueueReady to see whether its queue works or is free. It gives up "
     "on one that works, or frees memory of one that does."},
    {"MMIO-DEV-01", "Drivers take any other value for an empty place and go on: the device is not "
                    "found."},
    {"MMIO-DEV-02",
     "The driver programs the registers of another version, of which the device takes no "
     "notice: the first command times out."},
    {"MMIO-DEV-03",
     "The driver reads 0 in its handler, takes the interrupt for another device's, and "
     "the answer stays where it is."},
    {"MMIO-DEV-04",
     "The driver looks for an event that never was. One that does so in its handler is "
     "called again and again."},
    {"MMIO-DEV-05",
     "After a reset the driver finds its queue in use and gives up: the device cannot be "
     "brought up a second time without power."},
    {"MMIO-DEV-06",
     "A driver that reads several fields cannot know that they changed in between: it "
     "puts half of the old size and half of the new together."},
    {"MMIO-DEV-07", "The queue's memory is not the device's: it is free, or being set up. What the "
                    "device writes there is found in other data."},
    {"MMIO-DEV-08",
     "The driver takes the queue for one whose reset is still going on, and waits for "
     "it."},
    {"MMIO-DEV-09",
     "The driver waits for the end of a reset that nobody asked for, and never uses the "
     "queue."},
    {"MMIO-DEV-10",
     "The driver frees the rings in the belief that the device has let go of them. QEMU "
     "7.2 offers the feature on a transport without the register."},
    {"MMIO-DEV-12",
     "The driver takes the queue for still in use and does not set it up again, or waits "
     "until it is not."},
    {"LMMIO-DEV-D1",
     "A driver of both versions takes the wrong way from here on, and its first command "
     "times out."},
    {"LMMIO-DEV-D2",
     "Drivers read QueuePFN to see whether a queue is in use: they set up one that is, "
     "or give up on one that is free."},
    {"LMMIO-DEV-D3",
     "The next driver finds the queue in use and refuses the device, or its request goes "
     "to the rings of the last one."},
    {"LMMIO-DEV-D4", "The device reads descriptors where there are none: it executes whatever lies "
                     "there, or nothing at all."},
    {"XGPU-DEV-01",
     "With none the driver has nothing to show a picture on; with more than 16 it reads "
     "behind the list of displays."},
    {"GPU-DEV-03",
     "A driver that reuses the memory of a transfer as soon as it is back shows half of "
     "the old picture and half of the new."},
    {"GPU-DEV-04a",
     "A driver that waits for fences never sees this one pass: its picture stands still."},
    {"GPU-DEV-04b",
     "The driver takes another fence for passed and draws into memory that the device "
     "still reads."},
    {"XGPU-DEV-02",
     "A driver that checks the answer takes a success for a failure; one that does not "
     "reads one command's structure as another's."},
    {"RSVD-DEV-01",
     "The driver has to take the device for a legacy one, on a transport that has no "
     "legacy registers."},
    {"RSVD-DEV-03",
     "A driver that counts on the order does not read the ids: every answer from here on "
     "belongs to another request."},
    {"LRSVD-DEV-02",
     "The driver has to lay each request out as one descriptor a part, or finds no way "
     "to do so and gives up."},
};

const char *explain_why_device(const char *id)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (strcmp(reasons[i].id, id) == 0)
            return reasons[i].why;
    }
    return NULL;
}
