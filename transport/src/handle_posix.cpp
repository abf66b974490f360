// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/handle.hpp>

#include "descriptor_transit.hpp"
#include "layouts.hpp"
#include "object.hpp"
#include "os_posix.hpp"

#include <ramet/detail/arrivals.hpp>
#include <ramet/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include <fcntl.h>

namespace ramet {

namespace detail {

namespace {

[[noreturn]] void throw_nothing(const char* operation) {
  throw error(errc::closed,
              fmt::format("{} of a handle that holds no descriptor: it was "
                          "closed, released or moved from",
                          operation));
}

} // namespace

// What the copies of a handle share. Thread-safe.
class shared_descriptor {
public:
  explicit shared_descriptor(unique_fd fd) : fd_(std::move(fd)) {}

  int get(const char* operation) const {
    std::scoped_lock lock{guard_};
    if (!fd_)
      throw_nothing(operation);
    return fd_.get();
  }

  bool holds() const {
    std::scoped_lock lock{guard_};
    return static_cast<bool>(fd_);
  }

  unique_fd take() {
    object_ptr kept; // let go of without the guard
    std::scoped_lock lock{guard_};
    kept = std::move(kept_);
    return std::move(fd_);
  }

  object_ref keep_for_others() {
    std::scoped_lock lock{guard_};
    if (!fd_)
      throw_nothing("sending");
    auto& members = family::mine();
    if (kept_) {
      auto keeper = kept_->as<descriptor_layout>().keeper;
      if (members.entry(keeper.slot).serial.load() != keeper.serial)
        kept_.reset(); // that process has ended, and what it kept is closed
    }
    if (!kept_) {
      auto keeper = keeper_of_mine();
      auto bytes = in_pages(sizeof(descriptor_layout));
      auto made = make_object(object_kind::descriptor, bytes, bytes,
                              [&](object& object) {
                                object.as<descriptor_layout>().keeper = keeper;
                              });
      give_to_keeper(keeper, made->id(), fd_.get());
      kept_ = std::move(made);
    }
    return {kept_->id(), object_kind::descriptor,
            kept_->as<descriptor_layout>().keeper.slot};
  }

private:
  mutable std::mutex guard_; // of all below
  unique_fd fd_;
  // While it is held, by us or by messages, the keeper has a duplicate.
  object_ptr kept_;
};

namespace {

struct arrived {
  std::uint64_t object;
  unique_fd fd;
};

// Of the message that this thread decodes, in the order of the references.
thread_local std::vector<arrived> arrived_here;

void require_descriptor(object_ref ref) {
  if (ref.kind != object_kind::descriptor || ref.part >= max_processes)
    throw error(errc::protocol,
                fmt::format("receiving a descriptor (object {:x}): the message "
                            "is damaged, it names an object of kind {}",
                            ref.object, static_cast<unsigned>(ref.kind)));
}

unique_fd take_arrived(object_ref ref) {
  auto found = std::ranges::find_if(arrived_here, [&](const arrived& one) {
    return one.object == ref.object && one.fd;
  });
  if (found != arrived_here.end())
    return std::move(found->fd);
  return std::move(get_from_keeper(ref.part, {&ref.object, 1}).front());
}

} // namespace

void arrivals::fetch(std::span<const object_ref> refs) {
  std::vector<object_ref> wanted;
  for (auto& ref : refs)
    if (ref.kind == object_kind::descriptor)
      wanted.push_back(ref);
  if (wanted.empty())
    return;
  // Mostly one keeper has them all.
  std::ranges::stable_sort(wanted, {}, &object_ref::part);
  std::vector<arrived> all;
  all.reserve(wanted.size());
  for (auto first = wanted.begin(); first != wanted.end();) {
    require_descriptor(*first);
    auto last = std::find_if(first, wanted.end(), [&](const object_ref& ref) {
      return ref.part != first->part;
    });
    std::vector<std::uint64_t> ids;
    std::transform(first, last, std::back_inserter(ids),
                   [](const object_ref& ref) { return ref.object; });
    std::vector<unique_fd> fds;
    try {
      fds = get_from_keeper(first->part, ids);
    } catch (const error& e) {
      if (e.code() != errc::closed)
        throw;
      return; // who takes one is told so; a damaged message may name any
    }
    for (std::size_t i = 0; i < ids.size(); ++i)
      all.push_back({ids[i], std::move(fds[i])});
    first = last;
  }
  arrived_here = std::move(all);
  fetched_ = true;
}

void arrivals::close() noexcept {
  arrived_here.clear();
}

} // namespace detail

handle handle::adopt(native_handle_type descriptor) {
  detail::unique_fd owned{descriptor};
  detail::checked([&] { return ::fcntl(descriptor, F_GETFD); },
                  [&] {
                    owned.release(); // nobody's
                    return fmt::format("taking over descriptor {}", descriptor);
                  });
  handle result;
  result.shared_ =
      std::make_shared<detail::shared_descriptor>(std::move(owned));
  return result;
}

handle handle::duplicate(native_handle_type descriptor) {
  detail::unique_fd owned{detail::checked(
      [&] { return ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0); },
      [&] { return fmt::format("duplicating descriptor {}", descriptor); })};
  handle result;
  result.shared_ =
      std::make_shared<detail::shared_descriptor>(std::move(owned));
  return result;
}

handle::handle(detail::object_ref ref) {
  detail::require_descriptor(ref);
  shared_ =
      std::make_shared<detail::shared_descriptor>(detail::take_arrived(ref));
}

detail::shared_descriptor& handle::use(const char* operation) const {
  if (!shared_)
    detail::throw_nothing(operation);
  return *shared_;
}

native_handle_type handle::native_handle() const {
  return use("native_handle()").get("native_handle()");
}

native_handle_type handle::release() {
  auto& shared = use("release()");
  auto result = shared.take();
  if (!result)
    detail::throw_nothing("release()");
  return result.release();
}

void handle::close() noexcept {
  if (shared_)
    shared_->take();
}

handle::operator bool() const noexcept {
  return shared_ && shared_->holds();
}

detail::object_ref handle::ref() const {
  return use("sending").keep_for_others();
}

void handle::make_ready() const {
  ref();
}

detail::waitable handle::waitable() const {
  use("waiting");
  return {shared_.get(), nullptr, [](const void* thing) {
            return static_cast<const detail::shared_descriptor*>(thing)->get(
                "waiting");
          }};
}

} // namespace ramet
