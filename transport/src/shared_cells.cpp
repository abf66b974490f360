// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/detail/shared_cells.hpp>

#include "layouts.hpp"
#include "object.hpp"

#include <ramet/error.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <utility>

namespace ramet::detail {

namespace {

// To whoever knows no better it is a mutex, in a file that is larger.
struct layout {
  mutex_layout lock;
  std::uint64_t type;
  std::uint64_t size; // of each, in bytes
  std::uint64_t count;
};

constexpr std::size_t first_at =
    (sizeof(layout) + cell_alignment - 1) / cell_alignment * cell_alignment;

layout& layout_of(const object& memory) {
  return *reinterpret_cast<layout*>(memory.data());
}

} // namespace

shared_cells shared_cells::make(const type_info& type, std::size_t size,
                                std::size_t count) {
  if (count > (std::numeric_limits<std::ptrdiff_t>::max() - first_at) / size)
    throw error(errc::resource_exhausted,
                fmt::format("making a shared array of {} values of {}: no "
                            "address space is so large",
                            count, type.name));
  auto bytes = in_pages(first_at + size * count);
  auto memory =
      make_object(object_kind::mutex, bytes, bytes, [&](object& made) {
        auto& about = layout_of(made);
        about.lock.mutex.init();
        about.type = type.id;
        about.size = size;
        about.count = count;
      });
  return {memory, memory->data() + first_at, count};
}

shared_cells shared_cells::open(object_ref ref, const type_info& type,
                                std::size_t size) {
  auto memory = open_object({ref.object, object_kind::mutex, 0});
  auto& about = layout_of(*memory);
  if (about.type != type.id || about.size != size)
    throw error(errc::type_mismatch,
                fmt::format("opening shared memory: expected values of {} ({} "
                            "bytes each), found {} ({} bytes)",
                            type.name, size, type_name(about.type),
                            std::uint64_t{about.size}));
  // That of all of them is as large as it was made, or the file is damaged.
  if (memory->bytes() < first_at
      || about.count > (memory->bytes() - first_at) / size)
    throw error(errc::protocol,
                fmt::format("opening shared memory: {} values of {} do not fit "
                            "into {} bytes; was the file cut off by another "
                            "program?",
                            std::uint64_t{about.count}, type.name,
                            memory->bytes()));
  return {memory, memory->data() + first_at, about.count};
}

shared_cells::shared_cells(const std::shared_ptr<object>& memory,
                           std::byte* data, std::size_t count)
    : mutex_(handle_access::adopt<ramet::mutex>(
        {memory->id(), object_kind::mutex, 0})),
      data_(data), count_(count) {}

object_ref shared_cells::ref() const {
  return handle_access::ref(mutex_);
}

} // namespace ramet::detail
