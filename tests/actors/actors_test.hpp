// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// The fixture of tests with actors, and actors that they have in common.

#pragma once

#include "../system/system_test.hpp"

#include <ramet/ask.hpp>
#include <ramet/node.hpp>

#include <caf/all.hpp>

#include <cmath>
#include <string>
#include <vector>

#include <unistd.h>

namespace ramet_test {

using pid_atom = caf::atom_constant<caf::atom("pid")>;
using echo_atom = caf::atom_constant<caf::atom("echo")>;
using count_atom = caf::atom_constant<caf::atom("count")>;
using one_atom = caf::atom_constant<caf::atom("one")>;
using call_atom = caf::atom_constant<caf::atom("call")>;
using make_atom = caf::atom_constant<caf::atom("make")>;
using hang_atom = caf::atom_constant<caf::atom("hang")>;
using drop_atom = caf::atom_constant<caf::atom("drop")>;
using relay_atom = caf::atom_constant<caf::atom("relay")>;
using monitor_atom = caf::atom_constant<caf::atom("monitor")>;
using demonitor_atom = caf::atom_constant<caf::atom("demonitor")>;
using link_atom = caf::atom_constant<caf::atom("link")>;
using unlink_atom = caf::atom_constant<caf::atom("unlink")>;
using downs_atom = caf::atom_constant<caf::atom("downs")>;
using quit_atom = caf::atom_constant<caf::atom("quit")>;

struct person {
  std::string name;
  int age = 0;
  std::vector<double> marks;

  friend bool operator==(const person&, const person&) = default;
};

struct servant_state {
  std::int64_t count = 0;
  std::vector<caf::response_promise> hung;
  std::int32_t downs = 0;
  std::string last_reason;
};

/// Does what it is told.
caf::behavior servant(caf::stateful_actor<servant_state>* self);

/// Fails the test when a process, a descriptor or a shared object is left.
class actors_test : public system_test {
protected:
  void SetUp() override;
};

std::int32_t pid_of(const caf::actor& one);

/// True as soon as a servant refuses requests because it has ended.
bool comes_to_refuse(const caf::actor& one);

} // namespace ramet_test
