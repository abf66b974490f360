// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "uncaught.hpp"

#include "family.hpp"
#include "os_posix.hpp"
#include "self.hpp"
#include "throw_point_linux.hpp"
#include "thrown_identity.hpp"

#include <ramet/detail/async_link.hpp>
#include <ramet/detail/exception_text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <new>
#include <string>
#include <typeinfo>
#include <utility>

#include <cxxabi.h>

#include <sys/mman.h>
#include <unistd.h>

namespace ramet::detail {

namespace {

// Where the address space is limited, all of it may be in use when an exception
// has to be told. Then this is given back. In the main thread only.
class spare_room {
public:
  static spare_room& mine() {
    static spare_room instance;
    return instance;
  }

  void keep() {
    if (!limited_ || memory_)
      return;
    auto* memory = ::mmap(nullptr, size, PROT_NONE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    memory_ = memory == MAP_FAILED ? nullptr : memory;
  }
  void give_back() {
    if (memory_)
      ::munmap(std::exchange(memory_, nullptr), size);
  }

private:
  static constexpr std::size_t size = std::size_t{4} << 20;

  spare_room() : limited_(!address_space_hint().empty()) {}

  const bool limited_;
  void* memory_ = nullptr;
};

// Of the one that is being handled, which is `problem` unless that is null.
remote_exception describe(const std::exception* problem) {
  spare_room::mine().give_back();
  remote_exception result;
  if (auto* type = abi::__cxa_current_exception_type()) {
    result.type = demangled(type->name());
    result.identity = identity_of(*type, problem);
  } else {
    result.type = "exception of another language";
  }
  if (problem)
    result.message = text_of(*problem);
  if (dynamic_cast<const std::bad_alloc*>(problem))
    result.message += address_space_hint();
  result.backtrace = describe_throw_point();
  result.name = face::here().name;
  result.pid = ::getpid();
  return result;
}

void tell(const char* how, const remote_exception& thrown) {
  auto line = fmt::format("ramet: process '{}' (pid {}) {} {}{}{}\n",
                          thrown.name, thrown.pid, how, thrown.type,
                          thrown.message.empty() ? "" : ": ", thrown.message);
  [[maybe_unused]] auto written =
      ::write(STDERR_FILENO, line.data(), line.size());
}

void write_page(remote_exception& thrown) {
  auto& page = family::mine().own_page();
  write_field(page.exception_type, thrown.type);
  write_field(page.exception_what, thrown.message);
  write_field(page.exception_backtrace, thrown.backtrace);
  auto identity = encode_to_fit(std::move(thrown.identity),
                                std::size(page.exception_identity));
  std::copy(identity.begin(), identity.end(), page.exception_identity);
  page.exception_identity_size = static_cast<std::uint32_t>(identity.size());
  page.phase.store(process_phase::threw);
}

} // namespace

std::optional<remote_exception>
tell_uncaught(const char* how, const std::function<void()>& work) {
  auto thrown = exception_of(work);
  if (thrown) {
    self::mine().hold_if_ended();
    tell(how, *thrown);
  }
  return thrown;
}

bool report_uncaught(const char* how, const std::function<void()>& work) {
  auto thrown = exception_of(work);
  if (!thrown)
    return true;
  self::mine().hold_if_interrupted();
  write_page(*thrown);
  tell(how, *thrown);
  return false;
}

std::optional<remote_exception>
exception_of(const std::function<void()>& work) {
  spare_room::mine().keep();
  try {
    note_throw_point(work);
    return std::nullopt;
  } catch (const std::exception& problem) {
    return describe(&problem);
  } catch (const abi::__forced_unwind&) {
    throw; // pthread_exit: not to be stopped
  } catch (...) {
    return describe(nullptr);
  }
}

} // namespace ramet::detail
