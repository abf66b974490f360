// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What dictionaries and lists that many processes share have in common.

#pragma once

#include <ramet/detail/object_proxy.hpp>

#include <cstddef>
#include <utility>

namespace ramet {

/// The verbs of managed_dict and managed_list that concern the whole of the
/// std container behind them. Waiting and errors as for managed_object: all but
/// async_apply wait for the answer. Thread-safe.
template <class Container>
class managed_container : public detail::object_proxy<Container> {
public:
  /// Of this moment: others may change it at once.
  std::size_t size() const {
    return this->run_whole([](const Container& all) { return all.size(); });
  }
  bool empty() const { return size() == 0; }
  /// Takes all out.
  void clear() const {
    this->run_whole([](Container& all) { all.clear(); });
  }

  /// Calls `fn(Container&, args...)` there, in one step for all others, and
  /// returns its result. @throws task_failure
  template <class F, class... Args>
  auto apply(F&& fn, Args&&... args) const {
    return this->run_whole(std::forward<F>(fn), std::forward<Args>(args)...);
  }
  /// Does not wait: returns the future of the result.
  template <class F, class... Args>
  auto async_apply(F&& fn, Args&&... args) const {
    return this->start_whole(std::forward<F>(fn), std::forward<Args>(args)...);
  }

protected:
  managed_container() = default;
  using detail::object_proxy<Container>::object_proxy;
};

} // namespace ramet
