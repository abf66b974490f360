// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// Managed objects among processes: shared, nested, failing, and freed.

#include "manager_fixture.hpp"

#include <ramet/ask.hpp>
#include <ramet/pipe.hpp>
#include <ramet/task_failure.hpp>

#include <atomic>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <caf/all.hpp>

#include <unistd.h>

namespace ramet_test {

namespace {

using ramet::errc;
using numbers = std::vector<int>;
using dict = ramet::managed_dict<std::string, int>;
using list = ramet::managed_list<int>;

/// Nothing of it travels but what its functions take and give.
class tally {
public:
  explicit tally(int start) : sum_(start), self_(this) {}
  tally(int start, const std::string& name) : tally(start) { name_ = name; }
  tally(const tally&) = delete;
  tally& operator=(const tally&) = delete;
  virtual ~tally() = default;

  int add(int x) { return sum_ += x; }
  int sum() const noexcept { return sum_; }
  const std::string& name() const { return name_; }
  virtual int pid() { return ::getpid(); }
  bool at_home() const { return self_ == this; }
  void fail(const std::string& how) { throw std::invalid_argument(how); }
  void end_the_process() { ::_exit(3); }
  int sum_of(list l) {
    for (int x : l.snapshot())
      sum_ += x;
    return sum_;
  }
  void keep(list l) { kept_ = std::move(l); }
  void add_to_kept(int x) { kept_.push_back(x); }
  /// Takes as long as the caller wants.
  int hang(ramet::queue<int> begun, ramet::queue<int> go_on) {
    begun.put(1);
    go_on.get();
    return ++sum_;
  }

private:
  int sum_;
  tally* self_;
  std::string name_;
  list kept_;
};

struct refusing {
  explicit refusing(int x) {
    throw std::domain_error("no " + std::to_string(x));
  }
};

struct ward {
  std::optional<ramet::managed_object<ward>> other;
};

struct parcel {
  int number = 0;
  dict where;
  std::vector<list> lists;
};

class manager : public manager_fixture {};
class managed_object : public manager_fixture {};
class managed_objects : public manager_fixture {};

// -- the process --------------------------------------------------------------

TEST_F(manager, is_a_process_with_a_name) {
  ramet::manager m{{.name = "keeper"}};
  EXPECT_EQ(m.name(), "keeper");
  EXPECT_NE(m.pid(), ::getpid());
  EXPECT_TRUE(m.running());
  EXPECT_EQ(m.make<tally>(0).call(&tally::pid), m.pid());
}

TEST_F(manager, ends_within_moments_though_objects_are_at_work) {
  dict d;
  ramet::future<int> pending;
  ramet::queue<int> begun;
  ramet::queue<int> never;
  {
    ramet::manager m;
    d = m.dict<std::string, int>();
    d.set("a", 1);
    pending = m.make<tally>(0).async_call(&tally::hang, begun, never);
    begun.get();
    auto start = clock::now();
    { auto ends = std::move(m); }
    EXPECT_LT(clock::now() - start, soon);
  }
  expect_error(errc::closed, {"manager has ended"}, [&] { d.at("a"); });
  expect_error(errc::closed, {"manager has ended"}, [&] { pending.get(); });
}

TEST_F(manager, can_be_stopped_and_joined) {
  ramet::manager m;
  auto d = m.dict<std::string, int>();
  m.stop();
  m.join();
  EXPECT_FALSE(m.running());
  EXPECT_EQ(m.status()->code, 0);
  expect_error(errc::closed, {}, [&] { d.size(); });
  expect_error(errc::closed, {}, [&] { m.list<int>(); });
  expect_error(errc::closed, {}, [&] { m.object_count(); });
}

TEST_F(manager, killed_fails_pending_and_later_calls_at_once) {
  ramet::queue<int> begun;
  ramet::queue<int> never;
  ramet::manager m;
  auto t = m.make<tally>(0);
  auto d = m.dict<std::string, int>();
  auto pending = t.async_call(&tally::hang, begun, never);
  begun.get();
  std::jthread waiting{[&] {
    expect_error(errc::closed, {"manager has ended"},
                 [&] { t.call(&tally::add, 1); });
  }};
  auto start = clock::now();
  m.kill();
  expect_error(errc::closed, {"manager has ended"}, [&] { pending.get(); });
  expect_error(errc::closed, {"manager has ended"}, [&] { d.set("a", 1); });
  waiting.join();
  EXPECT_LT(clock::now() - start, soon);
}

TEST_F(manager, can_end_while_handles_are_in_unread_messages) {
  ramet::queue<list> post;
  {
    ramet::manager m;
    post.put(m.list<int>({1}));
  }
  auto l = post.get();
  expect_error(errc::closed, {}, [&] { l.size(); });
}

TEST_F(manager, moves) {
  ramet::manager m;
  auto d = m.dict<std::string, int>({{"a", 1}});
  ramet::manager other = std::move(m);
  EXPECT_EQ(d.at("a"), 1);
  EXPECT_EQ(other.list<int>().size(), 0U);
  expect_error(errc::closed, {}, [&] { m.list<int>(); });
}

TEST_F(manager, gives_plain_queues_and_mutexes) {
  ramet::manager m;
  auto q = m.queue<int>({.maxsize = 1});
  auto lock = m.mutex();
  EXPECT_EQ(m.object_count(), 0U);
  ramet::process p{[](ramet::queue<int> q, ramet::mutex lock) {
                     std::scoped_lock guard{lock};
                     q.put(7);
                   },
                   q, lock};
  EXPECT_EQ(q.get(), 7);
  p.join();
}

// -- objects of users' classes
// -------------------------------------------------

TEST_F(managed_object, is_called_by_member_functions) {
  ramet::manager m;
  auto t = m.make<tally>(10, "counter");
  EXPECT_EQ(t.call(&tally::add, 5), 15);
  EXPECT_EQ(t.call(&tally::sum), 15);
  EXPECT_EQ(t.call(&tally::name), "counter");
  EXPECT_EQ(t.call(&tally::pid), m.pid());
  EXPECT_TRUE(t.call(&tally::at_home)) << "it was moved";
  EXPECT_EQ(t.async_call(&tally::add, 1).get(), 16);
}

TEST_F(managed_object, is_called_by_functions_that_take_it) {
  ramet::manager m;
  auto t = m.make<tally>(1);
  EXPECT_EQ(t.call([](tally& t, int x) { return t.add(x) + t.add(x); }, 1), 5);
  EXPECT_EQ(t.call([](const tally& t) { return t.sum(); }), 3);
  EXPECT_EQ(t.call([](auto& t) { return t.sum(); }), 3);
}

TEST_F(managed_object, throws_at_its_caller_and_goes_on) {
  ramet::manager m{{.name = "keeper"}};
  auto t = m.make<tally>(3);
  try {
    t.call(&tally::fail, "no such city");
    ADD_FAILURE();
  } catch (const ramet::task_failure& failure) {
    EXPECT_EQ(failure.code(), errc::child_failed);
    ASSERT_TRUE(failure.exception());
    EXPECT_EQ(failure.exception()->type, "std::invalid_argument");
    EXPECT_EQ(failure.exception()->message, "no such city");
    EXPECT_EQ(failure.exception()->name, "keeper");
    EXPECT_EQ(failure.exception()->pid, m.pid());
    EXPECT_NE(failure.exception()->backtrace.find("tally::fail"),
              std::string::npos)
        << failure.exception()->backtrace;
    EXPECT_EQ(failure.exception()->backtrace.find("ramet::detail"),
              std::string::npos)
        << failure.exception()->backtrace;
    EXPECT_NE(std::string{failure.what()}.find(
                  "threw std::invalid_argument: no such city"),
              std::string::npos);
    EXPECT_TRUE(failure.is<std::logic_error>());
    EXPECT_FALSE(failure.is<std::runtime_error>());
    EXPECT_THROW(failure.rethrow(), std::invalid_argument);
  }
  EXPECT_EQ(t.call(&tally::sum), 3);
  auto thrown = [&] { t.call([](tally&) { throw 7; }); };
  expect_error(errc::child_failed, {"threw int"}, thrown);
  auto later = t.async_call(&tally::fail, "later");
  expect_error(errc::child_failed, {"later"}, [&] { later.get(); });
  EXPECT_EQ(t.call(&tally::sum), 3);
}

TEST_F(managed_object, throws_many_times_at_many_callers) {
  ramet::manager m;
  std::vector<std::jthread> callers;
  for (int i = 0; i < 4; ++i)
    callers.emplace_back([&m, i] {
      auto t = m.make<tally>(i);
      for (int n = 0; n < 50; ++n)
        expect_error(errc::child_failed, {"number " + std::to_string(i)}, [&] {
          t.call(&tally::fail, "number " + std::to_string(i));
        });
    });
}

TEST_F(managed_object, that_cannot_be_made_is_none) {
  ramet::manager m;
  expect_error(errc::child_failed, {"std::domain_error: no 5"},
               [&] { m.make<refusing>(5); });
  EXPECT_TRUE(comes_to(m, 0));
}

TEST_F(managed_object, calls_another_one_of_its_process) {
  ramet::manager m;
  auto t = m.make<tally>(1);
  auto l = m.list<int>({2, 3});
  EXPECT_EQ(t.call(&tally::sum_of, l), 6);
  t.call(&tally::keep, l);
  t.call(&tally::add_to_kept, 9);
  EXPECT_EQ(l.snapshot(), (numbers{2, 3, 9}));
}

TEST_F(managed_object, refuses_to_wait_for_itself) {
  ramet::manager m;
  auto t = m.make<tally>(1);
  auto call_self = [](tally&, ramet::managed_object<tally> self) {
    return self.call(&tally::sum);
  };
  expect_error(errc::child_failed, {"it would wait for itself"},
               [&] { t.call(call_self, t); });
  t.call(
      [](tally&, ramet::managed_object<tally> self) {
        self.async_call(&tally::add, 1);
      },
      t);
  EXPECT_EQ(t.call(&tally::sum), 2);
}

TEST_F(managed_object, works_while_others_do) {
  ramet::queue<int> begun;
  ramet::queue<int> go_on;
  ramet::manager m{{.workers = 2}};
  auto slow = m.make<tally>(0);
  auto quick = m.make<tally>(0);
  auto pending = slow.async_call(&tally::hang, begun, go_on);
  begun.get();
  EXPECT_EQ(quick.call(&tally::add, 1), 1);
  EXPECT_FALSE(pending.ready());
  go_on.put(1);
  EXPECT_EQ(pending.get(), 1);
}

TEST_F(managed_object, takes_calls_in_order_and_none_amid_another) {
  ramet::manager m;
  auto l = m.list<int>();
  for (int i = 0; i < 500; ++i)
    l.async_apply([](numbers& all, int i) { all.push_back(i); }, i);
  auto all = l.snapshot();
  ASSERT_EQ(all.size(), 500U);
  for (int i = 0; i < 500; ++i)
    ASSERT_EQ(all[static_cast<std::size_t>(i)], i);
}

// -- among processes ----------------------------------------------------------

void add_many(dict d, std::string key, int times) {
  for (int i = 0; i < times; ++i)
    d.update_or(key, 0, [](int& v) { ++v; });
}

TEST_F(managed_objects, are_updated_by_many_processes_in_one_step_each) {
  ramet::manager m;
  auto d = m.dict<std::string, int>();
  std::vector<ramet::process> all;
  for (int i = 0; i < 6; ++i)
    all.emplace_back(add_many, d, i % 2 ? "odd" : "even", 500);
  for (auto& one : all)
    one.join();
  EXPECT_EQ(d.at("odd"), 1500);
  EXPECT_EQ(d.at("even"), 1500);
}

TEST_F(managed_objects, travel_in_start_arguments_pipes_and_queues) {
  ramet::manager m;
  auto d = m.dict<std::string, int>({{"a", 1}});
  auto [here, there] = ramet::pipe();
  ramet::queue<parcel> post;
  ramet::queue<list> back;
  ramet::process p{[](ramet::connection up, ramet::queue<parcel> post, dict d) {
                     auto l = up.recv<list>();
                     l.push_back(d.at("a"));
                     post.put({5, d, {l, l}});
                   },
                   std::move(there), post, d};
  here.send(m.list<int>());
  auto received = post.get();
  p.join();
  EXPECT_EQ(received.number, 5);
  EXPECT_TRUE(received.where == d);
  EXPECT_EQ(received.lists.at(1).snapshot(), numbers{1});
  ramet::process{[](list l, ramet::queue<list> back) { back.put(l); },
                 received.lists.at(0), back}
      .join();
  EXPECT_TRUE(back.get() == received.lists.at(0));
}

caf::behavior reader_of_lists() {
  return {[](const list& l) { return static_cast<std::uint64_t>(l.size()); },
          [](const ramet::managed_object<tally>& t) { return t; }};
}

TEST_F(managed_objects, travel_in_messages_of_actors) {
  ramet::manager m;
  ramet::node n;
  auto reader = n.spawn(reader_of_lists);
  auto l = m.list<int>({1, 2});
  EXPECT_EQ(ramet::ask<std::uint64_t>(reader, l).get(), 2U);
  auto t = m.make<tally>(7);
  auto back = ramet::ask<ramet::managed_object<tally>>(reader, t).get();
  EXPECT_EQ(back.call(&tally::sum), 7);
}

TEST_F(managed_objects, within_others_are_seen_by_all) {
  ramet::manager m;
  auto d = m.dict<std::string, list>();
  d.set("k", m.list<int>({1}));
  d.at("k").push_back(2);
  ramet::process{[](ramet::managed_dict<std::string, list> d) {
                   d.at("k").push_back(3);
                   d.update("k", [](list& l) { l.push_back(4); });
                 },
                 d}
      .join();
  EXPECT_EQ(d.at("k").snapshot(), (numbers{1, 2, 3, 4}));
  auto nested = m.list<ramet::managed_dict<std::string, list>>({d});
  nested.at(0).at("k").update(0, [](int& x) { x = 10; });
  EXPECT_EQ(d.at("k").at(0), 10);
}

TEST_F(managed_objects, of_several_managers_mix) {
  ramet::manager one;
  ramet::manager two;
  auto outer = one.list<list>();
  outer.push_back(two.list<int>({5}));
  EXPECT_EQ(outer.apply([](std::vector<list>& all) {
    all.at(0).push_back(6); // from process to process
    return all.at(0).size();
  }),
            2U);
  outer.clear();
  EXPECT_TRUE(comes_to(two, 0));
}

TEST_F(managed_objects, are_iterated_by_snapshot_while_others_change_them) {
  ramet::manager m;
  auto d = m.dict<int, int>();
  // Every change keeps the sum of all values 0.
  ramet::process changer{[](ramet::managed_dict<int, int> d) {
                           for (int i = 0; i < 2'000; ++i)
                             d.apply(
                                 [](std::map<int, int>& all, int i) {
                                   all[i % 50] += i;
                                   all[-1] -= i;
                                 },
                                 i);
                         },
                         d};
  while (changer.running()) {
    int sum = 0;
    for (auto& [key, value] : d.items()) {
      sum += value;
      if (key == 3)
        d.try_emplace(1000, 0);
    }
    ASSERT_EQ(sum, 0);
  }
  changer.join();
}

TEST_F(managed_objects, are_used_by_many_threads_of_a_process) {
  ramet::manager m;
  auto v = m.value<int>(0);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i)
      threads.emplace_back([v] {
        for (int n = 0; n < 100; ++n)
          v.update([](int& x) { ++x; });
      });
  }
  EXPECT_EQ(v.get(), 800);
}

TEST_F(managed_objects, survive_their_maker) {
  ramet::manager m;
  auto shared = m.list<list>();
  ramet::process{[](ramet::managed_list<list> shared) {
                   shared.update(0, [](list& l) { l.push_back(1); });
                   shared.push_back(shared.at(0));
                 },
                 (shared.push_back(m.list<int>()), shared)}
      .join();
  EXPECT_EQ(shared.at(1).snapshot(), numbers{1});
  EXPECT_EQ(m.object_count(), 2U);
}

// -- freed --------------------------------------------------------------------

TEST_F(managed_objects, go_with_the_last_handle) {
  ramet::manager m;
  auto one = m.list<int>();
  {
    auto copy = one;
    auto other = m.dict<std::string, int>();
    EXPECT_EQ(m.object_count(), 2U);
    one = {};
  }
  EXPECT_TRUE(comes_to(m, 0));
}

TEST_F(managed_objects, go_when_nobody_waits_for_them_to_be_made) {
  ramet::manager m;
  for (int i = 0; i < 100; ++i)
    m.value<int>(i);
  EXPECT_TRUE(comes_to(m, 0));
}

TEST_F(managed_objects,
       finish_calls_that_were_made_before_the_last_handle_went) {
  ramet::queue<int> begun;
  ramet::queue<int> go_on;
  ramet::manager m;
  auto l = m.list<int>();
  auto t = m.make<tally>(0);
  auto running = t.async_call(&tally::hang, begun, go_on);
  auto waiting = t.async_call(&tally::add, 5);
  t.async_call([](tally&, list l) { l.push_back(1); }, l);
  t = {};
  begun.get();
  go_on.put(1);
  EXPECT_EQ(running.get(), 1);
  EXPECT_EQ(waiting.get(), 6);
  EXPECT_TRUE(comes_to(m, 1));
  EXPECT_EQ(l.snapshot(), numbers{1});
}

TEST_F(managed_objects, are_kept_by_unread_messages) {
  ramet::manager m;
  {
    ramet::queue<list> post;
    post.put(m.list<int>({4}));
    EXPECT_EQ(post.get().at(0), 4);
    EXPECT_TRUE(comes_to(m, 0));
    post.put(m.list<int>({5}));
    m.value<int>().set(1);
    EXPECT_TRUE(comes_to(m, 1));
  }
  EXPECT_TRUE(comes_to(m, 0));
}

TEST_F(managed_objects, are_kept_by_those_that_they_are_in) {
  ramet::manager m;
  auto d = m.dict<std::string, list>();
  d.set("k", m.list<int>({1}));
  d.set("l", m.list<int>());
  EXPECT_TRUE(comes_to(m, 3));
  d.erase("l");
  EXPECT_TRUE(comes_to(m, 2));
  auto inner = d.at("k");
  d = {};
  EXPECT_TRUE(comes_to(m, 1));
  EXPECT_EQ(inner.at(0), 1);
  inner = {};
  EXPECT_TRUE(comes_to(m, 0));
}

TEST_F(managed_objects, in_a_circle_keep_each_other) {
  ramet::manager m;
  {
    auto a = m.make<ward>();
    auto b = m.make<ward>();
    auto let = [](ward& w, ramet::managed_object<ward> x) { w.other = x; };
    a.call(let, b);
    b.call(let, a);
  }
  m.value<int>();
  EXPECT_TRUE(comes_to(m, 2));
}

void hold(list, ramet::queue<int> up) {
  up.put(1);
  for (;;)
    ::pause();
}

TEST_F(managed_objects, go_when_the_last_holder_is_killed) {
  ramet::manager m;
  ramet::queue<int> up;
  auto l = m.list<int>();
  ramet::process one{hold, l, up};
  ramet::process two{hold, std::move(l), up};
  l = {};
  up.get();
  up.get();
  one.kill();
  one.join();
  EXPECT_EQ(m.object_count(), 1U);
  two.kill();
  EXPECT_TRUE(comes_to(m, 0));
  two.join();
}

void work_until_killed(ramet::managed_dict<int, list> shared,
                       ramet::managed_value<int> count, ramet::queue<list> post,
                       ramet::queue<int> up) {
  up.put(1);
  for (int i = 0;; ++i) {
    shared.update_or(
        i % 5, list{shared.at(0)}, [](list& l, int i) { l.push_back(i); }, i);
    shared.set(i % 3, shared.at(i % 4));
    post.put(shared.at(1));
    if (i % 2)
      post.get().apply([](numbers& all) { all.clear(); });
    count.update([](int& x) { ++x; });
  }
}

TEST_F(managed_objects, go_though_their_users_are_killed_at_any_moment) {
  chance random;
  ramet::manager m;
  {
    auto shared = m.dict<int, list>();
    for (int i = 0; i < 5; ++i)
      shared.set(i, m.list<int>());
    auto count = m.value<int>();
    ramet::queue<list> post;
    ramet::queue<int> up;
    for (int round = 0; round < 25; ++round) {
      ramet::process one{work_until_killed, shared, count, post, up};
      ramet::process two{work_until_killed, shared, count, post, up};
      up.get();
      up.get();
      if (round == 0) { // later they may be killed before they do anything
        ASSERT_TRUE(eventually([&] { return count.get() > 0; }));
      }
      pass(random.within(6ms));
      one.kill();
      pass(random.within(1ms));
      two.kill();
      one.join();
      two.join();
      // Nobody else is disturbed.
      ASSERT_GE(count.get(), 0);
      ASSERT_GE(shared.at(2).size(), 0U);
    }
    EXPECT_GT(count.get(), 0);
  }
  EXPECT_TRUE(comes_to(m, 0)) << m.object_count();
}

} // namespace

} // namespace ramet_test
