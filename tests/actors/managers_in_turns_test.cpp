// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// Managers that come and go, one after the other, under one name.

#include "manager_fixture.hpp"

#include <optional>
#include <string>

namespace ramet_test {

namespace {

using dict = ramet::managed_dict<std::string, int>;

struct managers_in_turns : manager_fixture {};

TEST_F(managers_in_turns, serve_a_dict_each_whatever_became_of_the_others) {
  constexpr int turns = 30;
  std::optional<dict> last;
  for (int turn = 0; turn < turns; ++turn) {
    ramet::manager m{{.name = "keeper"}};
    EXPECT_EQ(m.name(), "keeper");
    auto d = m.dict<std::string, int>({{"turn", turn}});
    if (last) // of the one before, it leads to no other
      expect_error(ramet::errc::closed, {"manager has ended"},
                   [&] { last->at("turn"); });
    ramet::process{
        [](dict d, int turn) { d.set("child", d.at("turn") == turn); }, d, turn}
        .join();
    EXPECT_EQ(d.at("turn"), turn);
    EXPECT_EQ(d.get("child"), 1);
    EXPECT_EQ(m.object_count(), 1U);
    last = d;
    switch (turn % 3) {
    case 0:
      m.stop();
      m.join();
      break;
    case 1:
      m.kill();
      m.join();
      break;
    default: // by its destructor
      break;
    }
  }
}

TEST_F(managers_in_turns, at_the_same_time_keep_apart_what_they_have) {
  ramet::manager one{{.name = "keeper"}};
  ramet::manager two{{.name = "keeper"}};
  auto first = one.dict<std::string, int>({{"a", 1}});
  auto second = two.dict<std::string, int>({{"a", 2}});
  EXPECT_EQ(first.at("a"), 1);
  EXPECT_EQ(second.at("a"), 2);
  one.kill();
  expect_error(ramet::errc::closed, {}, [&] { first.at("a"); });
  EXPECT_EQ(second.at("a"), 2);
}

} // namespace

} // namespace ramet_test
