// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

// What a zygote does. It has one thread, no family, no objects, and its
// standard streams lead to nowhere. See docs/adr/0014-forked-children.md.

#include "zygote.hpp"

#include "bootstrap.hpp"
#include "family.hpp"
#include "pidfd_linux.hpp"
#include "self.hpp"
#include "threads_posix.hpp"
#include "zygote_protocol.hpp"

#include <ramet/codec.hpp>

#include <fmt/format.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iterator>

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ramet::detail {

namespace {

// Those that a terminal sends to all of its processes: they are for the family,
// and the spare is none of it yet.
constexpr std::array terminal_signals{SIGINT, SIGQUIT};

[[noreturn]] void leave() {
  ::_exit(EXIT_SUCCESS); // static objects are the children's business
}

// Where the C library keeps the id and the robust mutexes of the one thread: a
// child that is not made by fork() must be told.
struct thread_record {
  pid_t* id = nullptr;
  void* robust_list = nullptr;
  std::size_t robust_list_size = 0;

  static thread_record mine() {
    thread_record result;
    if (::syscall(SYS_get_robust_list, 0, &result.robust_list,
                  &result.robust_list_size)
        != 0)
      return {};
    pid_t* id = nullptr;
    // Not in kernels without checkpoints; glibc has it before the list.
    if (::prctl(PR_GET_TID_ADDRESS, &id, 0, 0, 0) != 0)
      id = static_cast<pid_t*>(result.robust_list) - 4;
    if (*id != ::getpid())
      return {};
    result.id = id;
    return result;
  }
};

class server {
public:
  explicit server(const char* text) {
    int socket = -1;
    int memory = -1;
    int owner = 0;
    int bind_now = 0;
    if (std::sscanf(text, "%d:%d:%d:%d", &socket, &memory, &owner, &bind_now)
        != 4)
      leave();
    if (bind_now != 0)
      ::unsetenv(bind_now_variable);
    open_missing_streams(); // what the owner has instead, does not come along
    nowhere_ = unique_fd{::open("/dev/null", O_RDWR | O_CLOEXEC)};
    socket_ = unique_fd{socket};
    ::fcntl(socket, F_SETFD, FD_CLOEXEC);
    unique_fd page{memory};
    auto* mapped = ::mmap(nullptr, sizeof(zygote_page), PROT_READ | PROT_WRITE,
                          MAP_SHARED, memory, 0);
    owner_ = open_pidfd(owner);
    if (mapped == MAP_FAILED || !owner_ || ::getppid() != owner)
      leave();
    page_ = static_cast<zygote_page*>(mapped);
  }

  // Returns in each child.
  void run() {
    refuse_if_unfit();
    settle_down();
    do {
      if (make_spare())
        return;
      zygote_order order;
      std::vector<unique_fd> none;
      if (!wait_for(socket_) || !receive_packet(socket_.get(), order, none))
        leave();
    } while (true);
  }

private:
  // False: the owner has ended, and has said nothing. Its sockets tell that,
  // too, unless it has left copies of them somewhere.
  bool wait_for(const unique_fd& socket) const {
    std::array<pollfd, 2> list{
        {{socket.get(), POLLIN, 0}, {owner_.get(), POLLIN, 0}}};
    return retried([&] { return ::poll(list.data(), list.size(), -1); }) > 0
           && (list[0].revents != 0 || list[1].revents == 0);
  }

  void refuse_if_unfit() {
    thread_ = thread_record::mine();
    std::string why;
    std::filesystem::directory_iterator threads{"/proc/self/task"};
    if (auto count = std::distance(threads, {}); count != 1)
      why = fmt::format("{} threads run before its main() makes a "
                        "ramet::runtime, and a fork would lack them; start "
                        "them after it",
                        count - 1);
    else if (family::exists())
      why = "its static objects, or main() before the ramet::runtime, make "
            "shared objects of ramet, which all its forks would share; make "
            "them after it";
    else if (!thread_.id)
      why = "the C library keeps the thread's id where it cannot be found";
    if (why.empty())
      return;
    zygote_report report;
    report.what = zygote_report::kind::refused;
    write_field(report.text,
                fmt::format("this program cannot have a zygote, as {}, or use "
                            "start_method::spawn",
                            why));
    send_packet(socket_.get(), report);
    std::exit(EXIT_FAILURE); // what it has made goes
  }

  void settle_down() {
    ::prctl(PR_SET_NAME, "ramet-zygote");
    flush_streams();
    // Who waits for the end of a stream shall not wait for the zygote.
    for (int fd = 0; fd < 3; ++fd)
      ::dup2(nowhere_.get(), fd);
    nowhere_.reset();
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    for (std::size_t i = 0; i < terminal_signals.size(); ++i)
      ::sigaction(terminal_signals[i], &ignore, &program_actions_[i]);
  }

  // True in the child, when it has been told what to be.
  bool make_spare() {
    int sockets[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0) {
      report_failure(errno);
      return false;
    }
    unique_fd owners{sockets[0]};
    unique_fd its{sockets[1]};
    zygote_report report;
    report.start_time = start_time_now();
    int pidfd = -1;
    auto pid = fork_for_owner(pidfd);
    if (pid == 0) {
      owners.reset();
      socket_.reset();
      become_child(its);
      return true;
    }
    if (pid < 0) {
      report_failure(errno);
      return false;
    }
    unique_fd watched{pidfd};
    report.pid = pid;
    send_packet(socket_.get(), report, std::array{watched.get(), owners.get()});
    return false;
  }

  // A child of the owner, not of this process. fork() cannot do that.
  pid_t fork_for_owner(int& pidfd) {
    clone_args how{};
    how.flags = CLONE_PARENT | CLONE_PIDFD | CLONE_PARENT_SETTID
                | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
    how.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
    how.parent_tid = reinterpret_cast<std::uintptr_t>(&page_->last_pid);
    how.child_tid = reinterpret_cast<std::uintptr_t>(thread_.id);
    auto pid = static_cast<pid_t>(::syscall(SYS_clone3, &how, sizeof how));
    if (pid == 0)
      ::syscall(SYS_set_robust_list, thread_.robust_list,
                thread_.robust_list_size);
    return pid;
  }

  void report_failure(int error_number) {
    zygote_report report;
    report.what = zygote_report::kind::failed;
    report.error_number = error_number;
    send_packet(socket_.get(), report);
  }

  // Waits until there is something to be; leaves if there never will.
  void become_child(const unique_fd& socket) {
    spare_order order;
    std::vector<unique_fd> streams;
    if (!wait_for(socket) || !receive_packet(socket.get(), order, streams))
      leave();
    // What the parent has chosen for this process is applied from here on.
    ::munmap(page_, sizeof(zygote_page));
    auto next = streams.begin();
    for (int fd = 0; fd < 3; ++fd)
      if ((order.streams >> fd & 1) != 0 && next != streams.end())
        ::dup2((next++)->get(), fd);
    for (std::size_t i = 0; i < terminal_signals.size(); ++i)
      ::sigaction(terminal_signals[i], &program_actions_[i], nullptr);
    sigset_t mask;
    ::sigemptyset(&mask);
    for (int signal = 1; signal < NSIG; ++signal)
      if ((order.signal_mask >> (signal - 1) & 1) != 0)
        ::sigaddset(&mask, signal);
    ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
    if (order.has_setup != 0)
      set_up(socket);
    note_program_signals();
    self::mine().take_over_runtime();
    set_environment_of_child(read_field(order.passport), order.parent);
  }

  static void set_up(const unique_fd& socket) {
    spare_setup orders;
    std::vector<unique_fd> descriptors;
    if (!receive_packet(socket.get(), orders, descriptors))
      leave();
    std::vector<std::byte> environment(orders.environment_bytes);
    if (!receive_in_pieces(socket.get(), environment))
      leave();
    setup_answer answer;
    try {
      std::vector<int> plain;
      for (auto& one : descriptors)
        plain.push_back(one.get());
      apply_environment(decode<environment_changes>(environment));
      answer.error_number =
          plain.size() == orders.descriptor_count
              ? apply_setup(orders.orders, plain, answer.failed)
              : EMFILE; // there was no room for all
    } catch (const std::exception&) {
      answer.error_number = ENOMEM;
    }
    if (!send_packet(socket.get(), answer) || answer.error_number != 0)
      leave();
  }

  unique_fd nowhere_;
  unique_fd socket_;
  unique_fd owner_; // a pidfd
  zygote_page* page_ = nullptr;
  thread_record thread_;
  std::array<struct sigaction, terminal_signals.size()> program_actions_{};
};

} // namespace

bool launched_as_zygote() {
  return std::getenv(zygote_variable) != nullptr;
}

void serve_as_zygote() {
  std::string text = std::getenv(zygote_variable);
  ::unsetenv(zygote_variable);
  server{text.c_str()}.run();
}

} // namespace ramet::detail
