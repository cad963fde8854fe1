"""A simulated host, and what a test does in it. Works without pytest, too."""

import contextlib
import errno
import json
import os
import pathlib
import shutil
import subprocess
import sys

AGENT = pathlib.Path(__file__).with_name("agent.py")


class HostFailure(Exception):
    """The host itself failed: it could not be started, or has ended."""


class Host:
    """A process inside of `mdevsim run`, which does what it is asked to: its /sys is the host's, its errnos are real."""

    def __init__(self, host_file, options=(), program=None):
        self._program = program or os.environ.get("MDEVSIM") or shutil.which("mdevsim")
        if not self._program:
            raise HostFailure("mdevsim is not in $PATH; name it with --mdevsim or $MDEVSIM")
        # Python of the same version, without what the environment or the site would load.
        command = [self._program, "run", *options, str(host_file), "--", sys.executable, "-I", "-S", str(AGENT)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            self._ask("hello")
        except HostFailure:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends the host and all that runs in it."""
        if self._process is None:
            return
        process, self._process = self._process, None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        process.stdout.close()
        process.stderr.close()
        process.wait()

    # ---- files ----

    def read(self, path):
        """The text of a file; OSError as the host answers."""
        return self._ask("read", path=str(path))

    def write(self, path, text):
        """One write(2), as the kernel sees it; OSError as the host answers. The number of bytes."""
        return self._ask("write", path=str(path), text=text)

    def list(self, path):
        """The sorted names in a directory."""
        return self._ask("list", path=str(path))

    def exists(self, path):
        return self._ask("exists", path=str(path))

    def readlink(self, path):
        return self._ask("readlink", path=str(path))

    # ---- commands ----

    def run(self, *command, check=True, timeout=60, input=None):
        """Runs a command in the host; a subprocess.CompletedProcess with text. One word is a line for sh."""
        words = ["sh", "-euc", command[0]] if len(command) == 1 else [str(word) for word in command]
        status, stdout, stderr = self._ask("run", words=words, timeout=timeout, input=input)
        if status is None:
            raise subprocess.TimeoutExpired(words, timeout, stdout, stderr)
        result = subprocess.CompletedProcess(words, status, stdout, stderr)
        if check and status != 0:
            raise subprocess.CalledProcessError(status, words, stdout, stderr)
        return result

    @contextlib.contextmanager
    def expect_errno(self, name):
        """Asserts that what is done in its body fails with this errno: with host.expect_errno("ENOSPC"): ..."""
        if not hasattr(errno, name):
            raise ValueError(f"{name} is no errno")
        try:
            yield
        except OSError as error:
            got = errno.errorcode.get(error.errno, str(error.errno))
            assert got == name, f"expected {name}, got {got} of {error.filename}"
        else:
            raise AssertionError(f"expected {name}, but it succeeded")

    # ---- events ----

    def events(self):
        """The kernel's uevents since the last call, as dictionaries: ACTION, DEVPATH, SUBSYSTEM, SEQNUM, ... Those of a write
        are there when the write returns."""
        return self._ask("events")

    def wait_event(self, timeout=10, **wanted):
        """The next event with these values, such as ACTION="add"; those before it are dropped. TimeoutError when none comes."""
        event = self._ask("wait_event", wanted=wanted, timeout=timeout)
        if event is None:
            raise TimeoutError(f"no event with {wanted} within {timeout} s")
        return event

    # ---- the simulator ----

    def fault(self, rule):
        """Adds a fault rule, "at=create errno=ENOSPC times=1" (mdevsim-fault(1))."""
        self.write("/sys/kernel/mdevsim/faults", rule + "\n")

    def faults(self):
        """The rules as dictionaries, with how often each has struck."""
        return [dict(word.split("=", 1) for word in line.split()) for line in self.read("/sys/kernel/mdevsim/faults").splitlines()]

    def clear_faults(self):
        self.write("/sys/kernel/mdevsim/faults", "remove=all\n")

    def trace(self):
        """The last requests, as dictionaries (mdevsim-trace(1))."""
        return [json.loads(line) for line in self.read("/sys/kernel/mdevsim/trace").splitlines()]

    def trace_text(self, count=None):
        """The last requests as lines for people; why there are none, when there are none."""
        try:
            requests = [request for request in self.trace() if "op" in request]
        except (HostFailure, OSError) as error:
            return f"there is no trace: {error}"
        return "\n".join(f'{request["comm"]}[{request["pid"]}] {request["op"]} {request["path"]} {json.dumps(request.get("text", ""))} = {request["result"]}'
                         for request in requests[-count if count else 0:])

    # ---- the process ----

    def _ask(self, what, **arguments):
        if self._process is None:
            raise HostFailure("the host has been closed")
        answer = ""
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps({"what": what, **arguments}) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        if not answer:
            raise HostFailure(f"the simulated host has ended ({self._process.wait()}):\n{self._process.stderr.read()}")
        answer = json.loads(answer)
        if "errno" in answer:
            raise OSError(answer["errno"], os.strerror(answer["errno"]), answer["path"])
        return answer["value"]
