// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "descriptor_keeper.hpp"

#include "descriptor_socket_posix.hpp"

#include <ramet/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ramet::detail {

namespace {

constexpr std::size_t stack_bytes = 256 * 1024;

// How long the thread waits for room when no client can be admitted.
constexpr int patience_ms = 50;

unique_fd duplicate(int fd) {
  return unique_fd{::fcntl(fd, F_DUPFD_CLOEXEC, 0)};
}

unique_fd nowhere() {
  return unique_fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
}

} // namespace

descriptor_keeper& descriptor_keeper::mine() {
  static auto* instance = new descriptor_keeper; // used to the very end
  return *instance;
}

descriptor_keeper::descriptor_keeper() {
  static descriptor_keeper* self = nullptr;
  self = this;
  ::pthread_atfork([] { self->guard_.lock(); }, [] { self->guard_.unlock(); },
                   [] {
                     self->become_child();
                     self->guard_.unlock();
                   });
}

// In the child of a fork(): what is kept here is kept by the parent. Left open
// it would stay open though everybody has closed it.
void descriptor_keeper::become_child() noexcept {
  kept_.clear();
  clients_.clear();
  listener_.reset();
  reserve_.reset();
  served_ = false;
}

std::string descriptor_keeper::path_of(process_slot slot) {
  return family::mine().page_path(slot) + ".keeper";
}

void descriptor_keeper::keep(std::uint64_t id, int fd) {
  auto own = duplicate(fd);
  if (!own && errno == EMFILE) {
    sweep();
    own = duplicate(fd);
  }
  if (!own)
    throw_os_error(errno, fmt::format("sending descriptor {}, of which this "
                                      "process keeps a duplicate until it is "
                                      "received",
                                      fd));
  keep(id, std::move(own));
}

void descriptor_keeper::keep(std::uint64_t id, unique_fd fd) {
  bool crowded = false;
  {
    std::scoped_lock lock{guard_};
    kept_.insert_or_assign(id, std::move(fd));
    crowded = kept_.size() >= sweep_at_;
  }
  if (crowded) {
    sweep();
    std::scoped_lock lock{guard_};
    sweep_at_ = std::max<std::size_t>(64, 2 * kept_.size());
  }
}

std::vector<unique_fd>
descriptor_keeper::fetch(std::span<const std::uint64_t> ids) {
  std::vector<unique_fd> result;
  result.reserve(ids.size());
  std::scoped_lock lock{guard_};
  for (auto id : ids) {
    auto found = kept_.find(id);
    if (found == kept_.end())
      throw error(errc::closed,
                  fmt::format("receiving a descriptor (object {:x}): nothing "
                              "is kept for it any more",
                              id));
    auto own = duplicate(found->second.get());
    if (!own)
      throw_os_error(
          errno, fmt::format("receiving {} descriptors, of which {} could be "
                             "opened",
                             ids.size(), result.size()));
    result.push_back(std::move(own));
  }
  return result;
}

void descriptor_keeper::drop(std::uint64_t id) noexcept {
  unique_fd dropped; // closing may take its time: without the lock
  std::scoped_lock lock{guard_};
  auto found = kept_.find(id);
  if (found == kept_.end())
    return;
  dropped = std::move(found->second);
  kept_.erase(found);
}

void descriptor_keeper::sweep() noexcept {
  try {
    std::vector<std::uint64_t> ids;
    {
      std::scoped_lock lock{guard_};
      ids.reserve(kept_.size());
      for (auto& [id, fd] : kept_)
        ids.push_back(id);
    }
    for (auto id : ids)
      if (::access(family::mine().path_of(id).c_str(), F_OK) != 0
          && errno == ENOENT)
        drop(id);
  } catch (const std::exception&) { // no memory: at another time
  }
}

int descriptor_keeper::listen() {
  std::scoped_lock lock{guard_};
  if (listener_)
    return listener_.get();
  auto path = path_of(family::mine().slot());
  auto attempted = [&] {
    return "making the socket for descriptors in messages: " + path;
  };
  ::unlink(path.c_str()); // of a process that had this slot before
  socket_address address{path};
  unique_fd made{checked(
      [] {
        return ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
                        0);
      },
      attempted)};
  checked([&] { return ::bind(made.get(), address.get(), address.size()); },
          attempted);
  checked([&] { return ::listen(made.get(), SOMAXCONN); }, attempted);
  listener_ = std::move(made);
  reserve_ = nowhere();
  return listener_.get();
}

void descriptor_keeper::serve() noexcept {
  std::scoped_lock lock{guard_};
  if (served_ || !listener_)
    return;
  served_ = true;
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, stack_bytes);
  ::pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before); // inherited by the thread
  pthread_t thread;
  int failed = ::pthread_create(
      &thread, &attributes,
      [](void* self) -> void* {
        ::pthread_setname_np(::pthread_self(), "ramet-handles");
        static_cast<descriptor_keeper*>(self)->answer_all();
        return nullptr;
      },
      this);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::pthread_attr_destroy(&attributes);
  if (failed != 0)
    listener_.reset(); // who asks is refused, instead of waiting for ever
}

// The thread. It takes no lock of shared memory, so nobody who holds one waits
// for long.
void descriptor_keeper::answer_all() {
  std::vector<pollfd> polled;
  bool full = false;
  for (;;) {
    try {
      polled.clear();
      polled.push_back({full ? -1 : listener_.get(), POLLIN, 0});
      for (auto& client : clients_)
        polled.push_back({client.get(), POLLIN, 0});
      ::poll(polled.data(), polled.size(), full ? patience_ms : -1);
      bool any_gone = false;
      for (std::size_t i = 1; i < polled.size(); ++i) {
        if (polled[i].revents == 0 || try_to_answer(polled[i].fd))
          continue;
        any_gone = true;
        std::scoped_lock lock{guard_};
        clients_[i - 1].reset();
      }
      if (any_gone) {
        std::scoped_lock lock{guard_};
        std::erase_if(clients_, [](auto& client) { return !client; });
      }
      if (any_gone)
        sweep();
      if (full || polled[0].revents != 0) {
        auto client = admit();
        full = !client && errno != EAGAIN && errno != EINTR
               && errno != ECONNABORTED && !answer_one_without_room();
        if (client) {
          std::scoped_lock lock{guard_};
          clients_.push_back(std::move(client));
        }
      }
    } catch (const std::exception&) {
      full = true; // out of memory: try again
    }
  }
}

unique_fd descriptor_keeper::admit() const {
  return unique_fd{::accept4(listener_.get(), nullptr, nullptr,
                             SOCK_CLOEXEC | SOCK_NONBLOCK)};
}

// Nobody shall wait until this process has room for him: he has the place of
// the reserve until he has said what he had to. False: there is no room even
// for that.
bool descriptor_keeper::answer_one_without_room() {
  reserve_.reset();
  if (auto client = admit()) {
    pollfd asking{client.get(), POLLIN, 0};
    int patience = patience_ms; // nobody else is answered meanwhile
    while (::poll(&asking, 1, patience) > 0 && try_to_answer(client.get()))
      patience = 0;
    ::shutdown(client.get(), SHUT_RDWR); // a fork may have a copy
  }
  reserve_ = nowhere();
  sweep(); // what he was about to say when he was killed
  return static_cast<bool>(reserve_);
}

// False when it has gone, or is to be sent away.
bool descriptor_keeper::try_to_answer(int client) noexcept {
  try {
    return answer(client);
  } catch (const std::exception&) {
    return false; // out of memory: the end of its line tells it
  }
}

bool descriptor_keeper::answer(int client) {
  keeper_request request;
  auto received =
      receive_with_descriptors(client, &request, sizeof request, MSG_DONTWAIT);
  if (received.error == EAGAIN)
    return true;
  if (received.error != 0 || received.size < offsetof(keeper_request, ids)
      || request.count > most_descriptors || received.size != request.bytes())
    return false; // its process has ended
  auto ids = std::span{request.ids}.first(request.count);
  switch (request.verb) {
  case keeper_verb::drop:
    for (auto id : ids)
      drop(id);
    return true;
  case keeper_verb::keep: {
    bool whole = received.fds.size() == 1 && ids.size() == 1;
    if (whole)
      keep(ids[0], std::move(received.fds[0]));
    else
      sweep(); // room for the next one
    return send_answer(client, whole ? 0 : EMFILE, {});
  }
  case keeper_verb::fetch:
    return answer_fetch(client, ids);
  }
  return false;
}

// With those that are kept themselves: duplicates would need room here.
bool descriptor_keeper::answer_fetch(int client,
                                     std::span<const std::uint64_t> ids) {
  std::vector<int> fds;
  fds.reserve(ids.size());
  std::scoped_lock lock{guard_}; // else one could be closed meanwhile
  for (auto id : ids)
    if (auto one = kept_.find(id); one != kept_.end())
      fds.push_back(one->second.get());
  if (fds.size() != ids.size())
    return send_answer(client, ENOENT, {});
  return send_answer(client, 0, fds);
}

// False when the client has gone.
bool descriptor_keeper::send_answer(int client, int result,
                                    std::span<const int> fds) {
  keeper_answer answer{result};
  auto failed =
      send_with_descriptors(client, &answer, sizeof answer, fds, MSG_DONTWAIT);
  if (failed == ETOOMANYREFS) // too many of this user are on their way
    return send_answer(client, failed, {});
  return failed == 0;
}

} // namespace ramet::detail
