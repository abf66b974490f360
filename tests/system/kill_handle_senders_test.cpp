// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// Processes that pass descriptors are killed at any instruction.

#include "system_test.hpp"

#include <ramet/handle.hpp>
#include <ramet/queue.hpp>
#include <ramet/shared_array.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <sys/eventfd.h>

namespace ramet_test {

namespace {

using kill_handle_senders_test = system_test;

constexpr std::uint32_t most_items = 1u << 20; // of one sender

// The descriptor is an eventfd whose value tells the same.
struct passed {
  std::uint32_t sender = 0;
  std::uint32_t number = 0;
  ramet::handle what;
};

struct sighting {
  std::uint32_t sender = 0;
  std::uint32_t number = 0;
  bool whole = false;
};

std::uint32_t value_for(std::uint32_t sender, std::uint32_t number) {
  return sender * most_items + number;
}

using progress = ramet::raw_shared_array<std::uint32_t>;

void send(std::uint32_t sender, ramet::queue<passed> work, progress put) {
  for (std::uint32_t number = 1; number < most_items; ++number) {
    auto fd = ::eventfd(value_for(sender, number), EFD_CLOEXEC | EFD_NONBLOCK);
    work.put({sender, number, ramet::handle::adopt(fd)});
    put.store(sender, number);
  }
}

void receive(ramet::queue<passed> work, ramet::queue<sighting> seen) {
  for (auto& one : work) {
    eventfd_t value = 0;
    ::eventfd_read(one.what.native_handle(), &value);
    seen.put(
        {one.sender, one.number, value == value_for(one.sender, one.number)});
  }
}

TEST_F(kill_handle_senders_test, and_receivers_and_only_theirs_is_lost) {
  constexpr std::uint32_t kills = 100;
  constexpr std::uint32_t how_many = 2; // of each
  chance dice;
  ramet::queue<passed> work{{.maxsize = 16}};
  ramet::queue<sighting> seen;
  progress put(kills + how_many);
  std::vector<std::vector<std::uint32_t>> times(kills + how_many);
  auto note_all = [&] {
    while (auto one = seen.try_get()) {
      ASSERT_TRUE(one->whole) << "another descriptor, or none";
      auto& row = times.at(one->sender);
      if (row.size() <= one->number)
        row.resize(one->number + 1);
      ++row[one->number];
    }
  };

  std::vector<ramet::process> senders;
  std::vector<ramet::process> receivers;
  std::uint32_t next_sender = 0;
  for (std::uint32_t i = 0; i < how_many; ++i) {
    senders.emplace_back(send, next_sender++, work, put);
    receivers.emplace_back(receive, work, seen);
  }
  std::uint32_t receivers_killed = 0;
  for (std::uint32_t round = 0; round < kills && !HasFailure(); ++round) {
    auto first = seen.get_for(soon); // all go on
    ASSERT_TRUE(first) << "stuck after " << round << " kills";
    seen.put(*first);
    note_all();
    pass(dice.within(2ms));
    auto which = dice.below(how_many);
    if (dice.below(2) == 0) {
      senders[which].kill();
      senders[which].join();
      senders[which] = ramet::process{send, next_sender++, work, put};
    } else {
      receivers[which].kill();
      receivers[which].join();
      receivers[which] = ramet::process{receive, work, seen};
      ++receivers_killed;
    }
  }
  for (auto& one : senders) {
    one.kill();
    one.join();
  }
  work.close();
  for (auto& one : receivers) {
    EXPECT_TRUE(one.join_for(long_enough));
    EXPECT_TRUE(one.status() && one.status()->success());
  }
  note_all();
  std::size_t total = 0;
  std::size_t missing = 0;
  for (std::uint32_t sender = 0; sender < next_sender; ++sender) {
    auto& row = times[sender];
    row.resize(std::max<std::size_t>(row.size(), put.load(sender) + 1));
    for (std::uint32_t number = 1; number < row.size(); ++number) {
      EXPECT_LE(row[number], 1U) << "doubled";
      if (number <= put.load(sender)) {
        ++total;
        missing += row[number] == 0;
      }
    }
  }
  EXPECT_LE(missing, receivers_killed);
  std::cout << kills << " kills, " << total << " descriptors, " << missing
            << " died with a receiver" << std::endl;
}

void put_many(ramet::queue<std::vector<ramet::handle>> work) {
  for (;;) {
    std::vector<ramet::handle> some;
    for (unsigned i = 0; i < 20; ++i)
      some.push_back(ramet::handle::adopt(::eventfd(i, EFD_CLOEXEC)));
    work.put(some);
  }
}

// The fixture counts what is left open in this process, which keeps them all.
TEST_F(kill_handle_senders_test, and_what_nobody_reads_is_closed) {
  chance dice;
  for (int i = 0; i < 30; ++i) {
    ramet::queue<std::vector<ramet::handle>> work{{.maxsize = 4}};
    ramet::process sender{put_many, work};
    if (i % 2 == 0)
      ASSERT_TRUE(eventually([&] { return work.size() > 0; }));
    pass(dice.within(3ms));
    sender.kill();
    sender.join();
    if (auto whole = work.try_get())
      EXPECT_EQ(whole->size(), 20U);
  }
}

} // namespace

} // namespace ramet_test
