// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#include "object.hpp"

#include <ramet/detail/synchronizer.hpp>

#include <utility>

namespace ramet::detail {

template <object_kind Kind>
synchronizer<Kind>::synchronizer(std::shared_ptr<object> made)
    : object_(std::move(made)) {}

template <object_kind Kind>
synchronizer<Kind>::synchronizer(object_ref ref)
    : object_(open_object({ref.object, Kind, ref.part})) {}

template <object_kind Kind>
object_ref synchronizer<Kind>::ref() const {
  return {object_->id(), Kind, 0};
}

template class synchronizer<object_kind::mutex>;
template class synchronizer<object_kind::shared_mutex>;
template class synchronizer<object_kind::semaphore>;
template class synchronizer<object_kind::condition_variable>;
template class synchronizer<object_kind::event>;
template class synchronizer<object_kind::latch>;
template class synchronizer<object_kind::barrier>;

} // namespace ramet::detail
