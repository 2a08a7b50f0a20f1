/*
 * Entropy device (VIRTIO 1.3, 5.4 "Entropy Device"): no features, no configuration space, and one
 * queue of buffers that the device writes random bytes to.
 */
#ifndef RINGSIDE_VIRTIO_ENTROPY_H
#define RINGSIDE_VIRTIO_ENTROPY_H

#define VIRTIO_ENTROPY_REQUESTQ 0

#endif
