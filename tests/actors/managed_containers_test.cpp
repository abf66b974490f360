// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// The functions of managed dictionaries, lists, values and namespaces.

#include "manager_fixture.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ramet_test {

namespace {

using ramet::errc;
using names = std::vector<std::string>;
using numbers = std::vector<int>;
using counts = std::map<std::string, int>;

struct person {
  std::string name;
  int age = 0;

  friend bool operator==(const person&, const person&) = default;
};

int twice(int& value, int plus) {
  value = 2 * value + plus;
  return value;
}

ramet::managed_dict<std::string, int> small_dict(ramet::manager& m) {
  return m.dict<std::string, int>({{"a", 1}, {"b", 2}});
}

struct managed_dict : manager_fixture {};
struct managed_list : manager_fixture {};
struct managed_value : manager_fixture {};
struct managed_namespace : manager_fixture {};

// -- dict ---------------------------------------------------------------------

TEST_F(managed_dict, reads_and_sets) {
  ramet::manager m;
  auto d = small_dict(m);
  EXPECT_EQ(d.at("a"), 1);
  d.set("a", 10);
  d.set("c", 3);
  EXPECT_EQ(d.at("a"), 10);
  EXPECT_EQ(d.get("c"), 3);
  EXPECT_EQ(d.find("b"), 2);
  EXPECT_EQ(d.get("x"), std::nullopt);
  EXPECT_EQ(d.get_or("a", 7), 10);
  EXPECT_EQ(d.get_or("x", 7), 7);
  EXPECT_TRUE(d.contains("a"));
  EXPECT_FALSE(d.contains("x"));
}

TEST_F(managed_dict, names_the_key_that_is_not_there) {
  ramet::manager m;
  auto d = small_dict(m);
  expect_error(errc::empty, {"the key \"x\" is not there"}, [&] { d.at("x"); });
  auto by_number = m.dict<int, int>();
  expect_error(errc::empty, {"the key 7 is not there"},
               [&] { by_number.update(7, [](int& v) { ++v; }); });
  EXPECT_TRUE(by_number.empty());
}

TEST_F(managed_dict, inserts_and_erases) {
  ramet::manager m;
  auto d = small_dict(m);
  EXPECT_FALSE(d.insert_or_assign("a", 5));
  EXPECT_TRUE(d.insert_or_assign("c", 6));
  EXPECT_FALSE(d.try_emplace("c", 9));
  EXPECT_TRUE(d.try_emplace("e", 9));
  EXPECT_EQ(d.items(), (std::vector<std::pair<std::string, int>>{
                           {"a", 5}, {"b", 2}, {"c", 6}, {"e", 9}}));
  EXPECT_TRUE(d.erase("a"));
  EXPECT_FALSE(d.erase("a"));
  EXPECT_EQ(d.pop("b"), 2);
  EXPECT_EQ(d.pop("b"), std::nullopt);
  EXPECT_EQ(d.size(), 2U);
  EXPECT_FALSE(d.empty());
  d.clear();
  EXPECT_TRUE(d.empty());
  EXPECT_EQ(d.size(), 0U);
}

TEST_F(managed_dict, gives_keys_values_and_items_in_order) {
  ramet::manager m;
  auto d = small_dict(m);
  d.set_all({{"b", 20}, {"A", 0}});
  EXPECT_EQ(d.keys(), (names{"A", "a", "b"}));
  EXPECT_EQ(d.values(), (numbers{0, 1, 20}));
  counts seen;
  for (auto& [key, value] : d.items())
    seen[key] = value;
  EXPECT_EQ(seen, (counts{{"A", 0}, {"a", 1}, {"b", 20}}));
}

TEST_F(managed_dict, updates_in_place_by_all_kinds_of_functions) {
  ramet::manager m;
  auto d = small_dict(m);
  d.update("a", [](int& v) { ++v; });
  EXPECT_EQ(d.at("a"), 2);
  EXPECT_EQ(d.update("a", twice, 1), 5);
  d.update(
      "a", [](auto& v, auto plus) { v += plus; }, 2);
  EXPECT_EQ(d.at("a"), 7);
  EXPECT_EQ(d.async_update("a", &twice, 0).get(), 14);
  EXPECT_EQ(d.update(
                "a",
                [](int& v, std::string_view text, const numbers& more) {
                  return std::to_string(v) + std::string{text}
                         + std::to_string(more.at(1));
                },
                "-", numbers{1, 2}),
            "14-2");
}

TEST_F(managed_dict, updates_what_is_not_there_from_an_initial_value) {
  ramet::manager m;
  auto d = small_dict(m);
  EXPECT_EQ(d.update_or("n", 10, twice, 1), 21);
  EXPECT_EQ(d.update_or("n", 10, twice, 0), 42);
  EXPECT_EQ(d.at("n"), 42);
}

TEST_F(managed_dict, applies_functions_to_all_of_it) {
  ramet::manager m;
  auto d = small_dict(m);
  auto sum = d.apply(
      [](const counts& all, int start) {
        for (auto& [key, value] : all)
          start += value;
        return start;
      },
      100);
  EXPECT_EQ(sum, 103);
  d.async_apply([](counts& all) { all["z"] = 26; }).get();
  EXPECT_EQ(d.at("z"), 26);
}

TEST_F(managed_dict, has_keys_and_values_of_any_types_that_travel) {
  ramet::manager m;
  auto people = m.dict<std::pair<int, std::string>, person>();
  people.set({1, "x"}, {"Bob", 42});
  people.update({1, "x"}, [](person& p) { ++p.age; });
  EXPECT_EQ(people.at({1, "x"}), (person{"Bob", 43}));
  auto lists = m.dict<std::string, numbers>();
  lists.set("k", {1});
  lists.update(
      "k", [](numbers& v, int x) { v.push_back(x); }, 2);
  EXPECT_EQ(lists.at("k"), (numbers{1, 2}));
  EXPECT_EQ(lists.get("k").value().size(), 2U);
  expect_error(errc::empty, {"the key is not there"}, [&] {
    people.at({2, ""});
  });
}

// In a process of its own: one that gets large messages keeps room for another.
TEST_F(managed_dict, carries_large_values) {
  ramet::manager m;
  auto big = m.dict<int, numbers>();
  ramet::queue<bool> same;
  ramet::process{
      [](ramet::managed_dict<int, numbers> big, ramet::queue<bool> same) {
        numbers large(3'000'000, 7);
        big.set(1, large);
        same.put(big.at(1) == large);
      },
      big, same}
      .join();
  EXPECT_EQ(same.try_get(), true);
}

TEST_F(managed_dict, is_of_no_object_when_default_made) {
  ramet::manager m;
  auto d = small_dict(m);
  ramet::managed_dict<std::string, int> none;
  EXPECT_FALSE(none);
  EXPECT_TRUE(d);
  expect_error(errc::closed, {"the handle is empty"}, [&] { none.size(); });
  ramet::queue<ramet::managed_dict<std::string, int>> post;
  expect_error(errc::closed, {"it is empty"}, [&] { post.put(none); });
  EXPECT_FALSE(none == d);
  auto copy = d;
  EXPECT_TRUE(copy == d);
}

// -- list ---------------------------------------------------------------------

TEST_F(managed_list, reads_and_sets) {
  ramet::manager m;
  auto l = m.list<int>({1, 2, 3});
  l.push_back(4);
  EXPECT_EQ(l.at(3), 4);
  l.set(0, -1);
  EXPECT_EQ(l.get(0), -1);
  EXPECT_EQ(l.get(4), std::nullopt);
  EXPECT_EQ(l.size(), 4U);
  EXPECT_EQ(l.snapshot(), (numbers{-1, 2, 3, 4}));
}

TEST_F(managed_list, names_the_index_that_is_not_there) {
  ramet::manager m;
  auto l = m.list<int>({1, 2, 3});
  for (auto action :
       {+[](ramet::managed_list<int> l) { l.at(3); },
        +[](ramet::managed_list<int> l) { l.set(3, 1); },
        +[](ramet::managed_list<int> l) { l.erase(3); },
        +[](ramet::managed_list<int> l) { l.pop(3); },
        +[](ramet::managed_list<int> l) { l.update(3, [](int&) {}); }})
    expect_error(errc::empty, {"no element 3, it has 3"}, [&] { action(l); });
  expect_error(errc::empty, {"no element 4, it has 3"},
               [&] { l.insert(4, 1); });
}

TEST_F(managed_list, inserts_and_erases) {
  ramet::manager m;
  auto l = m.list<int>({1, 2, 3});
  l.insert(0, 0);
  l.insert(4, 9);
  EXPECT_EQ(l.snapshot(), (numbers{0, 1, 2, 3, 9}));
  l.erase(1);
  EXPECT_EQ(l.pop(1), 2);
  EXPECT_EQ(l.pop_back(), 9);
  EXPECT_EQ(l.snapshot(), (numbers{0, 3}));
  l.extend({5, 6});
  EXPECT_EQ(l.snapshot(), (numbers{0, 3, 5, 6}));
  l.clear();
  EXPECT_TRUE(l.empty());
  EXPECT_EQ(l.pop_back(), std::nullopt);
}

TEST_F(managed_list, gives_slices_of_what_there_is) {
  ramet::manager m;
  auto l = m.list<int>({1, 2, 3});
  EXPECT_EQ(l.slice(1, 2), numbers{2});
  EXPECT_EQ(l.slice(1, 100), (numbers{2, 3}));
  EXPECT_EQ(l.slice(100, 200), numbers{});
  EXPECT_EQ(l.slice(2, 1), numbers{});
}

TEST_F(managed_list, updates_in_place) {
  ramet::manager m;
  auto l = m.list<int>({1, 2, 3});
  EXPECT_EQ(l.update(1, twice, 1), 5);
  EXPECT_EQ(l.async_update(1, twice, 0).get(), 10);
  l.apply([](numbers& all) { std::sort(all.rbegin(), all.rend()); });
  EXPECT_EQ(l.snapshot(), (numbers{10, 3, 1}));
}

TEST_F(managed_list, is_of_any_type_that_travels) {
  ramet::manager m;
  auto flags = m.list<bool>({true, false});
  flags.update(1, [](bool& b) { b = !b; });
  flags.push_back(false);
  EXPECT_EQ(flags.snapshot(), (std::vector<bool>{true, true, false}));
  auto people = m.list<person>();
  people.push_back({"Bob", 42});
  EXPECT_EQ(people.at(0).name, "Bob");
}

// -- value --------------------------------------------------------------------

TEST_F(managed_value, is_read_set_exchanged_and_updated) {
  ramet::manager m;
  auto v = m.value<std::string>("a");
  EXPECT_EQ(v.get(), "a");
  v.set("b");
  EXPECT_EQ(v.exchange("c"), "b");
  EXPECT_EQ(v.update(
                [](std::string& s, int n) {
                  s += std::to_string(n);
                  return s.size();
                },
                12),
            3U);
  EXPECT_EQ(v.async_update([](const std::string& s) { return s; }).get(),
            "c12");
  EXPECT_EQ(m.value<double>().get(), 0.0);
}

// -- namespace ----------------------------------------------------------------

TEST_F(managed_namespace, has_values_of_various_types) {
  ramet::manager m;
  auto ns = m.make_namespace();
  ns.set("greeting", "hello");
  ns.set("count", 1);
  ns.set("who", person{"Bob", 42});
  EXPECT_EQ(ns.get<std::string>("greeting"), "hello");
  EXPECT_EQ(ns.get<int>("count"), 1);
  ns.set("count", 5);
  EXPECT_EQ(ns.update<int>("count", twice, 1), 11);
  EXPECT_EQ(ns.find<int>("count"), 11);
  EXPECT_EQ(ns.find<int>("none"), std::nullopt);
  EXPECT_EQ(ns.get<person>("who"), (person{"Bob", 42}));
  EXPECT_EQ(ns.names(), (names{"count", "greeting", "who"}));
  EXPECT_TRUE(ns.has("who"));
  EXPECT_TRUE(ns.erase("who"));
  EXPECT_FALSE(ns.erase("who"));
  EXPECT_FALSE(ns.has("who"));
}

TEST_F(managed_namespace, checks_types) {
  ramet::manager m;
  auto ns = m.make_namespace();
  ns.set("x", 1);
  auto both = {std::string_view{"expected std::string, found int"}};
  expect_error(errc::type_mismatch, both, [&] { ns.get<std::string>("x"); });
  expect_error(errc::type_mismatch, both, [&] { ns.find<std::string>("x"); });
  expect_error(errc::type_mismatch, both, [&] { ns.set("x", "text"); });
  EXPECT_EQ(ns.get<int>("x"), 1);
  ns.erase("x");
  ns.set("x", "text");
  EXPECT_EQ(ns.get<std::string>("x"), "text");
  expect_error(errc::empty, {"\"y\" is not there"}, [&] { ns.get<int>("y"); });
}

TEST_F(managed_namespace, keeps_managed_objects) {
  ramet::manager m;
  auto ns = m.make_namespace();
  ns.set("list", m.list<int>({1}));
  ns.get<ramet::managed_list<int>>("list").push_back(2);
  EXPECT_EQ(ns.get<ramet::managed_list<int>>("list").size(), 2U);
  ns.erase("list");
  EXPECT_TRUE(comes_to(m, 1));
}

} // namespace

} // namespace ramet_test
