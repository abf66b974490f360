// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Who a thread is to the program: this process, or a child that is a thread.

#pragma once

#include "os_posix.hpp"

#include <ramet/start_method.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace ramet::detail {

/// The process that started this one, or the thread that did.
struct parent_state {
  std::string name;
  int pid = 0;
  unique_fd pidfd; ///< readable when it has ended; open for as long as this is
};

/// What a function sees of itself as a process: its name, its parent, and whose
/// children those are that it starts. The process has one, `self`; a child that
/// is a thread has one of its own.
///
/// All but the atomics is written before the function runs, and only read
/// afterwards.
class face : public std::enable_shared_from_this<face> {
public:
  /// The calling thread's. Threads that the program makes itself have the
  /// process's, wherever they were made.
  static face& here();

  /// Of a child that is a thread. `starter`: who starts it, kept.
  static std::shared_ptr<face> of_thread(face& starter);

  virtual ~face() = default;
  face(const face&) = delete;
  face& operator=(const face&) = delete;

  std::string name = "MainProcess";
  std::string identity; ///< "": the root; "1:2": second child of the first
  bool daemon = false;
  std::shared_ptr<parent_state> parent; ///< null: the root
  /// See default_start_method().
  std::atomic<start_method> default_start{start_method::spawn};

  bool is_thread() const { return starter_ != nullptr; }
  /// Null for the process.
  face* starter() const { return starter_.get(); }

  /// "1:2:3" for the third child of process "1:2".
  std::string next_child_identity();

  /// False before there is a runtime, and from when the process ends; but for a
  /// child that is a thread, which the process waits for.
  bool live() const noexcept;

  /// Keeps it, for what outlives the function.
  std::shared_ptr<face> keep();

  /// What a child that is a thread sees of it. Made once.
  /// @throws error resource_exhausted
  std::shared_ptr<parent_state> as_parent();
  /// In the child of a fork: it has started nobody yet.
  void begin_anew_after_fork() noexcept;
  /// The child that is a thread has ended: tells those who look at the above.
  void set_over() noexcept;

protected:
  face() = default;

private:
  explicit face(std::shared_ptr<face> starter) : starter_(std::move(starter)) {}

  friend class as_face;
  static constinit thread_local face* current_; // null: the process's

  std::shared_ptr<face> starter_;
  std::atomic<unsigned> children_made_{0};

  std::mutex guard_; // of all below
  std::shared_ptr<parent_state> as_parent_;
  bool over_ = false;
};

/// While it lives, the calling thread has this face.
class as_face {
public:
  explicit as_face(face& worn)
      : before_(std::exchange(face::current_, &worn)) {}
  ~as_face() { face::current_ = before_; }
  as_face(const as_face&) = delete;
  as_face& operator=(const as_face&) = delete;

  /// From now on the calling thread is the process, as it ends that.
  static void drop() { face::current_ = nullptr; }

private:
  face* before_;
};

} // namespace ramet::detail
