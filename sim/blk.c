/*
 * The block device: configuration space, and one request after the other.
 *
 * REQUEST reads the header; EXECUTE decides the status and moves what goes to the disk; RESPONSE
 * writes what comes from it, and the status byte, which is the last writable byte of the chain
 * however the driver cut it into descriptors (2.7.4.3).
 */
#include "blk.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "virtio/blk.h"

#define SEG_MAX_DEFAULT 126u /* QEMU's: a queue of 128 without header and status */

/* The request on its way through the phases. */
struct blk_request {
    struct virtio_blk_req_hdr hdr;
    bool whole; /* all of the header came */
    uint32_t type;
    uint64_t offset; /* of the disk, in bytes */
    uint8_t status;
};

struct blk {
    struct blk_config config;
    uint8_t *disk;
    struct blk_request request;
};

static struct blk *blk_of(const struct sim_device *device)
{
    return device->state;
}

/* ---- configuration space, 5.2.4 ---- */

static void config_read(struct sim_device *device, uint32_t offset, uint32_t width_bytes,
                        uint8_t *out)
{
    struct virtio_blk_config config = {
        .capacity = virtio_le64(blk_of(device)->config.disk_bytes / VIRTIO_BLK_SECTOR_BYTES),
        .seg_max = virtio_le32(SEG_MAX_DEFAULT),
        .blk_size = virtio_le32(VIRTIO_BLK_SECTOR_BYTES),
        .num_queues = virtio_le16(1),
    };

    assert(offset <= sizeof(config) && width_bytes <= sizeof(config) - offset);
    memcpy(out, (const uint8_t *)&config + offset, width_bytes);
}

/* ---- requests ---- */

static uint8_t refuse(struct sim_device *device, uint32_t queue, enum sim_refusal refusal,
                      uint64_t value, uint64_t bound, uint8_t status)
{
    struct event details = {.value = value, .extra = bound};
    sim_refuse(device, queue, refusal, &details);
    return status;
}

/* Bytes of the request that are data: what is neither header nor status. */
static uint64_t data_bytes(const struct sim_chain *chain, uint32_t type)
{
    uint64_t all = type == VIRTIO_BLK_T_OUT ? chain->readable_bytes : chain->writable_bytes;
    uint64_t other = type == VIRTIO_BLK_T_OUT ? sizeof(struct virtio_blk_req_hdr) : 1;
    return all > other ? all - other : 0;
}

static void read_request(struct sim_device *device, uint32_t queue)
{
    struct blk_request *request = &blk_of(device)->request;

    memset(request, 0, sizeof(*request));
    request->whole = sim_chain_read(device, queue, 0, &request->hdr, sizeof(request->hdr)) ==
                     sizeof(request->hdr);
    request->type = virtio_le32(request->hdr.type);
}

/* 5.2.6.1: whole sectors, all of them on the disk. */
static uint8_t check_transfer(struct sim_device *device, uint32_t queue, uint64_t bytes)
{
    const struct blk *blk = blk_of(device);
    const struct blk_request *request = &blk->request;
    uint64_t sectors = blk->config.disk_bytes / VIRTIO_BLK_SECTOR_BYTES;
    uint64_t sector = virtio_le64(request->hdr.sector);
    uint64_t count = bytes / VIRTIO_BLK_SECTOR_BYTES;

    if (bytes % VIRTIO_BLK_SECTOR_BYTES != 0)
        return refuse(device, queue, SIM_REFUSAL_DATA_LENGTH, bytes, VIRTIO_BLK_SECTOR_BYTES,
                      VIRTIO_BLK_S_IOERR);
    if (sector > sectors || count > sectors - sector)
        return refuse(device, queue, SIM_REFUSAL_SECTOR_RANGE, sector + count, sectors,
                      VIRTIO_BLK_S_IOERR);
    if (request->type == VIRTIO_BLK_T_OUT && blk->config.read_only)
        return refuse(device, queue, SIM_REFUSAL_DISK_READ_ONLY, sector, 0, VIRTIO_BLK_S_IOERR);
    return VIRTIO_BLK_S_OK;
}

static uint8_t do_request(struct sim_device *device, uint32_t queue)
{
    struct blk *blk = blk_of(device);
    struct blk_request *request = &blk->request;
    const struct sim_chain *chain = &device->queue[queue].chain;
    uint64_t bytes = data_bytes(chain, request->type);
    uint8_t status;

    switch (request->type) {
    case VIRTIO_BLK_T_IN:
    case VIRTIO_BLK_T_OUT:
        status = check_transfer(device, queue, bytes);
        if (status != VIRTIO_BLK_S_OK)
            return status;
        request->offset = virtio_le64(request->hdr.sector) * VIRTIO_BLK_SECTOR_BYTES;
        if (request->type == VIRTIO_BLK_T_OUT &&
            sim_chain_read(device, queue, sizeof(request->hdr), blk->disk + request->offset,
                           bytes) != bytes)
            return VIRTIO_BLK_S_IOERR; /* reported there: memory that cannot be read */
        return VIRTIO_BLK_S_OK;
    case VIRTIO_BLK_T_FLUSH:
    case VIRTIO_BLK_T_GET_ID:
        return VIRTIO_BLK_S_OK;
    }
    return refuse(device, queue, SIM_REFUSAL_COMMAND_UNKNOWN, request->type, 0,
                  VIRTIO_BLK_S_UNSUPP);
}

static void execute(struct sim_device *device, uint32_t queue)
{
    struct blk_request *request = &blk_of(device)->request;
    const struct sim_chain *chain = &device->queue[queue].chain;

    if (!request->whole) {
        request->status =
            device->queue[queue].broken
                ? VIRTIO_BLK_S_IOERR
                : refuse(device, queue, SIM_REFUSAL_REQUEST_SHORT, chain->readable_bytes,
                         sizeof(request->hdr), VIRTIO_BLK_S_IOERR);
        return;
    }
    struct event event = sim_event(device, EVENT_EXECUTE, queue);
    event.value = request->type;
    event.extra = chain->segment[0].addr;
    event.index = (uint32_t)virtio_le64(request->hdr.sector);
    sim_emit(device, &event);
    request->status = do_request(device, queue);
}

/* What the device writes before the status byte; returns the bytes written. */
static uint64_t write_data(struct sim_device *device, uint32_t queue)
{
    const struct blk *blk = blk_of(device);
    const struct blk_request *request = &blk->request;
    uint64_t bytes = data_bytes(&device->queue[queue].chain, request->type);
    char id[VIRTIO_BLK_ID_BYTES] = BLK_ID;

    if (!request->whole || request->status != VIRTIO_BLK_S_OK)
        return 0;
    if (request->type == VIRTIO_BLK_T_IN)
        return sim_chain_write(device, queue, 0, blk->disk + request->offset, bytes);
    if (request->type == VIRTIO_BLK_T_GET_ID)
        return sim_chain_write(device, queue, 0, id, bytes < sizeof(id) ? bytes : sizeof(id));
    return 0;
}

static void fault_status(struct sim_device *device, uint32_t queue)
{
    const struct sim_fault *fault = sim_fault_of(device, queue, SIM_FAULT_RESPONSE_TYPE);

    if (fault == NULL)
        return;
    sim_emit_fault(device, queue, fault);
    blk_of(device)->request.status = (uint8_t)fault->argument;
}

static void respond(struct sim_device *device, uint32_t queue)
{
    struct blk_request *request = &blk_of(device)->request;
    const uint64_t room_bytes = device->queue[queue].chain.writable_bytes;
    uint64_t written_bytes = write_data(device, queue);

    fault_status(device, queue);
    if (room_bytes == 0)
        refuse(device, queue, SIM_REFUSAL_RESPONSE_SHORT, 0, 1, 0);
    else if (!device->queue[queue].broken)
        written_bytes += sim_chain_write(device, queue, room_bytes - 1, &request->status, 1);
    struct event event = sim_event(device, EVENT_RESPOND, queue);
    event.value = request->status;
    event.extra = written_bytes;
    sim_emit(device, &event);
}

/* ---- life ---- */

/* The disk keeps what is on it. */
static void reset(struct sim_device *device)
{
    struct blk *blk = blk_of(device);

    if (blk != NULL) /* sim_device_create() comes before blk_create() */
        memset(&blk->request, 0, sizeof(blk->request));
}

static bool succeeded(uint32_t status)
{
    return status == VIRTIO_BLK_S_OK;
}

const struct sim_class blk_class = {
    .name = "blk",
    .device_id = VIRTIO_ID_BLOCK,
    .queue_count = 1,
    .features = VIRTIO_BIT(VIRTIO_BLK_F_SEG_MAX) | VIRTIO_BIT(VIRTIO_BLK_F_BLK_SIZE) |
                VIRTIO_BIT(VIRTIO_BLK_F_FLUSH) | VIRTIO_BIT(VIRTIO_BLK_F_RO),
    .config_bytes = sizeof(struct virtio_blk_config),
    .reset = reset,
    .config_read = config_read,
    .request = read_request,
    .execute = execute,
    .respond = respond,
    .command_name = blk_type_name,
    .response_name = blk_status_name,
    .succeeded = succeeded,
};

bool blk_create(struct sim_device *device, const struct blk_config *config)
{
    assert(device->class == &blk_class && device->state == NULL);
    assert(config->disk_bytes > 0 && config->disk_bytes <= BLK_DISK_BYTES_MAX);
    assert(config->disk_bytes % VIRTIO_BLK_SECTOR_BYTES == 0);
    struct blk *blk = calloc(1, sizeof(*blk));
    uint8_t *disk = malloc(config->disk_bytes);
    if (blk == NULL || disk == NULL) {
        free(blk);
        free(disk);
        return false;
    }
    for (uint64_t offset = 0; offset < config->disk_bytes; offset += sizeof(le32)) {
        le32 word = virtio_le32(BLK_PATTERN + (uint32_t)(offset / sizeof(le32)));
        memcpy(disk + offset, &word, sizeof(word));
    }
    blk->config = *config;
    blk->disk = disk;
    device->state = blk;
    return true;
}

void blk_destroy(struct sim_device *device)
{
    struct blk *blk = blk_of(device);

    if (blk == NULL)
        return;
    free(blk->disk);
    free(blk);
    device->state = NULL;
}

bool blk_disk_word(const struct sim_device *device, uint64_t offset, uint32_t *value)
{
    const struct blk *blk = blk_of(device);
    le32 word;

    if (offset > blk->config.disk_bytes || blk->config.disk_bytes - offset < sizeof(word))
        return false;
    memcpy(&word, blk->disk + offset, sizeof(word));
    *value = virtio_le32(word);
    return true;
}

/* ---- names ---- */

/* clang-format off */
const char *blk_type_name(uint32_t type)
{
    switch (type) {
#define X(name, value) case (value): return "VIRTIO_BLK_T_" #name;
    VIRTIO_BLK_TYPES(X)
#undef X
    }
    return NULL;
}

const char *blk_status_name(uint32_t status)
{
    switch (status) {
#define X(name, value) case (value): return "VIRTIO_BLK_S_" #name;
    VIRTIO_BLK_STATUSES(X)
#undef X
    }
    return NULL;
}
/* clang-format on */
