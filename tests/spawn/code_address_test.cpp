// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/detail/code_address.hpp>
#include <ramet/error.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <utility>

#include <dlfcn.h>

namespace ramet::detail {

namespace {

struct unload {
  void operator()(void* library) const { ::dlclose(library); }
};
using module = std::unique_ptr<void, unload>;

module load() {
  module result{::dlopen(UNLOADED_MODULE, RTLD_NOW)};
  EXPECT_TRUE(result) << ::dlerror();
  return result;
}

template <int N>
int number(int x) {
  return x + N;
}

template <int... Ns>
void expect_found(std::integer_sequence<int, Ns...>) {
  for (int round = 0; round < 2; ++round) {
    auto found = [](int (*function)(int)) {
      return portable_function<int(int)>::of(function).get() == function;
    };
    EXPECT_TRUE((found(number<Ns>) && ...));
    // All are located before the first is resolved.
    portable_function<int(int)> located[] = {
        portable_function<int(int)>::of(number<Ns>)...};
    int (*functions[])(int) = {number<Ns>...};
    for (std::size_t i = 0; i < sizeof...(Ns); ++i)
      EXPECT_EQ(located[i].get(), functions[i]);
  }
}

TEST(code_address_test, tells_any_number_of_functions_apart) {
  expect_found(std::make_integer_sequence<int, 100>{});
}

TEST(code_address_test, of_a_module_is_unknown_once_that_is_unloaded) {
  auto library = load();
  ASSERT_TRUE(library);
  const void* function = ::dlsym(library.get(), "function_of_module");
  ASSERT_TRUE(function);
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(resolve_code(locate_code(function)), function);
  auto address = locate_code(function);
  library.reset();
  EXPECT_THROW(locate_code(function), error);
  EXPECT_THROW(resolve_code(address), error);

  // It may be elsewhere the next time.
  library = load();
  ASSERT_TRUE(library);
  EXPECT_EQ(resolve_code(address),
            ::dlsym(library.get(), "function_of_module"));
}

} // namespace

} // namespace ramet::detail
