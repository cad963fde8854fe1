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


# Wrappers of the server: one that never serves, and one that outlives what it was told to run. Each tells that it is there.
TELLS = "readlink /proc/self/ns/net /proc/self/ns/mnt /proc/self/ns/pid > where.new; mv where.new where\n"
NEVER_SERVES = f"cd $(dirname $0)\n[ -e where ] || {TELLS}exec sleep 100000\n"
NEVER_ENDS = f"cd $(dirname $0)\ntrap '' TERM\n\"$@\"\n[ -e where ] && exit\n{TELLS}exec sleep 100000\n"


def namespaces_mounted():
    """Namespaces that a mount keeps alive without a process."""
    return [line for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines() if " - nsfs " in line]


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
        self.pinned = namespaces_mounted()
        self.temporary = self.look_at_temporary_folders()

    def look_at_temporary_folders(self):
        """Names that we could have made; other tests run at the same time."""
        return sorted(str(path) for folder in ("/tmp", "/dev/shm", "/run", "/var/tmp") if os.path.isdir(folder)
                      for path in pathlib.Path(folder).iterdir() if "mdevsim" in path.name and "mdevsim-scenario-" not in path.name
                      and "mdevsim-test-" not in path.name)

    def start(self, steps=LINGERS, wrapper=None):
        """Starts a case, and waits until one of its processes has told where it is."""
        (self.folder / "where").unlink(missing_ok=True)
        self.scenario('timeout = "1h"\n' + steps, host=HOST + HOST.replace("alpha", "beta"))
        surroundings = environment(USER)
        if wrapper:
            (self.folder / "wrapper").write_text(wrapper)
            surroundings["MDEVSIM_SERVER_WRAPPER"] = f"sh {self.folder}/wrapper"
        process = subprocess.Popen(self.words("s.toml"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, env=surroundings, cwd=self.folder)
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
        self.assertEqual(namespaces_mounted(), self.pinned)
        self.assertEqual(self.look_at_temporary_folders(), self.temporary)

    def command(self):
        """The command, once it has become what it is to be."""
        network = self.namespaces[0]

        def sleeping():
            return [pid for pid, words in processes_in(network) if words.startswith("sleep 100000")]

        ends(lambda: len(sleeping()) == 1, "the sleep of the command")
        return sleeping()[0]

    def process_named(self, name):
        """The process of that name, once there is one; the host's own rather than the other host's."""

        def found():
            pids = []
            for pid in processes_with(self.namespaces):
                try:
                    if pathlib.Path(f"/proc/{pid}/comm").read_text().strip() == name:
                        pids.append((os.readlink(f"/proc/{pid}/ns/net") != self.namespaces[0], pid))
                except OSError:
                    continue
            return sorted(pids)

        ends(found, f"a process {name}")
        return found()[0][1]

    def test_whoever_is_killed_and_whenever(self):
        passes = '[[step]]\non = "alpha"\nrun = "true"\n'
        moments = {"while a server starts": dict(steps=passes, wrapper=NEVER_SERVES), "in a step": dict(),
                   "while a server ends": dict(steps=passes, wrapper=NEVER_ENDS)}
        victims = {"while a server starts": ("mdevsim-case", "mdevsim-host", "sleep", None),
                   "in a step": ("mdevsim-case", "mdevsim-host", "mdevsim-server", "mdevsim-step", "sleep", None),
                   "while a server ends": ("mdevsim-case", "mdevsim-host", "sleep", None)}
        for moment, started in moments.items():
            for victim in victims[moment]:
                with self.subTest(moment=moment, victim=victim or "the runner"):
                    process = self.start(**started)
                    if victim is None:
                        process.kill()
                    else:
                        os.kill(self.process_named(victim), signal.SIGKILL)
                        if (moment, victim) in (("in a step", "mdevsim-host"), ("in a step", "mdevsim-server")):
                            os.kill(self.command(), signal.SIGKILL)  # it does not look at /sys, and would go on for ever
                    stdout, stderr = process.communicate()
                    if victim is not None:
                        self.assertEqual(process.returncode, 1, stdout + stderr)
                        self.assertIn("1 failed", stdout)
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
