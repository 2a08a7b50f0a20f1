# What is installed and where, the config package, the pkg-config file, and the Debian package.
#
# The version is written down once, in project(). The program finds everything from where it lies
# itself (harness/resources.c), and the config package from where that lies: a tree may be moved.
include(CMakePackageConfigHelpers)

set(RINGSIDE_INSTALLED_DRIVERS reference levitate rcore)
set(package ${CMAKE_SOURCE_DIR}/tools/package)
set(share ${CMAKE_INSTALL_DATADIR}/ringside)
set(config ${CMAKE_INSTALL_LIBDIR}/cmake/ringside)
set(made ${CMAKE_BINARY_DIR}/package)
file(MAKE_DIRECTORY ${made})

install(TARGETS ringside EXPORT ringsideTargets)
install(TARGETS ringside_window LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/ringside)
get_property(museum GLOBAL PROPERTY RINGSIDE_MUSEUM_DRIVERS)
foreach(driver IN LISTS RINGSIDE_INSTALLED_DRIVERS museum)
    install(FILES ${CMAKE_BINARY_DIR}/drivers/${driver}.so
            DESTINATION ${CMAKE_INSTALL_LIBDIR}/ringside/drivers)
endforeach()
install(FILES driver/ringside.h driver/suite.h driver/platform.h driver/threads.h driver/testcard.h
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ringside)
install(DIRECTORY driver/virtio DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ringside
        FILES_MATCHING PATTERN "*.h")
# The probe's sources become part of every driver; the drivers' are there to be read and copied.
install(DIRECTORY harness/probe/ DESTINATION ${share}/probe)
install(DIRECTORY driver/ DESTINATION ${share}/driver
        FILES_MATCHING PATTERN "*.[ch]" PATTERN bare EXCLUDE)
install(DIRECTORY scenarios/ DESTINATION ${share}/scenarios FILES_MATCHING PATTERN "*.scn")
install(DIRECTORY tools/schema/ DESTINATION ${share}/schema FILES_MATCHING PATTERN "*.json")
install(DIRECTORY tools/skeleton/ DESTINATION ${share}/skeleton)

# ---- for CMake and pkg-config

install(EXPORT ringsideTargets NAMESPACE ringside:: DESTINATION ${config})
set(RINGSIDE_CONFIG_SHARE ${share})
configure_package_config_file(${package}/ringsideConfig.cmake.in ${made}/ringsideConfig.cmake
    INSTALL_DESTINATION ${config} PATH_VARS RINGSIDE_CONFIG_SHARE CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(${made}/ringsideConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${made}/ringsideConfig.cmake ${made}/ringsideConfigVersion.cmake
        tools/cmake/RingsideDriver.cmake DESTINATION ${config})

file(RELATIVE_PATH RINGSIDE_PC_TO_PREFIX /prefix/${CMAKE_INSTALL_DATADIR}/pkgconfig /prefix)
string(REGEX REPLACE "/$" "" RINGSIDE_PC_TO_PREFIX ${RINGSIDE_PC_TO_PREFIX})
list(JOIN RINGSIDE_PROBE_FLAGS " " RINGSIDE_PC_FLAGS)
list(JOIN RINGSIDE_PROBE_FLAGS_gcc " " RINGSIDE_PC_FLAGS_gcc)
list(JOIN RINGSIDE_PROBE_FLAGS_clang " " RINGSIDE_PC_FLAGS_clang)
configure_file(${package}/ringside.pc.in ${made}/ringside.pc @ONLY)
install(FILES ${made}/ringside.pc DESTINATION ${CMAKE_INSTALL_DATADIR}/pkgconfig)

# ---- for people

# Compressed as Debian wants it, without the time, so that the same sources give the same package.
find_program(RINGSIDE_GZIP NAMES gzip REQUIRED)
function(ringside_install_compressed from name folder)
    add_custom_command(OUTPUT ${made}/${name}.gz
        COMMAND ${RINGSIDE_GZIP} -9nc ${from} > ${made}/${name}.gz
        DEPENDS ${from} VERBATIM)
    set_property(GLOBAL APPEND PROPERTY RINGSIDE_COMPRESSED ${made}/${name}.gz)
    install(FILES ${made}/${name}.gz DESTINATION ${folder})
endfunction()

set(doc ${CMAKE_INSTALL_DATADIR}/doc/ringside)
foreach(page ringside.1 ringside-scenario.5)
    string(REGEX MATCH "[0-9]$" section ${page})
    configure_file(${package}/${page}.in ${made}/${page} @ONLY)
    ringside_install_compressed(${made}/${page} ${page} ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()
configure_file(${package}/changelog.Debian.in ${made}/changelog.Debian @ONLY)
ringside_install_compressed(${made}/changelog.Debian changelog.Debian ${doc})
ringside_install_compressed(${CMAKE_SOURCE_DIR}/CHANGELOG.md changelog ${doc})
get_property(compressed GLOBAL PROPERTY RINGSIDE_COMPRESSED)
add_custom_target(package_files ALL DEPENDS ${compressed})
install(FILES driver/BRING-YOUR-OWN.md README.md DESTINATION ${doc})
install(FILES ${package}/copyright DESTINATION ${doc})
install(FILES ${package}/completion.bash RENAME ringside
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${package}/completion.zsh RENAME _ringside
        DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${package}/lintian-overrides RENAME ringside
        DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides)

# ---- cpack -G DEB

set(CPACK_PACKAGE_NAME ringside)
set(CPACK_PACKAGE_VENDOR "The ringside authors")
set(CPACK_PACKAGE_CONTACT "The ringside authors <maintainers@users.noreply.github.com>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "VirtIO device simulator and conformance harness for drivers")
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
set(CPACK_GENERATOR DEB)
set(CPACK_STRIP_FILES TRUE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "binutils, cmake (>= 3.20), gcc")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "clang, g++, ninja-build, pkg-config, qemu-system-arm")
set(CPACK_PACKAGE_DESCRIPTION
    "Compiles a bare-metal VirtIO driver, unchanged, for the host, puts it in front
of a simulated virtio-mmio device, watches every access that it makes, and says
why it times out, which rule of the specification it broke, at which line, and
what the screen shows.

This package has the command, a CMake package and a pkg-config file to build
drivers with, a conformance suite, and example drivers with known faults.")
include(CPack)
