// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// An exception that ended another process, as its parent sees it.

#pragma once

#include <ramet/detail/thrown_identity.hpp>

#include <string>
#include <type_traits>
#include <typeinfo>

namespace ramet {

/// What is known of an exception that nobody caught in a child. Texts longer
/// than the page that carries them are cut.
struct remote_exception {
  std::string type;      ///< Demangled, say "std::runtime_error".
  std::string message;   ///< what(), empty for other types than std::exception.
  std::string backtrace; ///< Where it was thrown, a frame a line; may be empty.
  std::string name;      ///< The process that it ended...
  int pid = 0;           ///< ...and that process's id.

  detail::thrown_identity identity = {}; ///< for is()

  /// Whether `catch (const E&)` would have caught it there: it is an E, or E is
  /// a public base of what it is.
  ///
  /// @code
  /// if (thrown.is<std::out_of_range>()) ... // or std::logic_error, or own
  /// types
  /// @endcode
  ///
  /// Types are compared by their names, so of two types in unnamed namespaces
  /// that have the same name each passes for the other.
  template <class E>
  bool is() const {
    static_assert(std::is_same_v<E, std::decay_t<E>>,
                  "ramet: is<E>() asks for a type: without const and "
                  "references");
    return identity.is(typeid(E).name());
  }
};

/// "process 'worker-1' (pid 123) ended by an uncaught std::runtime_error: no
/// such city", the backtrace on the lines below.
std::string to_string(const remote_exception& exception);

} // namespace ramet
