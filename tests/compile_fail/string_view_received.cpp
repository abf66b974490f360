// expect: a view owns nothing to receive into: receive a std::string or a std::vector
// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <span>
#include <string_view>

#include <ramet/codec.hpp>

void receive(std::span<const std::byte> bytes) {
  ramet::decode<std::string_view>(bytes);
}
