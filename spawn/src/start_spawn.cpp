// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "bootstrap.hpp"
#include "launcher.hpp"
#include "newcomer.hpp"
#include "pidfd_linux.hpp"
#include "self.hpp"
#include "starter.hpp"

#include <fmt/format.h>

#include <filesystem>

namespace ramet::detail {

namespace {

class spawn_method final : public starter {
public:
  std::shared_ptr<child> start(const start_request& request) override {
    auto& executable = request.options.executable;
    newcomer one{request, executable.empty() ? own_program() : executable};
    auto program = one.program();
    if (!request.options.setup.working_directory.empty())
      program = std::filesystem::absolute(program); // from here
    one.set_start_time(start_time_now());
    auto started =
        launch_program({program,
                        {self::mine().argv0},
                        environment_of_child(one.place()),
                        &one.setup()},
                       fmt::format("starting process '{}'", one.name()));
    one.set_pid(started.pid);
    return one.begin(std::move(started.pidfd));
  }
};

} // namespace

starter& spawn_starter() {
  static auto* instance = new spawn_method; // used by static destructors, too
  return *instance;
}

} // namespace ramet::detail
