"""However a case ends, nothing of it is left: no mount, process, namespace or temporary folder."""

import os
import pathlib
import signal
import subprocess
import unittest

from launched import ends, machine_mounts, processes_in
from scenario_case import HOST, ScenarioCase
from simulated import USER, environment

# Tells its namespaces and stays. The folder is that of the scenario.
LINGERS = """
    [[step]]
    name = "in the host"
    on = "alpha"
    run = "readlink /proc/self/ns/net /proc/self/ns/mnt /proc/self/ns/pid > where.new; mv where.new where; exec sleep 100000"
    within = "1h"
    """


def processes_with(namespaces):
    """The processes that are in one of these namespaces, by what readlink says of them."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        for kind in ("net", "mnt", "pid"):
            try:
                if entry.name.isdigit() and os.readlink(entry / "ns" / kind) in namespaces:
                    found.append(int(entry.name))
            except OSError:
                continue  # it has ended, or is another user's
    return found


class Leftovers(ScenarioCase):
    def setUp(self):
        super().setUp()
        self.mounts = machine_mounts()
        self.temporary = self.look_at_temporary_folders()

    def look_at_temporary_folders(self):
        """Names that we could have made; other tests run at the same time."""
        return sorted(str(path) for folder in ("/tmp", "/dev/shm", "/run", "/var/tmp") if os.path.isdir(folder)
                      for path in pathlib.Path(folder).iterdir() if "mdevsim" in path.name and "mdevsim-scenario-" not in path.name
                      and "mdevsim-test-" not in path.name)

    def start(self):
        self.scenario('timeout = "1h"\n' + LINGERS, host=HOST + HOST.replace("alpha", "beta"))
        process = subprocess.Popen(self.words("s.toml"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, env=environment(USER), cwd=self.folder)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        ends(lambda: (self.folder / "where").exists() or process.poll() is not None, "the command")
        self.assertIsNone(process.poll(), "the case has ended before its time")
        self.namespaces = (self.folder / "where").read_text().split()
        self.assertEqual(len(self.namespaces), 3)
        return process

    def assert_nothing_left(self):
        ends(lambda: not processes_with(self.namespaces), "the end of all processes in the case's namespaces")
        self.assertEqual(machine_mounts(), self.mounts)
        self.assertEqual(self.look_at_temporary_folders(), self.temporary)

    def command(self):
        """The command, once it has become what it is to be."""
        network = self.namespaces[0]

        def sleeping():
            return [pid for pid, words in processes_in(network) if words.startswith("sleep 100000")]

        ends(lambda: len(sleeping()) == 1, "the sleep of the command")
        return sleeping()[0]

    def process_named(self, name):
        for pid in processes_with(self.namespaces):
            try:
                if pathlib.Path(f"/proc/{pid}/comm").read_text().strip() == name:
                    return pid
            except OSError:
                continue
        self.fail(f"no process {name}")

    def test_after_the_runner_is_killed(self):
        process = self.start()
        process.kill()
        self.assert_nothing_left()

    def test_after_the_runner_is_told_to_end(self):
        process = self.start()
        # setpriv has become the runner, so that the signal arrives where it should.
        process.send_signal(signal.SIGINT)
        stdout, _ = process.communicate()
        self.assertEqual(process.returncode, 1)
        self.assertIn("0 passed", stdout)
        self.assert_nothing_left()

    def test_after_the_case_is_killed(self):
        process = self.start()
        os.kill(self.process_named("mdevsim-case"), signal.SIGKILL)
        stdout, _ = process.communicate()
        self.assertEqual(process.returncode, 1)
        self.assertIn("its process was killed by signal 9", stdout)
        self.assertIn('step "in the host" failed', stdout)
        self.assert_nothing_left()

    def test_after_the_command_is_killed(self):
        process = self.start()
        os.kill(self.command(), signal.SIGKILL)
        stdout, _ = process.communicate()
        self.assertEqual(process.returncode, 1)
        self.assertIn("exit status 137", stdout)
        self.assert_nothing_left()

    def test_after_a_host_is_killed(self):
        process = self.start()
        command = self.command()
        os.kill(self.process_named("mdevsim-host"), signal.SIGKILL)
        os.kill(command, signal.SIGKILL)
        self.assertEqual(process.wait(), 1)
        self.assert_nothing_left()

    def test_after_a_command_left_a_daemon_behind(self):
        self.scenario("""
            [[step]]
            run = "readlink /proc/self/ns/net /proc/self/ns/mnt /proc/self/ns/pid > where; setsid sleep 100000 & exit 0"
            """)
        self.runs("s.toml")
        self.namespaces = (self.folder / "where").read_text().split()
        self.assert_nothing_left()


if __name__ == "__main__":
    unittest.main()
