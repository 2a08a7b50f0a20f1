# The vocabulary is held against the system's Linux headers, which are read as text as well.
find_path(RINGSIDE_LINUX_INCLUDE linux/virtio_mmio.h REQUIRED)
ringside_add_test(vocabulary
    SOURCES test_vocabulary.c vocabulary_linux.c vocabulary_ours.c LIBRARIES vocabulary)
target_compile_definitions(test_vocabulary PRIVATE
    RINGSIDE_LINUX_INCLUDE="${RINGSIDE_LINUX_INCLUDE}")
