// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/progress.hpp>

#include "terminal_posix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>

namespace ramet {

namespace {

using clock = std::chrono::steady_clock;
using seconds = std::chrono::duration<double>;

constexpr std::chrono::milliseconds on_terminal{100};
constexpr std::chrono::seconds elsewhere{5};

std::string in_words(std::chrono::nanoseconds time) {
  auto s = std::chrono::ceil<std::chrono::seconds>(time).count();
  if (s < 120)
    return fmt::format("{} s", s);
  if (s < 7200)
    return fmt::format("{} min", (s + 59) / 60);
  return fmt::format("{:.1f} h", static_cast<double>(s) / 3600);
}

std::string took(std::chrono::nanoseconds time) {
  auto s = seconds{time}.count();
  if (s < 1)
    return fmt::format("{:.0f} ms", 1000 * s);
  return s < 10 ? fmt::format("{:.1f} s", s) : in_words(time);
}

std::string rate_in_words(double rate) {
  return rate < 100 ? fmt::format("{:.1f}/s", rate)
                    : fmt::format("{:.0f}/s", rate);
}

std::string line_of(const std::string& title, const progress& now) {
  auto text = title.empty() ? std::string{} : title + "  ";
  if (now.total == 0)
    text += fmt::format("{}", now.done);
  else
    text += fmt::format("{}/{}  {} %", now.done, now.total,
                        100 * now.done / now.total);
  if (now.finished())
    text += fmt::format("  in {}, {}", took(now.elapsed),
                        rate_in_words(now.rate()));
  else if (now.done > 0)
    text += "  " + rate_in_words(now.rate());
  if (auto left = now.left(); left.count() > 0)
    text += fmt::format("  {} left", in_words(left));
  if (now.failed > 0)
    text += fmt::format(", {} failed", now.failed);
  return text;
}

class bar {
public:
  explicit bar(std::string title) : title_(std::move(title)) {}

  void show(const progress& now) {
    auto time = clock::now();
    bool last = now.finished() && !finished_;
    auto pause =
        terminal_ ? clock::duration{on_terminal} : clock::duration{elsewhere};
    if (!last && (now.done == 0 || finished_ || time - shown_ < pause))
      return;
    finished_ |= last;
    shown_ = time;
    auto line = line_of(title_, now);
    auto width = std::exchange(width_, line.size());
    if (terminal_) // what was longer is blotted out
      line = fmt::format("\r{:{}}{}", line, std::max(width, line.size()),
                         last ? "\n" : "");
    else
      line += '\n';
    std::fwrite(line.data(), 1, line.size(), stderr);
    std::fflush(stderr);
  }

private:
  std::string title_;
  bool terminal_ = detail::errors_go_to_terminal();
  bool finished_ = false;
  clock::time_point shown_ = clock::now();
  std::size_t width_ = 0;
};

} // namespace

double progress::rate() const {
  auto time = seconds{elapsed}.count();
  return time > 0 ? static_cast<double>(done) / time : 0;
}

std::chrono::nanoseconds progress::left() const {
  if (total == 0 || done == 0 || done >= total)
    return std::chrono::nanoseconds::zero();
  auto ratio = static_cast<double>(total - done) / static_cast<double>(done);
  return std::chrono::duration_cast<std::chrono::nanoseconds>(seconds{elapsed}
                                                              * ratio);
}

progress_function progress_bar(std::string title) {
  return [one = std::make_shared<bar>(std::move(title))](const progress& now) {
    one->show(now);
  };
}

} // namespace ramet
