// The proposed interfaces: which files each shows where, what they say, what they take, and that a
// refused write changes nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "fusefs/sysfs/kinds.h"
#include "sim/config/taken_names.h"
#include "tests/support/modelled_host.h"
#include "tests/support/sysfs_client.h"

namespace mdevsim::sysfs {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;
using testing::SysfsClient;
using testing::uuid_text;

const std::string kNic = "devices/pci0000:5e/0000:5e:00.0";
const std::string kAny = kNic + "/mdev_supported_types/my-nic-any";
const std::string kScaled = kNic + "/mdev_supported_types/my-nic-scaled";
const std::string kFunction = "devices/pci0000:5e/0000:5e:00.1";

std::string device(int n) { return kNic + "/" + uuid_text(n); }

struct Client : SysfsClient {
  explicit Client(const std::vector<Interface>& of_type,
                  const std::vector<Interface>& of_function = {})
      : SysfsClient(testing::modelled_host(of_type, of_function)) {}
  Errc create(int n, const std::string& settings = {}) {
    return write(kAny + "/create", uuid_text(n) + settings);
  }
};

TEST(NoInterface, EveryDirectoryIsMainlines) {
  Client client({});
  ASSERT_EQ(client.create(1), Errc::ok);
  EXPECT_THAT(client.names(kAny),
              ElementsAre("available_instances", "create", "device_api", "devices", "name"));
  EXPECT_THAT(client.names(device(1)), ElementsAre("driver", "iommu_group", "mdev_type", "power",
                                                   "remove", "subsystem", "uevent", "vfio-dev"));
  EXPECT_FALSE(client.exists(kFunction + "/model"));
  EXPECT_EQ(client.create(2, ",version=1"), Errc::invalid);
  EXPECT_EQ(client.stat(kAny).nlink, 3U);
}

// ---- type-attributes ----

TEST(TypeAttributes, AreThereWithTheModelAndEveryParameter) {
  const Client client({Interface::type_attributes});
  EXPECT_THAT(client.names(kAny),
              ElementsAre("available_instances", "create", "device_api", "devices", "latest",
                          "model", "name", "rss", "rx-filter-size", "version"));
  EXPECT_EQ(client.read(kAny + "/model"), "https://vendor-a.com/my-nic");
  EXPECT_EQ(client.read(kAny + "/version"), "2");
  EXPECT_EQ(client.read(kAny + "/latest"), "version=3");
  EXPECT_EQ(client.read(kAny + "/rss"), "1");
  EXPECT_EQ(client.read(kAny + "/rx-filter-size"), "0");
  EXPECT_EQ(client.mode(kAny + "/model"), 0444U);
  EXPECT_EQ(client.mode(kAny + "/version"), 0644U);
  EXPECT_EQ(client.mode(kAny + "/rss"), 0644U);
}

TEST(TypeAttributes, WritingTheVersionSetsAllParametersAndHidesThoseItHasNot) {
  Client client({Interface::type_attributes});
  ASSERT_EQ(client.write(kAny + "/version", "3\n"), Errc::ok);
  EXPECT_EQ(client.read(kAny + "/rx-filter-size"), "64");
  ASSERT_EQ(client.write(kAny + "/version", "1"), Errc::ok);
  EXPECT_FALSE(client.exists(kAny + "/rss"));
  EXPECT_THAT(client.names(kAny), Not(Contains("rss")));
  EXPECT_THAT(client.expired(), IsSupersetOf({"rss", "rx-filter-size"}));
}

TEST(TypeAttributes, CreateMakesWhatTheTypeIsSetTo) {
  Client client({Interface::type_attributes});
  client.write(kAny + "/version", "3");
  client.write(kAny + "/rx-filter-size", "200");
  ASSERT_EQ(client.create(1), Errc::ok);
  client.write(kAny + "/version", "1");
  EXPECT_EQ(client.read(device(1) + "/version"), "3");
  EXPECT_EQ(client.read(device(1) + "/rx-filter-size"), "200");
}

struct Written {
  const char* text;
  Errc errc;
  const char* shown;  // afterwards
};

class LenientBool : public ::testing::TestWithParam<Written> {};
TEST_P(LenientBool, IsADecimalNumberAndGarbageIsOff) {
  Client client({Interface::type_attributes});
  EXPECT_EQ(client.write(kAny + "/rss", GetParam().text), GetParam().errc);
  EXPECT_EQ(client.read(kAny + "/rss"), GetParam().shown);
}
constexpr Written kBools[] = {{"0", Errc::ok, "0"},  {"1\n", Errc::ok, "1"}, {"2", Errc::ok, "1"},
                              {"-1", Errc::ok, "1"}, {"00", Errc::ok, "0"},  {"on", Errc::ok, "0"},
                              {"1x", Errc::ok, "1"}, {"x1", Errc::ok, "0"},  {"\n", Errc::ok, "0"},
                              {"", Errc::ok, "0"}};
INSTANTIATE_TEST_SUITE_P(Texts, LenientBool, ::testing::ValuesIn(kBools));

class LenientInt : public ::testing::TestWithParam<Written> {};
TEST_P(LenientInt, IsWhatTheVersionAllows) {
  Client client({Interface::type_attributes});
  client.write(kAny + "/rx-filter-size", "32");
  EXPECT_EQ(client.write(kAny + "/rx-filter-size", GetParam().text), GetParam().errc);
  EXPECT_EQ(client.read(kAny + "/rx-filter-size"), GetParam().shown);
}
constexpr Written kInts[] = {{"64\n", Errc::ok, "64"},        {"65", Errc::invalid, "32"},
                             {"-1", Errc::invalid, "32"},     {"x", Errc::invalid, "32"},
                             {"64 ", Errc::invalid, "32"},    {"", Errc::ok, "0"},
                             {"\n", Errc::ok, "0"},           {"0", Errc::ok, "0"},
                             {"64\n\n", Errc::invalid, "32"}, {"0x40", Errc::invalid, "32"}};
INSTANTIATE_TEST_SUITE_P(Texts, LenientInt, ::testing::ValuesIn(kInts));

TEST(TypeAttributes, RefusalsHaveAnErrnoAndAReason) {
  Client client({Interface::type_attributes});
  EXPECT_EQ(client.write(kAny + "/version", "9"), Errc::not_supported);
  EXPECT_EQ(client.why,
            "/" + kAny +
                "/version: `version`: https://vendor-a.com/my-nic has no version 9: its "
                "versions are from 1 to 3");
  EXPECT_EQ(client.write(kAny + "/version", "two"), Errc::invalid);
  EXPECT_EQ(client.write(kAny + "/version", ""), Errc::invalid);
  EXPECT_EQ(client.write(kAny + "/rx-filter-size", "96"), Errc::invalid);
  EXPECT_THAT(client.why, HasSubstr("`rx-filter-size`: 96 is not allowed in version 2"));
  EXPECT_EQ(client.write(kAny + "/rx-filter-size", std::string(4096, '1')), Errc::invalid);
  EXPECT_EQ(client.read(kAny + "/version"), "2");
}

// ---- create-parameters ----

TEST(CreateParameters, TheTypeTellsWhatIsSupported) {
  const Client client({Interface::create_parameters});
  EXPECT_EQ(client.read(kAny + "/version"), "1-3");
  EXPECT_EQ(client.read(kAny + "/latest"), "version=3");
  EXPECT_EQ(client.read(kAny + "/rss"), "0 1");
  EXPECT_EQ(client.read(kAny + "/rx-filter-size"), "0-64 65-256");
  EXPECT_EQ(client.mode(kAny + "/rss"), 0444U);
  EXPECT_EQ(client.mode(kAny + "/version"), 0444U);
}

TEST(CreateParameters, OneWriteMakesTheDevice) {
  Client client({Interface::create_parameters});
  ASSERT_EQ(client.create(1, ",version=3,rss=off\n"), Errc::ok);
  ASSERT_EQ(client.create(2, ",rx-filter-size=1,rss=1"), Errc::ok);
  ASSERT_EQ(client.create(3), Errc::ok);
  ASSERT_EQ(client.create(4, "\n"), Errc::ok);
  EXPECT_EQ(client.read(device(1) + "/version"), "3");
  EXPECT_EQ(client.read(device(1) + "/rss"), "0");
  EXPECT_EQ(client.read(device(1) + "/rx-filter-size"), "64");
  EXPECT_EQ(client.read(device(2) + "/rss"), "1");
  EXPECT_EQ(client.read(device(3) + "/version"), "2");
  EXPECT_EQ(client.mode(device(1) + "/rss"), 0444U) << "another configuration is another device";
}

struct RefusedCreate {
  std::string settings;
  Errc errc;
  const char* why;
};
class CreateRefused : public ::testing::TestWithParam<RefusedCreate> {};
TEST_P(CreateRefused, CreatesNothingAndSaysWhy) {
  Client client({Interface::create_parameters});
  EXPECT_EQ(client.create(1, GetParam().settings), GetParam().errc);
  EXPECT_THAT(client.why, HasSubstr(GetParam().why));
  EXPECT_FALSE(client.exists(device(1)));
  EXPECT_EQ(client.read(kAny + "/available_instances"), "16");
}
const RefusedCreate kRefusedCreates[] = {
    {",version=4", Errc::not_supported, "no version 4"},
    {",version=1,rss=on", Errc::invalid, "version 1 has no such parameter"},
    {",rx-filter-size=257", Errc::invalid, "257 is not allowed"},
    {",speed=1", Errc::invalid, "has no such parameter"},
    {",rss=on,rss=on", Errc::invalid, "is set twice"},
    {",rss", Errc::invalid, "is no NAME=VALUE"},
    {",rss=on,", Errc::invalid, "last comma"},
    {",,", Errc::invalid, "last comma"},
    {" version=1", Errc::invalid, "no comma"},
    {",aggregate=2", Errc::invalid, "does not aggregate"},
    {",version=1\n\n", Errc::invalid, "is no number"},
    {"," + std::string(4096 - 37, 'x'), Errc::invalid, "more than 4094 bytes"},
};
INSTANTIATE_TEST_SUITE_P(Settings, CreateRefused, ::testing::ValuesIn(kRefusedCreates));

TEST(CreateParameters, TheUuidIsReadByTheKernelsRule) {
  Client client({Interface::create_parameters});
  EXPECT_EQ(client.write(kAny + "/create", uuid_text(1) + "X"), Errc::ok);
  EXPECT_EQ(client.write(kAny + "/create", uuid_text(2) + ","), Errc::ok)
      << "the 37th byte is never looked at";
  EXPECT_EQ(client.create(1, ",version=1"), Errc::exists);
  EXPECT_EQ(client.write(kAny + "/create", "version=1"), Errc::invalid);
}

// ---- aggregation ----

TEST(Aggregation, UnitsAreCounted) {
  Client client({});
  EXPECT_EQ(client.read(kScaled + "/aggregation"), "4");
  EXPECT_EQ(client.read(kScaled + "/aggregation_unit"), "64MiB");
  EXPECT_EQ(client.write(kScaled + "/create", uuid_text(1) + ",aggregate=3"), Errc::ok);
  EXPECT_EQ(client.read(kScaled + "/available_instances"), "5");
  EXPECT_EQ(client.read(device(1) + "/aggregated_instances"), "3");
  EXPECT_EQ(client.write(kScaled + "/create", uuid_text(2)), Errc::ok);
  EXPECT_EQ(client.read(device(2) + "/aggregated_instances"), "1");
  EXPECT_EQ(client.write(kScaled + "/create", uuid_text(3) + ",aggregate=4"), Errc::ok);
  EXPECT_EQ(client.write(kScaled + "/create", uuid_text(4) + ",aggregate=1"), Errc::users);
  EXPECT_EQ(client.write(device(1) + "/remove", "1"), Errc::ok);
  EXPECT_EQ(client.read(kScaled + "/available_instances"), "3");
}

TEST(Aggregation, OddUnitsAreRefused) {
  Client client({});
  for (const char* const units : {"0", "5", "x", "", "-1", "1,aggregate=1"}) {
    EXPECT_EQ(client.write(kScaled + "/create", uuid_text(1) + ",aggregate=" + units),
              Errc::invalid)
        << units;
  }
  EXPECT_EQ(client.write(kScaled + "/create", uuid_text(1) + ",rss=on"), Errc::invalid);
  EXPECT_EQ(client.read(kScaled + "/available_instances"), "8");
}

// ---- config_params ----

TEST(ConfigParams, ListsWhatIsActive) {
  Client client({Interface::create_parameters, Interface::config_params},
                {Interface::config_params});
  client.create(1, ",version=3");
  EXPECT_EQ(client.read(device(1) + "/config_params"), "rss rx-filter-size");
  EXPECT_EQ(client.read(kFunction + "/config_params"), "rss rx-filter-size");
  EXPECT_EQ(client.mode(kAny + "/config_params"), 0444U);
  EXPECT_EQ(client.mode(device(1) + "/config_params"), 0644U);
  EXPECT_EQ(client.mode(device(1) + "/rss"), 0644U);
}

TEST(ConfigParams, WhatIsLeftOutIsDisabled) {
  Client client({Interface::create_parameters, Interface::config_params});
  client.create(1, ",version=3");
  ASSERT_EQ(client.write(device(1) + "/config_params", " rx-filter-size \n"), Errc::ok);
  EXPECT_EQ(client.read(device(1) + "/rss"), "0");
  EXPECT_EQ(client.read(device(1) + "/rx-filter-size"), "64");
  ASSERT_EQ(client.write(device(1) + "/config_params", "\n"), Errc::ok);
  EXPECT_EQ(client.read(device(1) + "/config_params"), "");
  ASSERT_EQ(client.write(device(1) + "/config_params", "rx-filter-size rss"), Errc::ok);
  EXPECT_EQ(client.read(device(1) + "/rx-filter-size"), "64") << "its version's value";
}

TEST(ConfigParams, AnUnknownNameChangesNothing) {
  Client client({Interface::create_parameters, Interface::config_params});
  client.create(1, ",version=3");
  for (const char* const text : {"rss speed", "rss rss", "speed", "rss,rx-filter-size"}) {
    EXPECT_EQ(client.write(device(1) + "/config_params", text), Errc::invalid) << text;
    EXPECT_EQ(client.read(device(1) + "/config_params"), "rss rx-filter-size") << text;
  }
  client.create(2, ",version=1");
  EXPECT_EQ(client.write(device(2) + "/config_params", "rss"), Errc::invalid);
}

TEST(ConfigParams, ADeviceInUseIsBusy) {
  Client client({Interface::config_params});
  client.create(1);
  const auto hold = *client.find("kernel/mdevsim/devices/" + uuid_text(1) + "/hold");
  OpenedFile file;
  ASSERT_EQ(client.tree().opened(hold, {}, {.read = true}, file).errc, Errc::ok);
  EXPECT_EQ(client.write(device(1) + "/rss", "0"), Errc::busy);
  EXPECT_EQ(client.write(device(1) + "/config_params", ""), Errc::busy);
  client.tree().released(hold, std::move(file));
  EXPECT_EQ(client.write(device(1) + "/config_params", ""), Errc::ok);
}

// ---- migration-info ----

TEST(MigrationInfo, TellsTheParametersAsJson) {
  const Client client({Interface::migration_info}, {Interface::migration_info});
  const std::string json =
      R"({"models": {"vendor-a.com/my-nic": {"params": {)"
      "\n"
      R"(  "rss": {"init_value": true, "off_value": false, "type": "bool"},)"
      "\n"
      R"(  "rx-filter-size": {"allowed_values": ["0-64"], "init_value": 0, "off_value": 0, "type": "int"}}}}})";
  EXPECT_EQ(client.read(kAny + "/migration_info.json"), json);
  EXPECT_EQ(client.stat(kAny + "/migration_info.json").size, 4096U);
  EXPECT_FALSE(client.exists(kAny + "/migration")) << "a type has nothing to be set";
  EXPECT_THAT(client.read(kFunction + "/migration_info.json"), HasSubstr("\"init_value\": 64"));
}

TEST(MigrationInfo, ADeviceHasAFileForEachParameter) {
  Client client({Interface::migration_info}, {Interface::migration_info});
  client.create(1);
  EXPECT_THAT(client.names(device(1) + "/migration"), ElementsAre("rss", "rx-filter-size"));
  EXPECT_EQ(client.read(device(1) + "/migration/rss"), "on");
  EXPECT_EQ(client.write(device(1) + "/migration/rss", "off\n"), Errc::ok);
  EXPECT_EQ(client.read(device(1) + "/migration/rss"), "off");
  EXPECT_EQ(client.write(device(1) + "/migration/rx-filter-size", "64"), Errc::ok);
  for (const char* const text : {"1", "0", "", "\n", "yes", "On"})
    EXPECT_EQ(client.write(device(1) + "/migration/rss", text), Errc::invalid) << text;
  for (const char* const text : {"65", "", "x"})
    EXPECT_EQ(client.write(device(1) + "/migration/rx-filter-size", text), Errc::invalid) << text;
  EXPECT_EQ(client.write(device(1) + "/migration/speed", "1"), Errc::no_entry);
  EXPECT_EQ(client.write(kFunction + "/migration/rss", "off"), Errc::ok);
  EXPECT_EQ(client.stat(device(1)).nlink, 5U) << "power, vfio-dev and migration";
}

// ---- migration-params ----

TEST(MigrationParams, NothingHasAnEffectBeforeItIsApplied) {
  Client client({Interface::migration_params, Interface::migration_info});
  client.create(1);
  EXPECT_EQ(client.read(kAny + "/migration/model"), "https://vendor-a.com/my-nic");
  EXPECT_THAT(client.names(device(1) + "/migration"),
              ElementsAre("applied", "params", "rss", "rx-filter-size"));
  EXPECT_EQ(client.write(device(1) + "/migration/params/rss", "off"), Errc::ok);
  EXPECT_EQ(client.read(device(1) + "/migration/params/rss"), "off");
  EXPECT_EQ(client.read(device(1) + "/migration/rss"), "on");
  EXPECT_EQ(client.read(device(1) + "/migration/applied"), "0");
  EXPECT_EQ(client.write(device(1) + "/migration/applied", "1\n"), Errc::ok);
  EXPECT_EQ(client.read(device(1) + "/migration/rss"), "off");
  EXPECT_EQ(client.read(device(1) + "/migration/applied"), "1");
  EXPECT_EQ(client.write(device(1) + "/migration/params/rss", "on"), Errc::busy);
  EXPECT_EQ(client.write(device(1) + "/migration/applied", "0"), Errc::ok);
  EXPECT_EQ(client.read(device(1) + "/migration/rss"), "on");
  EXPECT_EQ(client.read(device(1) + "/migration/params/rss"), "on");
}

TEST(MigrationParams, AnEmptyLineIsTheDefault) {
  Client client({Interface::migration_params});
  client.create(1);
  client.write(device(1) + "/migration/params/rss", "off");
  EXPECT_EQ(client.write(device(1) + "/migration/params/rss", "\n"), Errc::ok);
  EXPECT_EQ(client.read(device(1) + "/migration/params/rss"), "on");
  EXPECT_EQ(client.write(device(1) + "/migration/params/rx-filter-size", "65"), Errc::invalid);
  EXPECT_EQ(client.write(device(1) + "/migration/applied", "yes"), Errc::invalid);
}

TEST(MigrationParams, ADeviceCannotBeOpenedBefore) {
  Client client({Interface::migration_params});
  client.create(1);
  const auto hold = *client.find("kernel/mdevsim/devices/" + uuid_text(1) + "/hold");
  OpenedFile file;
  const Stored refused = client.tree().opened(hold, {}, {.read = true}, file);
  EXPECT_EQ(refused.errc, Errc::again);
  EXPECT_THAT(refused.why, HasSubstr("migration/applied"));
  client.write(device(1) + "/migration/applied", "1");
  EXPECT_EQ(client.tree().opened(hold, {}, {.read = true}, file).errc, Errc::ok);
}

// ---- migration_version ----

TEST(MigrationVersion, TakesTheStringOfADeviceThatSuits) {
  Client client({Interface::migration_version, Interface::create_parameters},
                {Interface::migration_version});
  client.create(1, ",version=2");
  client.create(2, ",version=3,rx-filter-size=0");
  client.create(3, ",version=1");
  const std::string rss = client.read(device(1) + "/migration_version");
  EXPECT_EQ(rss, "vendor-a.com/my-nic@rss=on");
  EXPECT_EQ(client.write(device(2) + "/migration_version", rss), Errc::ok);
  EXPECT_EQ(client.write(kAny + "/migration_version", rss + "\n"), Errc::ok);
  EXPECT_EQ(client.write(device(3) + "/migration_version", rss), Errc::invalid);
  EXPECT_THAT(client.why, HasSubstr("rss: the source has on"));
  EXPECT_EQ(
      client.write(device(1) + "/migration_version", client.read(device(3) + "/migration_version")),
      Errc::invalid);
  EXPECT_THAT(client.why, HasSubstr("only after: disable rss"));
  EXPECT_EQ(client.read(kFunction + "/migration_version"),
            "vendor-a.com/my-nic@rss=on,rx-filter-size=64");
}

TEST(MigrationVersion, GarbageIsRefused) {
  Client client({Interface::migration_version});
  for (const char* const text :
       {"", "x", "@", "vendor-a.com/my-nic", "vendor-a.com/my-nic@rss", "vendor-a.com/my-nic@=1",
        "vendor-a.com/my-nic@rss=on,rss=on", "vendor-a.com/my-nic@rss=on,", "a b@rss=on",
        "vendor-b.com/other@rss=on"})
    EXPECT_EQ(client.write(kAny + "/migration_version", text), Errc::invalid) << text;
}

// ---- software_version ----

TEST(SoftwareVersion, TypesTellWhatDevicesCanBeAndDevicesWhatTheyAre) {
  Client client({Interface::software_version}, {Interface::software_version});
  client.create(1);
  EXPECT_EQ(client.read(kAny + "/software_version"), "1.0.2");
  EXPECT_EQ(client.read(kAny + "/compatible_type"), "vendor-a.com/my-nic");
  EXPECT_EQ(client.read(kAny + "/compatible_rss"), "0 1");
  EXPECT_EQ(client.read(kAny + "/compatible_rx-filter-size"), "0-64");
  EXPECT_EQ(client.read(kAny + "/dynamic_resources"), "rss,rx-filter-size");
  EXPECT_EQ(client.read(device(1) + "/compatible_rss"), "1");
  EXPECT_FALSE(client.exists(device(1) + "/compatible_rx-filter-size"));
  EXPECT_EQ(client.write(device(1) + "/rss", ""), Errc::ok);
  EXPECT_FALSE(client.exists(device(1) + "/compatible_rss"));
  EXPECT_EQ(client.read(kFunction + "/software_version"), "1.0.3");
}

// ---- all of them ----

TEST(Interfaces, GoWithTheDriverAndComeBackWithIt) {
  Client client({Interface::type_attributes}, {Interface::type_attributes});
  EXPECT_EQ(client.read(kFunction + "/version"), "3");
  EXPECT_EQ(client.write(kFunction + "/version", "1"), Errc::ok);
  ASSERT_EQ(client.write("bus/pci/drivers/vfio-pci/unbind", "0000:5e:00.1"), Errc::ok);
  EXPECT_THAT(client.expired(), IsSupersetOf({"model", "version", "rss"}));
  EXPECT_FALSE(client.exists(kFunction + "/version"));
  ASSERT_EQ(client.write("bus/pci/drivers/vfio-pci/bind", "0000:5e:00.1"), Errc::ok);
  EXPECT_EQ(client.read(kFunction + "/version"), "1");
}

TEST(Interfaces, ARemovedInstancesFilesAreGone) {
  Client client({Interface::type_attributes, Interface::migration_info});
  client.create(1);
  const auto rss = *client.find(device(1) + "/rss");
  const auto directory = *client.find(device(1) + "/migration");
  ASSERT_EQ(client.write(device(1) + "/remove", "1"), Errc::ok);
  EXPECT_THAT(client.expired(), IsSupersetOf({"model", "rss", "migration"}));
  std::string out;
  EXPECT_EQ(client.tree().show(rss, out), Errc::no_device);
  std::vector<DirectoryEntry> entries;
  EXPECT_EQ(client.tree().list(directory, entries), Errc::ok);
  EXPECT_TRUE(entries.empty());
}

// The names that sim/config refuses for parameters are those that the directories have.
TEST(Interfaces, EveryNameThatADirectoryCanHaveIsRefusedForParameters) {
  const auto names_of = [](const Table& table) {
    std::vector<std::string_view> names;
    for (const Row& row : table.rows) {
      if (row.parent == 0 && !row.name.empty()) names.push_back(row.name);
    }
    return names;
  };
  for (const std::string_view name : names_of(kMdevTypeTable))
    EXPECT_TRUE(config::is_taken_in_type(name)) << name;
  for (const std::string_view name : names_of(kInstanceTable))
    EXPECT_TRUE(config::is_taken_in_instance(name)) << name;
  for (const std::string_view name : names_of(kPciFunctionTable))
    EXPECT_TRUE(config::is_taken_in_function(name)) << name;
  for (const Row& row : kInterfacesTable.rows) {
    if (row.name.empty()) continue;
    EXPECT_TRUE(row.parent == kNoParent ? config::is_taken_in_type(row.name)
                                        : config::is_taken_in_migration(row.name))
        << row.name;
  }
}

TEST(Interfaces, EveryFileThatIsListedIsFoundUnderItsName) {
  const std::vector<Interface> all = {Interface::type_attributes,  Interface::create_parameters,
                                      Interface::config_params,    Interface::migration_info,
                                      Interface::migration_params, Interface::migration_version,
                                      Interface::software_version};
  const std::vector<Interface> of_function = {
      Interface::type_attributes,  Interface::config_params,     Interface::migration_info,
      Interface::migration_params, Interface::migration_version, Interface::software_version};
  Client client(all, of_function);
  client.create(1);
  for (const std::string& path :
       {kAny, device(1), device(1) + "/migration", device(1) + "/migration/params", kFunction}) {
    std::vector<DirectoryEntry> entries;
    ASSERT_EQ(client.tree().list(*client.find(path), entries), Errc::ok);
    std::size_t directories = 0;
    for (const DirectoryEntry& entry : entries) {
      EXPECT_EQ(client.find(path + "/" + entry.name), entry.node) << path << "/" << entry.name;
      EXPECT_EQ(std::count_if(entries.begin(), entries.end(),
                              [&](const DirectoryEntry& e) { return e.name == entry.name; }),
                1)
          << path << "/" << entry.name;
      directories += entry.type == NodeType::directory ? 1U : 0U;
    }
    EXPECT_EQ(client.stat(path).nlink, 2 + directories) << path;
  }
}

}  // namespace
}  // namespace mdevsim::sysfs
