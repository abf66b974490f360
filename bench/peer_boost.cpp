// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "forked.hpp"
#include "peers.hpp"

#include <boost/interprocess/ipc/message_queue.hpp>

#include <string>

namespace bench {

namespace {

namespace ipc = boost::interprocess;

/// Messages that a queue has room for.
constexpr std::size_t depth = 4096;

/// A queue of a name of its own. Mapped before the fork, and the name removed
/// at once: nothing stays behind, however the processes end.
class queue {
public:
  explicit queue(std::size_t size)
      : name_("ramet-bench-" + std::to_string(::getpid()) + "-"
              + std::to_string(made_++)),
        queue_(ipc::create_only, name_.c_str(), depth, size), buffer_(size) {
    ipc::message_queue::remove(name_.c_str());
  }

  void put(bytes message) { queue_.send(message.data(), message.size(), 0); }
  bytes take() {
    ipc::message_queue::size_type size = 0;
    unsigned priority = 0;
    queue_.receive(buffer_.data(), buffer_.size(), size, priority);
    return {buffer_.data(), size};
  }

private:
  static inline int made_ = 0;
  std::string name_;
  ipc::message_queue queue_;
  std::vector<std::byte> buffer_;
};

class channel {
public:
  channel(queue& out, queue& in) : out_(out), in_(in) {}

  void send(bytes message) { out_.put(message); }
  bytes receive(std::size_t) { return in_.take(); }

private:
  queue& out_;
  queue& in_;
};

template <class Work>
seconds between(std::size_t size, Work&& work) {
  queue to{size};
  queue from{size};
  forked child{[&] {
    channel there{from, to};
    answer(there, size);
  }};
  channel here{to, from};
  return work(here);
}

} // namespace

seconds boost_round_trip(std::size_t size, seconds budget) {
  return between(size,
                 [&](channel& here) { return round_trip(here, size, budget); });
}

seconds boost_one_way(std::size_t size, seconds budget) {
  return between(size,
                 [&](channel& here) { return one_way(here, size, budget); });
}

seconds boost_queue(std::size_t producers, std::size_t consumers,
                    seconds budget) {
  queue items{sizeof(item)};
  std::vector<forked_worker> putting;
  for (std::size_t i = 0; i < producers; ++i)
    putting.push_back(forked_worker::start([&](order count) {
      produce(count, consumers,
              [&](const item& each) { items.put(each.data); });
    }));
  std::vector<forked_worker> taking;
  for (std::size_t i = 0; i < consumers; ++i)
    taking.push_back(forked_worker::start([&](order) {
      consume(producers, [&] {
        item each;
        std::memcpy(each.data, items.take().data(), sizeof each.data);
        return each;
      });
    }));
  return queue_time(putting, taking, budget);
}

} // namespace bench
