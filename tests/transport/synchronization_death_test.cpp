// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// What the death of others does, at instructions where a test cannot kill: it
// does what they would have done until then, and buries them.

#include "synchronization.hpp"

#include "sleeper.hpp"

#include <ramet/barrier.hpp>
#include <ramet/condition_variable.hpp>
#include <ramet/event.hpp>
#include <ramet/latch.hpp>
#include <ramet/mutex.hpp>
#include <ramet/queue.hpp>
#include <ramet/semaphore.hpp>
#include <ramet/shared_mutex.hpp>

#include <memory>
#include <mutex>
#include <vector>

namespace {

using namespace std::literals;
using ramet::errc;
using ramet::detail::departure;
using ramet_test::elsewhere;
using ramet_test::expect_error;
using ramet_test::sleeper;

constexpr ramet::detail::process_slot dead = 5;

class synchronization_death : public ramet_test::leak_check {
protected:
  template <class Layout, class Handle>
  static Layout& inside(const Handle& handle) {
    auto object =
        ramet::detail::open_object(ramet::detail::handle_access::ref(handle));
    return *reinterpret_cast<Layout*>(object->data());
  }
  template <class Handle>
  static void bury(const Handle& handle, departure how = departure::died) {
    auto ref = ramet::detail::handle_access::ref(handle);
    ramet::detail::bury_holder(ref.object, dead, how);
  }
};

TEST_F(synchronization_death, of_who_has_set_an_event_loses_no_wake) {
  ramet::event happened;
  sleeper waiting{[&] { happened.wait(); }};
  EXPECT_TRUE(waiting.falls_asleep());
  inside<ramet::detail::event_layout>(happened).word.store(3);
  bury(happened);
  EXPECT_TRUE(waiting.ends());
}

// If he is stopped there instead.
TEST_F(synchronization_death,
       of_who_has_set_an_event_is_made_up_for_by_others) {
  ramet::event happened;
  sleeper waiting{[&] { happened.wait(); }};
  EXPECT_TRUE(waiting.falls_asleep());
  inside<ramet::detail::event_layout>(happened).word.store(3);
  happened.set();
  EXPECT_TRUE(waiting.ends());
}

TEST_F(synchronization_death, of_who_has_counted_down_loses_no_wake) {
  ramet::latch done{1};
  sleeper waiting{[&] { done.wait(); }};
  EXPECT_TRUE(waiting.falls_asleep());
  inside<ramet::detail::latch_layout>(done).left.store(0);
  bury(done);
  EXPECT_TRUE(waiting.ends());
}

TEST_F(synchronization_death, of_who_has_released_a_permit_loses_no_wake) {
  ramet::counting_semaphore permits{0};
  sleeper waiting{[&] { permits.acquire(); }};
  EXPECT_TRUE(waiting.falls_asleep());
  inside<ramet::detail::semaphore_layout>(permits).available.store(1);
  bury(permits);
  EXPECT_TRUE(waiting.ends());
}

TEST_F(synchronization_death, in_a_change_of_a_semaphore_takes_it_back) {
  using layout = ramet::detail::semaphore_layout;
  ramet::bounded_semaphore permits{3};
  permits.acquire();
  auto& shared = inside<layout>(permits);
  auto me = ramet::detail::family::mine().slot();
  elsewhere([&] {
    shared.guard.lock();
    shared.undo.before = shared.state_of(me);
    shared.undo.whose = me;
    shared.undo.valid.store(1);
    shared.set(me, {0, 7, 1});
  });
  bury(permits);
  EXPECT_TRUE(permits.try_acquire());
  EXPECT_EQ(permits.available(), 1U);
  permits.release(2);
  EXPECT_EQ(permits.available(), 3U);
  EXPECT_EQ(shared.traded.load(), 0U);
}

TEST_F(synchronization_death, brings_permits_back_that_the_dead_had) {
  using layout = ramet::detail::semaphore_layout;
  ramet::counting_semaphore permits{3};
  auto& shared = inside<layout>(permits);
  permits.acquire();
  ASSERT_NE(shared.held.of(dead), nullptr);
  shared.set(dead, {0, 2, 0});
  sleeper waiting{[&] { permits.acquire(); }};
  EXPECT_TRUE(waiting.falls_asleep());
  bury(permits);
  EXPECT_TRUE(waiting.ends());
  EXPECT_EQ(permits.available(), 1U);
  bury(permits); // by the next undertaker, should the first have died
  EXPECT_EQ(permits.available(), 1U);
  permits.release(2);
}

TEST_F(synchronization_death, brings_no_permits_back_of_who_has_left) {
  using layout = ramet::detail::semaphore_layout;
  ramet::counting_semaphore permits{3};
  permits.acquire();
  auto& shared = inside<layout>(permits);
  shared.set(dead, {0, 2, 0});
  bury(permits, departure::left);
  EXPECT_EQ(permits.available(), 0U);
  EXPECT_EQ(shared.held.of(dead)->load(), 0U) << "another has that place now";
  permits.release();
}

/// Lets go of the last handle here, and gets another one.
template <class Handle>
Handle put_away_and_taken_again(std::unique_ptr<Handle> handle) {
  ramet::queue<Handle> way;
  way.put(*handle);
  handle.reset();
  return way.get();
}

// Or the next process in its slot would have them.
TEST_F(synchronization_death, brings_no_permits_back_of_who_let_go_of_it) {
  using layout = ramet::detail::semaphore_layout;
  auto me = ramet::detail::family::mine().slot();
  auto permits = std::make_unique<ramet::counting_semaphore<>>(3);
  permits->acquire();
  auto same = put_away_and_taken_again(std::move(permits));
  EXPECT_EQ(same.available(), 2U);
  EXPECT_EQ(inside<layout>(same).held.of(me)->load(), 0U);
}

TEST_F(synchronization_death, leaves_no_reader_of_who_let_go_of_it) {
  auto lock = std::make_unique<ramet::shared_mutex>();
  lock->lock_shared();
  auto same = put_away_and_taken_again(std::move(lock));
  EXPECT_TRUE(same.try_lock());
  same.unlock();
}

TEST_F(synchronization_death, brings_no_permits_back_that_are_traded) {
  using layout = ramet::detail::semaphore_layout;
  ramet::counting_semaphore filled{0};
  filled.release(); // of what it has not acquired
  auto& shared = inside<layout>(filled);
  EXPECT_EQ(shared.traded.load(), 1U);
  ASSERT_TRUE(filled.try_acquire());
  ASSERT_NE(shared.held.of(dead), nullptr);
  shared.held.of(dead)->store(1); // as if the dead had, for a third one
  bury(filled);
  EXPECT_EQ(filled.available(), 0U);
}

TEST_F(synchronization_death, of_a_reader_lets_the_writer_in) {
  using layout = ramet::detail::shared_mutex_layout;
  ramet::shared_mutex lock;
  lock.lock_shared();
  lock.unlock_shared();
  auto& shared = inside<layout>(lock);
  ASSERT_NE(shared.readers.of(dead), nullptr);
  shared.header.holders.insert(dead);
  shared.readers.of(dead)->store(2);
  sleeper writer{[&] { std::scoped_lock guard{lock}; }};
  EXPECT_TRUE(writer.falls_asleep());
  bury(lock);
  EXPECT_TRUE(writer.ends());
}

TEST_F(synchronization_death, of_a_writer_that_waited_is_not_told) {
  using layout = ramet::detail::shared_mutex_layout;
  ramet::shared_mutex lock;
  auto& shared = inside<layout>(lock);
  auto die = [&] {
    elsewhere([&] {
      shared.mutex.lock();
      shared.writer.store(layout::draining);
    });
  };
  die();
  EXPECT_TRUE(lock.try_lock_shared());
  lock.unlock_shared();
  die();
  EXPECT_TRUE(lock.try_lock());
  lock.unlock();
  die();
  EXPECT_FALSE(lock.try_recover());
  EXPECT_TRUE(lock.try_lock());
  lock.unlock();
}

TEST_F(synchronization_death, of_a_waiter_loses_no_notification) {
  using layout = ramet::detail::condition_layout;
  ramet::mutex lock;
  ramet::condition_variable changed;
  sleeper waiting{[&] {
    std::unique_lock guard{lock};
    changed.wait(guard);
  }};
  EXPECT_TRUE(waiting.falls_asleep());
  auto& shared = inside<layout>(changed);
  // The dead has come, was notified, and has taken that from the other.
  shared.entered.fetch_add(1);
  shared.permitted.fetch_add(1);
  shared.taken.fetch_add(1);
  bury(changed);
  EXPECT_TRUE(waiting.ends());
  std::unique_lock guard{lock}; // and he has left nothing
  EXPECT_EQ(changed.wait_for(guard, 20ms), std::cv_status::timeout);
}

TEST_F(synchronization_death, in_a_notification_loses_none) {
  using layout = ramet::detail::condition_layout;
  ramet::mutex lock;
  ramet::condition_variable changed;
  auto& shared = inside<layout>(changed);
  sleeper waiting{[&] {
    std::unique_lock guard{lock};
    changed.wait(guard);
  }};
  EXPECT_TRUE(waiting.falls_asleep());
  elsewhere([&] {
    shared.guard.lock();
    shared.entered.store(77);
  });
  changed.notify_one(); // finds it, and all go on
  EXPECT_TRUE(waiting.ends());
}

TEST_F(synchronization_death, of_who_was_to_get_a_handle_breaks_the_barrier) {
  ramet::barrier step{2};
  {
    ramet::queue<ramet::barrier<>> handles;
    handles.put(step);
    handles.put(step);
    auto taken = handles.get();
    EXPECT_FALSE(step.broken());
  }
  EXPECT_TRUE(step.broken());
}

TEST_F(synchronization_death, of_a_party_breaks_the_barrier) {
  ramet::barrier step{2};
  sleeper waiting{[&] {
    expect_error(errc::broken, {"killed"}, [&] { step.arrive_and_wait(); });
  }};
  EXPECT_TRUE(waiting.falls_asleep());
  bury(step, departure::left);
  EXPECT_FALSE(step.broken());
  bury(step);
  EXPECT_TRUE(waiting.ends());
  EXPECT_TRUE(step.broken());
}

} // namespace
