// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "worker.hpp"

#include "board.hpp"
#include "cpu_linux.hpp"
#include "pool_frame.hpp"

#include <ramet/detail/mailbox.hpp>
#include <ramet/detail/pack.hpp>
#include <ramet/detail/pool_task.hpp>
#include <ramet/error.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace ramet::detail {

namespace {

std::int64_t now() {
  return std::chrono::nanoseconds{
      std::chrono::steady_clock::now().time_since_epoch()}
      .count();
}

task_entry entry_at(const code_address& address) {
  // NOLINTNEXTLINE(*-cast): see locate_code
  return reinterpret_cast<task_entry>(const_cast<void*>(resolve_code(address)));
}

class worker final : public job, private task_reply {
public:
  worker(const worker_header& about, mailbox tasks, mailbox outcomes,
         board places, std::unique_ptr<job> initializer)
      : about_(about), tasks_(std::move(tasks)), outcomes_(std::move(outcomes)),
        board_(std::move(places)), place_(board_[about.index]),
        initializer_(std::move(initializer)) {}

  void run() override {
    if (about_.pin)
      pin_to_processor(about_.index);
    if (initializer_) {
      initializer_->run();
      initializer_.reset();
    }
    place_.at.store(worker_place::phase::ready);
    for (std::uint64_t done = 0; !shall_leave(done);) {
      if (!take())
        return; // the pool is closed and drained
      if (!has_task_)
        continue;
      work();
      ++done;
    }
    place_.at.store(worker_place::phase::leaving);
  }

private:
  bool shall_leave(std::uint64_t done) {
    if (about_.max_tasks != 0 && done >= about_.max_tasks)
      return true;
    auto& too_many = board_.too_many();
    auto count = too_many.load(std::memory_order_relaxed);
    while (count > 0)
      if (too_many.compare_exchange_weak(count, count - 1))
        return true;
    return false;
  }

  // Under the lock only what must be: the claim, before anything else; copying
  // the arguments; and, as handles go with the message that holds them,
  // decoding those that have some.
  bool take() {
    has_task_ = false;
    task_.reset();
    trouble_ = nullptr;
    auto status = tasks_.take(
        [this](const incoming& message) {
          std::memcpy(&header_, message.bytes.data(), sizeof header_);
          // Else we are to look around, or it is one that nobody survives.
          has_task_ = header_.entry != code_address{}
                      && message.number != board_.refused().load();
          if (has_task_)
            claim(message.number);
          return verdict::consume;
        },
        [this](const incoming& message) {
          if (!has_task_)
            return verdict::consume;
          arguments_ = message;
          arguments_.type = header_.arguments_type;
          arguments_.bytes = message.bytes.subspan(sizeof header_);
          if (!message.refs.empty()) {
            decode();
            arguments_ = {};
          } else if (!message.storage) {
            bytes_.assign(arguments_.bytes.begin(), arguments_.bytes.end());
            arguments_.bytes = bytes_;
          }
          return verdict::consume;
        },
        deadline::never());
    return status == take_status::done;
  }

  void claim(std::uint64_t number) {
    began_ = now();
    place_.ticket.store(header_.ticket, std::memory_order_relaxed);
    place_.since.store(began_, std::memory_order_relaxed);
    place_.claim.store(number, std::memory_order_release);
  }

  void decode() noexcept {
    try {
      task_ = entry_at(header_.entry)(arguments_);
    } catch (...) {
      trouble_ = std::current_exception();
    }
  }

  void work() {
    auto thrown = exception_of([this] {
      if (!task_ && !trouble_) {
        task_ = entry_at(header_.entry)(arguments_);
        arguments_ = {}; // the memory of a large one goes back
      }
      if (trouble_)
        std::rethrow_exception(std::exchange(trouble_, nullptr));
      task_->run(*this);
    });
    task_.reset();
    if (thrown) {
      failure_note note{std::move(*thrown)};
      put(outcome::failure, make_outgoing(note));
    }
    count(place_.tasks_done, std::uint64_t{1});
    count(place_.busy, ended_ - began_);
    place_.claim.store(0, std::memory_order_release);
  }

  // Nobody else writes them while we live.
  template <class T>
  static void count(std::atomic<T>& what, T more) {
    what.store(what.load(std::memory_order_relaxed) + more,
               std::memory_order_relaxed);
  }

  void send(const outgoing& value) override { put(outcome::value, value); }

  void put(outcome kind, const outgoing& value) {
    outcome_header header;
    header.ticket = header_.ticket;
    header.kind = kind;
    header.worker = static_cast<std::uint32_t>(about_.index);
    header.began = began_;
    header.ended = ended_ = now();
    header.value_type = value.type;
    led_message message{outcome_type, header, value};
    outcomes_.put(message.as_outgoing(), deadline::never());
  }

  worker_header about_;
  mailbox tasks_;
  mailbox outcomes_;
  board board_;
  worker_place& place_;
  std::unique_ptr<job> initializer_;

  // The task in hand.
  bool has_task_ = false;
  task_header header_;
  std::int64_t began_ = 0;
  std::int64_t ended_ = 0;
  incoming arguments_;
  std::vector<std::byte> bytes_; // of small arguments
  std::unique_ptr<pool_task> task_;
  std::exception_ptr trouble_; // with decoding it
};

} // namespace

std::unique_ptr<job> make_worker(const incoming& message) {
  worker_header header;
  if (message.bytes.size() < sizeof header
      || message.refs.size() < worker_header::own_refs)
    throw error(errc::protocol, "starting a pool's worker: its start message "
                                "is too short");
  std::memcpy(&header, message.bytes.data(), sizeof header);
  std::unique_ptr<job> initializer;
  if (header.initializer != code_address{}) {
    incoming rest = message;
    rest.type = header.arguments_type;
    rest.bytes = message.bytes.subspan(sizeof header);
    rest.refs = message.refs.subspan(worker_header::own_refs);
    // NOLINTNEXTLINE(*-cast): see locate_code
    auto entry = reinterpret_cast<job_entry>(
        const_cast<void*>(resolve_code(header.initializer)));
    initializer = entry(rest);
  }
  return std::make_unique<worker>(
      header, mailbox::open(message.refs[0]), mailbox::open(message.refs[1]),
      board::open(message.refs[2]), std::move(initializer));
}

} // namespace ramet::detail
