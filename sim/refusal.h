/*
 * Everything that a device can find wrong with what a driver gave it, as one table.
 *
 * The device reports a refusal as an event and goes on as the specification allows; rules turn
 * refusals into findings. The action column says what the device does after it reported.
 *
 * In the event that is emitted, `value` is always the enum sim_refusal. The address or offending
 * value is in `addr`, the length or bound in `extra`; `index` is the enum arena_fault of the DMA_
 * rows, else it goes with `place` or is a resource_id. The comments below say what is in the
 * details given to sim_refuse(), where an offending value stands in `value`.
 */
#ifndef RINGSIDE_SIM_REFUSAL_H
#define RINGSIDE_SIM_REFUSAL_H

/*
 * X(name, action, text). Actions: IGNORE the access or notification; SKIP the chain (it is returned
 * with used length 0); ERROR response; RESET means DEVICE_NEEDS_RESET (2.1.2); NOTE goes on as if
 * all were well.
 */
#define SIM_REFUSALS(X)                                                                            \
    X(NONE, NOTE, "nothing")                                                                       \
    /* addresses; event.addr is the address, event.extra its length, event.index enum arena_fault  \
     */                                                                                            \
    X(DMA_DESC, RESET, "the descriptor table cannot be read")                                      \
    X(DMA_AVAIL, RESET, "the available ring cannot be read")                                       \
    X(DMA_USED, RESET, "the used ring cannot be written")                                          \
    X(DMA_INDIRECT, RESET, "the indirect table cannot be read")                                    \
    X(DMA_REQUEST, RESET, "a device-readable buffer cannot be read")                               \
    X(DMA_RESPONSE, RESET, "a device-writable buffer cannot be written")                           \
    X(DMA_BACKING, ERROR, "the backing memory of a resource cannot be read")                       \
    /* notifications; event.value is what was written */                                           \
    X(NOTIFY_QUEUE, IGNORE, "QueueNotify names a queue that the device does not have")             \
    X(NOTIFY_NOT_LIVE, IGNORE, "QueueNotify names a queue without an address")                     \
    X(NOTIFY_BEFORE_DRIVER_OK, IGNORE, "QueueNotify before DRIVER_OK")                             \
    /* the ring; event.value is the offending value, event.extra the bound */                      \
    X(QUEUE_SIZE, NOTE, "QueueSize is 0, no power of two, or above QueueSizeMax")                  \
    X(QUEUE_ALIGN, NOTE, "an area of the queue is not aligned as it must be")                      \
    X(AVAIL_JUMP, RESET, "avail.idx is more than one queue size ahead, or went back")              \
    X(HEAD_RANGE, RESET, "an available ring entry is not below the queue size")                    \
    X(NEXT_RANGE, RESET, "a descriptor's next is not below the queue size")                        \
    X(CHAIN_LOOP, RESET, "a chain has more descriptors than the queue: it loops")                  \
    X(CHAIN_BYTES, RESET, "the buffers of a chain add up to more than 4 GiB")                      \
    X(INDIRECT_FEATURE, RESET, "INDIRECT is set but INDIRECT_DESC was not negotiated")             \
    X(INDIRECT_NESTED, RESET, "INDIRECT is set inside an indirect table")                          \
    X(INDIRECT_NEXT, RESET, "INDIRECT and NEXT are set in the same descriptor")                    \
    X(INDIRECT_LENGTH, RESET, "an indirect table's length is 0 or no multiple of 16")              \
    X(ZERO_LENGTH, NOTE, "a descriptor of length 0 (QEMU stops the device for it)")                \
    X(READABLE_AFTER_WRITABLE, NOTE, "a device-readable descriptor follows a writable one")        \
    X(FLAGS_UNKNOWN, NOTE, "a descriptor has flags that the specification does not define")        \
    /* requests; event.value is what came, event.extra what was needed */                          \
    X(REQUEST_SHORT, ERROR, "the request is shorter than its command's structure")                 \
    X(RESPONSE_SHORT, NOTE, "the device-writable part is too small for the response")              \
    X(COMMAND_UNKNOWN, ERROR, "a command type that the specification does not define")             \
    X(COMMAND_FEATURE, ERROR, "a command whose feature was not negotiated")                        \
    X(COMMAND_QUEUE, ERROR, "a command on the wrong queue")                                        \
    X(RESOURCE_ID, ERROR, "a resource_id that does not exist, exists already, or is 0")            \
    X(SCANOUT_ID, ERROR, "a scanout_id that is not below num_scanouts")                            \
    X(RESOURCE_FORMAT, ERROR, "a format that is none of the eight")                                \
    X(RESOURCE_SIZE, ERROR, "a resource of no pixels, or of more than the device can hold")        \
    X(RECT_OUTSIDE, ERROR, "a rectangle that does not lie inside its resource")                    \
    X(BACKING_MISSING, ERROR, "a transfer from a resource without backing")                        \
    X(BACKING_PRESENT, ERROR, "backing is attached to a resource that has some already")           \
    X(BACKING_SHORT, ERROR, "a transfer reads behind the end of the backing")                      \
    X(BACKING_ENTRIES, ERROR, "fewer memory entries than nr_entries says, or more than the limit") \
    X(SECTOR_RANGE, ERROR, "a request reaches behind the last sector of the disk")                 \
    X(DATA_LENGTH, ERROR, "the data of a request is not whole sectors of 512 bytes")               \
    X(DISK_READ_ONLY, ERROR, "a write to a disk that is read-only")                                \
    X(ENTROPY_READABLE, ERROR, "a buffer for random bytes has a device-readable part")             \
    /* status */                                                                                   \
    X(STATUS_CLEARS, NOTE, "Status is written without a bit that was set; only 0 may do that")     \
    X(FEATURES_VETO, NOTE, "the feature set is refused: FEATURES_OK stays clear")                  \
    X(PFN_AGAIN, NOTE, "QueuePFN is written while the queue is in use")                            \
    X(PFN_EARLY, IGNORE, "QueuePFN is written before page size, alignment and size are valid")

enum sim_refusal {
#define X(name, action, text) SIM_REFUSAL_##name,
    SIM_REFUSALS(X)
#undef X
        SIM_REFUSAL_COUNT
};

enum sim_action {
    SIM_ACTION_NOTE,
    SIM_ACTION_IGNORE,
    SIM_ACTION_SKIP,
    SIM_ACTION_ERROR,
    SIM_ACTION_RESET,
};

const char *sim_refusal_text(enum sim_refusal refusal);
/* The word of the trace: lower case with hyphens, `notify-not-live`. */
const char *sim_refusal_word(enum sim_refusal refusal);
enum sim_action sim_refusal_action(enum sim_refusal refusal);

#endif
