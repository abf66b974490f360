// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/codec.hpp>

#include <cstring>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace {

using ramet::decode;
using ramet::encode;
using ramet::detail::object_ref;
using bytes = std::vector<std::byte>;

template <class T>
std::string failure(std::span<const std::byte> in) {
  try {
    static_cast<void>(decode<T>(in));
  } catch (const ramet::error& e) {
    EXPECT_EQ(e.code(), ramet::errc::protocol) << e.what();
    return e.what();
  }
  return {};
}

bytes of_length(std::uint64_t n, std::size_t more = 0) {
  bytes result(sizeof n + more);
  std::memcpy(result.data(), &n, sizeof n);
  return result;
}

struct empty {};

struct record {
  std::string name;
  std::vector<double> xs;
  std::vector<std::string> words;
  std::map<std::string, std::optional<int>> options;
  std::variant<int, std::string, std::vector<bool>> which;
  bool flag;
  std::vector<empty> nothings;
  std::unordered_map<int, std::list<std::u16string>> index;
};

struct tree {
  std::vector<tree> kids;
};

struct account {
  std::string owner;
  int balance = 0;
  std::vector<account> children;
};
template <class Inspector>
bool inspect(Inspector& f, account& x) {
  return f.object(x).fields(f.field("owner", x.owner),
                            f.field("balance", x.balance),
                            f.field("children", x.children));
}

struct nothing_sent {
  int kept = 0;
};
template <class Inspector>
bool inspect(Inspector& f, nothing_sent& x) {
  return f.object(x).fields();
}

struct hungry {
  static constexpr bool is_ramet_handle = true;
  explicit hungry(object_ref) { ++alive; }
  hungry(hungry&&) noexcept { ++alive; }
  ~hungry() { --alive; }
  object_ref ref() const { return {}; }
  static inline int alive = 0;
};

struct hungry_pair {
  hungry first;
  std::string between;
  hungry second;
};

record some_record() {
  return {"a name that is too long for the small buffer",
          {1, 2, 3},
          {"x", "yy"},
          {{"a", 1}, {"b", {}}},
          std::vector<bool>{true, false, true},
          true,
          std::vector<empty>(3),
          {{1, {u"a", u"bb"}}, {2, {}}}};
}

account some_account() {
  return {"Bob", 1, {{"Al", 2, {}}, {"Eve", 3, {{"Kid", 4, {}}}}}};
}

template <class T>
void expect_all_truncations_fail(const T& x) {
  auto whole = encode(x);
  for (std::size_t n = 0; n < whole.size(); ++n) {
    // Copied, so that a sanitizer sees the first byte too far.
    bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n));
    EXPECT_NE(failure<T>(part), "")
        << "with " << n << " bytes of " << whole.size();
  }
  whole.push_back({});
  EXPECT_NE(failure<T>(whole), "");
}

TEST(codec_bad_input, every_truncation_is_an_error) {
  expect_all_truncations_fail(1);
  expect_all_truncations_fail(std::string{"hello"});
  expect_all_truncations_fail(std::vector{1.0, 2.0});
  expect_all_truncations_fail(some_record());
  expect_all_truncations_fail(some_account());
  expect_all_truncations_fail(tree{{{}, {{{}, {}}}}});
  expect_all_truncations_fail(std::tuple{1, true, std::string{"x"}});
  expect_all_truncations_fail(std::deque<std::pair<char, int>>{{'a', 1}});
  expect_all_truncations_fail(1.0L);
  expect_all_truncations_fail(std::bitset<9>{});
}

TEST(codec_bad_input, damaged_bytes_are_an_error_or_another_value) {
  std::mt19937 random{42};
  auto good_record = encode(some_record());
  auto good_account = encode(some_account());
  auto good_tree = encode(tree{{{}, {{{}, {}}}}});
  int failed = 0;
  for (int i = 0; i < 100'000; ++i) {
    auto damaged = i % 3 == 0   ? good_record
                   : i % 3 == 1 ? good_account
                                : good_tree;
    for (auto n = random() % 3 + 1; n > 0; --n) {
      auto at = random() % damaged.size();
      switch (random() % 4) {
      case 0:
        damaged[at] = static_cast<std::byte>(random());
        break;
      case 1:
        damaged[at] ^= static_cast<std::byte>(1U << random() % 8);
        break;
      case 2:
        damaged.erase(damaged.begin() + static_cast<std::ptrdiff_t>(at));
        break;
      default:
        damaged.insert(damaged.begin() + static_cast<std::ptrdiff_t>(at),
                       static_cast<std::byte>(random() % 4));
      }
      if (damaged.empty())
        break;
    }
    auto why = i % 3 == 0   ? failure<record>(damaged)
               : i % 3 == 1 ? failure<account>(damaged)
                            : failure<tree>(damaged);
    failed += why.empty() ? 0 : 1;
  }
  EXPECT_GT(failed, 50'000);
  EXPECT_LT(failed, 100'000);
}

TEST(codec_bad_input, noise_is_an_error_or_another_value) {
  std::mt19937 random{7};
  for (int i = 0; i < 20'000; ++i) {
    bytes noise(random() % 100);
    for (auto& b : noise)
      b = static_cast<std::byte>(random() % 5 == 0 ? random() : 0);
    static_cast<void>(failure<record>(noise));
    static_cast<void>(failure<account>(noise));
    static_cast<void>(failure<tree>(noise));
  }
}

TEST(codec_bad_input, hostile_lengths_allocate_nothing) {
  for (std::uint64_t n :
       {std::uint64_t{1} << 32, std::uint64_t{1} << 61, std::uint64_t{1} << 63,
        ~std::uint64_t{0}, ~std::uint64_t{0} / 8 + 1,
        ~std::uint64_t{0} / 32 + 1}) {
    auto in = of_length(n, 24);
    EXPECT_NE(failure<std::string>(in), "");
    EXPECT_NE(failure<std::u32string>(in), "");
    EXPECT_NE(failure<std::vector<double>>(in), "");
    EXPECT_NE(failure<std::vector<std::string>>(in), "");
    EXPECT_NE(failure<std::vector<bool>>(in), "");
    EXPECT_NE(failure<std::vector<empty>>(in), "");
    EXPECT_NE(failure<std::vector<nothing_sent>>(in), "");
    EXPECT_NE(failure<std::vector<std::vector<std::vector<int>>>>(in), "");
    EXPECT_NE((failure<std::vector<std::array<std::string, 100>>>(in)), "");
    EXPECT_NE(failure<std::list<std::tuple<>>>(in), "");
    EXPECT_NE(failure<std::deque<char>>(in), "");
    EXPECT_NE((failure<std::map<int, int>>(in)), "");
    EXPECT_NE((failure<std::unordered_map<char, char>>(in)), "");
    EXPECT_NE(failure<std::unordered_set<std::string>>(in), "");
    EXPECT_NE(failure<std::filesystem::path>(in), "");
  }
}

TEST(codec_bad_input, elements_without_size_are_counted_over_the_message) {
  // 1000 vectors of 10,000 empties each: little to send, much to build.
  auto in = of_length(1000);
  for (int i = 0; i < 1000; ++i) {
    auto inner = of_length(10'000);
    in.insert(in.end(), inner.begin(), inner.end());
  }
  EXPECT_NE(
      failure<std::vector<std::vector<empty>>>(in).find("without contents"),
      std::string::npos);
}

TEST(codec_bad_input, values_outside_their_type_are_errors) {
  bytes two{std::byte{2}};
  EXPECT_NE(failure<bool>(two).find("must be 0 or 1"), std::string::npos);
  EXPECT_NE(failure<std::optional<empty>>(two), "");
  EXPECT_NE((failure<std::variant<empty, std::monostate>>(two)), "");
  EXPECT_NE((failure<std::array<bool, 1>>(two)), "");
  EXPECT_NE(failure<std::bitset<1>>(two), "");
  auto bits = of_length(1, 1);
  bits[8] = std::byte{2};
  EXPECT_NE(failure<std::vector<bool>>(bits), "");
  EXPECT_NE(failure<std::vector<bool>>(of_length(9, 1)), "");
}

TEST(codec_bad_input, nesting_has_a_limit) {
  bytes in;
  for (int i = 0; i < 100'000; ++i) {
    auto one = of_length(1);
    in.insert(in.end(), one.begin(), one.end());
  }
  EXPECT_NE(failure<tree>(in).find("levels deep"), std::string::npos);
}

TEST(codec_bad_input, a_message_names_type_offset_and_sizes) {
  auto in = encode(1, std::string{"hello"});
  in.pop_back();
  try {
    decode<int, std::string>(in);
    FAIL();
  } catch (const ramet::error& e) {
    EXPECT_STREQ(e.what(),
                 "cannot decode (int, std::string): std::string at byte 4 "
                 "announces 5 elements of at least 1 bytes, but the message "
                 "has 4 bytes left");
  }
}

TEST(codec_bad_input, missing_and_surplus_handles_are_errors) {
  auto attempt = [](std::size_t n, const bytes& in) {
    std::vector<object_ref> refs(n);
    ramet::detail::incoming message;
    message.bytes = in;
    message.refs = refs;
    try {
      ramet::detail::decode_message<hungry_pair>(message);
    } catch (const ramet::error& e) {
      EXPECT_EQ(e.code(), ramet::errc::protocol);
      return std::string{e.what()};
    }
    return std::string{};
  };
  EXPECT_EQ(attempt(2, of_length(0)), "");
  for (std::size_t n : {0, 1, 3})
    EXPECT_NE(attempt(n, of_length(0)).find("handle"), std::string::npos);
  EXPECT_NE(attempt(2, of_length(1)), "");
  EXPECT_EQ(hungry::alive, 0);

  ramet::detail::incoming many;
  auto in = of_length(~std::uint64_t{0});
  many.bytes = in;
  EXPECT_THROW(ramet::detail::decode_message<std::vector<hungry>>(many),
               ramet::error);
}

} // namespace
