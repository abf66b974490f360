// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A block of memory that processes find by its name.

#pragma once

#include <ramet/detail/message.hpp>
#include <ramet/detail/shared_cells.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ramet {

/// Bytes that processes share, also of different families: of one user, on one
/// machine.
///
/// @code
/// auto picture = ramet::shared_memory::create("picture", 1920 * 1080 * 4);
/// std::ranges::fill(picture.as<std::uint32_t>(), 0xff000000);
///
/// auto same = ramet::shared_memory::attach("picture"); // anywhere
/// @endcode
///
/// Zero at first, and never resized. The block is there until it is unlinked,
/// or until the last process of its maker's family ends; where handles are, the
/// memory stays usable even then. Who attaches and ends, or is killed, removes
/// nothing. If a whole family is killed at once, the memory is given back when
/// the next family begins, or somebody asks for the name; nobody can attach any
/// more before.
///
/// Handles are values, and travel in messages within the family of the maker;
/// elsewhere send the name. Costs no descriptor. Thread-safe, but nothing keeps
/// processes from changing the bytes at the same time: see mutex, shared_value
/// and shared_array.
class shared_memory {
public:
  static constexpr bool is_ramet_handle = true;

  /// With a name of its own making, see name().
  /// @throws error protocol if `bytes` is 0, resource_exhausted, os_failure
  static shared_memory create(std::size_t bytes);
  /// A name has 1 to 128 of A to Z, a to z, digits, '.', '_' and '-'.
  /// @throws error protocol: no such name, or there is a block that has it;
  ///   else as above
  static shared_memory create(std::string_view name, std::size_t bytes);
  /// @throws error closed: there is no block with that name; protocol,
  ///   resource_exhausted, os_failure
  static shared_memory attach(std::string_view name);
  /// Nothing if there is no block with that name. @throws as attach
  static std::optional<shared_memory> try_attach(std::string_view name);

  // Moving copies: a handle that was moved from is still one.
  shared_memory(const shared_memory&) = default;
  shared_memory& operator=(const shared_memory&) = default;

  /// By which it was found or made; whether it still is found, is not said.
  const std::string& name() const { return name_; }
  /// In bytes, as it was made.
  std::size_t size() const { return size_; }
  /// Aligned to a page.
  std::byte* data() const { return data_; }
  std::span<std::byte> bytes() const { return {data_, size_}; }
  /// As many as have room, side by side.
  template <class T>
  std::span<T> as() const {
    static_assert(detail::check_cell<T>());
    return {reinterpret_cast<T*>(data_), size_ / sizeof(T)};
  }

  /// Takes its name off: nobody can attach any more, and another block can have
  /// the name. The memory goes with the last handle. False: it was unlinked
  /// before. Anybody who has a handle may do it.
  bool unlink();

private:
  friend struct detail::handle_access;
  friend struct shared_memory_maker;
  shared_memory() = default;
  explicit shared_memory(detail::object_ref ref);
  /// @throws error not_serializable if it is another family's
  detail::object_ref ref() const;

  std::shared_ptr<void> memory_; // an object of this family, or a mapping
  std::string directory_;        // its family's
  std::uint64_t id_ = 0;
  std::string name_;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

} // namespace ramet
