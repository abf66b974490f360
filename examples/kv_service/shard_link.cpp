// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "shard_link.hpp"

#include <ramet/ask.hpp>

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <utility>

namespace examples::kv {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

/// One that the shard works on, and one that waits there, so that it need not
/// wait for the loop.
constexpr std::size_t most_in_work = 2;
/// Commands. What one client asks for is to hold up nobody for long, not even
/// itself, though the replies be large.
constexpr std::size_t most_in_batch = 256;

} // namespace

shard_link::shard_link(asio::io_context& loop, options how)
    : loop_(loop), how_(std::move(how)) {}

shard_link::~shard_link() {
  stop();
  if (keeper_.joinable())
    keeper_.join();
}

// -- the process --------------------------------------------------------------

void shard_link::start() {
  welcome(launch());
  keeper_ =
      std::thread{[this, loop_runs = asio::make_work_guard(loop_)] { keep(); }};
}

shard_link::newcomer shard_link::launch() {
  auto node = std::make_shared<ramet::node>(ramet::node_options{
      .name = fmt::format("shard-{}", how_.number), .workers = 1});
  {
    std::scoped_lock guard{mutex_};
    if (stopping_)
      throw std::runtime_error("the service ends");
    kept_ = node;
  }
  auto handle = node->spawn(make_shard);
  auto report = ramet::ask(handle, how_.data).get();
  return {std::move(node), std::move(handle), std::move(report)};
}

void shard_link::keep() {
  do {
    std::unique_lock guard{mutex_};
    auto node = kept_;
    guard.unlock();
    node->join();
    guard.lock();
    if (stopping_)
      return;
    guard.unlock();
    auto status = node->status();
    asio::post(loop_, [this, how = status ? to_string(*status) : "ended"] {
      how_.say(fmt::format("shard {} (pid {}) {}; another process takes its "
                           "place",
                           how_.number, pid(), how));
      lost();
    });
  } while (start_again());
}

bool shard_link::start_again() {
  for (auto pause = 100ms;; pause = std::min(pause * 2, 5000ms)) {
    try {
      asio::post(loop_, [this, one = launch()] { welcome(one); });
      return true;
    } catch (const std::exception& e) {
      asio::post(loop_, [this, why = std::string{e.what()}] {
        how_.say(fmt::format("shard {} does not start: {}", how_.number, why));
      });
    }
    std::unique_lock guard{mutex_};
    if (stopped_.wait_for(guard, pause, [this] { return stopping_; }))
      return false;
  }
}

void shard_link::welcome(const newcomer& one) {
  now_ = one.node;
  shard_ = one.handle;
  keys_ = one.report.keys;
  ++starts_;
  how_.say(fmt::format("shard {}: pid {}, {} keys", how_.number, pid(), keys_));
  if (one.report.cut_bytes > 0)
    how_.say(fmt::format("shard {}: its log ended with {} bytes that are no "
                         "whole record; they are in {} now",
                         how_.number, one.report.cut_bytes,
                         one.report.cut_file));
}

void shard_link::lost() {
  shard_ = nullptr;
  send();
}

void shard_link::stop() {
  lost();
  std::scoped_lock guard{mutex_};
  if (std::exchange(stopping_, true))
    return;
  stopped_.notify_one();
  if (kept_)
    kept_->stop();
}

void shard_link::kill() {
  if (now_)
    now_->kill();
}

// -- what is sent to it -------------------------------------------------------

void shard_link::submit(command_view command, ticket from) {
  if (waiting_.empty() || waiting_.back().tickets.size() == most_in_batch)
    waiting_.emplace_back();
  auto& next = waiting_.back();
  next.commands.add(command);
  next.tickets.push_back(std::move(from));
  // Not at once: other clients have commands too that have already arrived.
  if (in_work_ < most_in_work && !std::exchange(send_posted_, true))
    asio::post(loop_, [this] {
      send_posted_ = false;
      send();
    });
}

void shard_link::send() {
  if (shard_) {
    while (in_work_ < most_in_work && !waiting_.empty())
      send_batch();
    return;
  }
  for (auto& one : std::exchange(waiting_, {}))
    refuse(one.tickets, "is starting again; try again");
}

void shard_link::send_batch() {
  ++in_work_;
  auto [commands, tickets] = std::move(waiting_.front());
  waiting_.pop_front();
  auto whose = std::make_shared<std::vector<ticket>>(std::move(tickets));
  // Called in some other thread; the loop must not end before.
  auto loop_runs = asio::make_work_guard(loop_);
  ramet::ask(shard_, std::move(commands))
      .then(
          [this, whose, loop_runs](reply_batch replies) mutable {
            asio::post(loop_, [this, whose, loop_runs = std::move(loop_runs),
                               replies = std::move(replies)] {
              answered(*whose, replies);
            });
          },
          [this, whose, loop_runs,
           generation = starts_](const ramet::error&) mutable {
            asio::post(loop_, [this, whose, loop_runs = std::move(loop_runs),
                               generation] { failed(*whose, generation); });
          });
}

void shard_link::answered(const std::vector<ticket>& tickets,
                          const reply_batch& replies) {
  --in_work_;
  keys_ = replies.keys;
  send();
  std::string_view rest{replies.bytes};
  auto size = replies.sizes.begin();
  for (const auto& [target, request, part] : tickets) {
    target->deliver(request, part, rest.substr(0, *size));
    rest.remove_prefix(*size++);
  }
}

void shard_link::failed(const std::vector<ticket>& tickets,
                        std::uint64_t generation) {
  --in_work_;
  refuse(tickets, "was lost while it worked on this, which may be done or "
                  "not; try again");
  if (generation != starts_)
    return send(); // another process is there already
  // Should it be the actor alone that ended, the process ends with it.
  kill();
  lost();
}

void shard_link::refuse(const std::vector<ticket>& tickets,
                        std::string_view why) {
  std::string reply;
  append_error(reply, fmt::format("ERR shard {} {}", how_.number, why));
  for (const auto& [target, request, part] : tickets)
    target->deliver(request, part, reply);
}

} // namespace examples::kv
