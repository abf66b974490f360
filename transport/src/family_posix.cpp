// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "family.hpp"

#include "descriptor_keeper.hpp"
#include "descriptor_transit.hpp"
#include "family_directory.hpp"
#include "ledger.hpp"
#include "lifetime.hpp"
#include "os_posix.hpp"

#include <ramet/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <pthread.h>
#include <sys/file.h>
#include <unistd.h>

namespace ramet::detail {

namespace {

constexpr std::uint64_t family_magic = 0x59'4c'49'4d'41'46'52; // "RFAMILY"
constexpr std::uint32_t family_version = 1;
constexpr std::uint32_t claimed = ~std::uint32_t{0};
constexpr auto passport_variable = "RAMET_FAMILY";

struct family_table {
  std::uint64_t magic;
  std::uint32_t version;
  std::atomic<std::uint32_t> last_serial;
  std::atomic<std::uint32_t> slots_used; ///< those beyond never were
  process_entry entries[max_processes];
};

family_table& table_of(const segment& memory) {
  return *reinterpret_cast<family_table*>(memory.data());
}

// What RAMET_FAMILY holds: "slot:serial:directory".
struct passport_data {
  process_slot slot = 0;
  std::uint32_t serial = 0;
  std::string directory;
};

std::optional<passport_data> read_passport() {
  const char* text = std::getenv(passport_variable);
  if (!text)
    return std::nullopt;
  passport_data result;
  const char* end = text + std::strlen(text);
  auto [first, error1] = std::from_chars(text, end, result.slot);
  if (error1 == std::errc{} && first != end && *first == ':') {
    auto [second, error2] = std::from_chars(first + 1, end, result.serial);
    if (error2 == std::errc{} && second != end && *second == ':'
        && result.slot < max_processes) {
      result.directory = second + 1;
      return result;
    }
  }
  throw error(errc::protocol,
              fmt::format("joining the family: the environment variable {} "
                          "says '{}', expected SLOT:SERIAL:DIRECTORY; it is "
                          "set by ramet for its children, unset it",
                          passport_variable, text));
}

} // namespace

struct family_maker {
  // In the child of a bare fork(): its objects need ids of their own, and the
  // directory is not its to remove.
  static void become_guest(family& self) {
    self.serial_ = table_of(self.table_).last_serial.fetch_add(1) + 1;
    self.next_object_.store(1);
    self.guest_ = true;
    self.left_.store(true);
  }

  static void become(family& self, family::admission place) {
    ::close(self.lock_); // the original's, which holds it as well
    self.lock_ = -1;
    self.slot_ = place.id.slot;
    self.serial_ = place.id.serial;
    self.own_page_ = place.page;
    self.own_segment_ = std::move(place.page_segment);
    self.lock_ = lock_directory(self, "joining the family as a fork").release();
    self.next_object_.store(1);
    self.settled_.store(false);
    self.guest_ = false;
    self.left_.store(false);
  }

  static unique_fd lock_directory(const family& self,
                                  const std::string& attempted) {
    unique_fd lock{checked(
        [&] {
          return ::open(self.directory_.c_str(),
                        O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        },
        [&] { return attempted; })};
    checked([&] { return ::flock(lock.get(), LOCK_SH | LOCK_NB); },
            [&] { return attempted; });
    return lock;
  }

  static void found(family& self) {
    auto made = make_family_directory();
    self.directory_ = std::move(made.path);
    try {
      fill_directory(self);
    } catch (...) {
      remove_family_directory(self.directory_);
      throw;
    }
    self.lock_ = made.lock.release();
  }

  static void fill_directory(family& self) {
    self.table_ = segment::create(self.directory_ + "/family",
                                  sizeof(family_table), sizeof(family_table));
    auto& table = table_of(self.table_);
    table.version = family_version;
    table.magic = family_magic;
    auto own = self.admit("MainProcess");
    self.slot_ = own.id.slot;
    self.serial_ = own.id.serial;
    self.entry(self.slot_).parent_serial.store(0);
    self.own_page_ = own.page;
    self.own_segment_ = std::move(own.page_segment);
    self.own_page_->phase.store(process_phase::running);
  }

  static void join(family& self, passport_data passport) {
    self.directory_ = std::move(passport.directory);
    self.slot_ = passport.slot;
    self.serial_ = passport.serial;
    auto attempted = [&] {
      return fmt::format("joining the family in {}, where the parent has "
                         "admitted this process",
                         self.directory_);
    };
    auto lock = lock_directory(self, attempted());
    self.table_ = segment::open(self.directory_ + "/family");
    if (!self.table_ || self.table_.size() < sizeof(family_table))
      throw error(errc::protocol,
                  attempted()
                      + ": its table of processes is missing or too "
                        "short; was the directory cleaned up?");
    auto& table = table_of(self.table_);
    if (table.magic != family_magic || table.version != family_version)
      throw error(errc::protocol,
                  fmt::format("{}: its table has version {}, this program "
                              "knows version {}; build parent and child with "
                              "one version of ramet",
                              attempted(), table.version, family_version));
    if (self.entry(self.slot_).serial.load() != self.serial_)
      throw error(errc::protocol,
                  attempted() + ": the parent has given this process up");
    self.own_segment_ = self.map_page(self.slot_, self.own_page_);
    self.lock_ = lock.release();
  }
};

void write_field(std::span<char> field, std::string_view text) {
  auto size = std::min(text.size(), field.size() - 1);
  std::copy_n(text.data(), size, field.data());
  field[size] = '\0';
}

std::string read_field(std::span<const char> field) {
  return {field.begin(), std::find(field.begin(), field.end(), '\0')};
}

family& family::mine() {
  static family* instance = [] {
    open_missing_streams();
    auto result = new family; // never destroyed: static handles use it
    try {
      if (auto passport = read_passport())
        family_maker::join(*result, std::move(*passport));
      else
        family_maker::found(*result);
    } catch (...) {
      delete result;
      throw;
    }
    instance_at_exit() = result;
    // A program without a runtime leaves at its end, too.
    std::atexit([] { instance_at_exit()->leave(); });
    ::pthread_atfork(nullptr, nullptr,
                     [] { family_maker::become_guest(*instance_at_exit()); });
    return result;
  }();
  return *instance;
}

family*& family::instance_at_exit() {
  static family* instance = nullptr;
  return instance;
}

bool family::exists() {
  return instance_at_exit() != nullptr;
}

bool family::was_spawned() {
  static const bool result = std::getenv(passport_variable) != nullptr;
  return result;
}

process_entry& family::entry(process_slot slot) const {
  return table_of(table_).entries[slot];
}

process_page& family::own_page() const {
  return *own_page_;
}

std::string family::page_path(process_slot slot) const {
  return fmt::format("{}/process.{}", directory_, slot);
}

segment family::map_page(process_slot slot, process_page*& page) const {
  auto memory = segment::open(page_path(slot));
  if (!memory || memory.size() < sizeof(process_page))
    throw error(
        errc::closed,
        fmt::format("looking at process {} of the family: it is gone", slot));
  page = reinterpret_cast<process_page*>(memory.data());
  return memory;
}

family::admission family::admit(std::string_view name) {
  auto& table = table_of(table_);
  for (process_slot slot = 0; slot < max_processes; ++slot) {
    auto& place = table.entries[slot];
    std::uint32_t expected = 0;
    if (place.serial.load(std::memory_order_relaxed) != 0
        || !place.serial.compare_exchange_strong(expected, claimed))
      continue;
    // First of all, so that whoever settles us when we are killed finds it.
    place.pid.store(0);
    place.parent.store(slot_);
    place.parent_serial.store(serial_);
    auto used = table.slots_used.load();
    while (used <= slot
           && !table.slots_used.compare_exchange_weak(used, slot + 1)) {
    }
    admission result{{slot, table.last_serial.fetch_add(1) + 1}, {}, nullptr};
    try {
      result.page_segment = segment::create(
          page_path(slot), ledger::segment_size(), ledger::initial_reserve());
    } catch (...) {
      place.serial.store(0);
      throw;
    }
    result.page = reinterpret_cast<process_page*>(result.page_segment.data());
    write_field(result.page->name, name);
    place.detached.store(0);
    place.start_time.store(0);
    place.serial.store(result.id.serial);
    return result;
  }
  throw error(errc::resource_exhausted,
              fmt::format("starting process '{}': the family has {} "
                          "processes, which is the most it can have; wait for "
                          "some to end",
                          name, max_processes));
}

void family::become(admission place) {
  family_maker::become(*this, std::move(place));
}

std::string family::passport(const admission& child) const {
  return fmt::format("{}:{}:{}", child.id.slot, child.id.serial, directory_);
}

void family::settle(member_id dead) noexcept {
  auto& place = entry(dead.slot);
  forget_keeper(dead.slot); // also if it has settled itself
  // Once a process has ended, nobody but its undertaker changes this.
  if (place.serial.load() != dead.serial)
    return;
  try {
    auto memory = segment::open(page_path(dead.slot));
    if (memory.size() >= sizeof(process_page)) {
      auto& page = *reinterpret_cast<process_page*>(memory.data());
      auto how = page.left.load() != 0 ? departure::left : departure::died;
      for (auto& held : ledger::entries(memory))
        if (auto id = held.load(std::memory_order_acquire))
          bury_holder(id, dead.slot, how);
    }
  } catch (...) {
    // No memory to map its ledger: what it held lives until the family ends.
  }
  segment::remove(descriptor_keeper::path_of(dead.slot));
  segment::remove(page_path(dead.slot));
  place.serial.store(0);
}

std::vector<member_id> family::children_of(member_id parent) const {
  auto& table = table_of(table_);
  std::vector<member_id> result;
  for (process_slot slot = 0; slot < table.slots_used.load(); ++slot) {
    auto& place = table.entries[slot];
    auto serial = place.serial.load();
    if (serial != 0 && slot != parent.slot && place.parent.load() == parent.slot
        && place.parent_serial.load() == parent.serial
        && place.serial.load() == serial) // else used again meanwhile
      result.push_back({slot, serial});
  }
  return result;
}

std::vector<member_id> family::adopt_children_of(member_id dead) {
  auto result = children_of(dead);
  std::erase_if(result, [&](member_id child) {
    auto& place = entry(child.slot);
    // Not if it has settled itself, and the slot is another's.
    auto parent_serial = dead.serial;
    if (!place.parent_serial.compare_exchange_strong(parent_serial, serial_))
      return true;
    place.parent.store(slot_);
    return false;
  });
  return result;
}

void family::leave() noexcept {
  if (left_.exchange(true))
    return;
  if (own_page_->phase.load() != process_phase::threw)
    own_page_->left.store(1);
  // Whoever has a parent is settled by it; a founder, or one whose parent is
  // gone, settles itself.
  auto parent_serial = entry(slot_).parent_serial.load();
  bool orphan =
      parent_serial == 0 || entry(slot_).detached.load() != 0
      || entry(entry(slot_).parent.load()).serial.load() != parent_serial;
  if (::flock(lock_, LOCK_EX | LOCK_NB) == 0) {
    remove_family_directory(directory_);
    return;
  }
  if (orphan) {
    settled_.store(true); // before: from now on others may have our slot
    settle(id());
  }
}

member_id member_id::mine() {
  return family::mine().id();
}

std::uint64_t family::next_object_id() {
  return (std::uint64_t{serial_} << 32) | next_object_.fetch_add(1);
}

std::string family::path_of(std::uint64_t object) const {
  return fmt::format("{}/{:x}", directory_, object);
}

} // namespace ramet::detail
