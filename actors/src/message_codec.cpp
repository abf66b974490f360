// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "message_codec.hpp"

#include <ramet/error.hpp>

#include <boost/core/demangle.hpp>
#include <fmt/format.h>

#include <atomic>
#include <mutex>
#include <shared_mutex>
#include <typeindex>
#include <unordered_map>

namespace ramet::detail {

namespace {

constinit std::atomic<message_type_node*> newest{nullptr};

// Finds types by what a message says of them, or by their identity. Built
// again when a library has brought new ones.
class message_table {
public:
  static message_table& mine() {
    static auto* instance = new message_table; // used to the very end
    return *instance;
  }

  const message_type* find(const caf::rtti_pair& type) {
    auto look = [&]() -> const message_type* {
      if (type.first != 0)
        return type.first < by_number_.size() ? by_number_[type.first]
                                              : nullptr;
      auto found = by_rtti_.find(std::type_index{*type.second});
      return found == by_rtti_.end() ? nullptr : found->second;
    };
    return find_with(look);
  }

  const message_type* find(std::uint64_t id) {
    auto look = [&]() -> const message_type* {
      auto found = by_id_.find(id);
      return found == by_id_.end() ? nullptr : found->second;
    };
    return find_with(look);
  }

private:
  message_table() {
    // What CAF itself sends, and what users send without its being visible.
    know_message_types<
        caf::actor, caf::actor_addr, caf::strong_actor_ptr, caf::atom_value,
        caf::down_msg, caf::exit_msg, caf::duration, caf::error, caf::message,
        caf::unit_t, caf::timespan, caf::timestamp, std::int8_t, std::int16_t,
        std::int32_t, std::int64_t, std::uint8_t, std::uint16_t, std::uint32_t,
        std::uint64_t, bool, float, double, long double, std::string,
        std::u16string, std::u32string, std::vector<char>,
        std::vector<std::string>, std::set<std::string>,
        std::map<std::string, std::string>, std::vector<caf::actor>,
        std::vector<caf::actor_addr>>();
  }

  template <class Look>
  const message_type* find_with(Look& look) {
    {
      std::shared_lock lock{guard_};
      if (auto* found = look())
        return found;
      if (newest.load(std::memory_order_acquire) == known_)
        return nullptr;
    }
    std::scoped_lock lock{guard_};
    learn();
    return look();
  }

  void learn() {
    known_ = newest.load(std::memory_order_acquire);
    for (auto* node = known_; node; node = node->next) {
      auto& type = node->type;
      by_id_.emplace(type.info.id, &type);
      if (type.number == 0) {
        by_rtti_.emplace(std::type_index{type.rtti}, &type);
      } else {
        if (by_number_.size() <= type.number)
          by_number_.resize(type.number + 1u);
        by_number_[type.number] = &type;
      }
    }
  }

  std::shared_mutex guard_; // of all below
  message_type_node* known_ = nullptr;
  std::vector<const message_type*> by_number_;
  std::unordered_map<std::type_index, const message_type*> by_rtti_;
  std::unordered_map<std::uint64_t, const message_type*> by_id_;
};

const message_type& take_type(reader& in) {
  auto id = take<std::uint64_t>(in);
  if (auto* type = message_table::mine().find(id))
    return *type;
  throw error(errc::protocol,
              fmt::format("decoding an actor's message: its value is of a type "
                          "that this program does not know: {}",
                          type_name(id)));
}

} // namespace

message_type_node::message_type_node(const message_type& what) noexcept
    : type(what) {
  next = newest.load(std::memory_order_relaxed);
  while (!newest.compare_exchange_weak(next, this, std::memory_order_release,
                                       std::memory_order_relaxed)) {
  }
}

message_values::message_values(const caf_compat::contents& values)
    : values_(values) {
  auto& table = message_table::mine();
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto type = values.type(i);
    auto* found = table.find(type);
    if (!found)
      throw error(
          errc::not_serializable,
          fmt::format("sending a message to an actor in another process: its "
                      "value {} is of a type that cannot travel: {}; see "
                      "ramet's guide on serializable types",
                      i + 1,
                      type.second ? boost::core::demangle(type.second->name())
                                  : "one of CAF's own"));
    if (i < usual)
      first_[i] = found;
    else
      rest_.push_back(found);
  }
}

void message_values::count(size_counter& out) const {
  out.length(values_.size());
  for (std::size_t i = 0; i < values_.size(); ++i) {
    out.length(0);
    type(i)->count(out, values_.get(i));
  }
}

void message_values::save(writer& out) const {
  out.length(values_.size());
  for (std::size_t i = 0; i < values_.size(); ++i) {
    out.length(type(i)->info.id);
    type(i)->save(out, values_.get(i));
  }
}

caf::message load_message(reader& in) {
  auto count = in.length<sizeof(std::uint64_t), 0>("caf::message");
  if (count == 0)
    return {};
  nesting level{in, "caf::message"};
  if (count == 1)
    return take_type(in).load_alone(in);
  caf_compat::values values;
  values.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    values.push_back(take_type(in).load(in));
  return caf_compat::message_of(std::move(values));
}

namespace {

// A message may be without any content.
template <class Out, class Use>
void with_values(Out& out, const caf::message& x, Use&& use) {
  nesting level{out, "caf::message"};
  if (x.empty())
    out.length(0);
  else
    use(message_values{x.content()});
}

} // namespace

void wire<caf::message>::save(size_counter& out, const caf::message& x) {
  with_values(out, x, [&](const message_values& values) { values.count(out); });
}

void wire<caf::message>::save(writer& out, const caf::message& x) {
  with_values(out, x, [&](const message_values& values) { values.save(out); });
}

caf::message wire<caf::message>::load(reader& in) {
  return load_message(in);
}

namespace {

template <class Out>
void save_error(Out& out, const caf::error& x) {
  std::uint8_t code = x ? x.code() : 0;
  put(out, code);
  if (code == 0)
    return;
  put(out, static_cast<std::uint64_t>(x.category()));
  put(out, x.context());
}

} // namespace

void wire<caf::error>::save(size_counter& out, const caf::error& x) {
  save_error(out, x);
}

void wire<caf::error>::save(writer& out, const caf::error& x) {
  save_error(out, x);
}

caf::error wire<caf::error>::load(reader& in) {
  auto code = take<std::uint8_t>(in);
  if (code == 0)
    return {};
  auto category = static_cast<caf::atom_value>(take<std::uint64_t>(in));
  return {code, category, take<caf::message>(in)};
}

} // namespace ramet::detail
