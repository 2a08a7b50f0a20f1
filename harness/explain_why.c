/*
 * Why each rule exists: what goes wrong in the field when a driver breaks it.
 *
 * One or two sentences a rule; a test asks for them.
 */
#include "explain.h"
#include <stddef.h>
#include <string.h>

static const struct {
    const char *id, *why;
} reasons[] = {
    {"STATUS-DRV-01",
     "Each step lets the device say no before the next one. Taken together, a refusal of "
     "the features comes after the driver has already gone live, and nobody notices."},
    {"STATUS-DRV-02",
     "A device may take a bit that disappears for anything: some go back a step, some "
     "reset. QEMU stores the value without a word, so the mistake first shows on other "
     "hardware."},
    {"STATUS-DRV-03",
     "The device is in whatever state the failed attempt left it in. A second attempt on "
     "top of it works by luck, or reports features and queues of the first."},
    {"STATUS-DRV-04",
     "A device in this state answers nothing any more. A driver that waits for its "
     "requests hangs for ever, with the whole kernel if it waits in an interrupt or at "
     "boot."},
    {"FEAT-DRV-01",
     "The device either refuses the whole set, or ignores the bit while the driver relies "
     "on it: commands fail, or rings are read in another way than they were written."},
    {"FEAT-DRV-02",
     "The device refuses such a set. One that does not gets commands for which it has no "
     "ground to stand on."},
    {"FEAT-DRV-03",
     "It works on the emulator of the day, where the bit happens to be offered, and fails "
     "on the next device or version, far from the cause."},
    {"FEAT-DRV-04",
     "New versions of the specification define new bits. A driver that balks at them stops "
     "working when the host is updated."},
    {"FEAT-DRV-05",
     "Today the bit does nothing; when it is defined, the device changes its behaviour and "
     "the driver does not know."},
    {"FEAT-DRV-06",
     "Hosts differ in what they offer. A driver that insists on a convenience runs on one "
     "of them only."},
    {"FEAT-DRV-07",
     "Without FAILED the device, and whoever debugs the host, believes that the driver is "
     "still at work."},
    {"FEAT-DRV-08",
     "A driver that compares the offer with a constant breaks with every update of the "
     "host."},
    {"LFEAT-DRV-01",
     "QEMU's virtio-mmio is legacy by default. A driver that does not notice programs "
     "registers that are not there, and its first command times out."},
    {"XMMIO-DRV-06",
     "The device has no registers for these queues on this transport; what the driver sets "
     "up for them leads nowhere."},
    {"RESET-DRV-01",
     "Real hardware needs time. What is written before the reset is over is lost, or "
     "worse, half kept: the bring-up fails once in many boots."},
    {"CONF-DRV-01",
     "The values belong to two different configurations: a width of before and a height of "
     "after, a capacity with a wrong upper half."},
    {"CONF-DRV-02",
     "A display that is resized, or a disk that grows, while the fields are read gives a "
     "mixture. It is rare, and never found in tests."},
    {"CONF-DRV-03",
     "The field holds anything, mostly 0: a segment limit of 0, a block size of 0, a "
     "division by zero."},
    {"LCONF-DRV-01",
     "The two halves of a capacity can come from before and after a resize: the disk is "
     "then billions of sectors too large or too small."},
    {"VQR-DRV-01",
     "The device may still be writing to the old rings while the driver lays out new ones "
     "in the same memory."},
    {"VQR-DRV-02",
     "The reset took size and addresses back. The queue is live with none, or at address "
     "0, and its first notification leads nowhere."},
    {"INIT-DRV-01a",
     "The firmware, or the kernel before a restart, may have left the device live. It then "
     "still writes into memory that now belongs to somebody else."},
    {"INIT-DRV-01b",
     "The step tells the device that it was seen. Devices that hold the driver to the "
     "order refuse what follows."},
    {"INIT-DRV-01c",
     "Feature words written before DRIVER may be ignored, and the driver believes that "
     "they were taken."},
    {"INIT-DRV-01d",
     "Without an answer the device keeps to no feature at all, not even VERSION_1, and "
     "refuses FEATURES_OK; without a look the driver accepts blindly."},
    {"INIT-DRV-01e",
     "The device has not agreed to anything. Strict devices stay silent; QEMU works, so "
     "that the mistake goes unnoticed for years."},
    {"INIT-DRV-01f",
     "A device refuses features by leaving the bit clear; there is no other sign. A driver "
     "that does not look goes on with features that are not in effect."},
    {"INIT-DRV-01g",
     "The layout of a queue depends on the features. Before they are agreed on the device "
     "may ignore the set-up; after DRIVER_OK it may already be looking."},
    {"INIT-DRV-01h",
     "The device does not look at its queues. Requests and notifications vanish without an "
     "error, and the first one times out."},
    {"INIT-DRV-02",
     "The layout and meaning of the fields depend on features that are not agreed on yet."},
    {"INIT-DRV-03",
     "The device has fixed the set. The driver now relies on a feature which is not in "
     "effect."},
    {"INIT-DRV-04",
     "The host shows a driver that seems to be still starting, and nobody learns that it "
     "has given up."},
    {"INIT-DRV-05",
     "The device was told that the driver is gone. What is set up after that belongs to "
     "nobody, and live queues are left over memory that is freed next."},
    {"INIT-DRV-06",
     "The notification is dropped: before DRIVER_OK the device does not look. The request "
     "waits for the next notification, which may never come."},
    {"LINIT-DRV-01",
     "Legacy devices do not know the bit. QEMU does not mind it; others may take it for a "
     "mistake."},
    {"CLEAN-DRV-01",
     "The device takes up the changed slot: it works on another chain than the driver "
     "thinks, and the first one is never answered."},
    {"CLEAN-DRV-02",
     "The device writes its answer into memory that now belongs to somebody else. The "
     "crash comes later and elsewhere."},
    {"MMIO-DRV-01",
     "Nothing is there. A write is lost, a read gives 0, and on real buses it may be an "
     "external abort."},
    {"MMIO-DRV-02", "The write does nothing, so whatever the driver wanted did not happen."},
    {"MMIO-DRV-03", "The value means nothing; on real buses the read may fault."},
    {"MMIO-DRV-04",
     "Devices ignore narrow accesses or take them for the whole register. A packed "
     "structure or a byte-wise copy does this without anybody seeing it in the source."},
    {"MMIO-DRV-05a", "A wide access reads the neighbours with it, and a wide write changes them."},
    {"MMIO-DRV-05b", "By bytes the value can be torn; by words the neighbour comes with it."},
    {"MMIO-DRV-05c",
     "QEMU allows any width; other devices return 0 or fault. A memcpy of the structure is "
     "the usual cause."},
    {"MMIO-DRV-06", "Another device's registers are at this address. Writing a status there can do "
                    "anything."},
    {"MMIO-DRV-07",
     "The registers of another version lie elsewhere. With Version 1 a driver for version "
     "2 gets a time-out on its first request."},
    {"MMIO-DRV-08",
     "Machines have many empty slots. A driver that uses them waits for a device that does "
     "not exist."},
    {"MMIO-DRV-09",
     "Empty slots are normal; QEMU has 32. Thirty error messages at each boot hide the one "
     "that matters."},
    {"MMIO-DRV-10",
     "What is read depends on what somebody selected before: after a reset, or a first "
     "look by the firmware, it is the other word."},
    {"MMIO-DRV-11",
     "The features of one word land in the other: the device refuses them, or grants "
     "something else."},
    {"MMIO-DRV-12",
     "The device ignores the value and keeps its maximum, or clamps it. The two sides then "
     "compute ring positions differently: everything works until the ring wraps."},
    {"MMIO-DRV-13",
     "The device ignores the change, and the driver works with the new value from then on."},
    {"MMIO-DRV-14",
     "The device goes on reading and writing rings that are somebody else's memory by now: "
     "silent corruption."},
    {"MMIO-DRV-15",
     "The write may still be on its way, or the device in the midst of a request, when the "
     "memory is used for something else."},
    {"MMIO-DRV-16",
     "A later version defines the bit, a new host sets it, and the driver stops working."},
    {"MMIO-DRV-17",
     "The bit that was left keeps the interrupt line raised: a storm of interrupts, or, "
     "with edges, never another one."},
    {"MMIO-DRV-18",
     "When the bit is defined, the driver throws away events that it has never looked at."},
    {"MMIO-DRV-19", "The device still uses the rings that the driver is already writing anew."},
    {"MMIO-DRV-20",
     "The driver writes to whatever is at that address, and takes a legacy device for a "
     "new one."},
    {"MMIO-DRV-21", "The driver brings up a device of another type: a disk answers commands for a "
                    "display."},
    {"MMIO-DRV-22", "There is nobody to answer; waits for Status end in a time-out, or never."},
    {"MMIO-DRV-23", "A placeholder has no other registers: on real buses the read may fault."},
    {"MMIO-DRV-24",
     "Devices without shared memory need not answer these registers, and QEMU 7.2 answers "
     "them wrongly: a base of 0 looks like a region."},
    {"MMIO-DRV-26",
     "The line is shared by two causes, and with other devices. Whoever does not ask takes "
     "a change of the display for an answer, and somebody else's interrupt for its own."},
    {"MMIO-DRV-27",
     "There is one bit for all queues. An answer in a queue that was not looked at stays "
     "there until the next interrupt, which may be waiting for just that answer."},
    {"MMIO-DRV-28",
     "The line stays raised: the handler runs again and again and the rest of the kernel "
     "never does; with edge-triggered lines no interrupt comes any more."},
    {"XMMIO-DRV-07",
     "A buffer that comes in between raises a bit that is up already, and the acknowledgement "
     "takes it down: it hangs once in many thousand requests, under load."},
    {"XMMIO-DRV-01",
     "The size may be more than the device can take, or an old queue may still be live. It "
     "works with QEMU's 1024 and fails elsewhere."},
    {"XMMIO-DRV-02", "The device ignores the set-up, and every notification with it."},
    {"XMMIO-DRV-03", "Both sides count from 0. Left-over indices make the device take garbage for "
                     "requests, or the driver take old answers for new ones."},
    {"XMMIO-DRV-04",
     "The half that is missing keeps what was there before, from the firmware or an "
     "earlier life: the ring is 4 GiB or more away."},
    {"XNOTIF-DRV-02",
     "The device looks at no queue, or at another one. The request stays where it is."},
    {"LMMIO-DRV-D1",
     "QueuePFN counts in units of GuestPageSize. Unset, the queue lies at page number "
     "times one: in the first megabyte, where nothing is."},
    {"LMMIO-DRV-D2", "QEMU takes the lowest bit for the page size: 4095 becomes 1."},
    {"LMMIO-DRV-D3",
     "The answer is defined only while the queue has no address; a device may say anything "
     "then."},
    {"LMMIO-DRV-D4",
     "The two sides round the used ring's place differently, and look for answers at "
     "different addresses."},
    {"LMMIO-DRV-D5", "The device understands that there is no queue; QEMU even resets itself."},
    {"LMMIO-DRV-D6",
     "The device goes on reading and writing rings that are somebody else's memory by now: "
     "silent corruption."},
    {"LMMIO-DRV-D7",
     "Each step depends on those before: an address written before size and alignment puts "
     "the used ring somewhere else."},
    {"LMMIO-DRV-D8",
     "The device keeps its maximum, the driver computes with its own: the used ring is not "
     "where the driver looks."},
    {"LMMIO-DRV-D9", "Both sides count from 0. Left-over indices make the device take garbage for "
                     "requests, or the driver take old answers for new ones."},
    {"LMMIO-DRV-D10",
     "QEMU's virtio-mmio is legacy by default and ignores these writes silently: the queue "
     "never gets an address, and the first request times out."},
    {"RSVD-DRV-01",
     "Without it the device falls back to legacy rules, or refuses: other byte order, "
     "other layout, no FEATURES_OK."},
    {"RSVD-DRV-04",
     "The device has no page tables. It reads and writes at the number that it was given, "
     "which is somebody else's memory or none."},
    {"XSPLIT-DRV-01",
     "Slots are found by idx modulo size, and both sides wrap at 65536. With another size "
     "they part company there, after hours."},
    {"XSPLIT-DRV-02",
     "Entries that the device has not read are overwritten: requests are lost or done "
     "twice."},
    {"SPLIT-DRV-01",
     "Devices use wide accesses on these structures; misaligned, they fault or tear on "
     "real hardware."},
    {"LSPLIT-DRV-02",
     "The device computes where the used ring lies and writes there, whoever owns that "
     "memory."},
    {"LSPLIT-DRV-03",
     "The device's answers are complete and in memory, and the driver looks elsewhere: it "
     "times out with a response that is filled."},
    {"SPLIT-DRV-02",
     "A device may read all readable parts first and stop at the first writable one: what "
     "follows is never read."},
    {"XSPLIT-DRV-06",
     "Undefined bits may mean something tomorrow; garbage there mostly shows that the "
     "descriptor was not initialised."},
    {"SPLIT-DRV-04", "The device's counter of bytes overflows, or it follows a loop for ever; QEMU "
                     "declares the device broken."},
    {"SPLIT-DRV-06", "The device takes the table for a buffer, and the request for garbage."},
    {"SPLIT-DRV-07", "The device declares itself broken, and everything stops."},
    {"SPLIT-DRV-08",
     "The device cannot tell a long chain from a loop, and declares itself broken."},
    {"SPLIT-DRV-09",
     "Devices disagree on which of the two flags wins: part of the request is lost."},
    {"XSPLIT-DRV-10",
     "The last entry is cut off, or the table is empty; the device declares itself broken."},
    {"SPLIT-DRV-11",
     "The device has taken the entry already. It sees 65535 new requests, and declares "
     "itself broken or runs through the ring."},
    {"XSPLIT-DRV-04", "The device reads behind the descriptor table: garbage, or a broken device."},
    {"XSPLIT-DRV-12",
     "The device's own counters are overwritten, and answers are lost or seen twice."},
    {"SPLIT-DRV-20",
     "The device sleeps until it is notified. The request waits, and the driver with it, "
     "until something else notifies the device."},
    {"SPLIT-DRV-22",
     "A comparison that does not wrap works for 65,535 requests and hangs on the next one."},
    {"XSPLIT-DRV-05", "The device reads half of the old request and half of the new one."},
    {"XGPU-DRV-01",
     "The device answers with an error, or not at all: cursor commands and all others go "
     "different ways in it."},
    {"XGPU-DRV-02",
     "The device reads behind the request, or cuts the answer off; QEMU logs a line on the "
     "host and answers with an error, if there is room for one."},
    {"XGPU-DRV-04",
     "The device answers that it does not know the command, and the driver takes whatever "
     "was in the buffer for an EDID."},
    {"XGPU-DRV-05", "The device answers that it does not know the command."},
    {"XGPU-DRV-06",
     "The device answers that it does not know the command, and there is no resource: all "
     "that follows fails, too."},
    {"XGPU-DRV-07", "The device answers that it does not know the command, and nothing is drawn."},
    {"XGPU-DRV-08",
     "The device answers that it does not know the command; the memory that the driver "
     "then touches is not there."},
    {"XGPU-DRV-11", "The device refuses, and the screen stays as it was: mostly black."},
    {"XGPU-DRV-12", "0 is nobody: it turns a scanout off and means an error everywhere else."},
    {"XGPU-DRV-15", "The device refuses to create the resource, and everything after it fails."},
    {"XGPU-DRV-16", "The device reads behind the request for entries that are not there, or leaves "
                    "entries out: the lower part of the picture is missing."},
    {"XGPU-DRV-17",
     "The device refuses; a driver that does not look at the answer draws into nothing."},
    {"XGPU-DRV-22",
     "Each partial update shows the top left corner of the picture, in the right place."},
    {"XGPU-DRV-23",
     "Red and blue change places, or all channels move by one. Names in pixel libraries are of "
     "words, and look the same."},
    {"XGPU-DRV-20", "The device refuses; a screen that the driver counts on is not there."},
    {"XGPU-DRV-21", "Each command succeeds, and the screen stays black or shows the last picture."},
    {"RS-DMA-OUTSIDE",
     "The device cannot reach it: the request is never answered, or the bus faults."},
    {"RS-DMA-NOT-ALLOCATED",
     "The memory may be anything's: a stack, code, another driver's. With an IOMMU the "
     "access faults."},
    {"RS-DMA-ACROSS-END", "The device reads or overwrites what lies behind the buffer."},
    {"RS-DMA-FREED", "The memory has a new owner, and the device writes into it."},
    {"RS-UNOBSERVED-ACCESS",
     "What is not observed is not judged: this finding says that a report may be "
     "incomplete."},
    {"RS-UNOBSERVED-STORE",
     "What is not observed is not judged: this finding says that a report may be "
     "incomplete."},
    {"RS-FOREIGN",
     "An instruction of another machine was skipped; if the driver relied on it, what it "
     "did next is its guess."},
    {"RS-CRASH", "In a kernel this is a panic."},
    {"RS-STACK", "A kernel's stack is small: a few pages, and behind them somebody else's memory."},
    {"RS-SPIN", "A kernel that spins does nothing else. With interrupts off, the machine is dead."},
    {"RS-SILENT-SPIN",
     "A kernel that spins does nothing else, and this loop looks at nothing that could end "
     "it."},
    {"RS-DEADLOCK", "Every thread that may wake another one sleeps itself."},
    {"RS-PROCESS", "A kernel has no process to leave."},
    {"RS-WILD-STORE", "In a kernel the same store hits something that is alive."},
    {"RS-MEMORY", "A driver that allocates without end takes the kernel's memory with it."},
    {"RS-HEAP", "The allocator's own data are gone; the crash comes with the next allocation, far "
                "from here."},
    {"RS-NO-WINDOW",
     "The driver looks for its device where this machine has none: wrong base, wrong "
     "stride, or the wrong machine."},
    {"RS-DISPLAY-LOST",
     "Somebody wrote 0 to Status: a second handle on the same slot, a scan at start-up, a "
     "destructor. Requests time out from then on, and the screen says that the display is "
     "not active."},
    {"RS-NO-SCANOUT",
     "Every command succeeded and the screen is black: no scanout was ever given a "
     "resource."},
    {"RS-LATE-COMPLETION",
     "The driver takes an old answer for the new question. All answers are off by one from "
     "then on."},
    {"RS-DESC-LEAK",
     "Each time-out costs descriptors, and after a few the queue is full for good. So does a chain "
     "of which only the head is taken back."},
    {"RS-WRONG-COMPLETION",
     "It works as long as the device answers in the order of the questions. Under load it does "
     "not, and buffers are read, or freed, that the device still writes to."},
    {"RS-USED-ID-UNCHECKED",
     "The id becomes an index into the driver's own tables. A device that means harm, or is only "
     "broken, picks what is freed."},
    {"RS-STALE-POLL",
     "The compiler reads a plain variable once and keeps it. The debug build works, the release "
     "build hangs, and a line of debug output `cures` it."},
    {"RS-CACHE-LOST",
     "On an emulator caches are coherent and nothing happens. On the board the request that the "
     "device reads is what was in memory before, or a variable has its old value again."},
    {"RS-RESPONSE-UNCHECKED",
     "The device said no, and the driver goes on as if it had said yes: the cause is lost, "
     "the effect shows much later."},
    {"RS-REFUSED",
     "The device did not do what it was asked for, and said why; the specification has no "
     "rule of its own for it."},
    {"RS-STUCK",
     "Nothing that could end the wait can happen any more. On a real machine this is the "
     "time-out, or the hang."},
    {"SPLIT-DRV-03",
     "Each descriptor costs the device a look-up, and a queue of few entries is full too "
     "soon."},
    {"SPLIT-DRV-05",
     "The device takes the next descriptors in a row without reading `next`: it picks up "
     "somebody else's."},
    {"XSPLIT-DRV-11",
     "The device takes the next descriptors in a row without reading `next`: it picks up "
     "somebody else's."},
    {"SPLIT-DRV-10",
     "The device takes the entries in a row without reading `next`, and does them in "
     "another order."},
    {"XSPLIT-DRV-03",
     "The device reads slot idx modulo size. An entry in another slot is never seen, and "
     "an old one is done again."},
    {"SPLIT-DRV-12", "The device tests one bit today; the others may get a meaning."},
    {"SPLIT-DRV-13",
     "With EVENT_IDX the word means nothing: a driver that sets it believes that it has "
     "turned interrupts off, and they come."},
    {"SPLIT-DRV-14",
     "Interrupts are late, shared or spurious. A driver that takes each for an answer "
     "reads a used ring in which nothing new is."},
    {"SPLIT-DRV-15",
     "What lies behind is what was there before: a former answer, or another program's "
     "data, shown as if it were the device's word."},
    {"SPLIT-DRV-16",
     "What lies behind is what was there before: a former answer, or another program's "
     "data, shown as if it were the device's word."},
    {"LSPLIT-DRV-D1",
     "Legacy devices give wrong lengths, and some give 0. A driver that believes them "
     "throws good answers away."},
    {"SPLIT-DRV-17",
     "A bit that is left over tells the driver not to notify: the first request waits for "
     "ever."},
    {"SPLIT-DRV-18", "Without EVENT_IDX the word is nobody's: a driver that compares with it stops "
                     "notifying at some random index."},
    {"SPLIT-DRV-19",
     "The device asked not to be disturbed; each needless notification costs an exit from "
     "the virtual machine."},
    {"SPLIT-DRV-21",
     "With EVENT_IDX the bit is left over from before: a driver that obeys it never "
     "notifies."},
    {"SPLIT-DRV-23",
     "The device asked not to be disturbed; each needless notification costs an exit from "
     "the virtual machine."},
    {"XSPLIT-DRV-07",
     "The device takes entries that were not written yet, or never sees those that were."},
    {"XSPLIT-DRV-08",
     "An answer that is taken twice frees a descriptor twice; one that is passed over is "
     "lost for ever."},
    {"XSPLIT-DRV-09",
     "A buffer that was used between the last look and the request for interrupts makes no "
     "interrupt: the driver sleeps with its answer in front of it."},
    {"XSPLIT-DRV-14",
     "The notification may overtake the index on a machine that lets it. The device looks, finds "
     "nothing new and sleeps; nothing comes until the next request."},
    {"XSPLIT-DRV-15",
     "A processor that reads ahead may have the element from before the device wrote it: the id "
     "and length of another request, once in many."},
    {"XSPLIT-DRV-16",
     "The device has answered and said nothing, as it was asked to. The driver sleeps for ever "
     "with the answer in front of it."},
    {"SPLIT-DRV-24",
     "Without it the device may see the new index and an old entry behind it: garbage, "
     "once in a million, on Arm and RISC-V."},
    {"SPLIT-DRV-25",
     "Without it the driver may read the old wish, and the device the old index: both go "
     "to sleep, and nobody wakes them."},
    {"RSVD-DRV-02", "A device behind an IOMMU then gets addresses that mean nothing to it."},
    {"RSVD-DRV-06", "The device is hardware: barriers between processors are too weak for it."},
    {"RSVD-DRV-07", "The device is hardware: barriers between processors are too weak for it."},
    {"RSVD-DRV-08", "The bit belongs to PCI; here it has no effect, today."},
    {"LRSVD-DRV-01",
     "Without it the layout of each message follows old rules of each type of device; a "
     "GPU has none."},
    {"LRSVD-DRV-02", "The bit was a mistake of early drivers; devices that offer it catch those."},
    {"GPU-DRV-01",
     "The driver guesses a size, and the picture is cut off, scaled, or on a screen that "
     "is not there."},
    {"GPU-DRV-02",
     "The monitor's own modes stay unknown; the driver offers sizes that it cannot show."},
    {"GPU-DRV-03", "Memory that the device shares is not used, and blobs that need it fail."},
    {"GPU-DRV-04", "The field is the device's; the event stays pending."},
    {"GPU-DRV-05",
     "The window was resized, and the picture stays as it was: cut off, or with a black "
     "border."},
    {"GPU-DRV-06",
     "Another monitor was plugged in, and the driver works with the modes of the old one."},
    {"GPU-DRV-07a", "The cursor is whatever was in the resource: mostly nothing."},
    {"GPU-DRV-07b",
     "The cursor queue overtakes the control queue: the cursor shows half of its picture."},
    {"GPU-DRV-08",
     "The device answers with an error, and the driver loops over capability sets that do "
     "not exist."},
    {"GPU-DRV-09", "The device does not know where the blob's memory is to be, and refuses."},
    {"GPU-DRV-10", "0 is no kind of memory: the device refuses."},
    {"GPU-DRV-11", "The device may place the blob where it cannot be mapped or shared later."},
    {"GPU-DRV-12", "The device refuses, and the screen stays as it was."},
    {"GPU-DRV-13", "Two mappings of one blob: the device refuses the second, or loses the first."},
    {"LSPLIT-DRV-01",
     "The device computes with its own size: the two sides find ring parts at different "
     "places."},
    {"LSPLIT-DRV-D2",
     "An old device finds the header by the first descriptor alone, and takes data for it."},
    {"XGPU-DRV-03", "The device refuses such a set."},
    {"XGPU-DRV-09", "Host memory needs a 3D context on the host: the device refuses."},
    {"XGPU-DRV-10",
     "The device takes the index for padding, and fences complete in the wrong order."},
    {"XGPU-DRV-13",
     "The device shows a cursor of 64 by 64 and reads outside the resource, or shows none."},
    {"XGPU-DRV-14", "The cursor shows half of its picture."},
    {"XGPU-DRV-18",
     "The device copies from memory that has a new owner: the screen shows other people's "
     "data."},
    {"XGPU-DRV-19", "The event stays pending; the next one goes unnoticed."},
};

const char *explain_why(const char *id)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (strcmp(reasons[i].id, id) == 0) {
            return reasons[i].why;
        }
    }
    return explain_why_device(id);
}
