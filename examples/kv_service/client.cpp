// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "client.hpp"

#include "commands.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

namespace examples::kv {

namespace asio = boost::asio;

namespace {

/// Beyond these, nothing more is read from a client.
constexpr std::size_t most_due = 4096;
constexpr std::size_t most_out = std::size_t{4} << 20;

/// FNV-1a, which is the same in every run: the data on the disk depends on it.
/// http://www.isthe.com/chongo/tech/comp/fnv/
std::uint64_t hash(std::string_view key) {
  std::uint64_t value = 0xcbf29ce484222325;
  for (unsigned char c : key)
    value = (value ^ c) * 0x100000001b3;
  return value ^ (value >> 32);
}

bool is_one_of(std::string_view given,
               std::initializer_list<std::string_view> names) {
  return std::ranges::any_of(
      names, [&](std::string_view name) { return is_command(given, name); });
}

} // namespace

shard_link& service::shard_of(std::string_view key) {
  return *shards[hash(key) % shards.size()];
}

client::client(asio::ip::tcp::socket socket, service& all)
    : socket_(std::move(socket)), all_(all) {
  all_.clients.insert(this);
}

client::~client() {
  all_.clients.erase(this);
}

void client::start() {
  boost::system::error_code none;
  socket_.set_option(asio::ip::tcp::no_delay{true}, none);
  read();
}

void client::close() {
  boost::system::error_code none;
  socket_.close(none);
}

// -- from the client ----------------------------------------------------------

bool client::busy() const {
  return parts_due_ >= most_due || out_.size() >= most_out;
}

void client::read() {
  if (reading_ || closing_ || !socket_.is_open() || busy())
    return;
  reading_ = true;
  auto room = parser_.prepare();
  socket_.async_read_some(
      asio::buffer(room.data(), room.size()),
      [this, self = shared_from_this()](boost::system::error_code error,
                                        std::size_t bytes) {
        reading_ = false;
        if (error == asio::error::eof) {
          // It may still take the replies to what it has sent.
          closing_ = true;
          return write_soon();
        }
        if (error)
          return close();
        parser_.commit(bytes);
        run_commands();
      });
}

void client::run_commands() {
  try {
    while (!closing_ && !busy()) {
      auto command = parser_.next();
      if (!command)
        return read();
      run(*command);
    }
  } catch (const protocol_error& e) {
    auto& answer = expect(merge::none, 0);
    append_error(answer.reply, fmt::format("ERR {}", e.what()));
    finish(answer);
    closing_ = true;
  }
}

void client::run(command_view command) {
  auto name = command.front();
  if (is_one_of(name, {"get", "set", "incr", "expire", "ttl"})
      && command.size() > 1) {
    expect(merge::none, 1);
    all_.shard_of(command[1])
        .submit(command, {shared_from_this(), first_due_ + due_.size() - 1, 0});
  } else if (is_one_of(name, {"del", "exists"}) && command.size() > 1) {
    run_on_shards(command, merge::sum);
  } else if (is_command(name, "mget") && command.size() > 1) {
    run_on_shards(command, merge::array);
  } else {
    auto& answer = expect(merge::none, 0);
    answer.reply = local_reply(command);
    finish(answer);
  }
}

void client::run_on_shards(command_view command, merge how) {
  auto keys = command.subspan(1);
  expect(how, keys.size());
  auto number = first_due_ + due_.size() - 1;
  std::array one{how == merge::array ? std::string_view{"get"}
                                     : command.front(),
                 std::string_view{}};
  for (std::uint32_t i = 0; i < keys.size(); ++i) {
    one[1] = keys[i];
    all_.shard_of(keys[i]).submit(one, {shared_from_this(), number, i});
  }
}

/// What needs no shard.
std::string client::local_reply(command_view command) {
  auto name = command.front();
  auto words = command.size();
  std::string reply;
  if (is_command(name, "ping") && words == 1) {
    append_simple(reply, "PONG");
  } else if (is_one_of(name, {"ping", "echo"}) && words == 2) {
    append_bulk(reply, command[1]);
  } else if (is_command(name, "quit")) {
    append_simple(reply, "OK");
    closing_ = true;
  } else if (is_command(name, "info")) {
    append_bulk(reply, all_.info());
  } else if (is_command(name, "command")) {
    append_array(reply, 0); // redis-cli has then no hints to show
  } else if (is_command(name, "config") && words == 3
             && is_command(command[1], "get")) {
    // What redis-benchmark tells about the server.
    bool save = is_command(command[2], "save");
    bool known = save || is_command(command[2], "appendonly");
    append_array(reply, known ? 2 : 0);
    if (known) {
      append_bulk(reply, command[2]);
      append_bulk(reply, save ? "" : "yes");
    }
  } else if (is_one_of(name, {"get", "set", "incr", "expire", "ttl", "del",
                              "exists", "mget", "ping", "echo", "config"})) {
    append_error(
        reply,
        fmt::format("ERR wrong number of arguments for '{}' command", name));
  } else {
    append_error(reply,
                 fmt::format("ERR unknown command '{}'", name.substr(0, 128)));
  }
  return reply;
}

// -- to the client ------------------------------------------------------------

client::due& client::expect(merge how, std::size_t parts) {
  auto& result = due_.emplace_back();
  result.how = how;
  result.missing = parts;
  if (how == merge::array)
    result.parts.resize(parts);
  parts_due_ += parts;
  return result;
}

void client::deliver(std::uint64_t request, std::uint32_t part,
                     std::string_view reply) {
  auto& one = due_[request - first_due_];
  --one.missing;
  --parts_due_;
  if (one.how == merge::none)
    one.reply = reply;
  else if (reply.starts_with('-'))
    one.error = reply;
  else if (one.how == merge::array)
    one.parts[part] = reply;
  else if (reply.starts_with(':'))
    one.sum += to_integer(reply.substr(1, reply.size() - 3)).value_or(0);
  if (one.missing == 0)
    finish(one);
}

void client::finish(due& one) {
  if (!one.error.empty()) {
    one.reply = std::move(one.error);
  } else if (one.how == merge::sum) {
    append_integer(one.reply, one.sum);
  } else if (one.how == merge::array) {
    append_array(one.reply, one.parts.size());
    for (const auto& part : one.parts)
      one.reply += part;
  }
  while (!due_.empty() && due_.front().missing == 0) {
    out_ += due_.front().reply;
    due_.pop_front();
    ++first_due_;
  }
  write_soon();
}

/// Not at once: more replies may come in the same turn of the loop.
void client::write_soon() {
  if (std::exchange(write_posted_, true))
    return;
  asio::post(socket_.get_executor(), [this, self = shared_from_this()] {
    write_posted_ = false;
    write();
  });
}

void client::write() {
  if (!writing_.empty() || !socket_.is_open())
    return;
  if (out_.empty()) {
    if (closing_ && due_.empty())
      close();
    return;
  }
  std::swap(out_, writing_);
  asio::async_write(socket_, asio::buffer(writing_),
                    [this, self = shared_from_this()](
                        boost::system::error_code error, std::size_t) {
                      writing_.clear();
                      if (error)
                        return close();
                      write();
                      if (!reading_)
                        run_commands();
                    });
}

} // namespace examples::kv
