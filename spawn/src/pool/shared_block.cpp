// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/detail/shared_block.hpp>

#include "object.hpp"

#include <ramet/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <utility>

namespace ramet::detail {

namespace {

struct block_layout {
  object_header header;
  std::atomic<std::uint32_t> dropped; // 1: by its maker
  std::uint64_t type;
  std::uint64_t size;
  // The bytes follow, aligned for vectors of whatever is copied bitwise.
};

constexpr std::size_t bytes_at = 1024;
static_assert(sizeof(block_layout) <= bytes_at);

block_layout& layout_of(const object& memory) {
  return *reinterpret_cast<block_layout*>(memory.data());
}

/// The blocks that this process has decoded lately, with what came of it.
class decoded_blocks {
public:
  static decoded_blocks& mine() {
    static auto* instance = new decoded_blocks; // used by static handles, too
    return *instance;
  }

  std::shared_ptr<const void>
  get(const std::shared_ptr<object>& memory,
      const std::function<std::shared_ptr<const void>()>& make) {
    std::deque<entry> gone; // let go of without the lock
    std::scoped_lock lock{guard_};
    gone = take_dropped();
    for (auto& one : entries_)
      if (one.memory == memory)
        return one.value;
    auto value = make();
    entries_.push_back({memory, value});
    if (entries_.size() > most) {
      gone.push_back(std::move(entries_.front()));
      entries_.pop_front();
    }
    return value;
  }

  void forget_dropped() {
    std::deque<entry> gone;
    std::scoped_lock lock{guard_};
    gone = take_dropped();
  }

private:
  struct entry {
    std::shared_ptr<object> memory;
    std::shared_ptr<const void> value;
  };
  static constexpr std::size_t most = 8;

  std::deque<entry> take_dropped() { // needs guard_
    std::deque<entry> result;
    auto kept = std::stable_partition(
        entries_.begin(), entries_.end(), [](const entry& one) {
          return layout_of(*one.memory).dropped.load() == 0;
        });
    std::move(kept, entries_.end(), std::back_inserter(result));
    entries_.erase(kept, entries_.end());
    return result;
  }

  std::mutex guard_; // of entries_
  std::deque<entry> entries_;
};

} // namespace

struct shared_block::made_here {
  std::shared_ptr<object> memory;
  explicit made_here(std::shared_ptr<object> what) : memory(std::move(what)) {}
  made_here(const made_here&) = delete;
  made_here& operator=(const made_here&) = delete;
  ~made_here() {
    layout_of(*memory).dropped.store(1);
    // Here, too, it was decoded, if workers are threads.
    decoded_blocks::mine().forget_dropped();
  }
};

shared_block shared_block::make(const outgoing& value) {
  if (value.refs != 0)
    throw error(errc::not_serializable,
                "sharing a value: it holds handles (queues, pipes and the "
                "like); pass these to each task by themselves");
  auto bytes = bytes_at + value.size;
  shared_block result;
  result.memory_ =
      make_object(object_kind::block, bytes, bytes, [&](object& made) {
        auto& layout = layout_of(made);
        layout.type = value.type;
        layout.size = value.size;
        if (value.write)
          value.write(value.value, {made.data() + bytes_at, value.size}, {});
      });
  result.maker_ = std::make_shared<made_here>(result.memory_);
  return result;
}

shared_block shared_block::open(object_ref ref) {
  ref.kind = object_kind::block; // whatever a damaged message says
  shared_block result;
  result.memory_ = open_object(ref);
  return result;
}

object_ref shared_block::ref() const {
  if (!memory_)
    throw error(errc::closed, "sending a shared value: this handle is empty");
  return {memory_->id(), object_kind::block, 0};
}

incoming shared_block::value(const type_info& expected) const {
  if (!memory_)
    throw error(errc::closed, "reading a shared value: this handle is empty");
  auto& layout = layout_of(*memory_);
  if (layout.type != expected.id)
    throw error(errc::type_mismatch,
                fmt::format("reading a shared value: expected {}, found {}",
                            expected.name, type_name(layout.type)));
  incoming result;
  result.type = layout.type;
  result.bytes = {memory_->data() + bytes_at, layout.size};
  result.storage = memory_;
  return result;
}

std::shared_ptr<const void> shared_block::decoded(
    const std::function<std::shared_ptr<const void>()>& make) const {
  return decoded_blocks::mine().get(memory_, make);
}

} // namespace ramet::detail
