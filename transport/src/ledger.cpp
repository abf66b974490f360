// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "ledger.hpp"

#include "family.hpp"

#include <ramet/error.hpp>

#include <algorithm>

namespace ramet::detail {

namespace {

constexpr std::size_t page_bytes = (sizeof(process_page) + 4095) / 4096 * 4096;
constexpr std::size_t max_entries = std::size_t{1} << 20;
constexpr std::size_t step_entries = 4096 / sizeof(std::uint64_t);

// The first word of the table counts the entries ever used.
struct table_view {
  std::atomic<std::uint64_t>* words;

  explicit table_view(const segment& memory)
      : words(reinterpret_cast<std::atomic<std::uint64_t>*>(memory.data()
                                                            + page_bytes)) {}
  std::atomic<std::uint64_t>& used() const { return words[0]; }
  std::atomic<std::uint64_t>* entries() const { return words + 1; }
};

// In words, the counter included, and in whole steps.
std::size_t reserved_for(std::size_t entries) {
  return (entries / step_entries + 1) * step_entries;
}

} // namespace

std::size_t ledger::segment_size() {
  return page_bytes + (max_entries + 1) * sizeof(std::uint64_t);
}

std::size_t ledger::initial_reserve() {
  return page_bytes + step_entries * sizeof(std::uint64_t);
}

ledger& ledger::mine() {
  static auto* instance = new ledger; // outlives static handles
  return *instance;
}

ledger::ledger() {
  open();
}

void ledger::open() {
  auto& members = family::mine();
  process_page* page = nullptr;
  memory_ = members.map_page(members.slot(), page);
  path_ = members.page_path(members.slot());
  table_ = table_view{memory_}.entries();
  reserved_entries_ = step_entries - 1;
}

void ledger::fill(const segment& memory, const std::string& path,
                  std::span<const std::uint64_t> objects) {
  if (objects.size() >= step_entries - 1)
    segment::reserve(
        path, 0,
        page_bytes + reserved_for(objects.size()) * sizeof(std::uint64_t));
  table_view view{memory};
  for (std::size_t i = 0; i < objects.size(); ++i) {
    view.entries()[i].store(objects[i], std::memory_order_relaxed);
    view.used().store(i + 1, std::memory_order_release);
  }
}

void ledger::after_fork() {
  std::scoped_lock lock{guard_};
  open();
  unused_.clear();
  auto used = table_view{memory_}.used().load();
  if (used >= reserved_entries_)
    reserved_entries_ = reserved_for(used) - 1;
}

std::uint32_t ledger::insert(std::uint64_t object) {
  if (family::mine().is_guest())
    return 0;
  std::scoped_lock lock{guard_};
  std::uint32_t entry;
  if (!unused_.empty()) {
    entry = unused_.back();
    unused_.pop_back();
    table_[entry].store(object, std::memory_order_release);
    return entry;
  }
  auto& used = table_view{memory_}.used();
  entry = static_cast<std::uint32_t>(used.load(std::memory_order_relaxed));
  if (entry == max_entries)
    throw error(errc::resource_exhausted,
                "holding another shared object: this process holds a million "
                "already; let go of some");
  if (entry == reserved_entries_) {
    auto from = page_bytes + (reserved_entries_ + 1) * sizeof(std::uint64_t);
    auto more = std::min(step_entries * 8, max_entries - reserved_entries_);
    segment::reserve(path_, from, from + more * sizeof(std::uint64_t));
    reserved_entries_ += more;
  }
  table_[entry].store(object, std::memory_order_relaxed);
  used.store(entry + 1, std::memory_order_release);
  return entry;
}

void ledger::erase(std::uint32_t entry) noexcept {
  if (family::mine().is_guest())
    return;
  std::scoped_lock lock{guard_};
  table_[entry].store(0, std::memory_order_release);
  try {
    unused_.push_back(entry);
  } catch (...) { // out of memory: the entry stays unused for good
  }
}

std::span<std::atomic<std::uint64_t>> ledger::entries(const segment& memory) {
  if (memory.size() < segment_size())
    return {};
  table_view view{memory};
  return {view.entries(),
          std::min<std::size_t>(view.used().load(std::memory_order_acquire),
                                max_entries)};
}

} // namespace ramet::detail
