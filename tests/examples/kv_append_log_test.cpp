// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "kv_scratch.hpp"

#include "kv_service/append_log.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <system_error>
#include <vector>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using examples::kv::append_log;
using examples::kv::sync_policy;
using records = std::vector<std::string>;

records replay(append_log& log, append_log::recovery* found = nullptr) {
  records result;
  auto recovery =
      log.replay([&](std::string_view record) { result.emplace_back(record); });
  EXPECT_EQ(recovery.records, result.size());
  if (found)
    *found = recovery;
  return result;
}

records replay(const std::filesystem::path& path,
               append_log::recovery* found = nullptr) {
  append_log log{path, sync_policy::no};
  return replay(log, found);
}

void write_log(const std::filesystem::path& path, const records& all,
               sync_policy policy = sync_policy::no) {
  append_log log{path, policy};
  replay(log);
  for (const auto& record : all)
    log.append(record);
  log.commit();
}

TEST(append_log, gives_back_what_was_committed_under_every_policy) {
  for (auto policy :
       {sync_policy::no, sync_policy::everysec, sync_policy::always}) {
    scratch dir;
    records all{"one", "", std::string("\0two\n", 5),
                std::string(3'000'000, 'x')};
    write_log(dir / "log", all, policy);
    write_log(dir / "log", {"last"}, policy);
    all.emplace_back("last");
    append_log::recovery found;
    EXPECT_EQ(replay(dir / "log", &found), all);
    EXPECT_EQ(found.cut_bytes, 0);
  }
}

TEST(append_log, forgets_what_was_not_committed) {
  scratch dir;
  {
    append_log log{dir / "log", sync_policy::no};
    replay(log);
    log.append("one");
    log.commit();
    log.append("two");
  }
  EXPECT_EQ(replay(dir / "log"), records{"one"});
}

TEST(append_log, cuts_a_torn_tail_at_any_byte) {
  scratch dir;
  write_log(dir / "log", {"first", "second", "third"});
  auto whole = bytes_of(dir / "log");
  auto third = whole.size() - append_log::bytes_of_record(5);
  for (auto size = third + 1; size < whole.size(); ++size) {
    write_bytes(dir / "log", whole.substr(0, size));
    append_log::recovery found;
    EXPECT_EQ(replay(dir / "log", &found), (records{"first", "second"}));
    EXPECT_EQ(found.cut_bytes, size - third);
    EXPECT_EQ(bytes_of(found.cut_file), whole.substr(third, size - third));
    // And goes on from there.
    write_log(dir / "log", {"other"});
    EXPECT_EQ(replay(dir / "log"), (records{"first", "second", "other"}));
  }
}

TEST(append_log, cuts_what_has_a_wrong_checksum) {
  scratch dir;
  write_log(dir / "log", {"first", "second", "third"});
  auto whole = bytes_of(dir / "log");
  auto second = whole.size() - append_log::bytes_of_record(5)
                - append_log::bytes_of_record(6);
  for (auto at = second; at < whole.size() - append_log::bytes_of_record(5);
       ++at) {
    auto damaged = whole;
    damaged[at] ^= 0x10;
    write_bytes(dir / "log", damaged);
    append_log::recovery found;
    EXPECT_EQ(replay(dir / "log", &found), records{"first"}) << at;
    EXPECT_EQ(found.cut_bytes, whole.size() - second);
  }
  // As some file systems leave a file when the power fails.
  write_bytes(dir / "log", whole + std::string(4096, '\0'));
  EXPECT_EQ(replay(dir / "log"), (records{"first", "second", "third"}));
}

TEST(append_log, begins_anew_when_its_maker_was_killed_at_once) {
  scratch dir;
  write_bytes(dir / "log", "rame");
  EXPECT_EQ(replay(dir / "log"), records{});
  write_log(dir / "log", {"one"});
  EXPECT_EQ(replay(dir / "log"), records{"one"});
}

TEST(append_log, leaves_a_file_alone_that_is_no_log) {
  scratch dir;
  write_bytes(dir / "log", "Dear diary, ...");
  EXPECT_THROW(replay(dir / "log"), std::runtime_error);
  EXPECT_EQ(bytes_of(dir / "log"), "Dear diary, ...");
}

TEST(append_log, is_rewritten_in_one_step) {
  for (auto policy : {sync_policy::no, sync_policy::everysec}) {
    scratch dir;
    append_log log{dir / "log", policy};
    replay(log);
    for (int i = 0; i < 1000; ++i)
      log.append(std::string(1000, 'x'));
    log.commit();
    log.rewrite([](const append_log::record_function& put) {
      put("a");
      put("b");
    });
    EXPECT_LT(log.size(), 100);
    log.append("c");
    log.commit();
    EXPECT_EQ(replay(log), (records{"a", "b", "c"}));
    EXPECT_FALSE(std::filesystem::exists(dir / "log.new"));
  }
}

TEST(append_log, stays_as_it_is_when_a_rewrite_fails) {
  scratch dir;
  append_log log{dir / "log", sync_policy::no};
  replay(log);
  log.append("one");
  log.commit();
  EXPECT_THROW(log.rewrite([](const append_log::record_function& put) {
    put("a");
    throw std::system_error(std::make_error_code(std::errc::io_error));
  }),
               std::system_error);
  EXPECT_EQ(replay(log), records{"one"});
  EXPECT_FALSE(std::filesystem::exists(dir / "log.new"));
}

TEST(append_log, takes_back_a_write_that_fails) {
  scratch dir;
  append_log log{dir / "log", sync_policy::no};
  replay(log);
  log.append("one");
  log.commit();
  // No file may grow beyond that: a disk that is full after half a record.
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  rlimit small{log.size() + 20, old.rlim_max};
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  log.append(std::string(100, 'x'));
  EXPECT_THROW(log.commit(), std::system_error);
  log.append("two");
  log.commit();
  setrlimit(RLIMIT_FSIZE, &old);
  EXPECT_EQ(replay(log), (records{"one", "two"}));
}

TEST(append_log, waits_for_the_process_that_has_it_to_end) {
  scratch dir;
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  auto child = fork();
  if (child == 0) {
    append_log log{dir / "log", sync_policy::no};
    log.replay([](std::string_view) {});
    log.append("theirs");
    log.commit();
    [[maybe_unused]] auto written = ::write(ready[1], "x", 1);
    for (;;)
      pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_THROW(replay(dir / "log"), std::runtime_error); // seconds later
  kill(child, SIGKILL);
  EXPECT_EQ(replay(dir / "log"), records{"theirs"});
  waitpid(child, nullptr, 0);
  close(ready[0]);
  close(ready[1]);
}

} // namespace
