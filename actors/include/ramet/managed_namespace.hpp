// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Named values of various types that many processes share.

#pragma once

#include <ramet/detail/object_proxy.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace ramet {

class manager;

namespace detail {

using named_values =
    std::map<std::string, std::unique_ptr<hosted>, std::less<>>;

/// @throws object_refusal
[[noreturn]] void refuse_name(std::string_view name);
[[noreturn]] void refuse_type(std::string_view name, std::uint64_t found,
                              std::string_view expected);

template <class T>
T& value_in(hosted& found, std::string_view name) {
  auto& expected = type_id_of<T>();
  if (found.type != expected.id)
    refuse_type(name, found.type, expected.name);
  return static_cast<hosted_as<T>&>(found).value;
}

template <class T>
struct at_name {
  using key = std::string;

  static T& find(named_values& values, key& name) {
    auto found = values.find(name);
    if (found == values.end())
      refuse_name(name);
    return value_in<T>(*found->second, name);
  }
};

} // namespace detail

/// Named values in a manager's process; made by manager::make_namespace.
///
/// @code
/// auto ns = m.make_namespace();
/// ns.set("greeting", "hello");                       // a std::string
/// ns.set("count", 1);
/// ns.update<int>("count", [](int& n) { ++n; });
/// std::string s = ns.get<std::string>("greeting");
/// @endcode
///
/// A name keeps the type of its value until it is erased: with another type,
/// get, set and update throw `error` with errc::type_mismatch, saying both.
///
/// A handle, as managed_object is; all members wait for the answer, and errors
/// are as there. Thread-safe.
class managed_namespace : public detail::object_proxy<detail::named_values> {
public:
  managed_namespace() = default;

  /// Text is kept as std::string. @throws error type_mismatch
  template <class T>
  void set(const std::string& name, const T& value) const {
    using type = detail::free_parameter<const T&>;
    run_whole(
        [](detail::named_values& values, std::string name, type value) {
          auto& place = values[std::move(name)];
          if (!place)
            place = std::make_unique<detail::hosted_as<type>>(std::in_place,
                                                              std::move(value));
          else
            detail::value_in<type>(*place, "") = std::move(value);
        },
        name, value);
  }
  /// @throws error empty if there is no such name, type_mismatch
  template <class T>
  detail::read_only<T> get(const std::string& name) const {
    return run<detail::at_name<T>>(name, [](const T& x) { return x; });
  }
  /// Nothing if there is no such name. @throws error type_mismatch
  template <class T>
  std::optional<detail::read_only<T>> find(const std::string& name) const {
    return run_whole(
        [](detail::named_values& values, std::string name) {
          using optional = std::optional<detail::read_only<T>>;
          return values.contains(name)
                     ? optional{detail::at_name<T>::find(values, name)}
                     : optional{};
        },
        name);
  }
  /// Whether there is such a name at this moment.
  bool has(const std::string& name) const;
  /// False if there is no such name.
  bool erase(const std::string& name) const;
  /// All that there are at this moment, in alphabetical order.
  std::vector<std::string> names() const;

  /// Calls `fn(T&, args...)` there, in one step for all others, and returns its
  /// result. @throws error empty, type_mismatch; task_failure
  template <class T, class F, class... Args>
  auto update(const std::string& name, F&& fn, Args&&... args) const {
    return run<detail::at_name<T>>(name, std::forward<F>(fn),
                                   std::forward<Args>(args)...);
  }

private:
  friend manager;
  friend struct detail::handle_access;
  using detail::object_proxy<detail::named_values>::object_proxy;
};

} // namespace ramet
