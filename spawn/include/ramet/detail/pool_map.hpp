// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// One function over many inputs: cut into tasks, and put together again.

#pragma once

#include <ramet/detail/pool_chunk.hpp>
#include <ramet/detail/pool_state.hpp>
#include <ramet/detail/progress_counter.hpp>
#include <ramet/pool_options.hpp>
#include <ramet/task_failure.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace ramet::detail {

/// A task_failure of what a function threw in a worker for the `index`th input,
/// from 0.
std::exception_ptr failure_of_item(std::size_t index, remote_exception thrown);
/// @throws error protocol: there are not as many results as inputs
[[noreturn]] void throw_miscounted();

/// How the inputs become arguments: each one is the only argument, or is a
/// tuple of all of them.
struct one_argument {
  template <class Input>
  using arguments = param_list<Input>;
  template <class Input, class Use>
  static decltype(auto) apply(Input&& input, Use&& use) {
    return use(std::forward<Input>(input));
  }
};

struct many_arguments {
  template <class Tuple, class Indices>
  struct elements;
  template <class Tuple, std::size_t... Is>
  struct elements<Tuple, std::index_sequence<Is...>> {
    using type = param_list<decltype(std::get<Is>(std::declval<Tuple>()))...>;
  };
  template <class Input>
  using arguments =
      typename elements<Input, std::make_index_sequence<std::tuple_size_v<
                                   std::remove_cvref_t<Input>>>>::type;
  template <class Input, class Use>
  static decltype(auto) apply(Input&& input, Use&& use) {
    return std::apply(std::forward<Use>(use), std::forward<Input>(input));
  }
};

/// The function with its inputs, as they travel.
template <class F, class Input, class Spread>
struct map_plan {
  using callee = std::decay_t<F>;

  template <class... Args>
  static auto plan_for(param_list<Args...>) -> task_plan<callee, Args...>;
  using plan = decltype(plan_for(typename Spread::template arguments<Input>{}));
  using result = typename plan::result;

  template <class... Ps>
  static auto task_for(param_list<Ps...>)
      -> std::type_identity<chunk_task<result, callee, Ps...>>;
  using task = typename decltype(task_for(typename plan::parameters{}))::type;
  using item = typename task::item;
  using function_form = callee_form<callee>;

  static consteval bool check() { return plan::check(); }

  static item pack(Input input) {
    return Spread::apply(static_cast<Input&&>(input), [](auto&&... args) {
      return pack_as(typename plan::parameters{},
                     std::forward<decltype(args)>(args)...);
    });
  }
  template <class... Ps, class... Args>
  static item pack_as(param_list<Ps...>, Args&&... args) {
    return item(Ps::traveller::pack(std::forward<Args>(args))...);
  }
};

/// The tasks that a sequence of inputs is cut into, as they go out and come
/// back. Part i is the i-th task. Thread-safe.
template <class Plan>
class map_tasks {
public:
  using item = typename Plan::item;
  using items = std::vector<item>;
  using outcomes = typename Plan::task::outcomes;

  map_tasks(pool_link pool, typename Plan::function_form function,
            task_rules rules)
      : pool_(std::move(pool)), function_(std::move(function)), rules_(rules) {}

  const pool_link& pool() const { return pool_; }

  /// Sends the items as the next task of `sink`. Keeps them if it may be
  /// retried.
  void submit(const std::shared_ptr<task_sink>& sink, std::uint64_t part,
              items& inputs) {
    std::shared_ptr<const items> kept;
    if (rules_.retries > 0) {
      kept = std::make_shared<const items>(std::move(inputs));
      std::scoped_lock lock{guard_};
      place_of(part).kept = kept;
    }
    encode(kept ? *kept : inputs, [&](const outgoing& message) {
      pool_.submit(code_of<typename Plan::task>(), message, sink, part, rules_);
    });
    inputs.clear();
  }

  void encode_again(std::uint64_t part, const outgoing_user& use) {
    std::shared_ptr<const items> kept;
    {
      std::scoped_lock lock{guard_};
      kept = place_of(part).kept;
    }
    if (!kept)
      throw_cancelled();
    encode(*kept, use);
  }

  void numbered(std::uint64_t part, std::uint64_t ticket) {
    std::scoped_lock lock{guard_};
    place_of(part).ticket = ticket;
  }
  void done(std::uint64_t part) noexcept {
    std::scoped_lock lock{guard_};
    if (part < first_)
      return;
    auto& place = place_of(part);
    place.over = true;
    place.kept = nullptr;
    while (!places_.empty() && places_.front().over) {
      places_.pop_front();
      ++first_;
    }
  }
  void cancel_all() {
    for (auto left = to_cancel(); !left.empty(); left = to_cancel())
      for (auto ticket : left)
        pool_.cancel(ticket);
    let_go();
  }

private:
  // Of what is kept for retries.
  void let_go() {
    std::vector<std::shared_ptr<const items>> gone;
    std::scoped_lock lock{guard_};
    for (auto& place : places_)
      gone.push_back(std::move(place.kept));
  }

  void encode(const items& inputs, const outgoing_user& use) const {
    use(make_outgoing_pack(
        std::tuple<const typename Plan::function_form&, const items&>{function_,
                                                                      inputs}));
  }

  pool_link pool_;
  const typename Plan::function_form function_;
  const task_rules rules_;

  // Those whose ticket was not cancelled yet: at first all, then what was just
  // tried again under a new one.
  std::vector<std::uint64_t> to_cancel() {
    std::vector<std::uint64_t> left;
    std::scoped_lock lock{guard_};
    for (auto& place : places_)
      if (!place.over
          && std::exchange(place.cancelled, place.ticket) != place.ticket)
        left.push_back(place.ticket);
    return left;
  }

  struct place {
    std::uint64_t ticket = 0;
    std::uint64_t cancelled = 0; // ticket
    std::shared_ptr<const items> kept;
    bool over = false;
  };
  // Parts are submitted in order. Needs guard_.
  place& place_of(std::uint64_t part) {
    if (part - first_ >= places_.size())
      places_.resize(part - first_ + 1);
    return places_[part - first_];
  }

  std::mutex guard_;         // of all below
  std::deque<place> places_; // of parts from first_ on
  std::uint64_t first_ = 0;
};

/// All results together. Fails with the failure of the first input that has
/// one, when all others have come to something, too.
template <class Plan>
class map_state final
    : public pool_future_state<
          std::conditional_t<std::is_void_v<typename Plan::result>, void,
                             std::vector<typename Plan::result>>> {
public:
  using plan = Plan;
  using result = typename Plan::result;
  using all =
      std::conditional_t<std::is_void_v<result>, void, std::vector<result>>;
  using base = pool_future_state<all>;
  using tasks = map_tasks<Plan>;
  using items = typename tasks::items;

  map_state(pool_link pool, typename Plan::function_form function,
            task_rules rules)
      : base(pool), tasks_(std::move(pool), std::move(function), rules) {}

  void begin(progress_function tell, std::size_t total) {
    progress_.begin(std::move(tell), total);
  }

  void submit(items& inputs) {
    auto count = inputs.size();
    std::uint64_t part = 0;
    {
      std::scoped_lock lock{guard_};
      part = parts_.size();
      parts_.push_back({next_, count});
      next_ += count;
      ++pending_;
    }
    try {
      tasks_.submit(
          std::static_pointer_cast<map_state>(this->shared_from_this()), part,
          inputs);
    } catch (...) {
      tasks_.done(part);
      std::scoped_lock lock{guard_};
      --pending_;
      throw;
    }
  }

  /// No more inputs. What has failed to be submitted, if something has.
  void end(std::exception_ptr trouble = nullptr) {
    bool last = false;
    std::size_t total = 0;
    {
      std::scoped_lock lock{guard_};
      ended_ = true;
      if (trouble && !failure_)
        failure_ = std::move(trouble);
      total = next_;
      last = pending_ == 0;
    }
    if (progress_.total_is(total, last))
      finish();
  }

  std::size_t pending() const { return pending_.load(); }
  /// Receives until no more than `most` tasks are pending.
  void wait_until_pending(std::size_t most) {
    auto few = [&] { return pending() <= most; };
    this->pool().drive(*this, few, deadline::never());
  }

  bool cancel() override {
    if (this->wait(deadline::now()) || !future_state_base::cancel())
      return false;
    tasks_.cancel_all();
    progress_.stop();
    return true;
  }

  void take_value(std::uint64_t part, const incoming& value) override {
    auto outcomes = decode_message<typename tasks::outcomes>(value);
    std::scoped_lock lock{guard_};
    auto& about = parts_[part];
    if (about.count != outcomes.failures.size() + count_of_values(outcomes))
      throw_miscounted();
    about.failed = outcomes.failures.size();
    if (about.failed == 0) {
      about.values = std::move(outcomes.values);
    } else {
      auto& first = outcomes.failures[0];
      auto index = about.first + first.index;
      note_failure(index, failure_of_item(index, std::move(first.note.what)));
    }
  }
  void take_failure(std::uint64_t part,
                    std::exception_ptr why) noexcept override {
    std::scoped_lock lock{guard_};
    auto& about = parts_[part];
    about.failed = about.count;
    note_failure(about.first, std::move(why));
  }

  void settled(std::uint64_t part) noexcept override {
    tasks_.done(part);
    std::unique_lock lock{guard_};
    auto done = parts_[part].count;
    auto failed = parts_[part].failed;
    bool last = --pending_ == 0 && ended_;
    lock.unlock();
    if (progress_.add(done, failed, last))
      finish();
  }

  void numbered(std::uint64_t part, std::uint64_t ticket) noexcept override {
    tasks_.numbered(part, ticket);
  }
  void encode_again(std::uint64_t part, const outgoing_user& use) override {
    tasks_.encode_again(part, use);
  }

private:
  struct a_part {
    std::size_t first = 0;
    std::size_t count = 0;
    std::size_t failed = 0;
    decltype(tasks::outcomes::values) values{}; // if none has failed
  };

  void note_failure(std::size_t index, std::exception_ptr why) {
    if (!failure_ || index < failed_at_) {
      failed_at_ = index;
      failure_ = std::move(why);
    }
  }

  void finish() noexcept {
    if (failure_) {
      this->fail(failure_);
      return;
    }
    if constexpr (std::is_void_v<result>) {
      this->complete();
    } else {
      try {
        std::vector<result> values;
        values.reserve(next_);
        for (auto& part : parts_)
          values.insert(values.end(),
                        std::make_move_iterator(part.values.begin()),
                        std::make_move_iterator(part.values.end()));
        parts_.clear();
        this->complete(std::move(values));
      } catch (...) {
        this->fail(std::current_exception());
      }
    }
  }

  tasks tasks_;
  mutable std::mutex guard_; // of all below
  std::vector<a_part> parts_;
  std::size_t next_ = 0;                // input
  std::atomic<std::size_t> pending_{0}; // written with guard_ only
  bool ended_ = false;
  std::size_t failed_at_ = 0;
  std::exception_ptr failure_;

  progress_counter progress_;
};

} // namespace ramet::detail
