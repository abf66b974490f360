# Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.
#
# Checks that a source does not compile, and says why in the line that it
# expects:
#
#   cmake -DCXX=g++ -DSOURCE=pointer.cpp [-DHEADER=precompiled.hpp] \
#     "-DINCLUDES=a;b" -P check.cmake
#
# The source's first line is "// expect: <part of the expected message>", which
# must be in the first error that the compiler reports.

foreach(needed CXX SOURCE INCLUDES)
  if(NOT DEFINED ${needed})
    message(FATAL_ERROR "check.cmake: give -D${needed}=...")
  endif()
endforeach()

file(READ "${SOURCE}" text)
if(NOT text MATCHES "^// expect: ([^\n]+)\n")
  message(FATAL_ERROR "${SOURCE}: its first line is not '// expect: ...'")
endif()
set(expected "${CMAKE_MATCH_1}")

set(flags)
foreach(folder IN LISTS INCLUDES)
  list(APPEND flags "-I${folder}")
endforeach()
if(HEADER)
  list(APPEND flags -include "${HEADER}")
endif()
separate_arguments(compiler NATIVE_COMMAND "${CXX}")
execute_process(
  COMMAND ${compiler} -std=c++20 -fsyntax-only ${flags} "${SOURCE}"
  RESULT_VARIABLE result
  OUTPUT_VARIABLE output
  ERROR_VARIABLE output)

if(result EQUAL 0)
  message(FATAL_ERROR "${SOURCE}: it compiles, but should not")
endif()
string(FIND "${output}" "error:" first)
if(first EQUAL -1)
  message(FATAL_ERROR "${SOURCE}: no error found in:\n${output}")
endif()
string(SUBSTRING "${output}" ${first} -1 rest)
string(FIND "${rest}" "\n" end)
string(SUBSTRING "${rest}" 0 ${end} line)
string(FIND "${line}" "${expected}" found)
if(found EQUAL -1)
  message(FATAL_ERROR "${SOURCE}: expected in the first error:\n"
                      "  ${expected}\nfound:\n  ${line}\nin:\n${output}")
endif()
