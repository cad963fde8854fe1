"""Runs Debian's libvirtd inside a simulated host, for the tests of clients."""

from simulated import SimulatedHostCase

# libvirtd with its own configuration and log; /run and libvirt's directories are private inside. Only the driver for node
# devices is loaded: the others want users and daemons that have nothing to do with this.
START = """
    work=$(mktemp -d)
    mkdir $work/drivers
    ln -s /usr/lib/*/libvirt/connection-driver/libvirt_driver_nodedev.so $work/drivers/
    printf '%s\\n' 'auth_unix_rw = "none"' 'auth_unix_ro = "none"' "log_outputs = \\"3:file:$work/log\\"" > $work/libvirtd.conf
    LIBVIRT_DRIVER_DIR=$work/drivers libvirtd --config $work/libvirtd.conf --pid-file $work/pid > $work/output 2>&1 &
    libvirtd=$!
    finish() { kill $libvirtd; wait $libvirtd || true; rm -r $work; }
    trap finish EXIT
    virsh() { command virsh --quiet --connect nodedev:///system "$@"; }
    speaking_virsh() { command virsh --connect nodedev:///system "$@"; }
    until virsh nodedev-info computer > /dev/null 2>&1; do
        kill -0 $libvirtd || { cat $work/output $work/log >&2; exit 1; }
        sleep 0.1
    done
    until virsh nodedev-list | grep -q READY; do sleep 0.1; done
"""


class LibvirtCase(SimulatedHostCase):
    """Cases that run shell scripts beside a libvirtd; `virsh` speaks to it."""

    clients = ("libvirtd", "virsh", "mdevctl", "udevadm")
    ready = "mtty_mtty"  # the node device that is waited for
    before = ""          # a script that comes before each case's own

    def libvirt(self, script, status=0, host=None):
        start = START.replace("READY", self.ready)
        return self.inside(start + self.before + script, status=status, host=host)
