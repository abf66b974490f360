// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// A program whose zygote meets with what the first argument says. It starts a
// child with code 3, says what came of it, and whether a child or a zombie is
// left; and once more.

#include <ramet/error.hpp>
#include <ramet/process.hpp>
#include <ramet/runtime.hpp>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

// From now on that system call ends so, here and in all that is forked.
void confine(int call, unsigned action) {
  sock_filter rules[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(call), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, action),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  sock_fprog program{sizeof rules / sizeof *rules, rules};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0
      || ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
    std::abort();
}

// In the zygote, before it is one.
void hinder(const std::string& how, const std::string& argument) {
  if (how == "killed by") {
    ::raise(std::stoi(argument));
  } else if (how == "killed once by") {
    if (::unlink(std::getenv("HINDERED_ONCE")) == 0)
      ::raise(std::stoi(argument));
  } else if (how == "dies before it tells of a fork") {
    confine(SYS_sendmsg, SECCOMP_RET_KILL_PROCESS);
  } else if (how == "cannot fork") {
    confine(SYS_clone3, SECCOMP_RET_ERRNO | ENOMEM);
  }
}

void start() {
  try {
    ramet::process child{
        {.name = "hindered", .start = ramet::start_method::forkserver},
        [] { std::exit(3); }};
    child.join();
    std::printf("%s\n", to_string(*child.status()).c_str());
  } catch (const ramet::error& e) {
    std::printf("%s: %s\n", e.code().message().c_str(), e.what());
  }
}

} // namespace

int main(int argc, char** argv) {
  rlimit none{};
  ::setrlimit(RLIMIT_CORE, &none);
  if (argc > 1) {
    ::setenv("HINDERED_HOW", argv[1], 1);
    ::setenv("HINDERED_BY", argc > 2 ? argv[2] : "", 1);
  } else {
    hinder(std::getenv("HINDERED_HOW"), std::getenv("HINDERED_BY"));
  }
  std::printf("early "); // and is written out once, though it is held back here
  ramet::runtime rt{argc, argv};
  start();
  std::printf("%s\n", ::waitpid(-1, nullptr, WNOHANG) < 0 ? "nobody is left"
                                                          : "somebody is left");
  start();
}
