# Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

"""CPython's pools of processes: multiprocessing.Pool, and concurrent.futures'.

Usage: peer_pool.py pool-WORK|executor-WORK NUMBER... MILLISECONDS; prints the
seconds of one. The start method is the one that Python has by default. The
tasks are those of pool_tasks.hpp.
"""

import multiprocessing
import time
from array import array
from concurrent.futures import ProcessPoolExecutor

if __name__ == "__main__":  # children measure nothing
    import measure

FEW_WORKERS = 2
FUTURES_AT_ONCE = 10_000
NUMBERS_IN_ARGUMENT = (100 << 20) // 8
PARTS_OF_ARGUMENT = 100
# Each of them pickles 100 MiB, so fewer must do for the time of one.
PARTS_MEASURED = 2


def increment(x):
    return x + 1


def look(numbers, part):
    first = part * (NUMBERS_IN_ARGUMENT // PARTS_OF_ARGUMENT)
    return sum(numbers[first : first + 1000])


def busy(nanoseconds):
    end = time.perf_counter_ns() + nanoseconds
    rounds = 0
    while time.perf_counter_ns() < end:
        rounds += 1
    return rounds


class Pool:
    """multiprocessing.Pool, as the works use it."""

    def __init__(self, workers, tasks_per_worker=None):
        self.pool = multiprocessing.Pool(
            workers, maxtasksperchild=tasks_per_worker
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.pool.terminate()
        self.pool.join()

    def map(self, function, inputs, chunk):
        return self.pool.map(function, inputs, chunksize=chunk or None)

    def apply(self, function, *arguments):
        return self.pool.apply(function, arguments)

    def submit(self, function, *arguments):
        return self.pool.apply_async(function, arguments).get


class Executor:
    """concurrent.futures.ProcessPoolExecutor, as the works use it."""

    def __init__(self, workers, tasks_per_worker=None):
        limit = (
            {"max_tasks_per_child": tasks_per_worker}
            if tasks_per_worker
            else {}
        )
        self.pool = ProcessPoolExecutor(workers, **limit)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.pool.shutdown()

    def map(self, function, inputs, chunk):
        size = {"chunksize": chunk} if chunk else {}
        return list(self.pool.map(function, inputs, **size))

    def apply(self, function, *arguments):
        return self.pool.submit(function, *arguments).result()

    def submit(self, function, *arguments):
        return self.pool.submit(function, *arguments).result


def expect(right):
    if not right:
        raise RuntimeError("a task has another result than it should")


def spread(pool_type, chunk, budget):
    with pool_type(FEW_WORKERS) as pool:

        inputs = range(10_000 if chunk == 1 else 100_000)

        def run(n):
            for _ in range(n):
                results = pool.map(increment, inputs, chunk)
                expect(results[-1] == len(inputs))

        return measure.median_time(budget, run) / len(inputs)


def apply(pool_type, budget):
    with pool_type(FEW_WORKERS) as pool:

        def run(n):
            for _ in range(n):
                expect(pool.apply(increment, 1) == 2)

        return measure.median_time(budget, run)


def submit(pool_type, budget):
    with pool_type(FEW_WORKERS) as pool:

        def run(n):
            for _ in range(n):
                results = [
                    pool.submit(increment, x) for x in range(FUTURES_AT_ONCE)
                ]
                for x, result in enumerate(results):
                    expect(result() == x + 1)

        return measure.median_time(budget, run) / FUTURES_AT_ONCE


def argument(pool_type, budget):
    numbers = array("d", [1.0]) * NUMBERS_IN_ARGUMENT
    with pool_type(FEW_WORKERS) as pool:

        def run(n):
            for _ in range(n):
                results = [
                    pool.submit(look, numbers, part)
                    for part in range(PARTS_MEASURED)
                ]
                for result in results:
                    expect(result() == 1000)

        return measure.median_time(budget, run) / PARTS_MEASURED


def keep_busy(pool_type, workers, nanoseconds, budget):
    times = [nanoseconds] * (workers * (50_000_000 // nanoseconds))
    with pool_type(workers) as pool:

        def run(n):
            for _ in range(n):
                pool.map(busy, times, 1)

        return measure.median_time(budget, run) / len(times)


def restart(pool_type, budget):
    with pool_type(1, tasks_per_worker=1) as pool:

        def run(n):
            for _ in range(n):
                expect(pool.apply(increment, 1) == 2)

        return measure.median_time(budget, run)


def works():
    for name, pool_type in (("pool", Pool), ("executor", Executor)):
        for work, function in (
            ("apply", apply),
            ("argument", argument),
            ("busy", keep_busy),
            ("map", spread),
            ("restart", restart),
            ("submit", submit),
        ):
            yield (
                f"{name}-{work}",
                lambda *numbers, function=function, pool_type=pool_type: (
                    function(pool_type, *numbers)
                ),
            )


if __name__ == "__main__":
    measure.main(dict(works()))
