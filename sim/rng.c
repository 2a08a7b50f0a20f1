/*
 * The entropy device. Its stream is a function of seed and position: no state but how much was
 * given.
 */
#include "rng.h"

#include <assert.h>
#include <stdlib.h>

struct rng {
    uint64_t seed;
    uint64_t given_bytes;
};

static struct rng *rng_of(const struct sim_device *device)
{
    return device->state;
}

/* splitmix64 of the position: small, and every seed gives another stream. */
uint8_t rng_byte(uint64_t seed, uint64_t index)
{
    uint64_t mixed = seed + (index / 8 + 1) * UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    mixed ^= mixed >> 31;
    return (uint8_t)(mixed >> (8 * (index % 8)));
}

/* 5.4.6.1: there is nothing for the device to read. */
static void read_request(struct sim_device *device, uint32_t queue)
{
    const struct sim_chain *chain = &device->queue[queue].chain;
    struct event details = {.value = chain->readable_bytes, .extra = 0};

    if (chain->readable_bytes > 0)
        sim_refuse(device, queue, SIM_REFUSAL_ENTROPY_READABLE, &details);
}

static void execute(struct sim_device *device, uint32_t queue)
{
    const struct sim_chain *chain = &device->queue[queue].chain;
    struct event event = sim_event(device, EVENT_EXECUTE, queue);

    event.extra = chain->readable_count + chain->writable_count > 0 ? chain->segment[0].addr : 0;
    sim_emit(device, &event);
}

static void respond(struct sim_device *device, uint32_t queue)
{
    struct rng *rng = rng_of(device);
    uint64_t bytes = device->queue[queue].chain.writable_bytes;
    uint8_t random[RNG_BYTES_MAX];
    uint64_t written_bytes;
    struct event details = {.value = 0, .extra = 1};

    bytes = bytes < sizeof(random) ? bytes : sizeof(random);
    if (bytes == 0)
        sim_refuse(device, queue, SIM_REFUSAL_RESPONSE_SHORT, &details);
    for (uint64_t i = 0; i < bytes; i++)
        random[i] = rng_byte(rng->seed, rng->given_bytes + i);
    written_bytes = sim_chain_write(device, queue, 0, random, bytes);
    rng->given_bytes += written_bytes;
    struct event event = sim_event(device, EVENT_RESPOND, queue);
    event.extra = written_bytes;
    sim_emit(device, &event);
}

/* The stream goes on: bytes given once are not given again. */
static void reset(struct sim_device *device)
{
    (void)device;
}

static const char *no_name(uint32_t code)
{
    return code == 0 ? "random bytes" : NULL;
}

static bool succeeded(uint32_t response)
{
    (void)response;
    return true;
}

const struct sim_class rng_class = {
    .name = "rng",
    .device_id = VIRTIO_ID_ENTROPY,
    .queue_count = 1,
    .features = 0,
    .config_bytes = 0,
    .reset = reset,
    .request = read_request,
    .execute = execute,
    .respond = respond,
    .command_name = no_name,
    .response_name = no_name,
    .succeeded = succeeded,
};

bool rng_create(struct sim_device *device, uint64_t seed)
{
    assert(device->class == &rng_class && device->state == NULL);
    struct rng *rng = calloc(1, sizeof(*rng));
    if (rng == NULL)
        return false;
    rng->seed = seed;
    device->state = rng;
    return true;
}

void rng_destroy(struct sim_device *device)
{
    free(rng_of(device));
    device->state = NULL;
}
