// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "object_message.hpp"

#include "named_function.hpp"

#include <ramet/error.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace ramet::detail {

namespace {

constexpr const char* decoding = "decoding a call of a managed object";

template <class Out>
void save_reply(Out& out, const object_reply& x) {
  put(out, static_cast<std::uint8_t>(x.what.index()));
  if (auto* result = std::get_if<0>(&x.what)) {
    out.bytes(&(*result)->load_by(), sizeof(code_address));
    (*result)->save(out);
  } else if (auto* refused = std::get_if<1>(&x.what)) {
    put(out, *refused);
  } else {
    put(out, *std::get<2>(x.what));
  }
}

const outgoing_call& sent_by(const object_request& x) {
  if (!x.sent)
    throw error(errc::not_serializable,
                "handing a call of a managed object on to another process: it "
                "can be made only where it has arrived");
  return *x.sent;
}

} // namespace

void wire<object_request>::save(size_counter& out, const object_request& x) {
  auto& call = sent_by(x);
  out.add(sizeof(code_address), 0);
  call.count(call.values, out);
}

void wire<object_request>::save(writer& out, const object_request& x) {
  auto& call = sent_by(x);
  out.bytes(call.where, sizeof(code_address));
  call.save(call.values, out);
}

object_request wire<object_request>::load(reader& in) {
  return {take_function<object_job::loader>(in, "function", decoding)(in),
          nullptr};
}

void wire<object_reply>::save(size_counter& out, const object_reply& x) {
  save_reply(out, x);
}

void wire<object_reply>::save(writer& out, const object_reply& x) {
  save_reply(out, x);
}

object_reply wire<object_reply>::load(reader& in) {
  switch (take<std::uint8_t>(in)) {
  case 0:
    return {std::shared_ptr<object_result>{
        take_function<object_result::loader>(in, "result", decoding)(in)}};
  case 1:
    return {take<object_reply::refusal>(in)};
  default:
    return {std::make_shared<remote_exception>(take<remote_exception>(in))};
  }
}

std::shared_ptr<object_job> copy_of(const outgoing_call& call) {
  size_counter count;
  call.count(call.values, count);
  std::vector<std::byte> bytes(count.size());
  std::vector<object_ref> refs(count.refs());
  writer out{bytes, refs};
  call.save(call.values, out);
  out.finish();
  if (std::ranges::any_of(refs, [](const object_ref& ref) {
        return ref.kind == object_kind::pipe;
      }))
    throw error(errc::not_serializable,
                "calling a managed object in its own process: an end of a pipe "
                "cannot be an argument; send it through a queue");
  reader in{bytes, refs, "call of a managed object"};
  std::shared_ptr<object_job> result = call.entry(in);
  in.finish();
  return result;
}

} // namespace ramet::detail
