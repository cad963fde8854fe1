// Every limit of the simulator, named once.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mdevsim {

// The kernel's own (fs/sysfs/file.c, lib/kobject_uevent.c).
inline constexpr std::size_t kShowBytesMax = 4095;   // one page less the terminating NUL
inline constexpr std::size_t kStoreBytesMax = 4096;  // one page; a longer write is cut
inline constexpr std::size_t kUeventBytesMax = 2048;
inline constexpr std::size_t kUeventVariablesMax = 64;
inline constexpr std::size_t kAttributeSize = 4096;  // st_size of every text attribute

// Ours, on what a host file may ask for.
inline constexpr std::size_t kHostFileBytesMax = std::size_t{16} << 20;
inline constexpr std::size_t kIncludeDepthMax = 16;
inline constexpr std::uint32_t kRepeatMax = 1'000'000;
inline constexpr std::uint32_t kHostsMax = 1000;
inline constexpr std::uint32_t kFunctionsMax = 60'000;
inline constexpr std::uint32_t kParentsMax = 60'000;
inline constexpr std::uint32_t kTypesPerParentMax = 60'000;
inline constexpr std::uint32_t kInstancesMax = 4'000'000;
inline constexpr std::size_t kNameBytesMax = 200;
inline constexpr std::size_t kXattrBytesMax = 65'536;
inline constexpr std::size_t kOverlayNodesMax = 100'000;

static_assert(kShowBytesMax + 1 == kStoreBytesMax);

}  // namespace mdevsim
