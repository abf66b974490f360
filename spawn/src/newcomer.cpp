// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "newcomer.hpp"

#include "face.hpp"
#include "pidfd_linux.hpp"
#include "start_message.hpp"

#include <csignal>
#include <utility>

namespace ramet::detail {

newcomer::newcomer(const start_request& request, std::string program) {
  auto& me = face::here();
  auto& options = request.options;
  auto identity = me.next_child_identity();
  about_.name = options.name.empty() ? "Process-" + identity : options.name;
  about_.daemon = options.daemon.value_or(me.daemon);
  about_.program = std::move(program);
  about_.owner = me.keep();
  setup_.emplace(options.setup, about_.name);
  about_.limits = options.setup.limits;
  about_.pipe_ends = setup_->watched_pipes();

  start_header header;
  header.entry = locate_code(reinterpret_cast<const void*>(request.entry));
  header.arguments_type = request.arguments.type;
  header.daemon = about_.daemon ? 1 : 0;
  write_field(header.identity, identity);
  write_field(header.parent_name, me.name);

  place_ = family::mine().admit(about_.name);
  try {
    about_.id = place_.id;
    about_.inbox = mailbox::create();
    place_.page->inbox.store(about_.inbox.ref().object);
    start_message message{header, request.arguments};
    about_.inbox.put(message.as_outgoing(), deadline::never());
  } catch (...) {
    family::mine().settle(place_.id);
    throw;
  }
}

newcomer::~newcomer() {
  if (!begun_)
    family::mine().settle(place_.id);
}

process_entry& newcomer::entry() const {
  return family::mine().entry(place_.id.slot);
}

void newcomer::set_start_time(std::uint64_t time) {
  entry().start_time.store(time);
}

void newcomer::set_pid(int pid) {
  about_.pid = pid;
  entry().pid.store(pid);
}

family::admission newcomer::take_place() {
  begun_ = true;
  return std::move(place_);
}

std::shared_ptr<child> newcomer::begin(unique_fd pidfd) {
  int fd = pidfd.get();
  about_.page = place_.page;
  about_.page_segment = std::move(place_.page_segment);
  about_.pidfd = std::move(pidfd);
  about_.pipes = setup_->take_pipes();
  auto result = std::make_shared<child>(std::move(about_));
  try {
    child::begin(result);
  } catch (...) {
    send_signal(fd, SIGKILL);
    collect_exit(fd);
    throw;
  }
  begun_ = true;
  return result;
}

} // namespace ramet::detail
