"""A simulated host, and what a test does in it. Works without pytest, too."""

import contextlib
import errno
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

AGENT = pathlib.Path(__file__).with_name("agent.py")


class HostFailure(Exception):
    """The host itself failed: it could not be started, or has ended."""


class CommandFailure(subprocess.CalledProcessError):
    """Tells what the command said, too."""

    def __str__(self):
        said = "".join(f"\n{name}: {text.rstrip()}" for name, text in (("stderr", self.stderr), ("stdout", self.stdout)) if text)
        return super().__str__() + said


# What goes with every use of a file, and says something only when it fails.
ORDINARY = ("lookup", "getattr", "open", "release", "opendir", "releasedir", "readlink")


def has_trace(options):
    return "--no-trace" not in options


class Host:
    """A process inside of `mdevsim run`, which does what it is asked to: its /sys is the host's, its errnos are real."""

    def __init__(self, host_file, options=(), program=None):
        self._process = None
        self._first = 0
        self._program = program or os.environ.get("MDEVSIM") or shutil.which("mdevsim")
        self._program = self._program and os.path.abspath(self._program)
        if not self._program:
            raise HostFailure("mdevsim is not in $PATH; name it with --mdevsim or $MDEVSIM")
        # Python of the same version, without what the environment or the site would load.
        command = [self._program, "run", *options, str(host_file), "--", sys.executable, "-I", "-S", str(AGENT)]
        self._errors = tempfile.TemporaryFile("w+", errors="replace")  # a pipe would be full one day, for nobody reads it
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True)
        try:
            self._ask("hello")
            # What was asked while the host was made ready is no part of a test.
            self._first = max((request.get("seq", 0) for request in self.trace()), default=0) + 1 if has_trace(options) else 0
        except (HostFailure, OSError):
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
        process.wait()
        self._errors.close()

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
            raise CommandFailure(status, words, stdout, stderr)
        return result

    @contextlib.contextmanager
    def expect_errno(self, name):
        """Asserts that what is done in its body fails with this errno: with host.expect_errno("ENOSPC"): ..."""
        if not hasattr(errno, name):
            raise ValueError(f"{name} is no errno")
        try:
            yield
        except OSError as error:
            # By number: some have two names.
            got = errno.errorcode.get(error.errno, str(error.errno))
            assert error.errno == getattr(errno, name), f"expected {name}, got {got} of {error.filename}"
        else:
            raise AssertionError(f"expected {name}, but it succeeded")

    # ---- events ----

    def events(self):
        """The kernel's uevents since the last call, as dictionaries: ACTION, DEVPATH, SUBSYSTEM, SEQNUM, ... Those of a write
        are there when the write returns."""
        return self._ask("events")

    def wait_event(self, timeout=10, **wanted):
        """The next event with these values, such as ACTION="add" or DEVPATH="*/mtty", where * stands for any part; those before
        it are dropped. TimeoutError when none comes."""
        event = self._ask("wait_event", wanted=wanted, timeout=timeout)
        if event is None:
            raise TimeoutError(f"no event with {wanted} within {timeout} s")
        return event

    # ---- the simulator ----

    def fault(self, rule):
        """Adds a fault rule, "at=create errno=ENOSPC times=1" (mdevsim-fault(1)). ValueError, with the reason, when it is none."""
        result = self.run(self._program, "fault", "add", *rule.split(), check=False)
        if result.returncode != 0:
            raise ValueError(f"fault rule {rule!r}: {result.stderr.strip()}")

    def faults(self):
        """The rules as dictionaries, with how often each has struck."""
        return [dict(word.split("=", 1) for word in line.split()) for line in self.read("/sys/kernel/mdevsim/faults").splitlines()]

    def clear_faults(self):
        self.write("/sys/kernel/mdevsim/faults", "remove=all\n")

    def trace(self):
        """The requests since the host was ready, as dictionaries (mdevsim-trace(1))."""
        requests = [json.loads(line) for line in self.read("/sys/kernel/mdevsim/trace").splitlines()]
        return [request for request in requests if request.get("seq", self._first) >= self._first]

    def trace_text(self, count=None):
        """The last requests as lines for people, without those that always go well; why there are none, when there are none."""
        try:
            requests = [request for request in self.trace()
                        if "op" in request and (request["result"] != "OK" or request["op"] not in ORDINARY)]
        except (HostFailure, OSError) as error:
            return f"there is no trace: {error}"
        if not requests:
            return "the host was asked nothing"
        return "\n".join(self._line_of(request) for request in requests[-count if count else 0:])

    @staticmethod
    def _line_of(request):
        text = f' {json.dumps(request["text"])}' if request.get("text") else ""
        return f'{request["comm"]}[{request["pid"]}] {request["op"]} {request["path"]}{text} = {request["result"]}'

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
            status = self._process.wait()
            self._errors.seek(0)
            raise HostFailure(f"the simulated host has ended ({status}):\n{self._errors.read()}")
        answer = json.loads(answer)
        if "errno" in answer:
            raise OSError(answer["errno"], os.strerror(answer["errno"]), answer["path"])
        return answer["value"]
