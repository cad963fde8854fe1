"""The plugin, with real hosts: what the fixture does, and what a failing test shows."""

import errno
import os
import pathlib
import subprocess

import pytest
from pytest_mdevsim import Host, HostFailure

TYPES = "/sys/class/mdev_bus/mtty/mdev_supported_types"
CREATE = f"{TYPES}/mtty-2/create"
DEVICES = "/sys/bus/mdev/devices"
UUID = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"

ONE_INSTANCE = """
[host.small.virtual."mtty/mtty"]
mdev_types = [{ id = "1", instances = 1 }]
"""


def test_read_write_list(mdevsim_host):
    assert mdevsim_host.read(f"{TYPES}/mtty-2/name") == "Dual port serial\n"
    assert mdevsim_host.write(CREATE, UUID) == len(UUID)
    assert mdevsim_host.list(DEVICES) == [UUID]
    assert mdevsim_host.exists(f"{DEVICES}/{UUID}/mdev_type")
    assert mdevsim_host.readlink(f"{DEVICES}/{UUID}") == f"../../../devices/virtual/mtty/mtty/{UUID}"
    assert not mdevsim_host.exists(f"{DEVICES}/nothing")


def test_errors_are_the_hosts(mdevsim_host):
    mdevsim_host.write(CREATE, UUID)
    with pytest.raises(OSError) as caught:
        mdevsim_host.write(CREATE, UUID)
    assert (caught.value.errno, caught.value.filename) == (errno.EEXIST, CREATE)
    with mdevsim_host.expect_errno("EEXIST"):
        mdevsim_host.write(CREATE, UUID)
    with mdevsim_host.expect_errno("ENOENT"):
        mdevsim_host.read("/sys/nothing")
    with mdevsim_host.expect_errno("EACCES"):
        mdevsim_host.read(CREATE)


def test_expect_errno_fails_when_it_should(mdevsim_host):
    with pytest.raises(AssertionError, match="expected ENOSPC, got EINVAL of .*create"):
        with mdevsim_host.expect_errno("ENOSPC"):
            mdevsim_host.write(CREATE, "garbage")
    with pytest.raises(AssertionError, match="expected ENOSPC, but it succeeded"):
        with mdevsim_host.expect_errno("ENOSPC"):
            mdevsim_host.write(CREATE, UUID)
    with pytest.raises(ValueError, match="ENOTHING is no errno"):
        with mdevsim_host.expect_errno("ENOTHING"):
            pass


def test_commands_run_inside(mdevsim_host):
    mdevsim_host.run(f"printf {UUID} > {CREATE}")
    assert mdevsim_host.run("ls", DEVICES).stdout == f"{UUID}\n"
    assert mdevsim_host.run("cat", input="to stdin").stdout == "to stdin"
    failed = mdevsim_host.run("echo out; echo err >&2; exit 3", check=False)
    assert (failed.returncode, failed.stdout, failed.stderr) == (3, "out\n", "err\n")
    with pytest.raises(subprocess.CalledProcessError):
        mdevsim_host.run("false")
    with pytest.raises(subprocess.TimeoutExpired):
        mdevsim_host.run("sleep", 100, timeout=0.1)
    with mdevsim_host.expect_errno("ENOENT"):
        mdevsim_host.run("/no/such/program", "")


def test_events_of_a_write_are_there_when_it_returns(mdevsim_host):
    assert mdevsim_host.events() == []
    mdevsim_host.write(CREATE, UUID)
    heard = [(event["ACTION"], event["SUBSYSTEM"]) for event in mdevsim_host.events()]
    assert heard == [("add", "mdev"), ("add", "vfio"), ("add", "vfio-dev"), ("bind", "mdev")]
    mdevsim_host.write(f"{DEVICES}/{UUID}/remove", "1")
    event = mdevsim_host.wait_event(ACTION="remove", SUBSYSTEM="mdev")
    assert event["DEVPATH"] == f"/devices/virtual/mtty/mtty/{UUID}"
    with pytest.raises(TimeoutError):
        mdevsim_host.wait_event(timeout=0.05, ACTION="add")


def test_a_daemon_that_a_command_leaves_behind_is_not_waited_for(mdevsim_host):
    assert mdevsim_host.run("sleep 1000 & echo started", timeout=60).stdout == "started\n"
    with pytest.raises(subprocess.TimeoutExpired):
        mdevsim_host.run("echo so far; sleep 1001", timeout=0.2)
    assert mdevsim_host.run("pgrep -c -f '^sleep 100[01]'").stdout == "1\n"


def test_a_command_that_fails_tells_what_it_said(mdevsim_host):
    with pytest.raises(subprocess.CalledProcessError, match="(?s)status 3.*stderr: no way.*stdout: tried"):
        mdevsim_host.run("echo tried; echo no way >&2; exit 3")


def test_an_event_is_waited_for_by_a_pattern(mdevsim_host):
    mdevsim_host.write(CREATE, UUID)
    assert mdevsim_host.wait_event(ACTION="bind", DEVPATH=f"*/{UUID}")["SUBSYSTEM"] == "mdev"
    with pytest.raises(TimeoutError):
        mdevsim_host.wait_event(timeout=0.05, ACTION="[a-z]*")


def test_an_errno_with_two_names(mdevsim_host):
    mdevsim_host.fault("at=create errno=EOPNOTSUPP")
    for name in ("ENOTSUP", "EOPNOTSUPP"):
        with mdevsim_host.expect_errno(name):
            mdevsim_host.write(CREATE, UUID)


def test_what_is_no_rule_is_told_with_the_reason(mdevsim_host):
    with pytest.raises(ValueError, match="at=nonsense.*none of the words"):
        mdevsim_host.fault("at=nonsense")


def test_faults_and_trace(mdevsim_host):
    mdevsim_host.fault("at=create errno=EBUSY times=1")
    with mdevsim_host.expect_errno("EBUSY"):
        mdevsim_host.write(CREATE, UUID)
    (rule,) = mdevsim_host.faults()
    assert (rule["at"], rule["seen"], rule["struck"]) == ("create", "1", "1")
    writes = [request for request in mdevsim_host.trace() if request["op"] == "write" and request["path"].endswith("/create")]
    assert [(request["text"], request["result"]) for request in writes] == [(UUID, "EBUSY")]
    mdevsim_host.clear_faults()
    mdevsim_host.write(CREATE, UUID)


@pytest.mark.mdevsim(host=ONE_INSTANCE)
def test_a_host_of_the_tests_own(mdevsim_host):
    mdevsim_host.write(f"{TYPES}/mtty-1/create", UUID)
    with mdevsim_host.expect_errno("EUSERS"):
        mdevsim_host.write(f"{TYPES}/mtty-1/create", UUID.replace("1001", "1002"))


def test_two_hosts_at_once(mdevsim_host):
    program = os.environ["MDEVSIM"]
    with Host("builtin:kernel-samples", program=program) as other:
        mdevsim_host.write(CREATE, UUID)
        other.write(CREATE, UUID)
        assert other.list(DEVICES) == mdevsim_host.list(DEVICES) == [UUID]


def test_a_host_that_cannot_start_says_why(tmp_path):
    file = tmp_path / "wrong.toml"
    file.write_text("[host.a]\nkernal = '6.12'\n")
    with pytest.raises(HostFailure, match="did you mean `kernel`"):
        Host(file, program=os.environ["MDEVSIM"])


def test_nothing_is_left_when_the_test_ends(pytester):
    pytester.makepyfile("""
        import pathlib
        def test_pids(mdevsim_host):
            pathlib.Path("pid").write_text(str(mdevsim_host._process.pid))
            mdevsim_host.run("sleep 1000 > /dev/null 2>&1 & echo started")
    """)
    pytester.runpytest("-p", "pytest_mdevsim").assert_outcomes(passed=1)
    pid = (pytester.path / "pid").read_text()
    assert not pathlib.Path(f"/proc/{pid}").exists()


def test_a_failing_test_shows_the_trace(pytester):
    pytester.makepyfile(f"""
        def test_fails(mdevsim_host):
            mdevsim_host.write("{CREATE}", "garbage")
    """)
    result = pytester.runpytest("-p", "pytest_mdevsim")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*OSError: *Invalid argument*", "*mdevsim trace*", '*write /devices/virtual/mtty/*/create "garbage" = EINVAL'])


def test_the_trace_is_that_of_the_test(pytester):
    pytester.makepyfile("""
        def test_fails(mdevsim_host):
            assert mdevsim_host.trace() == []
            assert False
    """)
    result = pytester.runpytest("-p", "pytest_mdevsim")
    result.stdout.fnmatch_lines(["*mdevsim trace*", "the host was asked nothing"])


def test_a_misspelt_marker_is_told(pytester):
    pytester.makepyfile("""
        import pytest
        @pytest.mark.mdevsim(hots="small.toml")
        def test_types(mdevsim_host):
            pass
    """)
    pytester.runpytest("-p", "pytest_mdevsim").stdout.fnmatch_lines(["*takes host= and options=, not 'hots'*"])


def test_the_host_of_the_configuration_file(pytester):
    pytester.makefile(".toml", small=ONE_INSTANCE)
    pytester.makeini(f"[pytest]\nmdevsim_host = {pytester.path}/small.toml\n")
    pytester.makepyfile(f"""
        def test_types(mdevsim_host):
            assert mdevsim_host.list("{TYPES}") == ["mtty-1"]
    """)
    pytester.runpytest("-p", "pytest_mdevsim").assert_outcomes(passed=1)
