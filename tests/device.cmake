# The device: registers, queues, chains, and where they lie. All on the bench of device_rig.c.
foreach(unit mmio mmio_queues queue queue_errors fault_device chain place)
    ringside_add_test(${unit} SOURCES test_${unit}.c device_rig.c LIBRARIES ringside_sim)
endforeach()
