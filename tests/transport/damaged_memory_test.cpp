// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// What a program sees when shared memory was damaged from outside: an error
// that says so, and no crash.

#include <ramet/mutex.hpp>
#include <ramet/pipe.hpp>
#include <ramet/queue.hpp>
#include <ramet/shared_array.hpp>
#include <ramet/shared_memory.hpp>

#include "leak_check.hpp"
#include "parcel.hpp"
#include "shared_memory_view.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace std::literals;
using namespace ramet::detail;
using ramet::errc;
using ramet_test::expect_error;
using ramet_test::mailbox_view;
using ramet_test::path_of;
using ramet_test::ref_of;

class damaged_frame : public ramet_test::leak_check {
protected:
  damaged_frame() { post.put(1); }

  void write_header(std::uint32_t size, std::uint32_t refs = 0) {
    auto header = view().next_header();
    header.size = size;
    header.refs = refs;
    view().write_next_header(header);
  }
  void write_link(link_target target) {
    write_header(link_mark);
    std::memcpy(view().next_frame() + sizeof(frame_header), &target,
                sizeof target);
  }
  void expect_damage(std::string_view found) {
    expect_error(errc::protocol,
                 {"taking a message from mailbox", found,
                  "damaged from outside, make a new one"},
                 [&] { post.get(); });
    expect_error(errc::protocol, {found}, [&] { post.try_get(); });
  }
  mailbox_view view() const { return mailbox_view{post}; }
  void TearDown() override {
    post = ramet::queue<int>{};
    other_files_ = ramet_test::object_files().size();
    EXPECT_EQ(other_files_, 1U) << "more than the new queue is left";
  }

  ramet::queue<int> post;

private:
  std::size_t other_files_ = 0;
};

class damaged_parcel : public ramet_test::leak_check {
protected:
  /// Puts a large message and a small one; returns the large one's file.
  std::filesystem::path put_large() {
    auto before = ramet_test::object_files();
    post.put(std::vector<int>(100'000, 1));
    post.put({2});
    for (auto& name : ramet_test::object_files())
      if (!before.contains(name))
        return std::filesystem::path{family::mine().directory()} / name;
    ADD_FAILURE() << "no file was made";
    return {};
  }
  void expect_only_that_is_lost() {
    expect_error(errc::protocol,
                 {"receiving a message", "damaged from outside"},
                 [&] { post.get(); });
    EXPECT_EQ(post.get(), std::vector{2});
    post.put(std::vector<int>(100'000, 3));
    EXPECT_EQ(post.get().at(99'999), 3);
  }
  void TearDown() override { post = {}; }

  ramet::queue<std::vector<int>> post;
};

class damaged_object : public ramet_test::leak_check {
protected:
  /// Leaves an object with nobody but an unread message to hold it.
  template <class Handle>
  static segment only_in(ramet::queue<Handle>& box, Handle handle) {
    auto id = ref_of(handle).object;
    box.put(std::move(handle));
    return segment::open(path_of(id));
  }
  static object_header& header_of(const segment& memory) {
    return *reinterpret_cast<object_header*>(memory.data());
  }
  static std::filesystem::path file_of(const segment& memory) {
    return path_of(header_of(memory).id);
  }
  using ints = ramet::queue<int>;
};

// -- frames -------------------------------------------------------------------

TEST_F(damaged_frame, that_is_longer_than_its_segment_is_told) {
  for (std::uint32_t size : {0xfffffffdU, 0x7fffffffU, 0x40000U, 0x3fff1U}) {
    write_header(size);
    expect_damage("are left");
  }
}

TEST_F(damaged_frame, with_more_references_than_fit_is_told) {
  for (std::uint32_t refs : {0x7fffffffU, 0x10000U, 0x3fffU}) {
    write_header(4, refs);
    expect_damage("are left");
  }
}

TEST_F(damaged_frame, that_claims_to_be_out_of_line_is_told) {
  for (std::uint32_t size : {0U, 4U, 23U, 25U, 1000U}) {
    write_header(size, out_of_line);
    expect_damage("a frame of");
  }
}

TEST_F(damaged_frame, that_skips_for_ever_is_told) {
  write_header(skip_mark);
  expect_damage("its links lead nowhere");
}

TEST_F(damaged_frame, that_links_to_itself_is_told) {
  write_link({home_segment, 0});
  expect_damage("its links lead nowhere");
}

TEST_F(damaged_frame, that_links_between_frames_is_told) {
  write_link({home_segment, 8});
  expect_damage("a link leads between frames");
}

TEST_F(damaged_frame, that_links_to_a_segment_that_is_not_there_is_told) {
  write_link({0x123456789, 0});
  expect_error(errc::protocol,
               {"following a mailbox into segment", "missing or damaged"},
               [&] { post.get(); });
}

TEST_F(damaged_frame, that_links_to_another_kind_of_object_is_told) {
  ramet::mutex other;
  write_link({ref_of(other).object, 0});
  expect_error(errc::protocol,
               {"following a mailbox into segment", "missing or damaged"},
               [&] { post.get(); });
}

TEST_F(damaged_frame, with_a_link_at_the_very_end_of_a_lap_is_told) {
  // The target would lie beyond the segment, and of a queue, of the file.
  auto raw = mailbox::open(ref_of(post));
  post.get();
  outgoing empty;
  empty.write = [](const void*, std::span<std::byte>, std::span<object_ref>) {};
  auto drop = [](const incoming&) { return verdict::consume; };
  while (view().consumers().position != home_capacity - sizeof(frame_header)) {
    ASSERT_EQ(raw.put(empty, deadline::now()), put_status::done);
    ASSERT_EQ(raw.take(drop, deadline::now()), take_status::done);
  }
  ASSERT_EQ(raw.put(empty, deadline::now()), put_status::done);
  write_header(link_mark);
  expect_damage("a link stands where none has room");
}

TEST_F(damaged_frame, of_another_type_is_named_by_its_number) {
  auto header = view().next_header();
  header.type = 0xabcdef;
  view().write_next_header(header);
  expect_error(errc::type_mismatch,
               {"expected int", "unknown type #0000000000abcdef"},
               [&] { post.get(); });
}

TEST_F(damaged_frame, with_random_bytes_throws_only_errors_of_ours) {
  std::mt19937 random{20261120};
  for (int round = 0; round < 400; ++round) {
    ramet::queue<std::vector<std::string>> victim;
    for (std::size_t i = 0; i < 20; ++i)
      victim.put(std::vector<std::string>(i % 4, std::string(i, 'x')));
    mailbox_view bytes{victim};
    auto used = bytes.producers().position;
    for (int i = 0; i < 1 + round % 8; ++i)
      bytes.home()[random() % used] = static_cast<std::byte>(random());
    for (int i = 0; i < 25; ++i)
      try {
        victim.try_get();
      } catch (const ramet::error& e) {
        EXPECT_TRUE(e.code() == errc::protocol
                    || e.code() == errc::type_mismatch)
            << e.what();
      }
  }
}

TEST_F(damaged_frame, with_random_words_throws_only_errors_of_ours) {
  std::mt19937 random{1};
  const std::uint32_t words[] = {
      0,          1,          16,      31,          skip_mark, link_mark,
      0x7fffffff, 0x80000000, 0x3fff0, 0x80000001U, 24,        0xfffffffd};
  for (int round = 0; round < 400; ++round) {
    auto [a, b] = ramet::pipe();
    for (int i = 0; i < 20; ++i)
      a.send(i, std::string(static_cast<std::size_t>(i), 'x'));
    mailbox_view bytes{b};
    auto used = bytes.producers().position;
    for (int i = 0; i < 1 + round % 4; ++i)
      std::memcpy(bytes.home() + random() % used / 4 * 4,
                  &words[random() % std::size(words)], 4);
    for (int i = 0; i < 25; ++i)
      try {
        b.try_recv<int, std::string>();
      } catch (const ramet::error& e) {
        EXPECT_TRUE(e.code() == errc::protocol
                    || e.code() == errc::type_mismatch)
            << e.what();
      }
  }
}

// -- large messages -----------------------------------------------------------

TEST_F(damaged_parcel, that_was_cut_off_is_dropped) {
  std::filesystem::resize_file(put_large(), 4096);
  expect_only_that_is_lost();
}

TEST_F(damaged_parcel, that_was_cut_off_to_nothing_is_dropped) {
  std::filesystem::resize_file(put_large(), 0);
  expect_only_that_is_lost();
}

TEST_F(damaged_parcel, that_lacks_one_byte_is_dropped) {
  auto file = put_large();
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 1);
  expect_only_that_is_lost();
}

TEST_F(damaged_parcel, that_was_removed_is_dropped) {
  std::filesystem::remove(put_large());
  expect_only_that_is_lost();
}

TEST_F(damaged_parcel, with_a_wrong_size_in_its_frame_is_dropped) {
  put_large();
  mailbox_view view{post};
  auto* at = view.next_frame() + sizeof(frame_header);
  parcel_note note;
  std::memcpy(&note, at, sizeof note);
  note.size = ~std::uint64_t{0} - 8;
  std::memcpy(at, &note, sizeof note);
  expect_only_that_is_lost();
}

TEST_F(damaged_parcel, a_waiting_producer_goes_on_when_one_is_dropped) {
  ramet::queue<std::vector<int>> bounded{{.maxsize = 1}};
  std::swap(post, bounded);
  post.put(std::vector<int>(100'000, 1));
  mailbox_view view{post};
  parcel_note note;
  std::memcpy(&note, view.next_frame() + sizeof(frame_header), sizeof note);
  std::filesystem::remove(path_of(note.parcel));
  view.control().not_full.park([] { return false; }, deadline::now());
  expect_error(errc::protocol, {}, [&] { post.get(); });
  EXPECT_FALSE(view.somebody_waits_to_put());
}

TEST_F(damaged_parcel, a_chained_segment_that_was_cut_off_is_told) {
  ramet::queue<std::vector<char>> small;
  mailbox_view view{small};
  int written = 0;
  for (; view.producers().segment == home_segment; ++written)
    small.put(std::vector<char>(1000));
  // A handle in this process would have it mapped still.
  auto file = path_of(view.producers().segment);
  std::filesystem::resize_file(file, 4096);
  for (int i = 0; i + 1 < written; ++i)
    small.get();
  expect_error(errc::protocol,
               {"following a mailbox into segment", "missing or damaged"},
               [&] { small.get(); });
}

// -- objects ------------------------------------------------------------------

TEST_F(damaged_object, of_another_version_says_which) {
  ramet::queue<ints> box;
  header_of(only_in(box, ints{})).version = 99;
  expect_error(errc::protocol,
               {"opening shared object", "version 99", "knows version 1",
                "one version of ramet"},
               [&] { box.get(); });
}

TEST_F(damaged_object, of_another_kind_says_so) {
  ramet::queue<ints> box;
  auto memory = only_in(box, ints{});
  header_of(memory).kind = object_kind::mutex;
  expect_error(errc::protocol,
               {"opening shared object", "of kind", "expected kind"},
               [&] { box.get(); });
}

TEST_F(damaged_object, that_is_none_says_so) {
  ramet::queue<ints> box;
  auto memory = only_in(box, ints{});
  auto file = file_of(memory);
  header_of(memory).magic = 0;
  expect_error(errc::protocol, {"opening shared object", "no object of ramet"},
               [&] { box.get(); });
  std::filesystem::remove(file);
}

TEST_F(damaged_object, that_is_missing_is_closed) {
  ramet::queue<ints> box;
  std::filesystem::remove(file_of(only_in(box, ints{})));
  expect_error(errc::closed, {"opening shared object", "it is gone"},
               [&] { box.get(); });
  EXPECT_EQ(box.try_get().has_value(), false) << "the message was dropped";
}

TEST_F(damaged_object, that_was_cut_off_says_so) {
  for (std::size_t bytes : {8U, 4096U, 8192U}) {
    ramet::queue<ints> queues;
    auto file = file_of(only_in(queues, ints{}));
    std::filesystem::resize_file(file, bytes);
    expect_error(errc::protocol, {"opening shared object"},
                 [&] { queues.get(); });
    std::filesystem::remove(file);

    ramet::queue<ramet::connection> ends;
    auto [kept, sent] = ramet::pipe();
    kept = {};
    file = file_of(only_in(ends, std::move(sent)));
    sent = {};
    std::filesystem::resize_file(file, bytes);
    expect_error(errc::protocol, {"opening shared object"},
                 [&] { ends.get(); });
    std::filesystem::remove(file);
  }
  ramet::queue<ramet::mutex> mutexes;
  auto file = file_of(only_in(mutexes, ramet::mutex{}));
  std::filesystem::resize_file(file, 64);
  expect_error(errc::protocol, {"opening shared object"},
               [&] { mutexes.get(); });
  std::filesystem::remove(file);
}

// The number of values is one word behind the mutex.
TEST_F(damaged_object, array_of_more_values_than_fit_is_told) {
  constexpr std::uint64_t count = 4'321;
  ramet::queue<ramet::shared_array<int>> box;
  auto memory = only_in(box, ramet::shared_array<int>(count));
  auto* words = reinterpret_cast<std::uint64_t*>(memory.data());
  auto* found = std::find(words, words + 512, count);
  ASSERT_NE(found, words + 512);
  *found = std::uint64_t{1} << 61;
  expect_error(errc::protocol,
               {"opening shared memory", "values of int do not fit", "cut off"},
               [&] { box.get(); });
}

TEST_F(damaged_object, block_of_more_bytes_than_fit_is_told) {
  auto block = ramet::shared_memory::create(5'000);
  EXPECT_TRUE(block.unlink());
  auto ref = ref_of(block);
  reinterpret_cast<shared_memory_layout*>(block.data()
                                          - shared_memory_layout::head_bytes())
      ->size = 50'000;
  expect_error(errc::protocol,
               {"opening shared memory", "50000 bytes do not fit", "cut off"},
               [&] { handle_access::adopt<ramet::shared_memory>(ref); });
}

TEST_F(damaged_object, a_reference_to_another_kind_is_not_taken_for_one) {
  ramet::mutex lock;
  ints queue;
  auto [end, other] = ramet::pipe();
  auto& connection = end;
  auto why = {"opening"sv};
  expect_error(errc::protocol, why,
               [&] { handle_access::adopt<ints>(ref_of(lock)); });
  expect_error(errc::protocol, why,
               [&] { handle_access::adopt<ints>(ref_of(connection)); });
  expect_error(errc::protocol, why,
               [&] { handle_access::adopt<ramet::mutex>(ref_of(queue)); });
  expect_error(errc::protocol, why,
               [&] { handle_access::adopt<ramet::connection>(ref_of(queue)); });
  auto third_end = ref_of(connection);
  third_end.part = 2;
  expect_error(errc::protocol, {"found a third"},
               [&] { handle_access::adopt<ramet::connection>(third_end); });
}

} // namespace
