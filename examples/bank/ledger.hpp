// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// What an account remembers, in its process and beyond it.

#pragma once

#include "kv_service/append_log.hpp"

#include <cstdint>
#include <filesystem>
#include <unordered_map>

namespace examples::bank {

/// The balance, and what became of each change. It is in a journal before
/// anybody is told, so a process that is killed takes none of it along.
class ledger {
public:
  /// Reads the journal; opens the account if there is none.
  ledger(const std::filesystem::path& journal, std::int64_t opening);

  std::int64_t balance() const { return balance_; }

  /// Adds the amount, if the balance then is in 0..most. The same answer again
  /// when the change was seen before.
  bool change(std::uint64_t id, std::int64_t amount, std::int64_t most);

private:
  struct entry {
    std::uint64_t id;
    std::int64_t amount; ///< 0: refused
  };

  void apply(const entry& what);
  void write(const entry& what);

  kv::append_log journal_;
  std::int64_t balance_ = 0;
  std::unordered_map<std::uint64_t, bool> seen_; ///< and whether it was done
};

} // namespace examples::bank
