// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// Calls a type's own `inspect(f, x)`, in either of CAF's spellings: 0.17's
/// `f(meta::type_name("x"), x.a, x.b)` and 1.x's `f.object(x).fields(...)`.

#pragma once

#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <ramet/detail/serializable.hpp>
#include <ramet/detail/wire.hpp>

// Only declared: transport knows no CAF, but its users' types may.
namespace caf::meta {
struct annotation;
template <class F>
struct save_callback_t;
template <class F>
struct load_callback_t;
} // namespace caf::meta

namespace ramet::detail {

template <class T>
inline constexpr bool is_annotation = [] {
  if constexpr (std::is_class_v<T>)
    return std::is_base_of_v<caf::meta::annotation, T>;
  else
    return false;
}();

template <class T>
inline constexpr bool is_save_callback = false;
template <class F>
inline constexpr bool is_save_callback<caf::meta::save_callback_t<F>> = true;
template <class T>
inline constexpr bool is_load_callback = false;
template <class F>
inline constexpr bool is_load_callback<caf::meta::load_callback_t<F>> = true;

/// Whether a callback succeeded: true, void, or an error that says none.
template <class F, class... Args>
bool succeeds(F&& f, Args&&... args) {
  using result = std::invoke_result_t<F, Args...>;
  if constexpr (std::is_void_v<result>) {
    std::forward<F>(f)(std::forward<Args>(args)...);
    return true;
  } else if constexpr (std::is_same_v<result, bool>) {
    return std::forward<F>(f)(std::forward<Args>(args)...);
  } else {
    return !std::forward<F>(f)(std::forward<Args>(args)...);
  }
}

struct always {
  template <class T>
  constexpr bool operator()(const T&) const {
    return true;
  }
};

/// `f.field("name", x.member)`.
template <class T, class Predicate = always>
struct inspected_field {
  T& value;
  Predicate valid = {};

  template <class Archive>
  bool apply(Archive& f) {
    if (!f.apply(value))
      return false;
    if constexpr (Archive::is_loading)
      return valid(value);
    else
      return true;
  }

  template <class NewPredicate>
  auto invariant(NewPredicate predicate) const {
    return inspected_field<T, NewPredicate>{value, std::move(predicate)};
  }
  /// Every field is always there, so the fallback is never needed.
  template <class U>
  auto fallback(U&&) const {
    return *this;
  }
};

/// `f.field("name", get, set)`.
template <class Get, class Set>
struct inspected_accessors {
  Get get;
  Set set;

  template <class Archive>
  bool apply(Archive& f) {
    return f.apply(get, set);
  }
};

/// `f.field("name", is_present, get, reset, set)`.
template <class IsPresent, class Get, class Reset, class Set>
struct inspected_maybe {
  IsPresent is_present;
  Get get;
  Reset reset;
  Set set;

  template <class Archive>
  bool apply(Archive& f) {
    bool present = false;
    if constexpr (!Archive::is_loading)
      present = is_present();
    if (!f.apply(present))
      return false;
    if (present)
      return f.apply(get, set);
    if constexpr (Archive::is_loading)
      reset();
    return true;
  }
};

/// What `f.object(x)` gives.
template <class Archive, class OnSave, class OnLoad>
class inspected_object {
public:
  inspected_object(Archive& f, OnSave on_save, OnLoad on_load)
      : f_(f), on_save_(std::move(on_save)), on_load_(std::move(on_load)) {}

  inspected_object& pretty_name(std::string_view) { return *this; }

  template <class F>
  auto on_save(F f) {
    return inspected_object<Archive, F, OnLoad>{f_, std::move(f),
                                                std::move(on_load_)};
  }
  template <class F>
  auto on_load(F f) {
    return inspected_object<Archive, OnSave, F>{f_, std::move(on_save_),
                                                std::move(f)};
  }

  template <class... Fields>
  bool fields(Fields&&... fields) {
    if constexpr (!Archive::is_loading)
      if (!succeeds(on_save_))
        return false;
    if (!(fields.apply(f_) && ...))
      return false;
    if constexpr (Archive::is_loading)
      return succeeds(on_load_);
    else
      return true;
  }

private:
  Archive& f_;
  OnSave on_save_;
  OnLoad on_load_;
};

/// What saving and loading inspectors have in common. `Derived` has
/// `bool apply(T&)`, `bool apply(get, set)` and `is_loading`.
template <class Derived>
class inspector_base {
public:
  using result_type = bool;

  template <class... Ts>
  bool operator()(Ts&&... xs) {
    return (visit(xs) && ...);
  }

  template <class T>
  auto object(T&) {
    auto nothing = [] {};
    return inspected_object<Derived, decltype(nothing), decltype(nothing)>{
        self(), nothing, nothing};
  }

  template <class T>
  static auto field(std::string_view, T& x) {
    return inspected_field<T>{x};
  }
  template <class Get, class Set>
  static auto field(std::string_view, Get get, Set set) {
    return inspected_accessors<Get, Set>{std::move(get), std::move(set)};
  }
  template <class IsPresent, class Get, class Reset, class Set>
  static auto field(std::string_view, IsPresent is_present, Get get,
                    Reset reset, Set set) {
    return inspected_maybe<IsPresent, Get, Reset, Set>{
        std::move(is_present), std::move(get), std::move(reset),
        std::move(set)};
  }

  static constexpr bool has_human_readable_format() { return false; }

private:
  Derived& self() { return static_cast<Derived&>(*this); }

  template <class T>
  bool visit(T& x) {
    using type = std::remove_const_t<T>;
    if constexpr (is_save_callback<type>) {
      if constexpr (!Derived::is_loading)
        return succeeds(x.fun);
      return true;
    } else if constexpr (is_load_callback<type>) {
      if constexpr (Derived::is_loading)
        return succeeds(x.fun);
      return true;
    } else if constexpr (is_annotation<type>) {
      return true; // Only for those who print.
    } else {
      return self().apply(x);
    }
  }
};

template <class Out>
class save_inspector : public inspector_base<save_inspector<Out>> {
public:
  static constexpr bool is_loading = false;
  static constexpr bool reads_state = true;
  static constexpr bool writes_state = false;

  explicit save_inspector(Out& out) : out_(out) {}

  template <class T>
  bool apply(const T& x) {
    require_serializable<T>();
    if constexpr (travels<T>)
      put(out_, x);
    return true;
  }
  template <class Get, class Set>
  bool apply(Get&& get, Set&&) {
    return apply(get());
  }

private:
  Out& out_;
};

class load_inspector : public inspector_base<load_inspector> {
public:
  static constexpr bool is_loading = true;
  static constexpr bool reads_state = false;
  static constexpr bool writes_state = true;

  explicit load_inspector(reader& in) : in_(in) {}

  template <class T>
  bool apply(T& x) {
    require_serializable<T>();
    if constexpr (travels<T>)
      take_into(in_, x);
    return true;
  }
  template <class Get, class Set>
  bool apply(Get&& get, Set&& set) {
    using type = std::remove_cvref_t<decltype(get())>;
    return succeeds(set, take<type>(in_));
  }

private:
  reader& in_;
};

template <inspected T>
struct wire<T> {
  using parts = type_list<>;
  static consteval extent least() { return {0, 0, false}; }

  template <class Out>
  static void save(Out& out, const T& x) {
    nesting level{out, name_of<T>()};
    save_inspector<Out> f{out};
    // Inspectors take their argument by mutable reference; one that saves
    // leaves it alone.
    if (!succeeds([&] { return inspect(f, const_cast<T&>(x)); }))
      refuse_value(name_of<T>(), "its inspect function refused");
  }

  static void load_into(reader& in, T& x) {
    nesting level{in, name_of<T>()};
    auto offset = in.offset();
    load_inspector f{in};
    if (!succeeds([&] { return inspect(f, x); }))
      in.refuse(name_of<T>(), offset);
  }
};

} // namespace ramet::detail
