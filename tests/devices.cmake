# The other types of device, on the bench of device_rig.c.
ringside_add_test(blk SOURCES test_blk.c device_rig.c LIBRARIES ringside_sim)
ringside_add_test(rng SOURCES test_rng.c device_rig.c LIBRARIES ringside_sim)
