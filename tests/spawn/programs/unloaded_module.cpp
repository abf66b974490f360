// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// A library to load and unload; see code_address_test.

extern "C" int function_of_module() {
  return 1;
}
