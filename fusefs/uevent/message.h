// The two forms of a uevent on the wire: as the kernel broadcasts it, and as udevd passes it on.
// Pure formatting.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "fusefs/sysfs/notice.h"

namespace mdevsim::uevent {

// "add@/devices/…", then ACTION, DEVPATH, SUBSYSTEM and the variables, each ended by a NUL. The
// SEQNUM is not in it: the kernel appends one to what it broadcasts.
std::string kernel_payload(const sysfs::Uevent& uevent);

// A 40-byte header and the properties, as libudev's monitors take it. DEVNAME is a path here.
std::string udev_message(const sysfs::Uevent& uevent, std::uint64_t seqnum);

// What the header's filters are made of.
std::uint32_t murmur2(std::string_view text);
std::uint64_t tag_bloom_bits(std::string_view tag);

// The SEQNUM of a broadcast message of the kernel group if it is this payload's; 0 when it is
// another's.
std::uint64_t seqnum_of_broadcast(std::string_view broadcast, std::string_view payload);

}  // namespace mdevsim::uevent
