// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A file whose bytes are there when it says so.

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

namespace examples::kv {

/// An open file, read anywhere and written where the caller says. Every verb
/// throws std::system_error with the file's name. Move-only.
class file {
public:
  /// Opens it for reading and writing, and makes it if need be.
  explicit file(std::filesystem::path path);
  file(file&& other) noexcept;
  file& operator=(file&& other) noexcept;
  ~file();

  const std::filesystem::path& path() const { return path_; }
  std::uint64_t size() const;

  /// Less than `room` only at the file's end.
  std::size_t read_at(std::uint64_t offset, std::span<char> room) const;

  /// Some of the bytes may be there even if it throws.
  void write_at(std::uint64_t offset, std::string_view bytes);

  void truncate(std::uint64_t size);

  /// Returns when the disk has everything that was written before. Another
  /// thread may write meanwhile.
  void sync();

  /// Takes the place and the name of the file at `path`, in one step.
  void rename(const std::filesystem::path& path);

private:
  std::filesystem::path path_;
  int fd_ = -1;
};

/// Returns when the disk has the names of the files in that directory, as far
/// as its file system can do that.
void sync_directory(const std::filesystem::path& directory) noexcept;

} // namespace examples::kv
