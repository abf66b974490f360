// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/managed_namespace.hpp>

#include <fmt/format.h>

namespace ramet {

void detail::refuse_name(std::string_view name) {
  throw object_refusal{
      errc::empty,
      fmt::format("reading a managed_namespace: \"{}\" is not there", name)};
}

void detail::refuse_type(std::string_view name, std::uint64_t found,
                         std::string_view expected) {
  throw object_refusal{
      errc::type_mismatch,
      fmt::format("using \"{}\" of a managed_namespace: expected {}, found {}; "
                  "erase it before it is set to another type",
                  name, expected, type_name(found))};
}

bool managed_namespace::has(const std::string& name) const {
  return run_whole(
      [](const detail::named_values& values, const std::string& name) {
        return values.contains(name);
      },
      name);
}

bool managed_namespace::erase(const std::string& name) const {
  return run_whole(
      [](detail::named_values& values, const std::string& name) {
        return values.erase(name) != 0;
      },
      name);
}

std::vector<std::string> managed_namespace::names() const {
  return run_whole([](const detail::named_values& values) {
    std::vector<std::string> result;
    for (auto& [name, value] : values)
      result.push_back(name);
    return result;
  });
}

} // namespace ramet
