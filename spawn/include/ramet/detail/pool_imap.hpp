// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// One function over many inputs, lazily: results are handed out while inputs
/// are still taken.

#pragma once

#include <ramet/detail/pool_map.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <ranges>
#include <set>
#include <utility>
#include <variant>

namespace ramet::detail {

/// Tasks that were submitted, and results that were not yet handed out.
template <class Plan>
class imap_state final : public task_sink,
                         public std::enable_shared_from_this<imap_state<Plan>> {
public:
  using result = typename Plan::result;
  using value = result_form<result>;
  using tasks = map_tasks<Plan>;
  using items = typename tasks::items;
  /// A value, or why there is none.
  using outcome = std::variant<value, std::exception_ptr>;

  imap_state(pool_link pool, typename Plan::function_form function,
             task_rules rules, bool ordered)
      : tasks_(std::move(pool), std::move(function), rules), ordered_(ordered) {
  }

  const pool_link& pool() const { return tasks_.pool(); }

  void begin(progress_function tell, std::size_t total) {
    progress_.begin(std::move(tell), total);
  }

  void submit(items& inputs) {
    auto count = inputs.size();
    std::uint64_t part = 0;
    {
      std::scoped_lock lock{guard_};
      part = next_part_++;
      inputs_[part] = {submitted_, count};
      outstanding_ += count;
      submitted_ += count;
    }
    try {
      tasks_.submit(this->shared_from_this(), part, inputs);
    } catch (...) { // comes out where their results would
      inputs.clear();
      take_failure(part, std::current_exception());
      settled(part);
    }
  }

  /// No more inputs. May be said again.
  void end() {
    std::unique_lock lock{guard_};
    auto total = submitted_;
    lock.unlock();
    static_cast<void>(progress_.total_is(total, false));
  }

  /// Inputs of which no result was handed out.
  std::size_t outstanding() const {
    std::scoped_lock lock{guard_};
    return outstanding_;
  }

  /// Waits for the next result. Needs outstanding() > 0.
  std::optional<outcome> next(deadline until) {
    auto there = [&] {
      std::scoped_lock lock{guard_};
      return !ready_.empty();
    };
    if (!pool().drive(*this, there, until))
      return std::nullopt;
    std::scoped_lock lock{guard_};
    auto result = std::move(ready_.front());
    ready_.pop_front();
    --outstanding_;
    return result;
  }

  /// Nothing is told of it any more when this returns.
  void cancel_all() {
    tasks_.cancel_all();
    progress_.stop();
  }

  void take_value(std::uint64_t part, const incoming& value) override {
    auto outcomes = decode_message<typename tasks::outcomes>(value);
    std::scoped_lock lock{guard_};
    auto inputs = inputs_.at(part);
    arrived results;
    results.reserve(inputs.count);
    auto keep = [&](auto&& value) {
      results.emplace_back(std::in_place_index<0>, std::move(value));
    };
    auto keep_failure = [&](failure_note&& note) {
      results.emplace_back(
          failure_of_item(inputs.first + results.size(), std::move(note.what)));
    };
    if (!for_each_outcome(outcomes, inputs.count, keep, keep_failure))
      throw_miscounted();
    arrived_.emplace(part, std::move(results));
  }

  void take_failure(std::uint64_t part,
                    std::exception_ptr why) noexcept override {
    std::scoped_lock lock{guard_};
    arrived_.insert_or_assign(part,
                              arrived(inputs_.at(part).count, outcome{why}));
  }

  void given_up() noexcept override {} // told only where results are taken
  void settled(std::uint64_t part) noexcept override {
    tasks_.done(part);
    std::unique_lock lock{guard_};
    auto& results = arrived_.at(part);
    auto done = results.size();
    auto failed = std::ranges::count_if(
        results, [](const outcome& one) { return one.index() == 1; });
    lock.unlock();
    static_cast<void>(
        progress_.add(done, static_cast<std::size_t>(failed), false));
    lock.lock();
    inputs_.erase(part);
    if (!ordered_) {
      hand_out(part);
      return;
    }
    settled_.emplace(part);
    while (settled_.erase(next_ready_) != 0)
      hand_out(next_ready_++);
  }

  void numbered(std::uint64_t part, std::uint64_t ticket) noexcept override {
    tasks_.numbered(part, ticket);
  }
  void encode_again(std::uint64_t part, const outgoing_user& use) override {
    tasks_.encode_again(part, use);
  }

private:
  using arrived = std::vector<outcome>;
  struct some_inputs {
    std::size_t first = 0;
    std::size_t count = 0;
  };

  // Needs guard_.
  void hand_out(std::uint64_t part) {
    auto found = arrived_.find(part);
    for (auto& one : found->second)
      ready_.push_back(std::move(one));
    arrived_.erase(found);
  }

  tasks tasks_;
  const bool ordered_;
  mutable std::mutex guard_; // of all below
  std::uint64_t next_part_ = 0;
  std::uint64_t next_ready_ = 0; // part, in order
  std::size_t outstanding_ = 0;
  std::size_t submitted_ = 0;                   // inputs
  std::map<std::uint64_t, some_inputs> inputs_; // of parts pending
  std::map<std::uint64_t, arrived> arrived_;
  std::set<std::uint64_t> settled_; // arrived, behind others in order
  std::deque<outcome> ready_;

  progress_counter progress_;
};

} // namespace ramet::detail

namespace ramet {

/// What pool::imap() and pool::imap_unordered() return: a range to go through
/// once, which takes inputs as it hands out results. It has the inputs and
/// shares the pool. Dropping it cancels what is under way: workers that are at
/// it are killed and replaced.
///
/// Iterating throws where the result of an input would be if that has failed;
/// one may go on behind it with next().
///
/// For one thread at a time.
template <class Plan, class Inputs>
class imap_results {
public:
  using result = typename Plan::result;
  using value_type = detail::result_form<result>;

  imap_results(std::shared_ptr<detail::imap_state<Plan>> state, Inputs inputs,
               std::size_t window, std::size_t chunk)
      : source_(std::make_unique<source>(std::move(inputs))),
        state_(std::move(state)), window_(std::max(window, chunk)),
        chunk_(chunk) {}
  imap_results(imap_results&&) noexcept = default;
  imap_results& operator=(imap_results&&) = delete;
  ~imap_results() {
    if (state_)
      state_->cancel_all();
  }

  /// The next result; nothing when there are no more. Waits for it.
  /// @throws task_failure when the input's call failed; what reading the
  ///   inputs throws; error closed when the pool was terminated
  std::optional<value_type> next() {
    return next_until(detail::deadline::never());
  }
  /// The same, but waits no longer than `timeout`; then nothing, too, and
  /// exhausted() tells which it was.
  template <class Rep, class Period>
  std::optional<value_type>
  next_for(std::chrono::duration<Rep, Period> timeout) {
    return next_until(detail::deadline::in(timeout));
  }
  /// Whether all results were handed out. May read an input.
  bool exhausted() {
    refill();
    return state_->outstanding() == 0;
  }

  class iterator {
  public:
    using value_type = typename imap_results::value_type;
    using difference_type = std::ptrdiff_t;

    iterator() = default;
    explicit iterator(imap_results* from) : from_(from) {
      current_ = from_->next();
    }
    value_type& operator*() const { return *current_; }
    value_type* operator->() const { return &*current_; }
    iterator& operator++() {
      current_ = from_->next();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const iterator& it, std::default_sentinel_t) {
      return !it.current_;
    }

  private:
    imap_results* from_ = nullptr;
    mutable std::optional<value_type> current_;
  };
  iterator begin() { return iterator{this}; }
  std::default_sentinel_t end() { return {}; }

private:
  // Stays where it is: iterators may refer into the range.
  struct source {
    explicit source(Inputs given) : inputs(std::move(given)) {}
    Inputs inputs;
    std::optional<std::ranges::iterator_t<Inputs>> at;
  };

  std::optional<value_type> next_until(detail::deadline until) {
    if (exhausted())
      return std::nullopt;
    auto outcome = state_->next(until);
    if (!outcome)
      return std::nullopt;
    if (auto* why = std::get_if<1>(&*outcome))
      std::rethrow_exception(*why);
    return std::move(std::get<0>(*outcome));
  }

  // Never takes an input before its task can be submitted: the window bounds
  // what an endless source is asked for.
  void refill() {
    if (!source_->at)
      source_->at.emplace(std::ranges::begin(source_->inputs));
    auto& at = *source_->at;
    auto end = std::ranges::end(source_->inputs);
    while (at != end && state_->outstanding() + chunk_ <= window_) {
      for (std::size_t i = 0; i < chunk_ && at != end; ++i, ++at)
        batch_.push_back(Plan::pack(*at));
      state_->submit(batch_);
    }
    if (at == end)
      state_->end();
  }

  std::unique_ptr<source> source_;
  std::shared_ptr<detail::imap_state<Plan>> state_;
  std::size_t window_;
  std::size_t chunk_;
  typename detail::imap_state<Plan>::items batch_;
};

} // namespace ramet
