# Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

"""What the test of the example mandelbrot does not do in bash.

Usage: mandelbrot.py picture FILE.png
       mandelbrot.py kill PROGRAM DIRECTORY
"""

import os
import signal
import struct
import subprocess
import sys
import time
import zlib


def expect(what, condition):
    if not condition:
        sys.exit(f"failed: {what}")


def decode(data):
    """Returns width, height and the rows of a PNG with 8 bits of RGB."""
    expect("PNG signature", data[:8] == b"\x89PNG\r\n\x1a\n")
    at, chunks = 8, []
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        checksum, = struct.unpack(">I", data[at + 8 + size:at + 12 + size])
        expect(f"checksum of {kind}", zlib.crc32(kind + body) == checksum)
        chunks.append((kind, body))
        at += 12 + size
    expect("order of chunks",
           chunks[0][0] == b"IHDR" and chunks[-1] == (b"IEND", b""))
    width, height, depth, colours, *others = struct.unpack(">IIBBBBB",
                                                           chunks[0][1])
    expect("8 bits of RGB, not interlaced",
           (depth, colours, others) == (8, 2, [0, 0, 0]))
    raw = zlib.decompress(b"".join(b for k, b in chunks if k == b"IDAT"))
    line = 3 * width
    expect("length of the pixels", len(raw) == height * (1 + line))
    rows, above = [], bytes(line)
    for y in range(height):
        start = y * (1 + line)
        above = unfilter(raw[start], raw[start + 1:start + 1 + line], above)
        rows.append(above)
    return width, height, rows


def unfilter(kind, row, above):
    expect("kind of filter", kind <= 4)
    result = bytearray()
    for i, value in enumerate(row):
        a = result[i - 3] if i >= 3 else 0
        b = above[i]
        c = above[i - 3] if i >= 3 else 0
        if kind == 1:
            value += a
        elif kind == 2:
            value += b
        elif kind == 3:
            value += (a + b) // 2
        elif kind == 4:
            p = a + b - c
            value += min((abs(p - a), 0, a), (abs(p - b), 1, b),
                         (abs(p - c), 2, c))[2]
        result.append(value & 0xff)
    return bytes(result)


def check_picture(file):
    """90 x 61 pixels around -0.75, 2.5 high."""
    with open(file, "rb") as f:
        width, height, rows = decode(f.read())
    expect("size", (width, height) == (90, 61))

    def colour_at(re, im):
        step = 2.5 / height
        x = round((re + 0.75) / step + (width - 1) / 2)
        y = round((height - 1) / 2 - im / step)
        return rows[y][3 * x:3 * x + 3]

    for point in [(0, 0), (-1, 0), (-0.5, 0), (-0.1, 0.7), (0.25, 0.3)]:
        expect(f"{point} is black", colour_at(*point) == bytes(3))
    for point in [(-2.4, 0), (0.8, 0), (0, 1.2), (0.5, 0.5), (-1.5, -0.5)]:
        expect(f"{point} is not black", colour_at(*point) != bytes(3))
    expect("symmetric", rows == rows[::-1])
    expect("not the same from left to right",
           rows[0] != rows[height // 2])


def stat_of(pid):
    """Fields of /proc/PID/stat from the state on; None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rpartition(")")[2].split()
    except OSError:
        return None


def children_of(pid):
    result = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            stat = stat_of(entry)
            if stat and stat[0] not in "ZX" and int(stat[1]) == pid:
                result.append(int(entry))
    return result


def busy_child_of(pid):
    """One that has computed for a tenth of a second or more."""
    ticks = os.sysconf("SC_CLK_TCK") // 10
    for child in children_of(pid):
        stat = stat_of(child)
        if stat and int(stat[11]) >= ticks:
            return child
    return None


def wait_for(what, condition):
    end = time.monotonic() + 60
    while not (result := condition()):
        expect(what, time.monotonic() < end)
        time.sleep(0.002)
    return result


def check_kill(program, directory):
    """A worker is killed in the middle; the picture is the same."""
    def command(name):
        return [program, "--workers", "2", "--width", "300", "--height", "200",
                "--iterations", "60000", "--output", f"{directory}/{name}"]

    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(command("whole.png"), check=True, **quiet)
    drawing = subprocess.Popen(command("killed.png"), **quiet)
    wait_for("two workers", lambda: len(children_of(drawing.pid)) == 2)
    victim = wait_for("a worker works", lambda: busy_child_of(drawing.pid))
    before = children_of(drawing.pid)
    os.kill(victim, signal.SIGKILL)
    wait_for("another takes its place",
             lambda: drawing.poll() is not None
             or set(children_of(drawing.pid)) - set(before))
    expect("it was killed in the middle", drawing.poll() is None)
    expect("status after a kill", drawing.wait() == 0)
    with open(f"{directory}/whole.png", "rb") as whole:
        with open(f"{directory}/killed.png", "rb") as killed:
            expect("the same picture", whole.read() == killed.read())


if sys.argv[1] == "picture":
    check_picture(sys.argv[2])
else:
    check_kill(*sys.argv[2:])
