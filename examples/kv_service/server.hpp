// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The TCP port, and all that is behind it.

#pragma once

#include "client.hpp"
#include "store.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace examples::kv {

/// Starts the shards, and takes connections while the loop runs.
///
/// @code
/// boost::asio::io_context loop;
/// server all{loop, {.port = 6379, .data = "kv-data"}};
/// loop.run();                                     // until all.stop()
/// @endcode
class server {
public:
  struct options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0; ///< 0: any
    /// Of the keys; not set: as the data have it, or one a core.
    std::optional<std::uint32_t> shards = {};
    std::filesystem::path data = {};
    sync_policy sync = sync_policy::everysec;
    std::function<void(const std::string& line)> say = {};
  };

  /// Returns when the port is open and all logs are read.
  /// @throws std::exception when the port is taken, or a log cannot be read
  server(boost::asio::io_context& loop, options how);

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  std::size_t shards() const { return service_.shards.size(); }

  /// Kills the process of one shard that is up.
  void kill_one();

  /// Closes all connections and ends the processes; the loop runs out of work
  /// when they have ended.
  void stop();

private:
  void accept();
  std::string info() const;

  boost::asio::io_context& loop_;
  options how_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  service service_;
};

} // namespace examples::kv
