# Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

"""Drives the example kv_service as its clients do, and kills its processes.

Usage: kv_service.py PROGRAM [TEST...]
"""

import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

PATIENCE = 60  # seconds, for whatever should come at once


class Error(str):
    """An error reply."""


class Client:
    """A connection with RESP2 on it."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.replies = self.socket.makefile("rb")

    def close(self):
        self.replies.close()
        self.socket.close()

    @staticmethod
    def encode(*words):
        parts = [w if isinstance(w, bytes) else str(w).encode() for w in words]
        return b"*%d\r\n" % len(parts) + b"".join(
            b"$%d\r\n%s\r\n" % (len(p), p) for p in parts)

    def send(self, *words):
        self.socket.sendall(self.encode(*words))

    def read(self):
        line = self.replies.readline()
        if not line:
            raise EOFError
        assert line.endswith(b"\r\n"), line
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest.decode()
        if kind == b"-":
            return Error(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"*":
            return [self.read() for _ in range(int(rest))]
        assert kind == b"$", line
        size = int(rest)
        if size < 0:
            return None
        data = self.replies.read(size + 2)
        assert len(data) == size + 2 and data.endswith(b"\r\n"), data
        return data[:-2]

    def __call__(self, *words):
        self.send(*words)
        return self.read()

    def pipeline(self, commands):
        self.socket.sendall(b"".join(self.encode(*c) for c in commands))
        return [self.read() for _ in commands]

    def info(self):
        return dict(line.split(":", 1)
                    for line in self("INFO").decode().split("\r\n")
                    if ":" in line)

    def shard(self, number):
        return dict(pair.split("=")
                    for pair in self.info()[f"shard{number}"].split(","))


class Service:
    """The program, running."""

    def __init__(self, data, *arguments):
        self.process = subprocess.Popen(
            [PROGRAM, "--port", "0", "--data", data, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.lines = []
        self.more = threading.Condition()  # there are more lines
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            found = re.fullmatch(r"listening at port (\d+), (\d+) shards",
                                 self.lines[-1])
            if found:
                self.port, self.shards = map(int, found.groups())
                break
        else:
            self.process.wait()
            raise RuntimeError(self.process.stderr.read())
        self.reader = threading.Thread(target=self.collect, daemon=True)
        self.reader.start()

    def collect(self):
        for line in self.process.stdout:
            with self.more:
                self.lines.append(line.rstrip("\n"))
                self.more.notify_all()

    def wait_for_starts(self, shard, count):
        """Until it has said so many times that this shard is up."""
        def said():
            return sum(line.startswith(f"shard {shard}: pid ")
                       for line in self.lines) >= count
        with self.more:
            assert self.more.wait_for(said, PATIENCE), self.lines

    def client(self):
        return Client(self.port)

    def pid(self, shard):
        with_pid = self.client()
        pid = int(with_pid.shard(shard)["pid"])
        with_pid.close()
        return pid

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE) == 0
        self.reader.join(PATIENCE)
        assert self.lines[-1] == "stopped", self.lines
        assert self.process.stderr.read() == ""
        self.close_pipes()

    def close_pipes(self):
        self.process.stdout.close()
        self.process.stderr.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None:
            print(self.lines)
            self.process.kill()
            self.process.wait()
        elif self.process.poll() is None:
            self.stop()


def expect(found, wanted):
    assert found == wanted, \
        f"expected {repr(wanted)[:500]}, found {repr(found)[:500]}"


def wait_for_end(pidfd):
    """Of a process, whosever child it is."""
    assert select.select([pidfd], [], [], PATIENCE)[0], "a process is left"
    os.close(pidfd)


def alive(pid):
    try:
        os.kill(pid, 0)
        return True
    except ProcessLookupError:
        return False


def key_of_shard(client, number, name):
    """A key that lies there: keys are tried until that shard has one more."""
    for i in range(1000):
        before = int(client.shard(number)["keys"])
        key = f"{name}-{i}"
        client("SET", key, "0")
        if int(client.shard(number)["keys"]) > before:
            return key
        client("DEL", key)
    raise AssertionError(f"no key lies in shard {number}")


# -- tests --------------------------------------------------------------------


def test_commands(data):
    with Service(data, "--shards", "3") as service:
        c = service.client()
        expect(c("PING"), "PONG")
        expect(c("ping", "hello"), b"hello")
        expect(c("ECHO", "a b"), b"a b")
        expect(c("SET", "a", "1"), "OK")
        expect(c("GET", "a"), b"1")
        expect(c("INCR", "a"), 2)
        expect(c("INCR", "n"), 1)
        expect(c("GET", "nothing"), None)
        expect(c("SET", "a", "x", "NX"), None)
        expect(c("SET", "a", "x", "XX", "EX", "100"), "OK")
        expect(c("TTL", "a"), 100)
        expect(c("TTL", "n"), -1)
        expect(c("TTL", "nothing"), -2)
        expect(c("EXPIRE", "n", "50"), 1)
        expect(c("TTL", "n"), 50)
        expect(c("EXPIRE", "nothing", "50"), 0)
        for i in range(20):
            expect(c("SET", f"k{i}", f"v{i}"), "OK")
        keys = [f"k{i}" for i in range(25)]
        values = [f"v{i}".encode() for i in range(20)] + [None] * 5
        expect(c("MGET", *keys), values)
        expect(c("EXISTS", *keys, "k1", "a"), 22)
        expect(c("DEL", *keys, "k1"), 20)
        expect(c("EXISTS", *keys), 0)
        expect(c("SET", b"\0\r\n\xff", b"\0\r\n\xfe"), "OK")
        expect(c("GET", b"\0\r\n\xff"), b"\0\r\n\xfe")
        expect(c("SET", "", ""), "OK")
        expect(c("GET", ""), b"")

        expect(c("COMMAND"), [])
        expect(c("COMMAND", "DOCS"), [])
        expect(c("CONFIG", "GET", "save"), [b"save", b""])
        expect(c("CONFIG", "GET", "appendonly"), [b"appendonly", b"yes"])
        expect(c("CONFIG", "GET", "other"), [])
        expect(c.info()["tcp_port"], str(service.port))

        for words, text in (
                (["NOSUCH", "x"], "ERR unknown command 'NOSUCH'"),
                (["a\r\nb"], "ERR unknown command 'a  b'"),
                (["GET"], "ERR wrong number of arguments for 'GET' command"),
                (["GET", "a", "b"],
                 "ERR wrong number of arguments for 'get' command"),
                (["MGET"], "ERR wrong number of arguments for 'MGET' command"),
                (["SET", "a", "1", "EX"], "ERR syntax error"),
                (["INCR", "a"], "ERR value is not an integer or out of range")):
            found = c(*words)
            assert isinstance(found, Error)
            expect(found, text)
        expect(c("QUIT"), "OK")
        expect(c.replies.read(), b"")
        c.close()


def test_expiry(data):
    with Service(data, "--shards", "2") as service:
        c = service.client()
        c("SET", "a", "1", "PX", "30")
        c("SET", "b", "1", "PX", "60000")
        end = time.monotonic() + PATIENCE
        while c("GET", "a") is not None:
            assert time.monotonic() < end
        expect(c("GET", "b"), b"1")
        c("EXPIRE", "b", "-1")
        expect(c("GET", "b"), None)
        c.close()


def test_streams(data):
    with Service(data, "--shards", "3") as service:
        c = service.client()
        # A long pipeline, over all shards, is answered in order.
        count = 20000
        replies = c.pipeline([("SET", f"key{i}", f"value{i}")
                              for i in range(count)])
        expect(replies, ["OK"] * count)
        replies = c.pipeline([("GET", f"key{i}") if i % 3 else ("PING",)
                              for i in range(count)])
        expect(replies, [f"value{i}".encode() if i % 3 else "PONG"
                         for i in range(count)])
        # The same bytes however they come, and inline commands.
        stream = Client.encode("GET", "key7") + b"get key8\r\n\r\nPING\n"
        for byte in stream:
            c.socket.sendall(bytes([byte]))
        expect([c.read() for _ in range(3)], [b"value7", b"value8", "PONG"])
        c.socket.sendall(b"set 'a b' \"c\\x41\"\r\n")
        expect(c.read(), "OK")
        expect(c("GET", "a b"), b"cA")
        # Large values.
        large = os.urandom(5_000_000)
        expect(c("SET", "large", large), "OK")
        expect(c.pipeline([("GET", "large")] * 5), [large] * 5)
        c.close()
        # What is no command is refused, after the replies to all before it.
        for bad in (b"*x\r\n", b"*1\r\n:1\r\n", b"*1\r\n$-5\r\n", b"get 'a\r\n",
                    b"x" * 100_000, b"*1\r\n$999999999\r\n"):
            c = service.client()
            c.socket.sendall(Client.encode("GET", "key7") + bad)
            expect(c.read(), b"value7")
            found = c.read()
            assert found.startswith("ERR Protocol error"), found
            try:
                expect(c.replies.read(), b"")
            except ConnectionResetError:
                pass  # it had not read all of that
            c.close()
        # A client that sends no more still gets its replies.
        c = service.client()
        c.socket.sendall(b"GET key7\r\n" * 1000)
        c.socket.shutdown(socket.SHUT_WR)
        expect(c.replies.read(), b"$6\r\nvalue7\r\n" * 1000)
        c.close()


def test_client_that_does_not_read(data):
    with Service(data, "--shards", "2") as service:
        value = b"x" * 100_000
        other = service.client()
        other("SET", "big", value)
        lazy = service.client()
        commands = 2000
        sender = threading.Thread(
            target=lambda: lazy.socket.sendall(b"GET big\r\n" * commands))
        sender.start()
        for _ in range(1000):
            expect(other("GET", "none"), None)
        for _ in range(commands):
            expect(lazy.read(), value)
        sender.join()
        lazy.close()
        other.close()


def test_a_shard_that_hangs_holds_up_no_other(data):
    with Service(data, "--shards", "2") as service:
        c = service.client()
        here = key_of_shard(c, 0, "here")
        there = key_of_shard(c, 1, "there")
        pid = service.pid(0)
        os.kill(pid, signal.SIGSTOP)
        try:
            stuck = service.client()
            stuck.send("GET", here)
            for _ in range(1000):
                expect(c("INCR", there) > 0, True)
        finally:
            os.kill(pid, signal.SIGCONT)
        expect(stuck.read(), b"0")
        stuck.close()
        c.close()


def test_killed_under_load(data):
    kills = 4
    victim = 1
    with Service(data, "--shards", "3") as service:
        stop = threading.Event()
        problems = []
        workers = []
        turn = threading.Condition()  # a worker has ended one, or failed

        def work(me, worker):
            try:
                c = service.client()
                while not stop.is_set():
                    i = worker["last"] + 1
                    keys = [f"{me}:{k}" for k in range(16)]
                    commands = [("SET", key, i) for key in keys]
                    commands.append(("INCR", f"{me}:count"))
                    replies = c.pipeline(commands)
                    for key, reply in zip(keys, replies):
                        if reply == "OK":
                            worker["sure"][key] = i
                        else:
                            worker["errors"].add(str(reply))
                    if isinstance(replies[-1], int):
                        worker["least"] = replies[-1]
                    else:
                        worker["errors"].add(str(replies[-1]))
                    with turn:
                        worker["count"] += 1
                        worker["last"] = i
                        turn.notify_all()
                c.close()
            except BaseException as problem:  # reported by the main thread
                with turn:
                    problems.append(repr(problem))
                    turn.notify_all()

        threads = []
        for me in range(4):
            workers.append({"last": 0, "sure": {}, "errors": set(), "least": 0,
                            "count": 0})
            threads.append(threading.Thread(target=work,
                                            args=(me, workers[-1])))
            threads[-1].start()
        c = service.client()
        pids = [service.pid(i) for i in range(3)]

        def let_all_work():
            marks = [w["last"] for w in workers]
            with turn:
                assert turn.wait_for(
                    lambda: problems or all(
                        w["last"] > mark + 20
                        for w, mark in zip(workers, marks)), PATIENCE)

        for kill in range(kills):
            let_all_work()
            os.kill(service.pid(victim), signal.SIGKILL)
            service.wait_for_starts(victim, kill + 2)
            expect(c.shard(victim)["restarts"], str(kill + 1))
            expect(c.shard(victim)["up"], "1")
        let_all_work()
        stop.set()
        for thread in threads:
            thread.join(PATIENCE)
            assert not thread.is_alive(), "a client hangs"
        expect(problems, [])
        # Nobody but that one was touched.
        for other in (0, 2):
            expect(service.pid(other), pids[other])
            expect(c.shard(other)["restarts"], "0")

        def check(c):
            for me, worker in enumerate(workers):
                for key, sure in worker["sure"].items():
                    found = int(c("GET", key))
                    assert sure <= found <= worker["last"], (key, sure, found)
                count = int(c("GET", f"{me}:count"))
                assert worker["least"] <= count <= worker["count"], count

        check(c)
        errors = set().union(*(w["errors"] for w in workers))
        for error in errors:
            assert re.fullmatch(rf"ERR shard {victim} .*; try again",
                                error), error
        died = [line for line in service.lines if "killed by SIGKILL" in line]
        expect(len(died), kills)
        c.close()
        service.stop()
    with Service(data) as service:  # of as many shards as before
        expect(service.shards, 3)
        c = service.client()
        check(c)
        c.close()


def test_root_killed(data):
    with Service(data, "--shards", "2") as service:
        c = service.client()
        expect(c.pipeline([("SET", f"k{i}", i) for i in range(1000)]),
               ["OK"] * 1000)
        shards = [os.pidfd_open(service.pid(i)) for i in range(2)]
        service.process.kill()
        service.process.wait()
        service.reader.join()
        service.close_pipes()
        c.close()
    with Service(data) as service:  # at once, while the old shards still go
        c = service.client()
        expect(c("MGET", *(f"k{i}" for i in range(1000))),
               [str(i).encode() for i in range(1000)])
        c.close()
    for old in shards:
        wait_for_end(old)


def test_torn_log(data):
    with Service(data, "--shards", "1", "--sync", "always") as service:
        c = service.client()
        expect(c("SET", "a", "1"), "OK")
        expect(c("SET", "b", "2"), "OK")
        c.close()
    log = os.path.join(data, "shard-0.log")
    os.truncate(log, os.path.getsize(log) - 3)
    with Service(data) as service:
        c = service.client()
        expect(c("MGET", "a", "b"), [b"1", None])
        cut = [line for line in service.lines if "no whole record" in line]
        expect(len(cut), 1)
        assert os.path.exists(log + ".cut")
        c.close()


def test_log_is_rewritten(data):
    with Service(data, "--shards", "1", "--sync", "no") as service:
        c = service.client()
        for _ in range(20):
            c.pipeline([("SET", f"k{i % 100}", "x" * 100)
                        for i in range(5000)])
        size = os.path.getsize(os.path.join(data, "shard-0.log"))
        assert size < 6 << 20, size  # of 13 MB written
        expect(c("GET", "k99"), b"x" * 100)
        c.close()
    with Service(data) as service:
        c = service.client()
        expect(c("EXISTS", *(f"k{i}" for i in range(100))), 100)
        c.close()


def test_refusals(data):
    with Service(data, "--shards", "2") as service:
        for arguments, text in ((["--shards", "3"], "are cut into 2 shards"),
                                ([], "is in use by another process")):
            try:
                Service(data, *arguments)
                raise AssertionError("it started")
            except RuntimeError as problem:
                assert text in str(problem), problem
        run = subprocess.run([PROGRAM, "--port", str(service.port), "--data",
                              data + "-2"], capture_output=True, text=True)
        expect(run.returncode, 1)
        assert "in use" in run.stderr, run.stderr


def test_no_process_is_left(data):
    with Service(data, "--shards", "2") as service:
        pids = [service.pid(0), service.pid(1)]
        idle = service.client()
        service.stop()
        expect(list(map(alive, pids)), [False, False])
        expect(idle.replies.read(), b"")
        idle.close()


def test_kill_one_after(data):
    with Service(data, "--shards", "2", "--kill-one-after",
                 "50ms") as service:
        c = service.client()
        service.wait_for_starts(0, 2)
        expect(c.shard(0)["restarts"], "1")
        expect(c.shard(0)["up"], "1")
        c.close()


def test_redis_tools(data):
    """Those of Redis itself, where they are installed."""
    if not (shutil.which("redis-cli") and shutil.which("redis-benchmark")):
        print("  redis-tools are not installed")
        return
    with Service(data, "--shards", "2") as service:
        port = str(service.port)

        def run(*command):
            return subprocess.run(command, capture_output=True, text=True,
                                  timeout=PATIENCE, check=True).stdout

        cli = ["redis-cli", "-p", port]
        expect(run(*cli, "set", "city", "Oslo", "ex", "100"), "OK\n")
        expect(run(*cli, "mget", "city", "no"), "Oslo\n\n")
        expect(run(*cli, "--no-raw", "incr", "n"), "(integer) 1\n")
        for pipeline in ("1", "16"):
            output = run("redis-benchmark", "-p", port, "-t", "set,get,incr",
                         "-n", "5000", "-c", "20", "-P", pipeline, "-q", "-r",
                         "1000")
            for name in ("SET", "GET", "INCR"):
                assert re.search(rf"{name}: [0-9.]+ requests per second",
                                 output), output
            assert "WARNING" not in output, output


def main():
    names = sys.argv[2:] or [n for n in globals() if n.startswith("test_")]
    for name in names:
        begin = time.monotonic()
        data = tempfile.mkdtemp(prefix="ramet-kv-")
        try:
            globals()[name](os.path.join(data, "d"))
        finally:
            shutil.rmtree(data)
        print(f"{name}: {time.monotonic() - begin:.1f} s", flush=True)


PROGRAM = sys.argv[1]
main()
