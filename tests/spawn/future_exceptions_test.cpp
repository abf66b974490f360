// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "process_fixture.hpp"
#include "promised.hpp"
#include "thrown_identity.hpp"

#include <ramet/async.hpp>
#include <ramet/error.hpp>
#include <ramet/task_failure.hpp>

#include <cerrno>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <ios>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <typeinfo>
#include <variant>
#include <vector>

namespace ramet::test {

namespace {

namespace fs = std::filesystem;

/// What came of `thrown` elsewhere, without the processes.
template <class E>
task_failure failure_by(const E& thrown) {
  remote_exception what;
  if constexpr (std::is_base_of_v<std::exception, E>) {
    what.message = thrown.what();
    what.identity = detail::identity_of(typeid(E), &thrown);
  } else {
    what.identity = detail::identity_of(typeid(E), nullptr);
  }
  return task_failure{"it failed", what};
}

/// Whether rethrow() throws an E that is just like the one that was thrown.
template <class E>
testing::AssertionResult comes_back(const E& thrown) {
  try {
    failure_by(thrown).rethrow();
  } catch (const std::exception& again) {
    if (typeid(again) != typeid(E))
      return testing::AssertionFailure() << "a " << typeid(again).name();
    if (std::string{again.what()} != thrown.what())
      return testing::AssertionFailure()
             << "'" << again.what() << "', not '" << thrown.what() << "'";
    return testing::AssertionSuccess();
  }
}

TEST(future_exceptions_test, come_back_as_what_they_were) {
  EXPECT_TRUE(comes_back(std::logic_error{"x"}));
  EXPECT_TRUE(comes_back(std::domain_error{"x"}));
  EXPECT_TRUE(comes_back(std::invalid_argument{"x"}));
  EXPECT_TRUE(comes_back(std::length_error{"x"}));
  EXPECT_TRUE(comes_back(std::out_of_range{""}));
  EXPECT_TRUE(comes_back(std::runtime_error{"x"}));
  EXPECT_TRUE(comes_back(std::range_error{"x"}));
  EXPECT_TRUE(comes_back(std::overflow_error{"x"}));
  EXPECT_TRUE(comes_back(std::underflow_error{"x"}));
  EXPECT_TRUE(comes_back(std::exception{}));
  EXPECT_TRUE(comes_back(std::bad_alloc{}));
  EXPECT_TRUE(comes_back(std::bad_array_new_length{}));
  EXPECT_TRUE(comes_back(std::bad_cast{}));
  EXPECT_TRUE(comes_back(std::bad_typeid{}));
  EXPECT_TRUE(comes_back(std::bad_exception{}));
  EXPECT_TRUE(comes_back(std::bad_function_call{}));
  EXPECT_TRUE(comes_back(std::bad_optional_access{}));
  EXPECT_TRUE(comes_back(std::bad_variant_access{}));
  EXPECT_TRUE(comes_back(std::bad_weak_ptr{}));
}

template <class E>
std::error_code code_that_comes_back(const E& thrown) {
  EXPECT_TRUE(comes_back(thrown));
  try {
    failure_by(thrown).rethrow();
  } catch (const E& again) {
    return again.code();
  }
}

TEST(future_exceptions_test, come_back_with_their_codes) {
  std::error_code no_entry{ENOENT, std::system_category()};
  auto would_block = std::make_error_code(std::errc::operation_would_block);
  EXPECT_EQ(code_that_comes_back(std::system_error{no_entry, "opening a"}),
            no_entry);
  EXPECT_EQ(code_that_comes_back(std::system_error{no_entry}), no_entry);
  EXPECT_EQ(code_that_comes_back(std::system_error{no_entry, ""}), no_entry);
  EXPECT_EQ(code_that_comes_back(std::system_error{would_block, "a: b"}),
            would_block);
  EXPECT_EQ(code_that_comes_back(std::ios_base::failure{"bad", would_block}),
            would_block);
  EXPECT_EQ(code_that_comes_back(std::ios_base::failure{"bad"}),
            std::io_errc::stream);
  EXPECT_EQ(code_that_comes_back(std::future_error{std::future_errc::no_state}),
            std::future_errc::no_state);
  EXPECT_EQ(code_that_comes_back(error{errc::full, "no room"}), errc::full);
}

TEST(future_exceptions_test, come_back_with_their_paths) {
  std::error_code no_entry{ENOENT, std::generic_category()};
  for (auto& thrown :
       {fs::filesystem_error{"cannot open", no_entry},
        fs::filesystem_error{"cannot open", "/a", no_entry},
        fs::filesystem_error{"cannot copy", "/a", "/b [c]", no_entry}}) {
    EXPECT_EQ(code_that_comes_back(thrown), no_entry);
    try {
      failure_by(thrown).rethrow();
    } catch (const fs::filesystem_error& again) {
      EXPECT_EQ(again.path1(), thrown.path1());
      EXPECT_EQ(again.path2(), thrown.path2());
    }
  }
}

struct odd_weather : std::out_of_range {
  using std::out_of_range::out_of_range;
};

class own_category final : public std::error_category {
  const char* name() const noexcept override { return "weather"; }
  std::string message(int) const override { return "hail"; }
};

template <class Thrown>
bool stays_a_task_failure(const Thrown& thrown) {
  auto failure = failure_by(thrown);
  try {
    failure.rethrow();
  } catch (const task_failure& same) {
    return same.what() == std::string{"it failed"};
  } catch (...) {
    return false;
  }
}

TEST(future_exceptions_test, stay_task_failures_if_they_cannot_be_known) {
  static const own_category weather;
  EXPECT_TRUE(stays_a_task_failure(odd_weather{"hail"}));
  EXPECT_TRUE(stays_a_task_failure(42));
  EXPECT_TRUE(stays_a_task_failure(std::string{"hail"}));
  EXPECT_TRUE(stays_a_task_failure(std::system_error{1, weather}));
  EXPECT_THROW((task_failure{"killed", exit_status{std::nullopt, 9}}.rethrow()),
               task_failure);
  EXPECT_THROW((task_failure{"by hand", remote_exception{}}.rethrow()),
               task_failure);
}

TEST(future_exceptions_test, that_are_nested_come_back_as_the_outer) {
  try {
    std::throw_with_nested(std::range_error("too hot"));
  } catch (const std::range_error& thrown) {
    remote_exception what;
    what.message = thrown.what();
    what.identity = detail::identity_of(typeid(thrown), &thrown);
    task_failure failure{"it failed", what};
    EXPECT_TRUE(failure.is<std::nested_exception>());
    EXPECT_THROW(failure.rethrow(), std::range_error);
  }
}

TEST(future_exceptions_test, that_streams_throw_come_back) {
  try {
    std::ifstream file;
    file.exceptions(std::ios::failbit);
    file.open("/no/such/file");
    FAIL();
  } catch (const std::ios_base::failure& thrown) {
    remote_exception what;
    what.message = thrown.what();
    what.identity = detail::identity_of(typeid(thrown), &thrown);
    EXPECT_THROW((task_failure{"it failed", what}.rethrow()),
                 std::ios_base::failure);
  }
}

TEST(future_exceptions_test, are_of_their_type_and_its_bases) {
  auto failure = failure_by(odd_weather{"hail"});
  EXPECT_TRUE(failure.is<odd_weather>());
  EXPECT_TRUE(failure.is<std::out_of_range>());
  EXPECT_TRUE(failure.is<std::logic_error>());
  EXPECT_TRUE(failure.is<std::exception>());
  EXPECT_FALSE(failure.is<std::length_error>());
  EXPECT_FALSE(failure.is<std::runtime_error>());
  EXPECT_TRUE(failure_by(42).is<int>());
  EXPECT_FALSE(failure_by(42).is<long>());
  EXPECT_FALSE((task_failure{"killed", exit_status{std::nullopt, 9}}
                    .is<std::exception>()));
}

// Each of these asks whether `catch (const Base&)` agrees.
template <class Base, class Thrown>
bool agrees_with_catch(bool& caught) {
  caught = false;
  try {
    throw Thrown{};
  } catch (const Base&) {
    caught = true;
  } catch (...) {
  }
  return failure_by(Thrown{}).template is<Base>() == caught;
}

struct root {};
struct left : root {};
struct right : root {};
struct twice_root : left, right {};
struct virtual_left : virtual root {};
struct virtual_right : virtual root {};
struct once_root : virtual_left, virtual_right {};
struct hidden : private root {};
struct hidden_deeper : hidden {};
struct hidden_left : private virtual_left {};
struct seen_by_one_way : hidden_left, virtual_right {};

TEST(future_exceptions_test, are_of_those_bases_that_can_be_caught) {
  bool caught = false;
  EXPECT_TRUE((agrees_with_catch<root, left>(caught)) && caught);
  EXPECT_TRUE((agrees_with_catch<root, twice_root>(caught)) && !caught);
  EXPECT_TRUE((agrees_with_catch<left, twice_root>(caught)) && caught);
  EXPECT_TRUE((agrees_with_catch<root, once_root>(caught)) && caught);
  EXPECT_TRUE((agrees_with_catch<virtual_right, once_root>(caught)) && caught);
  EXPECT_TRUE((agrees_with_catch<root, hidden>(caught)) && !caught);
  EXPECT_TRUE((agrees_with_catch<root, hidden_deeper>(caught)) && !caught);
  EXPECT_TRUE((agrees_with_catch<hidden, hidden_deeper>(caught)) && caught);
  EXPECT_TRUE((agrees_with_catch<root, seen_by_one_way>(caught)) && caught);
  EXPECT_TRUE((agrees_with_catch<virtual_left, seen_by_one_way>(caught))
              && !caught);
}

TEST(future_exceptions_test, fit_where_there_is_little_room) {
  auto identity = detail::identity_of(typeid(fs::filesystem_error), nullptr);
  identity.category = "generic";
  identity.paths = {std::string(200, 'a'), "b"};
  auto bytes = detail::encode_to_fit(identity, 300);
  EXPECT_LE(bytes.size(), 300U);
  auto again = detail::decode_identity(bytes);
  EXPECT_EQ(again.types, identity.types);
  EXPECT_EQ(again.category, "generic");
  EXPECT_TRUE(again.paths.empty());
  again = detail::decode_identity(detail::encode_to_fit(identity, 120));
  EXPECT_FALSE(again.types.empty());
  EXPECT_LT(again.types.size(), identity.types.size());
  EXPECT_TRUE(detail::encode_to_fit(identity, 2).empty());
  bytes.resize(bytes.size() / 2);
  EXPECT_TRUE(detail::decode_identity(bytes).types.empty());
  EXPECT_TRUE(detail::decode_identity({}).types.empty());
}

// -- with processes -----------------------------------------------------------

class exceptions_async_test : public process_fixture {
protected:
  void TearDown() override {
    for (auto& one : active_children())
      one.join();
    process_fixture::TearDown();
  }
};

int remove_nothing() {
  fs::rename("/no/such/file", "/no/such/place");
  return 0;
}

template <class R>
std::optional<task_failure> failure_of(future<R> result) {
  try {
    result.get();
  } catch (const task_failure& failure) {
    return failure;
  }
  ADD_FAILURE() << "nothing was thrown";
  return std::nullopt;
}

TEST_F(exceptions_async_test, are_known_after_a_journey) {
  auto failure = failure_of(async([]() -> int { throw odd_weather{"hail"}; }));
  ASSERT_TRUE(failure);
  EXPECT_TRUE(failure->is<odd_weather>());
  EXPECT_TRUE(failure->is<std::logic_error>());
  EXPECT_FALSE(failure->is<std::runtime_error>());
  failure = failure_of(async(remove_nothing));
  ASSERT_TRUE(failure);
  try {
    failure->rethrow();
  } catch (const fs::filesystem_error& again) {
    EXPECT_EQ(again.path1(), "/no/such/file");
    EXPECT_EQ(again.path2(), "/no/such/place");
    EXPECT_EQ(again.code(), std::errc::no_such_file_or_directory);
    EXPECT_EQ(again.what(), failure->exception()->message);
  }
  failure = failure_of(async([]() -> int { throw 42; }));
  ASSERT_TRUE(failure);
  EXPECT_TRUE(failure->is<int>());
  EXPECT_FALSE(failure->is<std::exception>());
}

TEST_F(exceptions_async_test, are_known_when_they_end_a_process) {
  testing::internal::CaptureStderr();
  process ended{[] { throw odd_weather{"hail"}; }};
  ended.join();
  testing::internal::GetCapturedStderr();
  auto thrown = ended.exception();
  ASSERT_TRUE(thrown);
  EXPECT_TRUE(thrown->is<odd_weather>());
  EXPECT_TRUE(thrown->is<std::out_of_range>());
  EXPECT_FALSE(thrown->is<std::runtime_error>());
}

// Two processes on its way, the second of which throws it again.
TEST_F(exceptions_async_test, come_back_over_two_processes) {
  auto failure = failure_of(async([] {
    try {
      return async([]() -> int { throw std::range_error("too hot"); }).get();
    } catch (const task_failure& inner) {
      inner.rethrow();
    }
  }));
  ASSERT_TRUE(failure);
  EXPECT_THROW(failure->rethrow(), std::range_error);
}

} // namespace

} // namespace ramet::test
