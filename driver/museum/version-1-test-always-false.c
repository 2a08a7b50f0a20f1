/*
 * The test for a feature's bit is false for every bit but the first, so that VERSION_1 is never
 * seen.
 *
 * Symptom: modern devices never work. Cause: the bit's number is held against the size of a bool in
 * bytes, where the number of bits was meant; the compiler drops what follows, without a warning.
 * Seen in xvisor/xvisor#184.
 */
#include "exhibit.h"

static bool offers(uint64_t features, unsigned bit)
{
    size_t bits = exhibit.mended ? 8 * sizeof(features) : sizeof(bool);

    if (bit >= bits)
        return false;
    return (features & VIRTIO_BIT(bit)) != 0;
}

enum suite_result exhibit_negotiate(void)
{
    uint64_t offered;

    REG(DeviceFeaturesSel) = 1;
    offered = (uint64_t)REG(DeviceFeatures) << 32;
    if (offers(offered, VIRTIO_F_VERSION_1))
        exhibit.features = VIRTIO_BIT(VIRTIO_F_VERSION_1);
    REG(DriverFeaturesSel) = 0;
    REG(DriverFeatures) = 0;
    REG(DriverFeaturesSel) = 1;
    REG(DriverFeatures) = (uint32_t)(exhibit.features >> 32);
    REG(Status) |= VIRTIO_STATUS_FEATURES_OK;
    return (REG(Status) & VIRTIO_STATUS_FEATURES_OK) != 0 ? SUITE_OK : SUITE_BAD_DEVICE;
}
