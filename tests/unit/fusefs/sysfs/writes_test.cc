#include "fusefs/sysfs/interfaces/writes.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/sample_models.h"

namespace mdevsim::sysfs::interfaces {
namespace {

using Kind = WriteTarget::Kind;

// "type/create <- UUID,version=2", one line each; "-" when the interface cannot.
std::string told(Interface interface, Kind kind, const char* source, const char* target) {
  static const model::DeviceModel model = testing::built(testing::my_nic_spec());
  const auto from = *model::parse_configuration(model, source);
  const auto to = *model::parse_configuration(model, target);
  const model::Device device{model, to};
  const auto writes = writes_of(interface, {kind, device, "UUID"}, decide({model, from}, device));
  if (!writes) return "-";
  std::string text;
  for (const Write& write : *writes) {
    text += (text.empty() ? "" : "\n") +
            std::string(write.directory == Write::Directory::type ? "type/" : "device/") +
            write.file + " <- " + write.text;
  }
  return text;
}

struct Case {
  Interface interface;
  Kind kind;
  const char* source;
  const char* target;
  const char* writes;
};

class WritesOf : public ::testing::TestWithParam<Case> {};

TEST_P(WritesOf, AreInTheWordsOfTheInterface) {
  EXPECT_EQ(told(GetParam().interface, GetParam().kind, GetParam().source, GetParam().target),
            GetParam().writes);
}

constexpr Case kCases[] = {
    // A device is yet to be created.
    {Interface::create_parameters, Kind::type, "version=1", "version=2",
     "type/create <- UUID,version=2,rss=off"},
    {Interface::create_parameters, Kind::type, "version=1", "rss=on",
     "type/create <- UUID,rss=off,rx-filter-size=0"},
    {Interface::type_attributes, Kind::type, "version=1", "version=2",
     "type/version <- 2\ntype/rss <- 0\ntype/create <- UUID"},
    {Interface::type_attributes, Kind::type, "version=2", "version=2",
     "type/version <- 2\ntype/create <- UUID"},
    {Interface::type_attributes, Kind::type, "version=2", "version=2,rss=off",
     "type/version <- 2\ntype/create <- UUID"},
    {Interface::type_attributes, Kind::type, "version=1", "rss=on",
     "type/rss <- 0\ntype/create <- UUID"},
    {Interface::config_params, Kind::type, "version=1", "version=3",
     "type/create <- UUID\ndevice/config_params <- "},
    {Interface::migration_info, Kind::type, "version=1", "version=2",
     "type/create <- UUID\ndevice/migration/rss <- off"},
    {Interface::version_per_type, Kind::type, "version=1", "version=1", "type/create <- UUID"},
    {Interface::version_per_type, Kind::type, "version=1", "version=2", "-"},
    {Interface::migration_version, Kind::type, "version=1", "version=2", "-"},
    // A device is there.
    {Interface::type_attributes, Kind::instance, "version=1", "version=2", "device/rss <- 0"},
    {Interface::software_version, Kind::function, "version=3", "version=3,rss=off",
     "device/rss <- 1"},
    {Interface::config_params, Kind::function, "rx-filter-size=32,rss=off", "version=3",
     "device/config_params <- rx-filter-size\ndevice/rx-filter-size <- 32"},
    {Interface::config_params, Kind::instance, "version=3", "version=3,rx-filter-size=32",
     "device/rx-filter-size <- 64"},
    {Interface::migration_info, Kind::instance, "rx-filter-size=32,rss=off", "version=3",
     "device/migration/rss <- off\ndevice/migration/rx-filter-size <- 32"},
    {Interface::migration_params, Kind::instance, "version=1", "version=3",
     "device/migration/applied <- 0\ndevice/migration/params/rss <- off\n"
     "device/migration/params/rx-filter-size <- 0\ndevice/migration/applied <- 1"},
    {Interface::create_parameters, Kind::instance, "version=1", "version=2",
     "device/remove <- 1\ntype/create <- UUID,version=2,rss=off"},
    {Interface::migration_info, Kind::instance, "version=2", "version=2", ""},
    {Interface::version_per_type, Kind::instance, "version=1", "version=2", "-"},
};
INSTANTIATE_TEST_SUITE_P(MyNic, WritesOf, ::testing::ValuesIn(kCases));

TEST(ConfiguringInterfaces, AreThoseThatCanChangeADevice) {
  InterfaceSet all;
  for (std::size_t i = 0; i < kInterfaceNames.size(); ++i) all.add(Interface(i));
  const std::vector<Interface> of_types = configuring_interfaces(all, Kind::type);
  EXPECT_EQ(of_types.front(), Interface::create_parameters);
  EXPECT_EQ(of_types.size(), 6U);
  const std::vector<Interface> of_instances = configuring_interfaces(all, Kind::instance);
  EXPECT_EQ(of_instances.back(), Interface::create_parameters);
  EXPECT_EQ(of_instances.size(), 6U);
  EXPECT_EQ(configuring_interfaces(all, Kind::function).size(), 5U);
  EXPECT_TRUE(configuring_interfaces({}, Kind::type).empty());
}

}  // namespace
}  // namespace mdevsim::sysfs::interfaces
