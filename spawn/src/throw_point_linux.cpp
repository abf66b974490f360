// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// An exception unwinds in two passes. The first only searches the stack for a
// handler: it asks each catch clause on its way whether it wants the exception,
// by a virtual function of the type_info of what the clause catches. A clause
// whose type_info is of our own class is asked, too, says no every time, and
// sees the whole stack of the throw. Nothing global is replaced, and exceptions
// that are caught further in cost nothing.

#include "throw_point_linux.hpp"

#include "symbols_linux.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <typeinfo>
#include <vector>

#include <cxxabi.h>
#include <unwind.h>

namespace ramet::detail {

namespace {

constexpr std::size_t max_frames = 64;

// Of the exception that ends the work. Plain memory: allocating while an
// exception is under way, say bad_alloc, is no good idea.
struct noted_stack {
  std::array<std::uintptr_t, max_frames> frames{};
  std::size_t count = 0;
};

constinit thread_local noted_stack noted;

void note_stack() {
  noted.count = 0;
  _Unwind_Backtrace(
      [](_Unwind_Context* context, void*) -> _Unwind_Reason_Code {
        if (noted.count == max_frames)
          return _URC_END_OF_STACK;
        auto address = _Unwind_GetIP(context);
        if (address != 0)
          noted.frames[noted.count++] = address;
        return _URC_NO_REASON;
      },
      nullptr);
}

class witness_type_info final : public std::type_info {
public:
  witness_type_info() : std::type_info("ramet throw witness") {}

  bool __do_catch(const std::type_info*, void**, unsigned) const override {
    // Asked again when the stack is being unwound: then it is too late.
    if (noted.count == 0)
      note_stack();
    return false;
  }
};

// Inlined into each other, any of them may be the first.
bool is_call_by_ramet(const std::string& function) {
  for (const char* name : {"packed_call<", "call_job<", "async_job<",
                           "object_call_job<", "object_make_job<"})
    if (function.find(fmt::format("ramet::detail::{}", name))
        != std::string::npos)
      return true;
  return false;
}

} // namespace

// What the clause below catches. No object of it exists. As its virtual
// function is defined nowhere, the compiler makes no type_info for it and
// refers to the one that is given its name here.
struct throw_witness {
  virtual ~throw_witness();
};

// Never destroyed: threads throw while the process ends.
union lasting_witness {
  witness_type_info info;
  lasting_witness() : info() {}
  ~lasting_witness() {}
};

extern const lasting_witness
    throw_witness_type_info __asm__("_ZTIN5ramet6detail13throw_witnessE");
const lasting_witness throw_witness_type_info;

void note_throw_point(const std::function<void()>& work) {
  noted.count = 0;
  try {
    work();
  } catch (const throw_witness&) {
    std::abort(); // it has said no
  }
}

std::string demangled(const char* name) {
  int status = 0;
  std::unique_ptr<char, decltype(&std::free)> text{
      abi::__cxa_demangle(name, nullptr, nullptr, &status), &std::free};
  return text ? text.get() : name;
}

std::string describe_throw_point() {
  std::vector<std::string> lines;
  std::size_t first = 0;
  for (std::size_t i = 0; i < noted.count; ++i) {
    // A return address may be the first byte of the next function.
    auto place = find_symbol(noted.frames[i] - 1);
    if (is_call_by_ramet(place.function))
      break; // from here on it is ramet that called
    // The machinery of throwing itself stands first.
    if (i < 16
        && (place.function.find("_Unwind_") != std::string::npos
            || place.function.find("__cxa_throw") != std::string::npos
            || place.function.find("__cxa_rethrow") != std::string::npos))
      first = i + 1;
    lines.push_back(std::move(place.description));
  }
  std::string result;
  for (std::size_t i = first; i < lines.size(); ++i)
    result += fmt::format("#{} {}\n", i - first, lines[i]);
  if (!result.empty())
    result.pop_back();
  return result;
}

} // namespace ramet::detail
