// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// By what a program knows an exception: made where it was thrown, used where
/// it is wanted again.

#pragma once

#include <ramet/detail/thrown_identity.hpp>
#include <ramet/remote_exception.hpp>

#include <cstddef>
#include <exception>
#include <span>
#include <string>
#include <typeinfo>
#include <vector>

namespace ramet::detail {

/// The names of `type` and of those bases that a thrown object of it can be
/// caught by: public, and there once.
std::vector<std::string> names_to_catch(const std::type_info& type);

/// Of an exception of that type; `object` is null if it is no std::exception.
thrown_identity identity_of(const std::type_info& type,
                            const std::exception* object);

/// Throws it as it was. Returns if that cannot be; see task_failure::rethrow.
void throw_as_it_was(const remote_exception& exception);

/// Encoded. What does not fit is left out, the least important first.
std::vector<std::byte> encode_to_fit(thrown_identity identity,
                                     std::size_t most);
/// The reverse; empty if that is no identity.
thrown_identity decode_identity(std::span<const std::byte> bytes);

} // namespace ramet::detail
