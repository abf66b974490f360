// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "bootstrap.hpp"
#include "newcomer.hpp"
#include "starter.hpp"
#include "zygote.hpp"

#include <ramet/error.hpp>

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <string_view>

namespace ramet::detail {

namespace {

class forkserver_method final : public starter {
public:
  std::shared_ptr<child> start(const start_request& request) override {
    newcomer one{request, own_program()};
    require_own_program(request.options, one.name(), "forkserver");
    auto pidfd = zygote::mine().start(one);
    return one.begin(std::move(pidfd));
  }
};

} // namespace

void require_own_program(const process_options& options,
                         const std::string& name, std::string_view method) {
  auto& executable = options.executable;
  std::error_code failed; // then it is another one
  if (executable.empty()
      || std::filesystem::equivalent(executable, own_program(), failed))
    return;
  throw error(errc::protocol,
              fmt::format("starting process '{}' by {}: process_options::"
                          "executable is '{}', and a fork runs what this "
                          "program is; leave it empty, or use "
                          "start_method::spawn",
                          name, method, executable));
}

starter& forkserver_starter() {
  static auto* instance = new forkserver_method; // used by static destructors
  return *instance;
}

} // namespace ramet::detail
