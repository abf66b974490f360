// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/detail/mailbox.hpp>

#include "layouts.hpp"
#include "mailbox_core.hpp"
#include "object.hpp"

namespace ramet::detail {

namespace {

struct attached_mailbox final : object::attachment {
  explicit attached_mailbox(object& at)
      : core(at.id(), at.data(),
             reinterpret_cast<mailbox_layout*>(at.data())->control,
             at.weak_from_this()) {}

  void after_fork() noexcept override { core.after_fork(); }

  mailbox_core core;
};

std::shared_ptr<mailbox_core> core_of(object_ptr object) {
  auto& attached = object->attached<attached_mailbox>();
  return {std::move(object), &attached.core};
}

} // namespace

mailbox mailbox::create(std::size_t maxsize) {
  return mailbox{core_of(
      make_object(object_kind::mailbox, mailbox_layout::file_bytes(),
                  mailbox_layout::head_bytes(), [&](object& made) {
                    init_mailbox(made.as<mailbox_layout>().control, 0,
                                 mailbox_layout::head_bytes(), maxsize, true);
                  }))};
}

mailbox mailbox::open(object_ref ref) {
  ref.kind = object_kind::mailbox; // whatever a damaged message says
  return mailbox{core_of(open_object(ref))};
}

object_ref mailbox::ref() const {
  return {core_->object(), object_kind::mailbox, 0};
}

put_status mailbox::put(const outgoing& message, deadline until,
                        receipt* where) {
  return core_->put(message, until, where);
}

bool mailbox::revoke(const receipt& which, deadline until) {
  return core_->revoke(which, until);
}

bool mailbox::with_takers_stopped(predicate what, deadline until) {
  return core_->with_takers_stopped(what, until);
}

std::uint64_t mailbox::messages_taken() const {
  return core_->messages_taken();
}

take_status mailbox::take(receiver receive, deadline until) {
  return core_->take(receive, until);
}

take_status mailbox::take(receiver first, receiver receive, deadline until) {
  return core_->take(receive, until, &first);
}

std::size_t mailbox::take_some(receiver receive, std::size_t most) {
  return core_->take_some(receive, most);
}

bool mailbox::search(predicate also) {
  return core_->search(also);
}

bool mailbox::park(predicate also, deadline until) {
  return core_->park(also, until);
}

void mailbox::wake_one() {
  core_->wake_one();
}

void mailbox::wake_all() {
  core_->wake_all();
}

bool mailbox::ready() const {
  return core_->ready();
}

std::size_t mailbox::size() const {
  return core_->size();
}

std::size_t mailbox::maxsize() const {
  return core_->control().maxsize;
}

bool mailbox::closed() const {
  return core_->closed();
}

void mailbox::close() {
  core_->close();
}

mailbox_stats mailbox::stats() const {
  return core_->stats();
}

native_handle_type mailbox::native_handle() {
  return core_->native_handle();
}

void mailbox::stop_ringing() {
  core_->stop_ringing();
}

void mailbox::rearm() {
  core_->rearm();
}

void mailbox::task_done() {
  core_->task_done();
}

bool mailbox::join(deadline until) {
  return core_->join(until);
}

} // namespace ramet::detail
