ringside_add_test(gpu_driver
    SOURCES test_gpu_driver.c driver_platform.c ../driver/gpu.c ../driver/gpu_commands.c
            ../driver/surface.c ../driver/virtq.c ../driver/transport.c
    LIBRARIES vocabulary)
