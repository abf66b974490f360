// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// One connection of a client.

#pragma once

#include "resp.hpp"
#include "shard_link.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace examples::kv {

class client;

/// What all clients of a server share.
struct service {
  std::vector<std::unique_ptr<shard_link>> shards;
  std::function<std::string()> info; ///< the text of INFO
  std::unordered_set<client*> clients;

  shard_link& shard_of(std::string_view key);
};

/// Reads commands, has them run, and writes their replies in the same order,
/// though the shards answer in any. A client may send on before it has replies;
/// when too many are due, no more is read from it until they are taken.
///
/// For the loop's thread.
class client final : public reply_target,
                     public std::enable_shared_from_this<client> {
public:
  client(boost::asio::ip::tcp::socket socket, service& all);
  ~client() override;

  /// Lives from now on until the connection ends.
  void start();
  void close();

  void deliver(std::uint64_t request, std::uint32_t part,
               std::string_view reply) override;

private:
  /// How a command on several keys gets one reply out of those of its keys.
  enum class merge { none, sum, array };

  /// A reply that is due.
  struct due {
    merge how = merge::none;
    std::size_t missing = 0;        ///< parts
    std::string reply;              ///< the whole one, when nothing is missing
    std::vector<std::string> parts; ///< for merge::array
    std::int64_t sum = 0;
    std::string error; ///< of any part
  };

  void read();
  void run_commands();
  void run(command_view command);
  void run_on_shards(command_view command, merge how);
  std::string local_reply(command_view command);
  due& expect(merge how, std::size_t parts);
  void finish(due& one);
  void write_soon();
  void write();
  bool busy() const;

  boost::asio::ip::tcp::socket socket_;
  service& all_;
  command_parser parser_;
  bool reading_ = false;
  bool closing_ = false; ///< as soon as all replies are written

  std::deque<due> due_;
  std::uint64_t first_due_ = 0; ///< its number
  std::size_t parts_due_ = 0;

  std::string out_;     ///< replies to be written next
  std::string writing_; ///< the one being written; empty: none is
  bool write_posted_ = false;
};

} // namespace examples::kv
