# Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

# Installs ramet into an empty prefix, and there configures, builds and runs a
# project that finds it by find_package alone.

# Runs a command, and fails with its output.
function(run)
  execute_process(COMMAND ${ARGN}
    RESULT_VARIABLE result
    OUTPUT_VARIABLE output
    ERROR_VARIABLE output)
  if(NOT result STREQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\ngave ${result}:\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${WORK})

run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix
  --config ${CONFIG})
run(${CMAKE_COMMAND} -S ${SOURCE} -B ${WORK}/build -G ${GENERATOR}
  -DCMAKE_BUILD_TYPE=${CONFIG}
  -DCMAKE_CXX_COMPILER=${CXX}
  -DCMAKE_CXX_FLAGS=${CXX_FLAGS}
  -DCMAKE_PREFIX_PATH=${WORK}/prefix)
run(${CMAKE_COMMAND} --build ${WORK}/build --config ${CONFIG})

# The headers are those installed, not those of this repository.
file(READ ${WORK}/build/CMakeCache.txt cache)
if(NOT cache MATCHES "ramet_DIR:PATH=${WORK}/prefix")
  message(FATAL_ERROR "found another ramet than the one just installed")
endif()

find_program(program consumer REQUIRED NO_DEFAULT_PATH
  PATHS ${WORK}/build ${WORK}/build/${CONFIG})
run(${program})
if(NOT output STREQUAL "the child says 6\n")
  message(FATAL_ERROR "unexpected output: ${output}")
endif()

find_program(actors_program consumer_actors NO_DEFAULT_PATH
  PATHS ${WORK}/build ${WORK}/build/${CONFIG})
if(actors_program)
  run(${actors_program})
  if(NOT output STREQUAL "the actor says 6\n")
    message(FATAL_ERROR "unexpected output: ${output}")
  endif()
endif()
