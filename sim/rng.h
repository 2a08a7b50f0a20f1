/*
 * The simulated entropy device: fills whatever it is given (VIRTIO 1.3, 5.4).
 *
 * The bytes come from a generator with a seed, so that a run is repeated by its seed. The device
 * has no requests and no answers; a chain is one buffer, its EXECUTE has type 0 and its RESPOND
 * value 0.
 */
#ifndef RINGSIDE_SIM_RNG_H
#define RINGSIDE_SIM_RNG_H

#include "device.h"

/* Most that one buffer gets; 5.4.6.2 lets the device use less of it than there is. */
#define RNG_BYTES_MAX 4096u

extern const struct sim_class rng_class;

/* Gives a device its generator; after sim_device_create() with rng_class. False: out of memory. */
bool rng_create(struct sim_device *device, uint64_t seed);
void rng_destroy(struct sim_device *device);

/* What the device will write for a seed: byte `index` of the stream. */
uint8_t rng_byte(uint64_t seed, uint64_t index);

#endif
