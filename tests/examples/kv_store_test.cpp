// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "kv_scratch.hpp"

#include "kv_service/commands.hpp"
#include "kv_service/store.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <sys/resource.h>

namespace {

using examples::kv::now;
using examples::kv::store;
using namespace std::chrono_literals;

class store_test : public testing::Test {
protected:
  void open(std::uint64_t rewrite_bytes = std::uint64_t{4} << 20) {
    data.reset();
    data.emplace(store::options{.log = dir / "log",
                                .sync = examples::kv::sync_policy::no,
                                .rewrite_bytes = rewrite_bytes});
  }
  std::string value(std::string_view key) {
    auto found = data->find(key);
    return found ? found->value : "(none)";
  }
  std::string run(std::initializer_list<std::string_view> words) {
    std::vector<std::string_view> command{words};
    std::string reply;
    examples::kv::run_command(command, *data, reply);
    return reply;
  }

  scratch dir;
  std::optional<store> data;
};

TEST_F(store_test, is_as_it_was_committed_when_made_again) {
  open();
  data->set("a", "1");
  data->set("b", "2");
  data->set("c", std::string("\0\r\n", 3));
  data->set("b", "3");
  EXPECT_TRUE(data->erase("a"));
  EXPECT_FALSE(data->erase("a"));
  data->set("d", "4", now() + 1h);
  EXPECT_TRUE(data->expire("b", now() + 2h));
  EXPECT_FALSE(data->expire("x", now() + 2h));
  data->commit();
  data->set("e", "never committed");
  open();
  EXPECT_EQ(data->size(), 3);
  EXPECT_EQ(value("a"), "(none)");
  EXPECT_EQ(value("b"), "3");
  EXPECT_EQ(value("c"), std::string("\0\r\n", 3));
  EXPECT_GT(data->find("d")->expires, now() + 50min);
  EXPECT_GT(data->find("b")->expires, now() + 110min);
  EXPECT_EQ(value("e"), "(none)");
}

TEST_F(store_test, drops_what_has_expired) {
  open();
  auto start = data->time();
  data->set("a", "1", start + 10s);
  data->set("b", "1", start + 20s);
  data->set("b", "2"); // and stays now
  data->set("c", "1", start + 10s);
  data->set("c", "2", start + 20s);
  data->commit();
  data->advance_to(start + 9s);
  EXPECT_EQ(value("a"), "1");
  data->advance_to(start + 10s);
  EXPECT_EQ(data->size(), 2); // without that anybody looked
  EXPECT_EQ(value("c"), "2");
  data->commit();
  open();
  EXPECT_EQ(data->size(), 2);
  data->advance_to(start + 20s);
  EXPECT_EQ(data->size(), 1);
  EXPECT_EQ(value("b"), "2");
}

TEST_F(store_test, drops_what_expired_while_nobody_ran) {
  open();
  data->set("a", "1", now() - 1ms);
  data->commit();
  open();
  EXPECT_EQ(value("a"), "(none)");
}

TEST_F(store_test, rewrites_its_log_when_most_of_it_is_stale) {
  open(10'000);
  auto start = data->time();
  for (int i = 0; i < 20'000; ++i) {
    data->set("key" + std::to_string(i % 10), std::to_string(i), start + 1h);
    data->commit();
  }
  data->erase("key0");
  data->commit();
  EXPECT_GT(data->rewrites(), 10);
  EXPECT_LT(data->log_bytes(), 10'100);
  open();
  EXPECT_EQ(data->size(), 9);
  EXPECT_EQ(value("key9"), "19999");
  EXPECT_EQ(data->find("key9")->expires, start + 1h);
}

TEST_F(store_test, leaves_a_log_alone_that_is_all_in_use) {
  open(1000);
  for (int i = 0; i < 1000; ++i) {
    data->set("key" + std::to_string(i), "value");
    data->commit();
  }
  EXPECT_LE(data->rewrites(), 1);
}

TEST_F(store_test, takes_back_what_cannot_be_written) {
  open();
  data->set("a", "1");
  data->commit();
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  rlimit small{data->log_bytes() + 50, old.rlim_max};
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  data->set("a", "2");
  data->set("b", std::string(100, 'x'));
  EXPECT_THROW(data->commit(), std::system_error);
  EXPECT_EQ(value("a"), "1");
  EXPECT_EQ(value("b"), "(none)");
  setrlimit(RLIMIT_FSIZE, &old);
  data->set("a", "3");
  data->commit();
  open();
  EXPECT_EQ(value("a"), "3");
}

TEST_F(store_test, runs_get_set_del_exists) {
  open();
  EXPECT_EQ(run({"GET", "k"}), "$-1\r\n");
  EXPECT_EQ(run({"SeT", "k", "v"}), "+OK\r\n");
  EXPECT_EQ(run({"get", "k"}), "$1\r\nv\r\n");
  EXPECT_EQ(run({"EXISTS", "k"}), ":1\r\n");
  EXPECT_EQ(run({"DEL", "k"}), ":1\r\n");
  EXPECT_EQ(run({"DEL", "k"}), ":0\r\n");
  EXPECT_EQ(run({"EXISTS", "k"}), ":0\r\n");
}

TEST_F(store_test, runs_set_with_its_options) {
  open();
  EXPECT_EQ(run({"SET", "k", "v", "XX"}), "$-1\r\n");
  EXPECT_EQ(run({"SET", "k", "v", "nx", "ex", "10"}), "+OK\r\n");
  EXPECT_EQ(run({"SET", "k", "w", "NX"}), "$-1\r\n");
  EXPECT_EQ(run({"TTL", "k"}), ":10\r\n");
  EXPECT_EQ(run({"SET", "k", "w", "PX", "2600", "XX"}), "+OK\r\n");
  EXPECT_EQ(run({"TTL", "k"}), ":3\r\n");
  EXPECT_EQ(run({"SET", "k", "v"}), "+OK\r\n");
  EXPECT_EQ(run({"TTL", "k"}), ":-1\r\n");
  auto syntax = "-ERR syntax error\r\n";
  EXPECT_EQ(run({"SET", "k", "v", "NX", "XX"}), syntax);
  EXPECT_EQ(run({"SET", "k", "v", "EX"}), syntax);
  EXPECT_EQ(run({"SET", "k", "v", "EX", "1", "PX", "1"}), syntax);
  EXPECT_EQ(run({"SET", "k", "v", "what"}), syntax);
  auto invalid = "-ERR invalid expire time in 'set' command\r\n";
  EXPECT_EQ(run({"SET", "k", "v", "EX", "0"}), invalid);
  EXPECT_EQ(run({"SET", "k", "v", "PX", "-5"}), invalid);
  EXPECT_EQ(run({"SET", "k", "v", "EX", "9223372036854775807"}), invalid);
  EXPECT_EQ(run({"SET", "k", "v", "EX", "soon"}),
            "-ERR value is not an integer or out of range\r\n");
  EXPECT_EQ(run({"GET", "k"}), "$1\r\nv\r\n");
}

TEST_F(store_test, runs_incr) {
  open();
  EXPECT_EQ(run({"INCR", "n"}), ":1\r\n");
  EXPECT_EQ(run({"EXPIRE", "n", "100"}), ":1\r\n");
  EXPECT_EQ(run({"INCR", "n"}), ":2\r\n");
  EXPECT_EQ(run({"TTL", "n"}), ":100\r\n");
  run({"SET", "n", "9223372036854775806"});
  EXPECT_EQ(run({"INCR", "n"}), ":9223372036854775807\r\n");
  EXPECT_EQ(run({"INCR", "n"}),
            "-ERR increment or decrement would overflow\r\n");
  run({"SET", "n", "x"});
  EXPECT_EQ(run({"INCR", "n"}),
            "-ERR value is not an integer or out of range\r\n");
}

TEST_F(store_test, runs_expire_and_ttl) {
  open();
  EXPECT_EQ(run({"EXPIRE", "k", "10"}), ":0\r\n");
  EXPECT_EQ(run({"TTL", "k"}), ":-2\r\n");
  run({"SET", "k", "v"});
  EXPECT_EQ(run({"EXPIRE", "k", "10"}), ":1\r\n");
  data->advance_to(data->time() + 4s);
  EXPECT_EQ(run({"TTL", "k"}), ":6\r\n");
  data->advance_to(data->time() + 6s);
  EXPECT_EQ(run({"GET", "k"}), "$-1\r\n");
  run({"SET", "k", "v"});
  EXPECT_EQ(run({"EXPIRE", "k", "9999999999999999"}),
            "-ERR invalid expire time in 'expire' command\r\n");
  EXPECT_EQ(run({"EXPIRE", "k", "-9999999999999999"}),
            "-ERR invalid expire time in 'expire' command\r\n");
  EXPECT_EQ(run({"EXPIRE", "k", "-1"}), ":1\r\n");
  EXPECT_EQ(run({"EXISTS", "k"}), ":0\r\n");
}

TEST_F(store_test, refuses_other_commands) {
  open();
  EXPECT_EQ(run({"GET"}),
            "-ERR wrong number of arguments for 'get' command\r\n");
  EXPECT_EQ(run({"TTL", "a", "b"}),
            "-ERR wrong number of arguments for 'ttl' command\r\n");
  EXPECT_EQ(run({"HGET", "a", "b"}), "-ERR unknown command\r\n");
}

} // namespace
