// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/source.hpp>

#include "source_core.hpp"

#include <ramet/error.hpp>

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace ramet {

namespace {

constexpr std::chrono::seconds last_moment{1};

void stop_and_wait(detail::source_core* core) noexcept {
  if (!core || core->ended())
    return;
  try {
    core->stop();
    core->wait(detail::deadline::in(last_moment));
  } catch (const std::exception&) { // it ends by itself then
  }
}

} // namespace

source& source::operator=(source&& other) noexcept {
  if (this != &other) {
    stop_and_wait(core_.get());
    core_ = std::move(other.core_);
  }
  return *this;
}

source::~source() {
  stop_and_wait(core_.get());
}

detail::source_core& source::core(const char* verb) const {
  if (!core_)
    throw error(errc::closed,
                fmt::format("source::{}: this source was moved from, detached "
                            "or never made",
                            verb));
  return *core_;
}

void source::stop() {
  core("stop").stop();
}

bool source::ended() const {
  return core("ended").ended();
}

void source::join() {
  wait("join", detail::deadline::never());
}

bool source::wait(const char* verb, detail::deadline until) {
  return core(verb).wait(until);
}

void source::detach() {
  static_cast<void>(core("detach"));
  core_.reset();
}

} // namespace ramet
