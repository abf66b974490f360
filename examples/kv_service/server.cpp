// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "server.hpp"

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <future>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace examples::kv {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

/// How many shards the data in that directory are cut into; as many as wanted
/// when there are none yet.
std::uint32_t cut_of(const std::filesystem::path& directory,
                     std::optional<std::uint32_t> wanted) {
  auto name = directory / "shards";
  std::uint32_t there = 0;
  if (std::ifstream{name} >> there && there > 0) {
    if (wanted && *wanted != there)
      throw std::runtime_error(fmt::format(
          "the data in {} are cut into {} shards: ask for so many, or take "
          "another directory",
          directory.string(), there));
    return there;
  }
  auto count =
      wanted.value_or(std::max(1u, std::thread::hardware_concurrency()));
  std::filesystem::create_directories(directory);
  if (!(std::ofstream{name} << count << std::flush))
    throw std::runtime_error("cannot write " + name.string());
  return count;
}

} // namespace

server::server(asio::io_context& loop, options how)
    : loop_(loop), how_(std::move(how)),
      acceptor_(loop, {asio::ip::make_address(how_.address), how_.port}),
      pause_(loop) {
  auto count = cut_of(how_.data, how_.shards);
  service_.info = [this] { return info(); };
  for (std::uint32_t i = 0; i < count; ++i)
    service_.shards.push_back(std::make_unique<shard_link>(
        loop_, shard_link::options{
                   .number = i,
                   .data = {.log = how_.data / fmt::format("shard-{}.log", i),
                            .sync = how_.sync},
                   .say = how_.say}));
  // At a time, since each reads its log first.
  std::vector<std::future<void>> started;
  for (auto& shard : service_.shards)
    started.push_back(
        std::async(std::launch::async, [&shard] { shard->start(); }));
  for (auto& one : started)
    one.wait();
  for (auto& one : started)
    one.get();
  accept();
}

void server::accept() {
  acceptor_.async_accept(
      [this](boost::system::error_code error, tcp::socket socket) {
        if (!acceptor_.is_open())
          return;
        if (!error) {
          std::make_shared<client>(std::move(socket), service_)->start();
          return accept();
        }
        // No descriptors left, perhaps: some client will go.
        pause_.expires_after(std::chrono::milliseconds(100));
        pause_.async_wait([this](boost::system::error_code cancelled) {
          if (!cancelled)
            accept();
        });
      });
}

void server::kill_one() {
  for (const auto& shard : service_.shards)
    if (shard->up())
      return shard->kill();
}

void server::stop() {
  boost::system::error_code none;
  acceptor_.close(none);
  pause_.cancel();
  for (auto one : service_.clients)
    one->close();
  for (const auto& shard : service_.shards)
    shard->stop();
}

std::string server::info() const {
  std::string text;
  auto out = std::back_inserter(text);
  fmt::format_to(out,
                 "# Server\r\nredis_mode:standalone\r\ntcp_port:{}\r\n"
                 "\r\n# Clients\r\nconnected_clients:{}\r\n\r\n# Shards\r\n",
                 port(), service_.clients.size());
  std::uint64_t keys = 0;
  for (std::size_t i = 0; i < service_.shards.size(); ++i) {
    const auto& shard = *service_.shards[i];
    fmt::format_to(out, "shard{}:pid={},up={},keys={},restarts={}\r\n", i,
                   shard.pid(), shard.up() ? 1 : 0, shard.keys(),
                   shard.restarts());
    keys += shard.keys();
  }
  fmt::format_to(out, "\r\n# Keyspace\r\ndb0:keys={}\r\n", keys);
  return text;
}

} // namespace examples::kv
