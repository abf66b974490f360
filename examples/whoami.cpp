// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Processes and a mutex: one function, called directly and in six children.
///
/// Each line is written under a lock that all processes share, so that lines do
/// not mix. The last five children are started and forgotten: the program
/// still waits for them before it ends.

#include <ramet/mutex.hpp>
#include <ramet/process.hpp>
#include <ramet/runtime.hpp>

#include <iostream>
#include <mutex>
#include <string>

namespace {

void whoami(const std::string& label, ramet::mutex out) {
  std::scoped_lock guard{out};
  std::cout << label << ": name:" << ramet::this_process().name()
            << ", pid:" << ramet::this_process().pid() << std::endl;
}

} // namespace

int main(int argc, char** argv) {
  // The first line of main: in a child it runs the child's function and never
  // returns.
  ramet::runtime rt{argc, argv};

  // A handle: its copies, in this process and in others, are one mutex.
  ramet::mutex out;

  whoami("function call", out);

  ramet::process child{whoami, "spawned child", out};
  child.join();

  // Dropping a process's handle does not stop the process.
  for (int i = 0; i < 5; ++i)
    ramet::process{whoami, "run process " + std::to_string(i), out};

  std::scoped_lock guard{out};
  std::cout << "Main process exit." << std::endl;
  // The lock is released first, and `rt`, made first, goes last: it waits for
  // the five.
}
