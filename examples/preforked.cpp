// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// An HTTP server whose first process accepts connections, and whose worker
/// processes serve them.
///
/// A connected socket is put into a queue like any other value, and the worker
/// that has room takes it. When a worker is killed, the connections it had are
/// gone with it; those in the queue are not, and another worker takes its
/// place.
///
///   preforked --port 8080 --workers 4 &
///   curl http://127.0.0.1:8080/hello

#include "preforked/server.hpp"

#include <ramet/runtime.hpp>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

namespace {

void say(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

} // namespace

int main(int argc, char** argv) try {
  ramet::runtime rt{argc, argv};

  CLI::App app{"An HTTP server of several processes."};
  examples::preforked::server::options how{.port = 8080};
  app.add_option("--address", how.address, "Address to listen at")
      ->capture_default_str();
  app.add_option("--port", how.port, "Port to listen at; 0: any")
      ->capture_default_str();
  app.add_option("--workers", how.workers, "Number of worker processes")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--connections", how.connections,
                 "The most that a worker serves at a time")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  how.say = say;

  boost::asio::io_context loop{1};
  // Before the first child, so that Ctrl-C is ours.
  boost::asio::signal_set signals{loop, SIGINT, SIGTERM};
  examples::preforked::server server{loop, std::move(how)};
  signals.async_wait([&](boost::system::error_code, int) { server.stop(); });
  say(fmt::format("listening at port {}", server.port()));
  loop.run();
  say("stopped");
  return EXIT_SUCCESS;
} catch (const std::exception& e) {
  fmt::print(stderr, "preforked: {}\n", e.what());
  return EXIT_FAILURE;
}
