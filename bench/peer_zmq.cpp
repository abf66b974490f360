// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "forked.hpp"
#include "peers.hpp"

#include <zmq.hpp>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

namespace bench {

namespace {

/// A private folder for the sockets' files.
class folder {
public:
  folder() {
    if (!::mkdtemp(path_.data()))
      fail("mkdtemp");
  }
  ~folder() {
    for (int i = 0; i < used_; ++i)
      ::unlink((path_ + "/" + std::to_string(i)).c_str());
    ::rmdir(path_.c_str());
  }
  std::string endpoint() {
    return "ipc://" + path_ + "/" + std::to_string(used_++);
  }

private:
  std::string path_ =
      std::filesystem::temp_directory_path() / "ramet-bench-XXXXXX";
  int used_ = 0;
};

class channel {
public:
  explicit channel(zmq::socket_t& socket) : socket_(socket) {}

  class message {
  public:
    zmq::message_t inner;
    operator bytes() const {
      return {static_cast<const std::byte*>(inner.data()), inner.size()};
    }
  };

  void send(bytes data) {
    socket_.send(zmq::message_t{data.data(), data.size()},
                 zmq::send_flags::none);
  }
  void send(message&& received) {
    socket_.send(std::move(received.inner), zmq::send_flags::none);
  }
  message receive(std::size_t) {
    message result;
    (void)socket_.recv(result.inner);
    return result;
  }

private:
  zmq::socket_t& socket_;
};

// Contexts are made after the fork: ZeroMQ's threads do not survive one.
template <class Work>
seconds between(std::size_t size, Work&& work) {
  folder files;
  auto endpoint = files.endpoint();
  forked child{[&] {
    zmq::context_t context;
    zmq::socket_t socket{context, zmq::socket_type::pair};
    socket.connect(endpoint);
    channel there{socket};
    answer(there, size);
  }};
  zmq::context_t context;
  zmq::socket_t socket{context, zmq::socket_type::pair};
  socket.bind(endpoint);
  channel here{socket};
  return work(here);
}

} // namespace

seconds zmq_round_trip(std::size_t size, seconds budget) {
  return between(size,
                 [&](channel& here) { return round_trip(here, size, budget); });
}

seconds zmq_one_way(std::size_t size, seconds budget) {
  return between(size,
                 [&](channel& here) { return one_way(here, size, budget); });
}

seconds zmq_queue(std::size_t producers, std::size_t consumers,
                  seconds budget) {
  folder files;
  std::vector<std::string> endpoints(consumers);
  for (auto& endpoint : endpoints)
    endpoint = files.endpoint();

  // No high-water marks: PUSH would skip a full consumer, and then the last
  // items of a producer would no longer reach every consumer once.
  std::vector<forked_worker> putting;
  for (std::size_t i = 0; i < producers; ++i)
    putting.push_back(forked_worker::start(
        [&, context = std::shared_ptr<zmq::context_t>{},
         socket = std::shared_ptr<zmq::socket_t>{}](order count) mutable {
          if (!socket) {
            context = std::make_shared<zmq::context_t>();
            socket = std::make_shared<zmq::socket_t>(*context,
                                                     zmq::socket_type::push);
            socket->set(zmq::sockopt::sndhwm, 0);
            for (const auto& endpoint : endpoints)
              socket->connect(endpoint);
          }
          // Round robin: a whole turn leaves every consumer the same.
          produce((count + consumers - 1) / consumers * consumers, consumers,
                  [&](const item& each) {
                    socket->send(zmq::message_t{each.data, sizeof each.data},
                                 zmq::send_flags::none);
                  });
        }));
  std::vector<forked_worker> taking;
  for (std::size_t i = 0; i < consumers; ++i)
    taking.push_back(forked_worker::start(
        [&, endpoint = endpoints[i],
         context = std::shared_ptr<zmq::context_t>{},
         socket = std::shared_ptr<zmq::socket_t>{}](order) mutable {
          if (!socket) {
            context = std::make_shared<zmq::context_t>();
            socket = std::make_shared<zmq::socket_t>(*context,
                                                     zmq::socket_type::pull);
            socket->set(zmq::sockopt::rcvhwm, 0);
            socket->bind(endpoint);
          }
          zmq::message_t message;
          consume(producers, [&] {
            (void)socket->recv(message);
            item each;
            std::memcpy(each.data, message.data(), sizeof each.data);
            return each;
          });
        }));
  return queue_time(putting, taking, budget);
}

} // namespace bench
