// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A key-value service that Redis's own clients can use, made of actors in many
/// processes.
///
/// The keys are cut into shards; each is an actor in a process of its own, with
/// its part of the data in memory and in a log on the disk. The first process
/// has the TCP port. It hands commands on to the shards, never waits for one,
/// and starts another process when one dies: that reads the log and has the
/// data again.
///
///   kv_service --port 6379 &
///   redis-cli set city Oslo
///   redis-benchmark -t set,get -P 16 -q

#include "kv_service/server.hpp"

#include <ramet/runtime.hpp>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <mutex>
#include <string>

namespace {

void say(const std::string& line) {
  static std::mutex mutex; // guards stdout: the shards start at the same time
  std::scoped_lock guard{mutex};
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

} // namespace

int main(int argc, char** argv) try {
  ramet::runtime rt{argc, argv};

  using examples::kv::sync_policy;
  CLI::App app{"A key-value service with the protocol of Redis."};
  examples::kv::server::options how{.port = 6379, .data = "kv-data"};
  std::int64_t kill_after = 0;
  std::string data = how.data;
  app.add_option("--address", how.address, "Address to listen at")
      ->capture_default_str();
  app.add_option("--port", how.port, "Port to listen at; 0: any")
      ->capture_default_str();
  app.add_option("--shards", how.shards,
                 "Number of processes that share the keys; default: as the "
                 "data have it, or one a core")
      ->check(CLI::Range(1, 256));
  app.add_option("--data", data, "Directory for the logs")
      ->capture_default_str();
  app.add_option("--sync", how.sync,
                 "When the disk has a change: always (before the reply), "
                 "everysec, no (when the system likes)")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, sync_policy>{
              {"no", sync_policy::no},
              {"everysec", sync_policy::everysec},
              {"always", sync_policy::always}},
          CLI::ignore_case));
  app.add_option("--kill-one-after", kill_after,
                 "For demonstration, kill a shard after that time: 3s, 500ms")
      ->transform(CLI::AsNumberWithUnit(
          std::map<std::string, std::int64_t>{{"ms", 1}, {"s", 1000}}));
  CLI11_PARSE(app, argc, argv);
  how.data = data;
  how.say = say;

  boost::asio::io_context loop{1};
  // Before the first child, so that Ctrl-C is ours.
  boost::asio::signal_set signals{loop, SIGINT, SIGTERM};
  examples::kv::server server{loop, std::move(how)};
  boost::asio::steady_timer killer{loop};
  if (kill_after > 0) {
    killer.expires_after(std::chrono::milliseconds(kill_after));
    killer.async_wait([&](boost::system::error_code cancelled) {
      if (!cancelled)
        server.kill_one();
    });
  }
  signals.async_wait([&](boost::system::error_code, int) {
    killer.cancel();
    server.stop();
  });
  say(fmt::format("listening at port {}, {} shards", server.port(),
                  server.shards()));
  loop.run();
  say("stopped");
  return EXIT_SUCCESS;
} catch (const std::exception& e) {
  fmt::print(stderr, "kv_service: {}\n", e.what());
  return EXIT_FAILURE;
}
