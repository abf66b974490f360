// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// From a call of a managed object's function to the same call made on the
/// object, in the server, and back to the result.

#pragma once

#include <ramet/detail/call_plan.hpp>
#include <ramet/detail/code_address.hpp>
#include <ramet/detail/message.hpp>
#include <ramet/detail/object_handle.hpp>
#include <ramet/detail/object_plan.hpp>
#include <ramet/detail/packed_call.hpp>
#include <ramet/error.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace ramet::detail {

// -- in the server ------------------------------------------------------------

/// An object, as its actor has it.
struct hosted {
  explicit hosted(std::uint64_t id) : type(id) {}
  hosted(const hosted&) = delete;
  hosted& operator=(const hosted&) = delete;
  virtual ~hosted() = default;

  const std::uint64_t type;
};

template <class T>
struct hosted_as final : hosted {
  template <class... Args>
  explicit hosted_as(std::in_place_t, Args&&... args)
      : hosted(type_id_of<T>().id), value(std::forward<Args>(args)...) {}

  T value;
};

/// Where one object lives, as calls see it: empty until the first one has made
/// the object.
class object_site {
public:
  object_site() = default;
  object_site(const object_site&) = delete;
  object_site& operator=(const object_site&) = delete;
  virtual ~object_site() = default;

  /// A handle to it, to be asked for once: when nobody has one any more, the
  /// object goes.
  virtual object_handle handle() = 0;

  template <class T>
  T& get() {
    check_type(type_id_of<T>());
    return static_cast<hosted_as<T>&>(*object).value;
  }

  std::unique_ptr<hosted> object;

private:
  /// @throws error closed, type_mismatch
  void check_type(const type_info& wanted) const;
};

/// Thrown in the server by what ramet itself does there, where the caller is to
/// get an error of that kind.
struct object_refusal {
  errc kind;
  std::string message;
};

/// A result on its way.
struct object_result {
  object_result() = default;
  object_result(const object_result&) = delete;
  object_result& operator=(const object_result&) = delete;
  virtual ~object_result() = default;

  using loader = std::unique_ptr<object_result> (*)(reader&);
  /// What makes it anew in the process of the caller.
  virtual const code_address& load_by() const = 0;
  virtual void save(size_counter& out) const = 0;
  virtual void save(writer& out) const = 0;
};

template <class R>
struct result_of final : object_result {
  using form = std::conditional_t<std::is_void_v<R>, std::monostate, R>;

  explicit result_of(form&& x) : value(std::move(x)) {}

  static std::unique_ptr<object_result> load(reader& in) {
    return std::make_unique<result_of>(take<form>(in));
  }
  const code_address& load_by() const override {
    static const auto here =
        locate_code(reinterpret_cast<const void*>(loader{&result_of::load}));
    return here;
  }
  void save(size_counter& out) const override { put(out, value); }
  void save(writer& out) const override { put(out, value); }

  form value;
};

/// A call with its arguments, decoded and ready to be made, once.
struct object_job {
  object_job() = default;
  object_job(const object_job&) = delete;
  object_job& operator=(const object_job&) = delete;
  virtual ~object_job() = default;
  virtual std::shared_ptr<object_result> run(object_site& site) = 0;

  using loader = std::unique_ptr<object_job> (*)(reader&);
};

/// Braces evaluate from left to right.
template <class... Forms>
std::tuple<Forms...> take_forms(reader& in,
                                std::type_identity<std::tuple<Forms...>>) {
  return std::tuple<Forms...>{take<Forms>(in)...};
}

/// Calls a function with what `Where` finds in an object of type T.
template <class T, class Where, class Callee, class... Params>
struct object_call_job final : object_job {
  using key = typename Where::key;
  using element = element_of<T, Where>;
  using packed = packed_call<Callee, Params...>;
  using forms = typename packed::forms;
  using result = call_on_result<Callee, element, Params...>;

  struct parts {
    key where;
    forms values;
  };

  explicit object_call_job(parts&& decoded) : call(std::move(decoded)) {}

  static std::unique_ptr<object_job> load(reader& in) {
    return std::make_unique<object_call_job>(
        parts{take<key>(in), take_forms(in, std::type_identity<forms>{})});
  }

  std::shared_ptr<object_result> run(object_site& site) override {
    auto& object = site.get<T>();
    element& target = Where::find(object, call->where);
    // The arguments' handles let go before the caller hears of the result.
    if constexpr (std::is_void_v<result>) {
      make(target);
      call.reset();
      return std::make_shared<result_of<void>>(std::monostate{});
    } else {
      result value(make(target));
      call.reset();
      return std::make_shared<result_of<result>>(std::move(value));
    }
  }

  decltype(auto) make(element& target) {
    return packed::open(
        call->values,
        [&](auto& callee, travel_form<Params>&... values) -> decltype(auto) {
          return std::invoke(callee, target,
                             traveller<Params>::unpack(values)...);
        });
  }

  std::optional<parts> call;
};

/// Makes the object.
template <class T, class... Params>
struct object_make_job final : object_job {
  using forms = std::tuple<travel_form<Params>...>;

  explicit object_make_job(forms&& decoded) : values(std::move(decoded)) {}

  static std::unique_ptr<object_job> load(reader& in) {
    return std::make_unique<object_make_job>(
        take_forms(in, std::type_identity<forms>{}));
  }

  std::shared_ptr<object_result> run(object_site& site) override {
    site.object = std::apply(
        [](auto&... one) {
          return std::make_unique<hosted_as<T>>(
              std::in_place, traveller<Params>::unpack(one)...);
        },
        values);
    return std::make_shared<result_of<object_handle>>(site.handle());
  }

  forms values;
};

// -- in the caller ------------------------------------------------------------

/// A call about to be sent; refers to the values.
struct outgoing_call {
  object_job::loader entry = nullptr;
  const code_address* where = nullptr; ///< of entry
  const void* values = nullptr;
  void (*count)(const void* values, size_counter& out) = nullptr;
  void (*save)(const void* values, writer& out) = nullptr;
};

template <class Job, class... Values>
outgoing_call describe_call(const std::tuple<Values...>& values) {
  static const auto where = locate_code(
      reinterpret_cast<const void*>(object_job::loader{&Job::load}));
  using tuple = std::tuple<Values...>;
  return {&Job::load, &where, &values,
          [](const void* from, size_counter& out) {
            std::apply([&](const auto&... x) { (put(out, x), ...); },
                       *static_cast<const tuple*>(from));
          },
          [](const void* from, writer& out) {
            std::apply([&](const auto&... x) { (put(out, x), ...); },
                       *static_cast<const tuple*>(from));
          }};
}

/// Calls `send(outgoing_call)` with a call of f on what `Where` finds by `key`.
template <class T, class Where, class Send, class F, class... Args>
void send_object_call(Send&& send, const typename Where::key& key, F&& f,
                      Args&&... args) {
  using callee = std::decay_t<F>;
  using plan = object_plan<element_of<T, Where>, callee, Args...>;
  [&]<class... Params>(param_list<Params...> params) {
    auto values =
        std::tuple_cat(std::tie(key), pack_call(params, std::forward<F>(f),
                                                std::forward<Args>(args)...));
    send(describe_call<object_call_job<T, Where, callee, Params...>>(values));
  }(typename plan::params{});
}

} // namespace ramet::detail
