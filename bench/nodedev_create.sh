#!/bin/bash
# Creates a mediated device COUNT times through libvirt and as often through mdevctl alone, each followed by its removal.
# Runs inside `mdevsim run`, where /run and the directories of libvirt and mdevctl are private and empty.
# Prints a line for each: "libvirt SECONDS" or "mdevctl SECONDS".
# usage: nodedev_create.sh COUNT PARENT NODEDEV TYPE
set -euo pipefail

count=$1 parent=$2 nodedev=$3 type=$4
work=$(mktemp -d)
export LC_ALL=C

cat > "$work/libvirtd.conf" <<CONF
auth_unix_rw = "none"
auth_unix_ro = "none"
log_outputs = "3:file:$work/libvirtd.log"
CONF
cat > "$work/mdev.xml" <<XML
<device><parent>$nodedev</parent><capability type='mdev'><type id='$type'/></capability></device>
XML

# The node device driver alone: others fail without users and services that a benchmark has no use for.
mkdir "$work/drivers"
ln -s /usr/lib/*/libvirt/connection-driver/libvirt_driver_nodedev.so "$work/drivers/"
LIBVIRT_DRIVER_DIR="$work/drivers" libvirtd --config "$work/libvirtd.conf" --pid-file "$work/libvirtd.pid" > "$work/libvirtd.out" 2>&1 &
libvirtd=$!
finish() {
  kill "$libvirtd" 2> /dev/null || true
  wait "$libvirtd" 2> /dev/null || true
  rm -rf "$work"
}
trap finish EXIT

virsh() { command virsh --connect nodedev:///system "$@"; }

for _ in {1..200}; do
  virsh nodedev-dumpxml "$nodedev" > /dev/null 2>&1 && break
  sleep 0.05
done
if ! virsh nodedev-dumpxml "$nodedev" > /dev/null; then
  cat "$work/libvirtd.out" "$work/libvirtd.log" >&2
  exit 1
fi

# Prints the seconds that a command takes, behind a name; the command's own output goes to a file.
timed() {
  local name=$1 start=$EPOCHREALTIME
  shift
  "$@" > "$work/output"
  local end=$EPOCHREALTIME
  echo "$name $((${end/./} - ${start/./}))e-6"
}

for ((i = 0; i < count; i++)); do
  timed libvirt virsh nodedev-create "$work/mdev.xml"
  device=$(grep -o 'mdev_[0-9a-z_]*' "$work/output")
  virsh nodedev-destroy "$device" > /dev/null
done

# Without libvirtd: it waits a second for what mdevctl has already removed again, and the next device would wait with it.
kill "$libvirtd"
wait "$libvirtd" || true
for ((i = 0; i < count; i++)); do
  uuid=$(printf '00000000-0000-4000-8000-%012x' "$i")
  timed mdevctl mdevctl start --uuid "$uuid" --parent "$parent" --type "$type"
  mdevctl stop --uuid "$uuid"
done
