// The two sides of a verdict of `mdevsim compat`: a configuration of a model, or what has one on a
// host: a type, an instance, a PCI function.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fusefs/sysfs/interfaces/writes.h"
#include "sim/config/loader.h"
#include "sim/model/verdict.h"
#include "sim/world/world.h"

namespace mdevsim::cli {

using sysfs::interfaces::Write;
using sysfs::interfaces::WriteTarget;

struct Side {
  std::string name;  // as the user may write it: MODEL@CONFIGURATION, HOST/PARENT/TYPE, …
  const model::DeviceModel* model = nullptr;
  model::Configuration configuration;  // of a type: what it makes at first

  // Of something on a host. Directories are below the host's sysroot; a type's device directory is
  // that of the instance to be, less its uuid.
  bool on_host = false;
  WriteTarget::Kind kind = WriteTarget::Kind::type;
  InterfaceSet interfaces = {};
  std::string device = {};  // the uuid or address; empty for a type
  std::string type_directory = {};
  std::string device_directory = {};
  bool is_free = true;  // a type: another instance can be created

  // Of something that runs: addressed by its path.
  std::string sysroot = {};

  model::Device as_device() const { return {*model, configuration}; }
  WriteTarget target(std::string_view uuid) const { return {kind, as_device(), uuid}; }
  bool can_be_configured() const;
  // MODEL@CONFIGURATION
  std::string spec() const;
  // The whole path of a write's file; `uuid` names the instance when the side is a type.
  std::string path_of(const Write& write, std::string_view uuid) const;
};

// What a file describes: its models, and its hosts as they are at first.
class Sides {
 public:
  // What runs is the host of that name; empty: it is told by the directory, DIR/HOST.
  Sides(const config::Configuration& file, std::string running_host);
  ~Sides();

  // MODEL@CONFIGURATION, HOST/PARENT/TYPE, HOST/UUID, HOST/ADDRESS, or the path of what runs.
  // Errors: invalid and no_entry, for people.
  Result<Side> find(std::string_view spec);

  // All types with a model, of one host or of all (empty); in the order of hosts, parents, types.
  Result<std::vector<Side>> types(std::string_view host);

  bool is_host(std::string_view name) const;
  const model::Catalog& catalog() const { return *file_.catalog; }

 private:
  Result<const World*> world(std::string_view host);
  Result<Side> on_host(std::string_view host, std::string_view rest);
  Result<Side> running(const std::string& path);
  Result<Side> running_device(const std::string& sysroot, const std::string& name);
  Result<std::vector<std::string>> hosts_of(const std::string& sysroot) const;
  Result<Side> on_any(const std::string& sysroot, const std::string& rest);
  std::string names_of_hosts() const;

  const config::Configuration& file_;
  const std::string running_host_;
  std::map<std::string, std::unique_ptr<World>, std::less<>> worlds_;
};

// A configuration that a running device has now: the text of its control file.
Result<model::Configuration> read_configuration(const Side& running, std::string_view device);

// Errors: no_entry, with the names that there are.
Result<const model::DeviceModel*> find_model(const model::Catalog& catalog, std::string_view name);
std::string model_names(const model::Catalog& catalog);

}  // namespace mdevsim::cli
