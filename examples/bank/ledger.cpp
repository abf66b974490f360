// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "ledger.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace examples::bank {

namespace {

constexpr std::uint64_t opening_id = 0;

} // namespace

ledger::ledger(const std::filesystem::path& journal, std::int64_t opening)
    : journal_(journal, kv::sync_policy::no) {
  journal_.replay([this](std::string_view record) {
    entry found{};
    std::memcpy(&found, record.data(), std::min(sizeof found, record.size()));
    apply(found);
  });
  if (!seen_.contains(opening_id))
    write({opening_id, opening});
}

void ledger::apply(const entry& what) {
  balance_ += what.amount;
  seen_.emplace(what.id, what.amount != 0);
}

void ledger::write(const entry& what) {
  journal_.append({reinterpret_cast<const char*>(&what), sizeof what});
  journal_.commit();
  apply(what);
}

bool ledger::change(std::uint64_t id, std::int64_t amount, std::int64_t most) {
  if (auto before = seen_.find(id); before != seen_.end())
    return before->second;
  auto then = balance_ + amount;
  bool allowed = then >= 0 && then <= most;
  // A refusal too: asked again when there is money, it must not be done.
  write({id, allowed ? amount : 0});
  return allowed;
}

} // namespace examples::bank
