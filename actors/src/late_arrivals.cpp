// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "late_arrivals.hpp"

namespace ramet::detail {

namespace {

// Stands in several queues; the last one to come to it has it happen. Two of
// them happen in their order: no queue goes past one that is happening.
class common_arrival final : public arrival {
public:
  struct shared {
    arrival_ptr what;
    std::atomic<std::size_t> queues;
  };
  explicit common_arrival(std::shared_ptr<shared> of) : of_(std::move(of)) {}

  void happen(caf_compat::executor& executor) noexcept override {
    if (of_->queues.fetch_sub(1, std::memory_order_acq_rel) == 1)
      of_->what->happen(executor);
  }

private:
  std::shared_ptr<shared> of_;
};

} // namespace

bool late_arrivals::add(std::uint64_t receiver, arrival_ptr what) {
  std::scoped_lock lock{guard_};
  auto [place, first] = map_.try_emplace(receiver);
  place->second.push_back(std::move(what));
  if (first)
    queues_.fetch_add(1, std::memory_order_relaxed);
  return first;
}

bool late_arrivals::add_behind(std::uint64_t receiver, arrival_ptr& what) {
  std::scoped_lock lock{guard_};
  auto place = map_.find(receiver);
  if (place == map_.end())
    return false;
  place->second.push_back(std::move(what));
  return true;
}

bool late_arrivals::add_behind_all(arrival_ptr& what) {
  std::scoped_lock lock{guard_};
  if (map_.empty())
    return false;
  auto shared = std::make_shared<common_arrival::shared>();
  shared->what = std::move(what);
  shared->queues.store(map_.size(), std::memory_order_relaxed);
  for (auto& [receiver, queue] : map_)
    queue.push_back(std::make_unique<common_arrival>(shared));
  return true;
}

// Null, and the queue gone, when there is none.
arrival_ptr late_arrivals::next(std::uint64_t receiver) {
  std::scoped_lock lock{guard_};
  auto place = map_.find(receiver);
  if (place->second.empty()) {
    map_.erase(place);
    queues_.fetch_sub(1, std::memory_order_relaxed);
    return nullptr;
  }
  auto result = std::move(place->second.front());
  place->second.pop_front();
  return result;
}

bool late_arrivals::work_off(std::uint64_t receiver,
                             caf_compat::executor& executor, std::size_t most) {
  for (std::size_t i = 0; i < most; ++i) {
    auto one = next(receiver);
    if (!one)
      return true;
    one->happen(executor);
  }
  return false;
}

} // namespace ramet::detail
