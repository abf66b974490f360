// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// A family that makes shared memory by name, or attaches to another's.
// Usage: memory_program create|attach|attach_and_unlink NAME [stay]

#include <ramet/runtime.hpp>
#include <ramet/shared_memory.hpp>

#include <cstdint>
#include <iostream>
#include <string>

#include <unistd.h>

int main(int argc, char** argv) {
  ramet::runtime rt{argc, argv};
  const std::string what = argv[1];
  auto block = what == "create" ? ramet::shared_memory::create(argv[2], 100'000)
                                : ramet::shared_memory::attach(argv[2]);
  auto numbers = block.as<std::uint32_t>();
  if (what == "create")
    numbers[7] = 1;
  else
    ++numbers[7];
  if (what == "attach_and_unlink")
    block.unlink();
  std::cout << "size " << block.size() << std::endl;
  while (argc > 3)
    ::pause();
}
