// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "child_setup.hpp"

#include "byte_end_posix.hpp"

#include <ramet/detail/launch.hpp>
#include <ramet/error.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string_view>

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

namespace ramet::detail {

namespace {

constexpr std::array<const char*, 3> stream_names{
    "standard input", "standard output", "standard error"};
constexpr std::array<const char*, 3> stream_members{
    "standard_input", "standard_output", "standard_error"};
constexpr mode_t new_file = 0666; // as far as the umask allows

using processor_bits = decltype(setup_orders::affinity);
constexpr std::size_t most_processors = sizeof(processor_bits) * 8;
static_assert(sizeof(processor_bits) == sizeof(cpu_set_t));
static_assert(std::endian::native == std::endian::little
              || sizeof(unsigned long) == sizeof(std::uint64_t));

constexpr int lowest_nice = -20;
constexpr int highest_nice = 19;

[[noreturn]] void refuse(const std::string& subject, std::string_view why) {
  throw error(errc::protocol, fmt::format("{}: {}", subject, why));
}

std::string online_processors() {
  std::ifstream file{"/sys/devices/system/cpu/online"};
  std::string text;
  std::getline(file, text);
  return text.empty() ? "not known" : text;
}

bool has_nul(const std::string& text) {
  return text.find('\0') != text.npos;
}

void check_environment(const environment_changes& changes,
                       const std::string& subject) {
  auto check_name = [&](const std::string& name) {
    if (name.empty() || name.find('=') != name.npos || has_nul(name))
      refuse(subject, fmt::format("'{}' cannot be the name of a variable in "
                                  "its environment: choose one without '='",
                                  name));
    if (name == "RAMET_FAMILY" || name == "RAMET_PARENT")
      refuse(subject, fmt::format("the variable {} in its environment is "
                                  "ramet's own: leave it out",
                                  name));
  };
  for (auto& [name, value] : changes.set) {
    check_name(name);
    if (has_nul(value))
      refuse(subject, fmt::format("the value of the variable {} in its "
                                  "environment contains a NUL character",
                                  name));
  }
  for (auto& name : changes.unset) {
    check_name(name);
    if (changes.set.contains(name))
      refuse(subject, fmt::format("the variable {} in its environment is both "
                                  "set and unset",
                                  name));
  }
}

int apply_streams(const setup_orders& orders, std::span<const int> descriptors,
                  setup_step& failed) {
  for (int i = 0; i < 3; ++i) {
    auto order = orders.streams[i];
    if (order < 0 && order != setup_orders::as_output)
      continue;
    int source = order == setup_orders::as_output
                     ? STDOUT_FILENO
                     : descriptors[static_cast<std::size_t>(order)];
    if (retried([&] { return ::dup2(source, i); }) < 0) {
      failed = static_cast<setup_step>(
          static_cast<std::uint32_t>(setup_step::standard_input)
          + static_cast<std::uint32_t>(i));
      return errno;
    }
  }
  return 0;
}

int apply_affinity(const processor_bits& wanted) {
  cpu_set_t set;
  std::memcpy(&set, wanted, sizeof set);
  if (::sched_setaffinity(0, sizeof set, &set) != 0)
    return errno;
  // The system leaves out those that are not there, as long as one is.
  cpu_set_t got;
  CPU_ZERO(&got);
  if (::sched_getaffinity(0, sizeof got, &got) != 0)
    return errno;
  return CPU_EQUAL(&set, &got) ? 0 : EINVAL;
}

int apply_limit(const setup_orders::limit& one) {
  rlimit value{one.soft, one.hard};
  return ::setrlimit(static_cast<__rlimit_resource>(one.resource), &value) == 0
             ? 0
             : errno;
}

} // namespace

int apply_setup(const setup_orders& orders, std::span<const int> descriptors,
                setup_step& failed) noexcept {
  if (int problem = apply_streams(orders, descriptors, failed))
    return problem;
  failed = setup_step::working_directory;
  if (orders.directory >= 0
      && ::fchdir(descriptors[static_cast<std::size_t>(orders.directory)]) != 0)
    return errno;
  failed = setup_step::affinity;
  if (orders.has_affinity)
    if (int problem = apply_affinity(orders.affinity))
      return problem;
  failed = setup_step::nice;
  if (orders.has_nice && ::setpriority(PRIO_PROCESS, 0, orders.nice) != 0)
    return errno;
  for (std::uint32_t i = 0; i < orders.limit_count; ++i) {
    failed = orders.limits[i].step;
    if (int problem = apply_limit(orders.limits[i]))
      return problem;
  }
  failed = setup_step::none;
  return 0;
}

void apply_environment(const environment_changes& changes) {
  if (!changes.inherit)
    ::clearenv();
  for (auto& name : changes.unset)
    ::unsetenv(name.c_str());
  for (auto& [name, value] : changes.set)
    ::setenv(name.c_str(), value.c_str(), 1);
}

void pipe_watch::close_if_idle() const noexcept {
  for (auto& one : ends)
    if (auto end = one.lock())
      end->close_if_idle();
}

child_setup::child_setup(const process_setup& wanted,
                         const std::string& process)
    : wanted_(wanted), process_(process) {
  check_environment(wanted.environment, subject());
  prepare_directory();
  prepare_affinity();
  if (wanted.nice) {
    if (*wanted.nice < lowest_nice || *wanted.nice > highest_nice)
      refuse(subject(), fmt::format("it cannot have a niceness of {}: from {} "
                                    "to {}",
                                    *wanted.nice, lowest_nice, highest_nice));
    orders_.has_nice = 1;
    orders_.nice = *wanted.nice;
  }
  prepare_limits();
  // Last, as files are made or emptied here.
  prepare_stream(STDIN_FILENO, wanted.standard_input);
  prepare_stream(STDOUT_FILENO, wanted.standard_output);
  prepare_stream(STDERR_FILENO, wanted.standard_error);
}

std::string child_setup::subject() const {
  return fmt::format("starting process '{}'", process_);
}

std::int32_t child_setup::keep(unique_fd descriptor) {
  descriptors_.push_back(std::move(descriptor));
  return static_cast<std::int32_t>(descriptors_.size() - 1);
}

void child_setup::prepare_stream(int number, const redirection& wanted) {
  using target = redirection::target;
  auto index = static_cast<std::size_t>(number);
  auto* name = stream_names[index];
  bool input = number == STDIN_FILENO;
  auto open = [&](const char* path, int flags) {
    unique_fd fd{retried(
        [&] { return ::open(path, flags | O_CLOEXEC | O_NOCTTY, new_file); })};
    if (!fd) {
      auto problem = os_error(errno, fmt::format("{}: opening '{}' as its {}",
                                                 subject(), path, name));
      throw error(static_cast<errc>(problem.code().value()),
                  fmt::format("{}; choose another file in process_setup::{}",
                              problem.what(), stream_members[index]));
    }
    orders_.streams[index] = keep(std::move(fd));
  };
  constexpr int writing = O_WRONLY | O_CREAT;
  switch (wanted.to()) {
  case target::inherited:
    break;
  case target::null:
    open("/dev/null", input ? O_RDONLY : O_WRONLY);
    break;
  case target::file:
    open(wanted.path().c_str(), input ? O_RDONLY : writing | O_TRUNC);
    break;
  case target::file_end:
    if (input)
      refuse(subject(), "its standard input cannot be appended to: use "
                        "redirection::file");
    open(wanted.path().c_str(), writing | O_APPEND);
    break;
  case target::pipe: {
    int ends[2];
    checked([&] { return ::pipe2(ends, O_CLOEXEC); },
            [&] {
              return fmt::format("{}: making a pipe for its {}", subject(),
                                 name);
            });
    unique_fd reading{ends[0]};
    unique_fd written{ends[1]};
    auto& near = input ? written : reading;
    auto& far = input ? reading : written;
    pipes_[index] = std::make_shared<byte_end>(
        std::move(near), fmt::format("{} of process '{}'", name, process_));
    orders_.streams[index] = keep(std::move(far));
    break;
  }
  case target::output:
    if (number != STDERR_FILENO)
      refuse(subject(), fmt::format("redirection::output() is for its standard "
                                    "error only, not for its {}",
                                    name));
    orders_.streams[index] = setup_orders::as_output;
    break;
  }
}

void child_setup::prepare_directory() {
  auto& path = wanted_.working_directory;
  if (path.empty())
    return;
  // By descriptor, so that what is checked here is what is taken there.
  unique_fd fd{retried(
      [&] { return ::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC); })};
  if (!fd)
    throw failure(setup_step::working_directory, errno, {});
  orders_.directory = keep(std::move(fd));
}

void child_setup::prepare_affinity() {
  for (unsigned processor : wanted_.affinity) {
    if (processor >= most_processors)
      throw failure(setup_step::affinity, EINVAL, {});
    orders_.affinity[processor / 64] |= std::uint64_t{1} << (processor % 64);
    orders_.has_affinity = 1;
  }
}

void child_setup::prepare_limits() {
  auto& wanted = wanted_.limits;
  auto add = [&](setup_step step, int resource, std::uint64_t soft,
                 std::uint64_t hard) {
    orders_.limits[orders_.limit_count++] = {step, resource, soft, hard};
  };
  if (wanted.core_size)
    add(setup_step::core_size, RLIMIT_CORE, *wanted.core_size,
        *wanted.core_size);
  if (wanted.cpu_time) {
    auto seconds = wanted.cpu_time->count();
    if (seconds < 1)
      refuse(subject(), fmt::format("its processor time cannot be limited to "
                                    "{} s: 1 s is the least",
                                    seconds));
    auto soft = static_cast<std::uint64_t>(seconds);
    rlimit own{};
    ::getrlimit(RLIMIT_CPU, &own);
    // The second more is for its handler of SIGXCPU, if it has one.
    add(setup_step::cpu_time, RLIMIT_CPU, soft,
        std::max<std::uint64_t>(
            soft, std::min<std::uint64_t>(soft + 1, own.rlim_max)));
  }
  if (wanted.open_files)
    add(setup_step::open_files, RLIMIT_NOFILE, *wanted.open_files,
        *wanted.open_files);
  if (wanted.address_space)
    add(setup_step::address_space, RLIMIT_AS, *wanted.address_space,
        *wanted.address_space);
}

std::vector<int> child_setup::descriptors() const {
  std::vector<int> result;
  for (auto& one : descriptors_)
    result.push_back(one.get());
  return result;
}

pipe_watch child_setup::watched_pipes() const {
  pipe_watch result;
  std::copy(std::begin(pipes_), std::end(pipes_), std::begin(result.ends));
  return result;
}

std::unique_ptr<standard_pipes> child_setup::take_pipes() {
  if (!pipes_[0] && !pipes_[1] && !pipes_[2])
    return nullptr;
  auto result = std::make_unique<standard_pipes>();
  result->input = standard_pipes::writer(std::move(pipes_[0]));
  result->output = standard_pipes::reader(std::move(pipes_[1]));
  result->error = standard_pipes::reader(std::move(pipes_[2]));
  return result;
}

error child_setup::failure(setup_step step, int error_number,
                           const std::string& program) const {
  std::string attempted;
  std::string advice;
  auto limit = [&](std::string_view what, std::string value, int resource,
                   auto in_words) {
    rlimit own{};
    ::getrlimit(static_cast<__rlimit_resource>(resource), &own);
    attempted = fmt::format("limiting {} to {}", what, value);
    advice = own.rlim_max == RLIM_INFINITY
                 ? "choose another limit"
                 : fmt::format("this process itself may have {} at most, and "
                               "what it starts no more than that",
                               in_words(own.rlim_max));
  };
  auto bytes = [](std::uint64_t size) { return bytes_in_words(size); };
  auto count = [](std::uint64_t number) { return std::to_string(number); };
  auto& limits = wanted_.limits;
  switch (step) {
  case setup_step::none:
    attempted = fmt::format("executing '{}'", program);
    advice = limits_in_words(wanted_.limits, process_);
    break;
  case setup_step::standard_input:
  case setup_step::standard_output:
  case setup_step::standard_error:
    attempted = fmt::format(
        "redirecting its {}",
        stream_names[static_cast<std::size_t>(step)
                     - static_cast<std::size_t>(setup_step::standard_input)]);
    advice = "see process_setup";
    break;
  case setup_step::working_directory:
    attempted = fmt::format("making '{}' its working directory",
                            wanted_.working_directory.string());
    advice = "name a directory that is there and that this user may enter";
    break;
  case setup_step::affinity:
    attempted = fmt::format("running it on the processors {}",
                            fmt::join(wanted_.affinity, ", "));
    advice = fmt::format("not all of these are there and may be used; online "
                         "are {}",
                         online_processors());
    break;
  case setup_step::nice:
    attempted =
        fmt::format("giving it a niceness of {}", wanted_.nice.value_or(0));
    advice = fmt::format("less than this process's own, which is {}, needs "
                         "CAP_SYS_NICE or a higher limit (ulimit -e)",
                         ::getpriority(PRIO_PROCESS, 0));
    break;
  case setup_step::core_size:
    limit("its core files", bytes(limits.core_size.value_or(0)), RLIMIT_CORE,
          bytes);
    break;
  case setup_step::cpu_time:
    limit("its processor time",
          fmt::format("{} s",
                      limits.cpu_time.value_or(std::chrono::seconds{}).count()),
          RLIMIT_CPU,
          [](std::uint64_t seconds) { return fmt::format("{} s", seconds); });
    break;
  case setup_step::open_files:
    limit("its open files", count(limits.open_files.value_or(0)), RLIMIT_NOFILE,
          count);
    break;
  case setup_step::address_space:
    limit("its address space", bytes(limits.address_space.value_or(0)),
          RLIMIT_AS, bytes);
    break;
  }
  auto problem =
      os_error(error_number, fmt::format("{}: {}", subject(), attempted));
  return {static_cast<errc>(problem.code().value()),
          advice.empty() ? problem.what()
                         : fmt::format("{}; {}", problem.what(), advice)};
}

std::string limits_in_words(const process_limits& limits,
                            const std::string& process) {
  std::string result;
  if (limits.address_space)
    result = fmt::format("the address space of process '{}' is limited to {}",
                         process, bytes_in_words(*limits.address_space));
  if (limits.open_files)
    result += result.empty()
                  ? fmt::format("the open files of process '{}' are limited "
                                "to {}",
                                process, *limits.open_files)
                  : fmt::format(", its open files to {}", *limits.open_files);
  return result;
}

namespace {

// The members of it that ask for something.
std::vector<std::string_view> asked_for_by(const process_setup& wanted) {
  std::vector<std::string_view> asked;
  auto& limits = wanted.limits;
  if (limits.address_space || limits.cpu_time || limits.open_files
      || limits.core_size)
    asked.push_back("limits");
  if (wanted.nice)
    asked.push_back("nice");
  if (!wanted.affinity.empty())
    asked.push_back("affinity");
  if (!wanted.working_directory.empty())
    asked.push_back("working_directory");
  if (!wanted.environment.inherit || !wanted.environment.set.empty()
      || !wanted.environment.unset.empty())
    asked.push_back("environment");
  if (wanted.standard_input != redirection{})
    asked.push_back(stream_members[0]);
  if (wanted.standard_output != redirection{})
    asked.push_back(stream_members[1]);
  if (wanted.standard_error != redirection{})
    asked.push_back(stream_members[2]);
  return asked;
}

} // namespace

bool child_setup::changes_nothing() const {
  return asked_for_by(wanted_).empty();
}

void require_no_setup(const process_setup& wanted, start_method method,
                      const std::string& process) {
  auto asked = asked_for_by(wanted);
  if (!asked.empty())
    throw error(errc::protocol,
                fmt::format("starting process '{}': start method '{}' cannot "
                            "do what its setup asks for ({}): leave that out, "
                            "or use start_method::spawn",
                            process, to_string(method),
                            fmt::join(asked, ", ")));
}

void require_no_pipes(const process_setup& wanted, const char* attempted) {
  using target = redirection::target;
  const redirection* all[] = {&wanted.standard_input, &wanted.standard_output,
                              &wanted.standard_error};
  for (std::size_t i = 0; i < std::size(all); ++i)
    if (all[i]->to() == target::pipe)
      throw error(errc::protocol,
                  fmt::format("{}: nobody could use the pipe that is asked for "
                              "as its {}; use redirection::file, or "
                              "ramet::process",
                              attempted, stream_names[i]));
}

} // namespace ramet::detail
