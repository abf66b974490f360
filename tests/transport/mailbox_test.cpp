// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// How messages lie in a mailbox's memory.

#include <ramet/detail/mailbox.hpp>
#include <ramet/detail/pipe_side.hpp>

#include "leak_check.hpp"
#include "parcel.hpp"
#include "shared_memory_view.hpp"

#include <cstring>
#include <future>
#include <optional>
#include <set>
#include <stdexcept>
#include <vector>

namespace {

using namespace std::literals;
using namespace ramet::detail;
using ramet_test::expect_error;
using ramet_test::mailbox_view;
using ramet_test::object_files;

constexpr std::uint64_t blob_type = 7;

/// A message whose bytes tell whether they are all there.
struct blob {
  std::uint32_t number;
  std::size_t size;

  std::byte at(std::size_t i) const {
    return static_cast<std::byte>(number * 31 + i + i / 251);
  }
};

template <class Box>
bool put(Box& box, blob what) {
  outgoing message;
  message.type = blob_type;
  message.size = what.size;
  message.value = &what;
  message.write = [](const void* value, std::span<std::byte> bytes,
                     std::span<object_ref>) {
    auto& source = *static_cast<const blob*>(value);
    for (std::size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = source.at(i);
  };
  return box.put(message, deadline::now()) == put_status::done;
}

/// True when there is a message, and it is `expected`.
template <class Box>
bool take(Box& box, blob expected) {
  bool same = false;
  auto status = box.take(
      [&](const incoming& message) {
        same = message.type == blob_type && message.refs.empty()
               && message.bytes.size() == expected.size;
        for (std::size_t i = 0; same && i < expected.size; ++i)
          same = message.bytes[i] == expected.at(i);
        return verdict::consume;
      },
      deadline::now());
  return status == take_status::done && same;
}

/// Payload of the message that fills a frame of `bytes`.
std::size_t payload_of(std::size_t bytes) {
  return bytes - sizeof(frame_header);
}

constexpr std::size_t largest_inline = home_capacity / 8 - sizeof(frame_header);

class ring_of_one_segment : public ramet_test::leak_check {};
class chain_of_segments : public ramet_test::leak_check {};
class message_out_of_line : public ramet_test::leak_check {};
class waiting_for_room : public ramet_test::leak_check {};
class taking_some : public ramet_test::leak_check {};

// -- one segment --------------------------------------------------------------

TEST_F(ring_of_one_segment, frames_of_all_sizes_pass_the_end_of_a_lap) {
  auto [reader, writer] = pipe_side::create(false);
  std::vector<std::size_t> sizes;
  for (std::size_t bytes = 16; bytes <= 1024; bytes += 16)
    sizes.push_back(payload_of(bytes));
  for (std::size_t bytes = 1040; bytes <= home_capacity / 8; bytes += 1936)
    sizes.push_back(payload_of(bytes));
  sizes.push_back(largest_inline);
  std::uint32_t written = 0;
  std::uint32_t read = 0;
  for (auto size : sizes) {
    // Until it is full, two times, so that a lap ends somewhere inside.
    for (int lap = 0; lap < 2; ++lap) {
      while (put(writer, {written, size}))
        ++written;
      while (read != written)
        ASSERT_TRUE(take(reader, {read++, size})) << size << " bytes";
    }
  }
  mailbox_view box{reader.ref()};
  EXPECT_EQ(box.producers().segment, home_segment);
  EXPECT_GT(box.producers().position, 100 * home_capacity);
}

TEST_F(ring_of_one_segment, frames_of_mixed_sizes_fill_it_again_and_again) {
  auto [reader, writer] = pipe_side::create(false);
  std::uint32_t written = 0;
  std::uint32_t read = 0;
  auto size_of = [](std::uint32_t number) {
    return static_cast<std::size_t>(number) * 7919 % 5000;
  };
  while (written < 30'000) {
    while (put(writer, {written, size_of(written)}))
      ++written;
    auto until = read + (written - read) / 3 + 1;
    for (; read != until; ++read)
      ASSERT_TRUE(take(reader, {read, size_of(read)})) << "message " << read;
  }
}

TEST_F(ring_of_one_segment, its_memory_is_backed_as_far_as_it_was_used) {
  mailbox box = mailbox::create();
  mailbox_view view{box.ref()};
  EXPECT_EQ(view.control().home_reserved, 0U);
  put(box, {0, 0});
  auto first = view.control().home_reserved.load();
  EXPECT_GT(first, 0U);
  EXPECT_LE(first, home_capacity / 8);
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(put(box, {i, 10}));
    auto end = view.producers().position + link_reserve;
    ASSERT_TRUE(view.producers().segment != home_segment
                || view.control().home_reserved
                       >= std::min<std::uint64_t>(end, home_capacity));
  }
  EXPECT_EQ(view.control().home_reserved, home_capacity);
}

// -- a chain ------------------------------------------------------------------

TEST_F(chain_of_segments, a_link_fits_wherever_a_segment_is_full) {
  for (std::size_t offset = 0; offset <= 96; offset += 16)
    for (std::size_t bytes = 16; bytes <= 320; bytes += 16) {
      mailbox box = mailbox::create();
      mailbox_view view{box.ref()};
      for (std::size_t i = 0; i < offset; i += 16) {
        ASSERT_TRUE(put(box, {0, 0}));
        ASSERT_TRUE(take(box, {0, 0}));
      }
      std::uint32_t written = 0;
      while (view.producers().segment == home_segment)
        ASSERT_TRUE(put(box, {written++, payload_of(bytes)}));
      // What stays unused is less than a frame, a link and a skip.
      EXPECT_GT(written * bytes + bytes + link_reserve, home_capacity);
      for (std::uint32_t i = 0; i < written; ++i)
        ASSERT_TRUE(take(box, {i, payload_of(bytes)}))
            << "frames of " << bytes << " bytes, from " << offset;
      ASSERT_TRUE(put(box, {1, 1}));
      EXPECT_EQ(view.producers().segment, home_segment) << "it goes home";
      ASSERT_TRUE(take(box, {1, 1}));
      ASSERT_EQ(object_files().size(), 1U);
    }
}

TEST_F(chain_of_segments, grows_with_what_is_unread_and_goes_home) {
  constexpr std::size_t size = 1000;
  constexpr std::uint32_t many = 30'000; // 30 MB
  mailbox box = mailbox::create();
  mailbox_view view{box.ref()};
  for (int round = 0; round < 2; ++round) {
    std::set<std::uint64_t> segments;
    for (std::uint32_t i = 0; i < many; ++i) {
      ASSERT_TRUE(put(box, {i, size}));
      segments.insert(view.producers().segment);
    }
    // Of 256 KiB, 1 MiB, 4 MiB and then 8 MiB each.
    EXPECT_EQ(segments.size(), 7U);
    EXPECT_EQ(object_files().size(), segments.size());
    for (std::uint32_t i = 0; i < many; ++i) {
      ASSERT_TRUE(take(box, {i, size}));
      if (i == many / 2) {
        EXPECT_LT(object_files().size(), segments.size())
            << "what was read is freed";
      }
    }
    ASSERT_TRUE(put(box, {1, 1}));
    ASSERT_TRUE(take(box, {1, 1}));
    EXPECT_EQ(view.producers().segment, home_segment);
    EXPECT_EQ(view.consumers().segment, home_segment);
    EXPECT_EQ(object_files().size(), 1U);
  }
}

TEST_F(chain_of_segments, is_followed_while_it_grows) {
  mailbox box = mailbox::create();
  std::uint32_t written = 0;
  std::uint32_t read = 0;
  // Two in, one out: consumers are always in some earlier segment.
  while (written < 40'000) {
    ASSERT_TRUE(put(box, {written++, 500}));
    ASSERT_TRUE(put(box, {written++, 900}));
    ASSERT_TRUE(take(box, {read, read % 2 ? 900U : 500U}));
    ++read;
  }
  for (; read < written; ++read)
    ASSERT_TRUE(take(box, {read, read % 2 ? 900U : 500U}));
  EXPECT_EQ(box.size(), 0U);
}

TEST_F(chain_of_segments, goes_with_the_mailbox) {
  auto box = mailbox::create();
  for (std::uint32_t i = 0; i < 5'000; ++i)
    ASSERT_TRUE(put(box, {i, 1000}));
  EXPECT_GT(object_files().size(), 2U);
  box = {};
  EXPECT_EQ(object_files().size(), 0U);
}

// -- large messages -----------------------------------------------------------

TEST_F(message_out_of_line, is_one_that_is_larger_than_an_eighth_of_the_ring) {
  mailbox box = mailbox::create();
  mailbox_view view{box.ref()};
  for (std::size_t size : {largest_inline - 1, largest_inline}) {
    ASSERT_TRUE(put(box, {1, size}));
    EXPECT_FALSE(view.next_header().refs & out_of_line) << size;
    EXPECT_EQ(object_files().size(), 1U);
    ASSERT_TRUE(take(box, {1, size}));
  }
  for (std::size_t size : {largest_inline + 1, largest_inline + 2}) {
    ASSERT_TRUE(put(box, {1, size}));
    EXPECT_TRUE(view.next_header().refs & out_of_line) << size;
    EXPECT_EQ(view.next_header().size, sizeof(parcel_note));
    EXPECT_EQ(object_files().size(), 2U);
    ASSERT_TRUE(take(box, {1, size}));
    EXPECT_EQ(object_files().size(), 1U) << "its file is gone";
  }
}

TEST_F(message_out_of_line, of_some_size_leaves_its_memory_to_the_next) {
  auto [reader, writer] = pipe_side::create(false);
  mailbox_view view{reader.ref()};
  auto storage_of_next = [&] {
    parcel_note note;
    std::memcpy(&note, view.next_frame() + sizeof(frame_header), sizeof note);
    return note.storage;
  };
  ASSERT_TRUE(put(writer, {0, 1 << 20}));
  auto storage = storage_of_next();
  ASSERT_TRUE(take(reader, {0, 1 << 20}));
  for (std::uint32_t i = 1; i < 10; ++i) {
    auto size = (std::size_t{1} << 20) - i * 1000;
    ASSERT_TRUE(put(writer, {i, size}));
    EXPECT_EQ(storage_of_next(), storage);
    EXPECT_EQ(object_files().size(), 2U);
    ASSERT_TRUE(take(reader, {i, size}));
  }
  ASSERT_TRUE(put(writer, {10, 2 << 20}));
  EXPECT_NE(storage_of_next(), storage) << "the spare is too small";
  ASSERT_TRUE(take(reader, {10, 2 << 20}));
}

TEST_F(message_out_of_line, gives_its_memory_back_when_only_small_ones_follow) {
  auto [reader, writer] = pipe_side::create(false);
  ASSERT_TRUE(put(writer, {0, 1 << 20}));
  ASSERT_TRUE(take(reader, {0, 1 << 20}));
  EXPECT_EQ(object_files().size(), 2U);
  for (std::uint32_t i = 0; i < 1000; ++i) {
    ASSERT_TRUE(put(writer, {i, 100}));
    ASSERT_TRUE(take(reader, {i, 100}));
  }
  EXPECT_EQ(object_files().size(), 1U);
}

TEST_F(message_out_of_line, waits_in_a_pipe_for_others_that_are_much_together) {
  constexpr std::size_t size = 40 << 20;
  auto [reader, writer] = pipe_side::create(false);
  ASSERT_TRUE(put(writer, {0, size}));
  EXPECT_FALSE(put(writer, {1, size}));
  EXPECT_TRUE(put(writer, {1, 1000})) << "small ones are not concerned";
  ASSERT_TRUE(take(reader, {0, size}));
  EXPECT_TRUE(put(writer, {2, size}));
  EXPECT_FALSE(put(writer, {3, size}));
  ASSERT_TRUE(take(reader, {1, 1000}));
  ASSERT_TRUE(take(reader, {2, size}));
  // One alone may be larger than what many may be together.
  EXPECT_TRUE(put(writer, {4, 2 * size}));
  ASSERT_TRUE(take(reader, {4, 2 * size}));
}

// -- waiting ------------------------------------------------------------------

/// Leaves the sign of a producer that waits, where none is.
void seem_to_wait(parking_lot& lot) {
  lot.park([] { return false; }, deadline::now());
}

TEST_F(waiting_for_room, a_producer_of_a_ring_is_woken_when_it_is_half_empty) {
  auto [reader, writer] = pipe_side::create(false);
  mailbox_view box{reader.ref()};
  std::uint32_t written = 0;
  std::uint32_t read = 0;
  while (put(writer, {written, 1000}))
    ++written;
  seem_to_wait(box.control().not_full);
  auto used = [&] {
    return box.producers().position - box.consumers().position;
  };
  for (; used() > home_capacity / 2; ++read) {
    EXPECT_TRUE(box.somebody_waits_to_put()) << "woken too early";
    ASSERT_TRUE(take(reader, {read, 1000}));
  }
  EXPECT_FALSE(box.somebody_waits_to_put()) << "not woken";
}

TEST_F(waiting_for_room, a_producer_of_a_bounded_mailbox_is_woken_each_time) {
  mailbox box = mailbox::create(2);
  mailbox_view view{box.ref()};
  put(box, {0, 1});
  put(box, {1, 1});
  for (std::uint32_t i = 0; i < 2; ++i) {
    seem_to_wait(view.control().not_full);
    ASSERT_TRUE(take(box, {i, 1}));
    EXPECT_FALSE(view.somebody_waits_to_put());
  }
}

TEST_F(waiting_for_room, figures_count_what_went_through) {
  mailbox box = mailbox::create();
  for (std::uint32_t i = 0; i < 3; ++i)
    put(box, {i, 100});
  put(box, {3, 100'000});
  take(box, {0, 100});
  put(box, {4, 0});
  auto figures = box.stats();
  EXPECT_EQ(figures.messages_put, 5U);
  EXPECT_EQ(figures.messages_taken, 1U);
  EXPECT_EQ(figures.bytes_put, 100'300U);
  EXPECT_EQ(figures.peak_depth, 4U);
  EXPECT_EQ(box.size(), 4U);
  EXPECT_EQ(box.maxsize(), 0U);
}

// -- several at a time --------------------------------------------------------

TEST_F(taking_some, takes_what_is_there_but_no_more_than_asked_for) {
  auto box = mailbox::create();
  std::size_t seen = 0;
  auto count = [&](const incoming&) {
    ++seen;
    return verdict::consume;
  };
  EXPECT_EQ(box.take_some(count, 4), 0u);
  for (std::uint32_t i = 0; i < 6; ++i)
    ASSERT_TRUE(put(box, {i, 100}));
  EXPECT_EQ(box.take_some(count, 4), 4u);
  EXPECT_EQ(seen, 4u);
  EXPECT_TRUE(take(box, {4, 100}));
  EXPECT_EQ(box.take_some(count, 4), 1u);
  EXPECT_EQ(box.size(), 0u);
}

TEST_F(taking_some, follows_the_chain_and_takes_large_messages) {
  auto box = mailbox::create();
  std::vector<std::size_t> sizes;
  for (int i = 0; i < 200; ++i)
    sizes.push_back(i % 10 == 0 ? 2 * home_capacity : largest_inline);
  for (std::uint32_t i = 0; i < sizes.size(); ++i)
    ASSERT_TRUE(put(box, {i, sizes[i]}));
  std::vector<std::size_t> seen;
  auto note = [&](const incoming& message) {
    seen.push_back(message.bytes.size());
    return verdict::consume;
  };
  while (box.take_some(note, 32) > 0) {
  }
  EXPECT_EQ(seen, sizes);
}

TEST_F(taking_some, stops_at_a_message_that_is_left) {
  auto box = mailbox::create();
  for (std::uint32_t i = 0; i < 3; ++i)
    ASSERT_TRUE(put(box, {i, 100}));
  int shown = 0;
  auto leave_second = [&](const incoming&) {
    return ++shown == 2 ? verdict::leave : verdict::consume;
  };
  EXPECT_EQ(box.take_some(leave_second, 3), 1u);
  EXPECT_EQ(shown, 2);
  EXPECT_TRUE(take(box, {1, 100}));
  EXPECT_TRUE(take(box, {2, 100}));
}

TEST_F(taking_some, drops_only_the_message_that_the_receiver_throws_at) {
  auto box = mailbox::create();
  for (std::uint32_t i = 0; i < 3; ++i)
    ASSERT_TRUE(put(box, {i, 100}));
  int shown = 0;
  auto throw_second = [&](const incoming&) -> verdict {
    if (++shown == 2)
      throw std::runtime_error{"no"};
    return verdict::consume;
  };
  EXPECT_THROW(box.take_some(throw_second, 3), std::runtime_error);
  EXPECT_TRUE(take(box, {2, 100}));
}

TEST_F(taking_some, lets_in_as_many_as_it_has_made_room_for) {
  auto box = mailbox::create(2);
  ASSERT_TRUE(put(box, {0, 100}));
  ASSERT_TRUE(put(box, {1, 100}));
  auto wait_and_put = [box](std::uint32_t number) mutable {
    outgoing message;
    message.type = number;
    message.write = [](const void*, std::span<std::byte>,
                       std::span<object_ref>) {};
    return box.put(message, deadline::in(20s)) == put_status::done;
  };
  auto first = std::async(std::launch::async, wait_and_put, 2);
  auto second = std::async(std::launch::async, wait_and_put, 3);
  auto consume = [](const incoming&) { return verdict::consume; };
  EXPECT_EQ(box.take_some(consume, 2), 2u);
  EXPECT_TRUE(first.get());
  EXPECT_TRUE(second.get());
}

} // namespace
