"""up_terminal.py GLASSLOG FAKE_NODE: `glasslog up` on a terminal. The table is drawn in place, Ctrl-C
stops every node, and nothing is left. What stood on the terminal before, and what was said, stays."""

import fcntl
import os
import pty
import random
import re
import select
import struct
import sys
import tempfile
import termios
import time

CTRL_C = b"\x03"
ERASE = b"\033[5A\r\033[J"  # a head, three nodes, who leads
BEFORE = [f"line {i} of the shell" for i in range(1, 7)]
LIMIT_S = 60


def start(arguments, columns):
    pid, terminal = pty.fork()
    if pid == 0:
        os.write(1, "".join(line + "\n" for line in BEFORE).encode())
        os.execv(arguments[0], arguments)
    size = struct.pack("HHHH", 24, columns, 0, 0)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, size)
    return pid, terminal


def read_until(terminal, text, seen, deadline):
    """All that has been read, once `text` is in it; text None: at the end."""
    while text is None or text not in seen:
        left = deadline - time.monotonic()
        assert left > 0, f"no {text!r} in {seen!r}"
        ready, _, _ = select.select([terminal], [], [], left)
        if not ready:
            continue
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # EIO: the other side is closed
            piece = b""
        if not piece:
            assert text is None, f"the end before {text!r}: {seen!r}"
            return seen
        seen += piece
    return seen


def screen_after(output):
    """The lines that somebody sees who can scroll back: newlines, returns, up, erase below."""
    lines, row, column = [""], 0, 0
    for piece in re.findall(r"\033\[\d*[AJ]|\r|\n|[^\r\n\033]+", output.decode()):
        if piece.endswith("A") and piece.startswith("\033"):
            row = max(0, row - int(piece[2:-1] or 1))
        elif piece.startswith("\033"):
            del lines[row + 1:]
            lines[row] = lines[row][:column]
        elif piece == "\r":
            column = 0
        elif piece == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        else:
            old = lines[row].ljust(column)
            lines[row] = old[:column] + piece + old[column + len(piece):]
            column += len(piece)
    return lines


def processes_with(text):
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().decode(errors="replace")
        except OSError:
            continue
        if text in words and int(pid) != os.getpid():
            found.append(words)
    return found


def main():
    program, fake = (os.path.realpath(path) for path in sys.argv[1:3])
    with tempfile.TemporaryDirectory() as place:
        data = place + "/cluster"
        port = str(random.randrange(20000, 40000))
        arguments = [program, "up", "--nodes", "3", "--program", fake]
        pid, terminal = start(arguments + ["--data", data, "--port", port], columns=60)
        deadline = time.monotonic() + LIMIT_S
        seen = read_until(terminal, b"Ctrl-C stops all nodes", b"", deadline)
        assert ERASE in seen, f"not drawn in place: {seen!r}"
        os.write(terminal, CTRL_C)
        seen = read_until(terminal, None, seen, deadline)
        _, status = os.waitpid(pid, 0)
        assert os.waitstatus_to_exitcode(status) == 0, seen
        assert b"stopping all nodes" in seen, seen
        last = seen.split(ERASE)[-1].decode()
        assert last.count(" down ") == 3, last
        assert max(map(len, last.splitlines())) <= 60, last
        stands = screen_after(seen)
        assert stands[:len(BEFORE)] == BEFORE, stands
        for said in ["starting 3 nodes", " is up", "--kill", "--stop", "Ctrl-C stops all nodes"]:
            assert any(said in line for line in stands), (said, stands)
        assert sum(line.startswith("NODE ") for line in stands) == 1, stands
        left = processes_with(data)
        assert not left, f"left: {left}"


main()
