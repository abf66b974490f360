// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Which files the example wordcount reads, cut into tasks.

#pragma once

#include "progress_line.hpp"
#include "word_counter.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

namespace examples {

/// What one worker does at a time: many small files, or a piece of a large
/// one.
struct task {
  std::uint64_t bytes = 0;
  std::vector<piece> pieces;
};

/// Finds the regular files below directories, never following a symbolic link,
/// and cuts them into tasks of some megabytes.
class plan {
public:
  explicit plan(progress_line& line) : line_(line) {}

  std::vector<task> tasks;
  std::uint64_t bytes = 0;
  std::size_t problems = 0; ///< files and directories that cannot be read

  /// Adds what the user named; only that may itself be a link.
  void add(const std::filesystem::path& path) {
    std::error_code error;
    add(path, std::filesystem::status(path, error), error);
  }

private:
  static constexpr std::uint64_t task_bytes = 4 << 20;
  static constexpr std::size_t task_files = 1000;

  void add(const std::filesystem::path& path,
           std::filesystem::file_status status, std::error_code error) {
    namespace fs = std::filesystem;
    if (!error && fs::is_directory(status)) {
      fs::directory_iterator it{path, error};
      for (; !error && it != fs::end(it); it.increment(error)) {
        std::error_code trouble;
        auto inner = it->symlink_status(trouble);
        add(it->path(), inner, trouble);
      }
    } else if (!error && fs::is_regular_file(status)) {
      auto size = fs::file_size(path, error);
      if (!error)
        add_file(path.string(), size);
    }
    if (error) {
      line_.note(printable(path.string()) + ": " + error.message());
      ++problems;
    }
  }

  void add_file(const std::string& path, std::uint64_t size) {
    for (std::uint64_t at = 0; at == 0 || at < size; at += task_bytes) {
      auto length = std::min(size - at, task_bytes);
      if (tasks.empty() || tasks.back().bytes + length > task_bytes
          || tasks.back().pieces.size() == task_files)
        tasks.push_back({});
      // The last piece reaches to the end, wherever that is by then.
      bool last = at + length == size;
      tasks.back().pieces.push_back(
          {path, at, last ? piece::to_the_end : at + length});
      tasks.back().bytes += length;
      bytes += length;
    }
  }

  progress_line& line_;
};

} // namespace examples
