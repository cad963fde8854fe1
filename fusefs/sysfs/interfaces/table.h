// The files of all proposed interfaces as one table. Each proposal is one file of this folder, and
// its rows are an array that is named here; to add a proposal is to add such a file and its array.
//
// The files lie in the directories of types, instances and PCI functions, as objects of kinds of
// their own (type_interfaces and so on), all with this one table: whether a row is there depends on
// the interfaces that the owner has switched on. Without any the owner's directory is mainline's.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "fusefs/sysfs/notice.h"
#include "fusefs/sysfs/table.h"

namespace mdevsim::sysfs::interfaces {

// The rows that others refer to; the proposals' other files follow.
namespace row {
enum : std::uint8_t {
  none,                  // no file: rows are numbered from 1
  migration,             // migration/, of two proposals
  staged,                // migration/params/
  parameter,             // PARAM, read-only
  writable_parameter,    // PARAM
  advertised_parameter,  // PARAM of a type: what it may be
  compatible_parameter,  // compatible_PARAM
  migration_parameter,   // migration/PARAM
  staged_parameter,      // migration/params/PARAM
  first_file
};
}

// exposure.cc
extern const Row kParameter;
extern const std::array<Row, 3> kExposure;
// type_attributes.cc
extern const Row kWritableParameter;
extern const std::array<Row, 1> kTypeAttributes;
// create_parameters.cc
extern const Row kAdvertisedParameter;
extern const std::array<Row, 1> kCreateParameters;
// aggregation.cc
extern const std::array<Row, 3> kAggregation;
// config_params.cc
extern const std::array<Row, 2> kConfigParams;
// migration_info.cc
extern const Row kMigrationParameter;
extern const std::array<Row, 2> kMigrationInfo;
// migration_params.cc
extern const Row kStagedParameter, kStaged;
extern const std::array<Row, 2> kMigrationParams;
// migration_version.cc
extern const std::array<Row, 1> kMigrationVersion;
// software_version.cc
extern const Row kCompatibleParameter;
extern const std::array<Row, 3> kSoftwareVersion;

// The kind of the object that shows the files of a kind, and the other way round.
Kind owner_kind(Kind files);
NodeId files_of(NodeId owner, std::uint32_t row = 0, std::uint32_t index = 0);

// ---- for the directories that show the files: their entries beyond their own tables
void children(const View& owner, const ChildSink& sink);
bool find(const View& owner, std::string_view name, NodeId& out);
std::uint32_t subdirectories(const View& owner);

// The notices for files that go with a driver or its device, and for those that another
// configuration does not have, or has with another size.
void append_gone(const View& owner, std::vector<Notice>& out);
void append_reconfigured(const View& owner, const model::Configuration& before,
                         std::vector<Notice>& out);

}  // namespace mdevsim::sysfs::interfaces
