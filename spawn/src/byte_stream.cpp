// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "byte_end_posix.hpp"

#include <ramet/byte_stream.hpp>
#include <ramet/error.hpp>

#include <fmt/format.h>

#include <array>
#include <utility>

namespace ramet {

namespace {

constexpr std::size_t one_piece = 64 * 1024;

detail::byte_end& use(const std::shared_ptr<detail::byte_end>& end,
                      const char* operation) {
  if (!end)
    throw error(errc::closed, fmt::format("{} of a standard stream: it was "
                                          "moved from, or never there",
                                          operation));
  return *end;
}

} // namespace

byte_reader& byte_reader::operator=(byte_reader&& other) noexcept {
  if (this != &other) {
    close();
    end_ = std::move(other.end_);
  }
  return *this;
}

byte_reader::~byte_reader() {
  close();
}

std::optional<std::string> byte_reader::read_until(detail::deadline until) {
  std::array<char, one_piece> room; // so that nothing is cleared in advance
  auto count = use(end_, "read()").read(room, until);
  if (!count)
    return std::nullopt;
  return std::string{room.data(), *count};
}

std::size_t byte_reader::read_into(std::span<std::byte> room) {
  auto& end = use(end_, "read_into()");
  return *end.read({reinterpret_cast<char*>(room.data()), room.size()},
                   detail::deadline::never());
}

std::string byte_reader::read_all() {
  auto& end = use(end_, "read_all()");
  std::string result;
  std::array<char, one_piece> room;
  while (auto count = *end.read(room, detail::deadline::never()))
    result.append(room.data(), count);
  return result;
}

void byte_reader::close() noexcept {
  if (end_)
    end_->close();
}

bool byte_reader::is_open() const noexcept {
  return end_ && end_->is_open();
}

native_handle_type byte_reader::native_handle() const {
  return use(end_, "native_handle()").fd();
}

native_handle_type byte_reader::release() {
  return use(end_, "release()").release();
}

detail::waitable byte_reader::waitable() const {
  return {&use(end_, "wait()"), nullptr, [](const void* thing) {
            return static_cast<const detail::byte_end*>(thing)->fd();
          }};
}

byte_writer& byte_writer::operator=(byte_writer&& other) noexcept {
  if (this != &other) {
    close();
    end_ = std::move(other.end_);
  }
  return *this;
}

byte_writer::~byte_writer() {
  close();
}

std::size_t byte_writer::write_until(std::string_view bytes,
                                     detail::deadline until) {
  return use(end_, "write()").write(bytes, until);
}

void byte_writer::close() noexcept {
  if (end_)
    end_->close();
}

bool byte_writer::is_open() const noexcept {
  return end_ && end_->is_open();
}

native_handle_type byte_writer::native_handle() const {
  return use(end_, "native_handle()").fd();
}

native_handle_type byte_writer::release() {
  return use(end_, "release()").release();
}

} // namespace ramet
