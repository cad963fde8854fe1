"""mdevsim test: what it selects, runs, prints and ends with."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import unittest
import xml.etree.ElementTree as ElementTree

from launched import ends
from scenario_case import HOST, UUID, ScenarioCase
from simulated import MDEVSIM, SECONDS_MAX, USER, as_user, environment

PASSES = """
    [[step]]
    read = "/sys/class/mdev_bus/mtty/mdev_supported_types/mtty-1/available_instances"
    expect = "4"
    """
FAILS = """
    [[step]]
    name = "there is no room"
    create = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"
    type = "mtty/mtty-1"
    expect = "ENOSPC"
    """
SKIPPED = 'skip_if.missing = ["no-such-program"]\n' + PASSES


class Steps(ScenarioCase):
    """Each verb does what it says, to a real mount."""

    def test_write_read_list_and_their_errnos(self):
        self.scenario(f"""
            [vars]
            type = "class/mdev_bus/mtty/mdev_supported_types/mtty-1"
            [[step]]
            write = "{{type}}/create"
            text = "{UUID}\\n"
            [[step]]
            read = "{{type}}/available_instances"
            expect = {{ text = "3\\n", regex = ["^3$", "[0-9]"] }}
            [[step]]
            create = "{UUID}"
            type = "mtty/mtty-1"
            expect = "EEXIST"
            [[step]]
            list = "{{type}}"
            expect.names = ["available_instances", "create", "device_api", "devices", "name"]
            [[step]]
            list = "bus/mdev/devices"
            expect = ["{UUID}"]
            [[step]]
            read = "{{type}}/create"
            expect = {{ errno = "EACCES" }}
            [[step]]
            read = "{{type}}"
            expect.errno = "EISDIR"
            [[step]]
            write = "bus/mdev/devices/{UUID}/remove"
            text = "garbage"
            expect = "EINVAL"
            [[step]]
            remove = "{UUID}"
            [[step]]
            wait = "bus/mdev/devices/{UUID}"
            gone = true
            """)
        self.runs("s.toml")

    def test_waits_for_what_comes_later(self):
        self.scenario(f"""
            [[step]]
            [[step.parallel]]
            wait = "bus/mdev/devices/{UUID}/mdev_type/available_instances"
            expect = "2"
            [[step.parallel]]
            steps = [
              {{ create = "{UUID}", type = "mtty/mtty-1" }},
              {{ run = "sleep 0.05" }},
              {{ create = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1002", type = "mtty/mtty-1" }},
            ]
            """)
        self.runs("s.toml")

    def test_a_command_sees_the_host_as_its_sys(self):
        self.scenario(f"""
            [[step]]
            run = ["sh", "-c", "echo {UUID} > /sys/class/mdev_bus/mtty/mdev_supported_types/mtty-1/create; ls $MDEVSIM_SYS/bus/mdev/devices"]
            expect.stdout = "{UUID}"
            [[step]]
            run = "cat; echo $NAME >&2; exit 3"
            input = "in"
            env = {{ NAME = "err" }}
            expect = {{ status = 3, stdout = "in", stderr = {{ regex = "^err$" }} }}
            [[step]]
            run = "echo '{{\\"a\\": [1, 2]}}'"
            expect.stdout = {{ json = {{ "/a/1" = 2 }} }}
            [[step]]
            run = "pwd"
            expect.stdout = "{self.folder}"
            [[step]]
            run = "command -v mdevsim"
            expect.stdout = "{MDEVSIM}"
            """)
        self.runs("s.toml")

    def test_what_is_saved_is_a_variable_of_later_steps(self):
        self.scenario(f"""
            [[step]]
            run = "echo {UUID}"
            save = "uuid"
            [[step]]
            create = "{{uuid}}"
            type = "mtty/mtty-1"
            [[step]]
            read = "bus/mdev/devices/{{uuid}}/mdev_type/name"
            save = "name"
            [[step]]
            run = ["printf", "%s", "{{name}}"]
            expect.stdout = "Single port serial"
            """)
        self.runs("s.toml")

    def test_events_are_heard_in_both_groups_and_asked_for_once(self):
        self.scenario(f"""
            [[step]]
            create = "{UUID}"
            type = "mtty/mtty-1"
            [[step]]
            event = {{ ACTION = "add", DEVPATH = "*/{UUID}", SUBSYSTEM = "mdev" }}
            expect = 1
            [[step]]
            event = {{ ACTION = "add", DEVPATH = "*/{UUID}" }}
            expect = 0
            [[step]]
            event = {{ ACTION = "add", DEVPATH = "*/{UUID}" }}
            from = "udev"
            [[step]]
            remove = "{UUID}"
            [[step]]
            event = {{ ACTION = "remove" }}
            """)
        self.runs("s.toml")

    def test_several_hosts_at_once_and_the_place_beside_them(self):
        self.scenario(f"""
            [[step]]
            on = "alpha"
            create = "{UUID}"
            type = "mtty/mtty-1"
            [[step]]
            on = "beta"
            list = "bus/mdev/devices"
            expect = []
            [[step]]
            on = "beta"
            run = "ls /sys/bus/mdev/devices"
            expect.stdout = ""
            [[step]]
            run = "ls /sys /sys/alpha/bus/mdev/devices /sys/beta/bus/mdev/devices"
            expect.stdout = \"\"\"
            /sys:
            alpha
            beta

            /sys/alpha/bus/mdev/devices:
            {UUID}

            /sys/beta/bus/mdev/devices:
            \"\"\"
            """, host=HOST + HOST.replace("alpha", "beta"))
        self.runs("s.toml")

    def test_driver_and_hot_plug_steps(self):
        self.scenario("""
            [[step]]
            unbind = "0000:3b:00.0"
            [[step]]
            list = "bus/pci/drivers/my-nic"
            expect.lacks = ["0000:*"]
            [[step]]
            bind = "0000:3b:00.0"
            driver = "my-nic"
            [[step]]
            list = "bus/pci/drivers/my-nic"
            expect.has = ["0000:3b:00.0"]
            [[step]]
            vanish = "0000:3b:00.0"
            [[step]]
            list = "bus/pci/devices"
            expect = []
            [[step]]
            rescan = true
            [[step]]
            list = "bus/pci/devices"
            expect = ["0000:3b:00.0"]
            """, host="""
[host.alpha.pci."0000:3b:00.0"]
vendor = 0x1af4
device = 0x1041
class = 0x020000
driver = "my-nic"
""")
        self.runs("s.toml")

    def test_cleanup_runs_after_a_failure_and_fails_by_itself(self):
        marker = self.folder / "cleaned"
        self.scenario(f"""
            [[step]]
            run = "false"
            [[cleanup]]
            run = "touch {marker}"
            [[cleanup]]
            name = "this goes wrong too"
            run = "false"
            """)
        result = self.runs("s.toml", status=1)
        self.assertTrue(marker.exists())
        self.assertIn('step "this goes wrong too" failed', result.stdout)

    def test_compat_asks_about_the_scenarios_own_models(self):
        self.scenario("""
            [[step]]
            compat = { from = "a.com/m@version=1", to = "a.com/m@version=2" }
            expect = "after-configuration"
            [[step]]
            compat = { from = "a.com/m@version=2", to = "a.com/m@version=2" }
            expect = "compatible"
            [[step]]
            compat = { from = "a.com/m@version=2", to = "a.com/m@version=1" }
            expect = "incompatible"
            """, host=HOST + """
[model."a.com/m"]
params.rss = { type = "bool", off = false, since = 2 }
versions.1 = {}
versions.2 = { rss = true }
""")
        self.runs("s.toml")


    def test_a_repetition_is_counted_even_if_it_is_one_and_inside_of_another(self):
        self.scenario("""
            matrix.times = [1, 2]
            [[step]]
            repeat = "{times}"
            run = "touch once.{times}.{i}"
            [[step]]
            repeat = 2
            [[step.steps]]
            repeat = 3
            run = "true"
            [[step.steps]]
            run = "touch outer.{times}.{i}"
            [[step]]
            parallel = [{ run = "touch copy.{times}.{copy}.{i}", copies = 2, repeat = "{times}" }]
            """)
        self.runs("s.toml")
        names = {path.name for path in self.folder.iterdir()} - {"s.toml"}
        self.assertEqual(names, {"once.1.0", "once.2.0", "once.2.1", *(f"outer.{n}.{i}" for n in (1, 2) for i in (0, 1)),
                                 *(f"copy.1.{copy}.0" for copy in (0, 1)), *(f"copy.2.{copy}.{i}" for copy in (0, 1) for i in (0, 1))})

    def test_an_event_step_takes_one_event_unless_it_says_how_many(self):
        self.scenario(f"""
            [[step]]
            create = "{UUID}"
            type = "mtty/mtty-1"
            [[step]]
            create = "{UUID[:-1]}2"
            type = "mtty/mtty-1"
            [[step]]
            repeat = 2
            event = {{ ACTION = "add", SUBSYSTEM = "mdev" }}
            [[step]]
            event = {{ ACTION = "add", SUBSYSTEM = "mdev" }}
            expect = 0
            [[step]]
            event = {{ ACTION = "bind", SUBSYSTEM = "mdev" }}
            expect = 2
            """)
        self.runs("s.toml")

    def test_an_errno_with_two_names_is_one(self):
        self.scenario(f"""
            [[fault]]
            at = "create"
            errno = "EOPNOTSUPP"
            [[step]]
            parallel = [{{ create = "{UUID}", type = "mtty/mtty-1", copies = 2, expect.outcomes = {{ ENOTSUP = 2 }} }}]
            [[step]]
            create = "{UUID}"
            type = "mtty/mtty-1"
            expect = "ENOTSUP"
            """)
        self.runs("s.toml")

    def test_what_a_daemon_goes_on_writing_is_not_waited_for(self):
        self.scenario("""
            [[step]]
            run = "yes & yes >&2 & sleep 0.1"
            """)
        self.runs("s.toml")

    def test_binary_output_is_looked_at_to_its_end(self):
        self.scenario(r"""
            [[step]]
            run = "printf 'a\\000b\\n\\001\\377end\\n'"
            expect.stdout.regex = ["^a", "end$"]
            """)
        self.runs("s.toml")


class Failures(ScenarioCase):
    def test_tells_the_step_both_sides_and_how_to_repeat_it(self):
        self.scenario('    matrix.n = [1, 2]\n' + FAILS)
        result = self.runs("s.toml", "-k", "n=2", "--seed", "9", status=1)
        text = re.sub(r"\d+(\.\d+)? m?s\b", "T", result.stdout)
        self.assertIn("FAILED  s.toml[n=2] (seed 9, T)\n"
                      '  s.toml:3:1: step "there is no room" failed\n'
                      f"    create {UUID} of mtty/mtty-1, on alpha\n"
                      "    errno:\n"
                      "      expected                         | actual\n"
                      "      ENOSPC (No space left on device) ! no error\n", text)
        repeat = result.stdout.splitlines()[-2]
        self.assertEqual(repeat, "  to repeat it: mdevsim test s.toml -k '[n=2]' --seed 9")
        again = subprocess.run(["sh", "-c", repeat.split(": ", 1)[1].replace("mdevsim", str(MDEVSIM), 1)], capture_output=True, text=True,
                               cwd=self.folder, env=environment(USER))
        self.assertEqual(again.returncode, 1, again)
        self.assertIn("1 failed", again.stdout)

    def test_a_step_that_takes_too_long_is_named(self):
        self.scenario("""
            [[step]]
            name = "never"
            wait = "bus/mdev/devices/nothing"
            within = "50ms"
            """)
        result = self.runs("s.toml", status=1)
        self.assertIn('step "never" failed', result.stdout)
        self.assertIn("an end within 50 ms ! not within 50 ms", result.stdout)

    def test_a_case_that_takes_too_long_is_ended(self):
        self.scenario("""
            [[step]]
            name = "sleeps"
            run = "sleep 1000"
            within = "5min"
            """)
        result = self.runs("s.toml", "--timeout", "300ms", status=1)
        self.assertIn('step "sleeps" failed', result.stdout)

    def test_a_server_that_dies_is_told(self):
        self.scenario("""
            [[step]]
            run = "pkill -9 mdevsim-server"
            [[step]]
            read = "class/mdev_bus/mtty/mdev_supported_types/mtty-1/available_instances"
            """)
        result = self.runs("s.toml", status=1)
        # The second is for whoever asked just before.
        self.assertRegex(result.stdout, "ENOTCONN|ECONNABORTED")
        self.assertIn("its server was killed by signal 9", result.stdout)

    def test_an_event_that_does_not_come_is_told_with_those_that_did(self):
        self.scenario(f"""
            [[step]]
            create = "{UUID}"
            type = "mtty/mtty-1"
            [[step]]
            event = {{ ACTION = "explode" }}
            within = "20ms"
            """)
        result = self.runs("s.toml", status=1)
        self.assertIn("1 event like", result.stdout)
        self.assertIn(f"add /devices/virtual/mtty/mtty/{UUID}", result.stdout)


    def test_the_trace_is_that_of_the_steps_and_tells_a_patient_reader_once(self):
        self.scenario("""
            [[step]]
            run = "false"
            """, "nothing.toml")
        result = self.runs("nothing.toml", status=1)
        self.assertIn("    the simulated kernel was asked nothing\n", result.stdout)
        self.scenario("""
            [[step]]
            write = "bus/pci/rescan"
            text = "1"
            [[step]]
            wait = "bus/pci/devices/nothing"
            within = "300ms"
            """, "patient.toml", host=HOST + '[host.alpha.pci."0000:3b:00.0"]\nvendor = 0x1af4\ndevice = 0x1041\nclass = 0x020000\n')
        result = self.runs("patient.toml", status=1)
        self.assertIn(" write alpha:/bus/pci/rescan ", result.stdout)
        self.assertEqual(result.stdout.count("/bus/pci/devices/nothing = ENOENT"), 1, result.stdout)
        self.assertRegex(result.stdout, r"= ENOENT, \d+ us \(\d+ times\)")

    def test_the_same_trace_is_shown_once(self):
        self.scenario(f"""
            [[step]]
            parallel = [{{ create = "{UUID}", type = "mtty/mtty-1", copies = 4 }}]
            """)
        result = self.runs("s.toml", status=1)
        self.assertEqual(result.stdout.count("the last requests that"), 1, result.stdout)
        self.assertEqual(result.stdout.count("the last requests were the same as above"), 2)

    def test_much_output_is_told_to_be_cut(self):
        self.scenario("""
            [[step]]
            run = "head -c 3000000 /dev/zero | tr '\\\\0' a; echo end"
            expect.stdout.regex = "end$"
            """)
        result = self.runs("s.toml", status=1)
        self.assertIn("standard output, of which 1048576 bytes were kept:", result.stdout)
        self.assertRegex(result.stdout, r"! a+ \(and \d+ bytes more\)\n")
        self.assertLess(len(result.stdout), 10_000)

    def test_what_is_no_json_that_can_be_looked_at_is_told(self):
        self.scenario("""
            matrix.number = [1, 2]
            [[step]]
            run = "printf '\\\\377'"
            save = "binary"
            [[step]]
            run = 'echo "{\\"a\\": 1}"'
            expect.stdout.json = { "/a" = "{binary}" }
            skip-if.equal = ["{number}", 2]
            [[step]]
            run = ["python3", "-c", 'print("[" * 400000 + "]" * 400000)']
            expect.stdout.json = { "/0" = 1 }
            """)
        result = self.runs("s.toml", status=1)
        self.assertIn("standard output: JSON at /a:", result.stdout)
        self.assertIn("JSON of at most 500 levels", result.stdout)
        self.assertNotIn("the case ends by itself", result.stdout)

    def test_which_time_was_over_is_told(self):
        self.scenario("""
            timeout = "300ms"
            [[step]]
            run = "sleep 1000"
            within = "5min"
            [[cleanup]]
            run = "sleep 1000"
            within = "200ms"
            """)
        result = self.runs("s.toml", status=1)
        self.assertIn("an end within the 300 ms of the case ! not within the 300 ms of the case", result.stdout)
        self.assertIn("an end within 200 ms ! not within 200 ms", result.stdout)
        result = self.runs("s.toml", "--timeout", "250ms", status=1)
        self.assertIn("mdevsim test s.toml --seed 1 --timeout 250ms\n", result.stdout)

    def test_a_group_has_its_time(self):
        self.scenario("""
            matrix.group = ["steps", "parallel"]
            [[step]]
            within = "300ms"
            steps = [{ run = "sleep 0.1" }, { run = "sleep 1000" }]
            skip-if.equal = ["{group}", "parallel"]
            [[step]]
            within = "300ms"
            parallel = [{ run = "sleep 1000", copies = 2 }]
            """)
        result = self.runs("s.toml", status=1)
        self.assertEqual(result.stdout.count("not within the 300 ms of the group"), 3, result.stdout)

    def test_a_script_is_told_by_its_first_line(self):
        self.scenario("""
            [[step]]
            run = \'\'\'

            echo one
            exit 3\'\'\'
            """)
        result = self.runs("s.toml", status=1)
        self.assertIn("    run echo one ..., on alpha\n", result.stdout)

    def test_for_want_of_descriptors_is_told(self):
        self.scenario("""
            [[step]]
            parallel = [{ list = "bus/mdev/devices", copies = 100 }]
            """)
        words = ["sh", "-c", 'ulimit -n 60; exec "$@"', "sh", *self.words("s.toml")]
        result = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment(USER), cwd=self.folder)
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn("no pipe could be made for it: Too many open files", result.stdout)

    def test_a_long_name_of_a_case_has_a_trace(self):
        self.scenario(f"""
            matrix.name = ["{'x' * 300}"]
            {PASSES}""")
        self.runs("s.toml", "--trace", "traces")
        self.assertEqual(len(list((self.folder / "traces").iterdir())), 1)

    def test_a_step_whose_process_is_killed_has_not_been_too_slow(self):
        self.scenario("""
            [[step]]
            run = "kill -9 -1"
            """)
        result = self.runs("s.toml", status=1)
        self.assertIn("the step ends by itself ! its process was killed", result.stdout)

    def test_names_with_control_characters_are_told_on_one_line_and_can_be_repeated(self):
        self.scenario("""
            matrix.value = ["a\\nb's \u00fc", "other"]
            [[step]]
            run = "exit 3"
            """, "s \u00fc.toml")
        result = self.runs("s \u00fc.toml", status=1)
        self.assertIn("FAILED  s \u00fc.toml[value=a\ufffdb's \u00fc] (seed", result.stdout)
        repeat = next(line for line in result.stdout.splitlines() if "to repeat it" in line and "-k $" in line)
        again = subprocess.run(["bash", "-c", repeat.split(": ", 1)[1].replace("mdevsim", str(MDEVSIM), 1)], capture_output=True, text=True,
                               cwd=self.folder, env=environment(USER))
        self.assertIn("0 passed, 1 failed", again.stdout, again.stderr)
        tap = self.runs("s \u00fc.toml", "--tap", status=1).stdout
        self.assertEqual([line for line in tap.splitlines() if not re.match(r"TAP|not ok|#|1\.\.2", line)], [])


class Endings(ScenarioCase):
    def test_exit_statuses(self):
        self.scenario(PASSES, "good.toml")
        self.scenario(FAILS, "bad.toml")
        self.scenario("[[step]]\nraed = 1\n", "invalid.toml")
        self.runs("good.toml", status=0)
        self.runs("good.toml", "bad.toml", status=1)
        self.runs("good.toml", "--shard", "3/2", status=2)
        self.runs("--no-such-option", status=2)
        self.runs("good.toml", "invalid.toml", status=3)
        self.runs("no-such-file.toml", status=3)
        self.runs("good.toml", "-k", "nothing", status=5)

    def test_a_machine_that_cannot_is_told(self):
        self.scenario(PASSES)
        # The device is there, and may not be opened.
        closed = "mount --bind /dev/fuse /dev/fuse && mount -o remount,bind,nodev /dev/fuse && exec \"$@\""
        unshare = ["unshare", "--mount", *(["--user", "--map-root-user"] if USER != "root" else []), "sh", "-c", closed, "sh"]
        words = [*as_user(USER), *unshare, str(MDEVSIM), "test", "s.toml"]
        result = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment(USER), cwd=self.folder,
                                timeout=SECONDS_MAX)
        self.assertEqual(result.returncode, 4, result.stdout + result.stderr)
        self.assertIn("/dev/fuse may not be opened", result.stderr)

    def test_so_many_cases_run_at_a_time(self):
        self.scenario("""
            matrix.n = [1, 2]
            [[step]]
            name = "both are there"
            run = "touch here.{n}; until [ -e here.1 ] && [ -e here.2 ]; do sleep 0.01; done"
            within = "1min"
            """)
        self.runs("s.toml", "--jobs", "2")
        for path in self.folder.glob("here.*"):
            path.unlink()
        self.scenario((self.folder / "s.toml").read_text().replace("1min", "200ms"), host="")
        result = self.runs("s.toml", "--jobs", "1", status=1)
        self.assertIn("1 passed, 1 failed", result.stdout)

    def test_an_invalid_file_is_shown_like_a_compiler_does(self):
        self.scenario('[[step]]\nread = "a"\nexpct = 1\n', host=HOST)
        result = self.runs("s.toml", status=3)
        self.assertEqual(result.stdout, "")
        self.assertIn("s.toml:3:1: error: a step has no key `expct`\n    3 | expct = 1\n      | ^^^^^\n"
                      "  help: did you mean `expect`?\n", result.stderr)

    def test_repeats_with_seeds_of_their_own_until_one_fails(self):
        self.scenario("""
            [[step]]
            run = "test $MDEVSIM_SEED -lt 6"
            """)
        self.runs("s.toml", "--seed", "3", "--repeat", "3")
        result = self.runs("s.toml", "--seed", "3", "--until-fail", status=1)
        self.assertIn("--seed 6\n", result.stdout)
        self.assertIn("3 passed, 1 failed", result.stdout)

    def test_shards_run_each_case_once(self):
        self.scenario('matrix.n = [1, 2, 3, 4, 5, 6, 7, 8, 9]\n' + PASSES)
        seen = []
        for shard in ("1/3", "2/3", "3/3"):
            result = self.runs("s.toml", "--json", "--shard", shard)
            seen += [json.loads(line)["case"] for line in result.stdout.splitlines()[:-1]]
        self.assertEqual(sorted(seen), [f"s.toml[n={n}]" for n in range(1, 10)])

    def test_a_seed_is_no_negative_number(self):
        self.scenario(PASSES)
        self.assertIn("write a number from 0 to", self.runs("s.toml", "--seed", "-1", status=2).stderr)

    def test_a_report_that_cannot_be_written_is_told_before_all_cases_run(self):
        self.scenario(PASSES)
        for option in ("--junit", "--trace"):
            result = self.runs("s.toml", option, "/proc/nowhere/there", status=1)
            self.assertEqual(result.stdout, "")
            self.assertIn("/proc/nowhere/there", result.stderr)
        self.runs("s.toml", "--trace", "new/folder")
        self.assertTrue((self.folder / "new" / "folder" / "s.toml.seed1.jsonl").exists())

    def test_a_file_that_is_named_twice_is_run_once(self):
        self.scenario(PASSES)
        self.assertEqual(self.runs("s.toml", "s.toml", "--list").stdout, "s.toml\n")

    def test_a_scenario_that_cannot_be_read_is_missed_in_its_folder(self):
        self.scenario(PASSES, "good.toml")
        (self.folder / "host.toml").write_text(HOST)
        (self.folder / "pyproject.toml").write_text('[project]\nname = "ours"\n')
        self.runs(".")
        for text, message in (("[[step]\nrun = 1\n" + HOST, "syntax error"), ("[[stpe]]\nrun = 1\n" + HOST, "a scenario has no key `stpe`")):
            with self.subTest(message):
                (self.folder / "bad.toml").write_text(text)
                self.assertIn(message, self.runs(".", status=3).stderr)

    def test_who_is_interrupted_says_so(self):
        self.scenario("""
            [[step]]
            run = "touch here; exec sleep 1000"
            within = "1h"
            """)
        process = subprocess.Popen(self.words("s.toml", "--tap"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, env=environment(USER), cwd=self.folder)
        ends((self.folder / "here").exists, "the start of the step")
        process.terminate()
        stdout, stderr = process.communicate()
        self.assertEqual((process.returncode, stdout), (1, "TAP version 13\nBail out! interrupted\n"))
        self.assertIn("interrupted: not all cases have run", stderr)

    def test_a_folder_is_its_scenarios(self):
        self.scenario(PASSES, "a.toml")
        self.scenario(PASSES, "b.toml")
        (self.folder / "host.toml").write_text(HOST)
        result = self.runs(".", "--list")
        self.assertEqual(result.stdout.splitlines(), ["./a.toml", "./b.toml"])


class Formats(ScenarioCase):
    def setUp(self):
        super().setUp()
        self.scenario(PASSES, "a.toml")
        self.scenario(FAILS, "b.toml")
        self.scenario(SKIPPED, "c.toml")

    def lint(self, report):
        """What xmllint has to say about a report that is not as the schema says; empty when it is."""
        result = subprocess.run([os.environ["XMLLINT"], "--noout", "--schema", pathlib.Path(__file__).with_name("junit.xsd"), report],
                                capture_output=True, text=True)
        self.assertIn(result.returncode, (0, 3), result.stderr)
        return "" if result.returncode == 0 else result.stderr

    def test_junit_is_as_the_schema_says(self):
        report = self.folder / "report.xml"
        self.runs(".", "--junit", "report.xml", status=1)
        self.assertEqual(self.lint(report), "")
        root = ElementTree.parse(report).getroot()
        for suite in root:
            for name, what in (("tests", "testcase"), ("failures", "testcase/failure"), ("skipped", "testcase/skipped")):
                self.assertEqual(suite.get(name), str(len(suite.findall(what))), f"{name} of {suite.get('name')}")
        # The schema can refuse.
        (self.folder / "wrong.xml").write_text(report.read_text().replace("<testcase ", '<testcase nonsense="1" ', 1))
        self.assertIn("nonsense", self.lint(self.folder / "wrong.xml"))
        outcomes = {suite.get("name"): [child.tag for case in suite for child in case] for suite in root}
        self.assertEqual(outcomes, {"./a.toml": [], "./b.toml": ["failure"], "./c.toml": ["skipped"]})

    def test_prove_reads_tap(self):
        prove = os.environ["PROVE"]
        tap = self.runs("a.toml", "c.toml", "--tap").stdout
        (self.folder / "good.tap").write_text(tap)
        (self.folder / "bad.tap").write_text(self.runs("a.toml", "b.toml", "--tap", status=1).stdout)
        good, bad = (subprocess.run([prove, "--exec", "cat", self.folder / name], capture_output=True, text=True)
                     for name in ("good.tap", "bad.tap"))
        self.assertEqual(good.returncode, 0, good.stdout + good.stderr)
        self.assertIn("Tests=2", good.stdout)
        self.assertNotEqual(bad.returncode, 0, bad.stdout)

    def test_json_lines_tell_everything(self):
        lines = [json.loads(line) for line in self.runs(".", "--json", status=1).stdout.splitlines()]
        by_case = {line["case"]: line for line in lines[:-1]}
        self.assertEqual({case: line["status"] for case, line in by_case.items()},
                         {"./a.toml": "passed", "./b.toml": "failed", "./c.toml": "skipped"})
        self.assertEqual(by_case["./c.toml"]["reason"], "no-such-program is not installed")
        self.assertEqual(by_case["./b.toml"]["failures"][0]["mismatches"][0]["actual"], "no error")
        self.assertEqual((lines[-1]["passed"], lines[-1]["failed"], lines[-1]["skipped"]), (1, 1, 1))

    def test_a_terminal_gets_progress_and_colours_unless_it_wants_none(self):
        script = shutil.which("script")
        self.assertIsNotNone(script, "script(1) of bsdutils")

        def on_terminal(**more):
            words = " ".join(self.words("a.toml"))
            result = subprocess.run([script, "-qec", words, "/dev/null"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                    env=dict(environment(USER), TERM="xterm", **more), cwd=self.folder, timeout=SECONDS_MAX)
            self.assertEqual(result.returncode, 0, result.stdout)
            return result.stdout

        coloured = on_terminal()
        self.assertIn("\033[32mpassed\033[0m", coloured)
        self.assertIn("[1/1]", coloured)
        self.assertNotIn("\033[32m", on_terminal(NO_COLOR="1"))


if __name__ == "__main__":
    unittest.main()
