// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "uncaught.hpp"

#include "family.hpp"
#include "self.hpp"
#include "throw_point_linux.hpp"

#include <ramet/detail/async_link.hpp>

#include <fmt/format.h>

#include <cxxabi.h>
#include <exception>
#include <string>
#include <typeinfo>

#include <unistd.h>

namespace ramet::detail {

namespace {

std::string type_of_current_exception() {
  auto* type = abi::__cxa_current_exception_type();
  return type ? demangled(type->name()) : "exception of another language";
}

void report(const char* how, const char* what) {
  self::mine().hold_if_interrupted();
  auto& page = family::mine().own_page();
  auto type = type_of_current_exception();
  write_field(page.exception_type, type);
  write_field(page.exception_what, what ? what : "");
  write_field(page.exception_backtrace, describe_throw_point());
  page.phase.store(process_phase::threw);
  auto line =
      fmt::format("ramet: process '{}' (pid {}) {} {}{}{}\n", self::mine().name,
                  ::getpid(), how, type, what ? ": " : "", what ? what : "");
  [[maybe_unused]] auto written =
      ::write(STDERR_FILENO, line.data(), line.size());
}

} // namespace

bool report_uncaught(const char* how, const std::function<void()>& work) {
  try {
    note_throw_point(work);
    return true;
  } catch (const std::exception& problem) {
    report(how, problem.what());
  } catch (const abi::__forced_unwind&) {
    throw; // pthread_exit: not to be stopped
  } catch (...) {
    report(how, nullptr);
  }
  return false;
}

std::optional<remote_exception>
exception_of(const std::function<void()>& work) {
  remote_exception result;
  try {
    note_throw_point(work);
    return std::nullopt;
  } catch (const std::exception& problem) {
    result.type = type_of_current_exception();
    result.message = problem.what();
  } catch (const abi::__forced_unwind&) {
    throw; // pthread_exit: not to be stopped
  } catch (...) {
    result.type = type_of_current_exception();
  }
  result.backtrace = describe_throw_point();
  result.name = self::mine().name;
  result.pid = ::getpid();
  return result;
}

} // namespace ramet::detail
