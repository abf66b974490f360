// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "pipe_end.hpp"

#include "mailbox_core.hpp"

#include <ramet/error.hpp>

namespace ramet::detail {

namespace {

pipe_layout& pipe_at(std::byte* data) {
  return *reinterpret_cast<pipe_layout*>(data);
}

} // namespace

void close_pipe_boxes(std::uint64_t object, std::byte* data) {
  // Both before anybody is woken: who is told so here must not succeed there.
  for (auto& box : pipe_at(data).boxes)
    box.closed.store(1, std::memory_order_seq_cst);
  for (auto& box : pipe_at(data).boxes)
    mailbox_core{object, data, box}.close();
}

bool close_pipe_end(std::uint64_t object, std::byte* data, std::uint32_t end,
                    end_owner expected) {
  auto word = expected.pack();
  auto closed = end_owner{end_owner::closed, expected.epoch + 1}.pack();
  if (!pipe_at(data).owners[end].compare_exchange_strong(word, closed))
    return false;
  close_pipe_boxes(object, data);
  drop_unreadable(object, data, end);
  return true;
}

void drop_unreadable(std::uint64_t object, std::byte* data, std::uint32_t end) {
  auto owner = end_owner::unpack(pipe_at(data).owners[end].load());
  if (owner.who == end_owner::closed)
    mailbox_core{object, data, pipe_at(data).boxes[end]}.clear();
}

void finish_closing(std::uint64_t object, std::byte* data, std::uint32_t end) {
  auto owner = end_owner::unpack(pipe_at(data).owners[end].load());
  if (owner.who != end_owner::closed)
    return;
  close_pipe_boxes(object, data);
  drop_unreadable(object, data, end);
}

end_owner adopt_pipe_end(pipe_layout& pipe, std::uint32_t end) {
  auto word = pipe.owners[end].load();
  auto owner = end_owner::unpack(word);
  end_owner mine{family::mine().slot(), owner.epoch + 1};
  if (owner.who != end_owner::in_message
      || !pipe.owners[end].compare_exchange_strong(word, mine.pack()))
    throw error(errc::closed,
                "receiving a pipe's end: it was closed or taken before");
  return mine;
}

void send_pipe_end(pipe_layout& pipe, std::uint32_t end) {
  auto word = pipe.owners[end].load();
  auto owner = end_owner::unpack(word);
  end_owner moving{end_owner::in_message, owner.epoch + 1};
  if (owner.who != family::mine().slot()
      || !pipe.owners[end].compare_exchange_strong(word, moving.pack()))
    throw error(errc::closed,
                "sending a pipe's end: this process does not own it any more, "
                "as it was closed or sent before");
}

void drop_pipe_end(std::uint64_t object, std::byte* data, std::uint32_t end) {
  auto owner = end_owner::unpack(pipe_at(data).owners[end].load());
  if (owner.who == end_owner::in_message)
    close_pipe_end(object, data, end, owner);
  else
    finish_closing(object, data, end);
}

} // namespace ramet::detail
