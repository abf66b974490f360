// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The one error category of ramet, and the exception that carries it.

#pragma once

#include <string>
#include <system_error>

namespace ramet {

/// What went wrong, grouped by what the caller can do about it.
enum class errc {
  timed_out = 1,    ///< The time given ran out; try again or give up.
  closed,           ///< The other side, or this handle, is gone for good.
  full,             ///< No room now; try again later.
  empty,            ///< Nothing there now; try again later.
  type_mismatch,    ///< Another type waits; the message is still in place.
  not_serializable, ///< This value cannot travel to another process.
  child_failed,     ///< A child ended otherwise than by returning.
  owner_died,       ///< A lock's owner died; what it guarded may be half done.
  broken,           ///< A barrier that not all will come to; reset it.
  protocol,         ///< Bytes or calls that make no sense; a defect somewhere.
  resource_exhausted, ///< No memory, space, descriptors or slots left.
  os_failure, ///< The operating system refused; errno is in the message.
};

const std::error_category& category() noexcept;

inline std::error_code make_error_code(errc value) noexcept {
  return {static_cast<int>(value), category()};
}

/// Thrown by every blocking verb of ramet. `what()` says which operation on
/// which object failed, what was found there, and what to do.
///
/// @code
/// try {
///   pipe.send(42);
/// } catch (const ramet::error& e) {
///   if (e.code() == ramet::errc::closed) ...
/// }
/// @endcode
class error : public std::system_error {
public:
  error(errc value, std::string message)
      : std::system_error(make_error_code(value)),
        message_(std::move(message)) {}

  const char* what() const noexcept override { return message_.c_str(); }

private:
  std::string message_;
};

} // namespace ramet

template <>
struct std::is_error_code_enum<ramet::errc> : std::true_type {};
