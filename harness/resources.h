/*
 * Where ringside's own files are: drivers, images, scenarios, the probe's sources, headers.
 *
 * An installed program finds them from where it lies itself, so that a package may be unpacked
 * anywhere; a program in its build folder takes them from the build and source folders.
 */
#ifndef RINGSIDE_HARNESS_RESOURCES_H
#define RINGSIDE_HARNESS_RESOURCES_H

/*
 * X(name, folder below the prefix, folder of the build): the last two are texts with what CMake
 * knows put in. `evidence`: scenarios of drivers that only tests have; they are not installed.
 */
#define RESOURCES(X)                                                                               \
    X(drivers, RINGSIDE_INSTALL_LIB "/ringside/drivers", RINGSIDE_BUILD_DIR "/drivers")            \
    X(modules, RINGSIDE_INSTALL_LIB "/ringside", RINGSIDE_BUILD_DIR "/modules")                    \
    X(images, RINGSIDE_INSTALL_LIB "/ringside/images", RINGSIDE_BUILD_DIR "/images")               \
    X(sources, RINGSIDE_INSTALL_SHARE "/ringside", RINGSIDE_PROJECT_DIR)                           \
    X(driver_sources, RINGSIDE_INSTALL_SHARE "/ringside/driver", RINGSIDE_PROJECT_DIR "/driver")   \
    X(scenarios, RINGSIDE_INSTALL_SHARE "/ringside/scenarios", RINGSIDE_PROJECT_DIR "/scenarios")  \
    X(evidence, RINGSIDE_INSTALL_SHARE "/ringside/evidence",                                       \
      RINGSIDE_PROJECT_DIR "/tests/evidence")                                                      \
    X(probe, RINGSIDE_INSTALL_SHARE "/ringside/probe", RINGSIDE_PROJECT_DIR "/harness/probe")      \
    X(skeleton, RINGSIDE_INSTALL_SHARE "/ringside/skeleton",                                       \
      RINGSIDE_PROJECT_DIR "/tools/skeleton")                                                      \
    X(include, RINGSIDE_INSTALL_INCLUDE, RINGSIDE_BUILD_DIR "/include")

enum resource {
#define X(name, installed, built) RESOURCE_##name,
    RESOURCES(X)
#undef X
        RESOURCE_COUNT
};

/* The folder of a kind of files, absolute. Always the same answer. */
const char *resource_folder(enum resource resource);

#endif
