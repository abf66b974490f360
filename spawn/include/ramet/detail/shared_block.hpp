// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// An encoded value in memory of its own, that many processes read.

#pragma once

#include <ramet/detail/message.hpp>
#include <ramet/detail/type_id.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

namespace ramet::detail {

class object;

/// A handle. Written once, when it is made. Thread-safe.
class shared_block {
public:
  /// None.
  shared_block() = default;
  /// @throws error resource_exhausted; not_serializable when the value holds
  ///   handles, which could not go when the block does
  static shared_block make(const outgoing& value);
  /// @throws error closed, protocol
  static shared_block open(object_ref ref);

  object_ref ref() const;
  explicit operator bool() const { return memory_ != nullptr; }
  /// The message again. @throws error type_mismatch
  incoming value(const type_info& expected) const;

  /// What `make()` has made of it in this process before, or makes now. It is
  /// kept, so that tasks of a worker share it, until the maker of the block has
  /// let go, or many others were used since.
  std::shared_ptr<const void>
  decoded(const std::function<std::shared_ptr<const void>()>& make) const;

private:
  /// The block is not wanted any more when the maker's last handle goes.
  struct made_here;

  std::shared_ptr<object> memory_;
  std::shared_ptr<made_here> maker_;
};

} // namespace ramet::detail
