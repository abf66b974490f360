// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// By what a program knows an exception of another process.

#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace ramet::detail {

/// What travels along with an exception's texts. Empty where it could not be
/// told.
struct thrown_identity {
  /// std::type_info::name() of its type, then of the bases that it can be
  /// caught by.
  std::vector<std::string> types;
  /// Of the std::error_code in it: the name of its category; empty if there is
  /// none.
  std::string category;
  int code = 0;
  /// Of a std::filesystem::filesystem_error.
  std::vector<std::string> paths;

  bool is(std::string_view type) const {
    return std::find(types.begin(), types.end(), type) != types.end();
  }
};

} // namespace ramet::detail
