// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/detail/codec_errors.hpp>

#include <string>

namespace ramet::detail {

namespace {

std::string where(const decode_position& at) {
  std::string text = "cannot decode ";
  text += at.subject;
  text += ": ";
  text += at.type;
  text += " at byte ";
  text += std::to_string(at.offset);
  return text;
}

std::string refusal(std::string_view type) {
  std::string text = "cannot encode ";
  text += type;
  text += ": ";
  return text;
}

} // namespace

void fail_short(decode_position at, std::size_t needed, std::size_t left) {
  throw error(errc::protocol, where(at) + " needs " + std::to_string(needed)
                                  + " bytes, but the message has "
                                  + std::to_string(left) + " left");
}

void fail_length(decode_position at, std::uint64_t n, std::size_t each,
                 std::size_t left) {
  throw error(errc::protocol, where(at) + " announces " + std::to_string(n)
                                  + " elements of at least "
                                  + std::to_string(each)
                                  + " bytes, but the message has "
                                  + std::to_string(left) + " bytes left");
}

void fail_short_of_refs(decode_position at, std::uint64_t needed,
                        std::size_t left) {
  throw error(errc::protocol, where(at) + " needs " + std::to_string(needed)
                                  + " handles, but the message has "
                                  + std::to_string(left) + " left");
}

void fail_value(decode_position at, std::uint64_t found,
                std::string_view expected) {
  throw error(errc::protocol, where(at) + " is " + std::to_string(found)
                                  + ", but must be " + std::string{expected});
}

void fail_trailing(decode_position at, std::size_t bytes, std::size_t refs) {
  throw error(errc::protocol, where(at) + " is complete, but "
                                  + std::to_string(bytes) + " bytes and "
                                  + std::to_string(refs) + " handles follow");
}

void fail_weightless(decode_position at, std::uint64_t n) {
  throw error(errc::protocol, where(at) + " announces " + std::to_string(n)
                                  + " elements without contents; a message "
                                    "holds at most "
                                  + std::to_string(max_weightless));
}

void fail_depth(decode_position at) {
  throw error(errc::protocol, where(at) + " nests more than "
                                  + std::to_string(max_depth) + " levels deep");
}

void fail_refused(decode_position at) {
  throw error(errc::protocol,
              where(at) + " was refused by its inspect function");
}

void fail_uncounted() {
  throw error(errc::protocol,
              "cannot encode: the value changed while it was encoded; lock it "
              "against other threads, and let its inspect function visit the "
              "same fields every time");
}

void refuse_weightless(std::string_view type) {
  throw error(errc::not_serializable,
              refusal(type) + "more than " + std::to_string(max_weightless)
                  + " elements without contents; send their number instead");
}

void refuse_depth(std::string_view type) {
  throw error(errc::not_serializable,
              refusal(type) + "it nests more than " + std::to_string(max_depth)
                  + " levels deep; send it as a flat list");
}

void refuse_value(std::string_view type, std::string_view why) {
  throw error(errc::not_serializable, refusal(type) + std::string{why});
}

void refuse_handles(std::string_view type) {
  throw error(errc::not_serializable,
              refusal(type)
                  + "it contains handles, which travel only inside messages; "
                    "send it instead");
}

} // namespace ramet::detail
