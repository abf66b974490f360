# Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

"""Measures works in Python as measure.hpp measures the others."""

import sys
import time


def median_time(budget, run):
    """The median time of one work; `run(n)` does n of them."""

    def timed(n):
        start = time.perf_counter()
        run(n)
        return time.perf_counter() - start

    # The far side may still be starting.
    run(1)
    n = 1
    while (spent := timed(n)) * 20 < budget:
        n = int(n * min(max(budget / 20 / spent * 1.2, 1.5), 10)) + 1
    samples = []
    total = 0
    while len(samples) < 3 or total + total / len(samples) <= budget:
        spent = timed(n)
        total += spent
        samples.append(spent / n)
    return sorted(samples)[len(samples) // 2]


def main(works):
    """The command line WORK NUMBER... MILLISECONDS; prints the seconds of one."""
    name, *numbers, milliseconds = sys.argv[1:]
    print(works[name](*map(int, numbers), int(milliseconds) / 1000))
