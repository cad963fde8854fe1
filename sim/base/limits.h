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
// Removed instances whose links can still be read, and which the trace can still name: a creation
// and a removal are six requests, so these are more than a trace of kTraceRequests tells of.
inline constexpr std::size_t kDepartedMax = 4096;
inline constexpr std::size_t kTraceRequests =
    16'384;                                        // the last ones, unless --trace says how many
inline constexpr std::size_t kFaultRulesMax = 64;  // of a host
inline constexpr std::uint64_t kFaultDelayMsMax = 3'600'000;  // an hour
inline constexpr std::size_t kTraceRequestsMax = std::size_t{1} << 24;
inline constexpr std::size_t kNameBytesMax = 200;
inline constexpr std::uint32_t kDevicesExpandedMax = 200'000;  // of all hosts of a file together
inline constexpr std::uint32_t kTypesExpandedMax =
    1'000'000;  // those that `repeat` shares count once
inline constexpr std::size_t kTextExpandedBytesMax = std::size_t{256} << 20;
inline constexpr std::uint32_t kAttributesPerTypeMax = 256;
inline constexpr std::size_t kDriverIdsMax = 1000;
inline constexpr std::uint32_t kCpusMax = 8192;
inline constexpr std::uint32_t kNumaNodesMax = 1024;
inline constexpr std::uint32_t kIommuGroupsMax = 1'000'000;  // numbers are below it
inline constexpr std::uint64_t kBarBytesMax = std::uint64_t{1} << 40;
inline constexpr std::size_t kIncludedFilesMax = 1000;
inline constexpr std::size_t kDiagnosticsMax = 1000;
inline constexpr std::size_t kSyntaxErrorsMax = 50;                       // per file
inline constexpr std::size_t kReparsedBytesMax = std::size_t{128} << 20;  // to find them
inline constexpr std::uint32_t kKeyPartsMax = 32;  // a.b.c: bounds the parser's recursion
inline constexpr std::uint32_t kModelsMax = 1000;
inline constexpr std::uint32_t kParametersMax = 256;       // of a model
inline constexpr std::uint32_t kVersionsMax = 4000;        // of a model
inline constexpr std::size_t kAllowedMax = 1000;           // items of a parameter
inline constexpr std::size_t kModelValuesMax = 1'000'000;  // versions times parameters, of a file
inline constexpr std::size_t kSectionsMax = 256;           // of a device's state
inline constexpr std::uint64_t kDirtyRateMax = std::uint64_t{1} << 40;         // bytes a second
inline constexpr std::size_t kHandoverTokenBytesMax = 64;                      // of a migration
inline constexpr std::uint64_t kDeltaCacheBytesMax = std::uint64_t{64} << 20;  // of a migration
inline constexpr std::size_t kStreamAllocationBytesMax = std::size_t{2}
                                                         << 20;  // at once, by a reader
inline constexpr std::size_t kConfigurationBytesMax = kStoreBytesMax - 1;
inline constexpr std::uint64_t kDeviceMemoryBytesMax = std::uint64_t{1} << 40;  // of a section
inline constexpr std::size_t kXattrBytesMax = 65'536;
inline constexpr std::size_t kOverlayNodesMax = 100'000;

// Ours, on what a scenario may ask for.
inline constexpr std::uint32_t kCasesMax = 100'000;                     // of a matrix
inline constexpr std::uint32_t kCopiesMax = 1000;                       // of a step, at one time
inline constexpr std::size_t kCapturedBytesMax = std::size_t{1} << 20;  // of a step's output
inline constexpr std::size_t kGroupDepthMax = 4;                        // of groups in groups
inline constexpr std::size_t kJsonDepthMax = 500;                       // of what a command prints

static_assert(kShowBytesMax + 1 == kStoreBytesMax);

}  // namespace mdevsim
