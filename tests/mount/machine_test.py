#!/usr/bin/env python3
"""What mdevsim says and does where the machine or the user lacks something. Needs root, to take things away in a private
mount namespace; mdevsim itself is run by an ordinary user unless a case says otherwise."""

import json
import subprocess
import unittest

from launched import LINGER, LaunchedCase, machine_mounts
from simulated import KERNEL_SAMPLES, MDEVSIM, SECONDS_MAX, as_user, environment

# The setups have a tmpfs of their own on /media.
CLOSED_FUSE = "mknod -m 0600 /media/fuse c 10 229 && mount --bind /media/fuse /dev/fuse"
NO_FUSE = "mount -t tmpfs -o mode=0755 t /dev && mknod -m 0666 /dev/null c 1 3"
SUBIDS = "echo nobody:100000:65536 > /media/ids && mount --bind /media/ids /etc/subuid && mount --bind /media/ids /etc/subgid"
# What the installation of libvirt-daemon-system makes and libvirtd needs. The tests ask for the daemon's package alone.
LIBVIRT_SYSTEM = """
    for place in /var/log /var/cache; do
        test -d $place/libvirt || { mount -t tmpfs -o mode=0755 t $place && mkdir $place/libvirt; }
    done
    for file in passwd group; do
        getent $file libvirt-qemu > /dev/null && continue
        case $file in passwd) line=libvirt-qemu:x:64055:64055::/var/lib/libvirt:/bin/false ;; group) line=libvirt-qemu:x:64055: ;; esac
        { cat /etc/$file; echo $line; } > /media/$file && mount --bind /media/$file /etc/$file
    done"""
# The kernel lets nobody mount a new one where parts of the visible one are covered, as containers have it.
# Any other one that is seen in full would do, such as that of a root folder on the machine.
ALONE = "findmnt -nro TARGET -t {} | sed '\\#^{}#d' | xargs -r umount -l; "
MASKED_PROC = ALONE.format("proc", "/proc") + "mount -t tmpfs t /proc/sys/kernel"
MASKED_SYS = ALONE.format("sysfs", "/sys") + "mount -t tmpfs t /sys/firmware"
NO_FUSERMOUNT = "touch /media/none && mount --bind /media/none $(command -v fusermount3)"
SCRATCH = "mount -t tmpfs -o mode=0755,dev t /media && install -d -m 0777 /media/empty"


def lacking(setup, user="unprivileged"):
    """What to put before a command, to run it as a user where `setup` has been done."""
    return ["unshare", "--mount", "--propagation", "private", "--", "sh", "-euc", f'{SCRATCH}; {setup}; exec "$@"', "sh", *as_user(user)]


class MachineCase(LaunchedCase):
    def run_where(self, setup, *words, user="unprivileged", caps=()):
        result = subprocess.run([*lacking(setup, user), *caps, str(MDEVSIM), *map(str, words)], capture_output=True, text=True,
                                env=environment(user), cwd="/", check=False, timeout=SECONDS_MAX)
        return result.returncode, result.stderr

    def assert_refused(self, result, status, *expected):
        self.assertEqual(result[0], status, result[1])
        self.assertEqual(result[1].count("\n"), 1, result[1])
        for text in expected:
            self.assertIn(text, result[1])


class Missing(MachineCase):
    def test_no_dev_fuse(self):
        self.assert_refused(self.run_where(NO_FUSE, "run", KERNEL_SAMPLES, "--", "true"), 125, "/dev/fuse is missing", "modprobe fuse")
        self.assert_refused(self.run_where(NO_FUSE, "mount", KERNEL_SAMPLES, "/media/empty"), 4, "/dev/fuse is missing", "modprobe fuse")

    def test_dev_fuse_is_not_for_everybody(self):
        self.assert_refused(self.run_where(CLOSED_FUSE, "run", KERNEL_SAMPLES, "--", "true"), 125, "chmod 0666 /dev/fuse")
        self.assert_refused(self.run_where(CLOSED_FUSE, "mount", KERNEL_SAMPLES, "/media/empty"), 4, "chmod 0666 /dev/fuse")

    def test_neither_capability_nor_fusermount(self):
        refused = self.run_where(NO_FUSERMOUNT, "mount", KERNEL_SAMPLES, "/media/empty")
        self.assert_refused(refused, 4, "CAP_SYS_ADMIN", "package fuse3")

    def test_root_without_the_capability(self):
        without = ["setpriv", "--bounding-set", "-sys_admin", "--"]
        refused = self.run_where(NO_FUSERMOUNT, "mount", KERNEL_SAMPLES, "/tmp", user="root", caps=without)
        self.assert_refused(refused, 4, "CAP_SYS_ADMIN", "package fuse3")

    def test_no_user_namespaces(self):
        # inside of one that allows no further ones, and as nobody special there
        words = ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--keep-caps", "--", "sh", "-euc",
                 'echo 0 > /proc/sys/user/max_user_namespaces; exec setpriv --ambient-caps -all --inh-caps -all -- "$@"', "sh",
                 str(MDEVSIM), "run", str(KERNEL_SAMPLES), "--", "true"]
        result = subprocess.run(words, capture_output=True, text=True, env=environment("unprivileged"), cwd="/", check=False)
        self.assert_refused((result.returncode, result.stderr), 125, "cannot make a user namespace", "user.max_user_namespaces")


class Covered(MachineCase):
    def test_without_a_new_proc_the_command_runs_and_its_daemons_end_with_it(self):
        mounts = machine_mounts()
        process, network, _ = self.linger("setsid sleep 100000 > /dev/null 2>&1 & " + LINGER.replace("exec sleep 100000", "sleep 0.2; exit 3"),
                                          prefix=lacking(MASKED_PROC, "root"), user="unprivileged")
        self.finish(process, 3)
        self.assert_nothing_left(network, mounts)

    def test_without_a_new_proc_nothing_is_left_after_the_launcher_is_killed(self):
        mounts = machine_mounts()
        process, network, _ = self.linger("setsid sleep 100000 > /dev/null 2>&1 & " + LINGER,
                                          prefix=lacking(MASKED_PROC, "root"), user="unprivileged")
        process.kill()
        process.wait()
        self.assert_nothing_left(network, mounts)

    def test_without_a_new_sysfs_the_machines_network_is_not_shown(self):
        printed = self.inside("ls /sys/class | grep -x net; ls /sys/class/mdev_bus; ls -d /sys/fs/cgroup",
                              prefix=lacking(MASKED_SYS, "root"), user="unprivileged")
        self.assertEqual(printed.split(), ["mbochs", "mdpy", "mtty", "/sys/fs/cgroup"])


class SubordinateIds(MachineCase):
    def test_the_range_is_mapped(self):
        printed = self.inside("cat /proc/self/uid_map /proc/self/gid_map; chown 33:33 /run; stat -c %u:%g /run",
                              prefix=lacking(SUBIDS, "root"), user="unprivileged")
        self.assertEqual(printed.split(), ["0", "65534", "1", "1", "100000", "65536"] * 2 + ["33:33"])

    def test_libvirtd_as_debian_ships_it_creates_a_device(self):
        printed = self.inside("""
            libvirtd --daemon
            virsh() { command virsh --quiet --connect nodedev:///system "$@"; }
            until virsh nodedev-list 2>/dev/null | grep -q mtty_mtty; do
                pgrep -x libvirtd > /dev/null || { echo libvirtd has ended >&2; exit 9; }
                sleep 0.1
            done
            echo "<device><parent>mtty_mtty</parent><capability type='mdev'><type id='mtty-2'/>
                  <uuid>c0ffee00-1234-4abc-8def-000000000001</uuid></capability></device>" > /run/mdev.xml
            virsh nodedev-create /run/mdev.xml; virsh nodedev-list --cap mdev""",
                              prefix=lacking(SUBIDS + LIBVIRT_SYSTEM, "root"), user="unprivileged")
        self.assertEqual(printed, "mdev_c0ffee00_1234_4abc_8def_000000000001_mtty\n")

    def test_without_one_the_caller_alone_is_mapped(self):
        self.assertEqual(self.inside("cat /proc/self/uid_map", user="unprivileged").split(), ["0", "65534", "1"])


class Doctor(MachineCase):
    def findings(self, setup, status, user="unprivileged"):
        result = subprocess.run([*lacking(setup, user), str(MDEVSIM), "doctor", "--json"], capture_output=True, text=True, env=environment(user),
                                check=False)
        self.assertEqual(result.returncode, status, result.stderr)
        return {finding["name"]: finding for finding in json.loads(result.stdout)["findings"]}

    def test_all_that_is_needed_is_here(self):
        for user in ("root", "unprivileged"):
            with self.subTest(user):
                needed = [finding for finding in self.findings("true", 0, user).values() if finding["need"] == "run"]
                self.assertEqual([finding for finding in needed if not finding["ok"]], [])

    def test_it_names_what_is_missing_and_what_to_do(self):
        fuse = self.findings(NO_FUSE, 4)["/dev/fuse"]
        self.assertFalse(fuse["ok"])
        self.assertIn("modprobe fuse", fuse["detail"])

    def test_it_tries_proc_and_sysfs(self):
        self.assertTrue(self.findings("true", 0)["PID namespace"]["ok"])
        self.assertFalse(self.findings(MASKED_PROC, 0)["PID namespace"]["ok"])
        self.assertTrue(self.findings("true", 0)["fresh sysfs"]["ok"])
        self.assertFalse(self.findings(MASKED_SYS, 0)["fresh sysfs"]["ok"])

    def test_it_finds_subordinate_ids(self):
        self.assertFalse(self.findings("true", 0)["subordinate ids"]["ok"])
        self.assertTrue(self.findings(SUBIDS, 0)["subordinate ids"]["ok"])


if __name__ == "__main__":
    unittest.main()
