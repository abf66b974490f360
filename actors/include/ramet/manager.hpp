// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A process that keeps objects for others.

#pragma once

#include <ramet/managed_dict.hpp>
#include <ramet/managed_list.hpp>
#include <ramet/managed_namespace.hpp>
#include <ramet/managed_object.hpp>
#include <ramet/managed_value.hpp>
#include <ramet/mutex.hpp>
#include <ramet/node.hpp>
#include <ramet/queue.hpp>

#include <caf/actor.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ramet {

/// The first argument of `manager`, in braces.
struct manager_options {
  /// Shown in messages. Empty: as for any process.
  std::string name = {};
  /// How many objects may be at work at a time. 0: as many as there are cores,
  /// at least 2.
  std::size_t workers = 0;
  /// Not set: default_start_method().
  std::optional<start_method> start = {};
  /// Of its process; no pipes.
  process_setup setup = {};
};

/// A child process whose objects everybody in the family can use.
///
/// @code
/// ramet::manager m;
/// auto d = m.dict<std::string, int>();
/// ramet::process p{[](ramet::managed_dict<std::string, int> d) {
///   d.update_or("a", 0, [](int& v) { ++v; });
/// }, d};
/// p.join();
/// std::cout << d.at("a") << '\n';
/// @endcode
///
/// The handles are values, which travel: in messages, start arguments, and in
/// one another. An object goes when its last handle does, in whatever process,
/// or with its manager.
///
/// The object owns the process, a daemon: its destructor stops it, within 2 s;
/// so does the end of this process. When it has ended, however that was, calls
/// that wait and later ones throw `error` with errc::closed. Members throw it
/// also on a moved-from manager. Thread-safe, but for moving.
class manager {
public:
  /// Starts the process and waits until it is up.
  /// @throws as the constructor of process; error closed if it ends at once
  explicit manager(manager_options options = {});

  /// These make an object there, and wait until it is.
  /// @throws error closed; task_failure if making it threw
  template <class K, class V>
  managed_dict<K, V> dict(const std::map<K, V>& initial = {}) {
    detail::require_serializable<std::map<K, V>>();
    return create<managed_dict<K, V>, std::map<K, V>>(initial);
  }
  template <class T>
  managed_list<T> list(const std::vector<T>& initial = {}) {
    detail::require_serializable<std::vector<T>>();
    using sequence = typename managed_list<T>::sequence_type;
    return create<managed_list<T>, sequence>(
        sequence(initial.begin(), initial.end()));
  }
  template <class T>
  managed_value<T> value(const T& initial = {}) {
    detail::require_serializable<T>();
    return create<managed_value<T>, T>(initial);
  }
  /// An empty one.
  managed_namespace make_namespace();
  /// An object of any class, from arguments of its constructor.
  template <class T, class... Args>
  managed_object<T> make(Args&&... args) {
    static_assert(
        std::constructible_from<T, detail::free_parameter<Args>...>,
        "ramet: the class has no constructor for these arguments, by value");
    if constexpr (std::constructible_from<T, detail::free_parameter<Args>...>)
      return create<managed_object<T>, T>(std::forward<Args>(args)...);
    else
      return {};
  }

  /// A queue or mutex is shared as it is: faster than any object here, and
  /// not bound to this process, which need not even run. Does not wait.
  /// @throws as its constructor
  template <class T>
  ramet::queue<T> queue(queue_options options = {}) {
    return ramet::queue<T>{options};
  }
  ramet::mutex mutex() { return {}; }

  /// How many objects there are. One whose last handle has gone counts until
  /// the process has heard of that. Waits for it to answer.
  std::size_t object_count() const;

  /// These are as for process, and never wait.
  int pid() const { return node_.pid(); }
  const std::string& name() const { return node_.name(); }
  bool running() const { return node_.running(); }

  /// Asks the process to end. Does not wait.
  void stop() { node_.stop(); }
  /// As for process.
  void join() { node_.join(); }
  template <class Rep, class Period>
  bool join_for(std::chrono::duration<Rep, Period> time) {
    return node_.join_for(time);
  }
  /// As for process; none of them waits.
  std::optional<exit_status> status() const { return node_.status(); }
  void kill() { node_.kill(); }
  native_handle_type sentinel() const { return node_.sentinel(); }

private:
  template <class Handle, class T, class... Args>
  Handle create(Args&&... args) {
    using params = detail::param_list<detail::free_parameter<Args>...>;
    if constexpr (detail::argument_rules<params, Args...>::require_forms()) {
      auto values =
          detail::pack_arguments(params{}, std::forward<Args>(args)...);
      using job = detail::object_make_job<T, detail::free_parameter<Args>...>;
      return detail::handle_access::adopt<Handle>(detail::handle_access::ref(
          create_by(detail::describe_call<job>(values))));
    } else {
      return {};
    }
  }
  detail::object_handle create_by(const detail::outgoing_call& call);

  node node_;
  caf::actor factory_;
};

} // namespace ramet
