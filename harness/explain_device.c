/*
 * What devices do that break their rules, and that keep them: made by
 * RINGSIDE_BLESS=1 tests/test_rules_device, of its cases; the same test holds it against them.
 */
#include "explain.h"

#include <string.h>

/* clang-format off */
static const struct explain_device sequences[] = {
    {"STATUS-DEV-01",
     "26 driver write QueueDeviceLow 0x40002000\n"
     "27 driver write QueueDeviceHigh 0\n"
     "28 driver write QueueReady 1\n"
     "29 device take q0 head 0 segments 2\n",
     "28 driver write QueueReady 1\n"
     "29 driver write Status 0xf\n"
     "30 device needs-reset head-range\n"
     "31 device interrupt config\n",
    },
    {"STATUS-DEV-02",
     "29 driver write Status 0xf\n"
     "30 device needs-reset head-range\n"
     "31 device interrupt config\n"
     "32 driver read Status 0xf\n",
     "29 driver write Status 0xf\n"
     "30 device needs-reset head-range\n"
     "31 device interrupt config\n"
     "32 driver read Status 0x4f\n",
    },
    {"STATUS-DEV-03",
     "28 driver write QueueReady 1\n"
     "29 driver write Status 0xf\n"
     "30 device needs-reset head-range\n"
     "31 driver read InterruptStatus 0\n",
     "30 device needs-reset head-range\n"
     "31 device interrupt config\n"
     "32 driver read Status 0x4f\n"
     "33 driver read InterruptStatus 2\n",
    },
    {"FEAT-DEV-01",
     "6 driver write Status 1\n"
     "7 driver write Status 3\n"
     "8 driver write DeviceFeaturesSel 0\n"
     "9 driver read DeviceFeatures 0x10\n",
     "8 driver write DeviceFeaturesSel 0\n"
     "9 driver read DeviceFeatures 0x11\n"
     "10 driver write DeviceFeaturesSel 1\n"
     "11 driver read DeviceFeatures 1\n",
    },
    {"FEAT-DEV-02",
     "14 driver write DriverFeaturesSel 1\n"
     "15 driver write DriverFeatures 1\n"
     "16 driver write Status 0xb\n"
     "17 device refuse features-veto on q0\n",
     "14 driver write DriverFeaturesSel 1\n"
     "15 driver write DriverFeatures 0\n"
     "16 driver write Status 0xb\n"
     "17 device refuse features-veto on q0 of 0x100000000 in Status\n",
    },
    {"FEAT-DEV-03",
     "15 driver write DriverFeatures 0\n"
     "16 driver write Status 0xb\n"
     "17 device refuse features-veto on q0 of 0x100000000 in Status\n"
     "18 driver read Status 0xb\n",
     "15 driver write DriverFeatures 0\n"
     "16 driver write Status 0xb\n"
     "17 device refuse features-veto on q0 of 0x100000000 in Status\n"
     "18 driver read Status 3\n",
    },
    {"FEAT-DEV-04",
     "6 driver write Status 1\n"
     "7 driver write Status 3\n"
     "8 driver write DeviceFeaturesSel 0\n"
     "9 driver read DeviceFeatures 0\n",
     "8 driver write DeviceFeaturesSel 0\n"
     "9 driver read DeviceFeatures 0\n"
     "10 driver write DeviceFeaturesSel 1\n"
     "11 driver read DeviceFeatures 0x101\n",
    },
    {"FEAT-DEV-05",
     "28 driver write DriverFeaturesSel 1\n"
     "29 driver write DriverFeatures 1\n"
     "30 driver write Status 0xb\n"
     "31 device refuse features-veto on q0\n",
     "14 driver write DriverFeaturesSel 1\n"
     "15 driver write DriverFeatures 0\n"
     "16 driver write Status 0xb\n"
     "17 device refuse features-veto on q0 of 0x100000000 in Status\n",
    },
    {"RESET-DEV-01",
     "29 driver write Status 0xf\n"
     "30 driver write Status 0\n"
     "31 device reset\n"
     "32 driver read Status 0xf\n",
     "29 driver write Status 0xf\n"
     "30 driver write Status 0\n"
     "31 device reset\n"
     "32 driver read Status 0\n",
    },
    {"RESET-DEV-02",
     "29 driver write Status 0xf\n"
     "30 driver write Status 0\n"
     "31 device reset\n"
     "32 device store q0.used.idx 1\n",
     "28 driver write QueueReady 1\n"
     "29 driver write Status 0xf\n"
     "30 device needs-reset head-range\n"
     "31 device interrupt config\n",
    },
    {"VQR-DEV-01",
     "29 driver write Status 0xf\n"
     "30 driver write QueueReset 1\n"
     "31 device reset by QueueReset of q0\n"
     "32 device take q0 head 0 segments 2\n",
     "45 device execute GET_DISPLAY_INFO at 0x40003000\n"
     "46 device respond OK_DISPLAY_INFO 408\n"
     "47 device store q0.used.ring[0] 0x19800000000\n"
     "48 device store q0.used.idx 1\n",
    },
    {"VQR-DEV-02",
     "41 driver write QueueDeviceLow 0x40002000\n"
     "42 driver write QueueDeviceHigh 0\n"
     "43 driver write QueueReady 1\n"
     "44 device load q0.avail.ring[3] 0\n",
     "41 driver write QueueDeviceLow 0x40002000\n"
     "42 driver write QueueDeviceHigh 0\n"
     "43 driver write QueueReady 1\n"
     "44 device load q0.avail.ring[0] 0\n",
    },
    {"VQR-DEV-03",
     "41 driver write QueueDeviceLow 0x40002000\n"
     "42 driver write QueueDeviceHigh 0\n"
     "43 driver write QueueReady 1\n"
     "44 device load 0x40001102/2 0\n",
     "42 driver write QueueDeviceHigh 0\n"
     "43 driver write QueueReady 1\n"
     "44 device load q0.avail.ring[0] 0\n"
     "45 device load q0.avail.idx 0\n",
    },
    {"LSPLIT-DEV-01",
     "17 driver write QueueAlign 4\n"
     "18 driver write QueuePFN 0x40000\n"
     "19 driver write Status 7\n"
     "20 device load 0x40001102/2 0\n",
     "17 driver write QueueAlign 4\n"
     "18 driver write QueuePFN 0x40000\n"
     "19 driver write Status 7\n"
     "20 device load q0.avail.idx 0\n",
    },
    {"SPLIT-DEV-02",
     "43 device load q0.avail.ring[0] 0\n"
     "44 device take q0 head 0 segments 2\n"
     "45 device execute GET_DISPLAY_INFO at 0x40003000\n"
     "46 device store q0.request[0]/24 0\n",
     "43 device load q0.avail.ring[0] 0\n"
     "44 device take q0 head 0 segments 2\n"
     "45 device execute GET_DISPLAY_INFO at 0x40003000\n"
     "46 device store q0.response[0]/24 0\n",
    },
    {"SPLIT-DEV-03",
     "43 device load q0.avail.ring[0] 0\n"
     "44 device take q0 head 0 segments 2\n"
     "45 device execute GET_DISPLAY_INFO at 0x40003000\n"
     "46 device load q0.response[0]/24 0\n",
     "43 device load q0.avail.ring[0] 0\n"
     "44 device take q0 head 0 segments 2\n"
     "45 device execute GET_DISPLAY_INFO at 0x40003000\n"
     "46 device load q0.request[0]/24 0\n",
    },
    {"SPLIT-DEV-04",
     "39 driver store q0.desc[1].next 0\n"
     "40 driver store q0.avail.ring[0] 0\n"
     "41 driver store q0.avail.idx 1\n"
     "42 device store q0.desc[0].flags 0\n",
     "41 driver store q0.avail.idx 1\n"
     "42 device load q0.avail.idx 1\n"
     "43 device load q0.avail.ring[0] 0\n"
     "44 device take q0 head 0 segments 2\n",
    },
    {"XSPLIT-DEV-02",
     "39 driver store q0.desc[1].next 0\n"
     "40 driver store q0.avail.ring[0] 0\n"
     "41 driver store q0.avail.idx 1\n"
     "42 device store q0.avail.idx 0\n",
     "41 driver store q0.avail.idx 1\n"
     "42 device load q0.avail.idx 1\n"
     "43 device load q0.avail.ring[0] 0\n"
     "44 device take q0 head 0 segments 2\n",
    },
    {"SPLIT-DEV-08",
     "47 device store q0.used.ring[0] 0x19800000000\n"
     "48 device store q0.used.idx 1\n"
     "49 device load q0.avail.flags 1\n"
     "50 device interrupt used\n",
     "47 device store q0.used.ring[0] 0x19800000000\n"
     "48 device store q0.used.idx 1\n"
     "49 device load q0.avail.flags 0\n"
     "50 device interrupt used\n",
    },
    {"SPLIT-DEV-09",
     "47 device store q0.used.ring[0] 0x19800000000\n"
     "48 device store q0.used.idx 1\n"
     "49 device load q0.avail.flags 0\n"
     "50 device load q0.avail.idx 1\n",
     "48 device store q0.used.idx 1\n"
     "49 device load q0.avail.flags 0\n"
     "50 device interrupt used\n"
     "51 device load q0.avail.idx 1\n",
    },
    {"SPLIT-DEV-11",
     "47 device store q0.used.ring[0] 0x19800000000\n"
     "48 device store q0.used.idx 1\n"
     "49 device load q0.avail.used_event 0\n"
     "50 device load q0.avail.idx 1\n",
     "48 device store q0.used.idx 1\n"
     "49 device load q0.avail.used_event 0\n"
     "50 device interrupt used\n"
     "51 device load q0.avail.idx 1\n",
    },
    {"SPLIT-DEV-12",
     "47 device store q0.used.ring[0] 0x19800000000\n"
     "48 device store q0.used.idx 1\n"
     "49 device load q0.avail.used_event 5\n"
     "50 device interrupt used\n",
     "47 device store q0.used.ring[0] 0x19800000000\n"
     "48 device store q0.used.idx 1\n"
     "49 device load q0.avail.used_event 0\n"
     "50 device interrupt used\n",
    },
    {"XSPLIT-DEV-01",
     "44 device take q0 head 0 segments 2\n"
     "45 device execute GET_DISPLAY_INFO at 0x40003000\n"
     "46 device respond OK_DISPLAY_INFO 408\n"
     "47 device store q0.used.ring[0] 0x19800000005\n",
     "44 device take q0 head 0 segments 2\n"
     "45 device execute GET_DISPLAY_INFO at 0x40003000\n"
     "46 device respond OK_DISPLAY_INFO 408\n"
     "47 device store q0.used.ring[0] 0x19800000000\n",
    },
    {"SPLIT-DEV-13",
     "29 driver write Status 0xf\n"
     "30 driver write Status 0\n"
     "31 device reset\n"
     "32 device store q0.used.idx 1\n",
     "45 device execute GET_DISPLAY_INFO at 0x40003000\n"
     "46 device respond OK_DISPLAY_INFO 408\n"
     "47 device store q0.used.ring[0] 0x19800000000\n"
     "48 device store q0.used.idx 1\n",
    },
    {"SPLIT-DEV-14",
     "44 device take q0 head 0 segments 2\n"
     "45 device execute GET_DISPLAY_INFO at 0x40003000\n"
     "46 device respond OK_DISPLAY_INFO 408\n"
     "47 device store q0.used.ring[0] 0x20000000000\n",
     "44 device take q0 head 0 segments 2\n"
     "45 device execute GET_DISPLAY_INFO at 0x40003000\n"
     "46 device respond OK_DISPLAY_INFO 408\n"
     "47 device store q0.used.ring[0] 0x19800000000\n",
    },
    {"SPLIT-DEV-15",
     "39 driver store q0.desc[1].next 0\n"
     "40 driver store q0.avail.ring[0] 0\n"
     "41 driver store q0.avail.idx 1\n"
     "42 device store q0.used.flags 2\n",
     "41 driver store q0.avail.idx 1\n"
     "42 device load q0.avail.idx 1\n"
     "43 device load q0.avail.ring[0] 0\n"
     "44 device take q0 head 0 segments 2\n",
    },
    {"SPLIT-DEV-16",
     "39 driver store q0.desc[1].next 0\n"
     "40 driver store q0.avail.ring[0] 0\n"
     "41 driver store q0.avail.idx 1\n"
     "42 device store q0.used.flags 1\n",
     "39 driver store q0.desc[1].next 0\n"
     "40 driver store q0.avail.ring[0] 0\n"
     "41 driver store q0.avail.idx 1\n"
     "42 device store q0.used.flags 0\n",
    },
    {"XCONF-DEV-01",
     "28 driver write QueueReady 1\n"
     "29 driver write Status 0xf\n"
     "30 device config-change generation 1\n"
     "31 driver read InterruptStatus 0\n",
     "29 driver write Status 0xf\n"
     "30 device config-change generation 1\n"
     "31 device interrupt config\n"
     "32 driver read InterruptStatus 2\n",
    },
    {"XMMIO-DEV-01",
     "27 driver write QueueDeviceHigh 0\n"
     "28 driver write QueueReady 1\n"
     "29 driver write Status 0xf\n"
     "30 driver read QueueReady 0\n",
     "27 driver write QueueDeviceHigh 0\n"
     "28 driver write QueueReady 1\n"
     "29 driver write Status 0xf\n"
     "30 driver read QueueReady 1\n",
    },
    {"MMIO-DEV-01",
     "1 driver read MagicValue 1\n",
     "1 driver read MagicValue 0x74726976\n",
    },
    {"MMIO-DEV-02",
     "1 driver read Version 1\n",
     "1 driver read MagicValue 0x74726976\n"
     "2 driver read Version 2\n",
    },
    {"MMIO-DEV-03",
     "28 driver write QueueReady 1\n"
     "29 driver write Status 0xf\n"
     "30 device interrupt used\n"
     "31 driver read InterruptStatus 0\n",
     "28 driver write QueueReady 1\n"
     "29 driver write Status 0xf\n"
     "30 device interrupt used\n"
     "31 driver read InterruptStatus 1\n",
    },
    {"MMIO-DEV-04",
     "27 driver write QueueDeviceHigh 0\n"
     "28 driver write QueueReady 1\n"
     "29 driver write Status 0xf\n"
     "30 driver read InterruptStatus 2\n",
     "28 driver write QueueReady 1\n"
     "29 driver write Status 0xf\n"
     "30 device interrupt used\n"
     "31 driver read InterruptStatus 1\n",
    },
    {"MMIO-DEV-05",
     "30 driver write Status 0\n"
     "31 device reset\n"
     "32 driver write QueueSel 0\n"
     "33 driver read QueueReady 1\n",
     "16 driver write Status 0xb\n"
     "17 driver read Status 0xb\n"
     "18 driver write QueueSel 0\n"
     "19 driver read QueueReady 0\n",
    },
    {"MMIO-DEV-06",
     "29 driver write Status 0xf\n"
     "30 device config-change generation 1\n"
     "31 device interrupt config\n"
     "32 driver read ConfigGeneration 0\n",
     "30 device config-change generation 1\n"
     "31 device interrupt config\n"
     "32 driver read InterruptStatus 2\n"
     "33 driver read ConfigGeneration 1\n",
    },
    {"MMIO-DEV-07",
     "29 driver write Status 0xf\n"
     "30 driver write Status 0\n"
     "31 device reset\n"
     "32 device store q0.used.idx 1\n",
     "45 device execute GET_DISPLAY_INFO at 0x40003000\n"
     "46 device respond OK_DISPLAY_INFO 408\n"
     "47 device store q0.used.ring[0] 0x19800000000\n"
     "48 device store q0.used.idx 1\n",
    },
    {"MMIO-DEV-08",
     "30 driver write Status 0\n"
     "31 device reset\n"
     "32 driver write QueueSel 0\n"
     "33 driver read QueueReset 1\n",
     "30 driver write Status 0\n"
     "31 device reset\n"
     "32 driver write QueueSel 0\n"
     "33 driver read QueueReset 0\n",
    },
    {"MMIO-DEV-09",
     "27 driver write QueueDeviceHigh 0\n"
     "28 driver write QueueReady 1\n"
     "29 driver write Status 0xf\n"
     "30 driver read QueueReset 1\n",
     "27 driver write QueueDeviceHigh 0\n"
     "28 driver write QueueReady 1\n"
     "29 driver write Status 0xf\n"
     "30 driver read QueueReset 0\n",
    },
    {"MMIO-DEV-10",
     "28 driver write QueueReady 1\n"
     "29 driver write Status 0xf\n"
     "30 driver write QueueReset 1\n"
     "31 driver read QueueReset 0\n",
     "29 driver write Status 0xf\n"
     "30 driver write QueueReset 1\n"
     "31 device reset by QueueReset of q0\n"
     "32 driver read QueueReset 0\n",
    },
    {"MMIO-DEV-12",
     "29 driver write Status 0xf\n"
     "30 driver write QueueReset 1\n"
     "31 device reset by QueueReset of q0\n"
     "32 driver read QueueReady 1\n",
     "31 device reset by QueueReset of q0\n"
     "32 driver read QueueReset 0\n"
     "33 driver write QueueSel 0\n"
     "34 driver read QueueReady 0\n",
    },
    {"LMMIO-DEV-D1",
     "1 driver read Version 2\n",
     "1 driver read MagicValue 0x74726976\n"
     "2 driver read Version 1\n",
    },
    {"LMMIO-DEV-D2",
     "17 driver write QueueAlign 4\n"
     "18 driver write QueuePFN 0x40000\n"
     "19 driver write Status 7\n"
     "20 driver read QueuePFN 0\n",
     "17 driver write QueueAlign 4\n"
     "18 driver write QueuePFN 0x40000\n"
     "19 driver write Status 7\n"
     "20 driver read QueuePFN 0x40000\n",
    },
    {"LMMIO-DEV-D3",
     "20 driver write Status 0\n"
     "21 device reset\n"
     "22 driver write QueueSel 0\n"
     "23 driver read QueuePFN 0x40000\n",
     "11 driver write DriverFeatures 0\n"
     "12 driver write GuestPageSize 0x1000\n"
     "13 driver write QueueSel 0\n"
     "14 driver read QueuePFN 0\n",
    },
    {"LMMIO-DEV-D4",
     "17 driver write QueueAlign 4\n"
     "18 driver write QueuePFN 0x40000\n"
     "19 driver write Status 7\n"
     "20 device load 0x40001000/16 0\n",
     "17 driver write QueueAlign 4\n"
     "18 driver write QueuePFN 0x40000\n"
     "19 driver write Status 7\n"
     "20 device load q0.desc[0] 0\n",
    },
    {"XGPU-DEV-01",
     "27 driver write QueueDeviceHigh 0\n"
     "28 driver write QueueReady 1\n"
     "29 driver write Status 0xf\n"
     "30 driver read config+0x8 0\n",
     "27 driver write QueueDeviceHigh 0\n"
     "28 driver write QueueReady 1\n"
     "29 driver write Status 0xf\n"
     "30 driver read config+0x8 1\n",
    },
    {"GPU-DEV-03",
     "42 device load q0.avail.ring[0] 0\n"
     "43 device take q0 head 0 segments 2\n"
     "44 device respond OK_DISPLAY_INFO 408\n"
     "45 device store q0.used.ring[0] 0x19800000000\n",
     "44 device take q0 head 0 segments 2\n"
     "45 device execute GET_DISPLAY_INFO at 0x40003000\n"
     "46 device respond OK_DISPLAY_INFO 408\n"
     "47 device store q0.used.ring[0] 0x19800000000\n",
    },
    {"GPU-DEV-04a",
     "45 device load q0.avail.ring[0] 0\n"
     "46 device take q0 head 0 segments 2\n"
     "47 device execute GET_DISPLAY_INFO at 0x40003000\n"
     "48 device store q0.response[0]/24 0x1101  # fence_id 7\n",
     "45 device load q0.avail.ring[0] 0\n"
     "46 device take q0 head 0 segments 2\n"
     "47 device execute GET_DISPLAY_INFO at 0x40003000\n"
     "48 device store q0.response[0]/24 0x100001101  # fence_id 7\n",
    },
    {"GPU-DEV-04b",
     "45 device load q0.avail.ring[0] 0\n"
     "46 device take q0 head 0 segments 2\n"
     "47 device execute GET_DISPLAY_INFO at 0x40003000\n"
     "48 device store q0.response[0]/24 0x100001101  # fence_id 6\n",
     "45 device load q0.avail.ring[0] 0\n"
     "46 device take q0 head 0 segments 2\n"
     "47 device execute GET_DISPLAY_INFO at 0x40003000\n"
     "48 device store q0.response[0]/24 0x100001101  # fence_id 7\n",
    },
    {"XGPU-DEV-02",
     "41 driver store q0.avail.idx 1\n"
     "42 device load q0.avail.ring[0] 0\n"
     "43 device take q0 head 0 segments 2\n"
     "44 device respond OK_DISPLAY_INFO 408\n",
     "43 device load q0.avail.ring[0] 0\n"
     "44 device take q0 head 0 segments 2\n"
     "45 device execute GET_DISPLAY_INFO at 0x40003000\n"
     "46 device respond OK_DISPLAY_INFO 408\n",
    },
    {"RSVD-DEV-01",
     "6 driver write Status 1\n"
     "7 driver write Status 3\n"
     "8 driver write DeviceFeaturesSel 1\n"
     "9 driver read DeviceFeatures 0\n",
     "8 driver write DeviceFeaturesSel 0\n"
     "9 driver read DeviceFeatures 0\n"
     "10 driver write DeviceFeaturesSel 1\n"
     "11 driver read DeviceFeatures 3\n",
    },
    {"RSVD-DEV-03",
     "57 device take q0 head 2 segments 2\n"
     "58 device execute GET_DISPLAY_INFO at 0x40003000\n"
     "59 device respond OK_DISPLAY_INFO 408\n"
     "60 device store q0.used.ring[0] 0x19800000002\n",
     "57 device take q0 head 2 segments 2\n"
     "58 device execute GET_DISPLAY_INFO at 0x40003000\n"
     "59 device respond OK_DISPLAY_INFO 408\n"
     "60 device store q0.used.ring[0] 0x19800000000\n",
    },
    {"LRSVD-DEV-02",
     "6 driver write Status 1\n"
     "7 driver write Status 3\n"
     "8 driver write DeviceFeaturesSel 0\n"
     "9 driver read DeviceFeatures 0\n",
     "6 driver write Status 1\n"
     "7 driver write Status 3\n"
     "8 driver write DeviceFeaturesSel 0\n"
     "9 driver read DeviceFeatures 0x8000000\n",
    },
};
/* clang-format on */

const struct explain_device *explain_device(const char *id)
{
    for (size_t i = 0; i < sizeof sequences / sizeof sequences[0]; i++) {
        if (strcmp(sequences[i].id, id) == 0)
            return &sequences[i];
    }
    return NULL;
}
