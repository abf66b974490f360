# Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

"""CPython's locks, semaphores, events and barriers between processes.

Usage: peer_synchronization.py WORK MILLISECONDS; prints the seconds of one.
"""

import multiprocessing

if __name__ == "__main__":  # children measure nothing
    import measure


def alone(lock, budget):
    def run(n):
        for _ in range(n):
            lock.acquire()
            lock.release()

    return measure.median_time(budget, run)


def lock_alone(budget):
    return alone(multiprocessing.Lock(), budget)


def recursive_lock_alone(budget):
    return alone(multiprocessing.RLock(), budget)


def semaphore_alone(budget):
    return alone(multiprocessing.Semaphore(), budget)


def with_other(work, arguments, step, budget):
    """Has `step` done by us while a child does `work` as often."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    child = spawn.Process(target=work, args=(there, *arguments), daemon=True)
    child.start()

    def run(n):
        here.send(n)
        for _ in range(n):
            step()
        here.recv()

    result = measure.median_time(budget, run)
    here.send(0)
    child.join()
    return result


def take_turns_by_semaphores(control, mine, yours):
    while count := control.recv():
        for _ in range(count):
            mine.acquire()
            yours.release()
        control.send(True)


def semaphore_round_trip(budget):
    spawn = multiprocessing.get_context("spawn")
    mine, yours = spawn.Semaphore(0), spawn.Semaphore(0)

    def step():
        yours.release()
        mine.acquire()

    return with_other(take_turns_by_semaphores, (yours, mine), step, budget)


def take_turns_by_events(control, mine, yours):
    while count := control.recv():
        for _ in range(count):
            mine.wait()
            mine.clear()
            yours.set()
        control.send(True)


def event_round_trip(budget):
    spawn = multiprocessing.get_context("spawn")
    mine, yours = spawn.Event(), spawn.Event()

    def step():
        yours.set()
        mine.wait()
        mine.clear()

    return with_other(take_turns_by_events, (yours, mine), step, budget)


def arrive(control, both):
    while count := control.recv():
        for _ in range(count):
            both.wait()
        control.send(True)


def barrier_phase(budget):
    both = multiprocessing.get_context("spawn").Barrier(2)
    return with_other(arrive, (both,), both.wait, budget)


if __name__ == "__main__":
    measure.main({
        "barrier-phase": barrier_phase,
        "event-round-trip": event_round_trip,
        "mutex-alone": lock_alone,
        "recursive-mutex-alone": recursive_lock_alone,
        "semaphore-alone": semaphore_alone,
        "semaphore-round-trip": semaphore_round_trip,
    })
