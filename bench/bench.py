# Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

"""ramet beside its peers: the same works, in turns, on the same machine.

Of every work several rounds are measured; in each round every contestant runs
once, as a fresh process, and the order turns from round to round. The table
has the medians. A figure in % says how much of the time all processors do what
the tasks are for. A ratio above 1 means that ramet is faster; the budget is the
ratio that we want at least, a ! behind it: this run is short of it.
"""

import argparse
import json
import multiprocessing
import os
import platform
import secrets
import socket
import statistics
import subprocess
import sys
import time
from typing import NamedTuple

HERE = os.path.dirname(os.path.abspath(__file__))
MIB = 1 << 20
UNAVAILABLE = 77  # exit status of a contestant that this build does not have


class Work(NamedTuple):
    group: str
    name: str
    unit: str
    ours: dict  # what tells a row's name apart -> [program, arguments...]
    peers: dict  # name of the peer -> [program, arguments...]
    budgets: dict = {}  # name of the peer -> the ratio that we want at least
    large: bool = False  # takes so long that fewer rounds must do
    ideal: float = 0  # of unit "%": seconds of one when nothing is lost


def pipe_peers(work, size, *names):
    known = {
        "Boost message_queue": ["peers", f"boost-{work}", size],
        "CPython Pipe": ["python", work, size],
        "futex": ["peers", f"futex-{work}", size],
        "memcpy": ["peers", f"memcpy-{work}", size],
        "socketpair": ["peers", f"socketpair-{work}", size],
        "ZeroMQ PAIR": ["peers", f"zmq-{work}", size],
    }
    return {name: known[name] for name in names}


def queue_work(producers, consumers):
    crew = [producers, consumers]
    return Work(
        "queues",
        f"queue {producers}-{consumers} 64 B",
        "ns",
        {"": ["ours", "queue", *crew]},
        {
            "CPython Queue": ["python", "queue", *crew],
            "ZeroMQ PUSH-PULL": ["peers", "zmq-queue", *crew],
            "Boost message_queue": ["peers", "boost-queue", *crew],
        },
        {"CPython Queue": 20, "Boost message_queue": 1}
        if (producers, consumers) == (2, 1)
        else {},
    )


def pipe_works():
    for size, label in ((64, "64 B"), (1024, "1 KiB")):
        names = [
            "CPython Pipe",
            "ZeroMQ PAIR",
            "Boost message_queue",
            "socketpair",
        ]
        yield Work(
            "pipes",
            f"pipe round trip {label}",
            "us",
            {"": ["ours", "round-trip", size]},
            pipe_peers("round-trip", size, *names, "futex"),
            {"CPython Pipe": 3, "socketpair": 1} if size == 64 else {},
        )
        yield Work(
            "pipes",
            f"pipe one-way {label}",
            "ns",
            {"": ["ours", "one-way", size]},
            pipe_peers("one-way", size, *names),
        )
    # Ours as a vector that the receiver owns, and as a view in place.
    size = 64 * MIB
    names = ["CPython Pipe", "ZeroMQ PAIR", "socketpair"]
    for work, label, peers, budgets in (
        ("round-trip", "round trip", names, {}),
        (
            "one-way",
            "one-way",
            [*names, "memcpy"],
            {"CPython Pipe": 8, "memcpy": 0.4},
        ),
    ):
        yield Work(
            "pipes",
            f"pipe {label} 64 MiB",
            "ms",
            {
                "": ["ours", work, size],
                ", view": ["ours", f"{work}-view", size],
            },
            pipe_peers(work, size, *peers),
            budgets,
            large=True,
        )
    yield Work(
        "pipes",
        "struct, 1000 doubles, round trip",
        "us",
        {"": ["ours", "record"]},
        {
            "CPython Pipe, list": ["python", "record-list"],
            "CPython Pipe, array": ["python", "record-array"],
        },
    )
    yield Work(
        "pipes",
        "passing a socket, answered",
        "us",
        {"": ["ours", "socket"]},
        {"CPython Pipe": ["python", "socket"]},
    )


def queue_works():
    for crew in ((1, 1), (2, 1), (4, 4)):
        yield queue_work(*crew)


def sharing_works():
    for processes, label in ((1, "1 process"), (2, "2 processes")):
        yield Work(
            "sharing",
            f"locked increment, {label}",
            "ns",
            {"": ["ours", "increment", processes]},
            {
                "CPython Value": ["python", "increment", processes],
                "robust mutex": ["peers", "mutex-increment", processes],
            },
            {"CPython Value": 10},
        )


def synchronization_works():
    alone = (
        ("lock + unlock, uncontended", "mutex", "CPython Lock"),
        ("the same, recursive", "recursive-mutex", "CPython RLock"),
        ("acquire + release, uncontended", "semaphore", "CPython Semaphore"),
    )
    for label, which, peer in alone:
        work = f"{which}-alone"
        yield Work(
            "synchronization",
            label,
            "ns",
            {"": ["ours", work]},
            {
                peer: ["synchronization", work],
                "robust mutex": ["peers", "mutex-alone"],
            },
        )
    yield Work(
        "synchronization",
        "shared lock + unlock, uncontended",
        "ns",
        {"": ["ours", "shared-mutex-alone"]},
        {"robust mutex": ["peers", "mutex-alone"]},
    )
    for label, work, peer in (
        ("semaphore round trip", "semaphore-round-trip", "CPython Semaphore"),
        ("event round trip", "event-round-trip", "CPython Event"),
        ("barrier of 2, a phase", "barrier-phase", "CPython Barrier"),
    ):
        yield Work(
            "synchronization",
            label,
            "us",
            {"": ["ours", work]},
            {peer: ["synchronization", work]},
        )


def process_works():
    yield Work(
        "processes",
        "start + join, spawn",
        "us",
        {"": ["ours", "start-spawn"]},
        {
            "CPython spawn": ["python", "start-spawn"],
            "posix_spawn, same binary": ["ours", "posix-spawn"],
        },
        {"CPython spawn": 10, "posix_spawn, same binary": 0.67},
    )
    yield Work(
        "processes",
        "start + join, forkserver",
        "us",
        {"": ["ours", "start-forkserver"]},
        {
            "CPython forkserver": ["python", "start-forkserver"],
            "bare fork, same binary": ["ours", "fork"],
        },
        {"CPython forkserver": 10},
    )
    yield Work(
        "processes",
        "start + join, fork",
        "us",
        {"": ["ours", "start-fork"]},
        {
            "CPython fork": ["python", "start-fork"],
            "bare fork, same binary": ["ours", "fork"],
        },
    )


# CPython's own choice: fork up to 3.13. With a limit of tasks for each worker
# an executor never forks.
DEFAULT = multiprocessing.get_start_method()
POOL = f"CPython Pool, {DEFAULT}"
EXECUTOR = f"CPython executor, {DEFAULT}"
EXECUTOR_SPAWN = "CPython executor, spawn"
THREADS = "std::thread pool"


def pool_works():
    def work(name, unit, which, *numbers, peers=(POOL, EXECUTOR), **others):
        commands = {
            POOL: ["pool", f"pool-{which}", *numbers],
            EXECUTOR: ["pool", f"executor-{which}", *numbers],
        }
        return Work(
            "pools",
            name,
            unit,
            {"": ["ours", f"pool-{which}", *numbers]},
            {peer: commands[peer] for peer in peers}
            | {THREADS: ["peers", f"threads-{which}", *numbers]},
            **others,
        )

    budgets = {POOL: 20}
    yield work(
        "pool.map, one task a message",
        "us",
        "map",
        1,
        budgets=budgets,
        large=True,
    )
    # An executor's is 1: the work above.
    yield work("pool.map, default chunk", "ns", "map", 0, peers=[POOL])
    yield work("pool.apply round trip", "us", "apply", budgets=budgets)
    yield work("submit all, then get", "us", "submit", large=True)
    yield work("100 MiB argument over 100 tasks", "ms", "argument", large=True)
    workers = len(os.sched_getaffinity(0))
    for label, nanoseconds in (("10 us", 10_000), ("1 ms", 1_000_000)):
        yield work(
            f"{label} tasks",
            "%",
            "busy",
            workers,
            nanoseconds,
            ideal=nanoseconds / 1e9 / workers,
        )
    yield Work(
        "pools",
        "a new worker for each task",
        "ms",
        {"": ["ours", "pool-restart"]},
        {
            POOL: ["pool", "pool-restart"],
            EXECUTOR_SPAWN: ["pool", "executor-restart"],
        },
    )


# Between processes, CAF speaks BASP over loopback TCP; "one process" is CAF
# without it: the limit to come near, not one to reach.
BASP = "CAF BASP"
BASP_SCOPED = "CAF BASP, scoped_actor"
CAF_ALONE = "CAF, one process"
CAF_SCOPED = "CAF scoped_actor, sharing"
ERLANG = "Erlang, two nodes"
ERLANG_ALONE = "Erlang, one node"
MANAGER = "CPython Manager"


def actor_works():
    kinds = (
        ("int", ["small"]),
        ("1 KiB", ["text", 1024]),
        ("1 MiB", ["text", MIB]),
        ("1000 doubles", ["doubles", 1000]),
    )

    def line(program, work, kind):
        name, *sizes = kind
        return [program, f"{work}-{name}", *sizes]

    # None where copying is most of the work, for all alike.
    def budgets(kind, peer, ratio):
        return {} if MIB in kind else {peer: ratio}

    for label, kind in kinds:
        peers = {
            BASP: line("caf", "round-trip", kind),
            ERLANG: line("erlang", "round-trip", kind),
        }
        # With larger contents it would only pass on a pointer.
        if label == "int":
            peers[CAF_ALONE] = line("caf", "alone-round-trip", kind)
        yield Work(
            "actors",
            f"actor round trip {label}",
            "us",
            {"": line("actors", "round-trip", kind)},
            peers,
            budgets(kind, BASP, 10),
        )
    for label, kind in kinds:
        yield Work(
            "actors",
            f"ask round trip {label}",
            "us",
            {"": line("actors", "ask", kind)},
            {
                BASP_SCOPED: line("caf", "scoped", kind),
                MANAGER: line("manager", "ask", kind),
            },
            budgets(kind, BASP_SCOPED, 10),
        )
    small = ["small"]
    yield Work(
        "actors",
        "actor round trip, one process",
        "us",
        {"": line("actors", "alone-round-trip", small)},
        {
            CAF_ALONE: line("caf", "alone-round-trip", small),
            ERLANG_ALONE: line("erlang", "alone-round-trip", small),
        },
    )
    yield Work(
        "actors",
        "ask, one process",
        "us",
        {"": line("actors", "alone-ask", small)},
        {CAF_SCOPED: line("caf", "alone-scoped", small)},
        {CAF_SCOPED: 10},
    )
    for label, kind in kinds[:3]:
        yield Work(
            "actors",
            f"actor one-way {label}",
            "us" if kind[-1] == MIB else "ns",
            {"": line("actors", "flood", kind)},
            {
                BASP: line("caf", "flood", kind),
                ERLANG: line("erlang", "flood", kind),
                CAF_ALONE: line("caf", "alone-flood", kind),
            },
            budgets(kind, BASP, 5),
        )
    for nodes in range(1, 5):
        yield Work(
            "actors",
            f"4 actors all to all, {nodes} node{'s'[: nodes - 1]}",
            "us",
            {"": ["actors", "all-to-all", nodes]},
            {
                BASP: ["caf", "all-to-all", nodes],
                "Erlang": ["erlang", "all-to-all", nodes],
            },
        )
    yield Work(
        "actors",
        "spawn of a remote actor",
        "us",
        {"": ["actors", "spawn"]},
        {
            "CAF remote_spawn": ["caf", "spawn"],
            "Erlang spawn_request": ["erlang", "spawn"],
            MANAGER: ["manager", "spawn-actor"],
        },
    )
    yield Work(
        "actors",
        "SIGKILL of a process to down_msg",
        "us",
        {"": ["actors", "down"]},
        {BASP: ["caf", "down"]},
    )
    for work in ("get", "set"):
        yield Work(
            "actors",
            f"manager dict {work}",
            "us",
            {"": ["actors", f"dict-{work}"]},
            {MANAGER: ["manager", f"dict-{work}"]},
        )


GROUPS = {
    "pipes": pipe_works,
    "queues": queue_works,
    "sharing": sharing_works,
    "synchronization": synchronization_works,
    "processes": process_works,
    "pools": pool_works,
    "actors": actor_works,
}
UNITS = {"ns": 1e9, "us": 1e6, "ms": 1e3}


def erlang_program(programs):
    """Nodes that find each other without epmd, and only on loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return [
        *("env", "ERL_CRASH_DUMP_SECONDS=0"),
        *("erl", "-noshell", "-pa", programs),
        *("-name", f"bench_{os.getpid()}@127.0.0.1"),
        *("-setcookie", secrets.token_hex(16)),
        *("-start_epmd", "false", "-erl_epmd_port", str(port)),
        *("-kernel", "inet_dist_use_interface", "{127,0,0,1}"),
        *("-run", "peer_erlang", "main"),
    ]


class Contest:
    def __init__(self, programs, milliseconds):
        # Under Python, this interpreter: scripts/bench chooses it.
        self.programs = {
            "actors": [os.path.join(programs, "bench_actors")],
            "caf": [os.path.join(programs, "bench_caf")],
            "erlang": erlang_program(programs),
            "manager": [sys.executable, os.path.join(HERE, "peer_manager.py")],
            "ours": [os.path.join(programs, "bench_ours")],
            "peers": [os.path.join(programs, "bench_peers")],
            "pool": [sys.executable, os.path.join(HERE, "peer_pool.py")],
            "python": [sys.executable, os.path.join(HERE, "peer_python.py")],
            "synchronization": [
                sys.executable,
                os.path.join(HERE, "peer_synchronization.py"),
            ],
        }
        # What may be missing on a machine: program -> file of it.
        self.optional = {
            "actors": os.path.join(programs, "bench_actors"),
            "caf": os.path.join(programs, "bench_caf"),
            "erlang": os.path.join(programs, "peer_erlang.beam"),
        }
        self.milliseconds = milliseconds
        self.absences = {}  # command line -> what it lacks
        self.failures = {}  # command line -> why

    def measure(self, command):
        """Seconds of one work, or None: this contestant cannot do it."""
        program, *arguments = command
        if not os.path.exists(self.optional.get(program, "/")):
            self.absences[(program,)] = "not built"
            return None
        line = [*self.programs[program], *map(str, arguments)]
        if tuple(line) in self.failures | self.absences:
            return None
        try:
            done = subprocess.run(
                [*line, str(self.milliseconds)],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=60,
            )
            if done.returncode == 0:
                return float(done.stdout)
            why = done.stderr.strip() or f"status {done.returncode}"
            if done.returncode == UNAVAILABLE:
                self.absences[tuple(line)] = why
                return None
        except subprocess.TimeoutExpired:
            why = "did not end within a minute"
        except (OSError, ValueError) as error:
            why = str(error)
        self.failures[tuple(line)] = why
        return None

    def run(self, work, rounds):
        """Rows of one work."""
        commands = {
            ("ours", variant): line for variant, line in work.ours.items()
        }
        commands |= {("peer", name): line for name, line in work.peers.items()}
        figures = {contestant: [] for contestant in commands}
        for number in range(rounds):
            order = list(commands)
            turn = number % len(order)
            for contestant in order[turn:] + order[:turn]:
                seconds = self.measure(commands[contestant])
                if seconds is not None:
                    figures[contestant].append(in_unit(work, seconds))
        medians = {
            contestant: statistics.median(found)
            for contestant, found in figures.items()
            if found
        }
        for variant in work.ours:
            ours = medians.get(("ours", variant))
            for peer in work.peers:
                theirs = medians.get(("peer", peer))
                yield {
                    "group": work.group,
                    "work": work.name + variant,
                    "peer": peer,
                    "ours": ours,
                    "theirs": theirs,
                    "unit": work.unit,
                    "ratio": ratio(work, ours, theirs),
                    "budget": work.budgets.get(peer),
                }


def in_unit(work, seconds):
    if work.unit == "%":
        return 100 * work.ideal / seconds
    return seconds * UNITS[work.unit]


def ratio(work, ours, theirs):
    """How many times better ours is."""
    if not ours or not theirs:
        return None
    return ours / theirs if work.unit == "%" else theirs / ours


def figure(value, unit=""):
    if value is None:
        return "-"
    digits = 0 if value >= 1000 else 1 if value >= 100 else 2
    return f"{value:.{digits}f} {unit}".strip()


def judged(ratio, budget):
    """A budget, and whether a ratio falls short of it."""
    if budget is None:
        return ""
    return f"{budget}" if ratio is None or ratio >= budget else f"{budget} !"


def main():
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description=__doc__.split("\n")[0]
    )
    parser.add_argument(
        "groups",
        nargs="*",
        metavar="GROUP",
        help=f"some of {', '.join(GROUPS)}; all of them without one",
    )
    parser.add_argument("--programs", required=True, help=argparse.SUPPRESS)
    parser.add_argument(
        "--quick", action="store_true", help="fewer and shorter rounds"
    )
    parser.add_argument(
        "--json", metavar="FILE", help="write the rows there, too"
    )
    parser.add_argument(
        "--only",
        metavar="SUBSTRING",
        default="",
        help="only works or peers whose names contain it",
    )
    options = parser.parse_args()
    for group in options.groups:
        if group not in GROUPS:
            parser.error(f"no group '{group}'; there are {', '.join(GROUPS)}")

    contest = Contest(options.programs, 50 if options.quick else 250)
    started = time.monotonic()
    rows = []
    line = "{:34}{:26}{:>12}{:>12}{:>9}  {}"
    print(
        f"{os.cpu_count()} processors, {platform.system()}"
        f" {platform.release()}, Python {platform.python_version()};"
        " a ratio above 1: ramet is faster"
    )
    print(line.format("work", "peer", "ours", "theirs", "ratio", "budget"))
    groups = options.groups or GROUPS
    for work in (work for group in groups for work in GROUPS[group]()):
        wanted = options.only.lower()
        if wanted not in work.name.lower():
            peers = {
                name: command
                for name, command in work.peers.items()
                if wanted in name.lower()
            }
            if not peers:
                continue
            work = work._replace(peers=peers)
        if options.quick:
            rounds = 2 if work.large else 3
        else:
            rounds = 5 if work.large else 7
        for row in contest.run(work, rounds):
            if row["ours"] is None and row["theirs"] is None:
                continue
            if not rows or rows[-1]["group"] != work.group:
                print(f"-- {work.group}")
            rows.append(row)
            print(
                line.format(
                    row["work"],
                    row["peer"],
                    figure(row["ours"], row["unit"]),
                    figure(row["theirs"], row["unit"]),
                    figure(row["ratio"]),
                    judged(row["ratio"], row["budget"]),
                ).rstrip(),
                flush=True,
            )
    print(f"{time.monotonic() - started:.0f} s")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)
            file.write("\n")
    for command, why in contest.absences.items():
        print(f"left out: {' '.join(command)}: {why}", file=sys.stderr)
    for command, why in contest.failures.items():
        print(f"failed: {' '.join(command)}: {why}", file=sys.stderr)
    if not rows:
        print(f"nothing contains '{options.only}'", file=sys.stderr)
    return 1 if contest.failures or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
