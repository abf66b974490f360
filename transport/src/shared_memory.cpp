// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/shared_memory.hpp>

#include "layouts.hpp"
#include "memory_names.hpp"
#include "object.hpp"

#include <ramet/error.hpp>

#include <fmt/format.h>

#include <atomic>
#include <limits>
#include <utility>

namespace ramet {

namespace {

using layout = detail::shared_memory_layout;

layout& at(std::byte* file) {
  return *reinterpret_cast<layout*>(file);
}

detail::object_ref ref_to(std::uint64_t id) {
  return {id, detail::object_kind::shared_memory, 0};
}

} // namespace

struct shared_memory_maker {
  static shared_memory make(std::size_t bytes) {
    constexpr auto most =
        std::numeric_limits<std::ptrdiff_t>::max() - 2 * layout::head_bytes();
    if (bytes == 0 || bytes > most)
      throw error(errc::protocol,
                  fmt::format("making shared memory of {} bytes: it has 1 to "
                              "{}",
                              bytes, most));
    auto file = layout::head_bytes() + detail::in_pages(bytes);
    return of(detail::make_object(
        detail::object_kind::shared_memory, file, file,
        [&](detail::object& made) { at(made.data()).size = bytes; }));
  }

  static shared_memory of(const detail::object_ptr& object) {
    shared_memory result;
    result.memory_ = object;
    result.directory_ = detail::family::mine().directory();
    result.id_ = object->id();
    result.name_ = detail::read_field(at(object->data()).name);
    show(result, object->data(), object->bytes());
    return result;
  }

  // One of another family, which does not know of us.
  static std::optional<shared_memory> map(const detail::named_object& found) {
    auto memory = detail::segment::open(
        fmt::format("{}/{:x}", found.directory, found.id));
    if (!memory)
      return std::nullopt; // gone since we looked
    detail::check_object(memory, ref_to(found.id));
    shared_memory result;
    result.directory_ = found.directory;
    result.id_ = found.id;
    result.name_ = detail::read_field(at(memory.data()).name);
    show(result, memory.data(), memory.size());
    result.memory_ = std::make_shared<detail::segment>(std::move(memory));
    return result;
  }

  static void show(shared_memory& result, std::byte* file, std::size_t bytes) {
    result.size_ = at(file).size;
    if (bytes < layout::head_bytes()
        || result.size_ > bytes - layout::head_bytes())
      throw error(errc::protocol,
                  fmt::format("opening shared memory '{}': {} bytes do not fit "
                              "into a file of {}; was it cut off by another "
                              "program?",
                              result.name_, result.size_, bytes));
    result.data_ = file + layout::head_bytes();
  }

  // A name holds the object as a message does.
  static bool give_name(shared_memory& one, std::string_view name) {
    auto& about = at(one.data_ - layout::head_bytes());
    detail::write_field(about.name, name);
    about.named.store(1);
    about.header.message_holds.fetch_add(detail::object_header::one_hold_more);
    one.name_ = name;
    try {
      if (detail::name_memory(name, one.id_))
        return true;
    } catch (...) {
      about.drop_name();
      throw;
    }
    about.drop_name();
    return false;
  }
};

shared_memory shared_memory::create(std::size_t bytes) {
  auto result = shared_memory_maker::make(bytes);
  auto& directory = detail::family::mine().directory();
  auto family = directory.substr(directory.rfind('.') + 1); // random enough
  shared_memory_maker::give_name(result,
                                 fmt::format("{}.{:x}", family, result.id_));
  return result;
}

shared_memory shared_memory::create(std::string_view name, std::size_t bytes) {
  detail::check_memory_name(name);
  auto result = shared_memory_maker::make(bytes);
  if (!shared_memory_maker::give_name(result, name))
    throw error(errc::protocol,
                fmt::format("making shared memory '{}': there is a block that "
                            "has this name; attach to it, unlink it, or choose "
                            "another name",
                            name));
  return result;
}

std::optional<shared_memory> shared_memory::try_attach(std::string_view name) {
  detail::check_memory_name(name);
  auto found = detail::find_memory(name);
  if (!found)
    return std::nullopt;
  if (found->directory != detail::family::mine().directory())
    return shared_memory_maker::map(*found);
  try {
    return shared_memory_maker::of(detail::open_object(ref_to(found->id)));
  } catch (const error& problem) {
    if (problem.code() == errc::closed)
      return std::nullopt; // unlinked since we looked
    throw;
  }
}

shared_memory shared_memory::attach(std::string_view name) {
  if (auto result = try_attach(name))
    return std::move(*result);
  throw error(errc::closed,
              fmt::format("attaching to shared memory '{}': there is no block "
                          "of this name; it was never made, was unlinked, or "
                          "its maker's family has ended",
                          name));
}

shared_memory::shared_memory(detail::object_ref ref)
    : shared_memory(
        shared_memory_maker::of(detail::open_object(ref_to(ref.object)))) {}

detail::object_ref shared_memory::ref() const {
  if (directory_ != detail::family::mine().directory())
    throw error(errc::not_serializable,
                fmt::format("sending shared memory '{}': it was made by "
                            "another family, and its handles cannot travel in "
                            "this one; send its name, and attach there",
                            name_));
  return ref_to(id_);
}

bool shared_memory::unlink() {
  auto& about = at(data_ - layout::head_bytes());
  detail::unname_memory(name_, {directory_, id_});
  if (!about.drop_name())
    return false;
  // One of ours is freed with our handle.
  if (directory_ != detail::family::mine().directory() && about.header.unheld())
    detail::segment::remove(fmt::format("{}/{:x}", directory_, id_));
  return true;
}

} // namespace ramet
