# Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.
#
# Checks that ramet's sources name nothing of CAF that differs between 0.17 and
# 1.x, but in the one header that is for that:
#
#   cmake -DSOURCE=actors -P caf_names.cmake
#
# Comments may. Users write CAF's own dialect; tests and examples are users.

if(NOT DEFINED SOURCE)
  message(FATAL_ERROR "caf_names.cmake: give -DSOURCE=...")
endif()

# Regular expressions, each for whole words.
set(names
  # Errors
  "[.>]category\\("
  "[.>]render\\("

  # Types of values
  "atom_constant"
  "atom_value"
  "caf::[a-z_]*_atom"
  "caf::atom"
  "caf::duration"
  "caf::optional"
  "caf::replies_to"
  "caf::time_unit"

  # Values without their types
  "[.>]content\\("
  "allowed_unsafe_message_type"
  "caf::rtti_pair"
  "caf::type_id[a-z_]*"
  "caf::type_nr"
  "dynamic_message_data"
  "make_type_erased_[a-z_]*"
  "message_data"
  "type_erased_[a-z_]*"

  # Messages in mailboxes
  "->stages"
  "copy_content_to_message"
  "forwarding_stack"
  "make_mailbox_element"
  "move_content_to_message"
  "public caf::mailbox_element"
  "what[.]stages"

  # Interfaces of typed actors
  "caf::response_type"
  "caf::type_list"

  # What runs actors
  "abstract_coordinator"
  "actor_system::module"
  "actor_system_module"
  "cancel_dispatch_loop"
  "caf::scheduler"
  "exec_later"
  "execution_unit"
  "intrusive_ptr_[a-z_]*_impl"
  "module_factories"
  "public caf::resumable"
  "run_dispatch_loop"
  "scheduler\\(\\)[.]enqueue"
  "subtype_t"
  "thread_safe_actor_clock"

  # Actors that no thread runs
  "actor_proxy"
  "add_backlink"
  "enqueue\\([ \n]*nullptr"
  "monitorable_actor"
  "on_destroy"
  "on_unreachable"
  "public caf::abstract_actor"

  # Actors with a behavior
  "->delegate\\("
  "->monitor\\("
  "[{ (]delegate\\("
  "delayed_send"
  "self->state"
  "set_down_handler"
  "set_exit_handler"

  # The ids of nodes
  "caf::make_node_id"
  "caf::net"
  "default_data"
  "hashed_node_id"
  "implementation_id"

  # Whatever CAF keeps for itself, and headers of the above
  "caf/atom"
  "caf/detail/"
  "caf/duration"
  "caf/optional"
  "caf/response_type"
  "caf/scheduler/"
  "caf/scheduler[.]"
  "caf/type_nr"
  "caf::detail"
)

file(GLOB_RECURSE files "${SOURCE}/*.hpp" "${SOURCE}/*.cpp")
list(FILTER files EXCLUDE REGEX "/include/ramet/detail/caf_compat[.]hpp$")
if(NOT files)
  message(FATAL_ERROR "caf_names.cmake: no sources in ${SOURCE}")
endif()

set(word "[A-Za-z0-9_]")
set(report "")
foreach(file IN LISTS files)
  file(READ "${file}" text)
  string(REGEX REPLACE "//[^\n]*" "" text "\n${text}")
  foreach(name IN LISTS names)
    set(pattern "${name}")
    if(name MATCHES "^${word}")
      string(PREPEND pattern "[^A-Za-z0-9_]")
    endif()
    if(name MATCHES "${word}$")
      string(APPEND pattern "[^A-Za-z0-9_]")
    endif()
    string(REGEX MATCH "${pattern}" found "${text}")
    if(found STREQUAL "")
      continue()
    endif()
    # The text begins with a newline: as many of them as the line's number.
    string(FIND "${text}" "${found}" before)
    math(EXPR before "${before} + 1")
    string(SUBSTRING "${text}" 0 ${before} before)
    string(REGEX MATCHALL "\n" lines "${before}")
    list(LENGTH lines line)
    string(REGEX MATCH "${name}" found "${found}")
    string(APPEND report "  ${file}:${line}: ${found}\n")
  endforeach()
endforeach()

if(report)
  message(FATAL_ERROR
    "What is found below differs between versions of CAF; "
    "ramet/detail/caf_compat.hpp is the place for it:\n${report}")
endif()
