#include "sim/config/taken_names.h"

#include <algorithm>

namespace mdevsim::config {
namespace {

constexpr std::string_view kOfInterfaces[] = {"aggregated_instances",
                                              "aggregation",
                                              "aggregation_unit",
                                              "compatible_type",
                                              "config_params",
                                              "latest",
                                              "migration",
                                              "migration_info.json",
                                              "migration_version",
                                              "model",
                                              "software_version",
                                              "dynamic_resources",
                                              "version"};
constexpr std::string_view kOfTypes[] = {"available_instances", "create",  "description",
                                         "device_api",          "devices", "name"};
constexpr std::string_view kOfInstances[] = {"driver", "iommu_group", "mdev_type", "power",
                                             "remove", "subsystem",   "uevent",    "vfio-dev"};
constexpr std::string_view kOfFunctions[] = {"ari_enabled",
                                             "boot_vga",
                                             "broken_parity_status",
                                             "class",
                                             "config",
                                             "consistent_dma_mask_bits",
                                             "current_link_speed",
                                             "current_link_width",
                                             "d3cold_allowed",
                                             "device",
                                             "dma_mask_bits",
                                             "driver",
                                             "driver_override",
                                             "enable",
                                             "iommu_group",
                                             "irq",
                                             "link",
                                             "local_cpulist",
                                             "local_cpus",
                                             "max_link_speed",
                                             "max_link_width",
                                             "mdev_supported_types",
                                             "modalias",
                                             "msi_bus",
                                             "numa_node",
                                             "pci_bus",
                                             "power",
                                             "power_state",
                                             "remove",
                                             "rescan",
                                             "reset",
                                             "reset_method",
                                             "reset_subordinate",
                                             "resource",
                                             "resource0",
                                             "resource0_wc",
                                             "resource1",
                                             "resource1_wc",
                                             "resource2",
                                             "resource2_wc",
                                             "resource3",
                                             "resource3_wc",
                                             "resource4",
                                             "resource4_wc",
                                             "resource5",
                                             "resource5_wc",
                                             "revision",
                                             "rom",
                                             "secondary_bus_number",
                                             "subordinate_bus_number",
                                             "subsystem",
                                             "subsystem_device",
                                             "subsystem_vendor",
                                             "uevent",
                                             "vendor",
                                             "vfio-dev"};
constexpr std::string_view kOfMigration[] = {"applied", "model", "params"};

template <std::size_t N>
bool is_in(const std::string_view (&names)[N], std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

}  // namespace

bool is_taken_in_type(std::string_view name) {
  return is_in(kOfInterfaces, name) || is_in(kOfTypes, name);
}
bool is_taken_in_instance(std::string_view name) {
  return is_in(kOfInterfaces, name) || is_in(kOfInstances, name);
}
bool is_taken_in_function(std::string_view name) {
  return is_in(kOfInterfaces, name) || is_in(kOfFunctions, name);
}
bool is_taken_in_migration(std::string_view name) { return is_in(kOfMigration, name); }

}  // namespace mdevsim::config
