// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// The Itanium C++ ABI keeps the bases of each class beside its name, for
// dynamic_cast and catch (section 2.9.5, "RTTI Layout").

#include "thrown_identity.hpp"

#include <algorithm>

#include <cxxabi.h>

namespace ramet::detail {

namespace {

// A part of an object that is an object of a base. The way to it names it: the
// classes from the whole object, or from the virtual base that it is within.
struct part {
  std::vector<const std::type_info*> way;
  bool is_public;
};

class parts_of_object {
public:
  explicit parts_of_object(const std::type_info& whole) {
    visit({&whole}, true);
  }

  /// Nearest first within each branch; the whole object is the first.
  const std::vector<part>& all() const { return parts_; }

  /// Otherwise a handler would not know which one it gets.
  bool only_one_of(const std::type_info& type) const {
    return std::count_if(
               parts_.begin(), parts_.end(),
               [&](const part& one) { return *one.way.back() == type; })
           == 1;
  }

private:
  void visit(const std::vector<const std::type_info*>& way, bool is_public) {
    // Not by address: a shared library may have a type_info of its own.
    auto same = [](const std::type_info* x, const std::type_info* y) {
      return *x == *y;
    };
    auto found =
        std::find_if(parts_.begin(), parts_.end(), [&](const part& one) {
          return std::ranges::equal(one.way, way, same);
        });
    if (found == parts_.end())
      parts_.push_back({way, is_public});
    else // virtual, and here is another way to it
      found->is_public |= is_public;
    auto* type = way.back();
    if (auto* single = dynamic_cast<const abi::__si_class_type_info*>(type)) {
      visit_base(way, *single->__base_type, false, is_public);
    } else if (auto* several =
                   dynamic_cast<const abi::__vmi_class_type_info*>(type)) {
      for (unsigned i = 0; i < several->__base_count; ++i) {
        auto& base = several->__base_info[i];
        visit_base(way, *base.__base_type, base.__is_virtual_p(),
                   is_public && base.__is_public_p());
      }
    }
  }

  void visit_base(std::vector<const std::type_info*> way,
                  const std::type_info& base, bool is_virtual, bool is_public) {
    if (is_virtual)
      way.clear();
    way.push_back(&base);
    visit(way, is_public);
  }

  std::vector<part> parts_;
};

} // namespace

std::vector<std::string> names_to_catch(const std::type_info& type) {
  parts_of_object parts{type};
  std::vector<std::string> result;
  for (auto& one : parts.all())
    if (one.is_public && parts.only_one_of(*one.way.back()))
      result.emplace_back(one.way.back()->name());
  return result;
}

} // namespace ramet::detail
