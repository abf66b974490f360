// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// How every contestant is measured: the same loops, over its own channel.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

namespace bench {

using seconds = std::chrono::duration<double>;
using bytes = std::span<const std::byte>;
using clock = std::chrono::steady_clock;

/// First byte of each message: what the far side shall do with it.
enum class mark : std::uint8_t {
  plain, ///< take it
  echo,  ///< send it back
  ack,   ///< answer with one byte
  stop,  ///< end
};

inline mark mark_of(bytes message) {
  if (message.empty())
    throw std::runtime_error{"the far side is gone"};
  return static_cast<mark>(message[0]);
}

inline void set_mark(std::span<std::byte> message, mark value) {
  message[0] = static_cast<std::byte>(value);
}

inline seconds median_of(std::vector<seconds> samples) {
  auto middle =
      samples.begin() + static_cast<std::ptrdiff_t>(samples.size()) / 2;
  std::nth_element(samples.begin(), middle, samples.end());
  return *middle;
}

/// Calls `run(n)`, which does the work n times, for about `budget`. First once,
/// in which the far side may still be starting; then with growing n, as
/// warm-up; then at least three times with a fixed n.
/// @returns the median time of one work
template <class Run>
seconds median_time(seconds budget, Run&& run) {
  auto timed = [&](std::uint64_t n) {
    auto start = clock::now();
    run(n);
    return seconds{clock::now() - start};
  };
  run(1);
  std::uint64_t n = 1;
  for (;;) {
    auto time = timed(n);
    if (time * 20 >= budget)
      break;
    auto growth = budget / 20 / std::max(time, seconds{1e-9}) * 1.2;
    n = static_cast<std::uint64_t>(static_cast<double>(n)
                                   * std::clamp(growth, 1.5, 10.0))
        + 1;
  }
  std::vector<seconds> samples;
  for (auto spent = seconds::zero();
       samples.size() < 3 || spent + spent / samples.size() <= budget;) {
    auto time = timed(n);
    spent += time;
    samples.push_back(time / n);
  }
  return median_of(std::move(samples));
}

/// For works that need much before and after what is measured: calls `sample`,
/// which returns a time, until `budget` is used up, and at least five times.
template <class Sample>
seconds median_sample(seconds budget, Sample&& sample) {
  std::vector<seconds> samples;
  auto end = clock::now() + budget;
  while (samples.size() < 5 || clock::now() < end)
    samples.push_back(sample());
  return median_of(std::move(samples));
}

/// A Channel has
///   void send(bytes)
///   R receive(std::size_t expected)   // R converts to bytes
/// and may have `void send(R&&)` to pass on what it received.

/// The far side of a pipe's works.
template <class Channel>
void answer(Channel& channel, std::size_t size) {
  for (;;) {
    auto message = channel.receive(size);
    switch (mark_of(message)) {
    case mark::plain:
      break;
    case mark::echo:
      channel.send(std::move(message));
      break;
    case mark::ack: {
      const std::byte reply{static_cast<std::uint8_t>(mark::plain)};
      channel.send(bytes{&reply, 1});
      break;
    }
    case mark::stop:
      return;
    }
  }
}

/// There and back again, one at a time.
template <class Channel>
seconds round_trip(Channel& channel, std::size_t size, seconds budget) {
  std::vector<std::byte> message(size, std::byte{0x55});
  set_mark(message, mark::echo);
  auto result = median_time(budget, [&](std::uint64_t n) {
    for (std::uint64_t i = 0; i < n; ++i) {
      channel.send(bytes{message});
      auto reply = channel.receive(size);
      if (bytes{reply}.size() != size)
        throw std::runtime_error{"an echo of another size"};
    }
  });
  set_mark(message, mark::stop);
  channel.send(bytes{message});
  return result;
}

/// A stream of messages in one direction; the last is acknowledged.
template <class Channel>
seconds one_way(Channel& channel, std::size_t size, seconds budget) {
  std::vector<std::byte> message(size, std::byte{0x55});
  auto result = median_time(budget, [&](std::uint64_t n) {
    set_mark(message, mark::plain);
    for (std::uint64_t i = 1; i < n; ++i)
      channel.send(bytes{message});
    set_mark(message, mark::ack);
    channel.send(bytes{message});
    channel.receive(1);
  });
  set_mark(message, mark::stop);
  channel.send(bytes{message});
  return result;
}

/// A queue's item.
struct item {
  std::byte data[64];
};

/// What a queue's producers and consumers are told: how many items the next
/// round has for this one. 0: end.
using order = std::uint64_t;

/// One round of a producer. Its last items tell each consumer that nothing more
/// comes from it; they stand behind all its other items.
template <class Put>
void produce(order items, std::size_t consumers, Put&& put) {
  item each{};
  std::memset(each.data, 0x55, sizeof each.data);
  set_mark(each.data, mark::plain);
  for (order i = 0; i < items; ++i)
    put(each);
  set_mark(each.data, mark::stop);
  for (std::size_t i = 0; i < consumers; ++i)
    put(each);
}

/// One round of a consumer: until it took as many last items as there are
/// producers. All consumers together take exactly what was put.
template <class Take>
void consume(std::size_t producers, Take&& take) {
  for (std::size_t ended = 0; ended < producers;) {
    item each = take();
    if (mark_of(each.data) == mark::stop)
      ++ended;
  }
}

/// Rounds of a queue, as the parent sees them. A Worker has `void tell(order)`
/// and `void wait()`, which returns when the order is carried out.
template <class Worker>
seconds queue_time(std::vector<Worker>& producers,
                   std::vector<Worker>& consumers, seconds budget) {
  auto result = median_time(budget, [&](std::uint64_t n) {
    // Every producer the same; the odd rest would only blur small rounds.
    order each = std::max<order>(n / producers.size(), 1);
    for (auto& worker : consumers)
      worker.tell(each);
    for (auto& worker : producers)
      worker.tell(each);
    for (auto& worker : producers)
      worker.wait();
    for (auto& worker : consumers)
      worker.wait();
  });
  for (auto& worker : producers)
    worker.tell(0);
  for (auto& worker : consumers)
    worker.tell(0);
  return result;
}

/// One work that is done by this process and `others` at once. A Worker is as
/// for queue_time.
template <class Worker, class Work>
seconds shared_time(std::vector<Worker>& others, seconds budget, Work&& work) {
  auto result = median_time(budget, [&](std::uint64_t n) {
    order each = std::max<order>(n / (others.size() + 1), 1);
    for (auto& worker : others)
      worker.tell(each);
    work(each);
    for (auto& worker : others)
      worker.wait();
  });
  for (auto& worker : others)
    worker.tell(0);
  return result;
}

} // namespace bench
