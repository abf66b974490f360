// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Who am I, and who started me.

#pragma once

#include <ramet/detail/message.hpp>
#include <ramet/detail/native_handle.hpp>
#include <ramet/detail/waitable.hpp>

#include <memory>
#include <optional>
#include <string>

namespace ramet {

/// The running process as ramet knows it. A small value.
///
/// @code
/// std::cout << ramet::this_process().name() << " here\n";
/// @endcode
class this_process_info {
public:
  /// "MainProcess" for the root, else what the parent chose.
  const std::string& name() const { return name_; }
  /// The operating system's process id.
  int pid() const { return pid_; }
  /// Whether the parent terminates this process when its runtime ends.
  bool daemon() const { return daemon_; }

private:
  friend this_process_info this_process();
  std::string name_;
  int pid_ = 0;
  bool daemon_ = false;
};

/// Works at any time, also before a runtime exists. Thread-safe.
this_process_info this_process();

namespace detail {
struct parent_state;
}

/// The process that started this one. Copies are cheap. Thread-safe.
class parent_process_info {
public:
  const std::string& name() const;
  int pid() const;
  /// False once the parent has ended. Only a detached child lives to see it.
  bool running() const;
  /// Readable when the parent has ended; owned by ramet, valid to the end.
  native_handle_type sentinel() const;
  native_handle_type native_handle() const { return sentinel(); }

private:
  friend struct detail::handle_access;
  friend std::optional<parent_process_info> parent_process();
  /// For ramet::wait: ready when the parent has ended.
  detail::waitable waitable() const;

  std::shared_ptr<const detail::parent_state> state_;
};

/// The process that started this one; nothing in the root, nor before the
/// runtime exists. Thread-safe.
std::optional<parent_process_info> parent_process();

} // namespace ramet
