// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "bootstrap.hpp"
#include "ending.hpp"
#include "family.hpp"
#include "self.hpp"
#include "threads_posix.hpp"
#include "zygote.hpp"

#include <ramet/runtime.hpp>

namespace ramet {

runtime::runtime(int argc, char** argv) {
  auto& me = detail::self::mine();
  me.claim_runtime();
  detail::note_program_signals();
  if (argc > 0 && argv && argv[0])
    me.argv0 = argv[0];
  if (detail::launched_as_zygote()) {
    detail::serve_as_zygote();
    detail::run_as_child(); // in a child of the zygote
  }
  if (detail::launched_by_parent())
    detail::run_as_child();
  auto& members = detail::family::mine();
  members.entry(members.slot()).pid.store(me.runtime_pid());
  detail::end_runtime_at_exit();
  me.phase.store(detail::runtime_phase::live);
}

runtime::~runtime() {
  detail::end_runtime();
}

} // namespace ramet
