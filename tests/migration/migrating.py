"""What the tests of migrations share: two hosts that are mounted together, and their devices."""

import errno
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from launched import ends
from simulated import HOSTS, MDEVSIM, SECONDS_MAX, USER, as_user, environment

DEVICES = "kernel/mdevsim/devices"
PAIR = HOSTS / "migration-pair.toml"


def uuid(number):
    """As the example has them: the source 1 goes to the target 11."""
    return f"c0ffee00-0000-4000-8000-{number:012}"


def hosts_of(state, version=1, memory=None, more="", target_version=1):
    """Two hosts with one device each, 1 and 11, of a model with this state."""
    limit = f'state_memory = "{memory}"\n' if memory else ""
    device = 'mdev_types = [{{ id = "1", model = "a.com/b", version = {version}, instances = [{{ uuid = "{uuid}" }}] }}]\n'
    return (f'[model."a.com/b"]\ndevice_api = "vfio-pci"\nversions.1 = {{}}\n{more}state = {state}\n'
            f'[host.alpha]\n{limit}[host.alpha.virtual."card/card"]\n' + device.format(version=version, uuid=uuid(1)) +
            f'[host.beta]\n{limit}[host.beta.virtual."card/card"]\n' + device.format(version=target_version, uuid=uuid(11)))


def hosts_to_configure(state):
    """The same of a model whose version 2 has a parameter `rss`, which is off at the source, and on at the target."""
    return hosts_of(state, target_version=2, more='params.rss = { type = "bool", off = false }\nversions.2 = { rss = true }\n')


class Device:
    """A device's directory, for one process that looks after it."""

    def __init__(self, path):
        self.path = path

    def read(self, name):
        return (self.path / name).read_text()

    def write(self, name, text):
        """One write, as a shell makes it."""
        fd = os.open(self.path / name, os.O_WRONLY | os.O_TRUNC)
        try:
            os.write(fd, text.encode())
        finally:
            os.close(fd)

    @property
    def state(self):
        return self.read("state").strip()

    @state.setter
    def state(self, name):
        self.write("state", name)

    @property
    def digest(self):
        return self.read("digest").strip()

    def open(self, flags=os.O_RDONLY, name="data"):
        return os.open(self.path / name, flags)


def write_all(fd, bytes_):
    """The kernel hands a long write over in pieces, and tells of the first that is refused only when it is the first."""
    while bytes_:
        bytes_ = bytes_[os.write(fd, bytes_):]


def copy_stream(source, target):
    """All that there is to read until the end."""
    reader, writer = source.open(), target.open(os.O_WRONLY)
    try:
        while piece := os.read(reader, 1 << 20):
            write_all(writer, piece)
    finally:
        os.close(reader)
        os.close(writer)


class MigrationCase(unittest.TestCase):
    """Cases with a mounted pair of hosts. Python runs as the user that the case is about."""

    maxDiff = None
    hosts = None  # the text of a host file; none: the example

    @classmethod
    def setUpClass(cls):
        if not MDEVSIM.exists():
            raise FileNotFoundError(f"{MDEVSIM} is not built")

    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.work, ignore_errors=True)
        self.mount(self.hosts)

    def mount(self, text=None, name="sys"):
        directory = self.work / name
        directory.mkdir()
        file = PAIR
        if text:
            file = self.work / f"{name}.toml"
            file.write_text(text)
        result = self.run_words(MDEVSIM, "mount", file, directory)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.addCleanup(subprocess.run, ["fusermount3", "-u", "-z", directory], check=False)
        return directory

    def serve(self, text, *options, name="sys"):
        """As mount(), by a server that ends with the case, and whose log is in a file, which is returned."""
        directory, file, log = (self.work / (name + suffix) for suffix in ("", ".toml", ".log"))
        directory.mkdir()
        file.write_text(text)
        with log.open("w") as stderr:
            self.server = subprocess.Popen([str(MDEVSIM), "mount", "--foreground", *options, str(file), str(directory)],
                                           env=environment(USER), stderr=stderr)
        self.addCleanup(self.server.wait)
        self.addCleanup(self.server.terminate)
        ends(lambda: (directory / "alpha").exists() or self.server.poll() is not None, "the mount")
        return log

    def run_words(self, *words, **options):
        return subprocess.run(list(map(str, words)), capture_output=True, text=True, env=environment(USER), cwd="/", check=False,
                              timeout=SECONDS_MAX, **options)

    def device(self, number, name="sys"):
        host = "alpha" if number < 10 else "beta"
        return Device(self.work / name / host / DEVICES / uuid(number))

    def migrate(self, source, target, *options, status=0):
        result = self.run_words(MDEVSIM, "migrate", source.path, target.path, *options)
        self.assertEqual(result.returncode, status, f"\n--- stdout\n{result.stdout}\n--- stderr\n{result.stderr}")
        self.stderr = result.stderr
        return result.stdout

    def migrate_json(self, source, target, *options, status=0):
        return json.loads(self.migrate(source, target, "--json", *options, status=status))

    def assert_errno(self, number, call, *arguments):
        with self.assertRaises(OSError) as caught:
            call(*arguments)
        self.assertEqual(errno.errorcode[caught.exception.errno], errno.errorcode[number])

    def let_go(self, device):
        """Waits until nobody holds the device, and nobody makes it fit: the kernel tells the server of a close some time after
        it, however the process ended. Until then whatever is written to its state is EBUSY, even what no state is called."""
        for _ in range(int(SECONDS_MAX * 100)):
            try:
                device.state = "?"
            except OSError as error:
                if error.errno == errno.EINVAL and device.read("fit") == "0\n":
                    return
                self.assertIn(error.errno, (errno.EBUSY, errno.EINVAL))
            subprocess.run(["sleep", "0.01"], check=True)
        self.fail(f"{device.path} is still held")

    def configure(self, device, configuration):
        """As soon as nobody uses the device any more: the server lets a mover's hold go before it counts one user less."""

        def is_configured():
            try:
                device.write("configuration", configuration)
            except OSError as error:
                self.assertEqual(error.errno, errno.EBUSY)
                return False
            return True

        ends(is_configured, f"that somebody uses {device.path}")

    def becomes(self, device, state):
        self.let_go(device)
        self.assertEqual(device.state, state)

    def assert_undone(self, source, target, pristine):
        """The source runs on, and the target holds what it held at the start."""
        self.becomes(source, "RUNNING")
        self.becomes(target, "RUNNING")
        self.assertEqual(self.at_rest(target), pristine)

    def at_rest(self, device):
        """The digest of a device that is stopped for that, and runs again."""
        self.let_go(device)
        device.state = "stop"
        try:
            return device.digest
        finally:
            device.state = "running"


def main():
    """Runs the cases as the user that they are about: the mounts are that user's."""
    words = as_user(USER)
    if words and os.geteuid() == 0:
        os.execvpe(words[0], [*words, "/usr/bin/env", "python3", *os.sys.argv], environment(USER) | {
            name: value for name, value in os.environ.items() if name.startswith("MDEVSIM") or name.startswith("PYTHON")})
    unittest.main()
