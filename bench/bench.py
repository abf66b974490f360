# Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

"""ramet beside its peers: the same works, in turns, on the same machine.

Of every work several rounds are measured; in each round every contestant runs
once, as a fresh process, and the order turns from round to round. The table
has the medians. A ratio above 1 means that ramet is faster.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from typing import NamedTuple

HERE = os.path.dirname(os.path.abspath(__file__))
MIB = 1 << 20
UNAVAILABLE = 77  # exit status of a contestant that this build does not have


class Work(NamedTuple):
    name: str
    unit: str
    ours: dict  # what tells a row's name apart -> arguments of bench_ours
    peers: dict  # name of the peer -> [program, arguments...]
    large: bool = False  # copies so much that fewer rounds must do


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
        f"queue {producers}-{consumers} 64 B",
        "ns",
        {"": ["queue", *crew]},
        {
            "CPython Queue": ["python", "queue", *crew],
            "ZeroMQ PUSH-PULL": ["peers", "zmq-queue", *crew],
            "Boost message_queue": ["peers", "boost-queue", *crew],
        },
    )


def works():
    for size, label in ((64, "64 B"), (1024, "1 KiB")):
        names = [
            "CPython Pipe",
            "ZeroMQ PAIR",
            "Boost message_queue",
            "socketpair",
        ]
        yield Work(
            f"pipe round trip {label}",
            "us",
            {"": ["round-trip", size]},
            pipe_peers("round-trip", size, *names, "futex"),
        )
        yield Work(
            f"pipe one-way {label}",
            "ns",
            {"": ["one-way", size]},
            pipe_peers("one-way", size, *names),
        )
    # Ours as a vector that the receiver owns, and as a view in place.
    size = 64 * MIB
    names = ["CPython Pipe", "ZeroMQ PAIR", "socketpair"]
    for work, label, peers in (
        ("round-trip", "round trip", names),
        ("one-way", "one-way", [*names, "memcpy"]),
    ):
        yield Work(
            f"pipe {label} 64 MiB",
            "ms",
            {"": [work, size], ", view": [f"{work}-view", size]},
            pipe_peers(work, size, *peers),
            large=True,
        )
    yield Work(
        "struct, 1000 doubles, round trip",
        "us",
        {"": ["record"]},
        {
            "CPython Pipe, list": ["python", "record-list"],
            "CPython Pipe, array": ["python", "record-array"],
        },
    )
    for crew in ((1, 1), (2, 1), (4, 4)):
        yield queue_work(*crew)
    yield Work(
        "start + join, spawn",
        "us",
        {"": ["start-spawn"]},
        {
            "CPython spawn": ["python", "start-spawn"],
            "posix_spawn, same binary": ["ours", "posix-spawn"],
        },
    )
    yield Work(
        "start + join, forkserver",
        "us",
        {"": ["start-forkserver"]},
        {"CPython forkserver": ["python", "start-forkserver"]},
    )


UNITS = {"ns": 1e9, "us": 1e6, "ms": 1e3}


class Contest:
    def __init__(self, programs, milliseconds):
        self.programs = {
            "ours": [os.path.join(programs, "bench_ours")],
            "peers": [os.path.join(programs, "bench_peers")],
            # This interpreter: scripts/bench chooses it.
            "python": [sys.executable, os.path.join(HERE, "peer_python.py")],
        }
        self.milliseconds = milliseconds
        self.absences = {}  # command line -> what it lacks
        self.failures = {}  # command line -> why

    def measure(self, command):
        """Seconds of one work, or None: this contestant cannot do it."""
        program, *arguments = command
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
            ("ours", variant): ["ours", *arguments]
            for variant, arguments in work.ours.items()
        }
        commands |= {("peer", name): line for name, line in work.peers.items()}
        figures = {contestant: [] for contestant in commands}
        for number in range(rounds):
            order = list(commands)
            turn = number % len(order)
            for contestant in order[turn:] + order[:turn]:
                seconds = self.measure(commands[contestant])
                if seconds is not None:
                    figures[contestant].append(seconds * UNITS[work.unit])
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
                    "work": work.name + variant,
                    "peer": peer,
                    "ours": ours,
                    "theirs": theirs,
                    "unit": work.unit,
                    "ratio": theirs / ours if ours and theirs else None,
                }


def figure(value, unit=""):
    if value is None:
        return "-"
    digits = 0 if value >= 1000 else 1 if value >= 100 else 2
    return f"{value:.{digits}f} {unit}".strip()


def main():
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description=__doc__.split("\n")[0]
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

    contest = Contest(options.programs, 50 if options.quick else 250)
    started = time.monotonic()
    rows = []
    line = "{:34}{:26}{:>12}{:>12}{:>9}"
    print(
        f"{os.cpu_count()} processors, {platform.system()}"
        f" {platform.release()}, Python {platform.python_version()};"
        " a ratio above 1: ramet is faster"
    )
    print(line.format("work", "peer", "ours", "theirs", "ratio"))
    for work in works():
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
            rows.append(row)
            print(
                line.format(
                    row["work"],
                    row["peer"],
                    figure(row["ours"], row["unit"]),
                    figure(row["theirs"], row["unit"]),
                    figure(row["ratio"]),
                ),
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
