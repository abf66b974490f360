// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The first process: it accepts, and keeps the workers alive.

#pragma once

#include "worker.hpp"

#include <ramet/process.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace examples::preforked {

/// Accepts while the loop runs, and hands each connection to whichever worker
/// takes it.
///
/// @code
/// boost::asio::io_context loop;
/// server all{loop, {.port = 8080, .workers = 4}};
/// loop.run();                                     // until all.stop()
/// @endcode
class server {
public:
  struct options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0; ///< 0: any
    std::size_t workers = 2;
    std::size_t connections = 64;          ///< of a worker at a time
    std::chrono::milliseconds grace{5000}; ///< for what was begun, at the end
    std::function<void(const std::string& line)> say = {};
  };

  /// Returns when the port is open and the workers are started.
  /// @throws std::exception when the port is taken
  server(boost::asio::io_context& loop, options how);

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  /// Accepts nothing more; the loop runs out of work when the workers have
  /// answered what was accepted, or are killed as the time of grace is over.
  void stop();

private:
  struct place {
    explicit place(boost::asio::io_context& loop) : end(loop) {}

    std::optional<ramet::process> process;
    boost::asio::posix::stream_descriptor end; // readable at its end
  };

  void accept();
  void start(std::size_t number);
  void start_later(std::size_t number);
  void on_end(std::size_t number);

  boost::asio::io_context& loop_;
  options how_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  boost::asio::steady_timer grace_;
  connections accepted_;
  std::vector<std::unique_ptr<place>> places_;
  std::size_t running_ = 0;
  bool stopping_ = false;
};

} // namespace examples::preforked
