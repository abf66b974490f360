// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What a process_setup asks for, in two steps: prepared in the parent, which
/// opens and checks all that it can; applied in the child, where nothing may be
/// allocated any more.

#pragma once

#include "os_posix.hpp"

#include <ramet/byte_stream.hpp>
#include <ramet/process_setup.hpp>
#include <ramet/start_method.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace ramet::detail {

/// What is done in the child, in this order.
enum class setup_step : std::uint32_t {
  none,
  standard_input,
  standard_output,
  standard_error,
  working_directory,
  affinity,
  nice,
  core_size,
  cpu_time,
  open_files,
  address_space,
};

/// Orders to a child: bytes that mean the same in any process, beside an array
/// of descriptors, which they name by place.
struct setup_orders {
  static constexpr std::int32_t unchanged = -1;
  static constexpr std::int32_t as_output = -2;

  struct limit {
    setup_step step = setup_step::none;
    std::int32_t resource = 0;
    std::uint64_t soft = 0;
    std::uint64_t hard = 0;
  };

  std::int32_t streams[3] = {unchanged, unchanged, unchanged};
  std::int32_t directory = unchanged;
  std::uint32_t has_affinity = 0;
  std::uint32_t has_nice = 0;
  std::int32_t nice = 0;
  std::uint32_t limit_count = 0;
  limit limits[4] = {};
  std::uint64_t affinity[16] = {}; ///< a bit for each processor
};
static_assert(std::is_trivially_copyable_v<setup_orders>);

/// What a child says when it has applied them: done, or what failed, and why.
struct setup_answer {
  setup_step failed = setup_step::none;
  std::int32_t error_number = 0;
};

/// In the child, before it runs anything of the program: by a launcher between
/// clone and exec, or in a fresh fork. Async-signal-safe. The descriptors stay
/// open as they are.
/// @return 0, or errno of the step that is then in `failed`
int apply_setup(const setup_orders& orders, std::span<const int> descriptors,
                setup_step& failed) noexcept;

/// The environment is for those that start no new program: changes the calling
/// process's. Not while other threads run.
void apply_environment(const environment_changes& changes);

/// The near ends of pipes as the child's record knows them, which does not own
/// them.
struct pipe_watch {
  std::weak_ptr<byte_end> ends[3];

  /// Closes those that no thread is at. At the end of the runtime: what nobody
  /// will read must not hold up a child that is waited for.
  void close_if_idle() const noexcept;
};

/// In the parent.
class child_setup {
public:
  /// Checks `wanted`, which must outlive this, opens the files and makes the
  /// pipes. @param process its name, for messages
  /// @throws error protocol (what makes no sense), os_failure,
  ///   resource_exhausted
  child_setup(const process_setup& wanted, const std::string& process);

  const setup_orders& orders() const { return orders_; }
  std::vector<int> descriptors() const;
  const environment_changes& environment() const { return wanted_.environment; }

  /// True: the child is as this process in all that it asks for.
  bool changes_nothing() const;

  /// They are in use.
  void close_descriptors() noexcept { descriptors_.clear(); }

  pipe_watch watched_pipes() const;
  /// Null when there are none. Called once.
  std::unique_ptr<standard_pipes> take_pipes();

  /// What the parent throws when a step failed in the child; setup_step::none:
  /// when `program` could not be executed after all of them.
  error failure(setup_step step, int error_number,
                const std::string& program) const;

private:
  void prepare_stream(int number, const redirection& wanted);
  void prepare_directory();
  void prepare_affinity();
  void prepare_limits();
  std::int32_t keep(unique_fd descriptor);
  std::string subject() const;

  const process_setup& wanted_;
  std::string process_;
  setup_orders orders_;
  std::vector<unique_fd> descriptors_;
  std::shared_ptr<byte_end> pipes_[3];
};

/// "the address space of process 'worker-1' is limited to 256 MiB, its open
/// files to 20"; empty if neither is set.
std::string limits_in_words(const process_limits& limits,
                            const std::string& process);

/// For a start method that cannot do any of it. @throws error protocol if
/// something is asked for
void require_no_setup(const process_setup& wanted, start_method method,
                      const std::string& process);

} // namespace ramet::detail
