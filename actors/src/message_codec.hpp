// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The values of CAF messages, to bytes and back.

#pragma once

#include <ramet/detail/caf_compat.hpp>
#include <ramet/detail/message_types.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace ramet::detail {

/// The values of a message about to be encoded, with how that is done. Refers
/// to them.
class message_values {
public:
  /// @throws error not_serializable, naming the type that cannot travel
  explicit message_values(const caf_compat::contents& values);

  void count(size_counter& out) const;
  void save(writer& out) const;

private:
  static constexpr std::size_t usual = 6;

  const message_type* type(std::size_t i) const {
    return i < usual ? first_[i] : rest_[i - usual];
  }

  const caf_compat::contents& values_;
  std::array<const message_type*, usual> first_;
  std::vector<const message_type*> rest_;
};

/// @throws error protocol
caf::message load_message(reader& in);

} // namespace ramet::detail
