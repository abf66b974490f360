// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "bar_chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace examples {

namespace {

constexpr double left = 20;
constexpr double name_width = 110;
constexpr double bar_width = 480;
constexpr double value_width = 90;
constexpr double row = 22;
constexpr double top = 50;
constexpr double between_groups = 34;
constexpr std::array colors{"#888", "#4a8", "#48c", "#c84", "#a5a"};

std::string escaped(const std::string& text) {
  std::string result;
  for (char c : text)
    switch (c) {
    case '<':
      result += "&lt;";
      break;
    case '>':
      result += "&gt;";
      break;
    case '&':
      result += "&amp;";
      break;
    default:
      result += c;
    }
  return result;
}

} // namespace

void bar_chart::save_svg(const std::filesystem::path& file) const {
  double longest = 0;
  double height = top;
  std::vector<std::string> names; // in the order of their colors
  for (auto& group : groups) {
    height += between_groups + row * static_cast<double>(group.bars.size());
    for (auto& bar : group.bars) {
      longest = std::max(longest, bar.value);
      if (std::ranges::find(names, bar.name) == names.end())
        names.push_back(bar.name);
    }
  }
  auto color_of = [&](const std::string& name) {
    auto place = std::ranges::find(names, name) - names.begin();
    return colors[static_cast<std::size_t>(place) % colors.size()];
  };

  std::string text;
  auto out = std::back_inserter(text);
  fmt::format_to(
      out,
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" "
      "font-family=\"sans-serif\" font-size=\"13\">\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
      "<text x=\"{}\" y=\"28\" font-size=\"16\">{}</text>\n",
      left + name_width + bar_width + value_width, height + 10, left,
      escaped(title));
  double y = top;
  for (auto& group : groups) {
    fmt::format_to(out,
                   "<text x=\"{}\" y=\"{}\" font-weight=\"bold\">{}</text>\n",
                   left, y + 16, escaped(group.name));
    y += between_groups - 8;
    for (auto& bar : group.bars) {
      auto width = longest > 0 ? bar.value / longest * bar_width : 0;
      fmt::format_to(out,
                     "<text x=\"{}\" y=\"{}\">{}</text>"
                     "<rect x=\"{}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\" "
                     "fill=\"{}\"/>"
                     "<text x=\"{:.1f}\" y=\"{}\">{:.3f} {}</text>\n",
                     left, y + 15, escaped(bar.name), left + name_width, y + 3,
                     width, row - 6, color_of(bar.name),
                     left + name_width + width + 6, y + 15, bar.value,
                     escaped(unit));
      y += row;
    }
    y += 8;
  }
  text += "</svg>\n";

  std::ofstream stream{file, std::ios::binary};
  stream << text << std::flush;
  if (!stream)
    throw std::runtime_error{file.string() + " cannot be written"};
}

} // namespace examples
