// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What the handles of all that threads synchronize with have in common.

#pragma once

#include <ramet/detail/message.hpp>

#include <memory>

namespace ramet::detail {

class object;

/// A handle of a shared object of that kind. Copies, also in other processes,
/// are of the same object; it is freed when the last is gone. Who derives from
/// it inherits its constructors, which are for those alone who may use them
/// here.
template <object_kind Kind>
class synchronizer {
public:
  static constexpr bool is_ramet_handle = true;

  // Moving copies: a handle that was moved from is still one.
  synchronizer(const synchronizer&) = default;
  synchronizer& operator=(const synchronizer&) = default;

protected:
  explicit synchronizer(std::shared_ptr<object> made);
  ~synchronizer() = default;

  std::shared_ptr<object> object_;

private:
  friend struct handle_access;
  explicit synchronizer(object_ref ref);
  object_ref ref() const;
};

} // namespace ramet::detail
