// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// Who is who among processes that come and go.

#include "actors_test.hpp"

#include "member_node.hpp"

namespace ramet_test {

namespace {

using ramet::detail::member_id;
using ramet::detail::node_of;
using ramet::detail::process_of;

struct node_id_test : actors_test {};

TEST_F(node_id_test, leads_back_to_its_process) {
  for (member_id one : {member_id{0, 1}, member_id{0, 0xffff'ffff},
                        member_id{4095, 1}, member_id::mine()})
    EXPECT_EQ(process_of(node_of(one)), one);
  EXPECT_EQ(node_of(member_id::mine()), ramet::actor_system().node());
}

TEST_F(node_id_test, tells_processes_of_one_slot_apart) {
  EXPECT_NE(node_of({3, 7}), node_of({3, 8}));
  EXPECT_NE(node_of({3, 7}), node_of({4, 7}));
  EXPECT_EQ(node_of({3, 7}), node_of({3, 7}));
}

TEST_F(node_id_test, of_another_family_leads_nowhere) {
  namespace caf_compat = ramet::detail::caf_compat;
  auto parts = caf_compat::parts_of(node_of({3, 7}));
  ASSERT_TRUE(parts);
  EXPECT_TRUE(process_of(caf_compat::make_node_id(7, parts->host)));
  for (std::size_t i = 0; i + 4 < parts->host.size(); ++i) {
    auto other = parts->host;
    other[i] ^= 1;
    EXPECT_FALSE(process_of(caf_compat::make_node_id(7, other))) << i;
  }
  EXPECT_FALSE(process_of(caf::node_id{}));
}

TEST_F(node_id_test, is_another_one_after_a_kill_though_the_slot_is_the_same) {
  caf::actor old;
  {
    ramet::node first;
    old = first.spawn(servant);
    pid_of(old);
    first.kill();
    first.join();
  }
  auto slot = process_of(old.node())->slot;
  // The slot is free when the dead one's things are put away.
  EXPECT_TRUE(eventually([&] {
    ramet::node second;
    auto b = second.spawn(servant);
    if (process_of(b.node())->slot != slot)
      return false;
    EXPECT_NE(b.node(), old.node());
    expect_error(ramet::errc::closed, {"has ended"}, [&] { pid_of(old); });
    // Nor does a process get there that knew neither of the two.
    ramet::node third;
    auto relay = third.spawn(servant);
    expect_error(ramet::errc::closed, {}, [&] {
      ramet::ask<std::int32_t>(relay, relay_atom::value, old).get();
    });
    EXPECT_EQ(pid_of(b), second.pid());
    return true;
  }));
}

} // namespace

} // namespace ramet_test
