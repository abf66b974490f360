// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "server.hpp"

#include <ramet/error.hpp>

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

#include <utility>

namespace examples::preforked {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// After a failure that the next attempt may not have.
constexpr std::chrono::milliseconds a_moment{100};

std::string end_of(const ramet::process& one) {
  auto status = one.status();
  if (status && status->signal)
    return fmt::format("was killed by signal {}", *status->signal);
  return fmt::format("ended with code {}",
                     status ? status->code.value_or(0) : 0);
}

} // namespace

server::server(asio::io_context& loop, options how)
    : loop_(loop), how_(std::move(how)),
      acceptor_(loop, {asio::ip::make_address(how_.address), how_.port}),
      pause_(loop), grace_(loop) {
  for (std::size_t i = 0; i < how_.workers; ++i) {
    places_.push_back(std::make_unique<place>(loop_));
    start(i);
  }
  accept();
}

void server::accept() {
  acceptor_.async_accept(
      [this](boost::system::error_code failed, tcp::socket socket) {
        if (stopping_)
          return;
        try {
          // From here on this process only keeps it until a worker has it.
          if (!failed)
            accepted_.put(ramet::handle::adopt(socket.release()));
        } catch (const ramet::error& e) {
          how_.say(fmt::format("a connection was turned away: {}", e.what()));
          failed = e.code();
        }
        if (!failed) {
          accept();
          return;
        }
        pause_.expires_after(a_moment); // no descriptors left, most likely
        pause_.async_wait([this](boost::system::error_code cancelled) {
          if (!cancelled)
            accept();
        });
      });
}

void server::start(std::size_t number) {
  auto& here = *places_[number];
  worker_options how{.number = number, .most_connections = how_.connections};
  here.process.emplace(
      ramet::process_options{.name = fmt::format("worker-{}", number)}, work,
      how, accepted_);
  ++running_;
  here.end.assign(ramet::handle::duplicate(here.process->sentinel()).release());
  here.end.async_wait(
      asio::posix::descriptor_base::wait_read,
      [this, number](boost::system::error_code) { on_end(number); });
  how_.say(fmt::format("worker {} is process {}", number, here.process->pid()));
}

void server::start_later(std::size_t number) {
  auto timer = std::make_shared<asio::steady_timer>(loop_, a_moment);
  timer->async_wait([this, number, timer](boost::system::error_code) {
    if (stopping_)
      return;
    try {
      start(number);
    } catch (const ramet::error& e) {
      how_.say(fmt::format("worker {}: {}", number, e.what()));
      start_later(number);
    }
  });
}

void server::on_end(std::size_t number) {
  auto& here = *places_[number];
  here.process->join();
  here.end.close();
  --running_;
  if (!stopping_) {
    how_.say(fmt::format("worker {} (process {}) {}", number,
                         here.process->pid(), end_of(*here.process)));
    start_later(number);
  } else if (running_ == 0) {
    grace_.cancel();
  }
}

void server::stop() {
  stopping_ = true;
  acceptor_.close();
  pause_.cancel();
  accepted_.close();
  if (running_ == 0)
    return;
  grace_.expires_after(how_.grace);
  grace_.async_wait([this](boost::system::error_code cancelled) {
    if (cancelled)
      return;
    for (auto& one : places_)
      if (one->process && one->process->running())
        one->process->kill();
  });
}

} // namespace examples::preforked
