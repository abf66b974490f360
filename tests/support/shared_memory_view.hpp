// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Shared objects as bytes, for tests that look into them or damage them.

#pragma once

#include "frame.hpp"
#include "layouts.hpp"

#include <ramet/detail/message.hpp>

#include <cstring>
#include <filesystem>

namespace ramet_test {

template <class Handle>
ramet::detail::object_ref ref_of(const Handle& handle) {
  return ramet::detail::handle_access::ref(handle);
}

inline std::filesystem::path path_of(std::uint64_t object) {
  return ramet::detail::family::mine().path_of(object);
}

/// One mailbox, mapped anew: that of a queue, or the one that a connection
/// reads. Does not hold the object.
class mailbox_view {
public:
  template <class Handle>
  explicit mailbox_view(const Handle& handle) : mailbox_view(ref_of(handle)) {}
  explicit mailbox_view(ramet::detail::object_ref ref)
      : memory_(ramet::detail::segment::open(path_of(ref.object))) {
    using namespace ramet::detail;
    if (ref.kind == object_kind::pipe)
      control_ =
          &reinterpret_cast<pipe_layout*>(memory_.data())->boxes[ref.part];
    else
      control_ = &reinterpret_cast<mailbox_layout*>(memory_.data())->control;
  }

  ramet::detail::object_header& object() const {
    return *reinterpret_cast<ramet::detail::object_header*>(memory_.data());
  }
  ramet::detail::mailbox_control& control() const { return *control_; }

  bool somebody_waits_to_take() const {
    return control_->not_empty.somebody_parked();
  }
  bool somebody_waits_to_put() const {
    return control_->not_full.somebody_parked();
  }

  /// The bytes of the home segment.
  std::byte* home() const { return memory_.data() + control_->home_offset; }

  struct place {
    std::uint64_t segment;
    std::uint64_t position;
  };
  place producers() const { return place_of(control_->producers); }
  place consumers() const { return place_of(control_->consumers); }

  /// Where the next message to be taken begins; it must be at home.
  std::byte* next_frame() const {
    return home() + consumers().position % ramet::detail::home_capacity;
  }
  ramet::detail::frame_header next_header() const {
    ramet::detail::frame_header result;
    std::memcpy(&result, next_frame(), sizeof result);
    return result;
  }
  void write_next_header(ramet::detail::frame_header header) const {
    std::memcpy(next_frame(), &header, sizeof header);
  }

private:
  static place place_of(const ramet::detail::mailbox_side& side) {
    auto& at = side.cursors[side.count.load() % 2];
    return {at.segment.load(), at.position.load()};
  }

  ramet::detail::segment memory_;
  ramet::detail::mailbox_control* control_;
};

} // namespace ramet_test
