# Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

# Fails when PROGRAM needs a library of CAF.

execute_process(
  COMMAND ${READELF} -d ${PROGRAM}
  OUTPUT_VARIABLE needed
  COMMAND_ERROR_IS_FATAL ANY)
if(NOT needed MATCHES "NEEDED.*libc\\.so")
  message(FATAL_ERROR "${READELF} does not say what ${PROGRAM} needs")
endif()
if(needed MATCHES "libcaf[^]]*")
  message(FATAL_ERROR "${PROGRAM} needs ${CMAKE_MATCH_0}")
endif()
