// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "thrown_identity.hpp"

#include <ramet/codec.hpp>
#include <ramet/error.hpp>
#include <ramet/task_failure.hpp>

#include <any>
#include <array>
#include <filesystem>
#include <functional>
#include <future>
#include <ios>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <variant>

namespace ramet::detail {

namespace {

using thrower = void (*)(const remote_exception&);

template <class E>
void throw_plain(const remote_exception&) {
  throw E{};
}

template <class E>
void throw_with_message(const remote_exception& thrown) {
  throw E{thrown.message};
}

std::optional<std::error_code> code_of(const thrown_identity& identity) {
  static const std::array known{
      &std::generic_category(), &std::system_category(),
      &std::iostream_category(), &std::future_category(), &ramet::category()};
  for (auto* one : known)
    if (one->name() == identity.category)
      return std::error_code{identity.code, *one};
  return std::nullopt;
}

/// A system_error makes its what() of a text and of its code's: that text;
/// nothing if it has none.
std::optional<std::string> text_before(const std::error_code& code,
                                       std::string_view what) {
  auto end = code.message();
  if (what == end)
    return std::nullopt;
  end.insert(0, ": ");
  if (what.ends_with(end))
    what.remove_suffix(end.size());
  return std::string{what};
}

void throw_system_error(const remote_exception& thrown) {
  auto code = code_of(thrown.identity);
  if (!code)
    return;
  if (auto text = text_before(*code, thrown.message))
    throw std::system_error{*code, *text};
  throw std::system_error{*code};
}

void throw_ios_failure(const remote_exception& thrown) {
  if (auto code = code_of(thrown.identity))
    throw std::ios_base::failure{
        text_before(*code, thrown.message).value_or(""), *code};
}

// The frame around the text: "filesystem error: text: code's [path] [path]".
void throw_filesystem_error(const remote_exception& thrown) {
  auto code = code_of(thrown.identity);
  if (!code)
    return;
  auto& paths = thrown.identity.paths;
  std::string_view what{thrown.message};
  constexpr std::string_view begin{"filesystem error: "};
  if (what.starts_with(begin))
    what.remove_prefix(begin.size());
  for (auto path = paths.rbegin(); path != paths.rend(); ++path)
    if (auto end = " [" + *path + "]"; what.ends_with(end))
      what.remove_suffix(end.size());
  auto text = text_before(*code, what).value_or("");
  namespace fs = std::filesystem;
  switch (paths.size()) {
  case 0:
    throw fs::filesystem_error{text, *code};
  case 1:
    throw fs::filesystem_error{text, paths[0], *code};
  default:
    throw fs::filesystem_error{text, paths[0], paths[1], *code};
  }
}

void throw_future_error(const remote_exception& thrown) {
  auto code = code_of(thrown.identity);
  if (code && code->category() == std::future_category())
    throw std::future_error{static_cast<std::future_errc>(code->value())};
}

void throw_error(const remote_exception& thrown) {
  auto code = code_of(thrown.identity);
  if (code && code->category() == ramet::category())
    throw error{static_cast<errc>(code->value()), thrown.message};
}

template <class E>
std::pair<const std::string_view, thrower> entry(thrower call) {
  return {typeid(E).name(), call};
}

thrower find_thrower(std::string_view type) {
  // Never destroyed: futures are looked at while the process ends, too.
  static const auto* known = new std::unordered_map<std::string_view, thrower>{
      entry<std::exception>(throw_plain<std::exception>),
      entry<std::bad_alloc>(throw_plain<std::bad_alloc>),
      entry<std::bad_array_new_length>(throw_plain<std::bad_array_new_length>),
      entry<std::bad_cast>(throw_plain<std::bad_cast>),
      entry<std::bad_typeid>(throw_plain<std::bad_typeid>),
      entry<std::bad_exception>(throw_plain<std::bad_exception>),
      entry<std::bad_any_cast>(throw_plain<std::bad_any_cast>),
      entry<std::bad_function_call>(throw_plain<std::bad_function_call>),
      entry<std::bad_optional_access>(throw_plain<std::bad_optional_access>),
      entry<std::bad_variant_access>(throw_plain<std::bad_variant_access>),
      entry<std::bad_weak_ptr>(throw_plain<std::bad_weak_ptr>),
      entry<std::logic_error>(throw_with_message<std::logic_error>),
      entry<std::domain_error>(throw_with_message<std::domain_error>),
      entry<std::invalid_argument>(throw_with_message<std::invalid_argument>),
      entry<std::length_error>(throw_with_message<std::length_error>),
      entry<std::out_of_range>(throw_with_message<std::out_of_range>),
      entry<std::runtime_error>(throw_with_message<std::runtime_error>),
      entry<std::range_error>(throw_with_message<std::range_error>),
      entry<std::overflow_error>(throw_with_message<std::overflow_error>),
      entry<std::underflow_error>(throw_with_message<std::underflow_error>),
      entry<std::system_error>(throw_system_error),
      entry<std::ios_base::failure>(throw_ios_failure),
      entry<std::filesystem::filesystem_error>(throw_filesystem_error),
      entry<std::future_error>(throw_future_error),
      entry<ramet::error>(throw_error),
  };
  auto found = known->find(type);
  return found == known->end() ? nullptr : found->second;
}

} // namespace

thrown_identity identity_of(const std::type_info& type,
                            const std::exception* object) {
  thrown_identity result;
  result.types = names_to_catch(type);
  auto keep_code = [&](const std::error_code& code) {
    result.category = code.category().name();
    result.code = code.value();
  };
  if (auto* system = dynamic_cast<const std::system_error*>(object))
    keep_code(system->code());
  else if (auto* of_future = dynamic_cast<const std::future_error*>(object))
    keep_code(of_future->code());
  using std::filesystem::filesystem_error;
  if (auto* files = dynamic_cast<const filesystem_error*>(object))
    for (auto* path : {&files->path1(), &files->path2()})
      if (!path->empty())
        result.paths.push_back(path->string());
  return result;
}

void throw_as_it_was(const remote_exception& exception) {
  for (auto& type : exception.identity.types) {
    if (auto call = find_thrower(type)) {
      call(exception);
      return;
    }
    // A class of the standard library that has no name for users, as the one
    // that throw_with_nested makes, is its nearest base that has. Anybody
    // else's is more than its base.
    if (!type.starts_with("St") && !type.starts_with("NSt"))
      return;
  }
}

std::vector<std::byte> encode_to_fit(thrown_identity identity,
                                     std::size_t most) {
  for (;;) {
    auto bytes = encode(identity);
    if (bytes.size() <= most)
      return bytes;
    if (!identity.paths.empty())
      identity.paths.pop_back();
    else if (!identity.types.empty())
      identity.types.pop_back();
    else
      return {}; // a category of such a name
  }
}

thrown_identity decode_identity(std::span<const std::byte> bytes) {
  if (bytes.empty())
    return {};
  try {
    return decode<thrown_identity>(bytes);
  } catch (const error&) { // written half, or over
    return {};
  }
}

} // namespace ramet::detail

namespace ramet {

void task_failure::rethrow() const {
  if (auto& thrown = exception())
    detail::throw_as_it_was(*thrown);
  throw *this;
}

} // namespace ramet
