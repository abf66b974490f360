// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/queue.hpp>
#include <ramet/shared_memory.hpp>

#include "leak_check.hpp"
#include "memory_names.hpp"

#include <ramet/process.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

namespace {

using ramet::errc;
using ramet::shared_memory;
using ramet_test::expect_error;

std::string unused_name() {
  static int made = 0;
  return "ramet-test-" + std::to_string(::getpid()) + "."
         + std::to_string(++made);
}

class shared_memory_test : public ramet_test::leak_check {
protected:
  void SetUp() override {
    ramet::process{[] {}}.join(); // what is made once and kept, is made now
    leak_check::SetUp();
  }
};

TEST_F(shared_memory_test, is_zero_at_first_and_as_large_as_asked) {
  auto block = shared_memory::create(unused_name(), 10'001);
  EXPECT_EQ(block.size(), 10'001U);
  EXPECT_EQ(block.bytes().size(), 10'001U);
  EXPECT_TRUE(std::ranges::all_of(
      block.bytes(), [](std::byte b) { return b == std::byte{}; }));
  EXPECT_EQ(block.as<std::uint64_t>().size(), 1250U);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block.data()) % 4096, 0U);
  EXPECT_TRUE(block.unlink());
}

TEST_F(shared_memory_test, is_the_same_by_its_name) {
  auto name = unused_name();
  auto block = shared_memory::create(name, 64);
  auto same = shared_memory::attach(name);
  EXPECT_EQ(same.name(), name);
  EXPECT_EQ(same.size(), 64U);
  same.as<int>()[3] = 42;
  EXPECT_EQ(block.as<int>()[3], 42);
  EXPECT_TRUE(same.unlink());
}

TEST_F(shared_memory_test, makes_up_a_name_if_it_is_given_none) {
  auto one = shared_memory::create(1);
  auto other = shared_memory::create(1);
  EXPECT_NE(one.name(), other.name());
  one.as<char>()[0] = 'x';
  EXPECT_EQ(shared_memory::attach(one.name()).as<char>()[0], 'x');
  one.unlink();
  other.unlink();
}

TEST_F(shared_memory_test, stays_without_handles_until_it_is_unlinked) {
  auto name = unused_name();
  { shared_memory::create(name, 64).as<int>()[0] = 7; }
  {
    auto again = shared_memory::attach(name);
    EXPECT_EQ(again.as<int>()[0], 7);
    EXPECT_TRUE(again.unlink());
    EXPECT_FALSE(again.unlink());
    EXPECT_FALSE(shared_memory::try_attach(name));
    EXPECT_EQ(again.as<int>()[0], 7) << "where handles are, it is usable";
  }
  expect_error(errc::closed, {name, "no block"},
               [&] { shared_memory::attach(name); });
}

TEST_F(shared_memory_test, shares_no_name_with_another) {
  auto name = unused_name();
  auto block = shared_memory::create(name, 64);
  expect_error(errc::protocol, {name, "has this name"},
               [&] { shared_memory::create(name, 64); });
  block.unlink();
  auto next = shared_memory::create(name, 32);
  EXPECT_FALSE(block.unlink()) << "the name is the other one's now";
  EXPECT_EQ(shared_memory::attach(name).size(), 32U);
  next.unlink();
}

TEST_F(shared_memory_test, gives_a_name_to_one_of_many_who_want_it) {
  constexpr int rounds = 300;
  constexpr int rivals = 3;
  auto name = unused_name();
  std::barrier step{rivals};
  std::atomic<int> made{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < rivals; ++i)
      threads.emplace_back([&] {
        for (int round = 0; round < rounds; ++round) {
          std::optional<shared_memory> mine;
          step.arrive_and_wait();
          try {
            mine = shared_memory::create(name, 1);
            ++made;
          } catch (const ramet::error& e) {
            EXPECT_EQ(e.code(), errc::protocol) << e.what();
          }
          step.arrive_and_wait();
          if (mine)
            EXPECT_TRUE(mine->unlink());
        }
      });
  }
  EXPECT_EQ(made, rounds);
}

// As far as unlink() comes until then.
void unlink_and_die(std::string name) {
  auto block = shared_memory::attach(name);
  auto ref = ramet::detail::handle_access::ref(block);
  ramet::detail::unname_memory(
      name, {ramet::detail::family::mine().directory(), ref.object});
  ::raise(SIGKILL);
}

TEST_F(shared_memory_test, is_freed_though_who_unlinks_it_is_killed) {
  auto name = unused_name();
  auto block = shared_memory::create(name, 64);
  ramet::process{unlink_and_die, name}.join();
  EXPECT_FALSE(shared_memory::try_attach(name));
  EXPECT_FALSE(block.unlink()) << "that was the dead one's";
}

TEST_F(shared_memory_test, is_kept_when_who_attached_is_killed) {
  auto name = unused_name();
  auto block = shared_memory::create(name, 64);
  ramet::process{[](std::string name) {
                   auto block = shared_memory::attach(name);
                   ::raise(SIGKILL);
                 },
                 name}
      .join();
  EXPECT_TRUE(shared_memory::try_attach(name));
  EXPECT_TRUE(block.unlink());
}

TEST_F(shared_memory_test, has_a_size_and_a_name_that_it_can_have) {
  expect_error(errc::protocol, {"0 bytes"},
               [] { shared_memory::create(unused_name(), 0); });
  expect_error(errc::protocol, {"1 to"},
               [] { shared_memory::create(unused_name(), ~std::size_t{0}); });
  expect_error(errc::resource_exhausted, {}, [] {
    shared_memory::create(unused_name(), std::size_t{1} << 46);
  });
  for (auto* name : {"", "a/b", "a b", "\xc3\xbc"})
    expect_error(errc::protocol, {"naming", name},
                 [&] { shared_memory::create(name, 64); });
  expect_error(errc::protocol, {"1 to 128"},
               [] { shared_memory::attach(std::string(129, 'x')); });
  auto longest = unused_name();
  longest.resize(128, 'x');
  auto block = shared_memory::create(longest, 1);
  EXPECT_EQ(shared_memory::attach(block.name()).name(), block.name());
  block.unlink();
}

TEST_F(shared_memory_test, travels_in_messages_and_is_attached_in_children) {
  auto name = unused_name();
  auto block = shared_memory::create(name, 64);
  ramet::process{[](shared_memory same) { same.as<int>()[0] += 1; }, block}
      .join();
  ramet::process{[](const std::string& called) {
                   shared_memory::attach(called).as<int>()[0] += 10;
                 },
                 name}
      .join();
  EXPECT_EQ(block.as<int>()[0], 11);
  ramet::queue<shared_memory> handles;
  handles.put(block);
  block.unlink();
  block = shared_memory::create(1);
  auto taken = handles.get();
  EXPECT_EQ(taken.as<int>()[0], 11) << "a message has held it";
  block.unlink();
}

TEST_F(shared_memory_test, outlives_the_child_that_made_it) {
  auto name = unused_name();
  auto make = [](const std::string& called) {
    shared_memory::create(called, 64).as<int>()[0] = 3;
  };
  ramet::process{make, name}.join();
  EXPECT_EQ(shared_memory::attach(name).as<int>()[0], 3);
  EXPECT_TRUE(shared_memory::attach(name).unlink());
  ramet::process killed{[](const std::string& called) {
                          shared_memory::create(called, 64).as<int>()[0] = 4;
                          ::_exit(1);
                        },
                        name};
  killed.join();
  EXPECT_EQ(shared_memory::attach(name).as<int>()[0], 4);
  EXPECT_TRUE(shared_memory::attach(name).unlink());
}

struct point {
  double x, y;
};

TEST_F(shared_memory_test, can_be_seen_as_values_of_any_plain_type) {
  auto block = shared_memory::create(5 * sizeof(point) + 3);
  EXPECT_EQ(block.as<point>().size(), 5U);
  block.as<point>()[4] = {1, 2};
  auto arrays = block.as<std::array<double, 2>>();
  EXPECT_EQ(arrays[4][1], 2);
  block.unlink();
}

} // namespace
