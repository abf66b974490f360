// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

#pragma once

#include <ramet/detail/caf_compat.hpp>
