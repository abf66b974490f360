// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/timeline.hpp>

#include <ramet/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <string_view>

namespace ramet {

namespace {

using fractional_us = std::chrono::duration<double, std::micro>;

// Markup and quotes in names are written as what they stand for.
std::string escaped(std::string_view text, bool markup) {
  std::string result;
  for (char c : text)
    if (markup && c == '<')
      result += "&lt;";
    else if (markup && c == '&')
      result += "&amp;";
    else if (static_cast<unsigned char>(c) < 0x20)
      result += ' ';
    else if (!markup && (c == '"' || c == '\\'))
      (result += '\\') += c;
    else
      result += c;
  return result;
}

void write_file(const std::filesystem::path& file, const std::string& text) {
  std::ofstream out{file, std::ios::binary | std::ios::trunc};
  out << text;
  out.flush();
  if (!out)
    throw error(errc::os_failure,
                fmt::format("saving a timeline: {} cannot be written; check "
                            "that the directory is there and has room",
                            file.string()));
}

std::string in_words(std::chrono::nanoseconds time) {
  auto us = fractional_us{time}.count();
  if (us < 1000)
    return fmt::format("{:.0f} us", us);
  if (us < 1e6)
    return fmt::format("{:.3g} ms", us / 1e3);
  return fmt::format("{:.3g} s", us / 1e6);
}

// 1, 2 or 5 times a power of ten, so that there are some ten ticks.
double tick_for(double length) {
  auto power = std::pow(10, std::floor(std::log10(length / 10)));
  for (double factor : {1, 2, 5})
    if (length / (power * factor) <= 12)
      return power * factor;
  return power * 10;
}

} // namespace

void timeline::save_svg(const std::filesystem::path& file) const {
  constexpr double left = 150;
  constexpr double width = 1000;
  constexpr double row = 24;
  constexpr double top = 40;
  std::chrono::nanoseconds begin{0};
  std::chrono::nanoseconds end{1};
  if (!spans.empty()) {
    begin = std::ranges::min(spans, {}, &span::begin).begin;
    end = std::ranges::max(spans, {}, &span::end).end;
  }
  auto length = std::max(fractional_us{end - begin}.count(), 1e-3);
  auto x = [&](std::chrono::nanoseconds time) {
    return left + fractional_us{time - begin}.count() / length * width;
  };
  auto bottom = top + row * static_cast<double>(workers.size());
  std::string text;
  auto out = std::back_inserter(text);
  fmt::format_to(
      out,
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" "
      "font-family=\"sans-serif\" font-size=\"12\">\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
      "<text x=\"10\" y=\"20\">{}: {} tasks in {}</text>\n",
      left + width + 20, bottom + 30, escaped(name, true), spans.size(),
      in_words(end - begin));
  auto tick = tick_for(length);
  for (double at = 0; at <= length; at += tick) {
    auto tick_x = left + at / length * width;
    fmt::format_to(out,
                   "<line x1=\"{0:.1f}\" y1=\"{1}\" x2=\"{0:.1f}\" y2=\"{2}\" "
                   "stroke=\"#ddd\"/><text x=\"{0:.1f}\" y=\"{3}\" "
                   "text-anchor=\"middle\">{4}</text>\n",
                   tick_x, top, bottom, bottom + 16,
                   in_words(std::chrono::nanoseconds{std::llround(at * 1000)}));
  }
  for (std::size_t i = 0; i < workers.size(); ++i)
    fmt::format_to(out, "<text x=\"10\" y=\"{}\">{}</text>\n",
                   top + row * static_cast<double>(i) + 16,
                   escaped(workers[i], true));
  for (auto& one : spans)
    fmt::format_to(out,
                   "<rect x=\"{:.2f}\" y=\"{}\" width=\"{:.2f}\" height=\"{}\" "
                   "fill=\"{}\"><title>task {}: {}{}</title></rect>\n",
                   x(one.begin), top + row * one.worker + 3,
                   std::max(x(one.end) - x(one.begin), 0.5), row - 6,
                   one.failed ? "#c33" : (one.task % 2 ? "#4a8" : "#6ca"),
                   one.task, in_words(one.end - one.begin),
                   one.failed ? ", failed" : "");
  text += "</svg>\n";
  write_file(file, text);
}

void timeline::save_trace(const std::filesystem::path& file) const {
  std::string text = "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n";
  auto out = std::back_inserter(text);
  fmt::format_to(out,
                 "{{\"ph\":\"M\",\"pid\":1,\"name\":\"process_name\","
                 "\"args\":{{\"name\":\"{}\"}}}}",
                 escaped(name, false));
  for (std::size_t i = 0; i < workers.size(); ++i)
    fmt::format_to(out,
                   ",\n{{\"ph\":\"M\",\"pid\":1,\"tid\":{},\"name\":"
                   "\"thread_name\",\"args\":{{\"name\":\"{}\"}}}}",
                   i, escaped(workers[i], false));
  for (auto& one : spans)
    fmt::format_to(out,
                   ",\n{{\"ph\":\"X\",\"pid\":1,\"tid\":{},\"name\":"
                   "\"task {}\",\"cat\":\"{}\",\"ts\":{:.3f},\"dur\":{:.3f}}}",
                   one.worker, one.task, one.failed ? "failed" : "task",
                   fractional_us{one.begin}.count(),
                   fractional_us{one.end - one.begin}.count());
  text += "\n]}\n";
  write_file(file, text);
}

} // namespace ramet
