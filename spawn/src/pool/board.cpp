// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "board.hpp"

#include "segment.hpp"

namespace ramet::detail {

namespace {

struct board_layout {
  object_header header;
  std::atomic<std::uint32_t> too_many;
  std::atomic<std::uint64_t> refused;
  worker_place places[board::capacity];
};

constexpr std::size_t bytes_for(std::size_t places) {
  return offsetof(board_layout, places) + places * sizeof(worker_place);
}

board_layout& layout_of(const object& memory) {
  return *reinterpret_cast<board_layout*>(memory.data());
}

} // namespace

board board::create(std::size_t places) {
  return board{make_object(object_kind::block, sizeof(board_layout),
                           bytes_for(places), [](object&) {})};
}

board board::open(object_ref ref) {
  ref.kind = object_kind::block;
  return board{open_object(ref)};
}

object_ref board::ref() const {
  return {memory_->id(), object_kind::block, 0};
}

void board::extend(std::size_t places) {
  segment::reserve(family::mine().path_of(memory_->id()), 0, bytes_for(places));
}

worker_place& board::operator[](std::size_t index) const {
  return layout_of(*memory_).places[index];
}

std::atomic<std::uint32_t>& board::too_many() const {
  return layout_of(*memory_).too_many;
}

std::atomic<std::uint64_t>& board::refused() const {
  return layout_of(*memory_).refused;
}

} // namespace ramet::detail
