// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A child that has its place in the family and no process yet: what all start
/// methods that make processes have in common.

#pragma once

#include "child.hpp"
#include "starter.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace ramet::detail {

/// Gives the place back unless a child begins in it. For one thread.
class newcomer {
public:
  /// Admits it to the family and puts its start message into its mailbox.
  /// @param program what it runs, for messages
  /// @throws error resource_exhausted
  newcomer(const start_request& request, std::string program);
  ~newcomer();
  newcomer(const newcomer&) = delete;
  newcomer& operator=(const newcomer&) = delete;

  const std::string& name() const { return about_.name; }
  const std::string& program() const { return about_.program; }
  const family::admission& place() const { return place_; }

  /// When its process has come or will come into being. Call it first.
  void set_start_time(std::uint64_t time);
  /// Before the process does anything that others see, if that can be.
  void set_pid(int pid);

  /// In a fork: this process is the newcomer. Its place is handed out, and
  /// stays when this object goes.
  family::admission take_place();

  /// Lists the child and has it watched.
  /// @throws error resource_exhausted; then the process is killed
  std::shared_ptr<child> begin(unique_fd pidfd);

private:
  process_entry& entry() const;

  family::admission place_;
  child::description about_;
  bool begun_ = false;
};

} // namespace ramet::detail
