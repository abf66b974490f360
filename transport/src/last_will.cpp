// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "last_will.hpp"

#include "layouts.hpp"
#include "mailbox_core.hpp"

#include <ramet/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <mutex>
#include <vector>

namespace ramet::detail {

namespace {

struct postponed {
  std::mutex guard; // of held
  std::vector<object_ptr> held;

  static postponed& mine() {
    static auto* instance = new postponed; // used to the very end
    return *instance;
  }
};

last_will_layout& at(std::byte* data) {
  return *reinterpret_cast<last_will_layout*>(data);
}

std::span<const std::byte> message_in(const last_will_layout& will) {
  return {will.bytes, std::min(will.size, max_last_message)};
}

} // namespace

object_ptr make_last_will(const mailbox& to, std::uint64_t type,
                          std::span<const std::byte> message) {
  if (message.size() > max_last_message)
    throw error(errc::protocol,
                fmt::format("making a last will: its message has {} bytes, and "
                            "there is room for {}",
                            message.size(), max_last_message));
  constexpr auto bytes = in_pages(sizeof(last_will_layout));
  return make_object(object_kind::last_will, bytes, bytes, [&](object& made) {
    auto& will = at(made.data());
    std::memcpy(will.bytes, message.data(), message.size());
    will.size = message.size();
    will.type = type;
    will.mailbox = to.ref().object;
  });
}

std::span<const std::byte> last_message(const object& will) {
  return message_in(at(will.data()));
}

void carry_out_last_will(std::byte* data) noexcept {
  auto& will = at(data);
  try {
    auto memory = peek_object(will.mailbox);
    if (!memory)
      return;
    auto& layout = *reinterpret_cast<mailbox_layout*>(memory.data());
    if (layout.header.kind != object_kind::mailbox || layout.header.unheld())
      return;
    auto bytes = message_in(will);
    outgoing message;
    message.type = will.type;
    message.size = bytes.size();
    message.value = bytes.data();
    message.write = [](const void* from, std::span<std::byte> to,
                       std::span<object_ref>) {
      std::memcpy(to.data(), from, to.size());
    };
    mailbox_core{will.mailbox, memory.data(), layout.control}.put(
        message, deadline::now());
  } catch (const std::exception&) {
    // No memory: what it would have freed lives until its owner ends.
  }
}

void last_wills_wait::postpone(std::uint64_t id) noexcept {
  try {
    auto held = open_object({id, object_kind::last_will, 0});
    auto& all = postponed::mine();
    std::scoped_lock lock{all.guard};
    all.held.push_back(std::move(held));
    any_.store(true, std::memory_order_relaxed);
  } catch (const std::exception&) {
    // Somebody else has carried it out; or no memory, see above.
  }
}

// What another thread has postponed may go here, too; it sees that, or goes by
// itself. Ours cannot be missed.
void last_wills_wait::carry_out() noexcept {
  auto& all = postponed::mine();
  std::vector<object_ptr> due;
  std::scoped_lock lock{all.guard};
  due.swap(all.held);
  any_.store(false, std::memory_order_relaxed);
}

} // namespace ramet::detail
