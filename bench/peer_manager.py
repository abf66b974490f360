# Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

"""CPython's managers: objects in a server process, called through proxies.

Usage: peer_manager.py WORK NUMBER... MILLISECONDS; prints the seconds of one.
"""

import multiprocessing
from multiprocessing.managers import BaseManager, SyncManager

import measure

SPAWN = multiprocessing.get_context("spawn")


class Actor:
    """What a manager's server process hosts."""

    def echo(self, contents):
        return contents


class Manager(BaseManager):
    pass


Manager.register("Actor", Actor)


def with_manager(manager, work):
    manager.start()
    try:
        return work(manager)
    finally:
        manager.shutdown()


def ask(contents, budget):
    def work(manager):
        actor = manager.Actor()

        def run(n):
            for _ in range(n):
                actor.echo(contents)

        return measure.median_time(budget, run)

    return with_manager(Manager(ctx=SPAWN), work)


def ask_small(budget):
    return ask(7, budget)


def ask_text(size, budget):
    return ask("U" * size, budget)


def ask_doubles(count, budget):
    return ask([i * 0.5 for i in range(count)], budget)


def spawn_actor(budget):
    def work(manager):
        def run(n):
            for _ in range(n):
                manager.Actor()

        return measure.median_time(budget, run)

    return with_manager(Manager(ctx=SPAWN), work)


# A dict of a thousand entries; the works turn through its keys.
KEYS = [f"key {i}" for i in range(1000)]


def with_dict(make_run, budget):
    def work(manager):
        entries = manager.dict({key: i for i, key in enumerate(KEYS)})
        return measure.median_time(budget, make_run(entries))

    return with_manager(SyncManager(ctx=SPAWN), work)


def dict_get(budget):
    def make_run(entries):
        def run(n):
            for i in range(n):
                entries[KEYS[i % len(KEYS)]]

        return run

    return with_dict(make_run, budget)


def dict_set(budget):
    def make_run(entries):
        def run(n):
            for i in range(n):
                entries[KEYS[i % len(KEYS)]] = i

        return run

    return with_dict(make_run, budget)


if __name__ == "__main__":
    measure.main({
        "ask-doubles": ask_doubles,
        "ask-small": ask_small,
        "ask-text": ask_text,
        "dict-get": dict_get,
        "dict-set": dict_set,
        "spawn-actor": spawn_actor,
    })
