// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Several calls of one function as one task of a pool.

#pragma once

#include <ramet/detail/pool_call.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace ramet::detail {

struct item_failure {
  std::uint64_t index = 0; ///< of the input in its chunk
  failure_note note;
};

/// What came of several inputs. Values stand side by side, as those of numbers
/// are copied in one piece then.
template <class R>
struct chunk_outcomes {
  /// Of those that did not fail, in order; of functions that return nothing,
  /// how many.
  std::conditional_t<std::is_void_v<R>, std::uint64_t, std::vector<R>> values{};
  std::vector<item_failure> failures{}; ///< in order
};

template <class R>
std::uint64_t count_of_values(const chunk_outcomes<R>& outcomes) {
  if constexpr (std::is_void_v<R>)
    return outcomes.values;
  else
    return outcomes.values.size();
}

/// Calls `on_value(value)` or `on_failure(note)` for each of `count` inputs in
/// order; both may move from it. False, perhaps in the midst of it, if there
/// are not so many outcomes.
template <class R, class OnValue, class OnFailure>
bool for_each_outcome(chunk_outcomes<R>& outcomes, std::size_t count,
                      OnValue on_value, OnFailure on_failure) {
  auto failure = outcomes.failures.begin();
  std::uint64_t values = 0;
  const auto there = count_of_values(outcomes);
  for (std::size_t i = 0; i < count; ++i) {
    if (failure != outcomes.failures.end() && failure->index == i) {
      on_failure(std::move(failure->note));
      ++failure;
    } else if (values == there) {
      return false;
    } else if constexpr (std::is_void_v<R>) {
      ++values;
      on_value(std::monostate{});
    } else {
      on_value(R(std::move(outcomes.values[values++])));
    }
  }
  return values == there && failure == outcomes.failures.end();
}

/// The arguments of one call: a single one as it is, several as a tuple.
template <class... Forms>
struct chunk_item {
  using type = std::tuple<Forms...>;
  template <class Use>
  static decltype(auto) apply(Use&& use, type& item) {
    return std::apply(std::forward<Use>(use), item);
  }
};
template <class Form>
struct chunk_item<Form> {
  using type = Form;
  template <class Use>
  static decltype(auto) apply(Use&& use, type& item) {
    return use(item);
  }
};

/// In the worker.
template <class R, class Callee, class... Parameters>
struct chunk_task final : pool_task {
  using arguments = chunk_item<typename Parameters::form...>;
  using item = typename arguments::type;
  using outcomes = chunk_outcomes<R>;

  chunk_task(callee_form<Callee>&& decoded, std::vector<item>&& inputs)
      : function(std::move(decoded)), items(std::move(inputs)) {}

  static std::unique_ptr<pool_task> make(const incoming& message) {
    auto [function, items] =
        decode_message<callee_form<Callee>, std::vector<item>>(message);
    return std::make_unique<chunk_task>(std::move(function), std::move(items));
  }

  void run(task_reply& reply) override {
    outcomes results;
    if constexpr (!std::is_void_v<R>)
      results.values.reserve(items.size());
    auto&& callee = unpack_callee<Callee>(function);
    const auto count = items.size();
    for (std::size_t i = 0; i < count; ++i) {
      auto thrown = exception_of([&] {
        for (; i < count; ++i)
          run_one(callee, items[i], results);
      });
      if (thrown)
        results.failures.push_back({i, {std::move(*thrown)}});
    }
    items.clear();
    try {
      reply.send(make_outgoing(results));
    } catch (...) {
      if constexpr (std::is_void_v<R>)
        throw;
      else
        reply.send(make_outgoing(sendable(results, count)));
    }
  }

private:
  template <class F>
  static void run_one(F& callee, item& input, outcomes& results) {
    auto call = [&](auto&... forms) -> decltype(auto) {
      return call_task<F, Parameters...>(callee, forms...);
    };
    if constexpr (std::is_void_v<R>) {
      arguments::apply(call, input);
      ++results.values;
    } else {
      results.values.push_back(arguments::apply(call, input));
    }
  }

  // Values that cannot travel fail, the others are kept.
  static outcomes sendable(outcomes& results, std::size_t count) {
    outcomes left;
    std::uint64_t index = 0;
    for_each_outcome(
        results, count,
        [&](R&& value) {
          if (auto thrown = exception_of([&] { try_to_encode(value); }))
            left.failures.push_back({index, {std::move(*thrown)}});
          else
            left.values.push_back(std::move(value));
          ++index;
        },
        [&](failure_note&& note) {
          left.failures.push_back({index++, std::move(note)});
        });
    return left;
  }

  template <class Value>
  static void try_to_encode(const Value& value) {
    auto message = make_outgoing(value);
    std::vector<std::byte> bytes(message.size);
    std::vector<object_ref> refs(message.refs);
    message.write(message.value, bytes, refs);
  }

  callee_form<Callee> function;
  std::vector<item> items;
};

} // namespace ramet::detail
