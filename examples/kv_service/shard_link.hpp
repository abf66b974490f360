// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The root's side of one shard: its process, and what is sent to it.

#pragma once

#include "batch.hpp"
#include "shard.hpp"

#include <ramet/node.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace examples::kv {

/// Whoever gets replies to its commands.
class reply_target {
public:
  reply_target() = default;
  reply_target(const reply_target&) = delete;
  reply_target& operator=(const reply_target&) = delete;
  virtual ~reply_target() = default;

  /// Called once for each submitted command.
  virtual void deliver(std::uint64_t request, std::uint32_t part,
                       std::string_view reply) = 0;
};

/// Where a reply goes.
struct ticket {
  std::shared_ptr<reply_target> target;
  std::uint64_t request = 0; ///< of the target's
  std::uint32_t part = 0;    ///< of that request
};

/// Keeps a shard's process running, and sends it commands in batches: what
/// comes while the shard works on one batch is the next one. So batches are
/// small when there is little to do, and larger when there is much.
///
/// When the process dies, each command that it has not answered gets an error
/// reply at once, and so does every other one until a new process has read the
/// log.
///
/// For the loop's thread, but for start(). The loop has work with it, and it
/// must live, until stop() was called and the loop has run out of work.
class shard_link {
public:
  struct options {
    std::uint32_t number = 0;
    store::options data;
    /// Says what happens to the shard, in the loop's thread or start()'s.
    std::function<void(const std::string& line)> say;
  };

  shard_link(boost::asio::io_context& loop, options how);
  shard_link(const shard_link&) = delete;
  shard_link& operator=(const shard_link&) = delete;
  ~shard_link();

  /// Starts the process and waits until it has read its log. Comes first, in
  /// any thread, before the loop runs.
  /// @throws ramet::error when it cannot
  void start();

  /// The reply comes later.
  void submit(command_view command, ticket from);

  /// Ends the process, and keeps no other in its place.
  void stop();

  /// As `kill -9` does.
  void kill();

  bool up() const { return static_cast<bool>(shard_); }
  int pid() const { return now_ ? now_->pid() : 0; }
  std::uint64_t keys() const { return keys_; }
  std::uint64_t restarts() const { return starts_ - 1; }

private:
  using work_guard =
      boost::asio::executor_work_guard<boost::asio::io_context::executor_type>;

  /// A batch, and where its replies go.
  struct delivery {
    command_batch commands;
    std::vector<ticket> tickets;
  };

  /// What a new process is, when it is ready for work.
  struct newcomer {
    std::shared_ptr<ramet::node> node;
    shard handle;
    shard_report report;
  };

  newcomer launch();
  void keep();
  bool start_again();
  void welcome(const newcomer& one);
  void lost();
  void send();
  void send_batch();
  void answered(const std::vector<ticket>& tickets, const reply_batch& replies);
  void failed(const std::vector<ticket>& tickets, std::uint64_t generation);
  void refuse(const std::vector<ticket>& tickets, std::string_view why);

  boost::asio::io_context& loop_;
  options how_;
  std::shared_ptr<ramet::node> now_; ///< the last process that was ready
  shard shard_;                      ///< there; none when it has ended
  std::uint64_t keys_ = 0;
  std::uint64_t starts_ = 0;
  std::deque<delivery> waiting_; ///< all but the last are full
  std::size_t in_work_ = 0;      ///< batches
  bool send_posted_ = false;

  std::mutex mutex_; ///< guards the two below, which the keeper uses too
  std::shared_ptr<ramet::node> kept_; ///< the last process that was started
  bool stopping_ = false;
  std::condition_variable stopped_;
  std::thread keeper_; ///< waits for the process's end, and starts another
};

} // namespace examples::kv
