// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A bank whose money stays together while its processes are killed.
///
/// Each account is an actor in a process of its own, under a supervisor. A
/// teller moves money between them: it withdraws here, then deposits there, and
/// gives the money back if that is refused. Whenever a process is killed, the
/// supervisor starts another one, which finds in a journal what its account has
/// done so far; the teller, which got no answer, asks the same handle again.

#include "bank/account.hpp"
#include "bank/teller.hpp"

#include <ramet/ask.hpp>
#include <ramet/runtime.hpp>
#include <ramet/supervisor.hpp>

#include <CLI/CLI.hpp>
#include <caf/send.hpp>
#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace bank = examples::bank;
using namespace std::chrono_literals;

// -- Who watches ------------------------------------------------------------

using all_said = caf::atom_constant<caf::atom("all_said")>;

/// Answers when it has printed what it was told before.
using watch = bank::door::extend<caf::replies_to<all_said>::with<bool>>;

struct watch_state {
  std::map<std::uint32_t, bank::opened> open;
};

/// Prints the death of each process that has an account.
watch::behavior_type make_watch(watch::stateful_pointer<watch_state> self) {
  auto died = [self](std::uint32_t number) {
    auto one = self->state.open.extract(number).mapped();
    fmt::print("account {} died with its process {}\n", number, one.pid);
  };
  self->set_down_handler([self, died](const caf::down_msg& what) {
    for (const auto& [number, one] : self->state.open)
      if (one.handle.address() == what.source
          && what.reason != caf::exit_reason::user_shutdown)
        return died(number);
  });
  return {
      [self, died](const bank::opened& one) {
        // It may be back before we hear that it was gone.
        if (self->state.open.contains(one.number))
          died(one.number);
        self->monitor(one.handle);
        self->state.open[one.number] = one;
        fmt::print("account {} is open in process {}\n", one.number, one.pid);
      },
      [](all_said) { return true; },
  };
}

// -- Where the journals are ---------------------------------------------------

class journal_directory {
public:
  journal_directory() {
    auto name =
        (std::filesystem::temp_directory_path() / "ramet-bank-XXXXXX").string();
    if (!mkdtemp(name.data()))
      throw std::runtime_error("no directory for the journals: " + name);
    path_ = name;
  }
  ~journal_directory() {
    std::error_code none;
    std::filesystem::remove_all(path_, none);
  }
  journal_directory(const journal_directory&) = delete;
  journal_directory& operator=(const journal_directory&) = delete;

  std::filesystem::path of(std::uint32_t number) const {
    return path_ / fmt::format("account-{}", number);
  }

private:
  std::filesystem::path path_;
};

// -- Who kills ----------------------------------------------------------------

std::size_t restarts_of(const ramet::supervisor& top) {
  std::size_t sum = 0;
  for (const auto& child : top.tree().children)
    sum += child.restarts;
  return sum;
}

/// Kills the processes in turn, while the teller works.
void kill_some(const ramet::supervisor& top, const bank::teller& teller,
               std::uint64_t transfers, std::uint64_t kills) {
  for (std::uint64_t killed = 0; killed < kills;) {
    auto due = transfers * (killed + 1) / (kills + 1);
    auto victim = top.tree().children[killed % top.tree().children.size()];
    if (ramet::ask(teller, bank::progress::value).get() >= due
        && victim.state == ramet::child_state::running
        && restarts_of(top) == killed) {
      ::kill(victim.pid, SIGKILL);
      ++killed;
    } else {
      std::this_thread::sleep_for(2ms);
    }
  }
}

/// What the account has, as soon as it can say.
std::int64_t balance_of(const bank::account& one) {
  for (;;) {
    try {
      return ramet::ask(one, bank::balance::value).get();
    } catch (const ramet::error& e) {
      if (e.code() != ramet::errc::closed)
        throw;
    }
    std::this_thread::sleep_for(2ms);
  }
}

} // namespace

int main(int argc, char** argv) try {
  ramet::runtime rt{argc, argv};

  CLI::App app{"Moves money between accounts while their processes are killed, "
               "and counts it."};
  std::uint32_t accounts = 4;
  std::uint64_t transfers = 5000;
  std::uint64_t kills = 3;
  app.add_option("--accounts", accounts, "Number of accounts")
      ->check(CLI::Range(2, 100))
      ->capture_default_str();
  app.add_option("--transfers", transfers, "Number of transfers")
      ->check(CLI::Range(1, 100'000'000))
      ->capture_default_str();
  app.add_option("--kills", kills, "How many processes are killed meanwhile")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);

  constexpr std::int64_t opening = 1000;
  journal_directory journals;
  auto watching = ramet::actor_system().spawn(make_watch);
  // Killing is what we are here for, so it may be often.
  ramet::supervisor top{{.name = "bank",
                         .strategy = ramet::one_for_one,
                         .max_restarts = kills + 3,
                         .within = 1h,
                         .pause = {.first = 10ms, .longest = 100ms}}};
  std::vector<bank::account> all;
  for (std::uint32_t i = 0; i < accounts; ++i)
    all.push_back(top.spawn({.name = fmt::format("account-{}", i)},
                            bank::make_account,
                            bank::account_terms{.number = i,
                                                .opening = opening,
                                                .most = opening + opening / 5,
                                                .journal = journals.of(i)},
                            watching));

  auto teller = ramet::actor_system().spawn(bank::make_teller, all);
  auto working = ramet::ask(
      teller, bank::job{.transfers = transfers, .at_a_time = 16 * accounts});
  kill_some(top, teller, transfers, kills);
  auto result = working.get();

  std::int64_t total = 0;
  for (const auto& one : all)
    total += balance_of(one);
  auto restarts = restarts_of(top);
  fmt::print("{} done, {} refused for want of money, {} given back for want of "
             "room\n",
             result.done, result.refused, result.refunded);
  top.stop();
  top.join();
  ramet::ask(watching, all_said::value).get();
  bool conserved = total == opening * accounts;
  fmt::print("total {} in {} accounts, {} transfers, {} restarts: {}\n", total,
             accounts, result.all(), restarts,
             conserved ? "conserved" : "NOT conserved");
  return conserved ? EXIT_SUCCESS : EXIT_FAILURE;
} catch (const std::exception& e) {
  fmt::print(stderr, "bank: {}\n", e.what());
  return EXIT_FAILURE;
}
