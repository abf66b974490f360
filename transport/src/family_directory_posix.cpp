// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "family_directory.hpp"

#include "memory_names.hpp"

#include <ramet/error.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace ramet::detail {

namespace {

constexpr std::uint64_t comfortable_bytes = 64 << 20;

// A directory is made under the second name, locked, then renamed: whoever
// sweeps never takes one for dead that is just being made.
std::string nascent_prefix() {
  return fmt::format(".ramet.{}.", ::geteuid());
}

unique_fd open_directory(const std::string& path) {
  return unique_fd{retried([&] {
    return ::open(path.c_str(),
                  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  })};
}

struct close_directory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

template <class Visit>
void for_each_name(const std::string& path, Visit&& visit) {
  std::unique_ptr<DIR, close_directory> directory{::opendir(path.c_str())};
  if (!directory)
    return;
  while (auto* entry = ::readdir(directory.get())) {
    std::string_view name{entry->d_name};
    if (name != "." && name != "..")
      visit(name);
  }
}

bool older_than_a_minute(int directory) {
  struct stat status;
  timespec now;
  return ::fstat(directory, &status) == 0
         && ::clock_gettime(CLOCK_REALTIME, &now) == 0
         && now.tv_sec - status.st_mtim.tv_sec > 60;
}

void sweep(const std::string& base) {
  auto visible = family_prefix();
  auto nascent = nascent_prefix();
  for_each_name(base, [&](std::string_view name) {
    bool unfinished = name.starts_with(nascent);
    if (!unfinished && !name.starts_with(visible))
      return;
    auto path = fmt::format("{}/{}", base, name);
    auto directory = open_directory(path);
    struct stat status;
    if (!directory || ::fstat(directory.get(), &status) != 0
        || status.st_uid != ::geteuid())
      return;
    if (unfinished && !older_than_a_minute(directory.get()))
      return;
    if (::flock(directory.get(), LOCK_EX | LOCK_NB) == 0)
      remove_family_directory(path);
  });
}

bool usable(const std::string& base) {
  return ::access(base.c_str(), W_OK | X_OK) == 0;
}

std::uint64_t free_bytes(const std::string& base) {
  struct statvfs status;
  if (::statvfs(base.c_str(), &status) != 0)
    return 0;
  return std::uint64_t{status.f_bavail} * status.f_frsize;
}

std::vector<std::string> usual_bases() {
  std::vector<std::string> result{"/dev/shm"};
  for (auto* variable : {"XDG_RUNTIME_DIR", "TMPDIR"})
    if (const char* value = std::getenv(variable); value && *value)
      result.emplace_back(value);
  result.emplace_back("/tmp");
  std::erase_if(result, [](auto& base) { return !usable(base); });
  return result;
}

std::string choose_base() {
  if (const char* wanted = std::getenv("RAMET_SHM_DIR"); wanted && *wanted) {
    struct stat status;
    if (::stat(wanted, &status) != 0)
      throw_os_error(errno,
                     fmt::format("founding a family in {} (RAMET_SHM_DIR); "
                                 "make that directory or unset the variable",
                                 wanted));
    if (!S_ISDIR(status.st_mode))
      throw_os_error(
          ENOTDIR,
          fmt::format("founding a family in {} (RAMET_SHM_DIR)", wanted));
    if (!usable(wanted))
      throw_os_error(errno,
                     fmt::format("founding a family in {} (RAMET_SHM_DIR), "
                                 "which this user must be able to write",
                                 wanted));
    sweep(wanted);
    return wanted;
  }
  auto candidates = usual_bases();
  if (candidates.empty())
    throw error(errc::os_failure,
                "founding a family: none of /dev/shm, $XDG_RUNTIME_DIR, "
                "$TMPDIR and /tmp can be written by this user; set "
                "RAMET_SHM_DIR to a directory that can");
  for (auto& base : candidates)
    sweep(base);
  for (auto& base : candidates)
    if (free_bytes(base) >= comfortable_bytes)
      return base;
  return candidates.front();
}

std::string random_name() {
  std::uint64_t bits[2];
  if (::getrandom(bits, sizeof bits, 0) != sizeof bits)
    throw_os_error(errno, "getting random bytes for a family's name");
  return fmt::format("{:016x}{:016x}", bits[0], bits[1]);
}

} // namespace

family_directory make_family_directory() {
  auto base = choose_base();
  auto name = random_name();
  auto unfinished = fmt::format("{}/{}{}", base, nascent_prefix(), name);
  auto final_path = fmt::format("{}/{}{}", base, family_prefix(), name);
  auto attempted = [&] {
    return "making the family's directory " + final_path;
  };
  checked([&] { return ::mkdir(unfinished.c_str(), 0700); }, attempted);
  auto lock = open_directory(unfinished);
  if (!lock)
    throw_os_error(errno, attempted());
  checked([&] { return ::flock(lock.get(), LOCK_SH | LOCK_NB); }, attempted);
  checked([&] { return ::rename(unfinished.c_str(), final_path.c_str()); },
          attempted);
  return {std::move(final_path), std::move(lock)};
}

std::string family_prefix() {
  return fmt::format("ramet.{}.", ::geteuid());
}

std::vector<std::string> family_bases() {
  auto result = usual_bases();
  if (const char* wanted = std::getenv("RAMET_SHM_DIR"); wanted && *wanted)
    result.insert(result.begin(), wanted);
  return result;
}

bool remove_family_if_dead(const std::string& path) {
  auto directory = open_directory(path);
  if (!directory)
    return errno == ENOENT;
  if (::flock(directory.get(), LOCK_EX | LOCK_NB) != 0)
    return false;
  remove_family_directory(path);
  return true;
}

void remove_family_directory(const std::string& path) noexcept {
  try {
    for_each_name(path, [&](std::string_view name) {
      forget_memory_name(path, name);
      ::unlink(fmt::format("{}/{}", path, name).c_str());
    });
  } catch (...) { // out of memory: the next founder sweeps
  }
  ::rmdir(path.c_str());
}

} // namespace ramet::detail
