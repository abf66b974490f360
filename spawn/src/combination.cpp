// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include <ramet/detail/combination.hpp>

#include <ramet/error.hpp>

namespace ramet::detail {

// On one part. Keeps the listener while the part may call.
class listener::ear final : public future_state_base::continuation {
public:
  ear(std::shared_ptr<listener> of, std::size_t part)
      : of_(std::move(of)), part_(part) {}
  void run(future_state_base&) override { of_->heard_from(part_); }

private:
  std::shared_ptr<listener> of_;
  std::size_t part_;
};

void listener::listen(const std::shared_ptr<listener>& self,
                      std::vector<future_state_base*> parts) {
  parts_ = std::move(parts);
  std::vector<std::unique_ptr<ear>> ears;
  ears.reserve(parts_.size());
  for (std::size_t i = 0; i < parts_.size(); ++i)
    ears.push_back(std::make_unique<ear>(self, i));
  holders_.store(parts_.size() + 1);
  std::exception_ptr problem;
  for (std::size_t i = 0;
       i < parts_.size() && last_.load(std::memory_order_relaxed) == undecided;
       ++i) {
    ears_ = i + 1;
    try {
      parts_[i]->then(std::move(ears[i]));
    } catch (...) { // it listens, but nothing will bring the part forward
      problem = std::current_exception();
      stop();
    }
  }
  release(parts_.size() - ears_);
  pass(armed);
  if (problem)
    std::rethrow_exception(problem);
}

void listener::heard_from(std::size_t part) {
  if (hear(*parts_[part]))
    stop_at(part);
  release(1);
}

void listener::stop_at(std::size_t last) {
  auto before = undecided;
  if (last_.compare_exchange_strong(before, last, std::memory_order_acq_rel))
    pass(stopped);
}

void listener::pass(std::uint32_t bit) {
  if (gate_.fetch_or(bit, std::memory_order_acq_rel) == (armed | stopped) - bit)
    take_ears_back();
}

// Those that are too late to be taken back are about to call heard_from().
void listener::take_ears_back() {
  std::size_t taken = 0;
  for (std::size_t i = 0; i < ears_; ++i)
    if (parts_[i]->take_back())
      ++taken;
  release(taken + 1);
}

void listener::release(std::size_t holders) {
  if (holders > 0
      && holders_.fetch_sub(holders, std::memory_order_acq_rel) == holders)
    settle(last_.load(std::memory_order_acquire));
}

void listener::cancel_parts() {
  for (auto* part : parts_) {
    part->cancel();
    part->mark_seen();
  }
}

void throw_none_of_none() {
  throw error(errc::closed, "when_any() of no futures: none of them will ever "
                            "be ready; give at least one");
}

} // namespace ramet::detail
