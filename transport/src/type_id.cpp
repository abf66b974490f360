// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/detail/type_id.hpp>

#include <atomic>
#include <cstdio>

namespace ramet::detail {

namespace {

// Initialized by the compiler, hence usable by every static constructor. The
// release of an entering node pairs with the acquire in type_name.
constinit std::atomic<type_node*> first_node{nullptr};

} // namespace

type_node::type_node(const type_info& type) noexcept : info(type) {
  next = first_node.load(std::memory_order_relaxed);
  while (!first_node.compare_exchange_weak(
      next, this, std::memory_order_release, std::memory_order_relaxed)) {
  }
}

std::string type_name(std::uint64_t id) {
  for (auto* node = first_node.load(std::memory_order_acquire); node;
       node = node->next)
    if (node->info.id == id)
      return std::string{node->info.name};
  char text[48];
  std::snprintf(text, sizeof text, "unknown type #%016llx",
                static_cast<unsigned long long>(id));
  return text;
}

} // namespace ramet::detail
