// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/error.hpp>

namespace ramet {

namespace {

class ramet_category final : public std::error_category {
public:
  const char* name() const noexcept override { return "ramet"; }

  std::string message(int value) const override {
    switch (static_cast<errc>(value)) {
    case errc::timed_out:
      return "timed out";
    case errc::closed:
      return "closed";
    case errc::full:
      return "full";
    case errc::empty:
      return "empty";
    case errc::type_mismatch:
      return "type mismatch";
    case errc::not_serializable:
      return "not serializable";
    case errc::child_failed:
      return "child failed";
    case errc::owner_died:
      return "owner died";
    case errc::broken:
      return "broken";
    case errc::protocol:
      return "protocol violated";
    case errc::resource_exhausted:
      return "resource exhausted";
    case errc::os_failure:
      return "operating system failure";
    }
    return "unknown ramet error " + std::to_string(value);
  }
};

} // namespace

const std::error_category& category() noexcept {
  // Never destroyed: threads fail while the process ends, too.
  static const auto* instance = new ramet_category;
  return *instance;
}

} // namespace ramet
