// What a device can do of VFIO's migration, as VFIO_DEVICE_FEATURE_MIGRATION tells it.
#pragma once

#include <cstdint>

namespace mdevsim::model {

struct MigrationFeatures {
  bool stop_copy = true;  // without it the device cannot be migrated at all
  bool p2p = true;        // the states RUNNING_P2P and, with pre_copy, PRE_COPY_P2P
  bool pre_copy = true;   // the states PRE_COPY and, with p2p, PRE_COPY_P2P

  friend bool operator==(const MigrationFeatures&, const MigrationFeatures&) = default;
};

// The bits of vfio.h: VFIO_MIGRATION_STOP_COPY, _P2P and _PRE_COPY.
constexpr std::uint32_t vfio_flags(const MigrationFeatures& features) {
  return (features.stop_copy ? 1U : 0U) | (features.p2p ? 2U : 0U) | (features.pre_copy ? 4U : 0U);
}

}  // namespace mdevsim::model
