// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A child that has its place in the family and no process yet: what all start
/// methods that make processes have in common.

#pragma once

#include "child.hpp"
#include "child_setup.hpp"
#include "starter.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace ramet::detail {

/// Gives the place back unless a child begins in it. For one thread.
class newcomer {
public:
  /// Admits it to the family and puts its start message into its mailbox.
  /// @param program what it runs, for messages
  /// @throws error resource_exhausted; protocol, os_failure: its setup cannot
  /// be
  newcomer(const start_request& request, std::string program);
  ~newcomer();
  newcomer(const newcomer&) = delete;
  newcomer& operator=(const newcomer&) = delete;

  const std::string& name() const { return about_.name; }
  const std::string& program() const { return about_.program; }
  /// What is to be applied in the process.
  const child_setup& setup() const { return *setup_; }
  const family::admission& place() const { return place_; }

  /// When its process has come or will come into being. Call it first.
  void set_start_time(std::uint64_t time);
  /// Before the process does anything that others see, if that can be.
  void set_pid(int pid);

  /// In a fork: this process is the newcomer. Its place is handed out, and
  /// stays when this object goes.
  family::admission take_place();

  /// In a fork that is set up: closes what was opened for that.
  void drop_descriptors() noexcept { setup_->close_descriptors(); }

  /// Lists the child and has it watched.
  /// @throws error resource_exhausted; then the process is killed
  std::shared_ptr<child> begin(unique_fd pidfd);

private:
  process_entry& entry() const;

  family::admission place_;
  child::description about_;
  std::optional<child_setup> setup_;
  bool begun_ = false;
};

} // namespace ramet::detail
