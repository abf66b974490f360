// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "process_fixture.hpp"

#include <ramet/detail/code_address.hpp>
#include <ramet/error.hpp>
#include <ramet/pipe.hpp>
#include <ramet/queue.hpp>

#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <unistd.h>

namespace ramet::test {

namespace {

using callable_test = process_fixture;
using words = queue<std::string>;

// Runs it in a child and returns what it put.
template <class... Call>
std::string result_of(words& out, Call&&... call) {
  process child{std::forward<Call>(call)...};
  child.join();
  EXPECT_TRUE(child.status()->success());
  return out.try_get().value_or("nothing");
}

void free_function(const std::string& text, double number, words out) {
  out.put(text + " " + std::to_string(number));
}

void never_throws(words out) noexcept {
  out.put("noexcept");
}

TEST_F(callable_test, is_a_free_function_whose_parameters_are_converted_to) {
  words out;
  EXPECT_EQ(result_of(out, free_function, "text", 3, out), "text 3.000000");
  EXPECT_EQ(result_of(out, &free_function, std::string{"t"}, 1.5F, out),
            "t 1.500000");
  EXPECT_EQ(result_of(out, never_throws, out), "noexcept");
}

void with_views(std::string_view text, const char* more,
                std::span<const int> numbers, words out) {
  out.put(std::string{text} + more + std::to_string(numbers.size()));
}

TEST_F(callable_test, may_take_views_of_what_is_sent) {
  words out;
  std::vector<int> numbers{1, 2, 3};
  EXPECT_EQ(result_of(out, with_views, "a", "b", numbers, out), "ab3");
}

TEST_F(callable_test, is_a_lambda_without_captures) {
  words out;
  EXPECT_EQ(result_of(
                out,
                [](int number, words to) { to.put(std::to_string(number)); },
                3.9, out),
            "3");
}

TEST_F(callable_test, is_a_generic_lambda_that_gets_decayed_types) {
  words out;
  EXPECT_EQ(result_of(
                out,
                [](auto text, auto number, auto to) {
                  static_assert(std::is_same_v<decltype(text), std::string>);
                  static_assert(std::is_same_v<decltype(number), short>);
                  to.put(text + std::to_string(number));
                },
                "text", short{3}, out),
            "text3");
}

struct counter {
  int state;
  std::string label;
  words out;
  void operator()() { out.put(label + std::to_string(++state)); }
};

TEST_F(callable_test, is_a_functor_with_state) {
  words out;
  EXPECT_EQ(result_of(out, counter{41, "state ", out}), "state 42");
  const counter constant{1, "", out};
  EXPECT_EQ(result_of(out, constant), "2");
  EXPECT_EQ(constant.state, 1);
}

struct with_default {
  void operator()(words out, int number = 5) const {
    out.put(std::to_string(number));
  }
};

struct overloaded {
  void operator()(int, words out) { out.put("int"); }
  void operator()(const std::string&, words out) { out.put("string"); }
};

TEST_F(callable_test, is_a_functor_with_default_arguments_or_overloads) {
  words out;
  EXPECT_EQ(result_of(out, with_default{}, out), "5");
  EXPECT_EQ(result_of(out, with_default{}, out, 6), "6");
  EXPECT_EQ(result_of(out, overloaded{}, 1, out), "int");
  EXPECT_EQ(result_of(out, overloaded{}, "1", out), "string");
}

struct account {
  int balance;
  void deposit(int amount, words out) {
    balance += amount;
    out.put(std::to_string(balance));
  }
  void show(words out) const { out.put(std::to_string(balance)); }
};

class shape {
public:
  virtual ~shape() = default;
  virtual void describe(words out) const { out.put("shape"); }
};

class circle : public shape {
public:
  void describe(words out) const override {
    out.put("circle " + std::to_string(radius));
  }
  template <class Inspector>
  friend bool inspect(Inspector& f, circle& x) {
    return f.object(x).fields(f.field("radius", x.radius));
  }
  int radius = 0;
};

TEST_F(callable_test, is_a_member_function_with_its_object) {
  words out;
  EXPECT_EQ(result_of(out, &account::deposit, account{40}, 2, out), "42");
  EXPECT_EQ(result_of(out, &account::show, account{40}, out), "40");
}

TEST_F(callable_test, is_a_virtual_member_function) {
  words out;
  circle round;
  round.radius = 3;
  EXPECT_EQ(result_of(out, &shape::describe, round, out), "circle 3");
}

using operation = int (*)(int, int);

int add(int a, int b) {
  return a + b;
}

void apply(operation f, int a, int b, words out) {
  out.put(f ? std::to_string(f(a, b)) : "null");
}

TEST_F(callable_test, gets_function_pointers_as_arguments) {
  words out;
  EXPECT_EQ(result_of(out, apply, add, 1, 2, out), "3");
  EXPECT_EQ(result_of(
                out, apply, [](int a, int b) { return a * b; }, 3, 4, out),
            "12");
  EXPECT_EQ(result_of(out, apply, nullptr, 3, 4, out), "null");
}

struct wraps_pointers {
  template <class T>
  void operator()(T value, words out) const {
    out.put(std::to_string(value));
  }
};

template <class T>
void function_template(T value, words out) {
  out.put(std::to_string(value));
}

TEST_F(callable_test, is_an_instance_of_a_template) {
  words out;
  EXPECT_EQ(result_of(out, function_template<long>, 5, out), "5");
  EXPECT_EQ(result_of(out, wraps_pointers{}, 5L, out), "5");
}

void give_back(connection pipe) {
  pipe.send(pipe.recv<int>() + 1);
}

TEST_F(callable_test, gets_handles_with_one_owner_by_move) {
  auto [here, there] = pipe();
  process child{give_back, std::move(there)};
  here.send(1);
  EXPECT_EQ(here.recv<int>(), 2);
  child.join();
}

void measure(const std::vector<std::byte>& data, words out) {
  out.put(std::to_string(data.size()));
}

TEST_F(callable_test, gets_large_arguments) {
  words out;
  std::vector<std::byte> large(std::size_t{64} << 20, std::byte{7});
  EXPECT_EQ(result_of(out, measure, large, out), std::to_string(large.size()));
}

TEST_F(callable_test, is_found_in_a_shared_library) {
  process child{::sync};
  child.join();
  EXPECT_TRUE(child.status()->success());
}

TEST_F(callable_test, is_not_taken_from_another_build) {
  auto here = detail::locate_code(reinterpret_cast<const void*>(&add));
  EXPECT_EQ(detail::resolve_code(here), reinterpret_cast<const void*>(&add));
  EXPECT_EQ(detail::resolve_code({}), nullptr);
  auto elsewhere = here;
  ++elsewhere.build_low;
  EXPECT_THROW(detail::resolve_code(elsewhere), error);
  auto outside = here;
  outside.offset = std::uint64_t{1} << 40;
  EXPECT_THROW(detail::resolve_code(outside), error);
  static int data;
  auto no_code = here;
  no_code.offset = detail::locate_code(&data).offset;
  EXPECT_THROW(detail::resolve_code(no_code), error);
}

struct throws_in_decoding {
  int value = 0;
  template <class Inspector>
  friend bool inspect(Inspector& f, throws_in_decoding& x) {
    if constexpr (Inspector::is_loading)
      throw std::runtime_error("no such value");
    return f.object(x).fields(f.field("value", x.value));
  }
};

TEST_F(callable_test, fails_in_the_child_when_its_arguments_cannot_be_decoded) {
  testing::internal::CaptureStderr();
  process child{[](const throws_in_decoding&) {}, throws_in_decoding{}};
  child.join();
  auto text = testing::internal::GetCapturedStderr();
  EXPECT_EQ(child.status()->code, 1);
  ASSERT_TRUE(child.exception());
  EXPECT_EQ(child.exception()->type, "std::runtime_error");
  EXPECT_EQ(child.exception()->message, "no such value");
  EXPECT_NE(text.find("could not begin"), std::string::npos) << text;
}

} // namespace

} // namespace ramet::test
