ringside_add_test(gpu
    SOURCES test_gpu.c test_gpu_frames.c test_gpu_pixels.c test_gpu_scanouts.c gpu_rig.c
    LIBRARIES ringside_sim)
