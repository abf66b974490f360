// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A list that many processes share.

#pragma once

#include <ramet/detail/managed_places.hpp>
#include <ramet/managed_container.hpp>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace ramet {

class manager;

/// A std::vector in a manager's process; made by manager::list.
///
/// @code
/// auto l = m.list<int>({3, 4});
/// l.push_back(5);
/// l.update(0, [](int& v) { v = -v; });             // in one step, there
/// for (int v : l.snapshot())
///   std::cout << v << '\n';
/// l.apply([](std::vector<int>& v) { std::sort(v.begin(), v.end()); });
/// @endcode
///
/// Every member is one step for all others. What is read is a copy, and const
/// if it is of a class; see managed_dict, also for lists of managed objects.
///
/// A handle, as managed_object is; errors are as there. An index that is not
/// there gives `error` with errc::empty. Thread-safe.
template <class T>
class managed_list
    // std's own vector<bool> has no elements that one could refer to.
    : public managed_container<std::conditional_t<
          std::is_same_v<T, bool>, std::deque<T>, std::vector<T>>> {
public:
  using value_type = T;
  using sequence_type = std::conditional_t<std::is_same_v<T, bool>,
                                           std::deque<T>, std::vector<T>>;

  managed_list() = default;

  // -- one element ------------------------------------------------------------
  // All but async_update wait for the manager's process; see managed_object.

  /// Appends it.
  void push_back(const T& value) const {
    this->run_whole(
        [](sequence_type& all, T value) { all.push_back(std::move(value)); },
        value);
  }
  /// @throws error empty
  detail::read_only<T> at(std::size_t index) const {
    return this->template run<at_index>(index, [](const T& x) { return x; });
  }
  /// Nothing if the list is not that long.
  std::optional<detail::read_only<T>> get(std::size_t index) const {
    return this->run_whole(
        [](const sequence_type& all, std::size_t index) {
          return index < all.size()
                     ? std::optional<detail::read_only<T>>{all[index]}
                     : std::optional<detail::read_only<T>>{};
        },
        index);
  }
  /// @throws error empty
  void set(std::size_t index, const T& value) const {
    this->template run<at_index>(
        index, [](T& x, T value) { x = std::move(value); }, value);
  }
  /// Puts it before the element at `index`, or last if that is size().
  /// @throws error empty if the list is shorter
  void insert(std::size_t index, const T& value) const {
    this->run_whole(
        [](sequence_type& all, std::size_t index, T value) {
          if (index > all.size())
            detail::refuse_index(index, all.size());
          all.insert(all.begin() + static_cast<std::ptrdiff_t>(index),
                     std::move(value));
        },
        index, value);
  }
  /// @throws error empty
  void erase(std::size_t index) const { pop(index); }
  /// Takes it out. @throws error empty
  T pop(std::size_t index) const {
    return this->run_whole(
        [](sequence_type& all, std::size_t index) {
          T& found = detail::at_index<sequence_type>::find(all, index);
          T result = std::move(found);
          all.erase(all.begin() + static_cast<std::ptrdiff_t>(index));
          return result;
        },
        index);
  }
  /// Takes the last one out. Nothing if there is none.
  std::optional<T> pop_back() const {
    return this->run_whole([](sequence_type& all) {
      std::optional<T> result;
      if (!all.empty()) {
        result = std::move(all.back());
        all.pop_back();
      }
      return result;
    });
  }

  /// Calls `fn(T&, args...)` there, in one step for all others, and returns its
  /// result. @throws error empty; task_failure
  template <class F, class... Args>
  auto update(std::size_t index, F&& fn, Args&&... args) const {
    return this->template run<at_index>(index, std::forward<F>(fn),
                                        std::forward<Args>(args)...);
  }
  /// Does not wait: returns the future of the result.
  template <class F, class... Args>
  auto async_update(std::size_t index, F&& fn, Args&&... args) const {
    return this->template start<at_index>(index, std::forward<F>(fn),
                                          std::forward<Args>(args)...);
  }

  // -- all of them ------------------------------------------------------------

  // size, empty, clear, apply and async_apply are those of managed_container;
  // what apply gets is a std::vector, or, of bool, a std::deque.

  /// Appends all of these.
  void extend(const std::vector<T>& values) const {
    this->run_whole(
        [](sequence_type& all, const std::vector<T>& values) {
          all.insert(all.end(), values.begin(), values.end());
        },
        values);
  }
  /// Those from `first` to before `last`, as far as there are such.
  const std::vector<T> slice(std::size_t first, std::size_t last) const {
    return this->run_whole(
        [](const sequence_type& all, std::size_t first, std::size_t last) {
          last = std::min(last, all.size());
          first = std::min(first, last);
          auto at = [&](std::size_t index) {
            return all.begin() + static_cast<std::ptrdiff_t>(index);
          };
          return std::vector<T>(at(first), at(last));
        },
        first, last);
  }
  /// All, as they were at one instant.
  const std::vector<T> snapshot() const {
    return this->run_whole([](const sequence_type& all) {
      return std::vector<T>(all.begin(), all.end());
    });
  }

private:
  using at_index = detail::at_index<sequence_type>;

  friend manager;
  friend struct detail::handle_access;
  using managed_container<sequence_type>::managed_container;
};

} // namespace ramet
