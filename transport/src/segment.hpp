// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A mapped file of the family's directory. No descriptor stays open.

#pragma once

#include <cstddef>
#include <string>
#include <utility>

namespace ramet::detail {

/// Whether to map all pages at once, for memory that is about to be used whole.
/// Only for files whose memory is reserved whole.
enum class prefault : bool { no, yes };

/// Owns a mapping, not the file behind it.
class segment {
public:
  segment() = default;
  segment(segment&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  segment& operator=(segment&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~segment();

  /// Makes the file (which must not exist), `size` bytes long with the first
  /// `reserved` of them backed by memory, and maps it. Touching bytes beyond
  /// the reserved ones may end in SIGBUS: reserve them first.
  /// @throws error resource_exhausted, os_failure; no file is left then
  static segment create(const std::string& path, std::size_t size,
                        std::size_t reserved, prefault pages = prefault::no);
  /// Maps an existing file whole. An empty segment if there is no such file.
  /// @throws error resource_exhausted, os_failure
  static segment open(const std::string& path, prefault pages = prefault::no);
  /// Backs bytes [from, to) of the file with memory.
  /// @throws error resource_exhausted, os_failure
  static void reserve(const std::string& path, std::size_t from,
                      std::size_t to);
  /// Removes the file; mappings stay usable. Silent if there is none.
  static void remove(const std::string& path) noexcept;

  std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }
  explicit operator bool() const { return data_ != nullptr; }

private:
  segment(std::byte* data, std::size_t size) : data_(data), size_(size) {}

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

} // namespace ramet::detail
