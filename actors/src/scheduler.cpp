// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "scheduler.hpp"

#include "threads_posix.hpp"

#include <caf/resumable.hpp>

#include <algorithm>
#include <utility>

namespace ramet::detail {

namespace {

constexpr std::size_t messages_at_once = 32;

// No sooner is another thread woken to share the work: one that was woken looks
// for that long, see worker::rest().
constexpr std::chrono::microseconds share_interval{50};
constexpr std::chrono::microseconds second_look{100};

constexpr std::chrono::seconds last_moment{1};

} // namespace

void job_list::push(caf::resumable* job) {
  std::scoped_lock lock{guard_};
  jobs_.push_back(job);
  size_.store(jobs_.size(), std::memory_order_seq_cst);
}

caf::resumable* job_list::pop() {
  if (empty())
    return nullptr;
  std::scoped_lock lock{guard_};
  if (jobs_.empty())
    return nullptr;
  auto* result = jobs_.front();
  jobs_.pop_front();
  size_.store(jobs_.size(), std::memory_order_seq_cst);
  return result;
}

bool job_list::take_back(caf::resumable* job) {
  std::scoped_lock lock{guard_};
  // Pushed a moment ago.
  auto first =
      jobs_.size() < look_back ? jobs_.begin() : jobs_.end() - look_back;
  auto found = std::find(first, jobs_.end(), job);
  if (found == jobs_.end())
    return false;
  jobs_.erase(found);
  size_.store(jobs_.size(), std::memory_order_seq_cst);
  return true;
}

/// One thread. What an actor that it runs wakes goes into its own list.
class scheduler::worker final
    : public caf_compat::own_executor<scheduler::worker> {
public:
  explicit worker(scheduler& of) : own_executor(of.system()), of_(of) {}

  static worker*& current() {
    static thread_local worker* instance = nullptr;
    return instance;
  }

  bool belongs_to(const scheduler& which) const { return &of_ == &which; }

  void add(caf::resumable* job) {
    own_.push(job);
    if (!reading_) // under the mailbox's lock nobody is woken to wait for it
      of_.share_work();
  }

  caf::resumable* pop() { return own_.pop(); }
  bool has_jobs() const { return !own_.empty(); }

  void run() {
    current() = this;
    while (!of_.stopping_.load(std::memory_order_relaxed)) {
      if (has_jobs() && !permitted_)
        permit();
      if (permitted_)
        if (auto* job = next()) {
          work(job);
          continue;
        }
      if (!read())
        rest();
    }
  }

  /// Gives the right to run actors to others for a while.
  bool pause() {
    bool had = std::exchange(permitted_, false);
    if (had)
      of_.give_back_permit();
    return had;
  }
  void set_reading(bool now) { reading_ = now; }
  void go_on() {
    // Over the limit for a moment, rather than waiting inside an actor.
    of_.running_.fetch_add(1, std::memory_order_seq_cst);
    permitted_ = true;
  }

private:
  void permit() {
    permitted_ = of_.take_permit();
    if (permitted_)
      return;
    while (auto* job = pop()) // others have enough to do, and run it later
      of_.shared_.push(job);
  }

  caf::resumable* next() {
    if (auto* job = own_.pop())
      return job;
    if (auto* job = of_.shared_.pop())
      return job;
    return of_.steal(this);
  }

  void work(caf::resumable* job) {
    if (of_.inbox_.ready())
      of_.wake_another(); // at the limit, too: it can read
    else if (of_.jobs_waiting())
      of_.share_work();
    switch (job->resume(this, of_.max_throughput())) {
    case caf::resumable::resume_later:
      own_.push(job);
      break;
    case caf::resumable::shutdown_execution_unit:
      of_.stopping_.store(true);
      break;
    default:
      intrusive_ptr_release(job);
    }
    read();
  }

  bool read() {
    if (!of_.inbox_.ready())
      return false;
    reading_ = true;
    bool any = of_.read_(*this, messages_at_once) > 0;
    reading_ = false;
    return any;
  }

  void rest() {
    if (permitted_)
      of_.give_back_permit();
    permitted_ = false;
    auto work = [this] {
      return of_.jobs_to_run() || of_.stopping_.load(std::memory_order_relaxed);
    };
    // One that searches is enough; two would also take each other's finds.
    bool first = of_.searching_.fetch_add(1, std::memory_order_seq_cst) == 0;
    bool found = first ? of_.inbox_.search(work) : of_.inbox_.ready() || work();
    of_.searching_.fetch_sub(1, std::memory_order_seq_cst);
    // While others run actors, look once more before sleeping for good: they
    // do not wake us twice in so short a time.
    if (!found && first && of_.running_.load() > 0)
      found = of_.inbox_.park(work, deadline::in(second_look));
    if (!found)
      of_.inbox_.park(work, deadline::never());
    if (of_.jobs_to_run())
      permitted_ = of_.take_permit();
  }

  scheduler& of_;
  job_list own_;
  bool permitted_ = false;
  bool reading_ = false;
};

/// A thread that delivers what it finds while it waits. What is to be run then
/// it gives to the workers, once it holds no lock.
class scheduler::visitor final
    : public caf_compat::own_executor<scheduler::visitor> {
public:
  explicit visitor(scheduler& of) : own_executor(of.system()), of_(of) {}
  ~visitor() override { hand_over(); }

  void add(caf::resumable* job) { jobs_.push_back(job); }
  void hand_over() {
    for (auto* job : jobs_)
      of_.add(job);
    jobs_.clear();
  }

private:
  scheduler& of_;
  std::vector<caf::resumable*> jobs_;
};

scheduler::scheduler(caf::actor_system& system, mailbox inbox,
                     std::size_t limit, read_some read)
    : own_scheduler(system), inbox_(std::move(inbox)), limit_(limit),
      read_(std::move(read)) {}

scheduler::~scheduler() = default;

void scheduler::start() {
  signals_blocked blocked; // inherited by the thread of the printer
  own_scheduler::start();
}

void scheduler::start_threads() {
  signals_blocked blocked; // inherited by the threads
  clock_thread_ = std::thread{[this] { run_clock(); }};
  for (std::size_t i = 0; i < limit_ + 1; ++i) {
    std::scoped_lock lock{guard_};
    add_worker();
  }
}

void scheduler::add_worker() {
  auto count = worker_count_.load();
  if (count == max_workers)
    return;
  auto* one = new worker{*this}; // as long as the process
  workers_[count].store(one);
  worker_count_.store(count + 1);
  ++alive_;
  signals_blocked blocked;
  std::thread{[this, one] {
    name_this_thread("ramet-actors");
    one->run();
    std::scoped_lock lock{guard_};
    --alive_;
    ended_.notify_all();
  }}.detach();
}

void scheduler::add(caf::resumable* job) {
  shared_.push(job);
  // Not rationed: whoever pushes here may run nothing itself.
  if (searching_.load(std::memory_order_seq_cst) == 0)
    inbox_.wake_one();
}

void scheduler::share_work() {
  if (running_.load(std::memory_order_relaxed) < limit_)
    wake_another();
}

// If one sleeps, and none is awake already.
void scheduler::wake_another() {
  if (searching_.load(std::memory_order_seq_cst) != 0)
    return;
  auto now = clock_type::now().time_since_epoch().count();
  auto last = last_share_.load(std::memory_order_relaxed);
  if (now - last < clock_type::duration{share_interval}.count()
      || !last_share_.compare_exchange_strong(last, now))
    return;
  inbox_.wake_one();
}

bool scheduler::jobs_waiting() const {
  if (!shared_.empty())
    return true;
  auto count = worker_count_.load(std::memory_order_acquire);
  for (std::size_t i = 0; i < count; ++i)
    if (workers_[i].load(std::memory_order_relaxed)->has_jobs())
      return true;
  return false;
}

bool scheduler::jobs_to_run() const {
  return running_.load(std::memory_order_seq_cst) < limit_ && jobs_waiting();
}

caf::resumable* scheduler::steal(const worker* thief) {
  auto count = worker_count_.load(std::memory_order_acquire);
  for (std::size_t i = 0; i < count; ++i) {
    auto* other = workers_[i].load(std::memory_order_relaxed);
    if (other != thief)
      if (auto* job = other->pop())
        return job;
  }
  return nullptr;
}

bool scheduler::take_permit() {
  auto count = running_.load(std::memory_order_seq_cst);
  while (count < limit_)
    if (running_.compare_exchange_weak(count, count + 1,
                                       std::memory_order_seq_cst))
      return true;
  return false;
}

bool scheduler::help(predicate done, deadline until, caf::resumable* job) {
  visitor guest{*this};
  if (job && until.is_never() && !done())
    run_here(job, guest);
  auto over = [&] { return done() || stopping_.load(); };
  for (;;) {
    while (!done() && inbox_.ready() && read_(guest, 1) > 0)
      guest.hand_over();
    if (done() || until.is_now() || stopping_.load())
      break;
    if (!inbox_.search(over))
      break;
  }
  guest.hand_over();
  if (inbox_.ready()) // a wake for it may have come to us
    inbox_.wake_one();
  return done();
}

// The asking thread runs what it has asked, one message of it, rather than
// wake another and wait.
void scheduler::run_here(caf::resumable* job, visitor& guest) {
  if (!take_permit())
    return;
  if (shared_.take_back(job))
    switch (job->resume(&guest, 1)) {
    case caf::resumable::resume_later:
      add(job);
      break;
    case caf::resumable::shutdown_execution_unit:
      break;
    default:
      intrusive_ptr_release(job);
    }
  give_back_permit();
}

scheduler::blocking::blocking(scheduler& of) : of_(of) {
  auto* self = worker::current();
  if (!self || !self->belongs_to(of_))
    return;
  worker_ = self;
  had_permit_ = self->pause();
  std::scoped_lock lock{of_.guard_};
  ++of_.waiting_;
  if (of_.alive_ - of_.waiting_ < of_.limit_ + 1 && !of_.stopping_)
    of_.add_worker();
}

scheduler::blocking::~blocking() {
  if (!worker_)
    return;
  if (had_permit_)
    worker_->go_on();
  std::scoped_lock lock{of_.guard_};
  --of_.waiting_;
}

scheduler::unlocked::unlocked(scheduler& of) {
  auto* self = worker::current();
  if (self && self->belongs_to(of)) {
    worker_ = self;
    worker_->set_reading(false);
  }
  if (of.inbox_.ready() || of.jobs_waiting())
    of.wake_another();
}

scheduler::unlocked::~unlocked() {
  if (worker_)
    worker_->set_reading(true);
}

void scheduler::stop_threads() noexcept {
  stopping_.store(true);
  inbox_.wake_all();
  stop_clock();
  if (clock_thread_.joinable())
    clock_thread_.join();
  auto* self = worker::current();
  std::size_t left = self && self->belongs_to(*this) ? 1 : 0;
  std::unique_lock lock{guard_};
  ended_.wait_for(lock, last_moment, [&] { return alive_ <= left; });
}

} // namespace ramet::detail
