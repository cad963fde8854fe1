"""Runs inside of the simulated host: reads a request a line, does it, answers with a line. Needs nothing but Python."""

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time

NETLINK_KOBJECT_UEVENT = 15
KERNEL_GROUP = 1
RECEIVE_BYTES = 1 << 20
MESSAGE_BYTES = 1 << 16


class Agent:
    def __init__(self):
        self.events_socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT)
        self.events_socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        self.events_socket.bind((0, KERNEL_GROUP))
        self.events_socket.setblocking(False)

    def hello(self):
        return "hello"

    def read(self, path):
        # Not open(): Python would ask for the size and seek.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            parts = []
            while part := os.read(descriptor, MESSAGE_BYTES):
                parts.append(part)
        finally:
            os.close(descriptor)
        return b"".join(parts).decode(errors="surrogateescape")

    def write(self, path, text):
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            return os.write(descriptor, text.encode(errors="surrogateescape"))
        finally:
            os.close(descriptor)

    def list(self, path):
        return sorted(os.listdir(path))

    def exists(self, path):
        return os.path.lexists(path)

    def readlink(self, path):
        return os.readlink(path)

    def run(self, words, timeout, input):
        # Files, not pipes: a daemon that the command leaves behind would keep a pipe open.
        given, stdout, stderr = (open(os.memfd_create("run"), "w+b") for _ in range(3))
        with given, stdout, stderr:
            given.write((input or "").encode(errors="surrogateescape"))
            given.seek(0)
            command = subprocess.Popen(words, stdin=given, stdout=stdout, stderr=stderr, start_new_session=True)
            try:
                status = command.wait(timeout)
            except subprocess.TimeoutExpired:
                status = None
                os.killpg(command.pid, signal.SIGKILL)
                command.wait()
            return [status, *(self.text_of(file) for file in (stdout, stderr))]

    @staticmethod
    def text_of(file):
        # Not at the file's own position, which is that of the command, too.
        size = os.fstat(file.fileno()).st_size
        return os.pread(file.fileno(), size, 0).decode(errors="surrogateescape")

    def events(self):
        found = []
        while (event := self.next_event()) is not None:
            found.append(event)
        return found

    def wait_event(self, wanted, timeout):
        until = time.monotonic() + timeout
        while True:
            event = self.next_event()
            if event is not None:
                if all(self.is_like(value, event.get(key)) for key, value in wanted.items()):
                    return event
                continue
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.events_socket], [], [], left)[0]:
                return None

    @staticmethod
    def is_like(pattern, value):
        """Whether it is as the pattern says, in which * stands for any part."""
        return value is not None and re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), value, re.DOTALL) is not None

    def next_event(self):
        while True:
            try:
                message = self.events_socket.recv(MESSAGE_BYTES)
            except BlockingIOError:
                return None
            head, *variables = message.decode(errors="surrogateescape").split("\0")
            if "@" in head:
                return dict(variable.split("=", 1) for variable in variables if "=" in variable)


def main():
    requests, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    # What runs inside shall neither read requests nor write answers.
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    agent = Agent()
    for line in requests:
        request = json.loads(line)
        try:
            answer = {"value": getattr(agent, request.pop("what"))(**request)}
        except OSError as error:
            answer = {"errno": error.errno, "path": error.filename or request.get("path") or str(request.get("words"))}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    sys.exit(main())
