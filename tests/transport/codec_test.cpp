// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/codec.hpp>

#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <set>
#include <string>
#include <utility>

#include <gtest/gtest.h>

// What CAF 0.17 declares, as far as inspectors of user types use it.
namespace caf::meta {
struct annotation {
  constexpr annotation() = default;
};
struct type_name_t : annotation {
  const char* value;
  explicit constexpr type_name_t(const char* cstr) : value(cstr) {}
};
constexpr type_name_t type_name(const char* cstr) {
  return type_name_t{cstr};
}
template <class F>
struct load_callback_t : annotation {
  explicit load_callback_t(F&& f) : fun(std::move(f)) {}
  F fun;
};
template <class F>
load_callback_t<F> load_callback(F fun) {
  return load_callback_t<F>{std::move(fun)};
}
} // namespace caf::meta

namespace {

using namespace std::literals;
using ramet::decode;
using ramet::encode;
using ramet::detail::object_ref;

template <class T>
T round_trip(const T& x) {
  return decode<T>(encode(x));
}

#define EXPECT_TRAVELS(...) EXPECT_EQ(round_trip(__VA_ARGS__), (__VA_ARGS__))

template <class F>
void expect_error(ramet::errc code, const std::string& part, F f) {
  try {
    f();
    FAIL() << "nothing thrown, expected: " << part;
  } catch (const ramet::error& e) {
    EXPECT_EQ(e.code(), code) << e.what();
    EXPECT_NE(std::string{e.what()}.find(part), std::string::npos) << e.what();
  }
}

struct person {
  std::string name;
  int spam;
  bool operator==(const person&) const = default;
};

struct sample {
  double x, y, z;
  std::int64_t at[5];
  bool operator==(const sample&) const = default;
};
static_assert(sizeof(sample) == 64 && ramet::detail::bitwise<sample>);

struct padded {
  char tag;
  double value;
  bool operator==(const padded&) const = default;
};
static_assert(!ramet::detail::bitwise<padded>);

struct with_bool {
  bool on;
};
static_assert(!ramet::detail::bitwise<with_bool>);

enum class color : std::uint8_t { red, green };
enum class toggle : bool { off, on };

struct empty {
  bool operator==(const empty&) const = default;
};

struct everything {
  int numbers[2][2];
  char name[4];
  std::optional<person> who;
  std::variant<std::monostate, int, std::string> what;
  std::map<std::string, std::vector<person>> groups;
  std::chrono::milliseconds when;
  std::tuple<color, bool, empty> rest;
  bool operator==(const everything&) const = default;
};

struct tree {
  int value;
  std::vector<tree> kids;
  bool operator==(const tree&) const = default;
};

/// A functor with state that nothing can default-construct.
struct stepper {
  const int step;
  std::string label;
  int operator()(int x) const { return x + step; }
};

/// Like a connection: one owner.
class fake_pipe {
public:
  static constexpr bool is_ramet_handle = true;
  fake_pipe(fake_pipe&&) = default;
  fake_pipe& operator=(fake_pipe&&) = default;
  std::uint64_t id() const { return ref_.object; }

  static fake_pipe make(std::uint64_t id) {
    return fake_pipe{object_ref{id, ramet::detail::object_kind::pipe, 0}};
  }

private:
  friend struct ramet::detail::handle_access;
  explicit fake_pipe(object_ref ref) : ref_(ref) {
    if (ref.kind != ramet::detail::object_kind::pipe)
      throw ramet::error(ramet::errc::protocol, "no pipe");
  }
  object_ref ref() const { return ref_; }

  object_ref ref_;
};

struct job {
  std::string name;
  fake_pipe input;
  std::optional<fake_pipe> output;
  std::vector<fake_pipe> others;
};

/// What a mailbox does, in short.
struct message {
  std::uint64_t type;
  std::vector<std::byte> bytes;
  std::vector<object_ref> refs;

  explicit message(const ramet::detail::outgoing& out)
      : type(out.type), bytes(out.size), refs(out.refs) {
    out.write(out.value, bytes, refs);
  }

  ramet::detail::incoming incoming() const {
    ramet::detail::incoming in;
    in.type = type;
    in.bytes = bytes;
    in.refs = refs;
    return in;
  }
};

template <class T>
T send_through(const T& x) {
  message m{ramet::detail::make_outgoing(x)};
  return ramet::detail::decode_message<T>(m.incoming());
}

/// As CAF's error: true if there is one.
struct no_error {
  explicit operator bool() const { return false; }
};

class old_account {
public:
  old_account() = default;
  old_account(std::string owner, int balance)
      : owner_(std::move(owner)), balance_(balance) {}
  int loads() const { return loads_; }
  bool operator==(const old_account& x) const {
    return owner_ == x.owner_ && balance_ == x.balance_;
  }

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, old_account& x) {
    return f(caf::meta::type_name("account"), x.owner_, x.balance_,
             caf::meta::load_callback([&x] {
               ++x.loads_;
               return no_error{};
             }));
  }

private:
  std::string owner_;
  int balance_ = 0;
  int loads_ = 0;
};

class new_account {
public:
  new_account() = default;
  new_account(std::string owner, int balance)
      : owner_(std::move(owner)), balance_(balance) {}
  bool operator==(const new_account& x) const = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, new_account& x) {
    auto get = [&x] { return x.balance_; };
    auto set = [&x](int value) {
      x.balance_ = value;
      return value >= 0;
    };
    return f.object(x).pretty_name("account").fields(
        f.field("owner", x.owner_).fallback("nobody"),
        f.field("balance", get, set));
  }

private:
  std::string owner_;
  int balance_ = 0;
};

/// An aggregate whose inspect leaves a field at home.
struct partly {
  int sent;
  int kept;
};
template <class Inspector>
bool inspect(Inspector& f, partly& x) {
  return f.object(x).fields(f.field("sent", x.sent));
}

TEST(codec, scalars_come_back_bit_by_bit) {
  EXPECT_TRAVELS(true);
  EXPECT_TRAVELS('x');
  EXPECT_TRAVELS(std::byte{200});
  EXPECT_TRAVELS(std::numeric_limits<std::int64_t>::min());
  EXPECT_TRAVELS(std::numeric_limits<std::uint64_t>::max());
  EXPECT_TRAVELS(color::green);
  EXPECT_TRAVELS(toggle::on);
  EXPECT_TRAVELS(u'\u20ac');
  EXPECT_TRAVELS(3.25L);
  for (double x : {0.0, -0.0, std::numeric_limits<double>::infinity(),
                   -std::numeric_limits<double>::infinity(),
                   std::numeric_limits<double>::quiet_NaN(),
                   std::numeric_limits<double>::denorm_min(),
                   std::numeric_limits<double>::max(), 0.1})
    EXPECT_EQ(std::bit_cast<std::uint64_t>(round_trip(x)),
              std::bit_cast<std::uint64_t>(x));
  auto odd_nan = std::bit_cast<double>(0x7ff800000000beefULL);
  EXPECT_EQ(std::bit_cast<std::uint64_t>(round_trip(odd_nan)),
            0x7ff800000000beefULL);
  EXPECT_TRUE(std::isnan(round_trip(std::nanf(""))));
}

TEST(codec, strings_of_every_character_come_back) {
  EXPECT_TRAVELS(""s);
  EXPECT_TRAVELS("a\0b"s);
  // GoogleTest as packaged cannot print char8_t.
  EXPECT_TRUE(round_trip(u8"\u20ac"s) == u8"\u20ac"s);
  EXPECT_TRAVELS(u"\u20ac"s);
  EXPECT_TRAVELS(U"\U0001F600"s);
  EXPECT_TRAVELS(L"wide"s);
  EXPECT_TRAVELS(std::string(100'000, 'x'));
  EXPECT_TRAVELS(std::filesystem::path{"/dev/shm/ramet"});
}

TEST(codec, containers_come_back) {
  EXPECT_TRAVELS(std::vector<int>{});
  EXPECT_TRAVELS(std::vector{1.5, -0.0, 3.0});
  EXPECT_TRAVELS(std::vector<std::string>{"a", "", "ccc"});
  EXPECT_TRAVELS(std::vector{true, false, true, true, false, true, true, true,
                             false, true});
  EXPECT_TRAVELS(std::vector<bool>(8, true));
  EXPECT_TRAVELS(std::array{1, 2, 3});
  EXPECT_TRAVELS(std::array<std::string, 2>{"a", "b"});
  EXPECT_TRAVELS(std::array<int, 0>{});
  EXPECT_TRAVELS(std::deque{1, 2, 3});
  EXPECT_TRAVELS(std::list<std::string>{"a", "b"});
  EXPECT_TRAVELS(std::forward_list{3, 1, 2});
  EXPECT_TRAVELS(std::set<std::string>{"ss", "pp", "aa", "mm"});
  EXPECT_TRAVELS(std::multiset{1, 1, 2});
  EXPECT_TRAVELS(std::unordered_set<std::string>{"a", "b"});
  EXPECT_TRAVELS(std::unordered_multiset<int>{1, 1, 2});
  EXPECT_TRAVELS(std::map<std::string, int>{{"a", 1}, {"b", 2}});
  EXPECT_TRAVELS(std::multimap<int, int>{{1, 1}, {1, 2}});
  EXPECT_TRAVELS(std::unordered_map<int, std::string>{{1, "a"}, {2, "b"}});
  EXPECT_TRAVELS(std::unordered_multimap<int, int>{{1, 1}, {1, 1}});
  EXPECT_TRAVELS(std::set<int, std::greater<>>{1, 2, 3});
  EXPECT_TRAVELS(std::vector<std::vector<std::vector<int>>>{{{1}, {}}, {}});
  EXPECT_TRAVELS(std::vector<padded>{{'a', 1.0}, {'b', 2.0}});
}

TEST(codec, sums_and_products_come_back) {
  EXPECT_TRAVELS(std::pair{1, "x"s});
  EXPECT_TRAVELS(std::tuple{1, 2.0, "x"s, true});
  EXPECT_TRAVELS(std::tuple<>{});
  EXPECT_TRAVELS(std::optional<int>{});
  EXPECT_TRAVELS(std::optional<std::optional<int>>{std::optional<int>{}});
  EXPECT_TRAVELS(std::optional{"x"s});
  using variant = std::variant<int, std::string, int, std::monostate>;
  EXPECT_TRAVELS(variant{std::in_place_index<2>, 7});
  EXPECT_TRAVELS(variant{"x"});
  EXPECT_TRAVELS(variant{std::monostate{}});
}

TEST(codec, numbers_of_the_library_come_back) {
  EXPECT_TRAVELS(std::complex{1.0, -0.0});
  EXPECT_TRAVELS(std::complex{1.0L, 2.0L});
  EXPECT_TRAVELS(1500ms);
  EXPECT_TRAVELS(std::chrono::duration<double>{0.5});
  auto now = std::chrono::system_clock::now();
  EXPECT_TRAVELS(now);
  EXPECT_TRAVELS(std::bitset<13>{0x1234});
  EXPECT_TRAVELS(std::bitset<64>{0xfedcba9876543210});
  EXPECT_TRAVELS(std::bitset<0>{});
}

TEST(codec, aggregates_come_back_without_user_code) {
  EXPECT_TRAVELS(person{"Bob", 42});
  EXPECT_TRAVELS(empty{});
  EXPECT_TRAVELS(sample{1, -2, 0.5, {1, 2, 3, 4, 5}});
  EXPECT_TRAVELS(padded{'x', 2.5});
  EXPECT_TRAVELS(everything{{{1, 2}, {3, 4}},
                            {'a', 0, 'b', 'c'},
                            person{"Bob", 1},
                            "what",
                            {{"g", {{"x", 1}, {"y", 2}}}},
                            5ms,
                            {color::green, true, empty{}}});
  EXPECT_TRAVELS(tree{1, {{2, {}}, {3, {{4, {}}}}}});
  EXPECT_TRAVELS(std::vector<empty>(1000));
}

TEST(codec, a_functor_with_const_state_comes_back) {
  auto copy = round_trip(stepper{3, "three"});
  EXPECT_EQ(copy(4), 7);
  EXPECT_EQ(copy.label, "three");
}

TEST(codec, an_empty_struct_and_padding_take_no_room) {
  EXPECT_EQ(encode(empty{}).size(), 0u);
  EXPECT_EQ(encode(padded{}).size(), 9u);
  EXPECT_EQ(encode(sample{}).size(), 64u);
  EXPECT_EQ(encode(std::vector<double>(3)).size(), 32u);
  EXPECT_EQ(encode(std::vector<bool>(9)).size(), 10u);
}

TEST(codec, inspect_in_the_spelling_of_caf_0_17_is_used) {
  old_account x{"Bob", 42};
  auto copy = round_trip(x);
  EXPECT_EQ(copy, x);
  EXPECT_EQ(copy.loads(), 1);
  EXPECT_EQ(x.loads(), 0);
  EXPECT_TRAVELS(std::vector{x, old_account{"Al", 1}});
}

TEST(codec, inspect_in_the_spelling_of_caf_1_is_used) {
  EXPECT_TRAVELS(new_account{"Bob", 42});
  EXPECT_TRAVELS(std::map<int, new_account>{{1, {"Bob", 42}}});
}

TEST(codec, a_setter_can_refuse_what_was_received) {
  expect_error(ramet::errc::protocol, "refused by its inspect", [] {
    decode<new_account>(encode(new_account{"Bob", -1}));
  });
}

TEST(codec, inspect_goes_before_taking_an_aggregate_apart) {
  EXPECT_EQ(encode(partly{1, 2}).size(), sizeof(int));
  EXPECT_EQ(round_trip(partly{1, 2}).kept, 0);
}

TEST(codec, several_values_make_one_message) {
  auto [i, d, s] = decode<int, double, std::string>(encode(1, 2.5, "three"));
  EXPECT_EQ(i, 1);
  EXPECT_EQ(d, 2.5);
  EXPECT_EQ(s, "three");
}

TEST(codec, text_and_views_travel_as_what_owns_them) {
  int numbers[] = {1, 2, 3};
  EXPECT_EQ(decode<std::string>(encode("hello")), "hello");
  EXPECT_EQ(decode<std::string>(encode("hello"sv)), "hello");
  EXPECT_EQ(decode<std::vector<int>>(encode(std::span<const int>{numbers})),
            (std::vector{1, 2, 3}));
  EXPECT_EQ(decode<std::wstring>(encode(L"wide")), L"wide");
  EXPECT_EQ(ramet::detail::type_id_of<const char(&)[6]>().id,
            ramet::detail::type_id_of<std::string>().id);
  EXPECT_EQ(ramet::detail::type_id_of<std::span<const int>>().id,
            ramet::detail::type_id_of<std::vector<int>>().id);
  EXPECT_EQ(ramet::detail::make_outgoing("hello").type,
            ramet::detail::type_id_of<std::string>().id);
}

TEST(codec, misaligned_bytes_are_decoded_too) {
  auto bytes = encode(std::vector{1.0, 2.0, 3.0});
  bytes.insert(bytes.begin(), std::byte{});
  EXPECT_EQ(decode<std::vector<double>>(std::span{bytes}.subspan(1)),
            (std::vector{1.0, 2.0, 3.0}));
}

TEST(codec, move_only_handles_travel_by_reference) {
  EXPECT_EQ(send_through(fake_pipe::make(7)).id(), 7u);
  std::vector<fake_pipe> many;
  for (std::uint64_t i = 0; i < 3; ++i)
    many.push_back(fake_pipe::make(i));
  auto copies = send_through(many);
  ASSERT_EQ(copies.size(), 3u);
  EXPECT_EQ(copies[2].id(), 2u);
}

TEST(codec, aggregates_and_containers_of_move_only_handles_travel) {
  job x{"j", fake_pipe::make(1), fake_pipe::make(2), {}};
  x.others.push_back(fake_pipe::make(3));
  auto copy = send_through(x);
  EXPECT_EQ(copy.name, "j");
  EXPECT_EQ(copy.input.id(), 1u);
  EXPECT_EQ(copy.output->id(), 2u);
  EXPECT_EQ(copy.others.at(0).id(), 3u);

  std::map<int, job> jobs;
  jobs.emplace(1, std::move(x));
  EXPECT_EQ(send_through(jobs).at(1).input.id(), 1u);

  std::tuple<int, std::variant<int, fake_pipe>> mixed{1, fake_pipe::make(9)};
  EXPECT_EQ(std::get<fake_pipe>(std::get<1>(send_through(mixed))).id(), 9u);

  std::array<fake_pipe, 2> two{fake_pipe::make(4), fake_pipe::make(5)};
  EXPECT_EQ(send_through(two)[1].id(), 5u);
}

TEST(codec, a_pack_may_hold_handles) {
  int number = 1;
  auto pipe = fake_pipe::make(5);
  std::tuple<const int&, const fake_pipe&, const char(&)[3]> values{number,
                                                                    pipe, "ab"};
  message m{ramet::detail::make_outgoing_pack(values)};
  EXPECT_EQ(m.type,
            (ramet::detail::type_id_of<int, fake_pipe, std::string>().id));
  auto [i, p, s] =
      ramet::detail::decode_message<int, fake_pipe, std::string>(m.incoming());
  EXPECT_EQ(i, 1);
  EXPECT_EQ(p.id(), 5u);
  EXPECT_EQ(s, "ab");
}

TEST(codec, encode_refuses_values_with_handles) {
  expect_error(ramet::errc::not_serializable, "handles",
               [] { encode(fake_pipe::make(1)); });
  EXPECT_NO_THROW(encode(std::optional<fake_pipe>{}));
}

TEST(codec, encode_refuses_what_no_reader_would_accept) {
  tree deep{0, {}};
  for (int i = 0; i < 600; ++i) {
    tree above{i, {}};
    above.kids.push_back(std::move(deep));
    deep = std::move(above);
  }
  expect_error(ramet::errc::not_serializable, "levels", [&] { encode(deep); });
  expect_error(ramet::errc::not_serializable, "without contents",
               [] { encode(std::vector<empty>(1'000'001)); });
}

TEST(codec, a_deep_tree_within_the_limit_comes_back) {
  tree deep{0, {}};
  for (int i = 0; i < 400; ++i) {
    tree above{i, {}};
    above.kids.push_back(std::move(deep));
    deep = std::move(above);
  }
  EXPECT_TRAVELS(deep);
}

TEST(codec, a_value_that_changes_between_the_passes_is_an_error) {
  std::string text = "short";
  auto out = ramet::detail::make_outgoing(text);
  std::vector<std::byte> bytes(out.size);
  text = "much longer";
  expect_error(ramet::errc::protocol, "changed",
               [&] { out.write(out.value, bytes, {}); });
  text = "s";
  expect_error(ramet::errc::protocol, "changed",
               [&] { out.write(out.value, bytes, {}); });
}

TEST(codec, types_have_readable_names) {
  using ramet::detail::type_id_of;
  EXPECT_EQ(type_id_of<int>().name, "int");
  EXPECT_EQ(type_id_of<std::string>().name, "std::string");
  EXPECT_EQ(type_id_of<const std::vector<int>&>().name, "std::vector<int>");
  EXPECT_EQ((type_id_of<int, double>().name), "(int, double)");
  EXPECT_EQ(type_id_of<>().name, "()");
  EXPECT_EQ(type_id_of<ramet::detail::raw_bytes>().name, "raw bytes");
  EXPECT_TRUE(type_id_of<person>().name.ends_with("person"));
  EXPECT_EQ(
      (type_id_of<std::map<std::string, std::vector<std::string>>>().name),
      "std::map<std::string, std::vector<std::string>>");
}

struct never_sent_before_main {};

TEST(codec, the_name_of_a_used_type_is_found_by_its_identity) {
  using ramet::detail::type_id_of;
  using ramet::detail::type_name;
  EXPECT_EQ(type_name(type_id_of<std::string>().id), "std::string");
  EXPECT_EQ(type_name(type_id_of<int, double>().id), "(int, double)");
  auto id = type_id_of<never_sent_before_main>().id;
  EXPECT_TRUE(type_name(id).ends_with("never_sent_before_main"));
  EXPECT_EQ(type_name(0x2a), "unknown type #000000000000002a");
}

TEST(codec, a_pack_is_neither_a_tuple_nor_another_pack) {
  using ramet::detail::type_id_of;
  std::set<std::uint64_t> ids{type_id_of<int, double>().id,
                              type_id_of<double, int>().id,
                              type_id_of<std::tuple<int, double>>().id,
                              type_id_of<std::pair<int, double>>().id,
                              type_id_of<int>().id,
                              type_id_of<>().id,
                              type_id_of<ramet::detail::raw_bytes>().id};
  EXPECT_EQ(ids.size(), 7u);
}

TEST(codec, serializable_is_a_question_that_always_has_an_answer) {
  static_assert(ramet::serializable<int>);
  static_assert(ramet::serializable<person>);
  static_assert(ramet::serializable<tree>);
  static_assert(ramet::serializable<job>);
  static_assert(ramet::serializable<const char(&)[4]>);
  static_assert(ramet::serializable<std::string_view>);
  static_assert(!ramet::deserializable<std::string_view>);
  static_assert(ramet::deserializable<const std::string&>);
  static_assert(!ramet::serializable<int*>);
  static_assert(!ramet::serializable<std::vector<std::map<int, char*>>>);
  static_assert(!ramet::serializable<std::function<void()>>);
  static_assert(!ramet::serializable<std::pair<int, std::string_view>>);
  struct holder {
    std::string name;
    void* secret;
  };
  static_assert(!ramet::serializable<holder>);
}

} // namespace
