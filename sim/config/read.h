// From the tree of a TOML file to drafts: kinds, ranges and what can be said of one table alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/config/document.h"
#include "sim/config/draft.h"
#include "sim/config/reader.h"

namespace mdevsim::config {

// All [host.…] and [model.…] tables of a document, merged into what other files said.
void read_tables(const Document& document, Drafts& drafts, Report& report);

// [host.NAME.pci."ADDRESS"]
FunctionDraft read_function(const Member& member, bool complete, Report& report);

// mdev_types, pool, max_instances and mdev_driver of a table; nothing when it has none of them.
std::optional<ParentDraft> read_parent(TableReader& table);

// model, each_version_of, version, configuration, interfaces and aggregate of a table; nothing when
// it has no model.
enum class ModelOwner : std::uint8_t { type, function };
std::optional<ModelledDraft> read_modelled(TableReader& table, const Value& value,
                                           ModelOwner owner);

// version and configuration of a table, of which it may have one.
ConfigurationDraft read_configuration(TableReader& table, const Value& value);

// [model."NAME"] tables.
void read_models(const Member& models, bool complete, Drafts& drafts, Report& report);

// [[fault]] tables.
void read_faults(const Member& faults, bool complete, Drafts& drafts, Report& report);

// Gives each host the faults that are its.
void assign_faults(const Drafts& drafts, std::vector<HostSpec>& hosts, Report& report);

// The key device_api, if the table has it.
void read_device_api(TableReader& table, std::string& device_api);

// The paths of the include key, in their order.
std::vector<Text> read_includes(const Document& document, Report& report);

}  // namespace mdevsim::config
