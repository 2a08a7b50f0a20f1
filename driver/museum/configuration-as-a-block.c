/*
 * The configuration is copied like memory, byte by byte.
 *
 * Symptom: a wrong address of the network card on one machine, a bus fault on another, an assertion
 * on a third. Cause: fields of the configuration space are registers. One of 32 bits is read by one
 * access of 32 bits; what memcpy makes of a structure is the compiler's affair. Seen in
 * apache/nuttx#18265, apache/nuttx@e9a146bbfce and haiku/haiku@fe084f0b03.
 */
#include "exhibit.h"

static uint32_t read_num_scanouts(void)
{
    const volatile uint8_t *config = exhibit.window + VIRTIO_MMIO_CONFIG;
    const volatile uint8_t *field = config + offsetof(struct virtio_gpu_config, num_scanouts);
    uint32_t value;

    if (exhibit.mended)
        return *(const volatile uint32_t *)field;
    for (size_t i = 0; i < sizeof(value); i++)
        ((uint8_t *)&value)[i] = field[i];
    return value;
}

void exhibit_driver_ok(void)
{
    if (read_num_scanouts() != 0)
        REG(Status) |= VIRTIO_STATUS_DRIVER_OK;
}
