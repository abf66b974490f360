// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "store.hpp"

#include <boost/endian/conversion.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <system_error>

namespace examples::kv {

namespace {

/// A record is one change:
///   's'  when (8 bytes, 0: never)  size of the key (4)  key  value
///   'd'  key
enum class change : char { set = 's', erase = 'd' };

constexpr std::size_t set_prefix = 1 + 8 + 4;

void make_set(std::string& record, std::string_view key, std::string_view value,
              std::optional<time_point> expires) {
  unsigned char prefix[set_prefix]{static_cast<unsigned char>(change::set)};
  auto when = expires ? expires->time_since_epoch().count() : 0;
  boost::endian::store_little_s64(prefix + 1, when);
  boost::endian::store_little_u32(prefix + 9,
                                  static_cast<std::uint32_t>(key.size()));
  record.assign(prefix, prefix + set_prefix);
  record += key;
  record += value;
}

std::uint64_t bytes_in_log(std::string_view key, std::string_view value) {
  return append_log::bytes_of_record(set_prefix + key.size() + value.size());
}

} // namespace

store::store(const options& how)
    : rewrite_bytes_(how.rewrite_bytes), log_(how.log, how.sync),
      rewrite_above_(how.rewrite_bytes) {
  load();
  now_ = now();
}

void store::load() {
  entries_.clear();
  expiries_ = {};
  live_bytes_ = 0;
  recovered_ = log_.replay([this](std::string_view record) { apply(record); });
}

void store::apply(std::string_view record) {
  auto is = [&](change what) {
    return record.front() == static_cast<char>(what);
  };
  if (record.size() >= set_prefix && is(change::set)) {
    auto bytes = reinterpret_cast<const unsigned char*>(record.data());
    auto when = boost::endian::load_little_s64(bytes + 1);
    auto key_size = boost::endian::load_little_u32(bytes + 9);
    record.remove_prefix(set_prefix);
    if (key_size <= record.size()) {
      std::optional<time_point> expires;
      if (when != 0)
        expires = time_point{std::chrono::milliseconds{when}};
      put(record.substr(0, key_size), record.substr(key_size), expires);
      return;
    }
  } else if (!record.empty() && is(change::erase)) {
    auto at = entries_.find(record.substr(1));
    if (at != entries_.end())
      drop(at);
    return;
  }
  // Its checksum is right: another version of this program wrote it.
  throw std::runtime_error(log_.path().string()
                           + " has a record that this program does not know");
}

void store::put(std::string_view key, std::string_view value,
                std::optional<time_point> expires) {
  auto at = entries_.find(key);
  if (at == entries_.end())
    at = entries_.try_emplace(std::string{key}).first;
  else
    live_bytes_ -= bytes_in_log(key, at->second.value);
  at->second.value.assign(value);
  live_bytes_ += bytes_in_log(key, value);
  bool other = at->second.expires != expires;
  at->second.expires = expires;
  if (expires && other)
    note_expiry(key, *expires);
}

void store::note_expiry(std::string_view key, time_point when) {
  expiries_.emplace(when, key);
  if (expiries_.size() < 2 * entries_.size() + 1000)
    return;
  // Most of the lines are stale.
  std::vector<expiry> fresh;
  for (const auto& [name, entry] : entries_)
    if (entry.expires)
      fresh.emplace_back(*entry.expires, name);
  expiries_ = decltype(expiries_){{}, std::move(fresh)};
}

void store::drop(table::iterator at) {
  live_bytes_ -= bytes_in_log(at->first, at->second.value);
  entries_.erase(at);
}

void store::remove(table::iterator at) {
  record_.assign(1, static_cast<char>(change::erase));
  record_ += at->first;
  log_.append(record_);
  drop(at);
}

void store::advance_to(time_point time) {
  // So many that they go faster than they come, so few that nobody waits.
  constexpr int at_once = 1000;
  now_ = time;
  for (int i = 0; i < at_once && !expiries_.empty(); ++i) {
    const auto& [when, key] = expiries_.top();
    if (when > now_)
      return;
    find(key);
    expiries_.pop();
  }
}

const store::entry* store::find(std::string_view key) {
  auto at = entries_.find(key);
  if (at == entries_.end())
    return nullptr;
  if (at->second.expires && *at->second.expires <= now_) {
    remove(at);
    return nullptr;
  }
  return &at->second;
}

void store::set(std::string_view key, std::string_view value,
                std::optional<time_point> expires) {
  make_set(record_, key, value, expires);
  log_.append(record_);
  put(key, value, expires);
}

bool store::erase(std::string_view key) {
  if (!find(key))
    return false;
  remove(entries_.find(key));
  return true;
}

bool store::expire(std::string_view key, time_point when) {
  auto there = find(key);
  if (!there)
    return false;
  set(key, std::string{there->value}, when);
  return true;
}

void store::commit() {
  try {
    log_.commit();
  } catch (const std::system_error&) {
    load();
    throw;
  }
  rewrite_if_due();
}

void store::rewrite_if_due() {
  if (log_.size() < std::max(rewrite_above_, 2 * live_bytes_))
    return;
  try {
    log_.rewrite([this](const append_log::record_function& put_record) {
      for (const auto& [key, entry] : entries_) {
        make_set(record_, key, entry.value, entry.expires);
        put_record(record_);
      }
    });
    ++rewrites_;
    rewrite_above_ = rewrite_bytes_;
  } catch (const std::system_error&) {
    // No room for both, perhaps: the old log does, and may grow on meanwhile.
    rewrite_above_ = 2 * log_.size();
  }
}

} // namespace examples::kv
