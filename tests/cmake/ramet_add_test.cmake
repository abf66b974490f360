# Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

# ramet_add_test(NAME sources... [PLAIN] [ACTORS] [SERIAL] [TIMEOUT seconds])
#
# Builds one GoogleTest program and registers each of its tests by itself, as
# NAME.suite.test. Its main makes a runtime first (support/main.cpp).
# PLAIN:   GoogleTest's own main: no runtime, for what starts no process.
# ACTORS:  with ramet::actors.
# SERIAL:  never beside another test; for what measures time.
# TIMEOUT: of each single test; else RAMET_TEST_TIMEOUT.
function(ramet_add_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "PLAIN;ACTORS;SERIAL" "TIMEOUT" "")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT ${RAMET_TEST_TIMEOUT})
  endif()
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  if(arg_PLAIN)
    target_include_directories(${name}
      PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/support)
    target_link_libraries(${name}
      PRIVATE ramet_transport_private GTest::gtest_main)
  elseif(arg_ACTORS)
    target_link_libraries(${name} PRIVATE ramet_actors_test)
    target_precompile_headers(${name} REUSE_FROM ramet_actors_test)
  else()
    target_link_libraries(${name} PRIVATE ramet_test_main)
    target_precompile_headers(${name} REUSE_FROM ramet_test_main)
  endif()
  set(properties TIMEOUT ${arg_TIMEOUT})
  if(arg_SERIAL)
    list(APPEND properties RUN_SERIAL TRUE)
  endif()
  gtest_discover_tests(${name}
    TEST_PREFIX ${name}.
    DISCOVERY_TIMEOUT 60
    PROPERTIES ${properties})
endfunction()

# ramet_add_helper(NAME sources...)
#
# Builds a program that tests start. It lies beside the tests' programs.
function(ramet_add_helper name)
  add_executable(${name} ${ARGN})
  target_include_directories(${name}
    PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/support)
  target_link_libraries(${name}
    PRIVATE ramet_spawn_private ramet_transport_private)
endfunction()

# ramet_add_program_test(NAME sources... [SERIAL] [TIMEOUT seconds])
#
# Builds one program that has its own main and passes by returning 0.
function(ramet_add_program_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "SERIAL" "TIMEOUT" "")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT ${RAMET_TEST_TIMEOUT})
  endif()
  ramet_add_helper(${name} ${arg_UNPARSED_ARGUMENTS})
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT})
  if(arg_SERIAL)
    set_tests_properties(${name} PROPERTIES RUN_SERIAL TRUE)
  endif()
endfunction()

# ramet_add_compile_fail_tests(FOLDER INCLUDES directories... [HEADERS names...])
#
# Every FOLDER/*.cpp must be refused by the compiler, with the text of its first
# line `// expect: text` in what the compiler says.
# HEADERS: which most of them include; they are compiled once for all.
function(ramet_add_compile_fail_tests folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "INCLUDES;HEADERS")
  file(GLOB cases CONFIGURE_DEPENDS
    ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp)
  set(header "")
  if(arg_HEADERS)
    set(header ${CMAKE_CURRENT_BINARY_DIR}/${folder}/headers.hpp)
    list(TRANSFORM arg_HEADERS REPLACE "(.+)" "#include <\\1>\n")
    list(JOIN arg_HEADERS "" text)
    file(CONFIGURE OUTPUT ${header} CONTENT "${text}" @ONLY)
    set(directories ${arg_INCLUDES})
    list(TRANSFORM directories PREPEND "-I")
    add_test(NAME ${folder}/headers
      COMMAND ${CMAKE_CXX_COMPILER} -std=c++20 ${directories}
        -x c++-header ${header} -o ${header}.gch)
    set_tests_properties(${folder}/headers PROPERTIES
      FIXTURES_SETUP ${folder}/headers
      TIMEOUT 120)
  endif()
  foreach(case IN LISTS cases)
    cmake_path(GET case STEM stem)
    set(name ${folder}/${stem})
    add_test(NAME ${name}
      COMMAND ${CMAKE_COMMAND}
        -DCXX=${CMAKE_CXX_COMPILER}
        -DSOURCE=${case}
        -DHEADER=${header}
        "-DINCLUDES=${arg_INCLUDES}"
        -P ${CMAKE_CURRENT_SOURCE_DIR}/compile_fail/check.cmake)
    set_tests_properties(${name} PROPERTIES TIMEOUT 120)
    if(header)
      set_tests_properties(${name} PROPERTIES
        FIXTURES_REQUIRED ${folder}/headers)
    endif()
  endforeach()
endfunction()
