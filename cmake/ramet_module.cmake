# Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

# ramet_add_module(NAME sources...)
#
# Makes the library ramet_NAME (alias ramet::NAME) of the current directory,
# with `include/` for everybody and `src/` for itself, and installs it. A module
# sees only the headers of the modules that it links: an include of a module
# above it finds no file.
#
# Also makes ramet_NAME_private: link it as $<BUILD_INTERFACE:...> to see the
# private headers of module NAME. For modules above it, and tests.
function(ramet_add_module name)
  set(target ramet_${name})
  add_library(${target} ${ARGN})
  add_library(ramet::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES
    EXPORT_NAME ${name}
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
    INSTALL_RPATH "$ORIGIN")
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_include_directories(${target}
    PUBLIC
      $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>
      $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
    PRIVATE
      ${CMAKE_CURRENT_SOURCE_DIR}/src)

  add_library(${target}_private INTERFACE)
  target_include_directories(${target}_private
    INTERFACE ${CMAKE_CURRENT_SOURCE_DIR}/src)
  target_link_libraries(${target}_private INTERFACE ${target})

  install(TARGETS ${target} EXPORT ramet)
  install(DIRECTORY include/ TYPE INCLUDE FILES_MATCHING PATTERN "*.hpp")
endfunction()
