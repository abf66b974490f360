// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "scoreboard.hpp"
#include "system_test.hpp"

#include <ramet/pipe.hpp>
#include <ramet/queue.hpp>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace ramet_test {

namespace {

using large_messages_test = system_test;

constexpr std::size_t mebi = 1024 * 1024;
constexpr std::size_t gibi = 1024 * mebi;

TEST_F(large_messages_test, stay_after_their_producer_was_joined) {
  for (std::size_t size : {std::size_t{100}, mebi, 8 * mebi}) {
    ramet::queue<std::string> box;
    ramet::process child{[](ramet::queue<std::string> box, std::size_t size) {
                           box.put(std::string(size, 'x'));
                         },
                         box, size};
    ASSERT_TRUE(child.join_for(long_enough))
        << "waits for somebody to get its item";
    EXPECT_EQ(box.get(), std::string(size, 'x'));
  }
}

TEST_F(large_messages_test, stay_in_a_pipe_after_their_sender_was_joined) {
  auto [here, there] = ramet::pipe();
  ramet::process child{
      [](ramet::connection pipe) { pipe.send(std::string(mebi, 'x')); },
      std::move(there)};
  ASSERT_TRUE(child.join_for(long_enough));
  EXPECT_EQ(here.recv<std::string>(), std::string(mebi, 'x'));
  expect_error(ramet::errc::closed, {}, [&] { here.recv<std::string>(); });
}

// A getter with a time-out comes back in time, whatever becomes of the putter;
// and the queue stays of use to others.
TEST_F(large_messages_test, may_die_half_way_with_their_producer) {
  chance dice;
  int whole = 0;
  constexpr int kills = 30;
  for (int round = 0; round < kills; ++round) {
    scoreboard board;
    ramet::queue<std::string> box;
    ramet::process child{
        [](ramet::queue<std::string> box, std::string board_path) {
          scoreboard board{board_path};
          std::string item(8 * mebi, 'x');
          board[0].store(1);
          box.put(item);
          for (;;)
            ::pause();
        },
        box, board.path()};
    ASSERT_TRUE(eventually([&] { return board[0].load() == 1; }));
    pass(dice.within(8ms));
    child.kill();
    std::optional<std::string> found;
    EXPECT_LT(time_of([&] { found = box.get_for(20ms); }), soon);
    child.join();
    if (found) {
      EXPECT_EQ(*found, std::string(8 * mebi, 'x'));
      ++whole;
    } else if ((found = box.try_get())) { // put just after the time-out
      EXPECT_EQ(found->size(), 8 * mebi);
      ++whole;
    }
    box.put("from another one");
    EXPECT_EQ(box.get_for(soon), "from another one");
  }
  std::cout << kills << " kills, " << whole << " messages whole" << std::endl;
}

std::uint64_t sum_of(std::span<const std::uint64_t> words) {
  std::uint64_t result = 1;
  for (auto word : words)
    result = result * 31 + word;
  return result;
}

TEST_F(large_messages_test, go_to_each_of_several_children) {
  std::vector<std::uint64_t> argument(100 * mebi / 8);
  for (std::size_t i = 0; i < argument.size(); ++i)
    argument[i] = i * i;
  auto expected = sum_of(argument);
  ramet::queue<std::uint64_t> sums;
  std::vector<ramet::process> children;
  for (int i = 0; i < 4; ++i)
    children.emplace_back(
        [](const std::vector<std::uint64_t>& words,
           ramet::queue<std::uint64_t> sums) { sums.put(sum_of(words)); },
        argument, sums);
  for (auto& child : children) {
    EXPECT_EQ(sums.get_for(long_enough), expected);
    EXPECT_TRUE(child.join_for(long_enough));
  }
}

// Pages that were never written, but for one word in each mebibyte.
class sparse_bytes {
public:
  explicit sparse_bytes(std::size_t size)
      : bytes_{static_cast<std::byte*>(
                   ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)),
               size} {
    for (std::uint64_t at = 0; at < size; at += mebi)
      std::memcpy(bytes_.data() + at, &at, sizeof at);
  }
  sparse_bytes(const sparse_bytes&) = delete;
  sparse_bytes& operator=(const sparse_bytes&) = delete;
  ~sparse_bytes() { ::munmap(bytes_.data(), bytes_.size()); }

  std::span<const std::byte> get() const { return bytes_; }

private:
  std::span<std::byte> bytes_;
};

std::uint64_t available_memory() {
  struct statvfs status {};
  ::statvfs(ramet::detail::family::mine().directory().c_str(), &status);
  std::ifstream file{"/proc/meminfo"};
  std::string word;
  std::uint64_t kibibytes = 0;
  while (file >> word)
    if (word == "MemAvailable:")
      file >> kibibytes;
  return std::min<std::uint64_t>(kibibytes * 1024,
                                 status.f_bavail * status.f_frsize);
}

TEST_F(large_messages_test, may_have_three_gibibytes) {
  if (available_memory() < 12 * gibi)
    GTEST_SKIP() << "needs 12 GiB of free memory and shared memory; there are "
                 << available_memory() / mebi << " MiB";
  constexpr std::size_t size = 3 * gibi + 5;
  auto [here, there] = ramet::pipe();
  ramet::process child{[](ramet::connection pipe, std::size_t size) {
                         pipe.send_bytes(sparse_bytes{size}.get());
                       },
                       std::move(there), size};
  auto view = here.recv_view();
  EXPECT_TRUE(child.join_for(long_enough));
  ASSERT_EQ(view.size(), size);
  for (std::uint64_t at = 0; at < size; at += mebi) {
    std::uint64_t found = 1;
    std::memcpy(&found, view.data() + at, std::min(sizeof found, size - at));
    ASSERT_EQ(found, at);
  }
}

} // namespace

} // namespace ramet_test
