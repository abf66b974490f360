// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A pool's task as its worker sees it, without the types.

#pragma once

#include <ramet/detail/async_link.hpp>
#include <ramet/detail/message.hpp>

#include <concepts>
#include <memory>
#include <type_traits>

namespace ramet::detail {

/// Where the outcome of a task goes.
class task_reply {
public:
  task_reply() = default;
  task_reply(const task_reply&) = delete;
  task_reply& operator=(const task_reply&) = delete;

  /// Once. When it throws, nothing was sent.
  /// @throws error not_serializable, resource_exhausted
  virtual void send(const outgoing& value) = 0;

protected:
  ~task_reply() = default;
};

/// A call, or several in a row, with their arguments.
struct pool_task {
  pool_task() = default;
  pool_task(const pool_task&) = delete;
  pool_task& operator=(const pool_task&) = delete;
  virtual ~pool_task() = default;
  /// What it throws is what comes of the task.
  virtual void run(task_reply& reply) = 0;
};

/// Makes the task out of the arguments' message. Which instantiation, the pool
/// says by its address.
using task_entry = std::unique_ptr<pool_task> (*)(const incoming&);

/// A non-owning reference to a callable `void(const outgoing&)`: where a
/// message with arguments ends up.
class outgoing_user {
public:
  template <class F>
  requires(!std::same_as<std::remove_cvref_t<F>, outgoing_user>)
      outgoing_user(F&& f)
      : object_(const_cast<void*>(static_cast<const void*>(&f))),
        call_([](void* object, const outgoing& message) {
          (*static_cast<std::remove_reference_t<F>*>(object))(message);
        }) {}

  void operator()(const outgoing& message) const { call_(object_, message); }

private:
  void* object_;
  void (*call_)(void*, const outgoing&);
};

} // namespace ramet::detail
