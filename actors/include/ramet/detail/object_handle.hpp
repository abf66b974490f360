// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What every handle of a managed object is.

#pragma once

#include <ramet/detail/message.hpp>

#include <memory>

namespace ramet::detail {

class object;
struct outgoing_call;
class answer_sink;

/// Stands for one managed object, whatever its type. Copies are cheap, travel
/// in messages, and keep the object. Thread-safe.
class object_handle {
public:
  static constexpr bool is_ramet_handle = true;

  /// Of no object: using or sending it throws `closed`.
  object_handle() = default;

  /// False for a handle of no object.
  explicit operator bool() const { return object_ != nullptr; }
  /// True for handles of the same object.
  friend bool operator==(const object_handle&, const object_handle&) = default;

protected:
  friend struct handle_access;
  explicit object_handle(object_ref ref);
  object_ref ref() const;

  /// Has the call made; what comes of it goes to `sink`. @throws error closed,
  /// and what encoding throws
  void send(const outgoing_call& call, std::shared_ptr<answer_sink> sink) const;
  /// @throws error protocol when called by a function of the object itself,
  ///   which would wait for ever
  void expect_to_wait() const;

private:
  friend class object_host;
  explicit object_handle(std::shared_ptr<object> held);

  std::shared_ptr<object> object_;
};

} // namespace ramet::detail
