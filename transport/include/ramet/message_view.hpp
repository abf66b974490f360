// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The bytes of a received message, where they lie.

#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace ramet {

/// Keeps the memory of a received message alive and readable, also after the
/// connection is gone. Copies share it; with the last of them the memory goes
/// back. Converts to a span of bytes.
class message_view {
public:
  message_view() = default;
  message_view(std::span<const std::byte> bytes,
               std::shared_ptr<const void> storage)
      : bytes_(bytes), storage_(std::move(storage)) {}

  const std::byte* data() const { return bytes_.data(); }
  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }
  auto begin() const { return bytes_.begin(); }
  auto end() const { return bytes_.end(); }
  operator std::span<const std::byte>() const { return bytes_; }

private:
  std::span<const std::byte> bytes_;
  std::shared_ptr<const void> storage_;
};

} // namespace ramet
