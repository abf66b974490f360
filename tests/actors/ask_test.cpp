// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "actors_test.hpp"

#include <bit>
#include <limits>
#include <thread>
#include <tuple>

namespace ramet_test {

/// Cannot leave its process.
struct local_only {
  int* pointer;
};

} // namespace ramet_test

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ramet_test::local_only)

namespace ramet_test {

namespace {

struct ask_test : actors_test {};

template <class T>
T echoed(const caf::actor& a, const T& x) {
  return ramet::ask<T>(a, echo_atom::value, x).get();
}

TEST_F(ask_test, brings_values_of_all_kinds_back) {
  ramet::node n;
  auto a = n.spawn(servant);
  EXPECT_EQ(echoed<std::int32_t>(a, -7), -7);
  EXPECT_EQ(echoed<std::string>(a, "h\xc3\xa9llo"), "h\xc3\xa9llo");
  EXPECT_EQ(echoed(a, std::string(5'000'000, 'x')).size(), 5'000'000U);
  person ann{"Ann", 4, {1.5, 2}};
  EXPECT_EQ(echoed(a, ann), ann);
  std::vector<double> many(100'000, 0.1);
  EXPECT_EQ(echoed(a, many), many);
  for (int i = 0; i < 300; ++i) // memory kept for another large one is given up
    echoed<std::int32_t>(a, i);
}

TEST_F(ask_test, brings_floating_point_numbers_back_bit_for_bit) {
  ramet::node n;
  auto a = n.spawn(servant);
  using limits = std::numeric_limits<double>;
  for (double x :
       {0.0, -0.0, 1.0 / 3, limits::infinity(), -limits::infinity(),
        limits::denorm_min(), -limits::denorm_min(), limits::min() / 2,
        limits::max(), limits::lowest(), limits::epsilon()})
    EXPECT_EQ(std::bit_cast<std::uint64_t>(echoed(a, x)),
              std::bit_cast<std::uint64_t>(x))
        << x;
  EXPECT_TRUE(std::isnan(echoed(a, limits::quiet_NaN())));
  using floats = std::numeric_limits<float>;
  for (float x : {floats::infinity(), floats::denorm_min(), -0.0F})
    EXPECT_EQ(std::bit_cast<std::uint32_t>(echoed(a, x)),
              std::bit_cast<std::uint32_t>(x));
}

struct readings {
  double first = 0;
  float second = 0;
  std::vector<double> doubles;
  std::vector<float> floats;
};

caf::behavior float_echo(caf::event_based_actor*) {
  return {[](const std::vector<double>& x) { return x; },
          [](const std::vector<float>& x) { return x; },
          [](const readings& x) { return x; }};
}

template <class Bits, class Float>
std::vector<Bits> bits_of(const std::vector<Float>& all) {
  std::vector<Bits> result;
  for (auto x : all)
    result.push_back(std::bit_cast<Bits>(x));
  return result;
}

// Signs, infinities, denormals, and what NaNs carry along.
template <class Float, class Bits>
std::vector<Float> floats_of_all_kinds(Bits quiet, Bits signalling) {
  using limits = std::numeric_limits<Float>;
  constexpr auto sign = Bits{1} << (sizeof(Bits) * 8 - 1);
  std::vector<Float> result{0,
                            -Float{0},
                            limits::infinity(),
                            -limits::infinity(),
                            limits::denorm_min(),
                            -limits::denorm_min(),
                            limits::min() / 2,
                            limits::max(),
                            limits::lowest(),
                            Float{1} / 3};
  for (Bits nan : {quiet, signalling})
    for (Bits bits : {nan, nan | 0x1234, nan | sign | 0xabc})
      result.push_back(std::bit_cast<Float>(bits));
  return result;
}

TEST_F(ask_test, brings_floating_point_numbers_within_others_back_bit_for_bit) {
  auto doubles = floats_of_all_kinds<double, std::uint64_t>(
      0x7ff8'0000'0000'0001U, 0x7ff0'0000'0000'0001U);
  auto floats =
      floats_of_all_kinds<float, std::uint32_t>(0x7fc0'0001U, 0x7f80'0001U);
  auto double_bits = bits_of<std::uint64_t>(doubles);
  auto float_bits = bits_of<std::uint32_t>(floats);
  ramet::node n;
  auto a = n.spawn(float_echo);
  EXPECT_EQ(
      bits_of<std::uint64_t>(ramet::ask<std::vector<double>>(a, doubles).get()),
      double_bits);
  EXPECT_EQ(
      bits_of<std::uint32_t>(ramet::ask<std::vector<float>>(a, floats).get()),
      float_bits);
  for (std::size_t i = 0; i < doubles.size(); ++i) {
    readings all{doubles[i], floats[i], doubles, floats};
    auto back = ramet::ask<readings>(a, all).get();
    EXPECT_EQ(std::bit_cast<std::uint64_t>(back.first), double_bits[i]);
    EXPECT_EQ(std::bit_cast<std::uint32_t>(back.second), float_bits[i]);
    EXPECT_EQ(bits_of<std::uint64_t>(back.doubles), double_bits);
    EXPECT_EQ(bits_of<std::uint32_t>(back.floats), float_bits);
  }
}

TEST_F(ask_test, works_within_one_process) {
  auto a = ramet::actor_system().spawn(servant);
  EXPECT_EQ(pid_of(a), ::getpid());
  EXPECT_EQ(echoed<std::string>(a, "near"), "near");
  caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
}

TEST_F(ask_test, gives_nothing_a_value_or_several) {
  ramet::node n;
  auto a = n.spawn([](caf::event_based_actor*) -> caf::behavior {
    return {
        [](int) {},
        [](int x, int y) { return std::make_tuple(x + y, std::string("sum")); },
        [](double) { return caf::make_message(1, 2, 3); }};
  });
  ramet::ask<void>(a, 1).get();
  auto [sum, text] = ramet::ask<std::tuple<int, std::string>>(a, 1, 2).get();
  EXPECT_EQ(sum, 3);
  EXPECT_EQ(text, "sum");
  EXPECT_EQ(ramet::ask(a, 1.0).get().size(), 3U);
}

TEST_F(ask_test, says_which_other_type_the_answer_has) {
  ramet::node n;
  auto a = n.spawn(servant);
  expect_error(ramet::errc::type_mismatch, {"expected std::string"},
               [&] { ramet::ask<std::string>(a, pid_atom::value).get(); });
}

TEST_F(ask_test, says_what_error_the_answer_is) {
  ramet::node n;
  auto a = n.spawn([](caf::event_based_actor*) -> caf::behavior {
    return {[](int) -> caf::result<int> {
      return caf::make_error(caf::sec::invalid_argument, std::string("odd"));
    }};
  });
  try {
    ramet::ask<int>(a, 1).get();
    FAIL() << "nothing was thrown";
  } catch (const ramet::actor_error& e) {
    EXPECT_EQ(e.code(), ramet::errc::child_failed);
    EXPECT_TRUE(e.reason() == caf::sec::invalid_argument);
    EXPECT_NE(std::string_view{e.what()}.find("odd"), std::string_view::npos)
        << e.what();
  }
}

TEST_F(ask_test, fails_when_there_is_no_handler) {
  ramet::node n;
  auto a = n.spawn(servant);
  expect_error(ramet::errc::child_failed, {"unexpected_message"},
               [&] { ramet::ask<int>(a, std::string("what?")).get(); });
}

TEST_F(ask_test, fails_when_what_is_asked_cannot_travel) {
  ramet::node n;
  auto a = n.spawn(servant);
  expect_error(ramet::errc::child_failed, {"cannot travel", "local_only"}, [&] {
    int x = 1;
    ramet::ask<int>(a, local_only{&x}).get();
  });
  EXPECT_EQ(pid_of(a), n.pid());
}

TEST_F(ask_test, waits_no_longer_than_it_is_told) {
  ramet::node n;
  auto a = n.spawn(servant);
  auto answer = ramet::ask<std::int32_t>(a, hang_atom::value);
  EXPECT_FALSE(answer.get_for(20ms));
  EXPECT_FALSE(answer.try_get());
  EXPECT_FALSE(answer.ready());
  answer.cancel();
}

TEST_F(ask_test, calls_back_with_the_answer) {
  ramet::node n;
  auto a = n.spawn(servant);
  std::atomic<int> got{0};
  ramet::ask<std::int32_t>(a, echo_atom::value, 5).then([&](std::int32_t x) {
    got = x;
  });
  EXPECT_TRUE(eventually([&] { return got == 5; }));
}

TEST_F(ask_test, is_for_many_threads_at_once) {
  ramet::node n;
  auto a = n.spawn(servant);
  auto near = ramet::actor_system().spawn(servant);
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 6; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) {
        auto x = t * 1000 + i;
        if (echoed<std::int32_t>(t % 2 ? a : near, x) != x)
          ++wrong;
      }
    });
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
  caf::anon_send_exit(near, caf::exit_reason::user_shutdown);
}

TEST_F(ask_test, keeps_many_questions_in_flight) {
  ramet::node n;
  auto a = n.spawn(servant);
  std::vector<ramet::future<std::int32_t>> answers;
  for (int i = 0; i < 20'000; ++i)
    answers.push_back(ramet::ask<std::int32_t>(a, echo_atom::value, i));
  for (int i = 0; i < 20'000; ++i)
    ASSERT_EQ(answers[static_cast<std::size_t>(i)].get(), i);
}

TEST_F(ask_test, refuses_an_empty_handle) {
  expect_error(ramet::errc::closed, {"empty"},
               [] { ramet::ask<int>(caf::actor{}, 1); });
}

} // namespace

} // namespace ramet_test
