// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// Arguments that many tasks share.

#include "pool_fixture.hpp"

#include <cinttypes>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace ramet::test {

namespace {

class pool_share : public pool_fixture {};

/// What a line of /proc/self/maps says.
struct mapping {
  std::string rights;
  std::uint64_t begin = 0;
  std::uint64_t inode = 0;
};

/// Where in this process `data` lies.
std::optional<mapping> mapping_of(const void* data) {
  std::ifstream maps{"/proc/self/maps"};
  auto at = reinterpret_cast<std::uint64_t>(data);
  for (std::string line; std::getline(maps, line);) {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    std::uint64_t inode = 0;
    std::string rights(4, ' ');
    std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " %4c %*s %*s %" SCNu64,
                &from, &to, rights.data(), &inode);
    if (from <= at && at < to)
      return mapping{rights, from, inode};
  }
  return std::nullopt;
}

std::size_t objects() {
  return count_files(detail::family::mine().directory());
}

double sum_of(std::span<const double> xs) {
  return std::accumulate(xs.begin(), xs.end(), 0.0);
}

struct table {
  std::map<std::string, int> entries;
};

std::uintptr_t where_it_is(const table& all) {
  return reinterpret_cast<std::uintptr_t>(&all);
}

TEST_F(pool_share, shares_an_argument_by_reference) {
  pool workers{1};
  auto all = workers.share(table{{{"a", 1}, {"b", 2}}});
  EXPECT_EQ(
      workers.apply([](const table& all,
                       const std::string& key) { return all.entries.at(key); },
                    all, "b"),
      2);
  auto place = workers.apply(where_it_is, all);
  EXPECT_EQ(workers.apply(where_it_is, all), place) << "decoded twice";
}

TEST_F(pool_share, shares_vectors_without_a_copy) {
  pool workers{2};
  std::vector<double> xs(1'000'000, 0.5);
  auto shared = workers.share(xs);
  auto mapped = [](std::span<const double> all) {
    // The pages of the span are those of a file in shared memory.
    auto where = mapping_of(all.data());
    return where && where->rights == "rw-s";
  };
  EXPECT_TRUE(workers.apply(mapped, shared));
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(workers.apply(sum_of, shared), 500'000.0);
  EXPECT_EQ(workers.apply([](std::string_view text) { return text.size(); },
                          workers.share(std::string(5000, 'x'))),
            5000U);
}

struct seen_part {
  double value = 0;
  std::uint64_t inode = 0;
  std::uint64_t begin = 0;
  int pid = 0;
};

seen_part part_of(std::span<const double> all, int factor) {
  auto where = mapping_of(all.data()).value_or(mapping{});
  return {all.front() * factor, where.inode, where.begin, ::getpid()};
}

TEST_F(pool_share, shares_an_argument_within_those_of_starmap) {
  pool workers{2};
  auto before = objects();
  auto shared = workers.share(std::vector<double>(13'107'200, 0.5)); // 100 MiB
  std::vector<std::tuple<shared_argument<std::vector<double>>, int>> inputs;
  for (int i = 0; i < 100; ++i)
    inputs.emplace_back(shared, i);
  auto results = workers.starmap(part_of, inputs, {.chunk = 1});
  EXPECT_EQ(objects(), before + 1);
  ASSERT_EQ(results.size(), 100U);
  std::set<std::uint64_t> inodes;
  std::map<int, std::set<std::uint64_t>> places;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(results[i].value, i * 0.5);
    inodes.insert(results[i].inode);
    places[results[i].pid].insert(results[i].begin);
  }
  EXPECT_EQ(inodes.size(), 1U);
  EXPECT_FALSE(inodes.contains(0));
  for (auto& [pid, begins] : places)
    EXPECT_EQ(begins.size(), 1U) << "of worker " << pid;
}

// -- ends ---------------------------------------------------------------------

TEST_F(pool_share, gives_the_memory_of_a_shared_argument_back) {
  pool workers{1};
  auto before = objects();
  {
    auto shared = workers.share(table{{{"a", 1}}});
    workers.apply(where_it_is, shared);
    EXPECT_EQ(objects(), before + 1);
  }
  auto other = workers.share(table{});
  workers.apply(where_it_is, other); // now the worker lets go of the first
  EXPECT_TRUE(eventually([&] { return objects() == before + 1; }));
}

int announce_value_and_run(const table& all, queue<int> begun) {
  begun.put(all.entries.at("a"));
  run_for_ever();
}

TEST_F(pool_share, gives_the_memory_back_when_a_worker_that_has_it_dies) {
  pool workers{1};
  queue<int> begun;
  begun.put(0);
  begun.get();
  auto before = objects();
  auto shared = std::optional{workers.share(table{{{"a", 1}}})};
  auto task = workers.submit(announce_value_and_run, *shared, begun);
  EXPECT_EQ(begun.get(), 1);
  shared.reset();
  EXPECT_EQ(objects(), before + 1) << "the worker still has it";
  ::kill(pids_of(workers).at(0), SIGKILL);
  EXPECT_TRUE(task_failure_of([&] { return task.get(); }));
  EXPECT_TRUE(eventually([&] { return objects() == before; }))
      << objects() << " objects, not " << before;
}

TEST_F(pool_share, keeps_the_memory_for_a_retry_and_then_gives_it_back) {
  pool workers{1};
  queue<int> begun;
  queue<int> go_on;
  for (auto* each : {&begun, &go_on}) {
    each->put(0);
    each->get();
  }
  auto before = objects();
  auto shared =
      std::optional{workers.share(std::vector<double>(1'000'000, 0.5))};
  auto task = workers.submit(
      {.retries = 1},
      [](std::span<const double> all, queue<int> begun, queue<int> go_on) {
        begun.put(::getpid());
        go_on.get();
        return all.front() + all.back();
      },
      *shared, begun, go_on);
  auto first = begun.get();
  shared.reset(); // now only the task has it
  ::kill(first, SIGKILL);
  EXPECT_NE(begun.get(), first);
  EXPECT_EQ(objects(), before + 1);
  go_on.put(1);
  EXPECT_EQ(task.get(), 1.0);
  EXPECT_TRUE(eventually([&] { return objects() == before; }))
      << objects() << " objects, not " << before;
}

TEST_F(pool_share, refuses_to_share_handles) {
  pool workers{1};
  queue<int> one;
  EXPECT_THROW(workers.share(std::vector{one}), error);
}

} // namespace

} // namespace ramet::test
