// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "memory_names.hpp"

#include "family.hpp"
#include "family_directory.hpp"
#include "os_posix.hpp"

#include <ramet/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <unistd.h>

namespace ramet::detail {

namespace {

constexpr std::size_t longest_name = 128;
constexpr std::string_view entry_prefix = "name.";

std::string outer_link(std::string_view base, std::string_view name) {
  return fmt::format("{}/ramet-memory.{}.{}", base, ::geteuid(), name);
}

std::string entry_of(std::string_view name) {
  return fmt::format("{}{}", entry_prefix, name);
}

std::string read_link(const std::string& path) {
  char text[PATH_MAX];
  auto size = ::readlink(path.c_str(), text, sizeof text);
  return size < 0 ? "" : std::string(text, static_cast<std::size_t>(size));
}

// Within one base, links change one after the other: what one finds stale, and
// removes, is not what another has just made.
class base_lock {
public:
  explicit base_lock(const std::string& base)
      : directory_(retried([&] {
          return ::open(base.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        })) {
    if (directory_)
      retried([&] { return ::flock(directory_.get(), LOCK_EX); });
  }

private:
  unique_fd directory_;
};

struct split_path {
  std::string base;
  std::string name;

  explicit split_path(const std::string& path) {
    auto slash = path.rfind('/');
    base = path.substr(0, slash);
    name = path.substr(slash + 1);
  }
};

// The directory of the family whose memory has that name. Empty: none.
std::string family_with(const std::string& base, std::string_view name) {
  auto target = read_link(outer_link(base, name));
  auto tail = "/" + entry_of(name);
  if (!target.starts_with(family_prefix()) || !target.ends_with(tail))
    return {};
  target.resize(target.size() - tail.size());
  if (target.find('/') != target.npos)
    return {};
  return base + "/" + target;
}

std::optional<named_object> find_in(const std::string& base,
                                    std::string_view name) {
  auto directory = family_with(base, name);
  if (directory.empty() || remove_family_if_dead(directory))
    return std::nullopt;
  auto text = read_link(directory + "/" + entry_of(name));
  named_object result{std::move(directory), 0};
  auto* end = text.data() + text.size();
  if (std::from_chars(text.data(), end, result.id, 16).ptr != end
      || result.id == 0)
    return std::nullopt;
  return result;
}

} // namespace

void check_memory_name(std::string_view name) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz"
                                       "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "0123456789._-";
  if (!name.empty() && name.size() <= longest_name
      && name.find_first_not_of(allowed) == name.npos)
    return;
  throw error(errc::protocol,
              fmt::format("naming shared memory '{}': a name has 1 to {} of "
                          "the letters A to Z and a to z, digits, '.', '_' and "
                          "'-'",
                          name, longest_name));
}

std::optional<named_object> find_memory(std::string_view name) {
  auto bases = family_bases();
  auto own = split_path{family::mine().directory()}.base;
  if (std::ranges::find(bases, own) == bases.end())
    bases.insert(bases.begin(), own);
  for (auto& base : bases)
    if (auto found = find_in(base, name))
      return found;
  return std::nullopt;
}

bool name_memory(std::string_view name, std::uint64_t id) {
  if (find_memory(name))
    return false;
  auto& directory = family::mine().directory();
  split_path own{directory};
  auto entry = entry_of(name);
  auto inner = directory + "/" + entry;
  auto outer = outer_link(own.base, name);
  auto attempted = [&] {
    return fmt::format("giving shared memory the name '{}' by {}", name, outer);
  };
  base_lock lock{own.base};
  auto holder = family_with(own.base, name);
  if (!holder.empty() && ::access(holder.c_str(), F_OK) == 0)
    return false; // since we looked
  ::unlink(outer.c_str());
  ::unlink(inner.c_str());
  checked(
      [&] { return ::symlink(fmt::format("{:x}", id).c_str(), inner.c_str()); },
      attempted);
  auto target = own.name + "/" + entry;
  if (::symlink(target.c_str(), outer.c_str()) == 0)
    return true;
  int failed = errno;
  ::unlink(inner.c_str());
  throw_os_error(failed, attempted());
}

bool is_named(const named_object& object, std::string_view name) {
  return family_with(split_path{object.directory}.base, name)
             == object.directory
         && read_link(object.directory + "/" + entry_of(name))
                == fmt::format("{:x}", object.id);
}

void unname_memory(std::string_view name, const named_object& from) noexcept {
  try {
    split_path where{from.directory};
    base_lock lock{where.base};
    if (!is_named(from, name))
      return; // another one has it by now
    ::unlink(outer_link(where.base, name).c_str());
    ::unlink((from.directory + "/" + entry_of(name)).c_str());
  } catch (const std::exception&) {
    // Out of memory: it goes with its family.
  }
}

void forget_memory_name(const std::string& directory, std::string_view entry) {
  if (!entry.starts_with(entry_prefix))
    return;
  auto name = entry.substr(entry_prefix.size());
  split_path where{directory};
  base_lock lock{where.base};
  if (family_with(where.base, name) == directory)
    ::unlink(outer_link(where.base, name).c_str());
}

} // namespace ramet::detail
