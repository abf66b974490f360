# Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

# Usage: kv_service.sh PROGRAM
source "${BASH_SOURCE%/*}/support.sh"

exec /usr/bin/python3 "${BASH_SOURCE%/*}/kv_service.py" "$1"
