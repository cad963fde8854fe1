#!/usr/bin/env python3
"""mdevsim run: exit statuses, signals, that nothing is left whatever is killed, and the composed /sys."""

import os
import pathlib
import pty
import signal
import subprocess
import tempfile
import unittest

from launched import LINGER, LaunchedCase, kill, machine_mounts
from simulated import KERNEL_SAMPLES, MDEVSIM, USER, as_user, environment


class ExitStatus(LaunchedCase):
    def run_words(self, *words):
        result = subprocess.run([*as_user(USER), str(MDEVSIM), "run", *map(str, words)], capture_output=True, text=True, env=environment(USER),
                                cwd="/", check=False)
        return result.returncode, result.stderr

    def test_the_commands_status_is_passed_through(self):
        self.inside("exit 0", status=0)
        self.inside("exit 7", status=7)

    def test_a_signal_is_128_and_its_number(self):
        self.inside("kill -KILL $$", status=137)
        self.inside("kill -TERM $$", status=143)

    def test_closed_streams_and_an_ignored_sigchld_do_not_matter(self):
        words = " ".join([*as_user(USER), str(MDEVSIM), "run", str(KERNEL_SAMPLES), "--", "sh", "-c", "'exit 6'"])
        result = subprocess.run(["bash", "--norc", "-c", f"trap '' CHLD; exec {words} 0<&- 1>&- 2>&-"], env=environment(USER), cwd="/", check=False)
        self.assertEqual(result.returncode, 6)

    def test_a_command_that_is_not_found_is_127(self):
        status, said = self.run_words(KERNEL_SAMPLES, "--", "no-such-command")
        self.assertEqual((status, said), (127, "mdevsim: error: cannot run 'no-such-command': No such file or directory\n"))

    def test_a_command_that_cannot_be_executed_is_126(self):
        status, said = self.run_words(KERNEL_SAMPLES, "--", "/etc/passwd")
        self.assertEqual((status, said), (126, "mdevsim: error: cannot run '/etc/passwd': Permission denied\n"))

    def test_a_missing_command_is_125(self):
        status, said = self.run_words(KERNEL_SAMPLES)
        self.assertEqual(status, 125)
        self.assertIn("there is no command; it follows '--'", said)

    def test_an_unknown_option_is_125(self):
        self.assertEqual(self.run_words("--frobnicate", KERNEL_SAMPLES, "--", "true")[0], 125)

    def test_a_bad_host_file_is_125_and_the_command_does_not_run(self):
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            os.chmod(file.name, 0o644)
            file.write("[host.a]\nkernal = '6.12'\n")
            file.flush()
            result = subprocess.run([*as_user(USER), str(MDEVSIM), "run", file.name, "--", "echo", "ran"], capture_output=True, text=True,
                                    env=environment(USER), check=False)
        self.assertEqual((result.returncode, result.stdout), (125, ""))
        self.assertIn(f"{file.name}:2:1: error:", result.stderr)

    def test_kernel_messages_cannot_be_sent_to_the_machines_network(self):
        status, said = self.run_words("--net", "host", "--events", "both", KERNEL_SAMPLES, "--", "true")
        self.assertEqual(status, 125)
        self.assertIn("--events udev or none", said)


class Signals(LaunchedCase):
    TRAP = "trap 'echo got $NAME; exit 5' $NAME; echo ready; while :; do sleep 0.05; done"

    def check_forwarded(self, name):
        process = self.start(self.TRAP.replace("$NAME", name))
        self.assertEqual(process.stdout.readline(), "ready\n")
        process.send_signal(getattr(signal, "SIG" + name))
        self.assertEqual(self.finish(process, 5)[0], f"got {name}\n")

    def test_term_is_forwarded(self):
        self.check_forwarded("TERM")

    def test_hup_is_forwarded(self):
        self.check_forwarded("HUP")

    def test_int_is_forwarded(self):
        self.check_forwarded("INT")

    def test_usr1_is_forwarded(self):
        self.check_forwarded("USR1")

    def test_a_signal_that_the_command_does_not_catch_ends_it(self):
        process = self.start("echo ready; exec sleep 100000")
        self.assertEqual(process.stdout.readline(), "ready\n")
        process.terminate()
        self.finish(process, 143)


class Terminal(LaunchedCase):
    """On a terminal of its own, as a shell would start it."""

    def on_a_terminal(self, script, typed):
        """Runs a script by which MDEVSIM is started, types when it says that it is ready."""
        master, slave = pty.openpty()
        words = [*as_user(USER), "bash", "--norc", "-c", script.replace("RUN", f"{MDEVSIM} run {KERNEL_SAMPLES} --")]
        process = subprocess.Popen(["setsid", "--ctty", "--wait", *words], stdin=slave, stdout=slave, stderr=slave, env=environment(USER), cwd="/")
        self.addCleanup(self.end, process)
        os.close(slave)
        seen = b""
        try:
            while chunk := os.read(master, 4096):
                seen += chunk
                if b"ready" in seen and typed:
                    os.write(master, typed)
                    typed = b""
        except OSError:
            pass  # the terminal's end: nobody has it open any more
        os.close(master)
        return process.wait(), seen.decode()

    def test_the_interrupt_key_reaches_the_command_once(self):
        script = "trap 'n=$((n+1))' INT; echo ready; until [ -n \"$n\" ]; do sleep 0.1; done; sleep 0.3; echo ints=$n; exit 5"
        status, seen = self.on_a_terminal(f"exec RUN bash --norc -c '{script.replace(chr(39), chr(39) + chr(92) + chr(39) * 2)}'", b"\x03")
        self.assertEqual(status, 5)
        self.assertIn("ints=1", seen)

    def test_an_interactive_shell_has_job_control(self):
        status, seen = self.on_a_terminal("exec RUN bash --norc -i -c 'echo ready; read -r line; exit 6'", b"x\n")
        self.assertEqual(status, 6)
        self.assertNotIn("no job control", seen)

    def test_the_terminal_comes_back_from_an_interactive_shell(self):
        status, seen = self.on_a_terminal("RUN bash --norc -i -c true; echo ready; read -r line || exit 9; echo got $line; exit 7", b"x\n")
        self.assertEqual(status, 7)
        self.assertIn("got x", seen)


class NothingIsLeft(LaunchedCase):
    def setUp(self):
        self.mounts = machine_mounts()

    def test_after_the_launcher_is_killed(self):
        process, network, _ = self.linger()
        process.kill()
        process.wait()
        self.assert_nothing_left(network, self.mounts)

    def test_after_the_server_is_killed(self):
        process, network, _ = self.linger()
        kill(self.server_of(network))
        _, said = self.finish(process, 125)
        self.assertIn("its server was killed by signal 9 (Killed); ending the command", said)
        self.assert_nothing_left(network, self.mounts)

    def test_after_the_command_is_killed(self):
        process, network, _ = self.linger()
        kill(self.command_of(network))
        self.finish(process, 137)
        self.assert_nothing_left(network, self.mounts)

    def test_after_everything_is_told_to_end(self):
        process, network, _ = self.linger()
        process.terminate()
        self.finish(process, 143)
        self.assert_nothing_left(network, self.mounts)

    def test_daemons_end_with_the_command(self):
        process, network, _ = self.linger("setsid sleep 100000 > /dev/null 2>&1 & " + LINGER.replace("exec sleep 100000", "sleep 0.2"))
        self.finish(process, 0)
        self.assert_nothing_left(network, self.mounts)

    def test_a_command_that_hangs_in_remove_ends_with_its_server(self):
        uuid = "c0ffee00-1234-4abc-8def-000000000009"
        script = f"""
            echo {uuid} > /sys/class/mdev_bus/mtty/mdev_supported_types/mtty-1/create
            said=$(mktemp)
            {MDEVSIM} hold /sys/kernel/mdevsim/devices/{uuid} > $said &
            until grep -qs held $said; do sleep 0.02; done; rm $said
            readlink /proc/self/ns/net; stat -c %d /sys/bus/mdev
            sleep 100000 & echo 1 > /sys/bus/mdev/devices/{uuid}/remove
        """
        process, network, _ = self.linger(script)
        kill(self.server_of(network))
        self.finish(process, 125)
        self.assert_nothing_left(network, self.mounts)

    def test_the_end_does_not_wait_for_a_process_that_hangs_in_remove(self):
        uuid = "c0ffee00-1234-4abc-8def-00000000000a"
        script = f"""
            echo {uuid} > /sys/class/mdev_bus/mtty/mdev_supported_types/mtty-1/create
            exec 9< /sys/kernel/mdevsim/devices/{uuid}/hold
            readlink /proc/self/ns/net; stat -c %d /sys/bus/mdev
            (echo 1 > /sys/bus/mdev/devices/{uuid}/remove) 9<&- &
            while [ -e /sys/bus/mdev/devices/{uuid}/remove ]; do sleep 0.02; done
            sleep 100000
        """
        process, network, _ = self.linger(script)
        process.kill()
        process.wait()
        self.assert_nothing_left(network, self.mounts)


class ComposedSys(LaunchedCase):
    def test_what_is_simulated_is_there(self):
        self.assertEqual(self.inside("ls /sys/class/mdev_bus"), "mbochs\nmdpy\nmtty\n")

    def test_simulated_buses_show_only_what_is_simulated(self):
        shown, simulated = self.inside("""
            echo $(ls /sys/bus/pci/devices)
            echo $(ls /sys/kernel/mdevsim/devices | grep :)""").splitlines()
        self.assertEqual(shown.split(), simulated.split())

    def test_there_are_no_dangling_links_to_hidden_devices(self):
        self.assertEqual(self.inside("find /sys/block /sys/class /sys/bus/*/devices -maxdepth 2 -xtype l"), "")

    def test_real_parts_are_the_real_ones(self):
        script = "cat /sys/devices/system/cpu/online; ls /sys/fs/cgroup; ls /sys/module/fuse/parameters"
        outside = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout
        self.assertEqual(self.inside(script), outside)

    def test_real_parts_stay_live(self):
        before, after = self.inside("""
            cat /sys/class/net/lo/statistics/rx_packets
            python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9))'
            cat /sys/class/net/lo/statistics/rx_packets
        """).split()
        self.assertGreater(int(after), int(before))

    def test_the_network_is_private(self):
        self.assertEqual(self.inside("ls /sys/class/net; cat /sys/class/net/lo/flags"), "lo\n0x9\n")

    def test_real_parts_are_read_only(self):
        self.assertEqual(self.inside("exec 2>&1; echo 1400 > /sys/class/net/lo/mtu; mkdir /sys/x /sys/class/x; true").count("Read-only file system"), 3)

    def test_real_parts_are_writable_on_request(self):
        # of the private network, so that nothing of the machine changes
        self.assertEqual(self.inside("echo 1400 > /sys/class/net/lo/mtu; cat /sys/class/net/lo/mtu", options=["--real-rw"]), "1400\n")

    def test_the_root_looks_like_a_sysfs(self):
        self.assertEqual(self.inside("stat -c '%a %h' /sys; stat -f -c '%b %f %a %c %d %s' /sys"), "555 12\n0 0 0 0 0 4096\n")

    def test_the_whole_tree_and_the_stage_are_out_of_reach(self):
        mounts = self.inside("cat /proc/self/mountinfo").splitlines()
        machine = pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
        others = {line.split()[4] for line in machine if " - fuse.mdevsim " in line}  # which are none of ours
        trees = [line for line in mounts if " - fuse.mdevsim " in line and line.split()[4] not in others]
        self.assertTrue(trees)
        self.assertEqual([line for line in trees if line.split()[3] == "/"], [])
        self.assertEqual([line for line in mounts if line.split()[4].startswith(("/sys/real", "/sys/simulated", "/sys/composed"))], [])


class Environment(LaunchedCase):
    def test_libudev_is_told_to_accept_it(self):
        self.assertEqual(self.inside("echo $SYSTEMD_DEVICE_VERIFY_SYSFS $MDEVSIM_SYS"), "0 /sys\n")

    def test_it_is_process_one_of_its_own(self):
        self.assertEqual(self.inside("cat /proc/1/comm; ls -d /proc/[0-9]* | wc -l").split()[0], "mdevsim-init")

    def test_settle_returns_once_the_queue_is_empty(self):
        self.assertEqual(self.inside("""
            echo c0ffee00-1234-4abc-8def-000000000001 > /sys/class/mdev_bus/mtty/mdev_supported_types/mtty-1/create
            udevadm settle --timeout=20; echo $?; ls /run/udev"""), "0\ncontrol\nio.systemd.Udev\n")

    def test_definitions_of_mediated_devices_stay_inside(self):
        before = sorted(str(path) for path in pathlib.Path("/etc/mdevctl.d").rglob("*"))
        self.inside("mdevctl define -u c0ffee00-1234-4abc-8def-000000000001 -p mtty --type mtty-1; ls /etc/mdevctl.d/mtty")
        self.assertEqual(sorted(str(path) for path in pathlib.Path("/etc/mdevctl.d").rglob("*")), before)

    def test_libvirts_directories_are_private_and_empty(self):
        self.assertEqual(self.inside("ls -d /run/libvirt 2>/dev/null; ls /var/lib/libvirt 2>/dev/null; echo x > /run/libvirtd.pid"), "")

    def test_descriptors_are_passed_on_and_ours_are_not(self):
        with tempfile.TemporaryFile() as file:
            file.write(b"given\n")
            file.seek(0)
            os.set_inheritable(file.fileno(), True)
            number = file.fileno()
            printed = self.inside(f"cat <&{number}; ls /proc/$$/fd; true", pass_fds=[number])
        self.assertEqual(printed.split(), ["given", "0", "1", "2", str(number)])


class RealDevices(LaunchedCase):
    HOST = """
        [host.a.pci."5e5e:3b:00.0"]
        vendor = 0x10de
        device = 0x1eb8
        class = 0x030200
    """

    def test_they_stand_beside_the_simulated_ones(self):
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            os.chmod(file.name, 0o644)
            file.write(self.HOST)
            file.flush()
            printed = self.inside("ls /sys/bus/pci/devices; cat /sys/bus/pci/devices/*/vendor | wc -l", host=file.name, options=["--with-real-devices"])
        *addresses, read = printed.split()
        simulated = [address for address in addresses if address.startswith("5e5e:")]
        self.assertIn("5e5e:3b:00.0", simulated)
        self.assertEqual(addresses, sorted([*os.listdir("/sys/bus/pci/devices"), *simulated]))
        self.assertEqual(int(read), len(addresses))


if __name__ == "__main__":
    unittest.main()
