# Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

# The package: find_package(ramet) gives ramet::ramet and, if built,
# ramet::actors.

include(CMakePackageConfigHelpers)

set(ramet_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/ramet)

configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/ramet-config.cmake.in
  ${PROJECT_BINARY_DIR}/ramet-config.cmake
  INSTALL_DESTINATION ${ramet_package_dir}
  NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/ramet-config-version.cmake
  COMPATIBILITY SameMinorVersion)

install(
  FILES
    ${PROJECT_BINARY_DIR}/ramet-config-version.cmake
    ${PROJECT_BINARY_DIR}/ramet-config.cmake
    ${CMAKE_CURRENT_LIST_DIR}/FindCAF.cmake
  DESTINATION ${ramet_package_dir})
install(EXPORT ramet
  FILE ramet-targets.cmake
  NAMESPACE ramet::
  DESTINATION ${ramet_package_dir})
