// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "message_codec.hpp"

#include <ramet/error.hpp>

#include <boost/core/demangle.hpp>
#include <fmt/format.h>

#include <atomic>
#include <bit>
#include <cstdint>
#include <mutex>
#include <typeindex>
#include <unordered_map>

namespace ramet::detail {

namespace {

constinit std::atomic<message_type_node*> newest{nullptr};

// A hash table that is filled once: of pointers, by keys that are hashes, or
// addresses, already.
class type_places {
public:
  explicit type_places(std::size_t count)
      : places_(std::bit_ceil(2 * count + 1)) {}

  void add(std::uint64_t key, const message_type* type) {
    auto at = first(key);
    while (places_[at].type && places_[at].key != key)
      at = next(at);
    if (!places_[at].type)
      places_[at] = {key, type};
  }

  const message_type* find(std::uint64_t key) const {
    auto at = first(key);
    while (places_[at].type && places_[at].key != key)
      at = next(at);
    return places_[at].type;
  }

private:
  struct place {
    std::uint64_t key = 0;
    const message_type* type = nullptr; // null: free; half of them are
  };

  std::size_t first(std::uint64_t key) const {
    return (key * 0x9e3779b97f4a7c15 >> 32) & (places_.size() - 1);
  }
  std::size_t next(std::size_t at) const {
    return (at + 1) & (places_.size() - 1);
  }

  std::vector<place> places_;
};

std::uint64_t key_of(const std::type_info& rtti) {
  return reinterpret_cast<std::uintptr_t>(&rtti);
}

// All types that were known when it was made. Never changed.
class type_table {
public:
  explicit type_table(message_type_node* first) : known_(first) {
    std::size_t count = 0;
    for (auto* node = first; node; node = node->next)
      ++count;
    by_id_ = type_places{count};
    by_address_ = type_places{count};
    for (auto* node = first; node; node = node->next) {
      auto& type = node->type;
      by_id_.add(type.info.id, &type);
      if (type.number == 0) {
        by_address_.add(key_of(type.rtti), &type);
        by_rtti_.emplace(std::type_index{type.rtti}, &type);
      } else {
        if (by_number_.size() <= type.number)
          by_number_.resize(type.number + 1u);
        by_number_[type.number] = &type;
      }
    }
  }

  message_type_node* known() const { return known_; }

  const message_type* find(std::uint64_t id) const { return by_id_.find(id); }

  const message_type* find(const caf_compat::value_type& type) const {
    if (type.number != 0)
      return type.number < by_number_.size() ? by_number_[type.number]
                                             : nullptr;
    if (auto* found = by_address_.find(key_of(*type.rtti)))
      return found;
    // Another library may have a std::type_info of its own for the same type.
    auto found = by_rtti_.find(std::type_index{*type.rtti});
    return found == by_rtti_.end() ? nullptr : found->second;
  }

private:
  message_type_node* known_; // this one and all after it
  std::vector<const message_type*> by_number_;
  type_places by_id_{0};
  type_places by_address_{0};
  std::unordered_map<std::type_index, const message_type*> by_rtti_;
};

// Finds types by what a message says of them, or by their identity, without a
// lock. When a library has brought new ones, a larger table takes the place of
// the last; that one stays, as somebody may be reading it.
class message_types {
public:
  static const message_type* find(const auto& what) {
    auto* table = current_.load(std::memory_order_acquire);
    if (table)
      if (auto* found = table->find(what))
        return found;
    if (table && table->known() == newest.load(std::memory_order_acquire))
      return nullptr;
    return renewed().find(what);
  }

private:
  static const type_table& renewed() {
    // What CAF itself sends, and what users send without its being visible.
    know_message_types<
        caf::actor, caf::actor_addr, caf::strong_actor_ptr,
        caf_compat::any_atom, caf::down_msg, caf::exit_msg,
        caf_compat::duration, caf::error, caf::message, caf::unit_t,
        caf::timespan, caf::timestamp, std::int8_t, std::int16_t, std::int32_t,
        std::int64_t, std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t,
        bool, float, double, long double, std::string, std::u16string,
        std::u32string, std::vector<char>, std::vector<std::string>,
        std::set<std::string>, std::map<std::string, std::string>,
        std::vector<caf::actor>, std::vector<caf::actor_addr>>();
    static auto* guard = new std::mutex; // of making one
    std::scoped_lock lock{*guard};
    auto* table = current_.load(std::memory_order_relaxed);
    auto* first = newest.load(std::memory_order_acquire);
    if (!table || table->known() != first) {
      table = new type_table{first};
      current_.store(table, std::memory_order_release); // pairs with find()
    }
    return *table;
  }

  // Never destroyed: used to the very end.
  static inline constinit std::atomic<const type_table*> current_{nullptr};
};

const message_type& take_type(reader& in) {
  auto id = take<std::uint64_t>(in);
  if (auto* type = message_types::find(id))
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
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto type = caf_compat::type_of(values, i);
    auto* found = message_types::find(type);
    if (!found)
      throw error(
          errc::not_serializable,
          fmt::format("sending a message to an actor in another process: its "
                      "value {} is of a type that cannot travel: {}; see "
                      "ramet's guide on serializable types",
                      i + 1,
                      type.rtti ? boost::core::demangle(type.rtti->name())
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
    use(message_values{caf_compat::contents_of(x)});
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
  put(out, caf_compat::category_of(x));
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
  auto category = take<std::uint64_t>(in);
  return caf_compat::error_of(code, category, take<caf::message>(in));
}

} // namespace ramet::detail
