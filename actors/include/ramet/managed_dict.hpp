// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A dictionary that many processes share.

#pragma once

#include <ramet/detail/managed_places.hpp>
#include <ramet/managed_container.hpp>

#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace ramet {

class manager;

/// A std::map in a manager's process; made by manager::dict.
///
/// @code
/// auto d = m.dict<std::string, int>();
/// d.set("a", 1);
/// d.update("a", [](int& v, int by) { v += by; }, 5);   // in one step, there
/// for (auto& [k, v] : d.items())                       // a snapshot
///   std::cout << k << ' ' << v << '\n';
/// @endcode
///
/// Every member is one step for all others. What is read is a copy, and const
/// if it is of a class: `d.at("k").push_back(1)` would change nothing here, and
/// does not compile; update() it, or let the values be managed objects
/// themselves, which are seen by all wherever they are:
///
/// @code
/// auto d = m.dict<std::string, ramet::managed_list<int>>();
/// d.set("k", m.list<int>());
/// d.at("k").push_back(1);
/// @endcode
///
/// A handle, as managed_object is; errors are as there. Thread-safe.
template <class K, class V>
class managed_dict : public managed_container<std::map<K, V>> {
public:
  using key_type = K;
  using mapped_type = V;
  using map_type = std::map<K, V>;

  managed_dict() = default;

  // -- one element ------------------------------------------------------------
  // All but async_update wait for the manager's process; see managed_object.

  /// Whether it is there or not.
  void set(const K& key, const V& value) const {
    this->run_whole(
        [](map_type& map, K key, V value) {
          map.insert_or_assign(std::move(key), std::move(value));
        },
        key, value);
  }
  /// @throws error empty, naming the key, if it is not there
  detail::read_only<V> at(const K& key) const {
    return this->template run<at_key>(key, [](const V& x) { return x; });
  }
  /// Nothing if it is not there.
  std::optional<detail::read_only<V>> get(const K& key) const {
    return this->run_whole(
        [](const map_type& map, const K& key) {
          auto found = map.find(key);
          return found == map.end()
                     ? std::optional<detail::read_only<V>>{}
                     : std::optional<detail::read_only<V>>{found->second};
        },
        key);
  }
  /// The same, as std calls it.
  std::optional<detail::read_only<V>> find(const K& key) const {
    return get(key);
  }
  /// `otherwise` if it is not there.
  detail::read_only<V> get_or(const K& key, const V& otherwise) const {
    return this->run_whole(
        [](const map_type& map, const K& key, const V& otherwise) -> V {
          auto found = map.find(key);
          return found == map.end() ? otherwise : found->second;
        },
        key, otherwise);
  }
  /// At this moment: others may change it at once.
  bool contains(const K& key) const {
    return this->run_whole(
        [](const map_type& map, const K& key) { return map.contains(key); },
        key);
  }
  /// True if it was not there before.
  bool insert_or_assign(const K& key, const V& value) const {
    return this->run_whole(
        [](map_type& map, K key, V value) {
          return map.insert_or_assign(std::move(key), std::move(value)).second;
        },
        key, value);
  }
  /// Sets it if it is not there; true if so.
  bool try_emplace(const K& key, const V& value) const {
    return this->run_whole(
        [](map_type& map, K key, V value) {
          return map.try_emplace(std::move(key), std::move(value)).second;
        },
        key, value);
  }
  /// False if it was not there.
  bool erase(const K& key) const {
    return this->run_whole(
        [](map_type& map, const K& key) { return map.erase(key) != 0; }, key);
  }
  /// Takes it out. Nothing if it is not there.
  std::optional<V> pop(const K& key) const {
    return this->run_whole(
        [](map_type& map, const K& key) {
          auto node = map.extract(key);
          return node ? std::optional<V>{std::move(node.mapped())}
                      : std::optional<V>{};
        },
        key);
  }

  /// Calls `fn(V&, args...)` there, in one step for all others, and returns its
  /// result. @throws error empty, naming the key, if it is not there;
  ///   task_failure
  template <class F, class... Args>
  auto update(const K& key, F&& fn, Args&&... args) const {
    return this->template run<at_key>(key, std::forward<F>(fn),
                                      std::forward<Args>(args)...);
  }
  /// Does not wait: returns the future of the result.
  template <class F, class... Args>
  auto async_update(const K& key, F&& fn, Args&&... args) const {
    return this->template start<at_key>(key, std::forward<F>(fn),
                                        std::forward<Args>(args)...);
  }
  /// The same, but a missing key is set to `initial` first.
  template <class F, class... Args>
  auto update_or(const K& key, const V& initial, F&& fn, Args&&... args) const {
    return this->template run<at_key_or>({key, initial}, std::forward<F>(fn),
                                         std::forward<Args>(args)...);
  }

  // -- all of them ------------------------------------------------------------

  // size, empty, clear, apply and async_apply are those of managed_container.

  /// Sets all of these.
  void set_all(const map_type& values) const {
    this->run_whole(
        [](map_type& map, map_type values) {
          for (auto& [key, value] : values)
            map.insert_or_assign(key, std::move(value));
        },
        values);
  }

  /// Snapshots, in the order of the keys: of one instant, whatever others do
  /// meanwhile. So are values() and items().
  std::vector<K> keys() const {
    return this->run_whole([](const map_type& map) {
      std::vector<K> result;
      result.reserve(map.size());
      for (auto& [key, value] : map)
        result.push_back(key);
      return result;
    });
  }
  const std::vector<V> values() const {
    return this->run_whole([](const map_type& map) {
      std::vector<V> result;
      result.reserve(map.size());
      for (auto& [key, value] : map)
        result.push_back(value);
      return result;
    });
  }
  const std::vector<std::pair<K, V>> items() const {
    return this->run_whole([](const map_type& map) {
      return std::vector<std::pair<K, V>>{map.begin(), map.end()};
    });
  }

private:
  using at_key = detail::at_key<map_type>;
  using at_key_or = detail::at_key_or<map_type>;

  friend manager;
  friend struct detail::handle_access;
  using managed_container<map_type>::managed_container;
};

} // namespace ramet
