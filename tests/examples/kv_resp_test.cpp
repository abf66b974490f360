// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "kv_service/resp.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace {

using examples::kv::command_parser;
using commands = std::vector<std::vector<std::string>>;

commands drain(command_parser& parser) {
  commands result;
  while (auto command = parser.next())
    result.emplace_back(command->begin(), command->end());
  return result;
}

/// Gives the bytes to a parser, in pieces of that size at most.
commands parse(std::string_view bytes, std::size_t piece = 1 << 20,
               command_parser::limits most = {}) {
  command_parser parser{most};
  commands result;
  while (!bytes.empty()) {
    auto room = parser.prepare();
    auto size = std::min({room.size(), piece, bytes.size()});
    std::copy_n(bytes.begin(), size, room.begin());
    parser.commit(size);
    bytes.remove_prefix(size);
    std::ranges::move(drain(parser), std::back_inserter(result));
  }
  return result;
}

std::string refusal(std::string_view bytes, command_parser::limits most = {}) {
  try {
    parse(bytes, 1 << 20, most);
  } catch (const examples::kv::protocol_error& e) {
    return e.what();
  }
  return "nothing refused";
}

const std::string many = "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"
                         "PING\r\n"
                         "\r\n"
                         "*0\r\n"
                         "*-1\r\n"
                         "*3\r\n$3\r\nSET\r\n$4\r\na\r\nb\r\n$0\r\n\r\n"
                         "  set  'a b'\t\"c\\x41\\n\" \n"
                         "*1\r\n$4\r\nPING\r\n";
const commands many_read{{"GET", "k"},
                         {"PING"},
                         {"SET", "a\r\nb", ""},
                         {"set", "a b", "cA\n"},
                         {"PING"}};

TEST(command_parser, finds_the_same_commands_however_the_bytes_arrive) {
  for (std::size_t piece = 1; piece <= many.size(); ++piece)
    EXPECT_EQ(parse(many, piece), many_read) << piece;
}

TEST(command_parser, holds_a_command_back_until_its_last_byte) {
  std::string command = "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n";
  for (std::size_t size = 0; size < command.size(); ++size)
    EXPECT_TRUE(parse(command.substr(0, size)).empty()) << size;
}

TEST(command_parser, takes_large_arguments_in_any_pieces) {
  std::string value(3'000'000, 'v');
  value[1'000'000] = '\r';
  value[1'000'001] = '\n';
  auto bytes = "*2\r\n$4\r\nECHO\r\n$3000000\r\n" + value + "\r\nPING\r\n";
  for (std::size_t piece : {1000, 70'000, 4'000'000})
    EXPECT_EQ(parse(bytes, piece), (commands{{"ECHO", value}, {"PING"}}));
}

TEST(command_parser, takes_pipelines_of_many_commands) {
  std::string bytes;
  for (int i = 0; i < 50'000; ++i)
    bytes += "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n";
  auto found = parse(bytes, 33'333);
  EXPECT_EQ(found.size(), 50'000);
  EXPECT_EQ(found.back(), (std::vector<std::string>{"GET", "key"}));
}

TEST(command_parser, understands_the_quotes_of_inline_commands) {
  EXPECT_EQ(parse("a 'it\\'s' \"say \\\"x\\\"\" \"\" pre'x'\n"),
            (commands{{"a", "it's", "say \"x\"", "", "prex"}}));
  EXPECT_EQ(parse("a \"\\xzz\\q\"\n"), (commands{{"a", "xzzq"}}));
  for (auto bad : {"a \"b\n", "a 'b\n", "a \"b\"c\n", "a \"b\\\n"})
    EXPECT_EQ(refusal(bad), "Protocol error: unbalanced quotes in request");
}

TEST(command_parser, refuses_what_is_no_command) {
  EXPECT_EQ(refusal("*x\r\n"), "Protocol error: invalid multibulk length");
  EXPECT_EQ(refusal("*\r\n"), "Protocol error: invalid multibulk length");
  EXPECT_EQ(refusal("*99999999999999999999\r\n"),
            "Protocol error: invalid multibulk length");
  EXPECT_EQ(refusal("*1\r\nGET\r\n"), "Protocol error: expected '$', got 'G'");
  EXPECT_EQ(refusal("*1\r\n\x01"), "Protocol error: expected '$', got '?'");
  EXPECT_EQ(refusal("*1\r\n$-1\r\n"), "Protocol error: invalid bulk length");
  EXPECT_EQ(refusal("*1\r\n$1 \r\n"), "Protocol error: invalid bulk length");
  EXPECT_EQ(refusal("*1\r\n$1\r\nabc"),
            "Protocol error: no line's end after an argument");
}

TEST(command_parser, refuses_more_than_its_limits) {
  command_parser::limits small{.line = 10, .arguments = 2, .bytes = 100};
  EXPECT_EQ(refusal("0123456789\r\n", small),
            "Protocol error: too big inline request"); // with the \r
  EXPECT_EQ(parse("123456789\r\n", 1, small).size(), 1);
  EXPECT_EQ(refusal(std::string(20, 'x'), small),
            "Protocol error: too big inline request");
  EXPECT_EQ(refusal("*3\r\n", small),
            "Protocol error: invalid multibulk length");
  EXPECT_EQ(refusal("*2\r\n$101\r\n", small),
            "Protocol error: invalid bulk length");
  EXPECT_EQ(
      refusal("*2\r\n$60\r\n" + std::string(60, 'x') + "\r\n$41\r\n", small),
      "Protocol error: invalid bulk length");
  EXPECT_EQ(refusal("*1\r\n$" + std::string(100, '0')),
            "Protocol error: too big inline request");
}

TEST(command_parser, takes_no_memory_for_what_is_only_announced) {
  command_parser parser;
  for (std::string_view bytes : {"*1000000\r\n", "$60000000\r\n", "abc"}) {
    auto room = parser.prepare();
    std::ranges::copy(bytes, room.begin());
    parser.commit(bytes.size());
    EXPECT_FALSE(parser.next());
  }
  EXPECT_LT(parser.prepare().size(), 100'000);
}

TEST(command_parser, survives_random_bytes) {
  std::mt19937 random{1};
  constexpr std::string_view alphabet = "*$0123-\r\n\r\n\"'\\x aG";
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(random() % 60, ' ');
    for (char& c : bytes)
      c = alphabet[random() % alphabet.size()];
    try {
      auto whole = parse(bytes);
      EXPECT_EQ(parse(bytes, 1 + random() % 5), whole);
    } catch (const examples::kv::protocol_error&) {
    }
  }
}

TEST(replies, are_written_as_the_protocol_says) {
  std::string out;
  examples::kv::append_simple(out, "OK");
  examples::kv::append_error(out, "ERR a\r\nb");
  examples::kv::append_integer(out, -9223372036854775807 - 1);
  examples::kv::append_array(out, 2);
  examples::kv::append_bulk(out, "x\r\ny");
  examples::kv::append_nil(out);
  EXPECT_EQ(out, "+OK\r\n-ERR a  b\r\n:-9223372036854775808\r\n*2\r\n"
                 "$4\r\nx\r\ny\r\n$-1\r\n");
}

TEST(numbers, are_taken_whole_or_not_at_all) {
  EXPECT_EQ(examples::kv::to_integer("-12"), -12);
  EXPECT_EQ(examples::kv::to_integer("9223372036854775807"),
            9223372036854775807);
  for (auto bad : {"", "-", "+1", " 1", "1 ", "1x", "9223372036854775808"})
    EXPECT_FALSE(examples::kv::to_integer(bad)) << bad;
}

} // namespace
