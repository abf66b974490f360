// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What a process may use up, and what it finds around it when it starts.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ramet {

inline namespace literals {

/// Sizes in bytes: `using namespace ramet::literals;`, then `512_MiB`.
consteval std::size_t operator""_KiB(unsigned long long count) {
  return static_cast<std::size_t>(count) << 10;
}
consteval std::size_t operator""_MiB(unsigned long long count) {
  return static_cast<std::size_t>(count) << 20;
}
consteval std::size_t operator""_GiB(unsigned long long count) {
  return static_cast<std::size_t>(count) << 30;
}

} // namespace literals

/// What a process may use up. It cannot raise its limits itself, and what it
/// starts has the same. What is not set is as in this process.
struct process_limits {
  /// Bytes of memory that it can address: all that is mapped, shared memory and
  /// reserved stacks included, so more than it uses (a small program needs some
  /// 30 MiB to start in). Beyond it, `new` throws std::bad_alloc, and the
  /// message of the exception says that there was this limit. Makes no sense
  /// in a program that is built with a sanitizer: those address terabytes.
  std::optional<std::size_t> address_space = {};
  /// Processor time of all its threads together, at least 1 s. Then SIGXCPU
  /// ends it; or SIGKILL a second later, if it handles that.
  std::optional<std::chrono::seconds> cpu_time = {};
  /// Descriptors, those of the library included (a dozen, and more for
  /// children). Beyond it, functions throw resource_exhausted.
  std::optional<std::size_t> open_files = {};
  /// Bytes of a core file; 0: none is written.
  std::optional<std::size_t> core_size = {};
};

/// How a process's environment differs from this one's.
struct environment_changes {
  /// Variables with their values, new ones or in place of this process's.
  std::map<std::string, std::string> set = {};
  /// Names of those that it shall not have.
  std::vector<std::string> unset = {};
  /// False: it has nothing but what stands in `set` (and two variables of
  /// ramet, until its runtime begins).
  bool inherit = true;
};

/// Where one of a process's standard streams comes from or goes to.
///
/// @code
/// ramet::process p{{.setup = {.standard_input = ramet::redirection::null(),
///                             .standard_output = ramet::redirection::pipe(),
///                             .standard_error =
///                                 ramet::redirection::append("work.log")}},
///                  work};
/// std::string all = p.standard_output().read_all();
/// @endcode
class redirection {
public:
  enum class target : std::uint8_t {
    inherited, ///< as this process's
    null,
    file,
    file_end, ///< what is written is appended
    pipe,
    output, ///< wherever standard output goes
  };

  /// As this process's.
  redirection() = default;
  /// The same.
  static redirection inherited() { return {}; }
  /// Reads nothing; what is written is gone.
  static redirection null() { return redirection{target::null}; }
  /// Of standard input: reads the file. Else writes it: made if it is not
  /// there, emptied if it is. Opened by this process, when the other is
  /// started, so a relative path is one from here.
  static redirection file(std::filesystem::path path) {
    return {target::file, std::move(path)};
  }
  /// Not of standard input. What is written is appended to the file.
  static redirection append(std::filesystem::path path) {
    return {target::file_end, std::move(path)};
  }
  /// Only with `process`: its other end is process::standard_input(),
  /// standard_output() or standard_error().
  static redirection pipe() { return redirection{target::pipe}; }
  /// Only of standard error: together with standard output.
  static redirection output() { return redirection{target::output}; }

  target to() const { return to_; }
  const std::filesystem::path& path() const { return path_; }

  friend bool operator==(const redirection&, const redirection&) = default;

private:
  // NOLINTNEXTLINE(google-explicit-constructor): for the functions above
  redirection(target to, std::filesystem::path path = {})
      : to_(to), path_(std::move(path)) {}

  target to_ = target::inherited;
  std::filesystem::path path_;
};

/// What a process may use up and what it finds around it, a member of the
/// options of processes, pools and nodes. All members have defaults: as in this
/// process.
///
/// @code
/// using namespace ramet::literals;
///
/// ramet::process p{{.setup = {.limits = {.address_space = 512_MiB,
///                                        .cpu_time = 10s},
///                             .nice = 10,
///                             .working_directory = "/tmp",
///                             .environment = {.set = {{"LANG", "C"}}}}},
///                  work};
/// @endcode
///
/// All is in force when the program starts, before its `main`. What cannot be
/// done (a directory that is not there, a processor that does not exist, a file
/// that cannot be opened) is an `error` of whoever starts the process, and no
/// process is left. Not for start_method::thread, which would change the
/// program itself.
struct process_setup {
  process_limits limits = {};
  /// From -20, the most processor time, to 19, the least. A lower one than this
  /// process's needs a privilege.
  std::optional<int> nice = {};
  /// Numbers of the processors that it may run on. Empty: as this process.
  std::vector<unsigned> affinity = {};
  std::filesystem::path working_directory = {};
  environment_changes environment = {};
  redirection standard_input = {};
  redirection standard_output = {};
  redirection standard_error = {};
};

} // namespace ramet
