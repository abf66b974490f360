// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// A program as users write it: processes, and a mutex between them.

#include <ramet/mutex.hpp>
#include <ramet/process.hpp>
#include <ramet/runtime.hpp>

#include <iostream>

void whoami(const std::string& label, ramet::mutex out) {
  std::scoped_lock guard{out};
  std::cout << label << ": name:" << ramet::this_process().name() << ", pid:" << ramet::this_process().pid() << std::endl;
}
int main(int argc, char** argv) {
  ramet::runtime rt{argc, argv};            // in a child: runs its function, never returns
  ramet::mutex out;                         // handles are values: copying one shares the object
  whoami("function call", out);
  ramet::process p{whoami, "spawned child", out};
  p.join();
  for (int i = 0; i < 5; ++i)               // dropping the handle does not stop the child; rt joins it at the end
    ramet::process{whoami, "run process " + std::to_string(i), out};
  std::scoped_lock guard{out};
  std::cout << "Main process exit." << std::endl;
}
