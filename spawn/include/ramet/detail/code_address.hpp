// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Pointers to code that mean the same in another process of the same build.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace ramet::detail {

/// A place in a module (the program or a shared library): who built the module,
/// and how far from its beginning. Survives address space randomisation; an
/// address of another build is recognised, never followed. All zero: null.
struct code_address {
  std::uint64_t build_high = 0;
  std::uint64_t build_low = 0;
  std::uint64_t offset = 0;

  friend bool operator==(const code_address&, const code_address&) = default;
};

/// @throws error protocol when no loaded module contains `code`
code_address locate_code(const void* code);
/// @throws error child_failed "child runs another build: ..." when no loaded
///   module has that build, or the place is not in its code
const void* resolve_code(const code_address& address);

/// A pointer to a member function, in the Itanium C++ ABI: an address or a
/// place in a virtual table, and an adjustment of `this`.
struct member_address {
  code_address code;
  std::uint64_t raw = 0; ///< When virtual; then `code` is null.
  std::int64_t adjust = 0;
};

member_address locate_member(std::uint64_t pointer, std::int64_t adjust);
void resolve_member(const member_address& address, std::uint64_t& pointer,
                    std::int64_t& adjust);

/// How a value of type T travels to a child: as itself, but for pointers to
/// code and views of text.
template <class Function>
struct portable_function {
  code_address code;

  static portable_function of(Function* function) {
    // NOLINTNEXTLINE(*-reinterpret-cast): POSIX lets functions be void*
    return {locate_code(reinterpret_cast<const void*>(function))};
  }
  Function* get() const {
    // NOLINTNEXTLINE(*-cast): see above
    return reinterpret_cast<Function*>(const_cast<void*>(resolve_code(code)));
  }
};

template <class Member>
struct portable_member {
  member_address member;

  static portable_member of(Member pointer) {
    static_assert(sizeof(Member) == 2 * sizeof(std::uint64_t));
    std::uint64_t words[2];
    std::memcpy(words, &pointer, sizeof words);
    return {locate_member(words[0], static_cast<std::int64_t>(words[1]))};
  }
  Member get() const {
    std::uint64_t words[2];
    std::int64_t adjust = 0;
    resolve_member(member, words[0], adjust);
    words[1] = static_cast<std::uint64_t>(adjust);
    Member pointer;
    std::memcpy(&pointer, words, sizeof words);
    return pointer;
  }
};

} // namespace ramet::detail
