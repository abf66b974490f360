// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "worker.hpp"

#include <ramet/error.hpp>
#include <ramet/this_process.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>

#include <csignal>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <sys/socket.h>

namespace examples::preforked {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::beast::tcp_stream;

namespace {

// Gives an error back instead of throwing it.
constexpr auto quietly = asio::as_tuple(asio::use_awaitable);

using request = http::request<http::string_body>;
using response = http::response<http::string_body>;

// The protocol of a socket that somebody else has made.
tcp protocol_of(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  bool six =
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0
      && address.ss_family == AF_INET6;
  return six ? tcp::v6() : tcp::v4();
}

class worker {
public:
  worker(worker_options how, connections from)
      : how_(how), from_(std::move(from)),
        arrival_(loop_, from_.native_handle()),
        room_(loop_, asio::steady_timer::time_point::max()) {}
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;
  ~worker() { arrival_.release(); } // the queue's

  void run() {
    asio::co_spawn(loop_, take_all(), asio::detached);
    loop_.run();
  }

private:
  asio::awaitable<void> take_all() {
    for (;;) {
      while (open_.size() >= how_.most_connections)
        co_await room_.async_wait(quietly); // cancelled when one closes
      std::optional<ramet::handle> next;
      bool full = false;
      try {
        next = from_.try_get();
      } catch (const ramet::error& e) {
        if (e.code() == ramet::errc::closed)
          break;
        // No descriptor left here: it stays in the queue for others.
        full = e.code() == ramet::errc::resource_exhausted;
      }
      if (next) {
        asio::co_spawn(loop_, serve(std::move(*next)), asio::detached);
      } else if (full) {
        asio::steady_timer pause{loop_, std::chrono::milliseconds{50}};
        co_await pause.async_wait(quietly);
      } else {
        co_await arrival_.async_wait(asio::posix::descriptor_base::wait_read,
                                     quietly);
      }
    }
    // Whoever has sent no request gets no answer any more.
    draining_ = true;
    for (auto* stream : open_) {
      boost::system::error_code gone;
      stream->socket().shutdown(tcp::socket::shutdown_receive, gone);
    }
  }

  asio::awaitable<void> serve(ramet::handle connection) {
    tcp_stream stream{loop_};
    auto protocol = protocol_of(connection.native_handle());
    stream.socket().assign(protocol, connection.release());
    open_.insert(&stream);
    try {
      co_await answer_all(stream);
    } catch (const std::exception& e) {
      fmt::print(stderr, "worker {}: {}\n", how_.number, e.what());
    }
    open_.erase(&stream);
    room_.cancel();
  }

  asio::awaitable<void> answer_all(tcp_stream& stream) {
    boost::beast::flat_buffer buffer;
    for (;;) {
      request asked;
      stream.expires_after(how_.patience);
      auto [bad, size] =
          co_await http::async_read(stream, buffer, asked, quietly);
      if (bad)
        break;
      auto answer = answer_to(asked);
      auto [broken, written] =
          co_await http::async_write(stream, answer, quietly);
      if (broken || !answer.keep_alive())
        break;
    }
    boost::system::error_code gone;
    stream.socket().shutdown(tcp::socket::shutdown_send, gone);
  }

  response answer_to(const request& asked) {
    response answer;
    answer.version(asked.version());
    answer.keep_alive(asked.keep_alive() && !draining_);
    answer.set(http::field::server, "ramet preforked");
    answer.set(http::field::content_type, "text/plain");
    if (asked.method() != http::verb::get
        && asked.method() != http::verb::head) {
      answer.result(http::status::method_not_allowed);
      answer.set(http::field::allow, "GET, HEAD");
    } else {
      answer.body() = fmt::format("worker {}, process {}, answer {}: {}\n",
                                  how_.number, ramet::this_process().pid(),
                                  ++answers_, std::string{asked.target()});
    }
    answer.prepare_payload();
    if (asked.method() == http::verb::head)
      answer.body().clear();
    return answer;
  }

  worker_options how_;
  connections from_;
  asio::io_context loop_{1};
  asio::posix::stream_descriptor arrival_;
  asio::steady_timer room_;
  std::set<tcp_stream*> open_;
  std::uint64_t answers_ = 0;
  bool draining_ = false;
};

} // namespace

void work(worker_options how, connections from) {
  std::signal(SIGINT, SIG_IGN); // Ctrl-C is for the first process to deal with
  worker{how, std::move(from)}.run();
}

} // namespace examples::preforked
