// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A directory for one test, and its files.

#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

class scratch {
public:
  scratch() {
    auto name =
        (std::filesystem::temp_directory_path() / "ramet-kv-XXXXXX").string();
    if (!mkdtemp(name.data()))
      throw std::runtime_error("no temporary directory: " + name);
    directory_ = name;
  }
  ~scratch() {
    std::error_code none;
    std::filesystem::remove_all(directory_, none);
  }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;

  std::filesystem::path operator/(std::string_view name) const {
    return directory_ / name;
  }

private:
  std::filesystem::path directory_;
};

inline std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

inline void write_bytes(const std::filesystem::path& path,
                        std::string_view bytes) {
  std::ofstream{path, std::ios::binary} << bytes;
}
