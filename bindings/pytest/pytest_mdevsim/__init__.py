"""The fixture mdevsim_host: a simulated host for the time of a test.

    def test_the_parent_is_full(mdevsim_host):
        create = "/sys/class/mdev_bus/mtty/mdev_supported_types/mtty-1/create"
        mdevsim_host.fault("at=create errno=ENOSPC")
        with mdevsim_host.expect_errno("ENOSPC"):
            mdevsim_host.write(create, "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001")

Which host: @pytest.mark.mdevsim(host="my-host.toml"), or host= the text of a host file; else --mdevsim-host; else the
option mdevsim_host of the configuration file; else builtin:kernel-samples. A path is relative to the test's file.
"""

import pathlib

import pytest

from .host import Host, HostFailure

__all__ = ["Host", "HostFailure", "mdevsim_host"]

DEFAULT_HOST = "builtin:kernel-samples"
REQUESTS_SHOWN = 30


def pytest_addoption(parser):
    group = parser.getgroup("mdevsim")
    group.addoption("--mdevsim", default=None, metavar="PROGRAM", help="the program mdevsim (default: $MDEVSIM, or the one in $PATH)")
    group.addoption("--mdevsim-host", default=None, metavar="FILE", help="the host file of tests that name none")
    parser.addini("mdevsim_host", "the host file of tests that name none", default=DEFAULT_HOST)


def pytest_configure(config):
    config.addinivalue_line("markers", "mdevsim(host=None, options=()): the host file, or its text, and the options of `mdevsim run`, for mdevsim_host")


def _host_file(request, tmp_path, host):
    if host is None:
        return request.config.getoption("--mdevsim-host") or request.config.getini("mdevsim_host")
    if "\n" in str(host):
        file = tmp_path / "mdevsim-host.toml"
        file.write_text(host)
        return str(file)
    if str(host).startswith("builtin:"):
        return str(host)
    return str(pathlib.Path(request.path).parent / host)


@pytest.fixture
def mdevsim_host(request, tmp_path):
    """A Host, which ends with the test."""
    marker = request.node.get_closest_marker("mdevsim")
    given = marker.kwargs if marker else {}
    unknown = set(given) - {"host", "options"}
    if unknown or (marker and marker.args):
        raise pytest.UsageError(f"@pytest.mark.mdevsim takes host= and options=, not {', '.join(sorted(unknown)) or marker.args[0]!r}")
    with Host(_host_file(request, tmp_path, given.get("host")), options=given.get("options", ()), program=request.config.getoption("--mdevsim")) as host:
        yield host


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A test that fails shows what the host was asked last."""
    report = (yield).get_result()
    host = getattr(item, "funcargs", {}).get("mdevsim_host")
    if report.when == "call" and report.failed and host is not None:
        report.sections.append(("mdevsim trace", host.trace_text(REQUESTS_SHOWN)))
