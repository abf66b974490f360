// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What modules above have to do before a process has children.

#pragma once

#include <functional>

namespace ramet::detail {

/// Has `call` called once, when this process is about to start its first child;
/// what it throws fails that start. For static initializers of modules above.
void before_first_child(std::function<void()> call);

/// A child is about to be started. Thread-safe.
void prepare_first_child();

/// For the child of a fork(): it has started none.
void forget_first_child_after_fork() noexcept;

} // namespace ramet::detail
