// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "ours.hpp"
#include "command.hpp"
#include "ours_worker.hpp"

#include <ramet/error.hpp>
#include <ramet/handle.hpp>
#include <ramet/pipe.hpp>
#include <ramet/process.hpp>
#include <ramet/queue.hpp>
#include <ramet/shared_value.hpp>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

namespace bench {

namespace {

class owning_channel {
public:
  explicit owning_channel(ramet::connection& pipe) : pipe_(pipe) {}

  void send(bytes message) { pipe_.send_bytes(message); }
  std::vector<std::byte> receive(std::size_t) { return pipe_.recv_bytes(); }

private:
  ramet::connection& pipe_;
};

class viewing_channel {
public:
  explicit viewing_channel(ramet::connection& pipe) : pipe_(pipe) {}

  void send(bytes message) { pipe_.send_bytes(message); }
  auto receive(std::size_t) { return pipe_.recv_view(); }

private:
  ramet::connection& pipe_;
};

template <class Channel>
void far_side(ramet::connection pipe, std::size_t size) {
  Channel channel{pipe};
  answer(channel, size);
}

template <class Channel, class Work>
seconds between(std::size_t size, Work&& work) {
  auto [here, there] = ramet::pipe();
  ramet::process child{far_side<Channel>, std::move(there), size};
  Channel channel{here};
  auto result = work(channel);
  child.join();
  return result;
}

template <class Channel>
seconds round_trip_over(std::size_t size, seconds budget) {
  return between<Channel>(
      size, [&](Channel& here) { return round_trip(here, size, budget); });
}

template <class Channel>
seconds one_way_over(std::size_t size, seconds budget) {
  return between<Channel>(
      size, [&](Channel& here) { return one_way(here, size, budget); });
}

void producer(ramet::connection control, ramet::queue<item> items,
              std::size_t consumers) {
  while (auto count = control.recv<order>()) {
    produce(count, consumers, [&](const item& each) { items.put(each); });
    control.send(true);
  }
}

void consumer(ramet::connection control, ramet::queue<item> items,
              std::size_t producers) {
  while (control.recv<order>() != 0) {
    consume(producers, [&] { return items.get(); });
    control.send(true);
  }
}

using number = ramet::shared_value<std::int64_t>;

void increment(number& shared, order count) {
  for (order i = 0; i < count; ++i)
    ++*shared.lock();
}

void incrementer(ramet::connection control, number shared) {
  while (auto count = control.recv<order>()) {
    increment(shared, count);
    control.send(true);
  }
}

struct record {
  std::string name;
  std::string city;
  std::string note;
  std::vector<double> samples;
};

void answer_records(ramet::connection pipe) {
  for (;;) {
    auto each = pipe.recv<record>();
    if (each.samples.empty())
      return;
    pipe.send(each);
  }
}

void answer_on_socket(ramet::connection pipe) {
  while (auto socket = pipe.recv<std::optional<ramet::handle>>())
    if (::write(socket->native_handle(), "!", 1) != 1)
      throw std::runtime_error("cannot answer on the socket");
}

void nothing() {}

seconds start_and_join(ramet::start_method method, seconds budget) {
  return median_time(budget, [&](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) {
      ramet::process child{{.start = method}, nothing};
      child.join();
    }
  });
}

} // namespace

seconds ramet_round_trip(std::size_t size, seconds budget) {
  return round_trip_over<owning_channel>(size, budget);
}

seconds ramet_one_way(std::size_t size, seconds budget) {
  return one_way_over<owning_channel>(size, budget);
}

seconds ramet_round_trip_view(std::size_t size, seconds budget) {
  return round_trip_over<viewing_channel>(size, budget);
}

seconds ramet_one_way_view(std::size_t size, seconds budget) {
  return one_way_over<viewing_channel>(size, budget);
}

seconds ramet_queue(std::size_t producers, std::size_t consumers,
                    seconds budget) {
  ramet::queue<item> items;
  std::vector<worker> putting;
  for (std::size_t i = 0; i < producers; ++i)
    putting.emplace_back(producer, items, consumers);
  std::vector<worker> taking;
  for (std::size_t i = 0; i < consumers; ++i)
    taking.emplace_back(consumer, items, producers);
  return queue_time(putting, taking, budget);
}

seconds ramet_record(seconds budget) {
  auto [here, there] = ramet::pipe();
  ramet::process child{answer_records, std::move(there)};
  record each{"Ada Lovelace", "London",
              "wrote the first program for a machine that was never built",
              std::vector<double>(1000, 0.5)};
  auto result = median_time(budget, [&, &here = here](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) {
      here.send(each);
      each = here.recv<record>();
    }
  });
  here.send(record{});
  child.join();
  return result;
}

seconds ramet_socket(seconds budget) {
  auto [here, there] = ramet::pipe();
  ramet::process child{answer_on_socket, std::move(there)};
  auto result = median_time(budget, [&, &here = here](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) {
      int ends[2];
      if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        throw std::runtime_error("cannot make a pair of sockets");
      auto mine = ramet::handle::adopt(ends[0]);
      here.send(std::optional{ramet::handle::adopt(ends[1])});
      char answer = 0;
      if (::read(mine.native_handle(), &answer, 1) != 1)
        throw std::runtime_error("no answer on the socket");
    }
  });
  here.send(std::optional<ramet::handle>{});
  child.join();
  return result;
}

seconds ramet_increment(std::size_t processes, seconds budget) {
  number shared;
  std::vector<worker> others;
  for (std::size_t i = 1; i < processes; ++i)
    others.emplace_back(incrementer, shared);
  return shared_time(others, budget,
                     [&](order count) { increment(shared, count); });
}

seconds ramet_start_spawn(seconds budget) {
  return start_and_join(ramet::start_method::spawn, budget);
}

seconds ramet_start_forkserver(seconds budget) {
  return start_and_join(ramet::start_method::forkserver, budget);
}

seconds ramet_start_fork(seconds budget) {
  return start_and_join(ramet::start_method::fork, budget);
}

} // namespace bench
