# Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

"""CPython's multiprocessing.

Usage: peer_python.py WORK NUMBER... MILLISECONDS; prints the seconds of one.
Imports little: every child imports it again, and that time is measured, too.
"""

import multiprocessing
from array import array

if __name__ == "__main__":  # children measure nothing
    import measure

PLAIN, ECHO, ACK, STOP = range(4)


def answer(pipe):
    while True:
        message = pipe.recv_bytes()
        what = message[0]
        if what == ECHO:
            pipe.send_bytes(message)
        elif what == ACK:
            pipe.send_bytes(b"\0")
        elif what == STOP:
            return


def with_pipe(far_side, work):
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    child = spawn.Process(target=far_side, args=(there,), daemon=True)
    child.start()
    there.close()
    result = work(here)
    child.join()
    return result


def round_trip(size, budget):
    def work(pipe):
        message = bytes([ECHO]) + b"U" * (size - 1)

        def run(n):
            for _ in range(n):
                pipe.send_bytes(message)
                pipe.recv_bytes()

        result = measure.median_time(budget, run)
        pipe.send_bytes(bytes([STOP]))
        return result

    return with_pipe(answer, work)


def one_way(size, budget):
    def work(pipe):
        plain = bytes([PLAIN]) + b"U" * (size - 1)
        last = bytes([ACK]) + b"U" * (size - 1)

        def run(n):
            for _ in range(n - 1):
                pipe.send_bytes(plain)
            pipe.send_bytes(last)
            pipe.recv_bytes()

        result = measure.median_time(budget, run)
        pipe.send_bytes(bytes([STOP]))
        return result

    return with_pipe(answer, work)


class Record:
    def __init__(self, name, city, note, samples):
        self.name = name
        self.city = city
        self.note = note
        self.samples = samples


def answer_records(pipe):
    while (record := pipe.recv()) is not None:
        pipe.send(record)


def record_round_trip(samples, budget):
    def work(pipe):
        record = Record(
            "Ada Lovelace",
            "London",
            "wrote the first program for a machine that was never built",
            samples,
        )

        def run(n):
            for _ in range(n):
                pipe.send(record)
                pipe.recv()

        result = measure.median_time(budget, run)
        pipe.send(None)
        return result

    return with_pipe(answer_records, work)


def record_with_list(budget):
    return record_round_trip([i * 0.5 for i in range(1000)], budget)


def record_with_array(budget):
    return record_round_trip(array("d", (i * 0.5 for i in range(1000))), budget)


def answer_on_socket(pipe):
    while (socket := pipe.recv()) is not None:
        socket.sendall(b"!")
        socket.close()


def pass_socket(budget):
    from socket import socketpair

    def work(pipe):
        def run(n):
            for _ in range(n):
                mine, yours = socketpair()
                pipe.send(yours)
                yours.close()
                mine.recv(1)
                mine.close()

        result = measure.median_time(budget, run)
        pipe.send(None)
        return result

    return with_pipe(answer_on_socket, work)


def producer(control, items, consumers):
    plain = bytes([PLAIN]) + b"U" * 63
    last = bytes([STOP]) + b"U" * 63
    while count := control.recv():
        for _ in range(count):
            items.put(plain)
        for _ in range(consumers):
            items.put(last)
        control.send(True)


def consumer(control, items, producers):
    while control.recv():
        ended = 0
        while ended < producers:
            if items.get()[0] == STOP:
                ended += 1
        control.send(True)


def queue(producers, consumers, budget):
    spawn = multiprocessing.get_context("spawn")
    items = spawn.Queue()
    children = []

    def crew(function, size, others):
        controls = []
        for _ in range(size):
            here, there = spawn.Pipe()
            child = spawn.Process(
                target=function, args=(there, items, others), daemon=True
            )
            child.start()
            children.append(child)
            controls.append(here)
        return controls

    putting = crew(producer, producers, consumers)
    taking = crew(consumer, consumers, producers)

    def run(n):
        each = max(n // producers, 1)
        for control in taking + putting:
            control.send(each)
        for control in putting + taking:
            control.recv()

    result = measure.median_time(budget, run)
    for control in taking + putting:
        control.send(0)
    for child in children:
        child.join()
    return result


def increment(shared, count):
    for _ in range(count):
        with shared.get_lock():
            shared.value += 1


def incrementer(control, shared):
    while count := control.recv():
        increment(shared, count)
        control.send(True)


def locked_increment(processes, budget):
    spawn = multiprocessing.get_context("spawn")
    shared = spawn.Value("q", 0)
    controls = []
    children = []
    for _ in range(processes - 1):
        here, there = spawn.Pipe()
        child = spawn.Process(
            target=incrementer, args=(there, shared), daemon=True
        )
        child.start()
        children.append(child)
        controls.append(here)

    def run(n):
        each = max(n // processes, 1)
        for control in controls:
            control.send(each)
        increment(shared, each)
        for control in controls:
            control.recv()

    result = measure.median_time(budget, run)
    for control in controls:
        control.send(0)
    for child in children:
        child.join()
    return result


def nothing():
    pass


def start_and_join(method, budget):
    context = multiprocessing.get_context(method)

    def run(n):
        for _ in range(n):
            child = context.Process(target=nothing)
            child.start()
            child.join()

    return measure.median_time(budget, run)


def start_spawn(budget):
    return start_and_join("spawn", budget)


def start_fork(budget):
    return start_and_join("fork", budget)


def start_forkserver(budget):
    return start_and_join("forkserver", budget)


if __name__ == "__main__":
    measure.main({
        "increment": locked_increment,
        "one-way": one_way,
        "queue": queue,
        "record-array": record_with_array,
        "record-list": record_with_list,
        "socket": pass_socket,
        "round-trip": round_trip,
        "start-fork": start_fork,
        "start-forkserver": start_forkserver,
        "start-spawn": start_spawn,
    })
