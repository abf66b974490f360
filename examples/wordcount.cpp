// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Counts the words of all files below some directories with many processes.
///
/// The parent cuts the files into tasks of some megabytes, the workers of a
/// pool count them, and the parent adds up what they found as it comes. A
/// worker may be killed at any instant: the pool knows which task went down
/// with it, and has that one counted again. So the total is always right.

#include "timeline_option.hpp"
#include "wordcount/fault.hpp"
#include "wordcount/plan.hpp"
#include "wordcount/progress_line.hpp"
#include "wordcount/word_counter.hpp"

#include <ramet/pool.hpp>
#include <ramet/runtime.hpp>

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
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace {

// -- The workers' side ------------------------------------------------------

/// What was found in one task.
struct counted {
  std::uint64_t bytes = 0;
  std::uint64_t words = 0;
  std::uint64_t files = 0;
  std::vector<std::pair<std::string, std::uint64_t>> table;
  std::vector<std::string> problems;
};

void use_locale() {
  std::setlocale(LC_ALL, "");
}

counted count(const examples::task& job) {
  examples::word_counter counter;
  for (const auto& piece : job.pieces)
    counter.count(piece);
  return {job.bytes,
          counter.words,
          counter.files,
          {counter.table.begin(), counter.table.end()},
          std::move(counter.problems)};
}

// -- The parent's side ------------------------------------------------------

/// What was found in all.
struct totals {
  std::uint64_t words = 0;
  examples::progress progress;
  examples::word_table table;
  std::size_t problems = 0;

  void add(counted& part, examples::progress_line& line) {
    progress.done += part.bytes;
    progress.files += part.files;
    words += part.words;
    for (auto& [word, times] : part.table)
      table.try_emplace(std::move(word), 0).first->second += times;
    for (const auto& problem : part.problems)
      line.note(examples::printable(problem));
    problems += part.problems.size();
    line.show(progress);
  }
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
  use_locale();

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
  examples::timeline_option timeline{app};
  CLI11_PARSE(app, argc, argv);
  if (directories.empty())
    directories = default_directories();

  auto start = std::chrono::steady_clock::now();
  ramet::pool pool{{.workers = workers,
                    .initializer = use_locale,
                    .name = "wordcount",
                    .timeline = timeline.wanted()}};
  examples::progress_line line;
  examples::plan plan{line};
  for (const auto& directory : directories)
    plan.add(directory);

  totals all;
  all.progress.total = plan.bytes;
  all.table.reserve(1 << 21); // growing step by step costs more than counting
  examples::fault fault{pool, line};
  // The window bounds how many tables there are that wait to be added.
  for (auto& part : pool.imap_unordered(
           count, plan.tasks, {.window = 4 * workers, .retries = 2})) {
    all.add(part, line);
    if (kill_one && all.progress.done >= plan.bytes / 2)
      fault.strike();
  }
  line.finish(all.progress);
  if (kill_one && !fault.has_struck())
    line.note("it went too fast to kill anybody");
  timeline.save(pool);

  print_most_frequent(all.table);
  std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  fmt::print("total {} words in {} files, {} workers, {:.2f} s\n", all.words,
             all.progress.files, workers, time.count());
  auto problems = plan.problems + all.problems;
  if (problems > 0)
    line.note(
        fmt::format("{} files or directories could not be read", problems));
  return problems > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
} catch (const std::exception& e) {
  fmt::print(stderr, "wordcount: {}\n", e.what());
  return EXIT_FAILURE;
}
