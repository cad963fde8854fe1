// A host whose devices have a device model.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "sim/model/catalog.h"
#include "tests/support/sample_host.h"
#include "tests/support/sample_models.h"

namespace mdevsim::testing {

inline const std::shared_ptr<const model::Catalog>& my_nic_catalog() {
  static const auto catalog = [] {
    std::vector<DeviceModel> models;
    models.push_back(built(my_nic_spec()));
    auto made = model::Catalog::build(std::move(models));
    CHECK(made.has_value());
    return std::make_shared<const model::Catalog>(std::move(*made));
  }();
  return catalog;
}

inline ConfigurationPtr configuration(const std::string& text) {
  auto parsed = model::parse_configuration(my_nic_catalog()->models().front(), text);
  CHECK(parsed.has_value());
  return std::make_shared<const model::Configuration>(std::move(*parsed));
}

inline std::shared_ptr<ModelledSpec> my_nic(const std::string& initial,
                                            const std::vector<Interface>& interfaces) {
  auto spec = std::make_shared<ModelledSpec>();
  spec->model = &my_nic_catalog()->models().front();
  spec->initial = configuration(initial);
  for (const Interface one : interfaces) spec->interfaces.add(one);
  return spec;
}

// 0000:5e:00.0, driver my-nic: the types `any` (16 instances, version 2 at first) and `scaled` (8
// units, at most 4 of them in one instance). 0000:5e:00.1, vfio-pci: a function that is a my-nic
// of version 3 itself.
inline HostSpec modelled_host(std::vector<Interface> of_type = {},
                              std::vector<Interface> of_function = {Interface::migration_params}) {
  TypeSpec any;
  any.id = any.name = "any";
  any.max_instances = 16;
  any.modelled = my_nic("version=2", of_type);
  TypeSpec scaled;
  scaled.id = scaled.name = "scaled";
  scaled.max_instances = 8;
  const auto aggregating = my_nic("version=3", {Interface::aggregation});
  aggregating->aggregate = AggregateSpec{"64MiB", 4};
  scaled.modelled = aggregating;
  const auto parent = std::make_shared<ParentSpec>();
  parent->types = {any, scaled};
  index_types(*parent);

  PciFunctionSpec nic;
  nic.address = *PciAddress::parse("0000:5e:00.0");
  nic.vendor = 0x1af4;
  nic.device = 0x1041;
  nic.class_code = 0x020000;
  nic.driver = "my-nic";
  nic.parent = parent;
  PciFunctionSpec physical = nic;
  physical.address = *PciAddress::parse("0000:5e:00.1");
  physical.driver = "vfio-pci";
  physical.parent = nullptr;
  physical.modelled = my_nic("version=3", of_function);

  HostSpec host;
  host.name = "alpha";
  host.catalog = my_nic_catalog();
  host.functions = {nic, physical};
  return host;
}

}  // namespace mdevsim::testing
