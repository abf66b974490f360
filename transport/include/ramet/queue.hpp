// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A queue between processes.

#pragma once

#include <ramet/codec.hpp>
#include <ramet/detail/mailbox.hpp>
#include <ramet/detail/waitable.hpp>
#include <ramet/error.hpp>

#include <chrono>
#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>

namespace ramet {

struct queue_options {
  /// How many items it holds before putting waits; 0: no limit but memory.
  std::size_t maxsize = 0;
};

namespace detail {

/// What all queues do alike, whatever their items are.
class queue_base {
public:
  static constexpr bool is_ramet_handle = true;

  /// Items in it now. Others may change that at once.
  std::size_t size() const { return box_.size(); }
  bool empty() const { return size() == 0; }
  /// True when putting would wait.
  bool full() const { return box_.maxsize() != 0 && size() >= box_.maxsize(); }

  /// Ends it for all processes: who gets, drains it and is then told
  /// `closed`; who puts, is told so at once. Does not wait.
  void close() { box_.close(); }
  bool closed() const { return box_.closed(); }

  /// Says that an item got from it is dealt with.
  /// @throws error protocol when said more often than items were put
  void task_done() { box_.task_done(); }
  /// Waits until every item put so far is dealt with. An item that a process
  /// got before it was killed stays undone.
  void join() { box_.join(deadline::never()); }
  bool try_join() { return box_.join(deadline::now()); }
  template <class Rep, class Period>
  bool join_for(std::chrono::duration<Rep, Period> time) {
    return box_.join(deadline::in(time));
  }

  /// Figures since it was made, for all processes.
  mailbox_stats stats() const { return box_.stats(); }

  /// For poll, epoll and event loops: readable while there is an item or it is
  /// closed. Made at the first call; lives as long as this process has a handle
  /// of the queue. Get until try_get() gives nothing before polling again.
  /// @throws error resource_exhausted
  native_handle_type native_handle() const {
    return mailbox(box_).native_handle();
  }

protected:
  explicit queue_base(queue_options options)
      : box_(mailbox::create(options.maxsize)) {}
  explicit queue_base(object_ref ref) : box_(mailbox::open(ref)) {}

  friend struct handle_access;
  object_ref ref() const { return box_.ref(); }
  detail::waitable waitable() const;

  /// False when the time ran out. @throws error closed
  bool put(const char* verb, const outgoing& message, deadline until);
  /// False when the time ran out. @throws error closed, type_mismatch
  bool take(const char* verb, const type_info& expected, deadline until,
            receiver receive);

private:
  mailbox box_;
};

} // namespace detail

/// Hands items of one type from any number of producers to any number of
/// consumers, in order: items of one producer keep theirs.
///
/// @code
/// ramet::queue<std::pair<int, int>> post;            // {{.maxsize = 100}}
/// ramet::process p{counter{0, post}};                // copies share the queue
/// post.put({1, 2});
/// auto item = post.try_get();                        // std::optional
/// for (auto& x : post) {}                            // until closed, drained
/// @endcode
///
/// A handle: copies, also those in other processes, share one queue, which
/// lives as long as one of them (or an unread message with one) does. Costs no
/// descriptor. Putting never waits for consumers unless it is bounded: a
/// process may put a million items and exit; they stay.
///
/// A process killed while putting loses the item it was putting, one killed
/// after getting loses what it got; nothing else is lost, doubled or torn, and
/// nobody waits for the dead.
///
/// Thread-safe.
template <class T>
class queue : public detail::queue_base {
public:
  using value_type = T;

  /// @throws error resource_exhausted, os_failure
  queue() : queue(queue_options{}) {}
  explicit queue(queue_options options) : detail::queue_base(options) {
    detail::require_serializable<T>();
  }

  /// Puts an item; waits while the queue is full.
  /// @throws error closed, resource_exhausted; it was not put then
  void put(const T& item) { put_item("put", item, detail::deadline::never()); }
  /// False instead of waiting.
  bool try_put(const T& item) {
    return put_item("try_put", item, detail::deadline::now());
  }
  /// False when there was no room for so long.
  template <class Rep, class Period>
  bool put_for(std::chrono::duration<Rep, Period> time, const T& item) {
    return put_item("put_for", item, detail::deadline::in(time));
  }
  template <class Rep, class Period>
  bool put_for(const T& item, std::chrono::duration<Rep, Period> time) {
    return put_for(time, item);
  }

  /// Waits for an item and takes it.
  /// @throws error closed when it is closed and drained; protocol when the
  ///   item is damaged (it is dropped)
  T get() { return *take_item("get", detail::deadline::never()); }
  /// Nothing instead of waiting. @throws as get
  std::optional<T> try_get() {
    return take_item("try_get", detail::deadline::now());
  }
  /// Nothing when no item came for so long. @throws as get
  template <class Rep, class Period>
  std::optional<T> get_for(std::chrono::duration<Rep, Period> time) {
    return take_item("get_for", detail::deadline::in(time));
  }

  /// Gets item after item until the queue is closed and drained.
  class iterator {
  public:
    using value_type = T;
    using difference_type = std::ptrdiff_t;

    iterator() = default;
    explicit iterator(queue* from) : from_(from) { advance(); }
    T& operator*() const { return *item_; }
    T* operator->() const { return &*item_; }
    iterator& operator++() {
      advance();
      return *this;
    }
    void operator++(int) { advance(); }
    friend bool operator==(const iterator& it, std::default_sentinel_t) {
      return !it.item_;
    }

  private:
    void advance() {
      item_.reset();
      try {
        item_.emplace(from_->get());
      } catch (const error& e) {
        if (e.code() != errc::closed)
          throw;
      }
    }

    queue* from_ = nullptr;
    mutable std::optional<T> item_;
  };
  iterator begin() { return iterator{this}; }
  std::default_sentinel_t end() { return {}; }

private:
  friend struct detail::handle_access;
  explicit queue(detail::object_ref ref) : detail::queue_base(ref) {}

  bool put_item(const char* verb, const T& item, detail::deadline until) {
    return queue_base::put(verb, detail::make_outgoing(item), until);
  }

  std::optional<T> take_item(const char* verb, detail::deadline until) {
    std::optional<T> result;
    queue_base::take(verb, detail::type_id_of<T>(), until,
                     [&](const detail::incoming& message) {
                       result.emplace(detail::decode_message<T>(message));
                       return detail::verdict::consume;
                     });
    return result;
  }
};

} // namespace ramet
