// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/detail/code_address.hpp>
#include <ramet/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include <elf.h>
#include <link.h>
#include <sys/stat.h>

namespace ramet::detail {

namespace {

struct build_id {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  bool operator==(const build_id&) const = default;
};

std::uint64_t hash(std::string_view bytes, std::uint64_t seed) {
  for (char byte : bytes)
    seed = (seed ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return seed;
}

build_id hashed(std::string_view bytes) {
  return {hash(bytes, 0xcbf29ce484222325), hash(bytes, 0x84222325cbf29ce4)};
}

const char* path_of(const dl_phdr_info& module) {
  return module.dlpi_name && *module.dlpi_name ? module.dlpi_name
                                               : "/proc/self/exe";
}

// The linker's GNU build id. A module linked without one is known by its file:
// it cannot be told from a copy with the same time, but from any rebuilt one.
build_id id_of(const dl_phdr_info& module) {
  for (int i = 0; i < module.dlpi_phnum; ++i) {
    auto& header = module.dlpi_phdr[i];
    if (header.p_type != PT_NOTE)
      continue;
    // NOLINTNEXTLINE(*-int-to-ptr): the loader says where it put the module
    auto* at = reinterpret_cast<const char*>(module.dlpi_addr + header.p_vaddr);
    auto* end = at + header.p_memsz;
    auto align = [&](std::size_t size) {
      auto unit = header.p_align == 8 ? 8U : 4U;
      return (size + unit - 1) / unit * unit;
    };
    while (end - at >= static_cast<std::ptrdiff_t>(sizeof(ElfW(Nhdr)))) {
      auto& note = *reinterpret_cast<const ElfW(Nhdr)*>(at);
      auto* name = at + sizeof note;
      auto* description = at + align(sizeof note + note.n_namesz);
      if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4
          && std::string_view{name, 3} == "GNU")
        return hashed({description, note.n_descsz});
      at = description + align(note.n_descsz);
    }
  }
  struct stat status {};
  const char* path = path_of(module);
  if (::stat(path, &status) != 0)
    return {};
  return hashed(fmt::format("{}:{}:{}.{}", module.dlpi_name, status.st_size,
                            status.st_mtim.tv_sec, status.st_mtim.tv_nsec));
}

bool contains(const dl_phdr_info& module, std::uint64_t offset, bool code) {
  return std::any_of(
      module.dlpi_phdr, module.dlpi_phdr + module.dlpi_phnum, [&](auto& part) {
        return part.p_type == PT_LOAD && (!code || (part.p_flags & PF_X) != 0)
               && offset >= part.p_vaddr
               && offset - part.p_vaddr < part.p_memsz;
      });
}

// Calls `visit(module)` for each loaded module until it returns true.
template <class Visit>
bool any_module(Visit visit) {
  return ::dl_iterate_phdr(
             [](dl_phdr_info* module, std::size_t, void* visitor) -> int {
               return (*static_cast<Visit*>(visitor))(*module);
             },
             &visit)
         != 0;
}

/// What a thread has asked lately: whoever makes one call again and again asks
/// for the same few functions. Answers hold until a module is unloaded.
template <class Question, class Answer>
class recent_answers {
public:
  /// Null if it is not known. `hint` tells questions apart, mostly.
  const Answer* find(const Question& question, std::uint64_t hint) {
    auto& place = place_of(hint);
    return place.question == question && place.unloads == unloads()
               ? &place.answer
               : nullptr;
  }
  void add(const Question& question, std::uint64_t hint, const Answer& answer) {
    place_of(hint) = {question, answer, unloads()};
  }

private:
  struct place {
    Question question{};
    Answer answer{};
    std::uint64_t unloads = 0;
  };

  // How many modules were unloaded so far.
  static std::uint64_t unloads() {
    std::uint64_t result = 0;
    any_module([&](const dl_phdr_info& module) {
      result = module.dlpi_subs; // the same in all
      return true;
    });
    return result;
  }

  // Functions begin at multiples of 16.
  place& place_of(std::uint64_t hint) {
    return places_[hint / 16 % std::size(places_)];
  }

  place places_[16];
};

} // namespace

code_address locate_code(const void* code) {
  if (!code)
    return {};
  auto address = reinterpret_cast<std::uintptr_t>(code);
  thread_local recent_answers<const void*, code_address> recent;
  if (auto* known = recent.find(code, address))
    return *known;
  code_address result;
  bool found = any_module([&](const dl_phdr_info& module) {
    auto offset = address - module.dlpi_addr;
    if (address < module.dlpi_addr || !contains(module, offset, false))
      return false;
    auto id = id_of(module);
    result = {id.high, id.low, offset};
    return true;
  });
  if (!found)
    throw error(errc::protocol,
                fmt::format("naming the function at {}: it is in no loaded "
                            "program or library, so another process cannot "
                            "find it",
                            code));
  recent.add(code, address, result);
  return result;
}

const void* resolve_code(const code_address& address) {
  if (address == code_address{})
    return nullptr;
  thread_local recent_answers<code_address, const void*> recent;
  if (auto* known = recent.find(address, address.offset))
    return *known;
  build_id wanted{address.build_high, address.build_low};
  const void* result = nullptr;
  bool known = any_module([&](const dl_phdr_info& module) {
    if (id_of(module) != wanted)
      return false;
    if (contains(module, address.offset, true))
      // NOLINTNEXTLINE(*-int-to-ptr)
      result = reinterpret_cast<const void*>(module.dlpi_addr + address.offset);
    return true;
  });
  if (known && result) {
    recent.add(address, address.offset, result);
    return result;
  }
  if (known)
    throw error(errc::child_failed,
                fmt::format("the message names a function at offset {:#x}, "
                            "where this program has no code",
                            address.offset));
  throw error(errc::child_failed,
              fmt::format("child runs another build: its function is in a "
                          "program or library with build {:016x}{:016x}, of "
                          "which this child has none loaded; rebuild and "
                          "restart both, and link, rather than dlopen, what "
                          "the function is in",
                          address.build_high, address.build_low));
}

namespace {

// Whether a member function pointer names a place in a virtual table.
bool is_virtual(std::uint64_t pointer, std::int64_t adjust) {
#if defined(__aarch64__) || defined(__arm__)
  static_cast<void>(pointer);
  return (adjust & 1) != 0;
#else
  static_cast<void>(adjust);
  return (pointer & 1) != 0;
#endif
}

} // namespace

member_address locate_member(std::uint64_t pointer, std::int64_t adjust) {
  if (is_virtual(pointer, adjust))
    return {{}, pointer, adjust};
  // NOLINTNEXTLINE(*-int-to-ptr)
  return {locate_code(reinterpret_cast<const void*>(pointer)), 0, adjust};
}

void resolve_member(const member_address& address, std::uint64_t& pointer,
                    std::int64_t& adjust) {
  adjust = address.adjust;
  pointer = address.raw != 0
                ? address.raw
                : reinterpret_cast<std::uint64_t>(resolve_code(address.code));
}

} // namespace ramet::detail
