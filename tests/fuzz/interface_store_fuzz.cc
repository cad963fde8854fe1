// Every writable file of the proposed interfaces, fed with whatever bytes: nothing crashes, and
// what devices and types are afterwards is what their model allows.
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "sim/model/configuration.h"
#include "tests/support/modelled_host.h"
#include "tests/support/sysfs_client.h"

namespace {

using mdevsim::Interface;
using mdevsim::ObjectRef;
using mdevsim::testing::SysfsClient;
using mdevsim::testing::uuid_text;
namespace sysfs = mdevsim::sysfs;

const std::string kNic = "devices/pci0000:5e/0000:5e:00.0";
const std::string kTypes = kNic + "/mdev_supported_types";
const std::string kFunction = "devices/pci0000:5e/0000:5e:00.1";

void collect_writable(const SysfsClient& client, const std::string& directory,
                      std::vector<std::string>& out) {
  for (const std::string& name : client.names(directory)) {
    const std::string path = directory + "/" + name;
    const sysfs::Stat stat = client.stat(path);
    if (name == "migration" || name == "params") collect_writable(client, path, out);
    if (stat.type == sysfs::NodeType::attribute && (stat.mode & 0222) != 0) out.push_back(path);
  }
}

void expect_allowed(SysfsClient& client, const std::vector<ObjectRef>& objects) {
  const mdevsim::World::Reading reading(client.world());
  std::vector<ObjectRef> all = objects;
  reading->instances.for_each([&](mdevsim::InstanceId id, const mdevsim::Instance&) {
    all.push_back({ObjectRef::Type::instance, raw(id)});
  });
  for (const mdevsim::PciFunction& function : reading->functions) {
    if (function.present && function.spec.modelled)
      all.push_back({ObjectRef::Type::pci_function, raw(reading->id_of(function))});
  }
  for (const ObjectRef& object : all) {
    const auto has = reading->modelled(object);
    if (has && check_configuration(has->device_model(), *has->configuration)) std::abort();
  }
}

}  // namespace

// The first byte chooses the file, the rest up to a newline is written to it; then the next line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<Interface> of_type = {Interface::type_attributes,  Interface::create_parameters,
                                          Interface::config_params,    Interface::migration_info,
                                          Interface::migration_params, Interface::migration_version,
                                          Interface::software_version};
  const std::vector<Interface> of_function = {
      Interface::type_attributes,  Interface::config_params,     Interface::migration_info,
      Interface::migration_params, Interface::migration_version, Interface::software_version};
  SysfsClient client(mdevsim::testing::modelled_host(of_type, of_function));
  client.write(kTypes + "/my-nic-any/create", uuid_text(1));
  std::string_view input(reinterpret_cast<const char*>(data), size);
  while (input.size() > 1) {
    std::vector<std::string> writable;
    for (const std::string& directory :
         {kTypes + "/my-nic-any", kTypes + "/my-nic-scaled", kNic + "/" + uuid_text(1), kFunction})
      collect_writable(client, directory, writable);
    const std::string& file = writable[static_cast<unsigned char>(input[0]) % writable.size()];
    const std::string line(input.substr(1, input.find('\n', 1)));
    input.remove_prefix(1 + line.size());
    client.write(file, file.ends_with("/create") ? uuid_text(2) + line : line);
    expect_allowed(client, {{ObjectRef::Type::mdev_type, 0}, {ObjectRef::Type::mdev_type, 1}});
  }
  return 0;
}
