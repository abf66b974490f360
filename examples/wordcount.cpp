// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Counts the words of all files below some directories with many processes.
///
/// The parent cuts the files into tasks of some megabytes and puts them into
/// one queue; every worker takes a task when it is free, and puts what it
/// counted into another queue. A worker may be killed at any instant: the
/// queues stay whole, the parent sees the death, starts a new worker, and gives
/// out once more whatever then has no result. A task may so be counted twice,
/// but its result is only used once, so that the total is always right.

#include "wordcount/plan.hpp"
#include "wordcount/progress_line.hpp"
#include "wordcount/word_counter.hpp"

#include <ramet/process.hpp>
#include <ramet/queue.hpp>
#include <ramet/runtime.hpp>
#include <ramet/wait.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <clocale>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

namespace {

// -- What travels -----------------------------------------------------------

/// A worker says that it begins a task, so that the parent knows whose it is.
struct begun {
  std::uint32_t worker = 0;
  std::uint32_t task = 0;
};

/// And what it found. The table travels with each task, not at the worker's
/// end: so a worker's death costs nothing that is already counted.
struct counted {
  std::uint32_t worker = 0;
  std::uint32_t task = 0;
  std::uint64_t words = 0;
  std::uint64_t files = 0;
  std::vector<std::pair<std::string, std::uint64_t>> table;
  std::vector<std::string> problems;
};

using task_queue = ramet::queue<examples::task>;
using report_queue = ramet::queue<std::variant<begun, counted>>;

// -- The worker's side ------------------------------------------------------

void work(std::uint32_t me, task_queue tasks, report_queue reports) try {
  std::setlocale(LC_ALL, "");
  for (const auto& job : tasks) {
    reports.put(begun{me, job.id});
    examples::word_counter counter;
    for (const auto& piece : job.pieces)
      counter.count(piece);
    auto& table = counter.table;
    reports.put(counted{me,
                        job.id,
                        counter.words,
                        counter.files,
                        {table.begin(), table.end()},
                        std::move(counter.problems)});
  }
} catch (const ramet::error& e) {
  if (e.code() != ramet::errc::closed)
    throw;
  // The parent has all it wants; what this worker holds was counted twice.
}

// -- The parent's side ------------------------------------------------------

/// Runs the workers until every task has its result.
class foreman {
public:
  foreman(const examples::plan& plan, std::uint32_t workers, bool kill_one,
          examples::progress_line& line)
      : tasks_(plan.tasks), results_(plan.tasks.size()), kill_one_(kill_one),
        line_(line), reports_({.maxsize = std::size_t{4} * workers}) {
    progress_.total = plan.bytes;
    table.reserve(1 << 21); // growing step by step costs more than counting
    for (const auto& job : tasks_)
      todo_.put(job);
    for (std::uint32_t i = 0; i < workers; ++i)
      crew_.push_back({hire(i), {}});
  }

  void run() {
    while (done_ < tasks_.size()) {
      wait_for_news();
      // Who is dead now has said all that it ever will: first hear it out.
      std::vector<std::uint32_t> dead;
      for (std::uint32_t i = 0; i < crew_.size(); ++i)
        if (!crew_[i].process.running())
          dead.push_back(i);
      while (auto report = reports_.try_get())
        std::visit([this](auto& what) { hear(what); }, *report);
      for (auto i : dead)
        bury(i);
      if (kill_one_ && done_ >= tasks_.size() / 2)
        kill_one();
      if (lost_ && todo_.empty())
        put_back_what_is_missing();
    }
    line_.finish(progress_);
    if (kill_one_)
      line_.note("it went too fast to kill anybody");
    todo_.close();
    reports_.close();
    for (auto& worker : crew_)
      worker.process.join();
  }

  std::uint64_t words = 0;
  std::uint64_t files() const { return progress_.files; }
  examples::word_table table;
  std::size_t problems = 0;

private:
  struct worker {
    ramet::process process;
    std::optional<std::uint32_t> task;
  };
  struct result {
    bool there = false;
    int deaths = 0; ///< of workers that were counting it
  };

  ramet::process hire(std::uint32_t i) {
    return ramet::process{
        {.name = fmt::format("worker-{}", i + 1), .daemon = true},
        work,
        i,
        todo_,
        reports_};
  }

  void wait_for_news() {
    auto workers = crew_ | std::views::transform(&worker::process);
    ramet::wait_for(std::chrono::milliseconds(500), reports_, workers);
    line_.show(progress_);
  }

  void hear(const begun& what) { crew_[what.worker].task = what.task; }

  void hear(counted& what) {
    crew_[what.worker].task.reset();
    if (std::exchange(results_[what.task].there, true))
      return; // counted twice, used once
    ++done_;
    progress_.done += tasks_[what.task].bytes;
    progress_.files += what.files;
    words += what.words;
    for (auto& [word, count] : what.table)
      table.try_emplace(std::move(word), 0).first->second += count;
    for (const auto& problem : what.problems)
      line_.note(examples::printable(problem));
    problems += what.problems.size();
    line_.show(progress_);
  }

  /// All reports are heard, so who has begun a task is most likely still at
  /// it.
  void kill_one() {
    auto victim = std::ranges::find_if(
        crew_, [](const worker& w) { return w.task.has_value(); });
    if (victim == crew_.end())
      return;
    kill_one_ = false;
    line_.note(fmt::format("killing {}, pid {}, at its work",
                           victim->process.name(), victim->process.pid()));
    victim->process.kill();
  }

  /// A worker ended before the work did.
  void bury(std::uint32_t i) {
    auto [process, task] = std::move(crew_[i]);
    auto how = fmt::format("{} (pid {}) {}", process.name(), process.pid(),
                           to_string(process.status().value()));
    // The same task three times, or nobody who ever gets to work: that is no
    // accident, and trying on would never end.
    if (task && ++results_[*task].deaths == 3) {
      const auto& pieces = tasks_[*task].pieces;
      throw std::runtime_error(fmt::format(
          "{}; it is the third to die counting {} and {} more: giving up", how,
          examples::printable(pieces.front().path), pieces.size() - 1));
    }
    if (!task && ++deaths_at_rest_ == 3 + static_cast<int>(crew_.size()))
      throw std::runtime_error(how
                               + "; others before it had not begun any "
                                 "work either: giving up");
    line_.note(how + "; another takes its place");
    lost_ = true;
    crew_[i] = {hire(i), {}};
  }

  /// No task waits any more: those that have no result and that no living
  /// worker has begun went down with a worker. (Or somebody has just taken one
  /// and not said so yet; then it is counted twice, which does no harm.)
  void put_back_what_is_missing() {
    lost_ = false;
    std::size_t again = 0;
    for (const auto& job : tasks_) {
      bool in_work = std::ranges::any_of(
          crew_, [&](const worker& w) { return w.task == job.id; });
      if (results_[job.id].there || in_work)
        continue;
      todo_.put(job);
      ++again;
    }
    line_.note(fmt::format("counted again by another: {} of {} tasks", again,
                           tasks_.size()));
  }

  const std::vector<examples::task>& tasks_;
  std::vector<result> results_; ///< one a task
  std::size_t done_ = 0;
  examples::progress progress_;
  bool kill_one_;
  bool lost_ = false; ///< somebody died; what it had taken is to be found
  int deaths_at_rest_ = 0;
  examples::progress_line& line_;
  task_queue todo_;
  report_queue reports_;
  std::vector<worker> crew_;
};

void print_most_frequent(const examples::word_table& table) {
  std::vector<std::pair<std::string, std::uint64_t>> top(
      std::min<std::size_t>(table.size(), 20));
  std::ranges::partial_sort_copy(table, top, [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  for (const auto& [word, count] : top)
    fmt::print("{:<24} {:>10} {:#<{}}\n", examples::printable(word, 24), count,
               "", 1 + count * 39 / top.front().second);
}

/// Where the headers of the system's C and C++ compilers are.
std::vector<std::string> default_directories() {
  std::vector<std::string> result{"/usr/include"};
  namespace fs = std::filesystem;
  std::error_code none;
  for (const auto& target : fs::directory_iterator{"/usr/lib/gcc", none})
    for (const auto& version : fs::directory_iterator{target, none})
      if (fs::is_directory(version.path() / "include", none))
        result.push_back(version.path() / "include");
  return result;
}

} // namespace

int main(int argc, char** argv) try {
  ramet::runtime rt{argc, argv};
  std::setlocale(LC_ALL, "");

  CLI::App app{"Counts words, as wc -w does, in every regular file below the "
               "given directories, with one process a core."};
  std::vector<std::string> directories;
  std::uint32_t workers = std::max(1u, std::thread::hardware_concurrency());
  bool kill_one = false;
  app.add_option("DIR", directories,
                 "Directories (or files); default: the system's headers");
  app.add_option("--workers", workers, "Number of worker processes")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_flag("--kill-one", kill_one,
               "Kill a worker half-way; the result is the same");
  CLI11_PARSE(app, argc, argv);
  if (directories.empty())
    directories = default_directories();

  auto start = std::chrono::steady_clock::now();
  examples::progress_line line;
  examples::plan plan{line};
  for (const auto& directory : directories)
    plan.add(directory);
  foreman boss{plan, workers, kill_one, line};
  boss.run();

  print_most_frequent(boss.table);
  std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  fmt::print("total {} words in {} files, {} workers, {:.2f} s\n", boss.words,
             boss.files(), workers, time.count());
  auto problems = plan.problems + boss.problems;
  if (problems > 0)
    line.note(
        fmt::format("{} files or directories could not be read", problems));
  return problems > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
} catch (const std::exception& e) {
  fmt::print(stderr, "wordcount: {}\n", e.what());
  return EXIT_FAILURE;
}
