// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Calls of managed objects, with futures of their results.

#pragma once

#include <ramet/detail/object_call.hpp>
#include <ramet/detail/object_handle.hpp>
#include <ramet/detail/question.hpp>
#include <ramet/future.hpp>

#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace ramet::detail {

/// The result in an answer. @throws task_failure, error
std::shared_ptr<object_result> result_in(caf::message& answer);
[[noreturn]] void throw_unexpected_result(std::string_view expected);

/// The state of the future of a call.
template <class R>
class object_call_state final : public question_state<R> {
public:
  void answer(caf::message&& values) noexcept override {
    try {
      auto result = result_in(values);
      auto* typed = dynamic_cast<result_of<R>*>(result.get());
      if (!typed)
        throw_unexpected_result(name_of<R>());
      if constexpr (std::is_void_v<R>)
        this->complete();
      else
        this->complete(std::move(typed->value));
    } catch (...) {
      this->fail(std::current_exception());
    }
  }
};

/// What reading gives: a class is const, so that a change of it, which would
/// change a copy, does not compile.
template <class V>
using read_only = std::conditional_t<std::is_class_v<V>, const V, V>;

/// A handle of an object of type T.
template <class T>
class object_proxy : public object_handle {
protected:
  using object_handle::object_handle;
  object_proxy() = default;

  template <class Where, class F, class... Args>
  auto start(const typename Where::key& key, F&& f, Args&&... args) const {
    using plan = object_plan<element_of<T, Where>, std::decay_t<F>, Args...>;
    using result = typename plan::result;
    if constexpr (plan::check()) {
      auto state = std::make_shared<object_call_state<result>>();
      send_object_call<T, Where>(
          [&](const outgoing_call& call) { this->send(call, state); }, key,
          std::forward<F>(f), std::forward<Args>(args)...);
      return make_future(std::shared_ptr<future_state<result>>{state});
    } else {
      return future<result>{}; // plan::check() has said what is wrong
    }
  }

  template <class Where, class F, class... Args>
  auto run(const typename Where::key& key, F&& f, Args&&... args) const {
    this->expect_to_wait();
    return start<Where>(key, std::forward<F>(f), std::forward<Args>(args)...)
        .get();
  }

  template <class F, class... Args>
  auto start_whole(F&& f, Args&&... args) const {
    return start<whole_object>({}, std::forward<F>(f),
                               std::forward<Args>(args)...);
  }

  template <class F, class... Args>
  auto run_whole(F&& f, Args&&... args) const {
    return run<whole_object>({}, std::forward<F>(f),
                             std::forward<Args>(args)...);
  }
};

} // namespace ramet::detail
