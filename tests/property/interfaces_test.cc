// The proposed interfaces beside the verdict: a client that follows any one of them comes to what
// decide() says of the pair, and none lets a value in that the model does not allow.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "fusefs/sysfs/interfaces/writes.h"
#include "sim/model/verdict.h"
#include "tests/support/any_configuration.h"
#include "tests/support/sample_models.h"
#include "tests/support/sysfs_client.h"

namespace mdevsim {
namespace {

using model::Answer;
using model::Configuration;
using model::DeviceModel;
using model::Parameter;
using testing::SysfsClient;
using testing::uuid_text;

constexpr const char* kParent = "devices/virtual/nic/nic";

// Two instances of one type: the source, number 1, and the target, number 2.
class Pair : public SysfsClient {
 public:
  Pair(std::shared_ptr<const DeviceModel> model, Configuration source, Configuration target,
       const std::vector<Interface>& interfaces)
      : SysfsClient(host_of(*model, target, interfaces)),
        owner_(std::move(model)),
        model_(*owner_),
        source_(std::move(source)),
        target_(std::move(target)) {
    create(1, source_);
    create(2, target_);
  }

  const DeviceModel& model() const { return model_; }
  const Configuration& target() const { return target_; }
  model::Verdict verdict() const { return model::decide({model_, source_}, {model_, target_}); }
  Answer answer() const { return verdict().answer; }
  bool is_possible() const { return answer() != Answer::incompatible; }
  bool is_safe_as_it_is() const {
    return answer() == Answer::identical || answer() == Answer::compatible;
  }

  static std::string type() { return std::string(kParent) + "/mdev_supported_types/nic-any"; }
  static std::string device(int n) { return std::string(kParent) + "/" + uuid_text(n); }

  Configuration now(int n) {
    const World::Reading reading(world());
    const ObjectRef instance{ObjectRef::Type::instance,
                             raw(reading->instances.find_uuid(testing::uuid(n)))};
    return *reading->modelled(instance)->configuration;
  }
  bool is_safe_now(int n) {
    const Answer said = model::decide({model_, source_}, {model_, now(n)}).answer;
    return said == Answer::identical || said == Answer::compatible;
  }

  // Writes all, in whatever order works: false when something is refused whatever else was written.
  bool write_all(std::vector<std::pair<std::string, std::string>> writes) {
    for (bool grew = true; grew && !writes.empty();) {
      const auto refused = [&](const auto& one) {
        return write(one.first, one.second) != Errc::ok;
      };
      const auto rest = std::stable_partition(writes.begin(), writes.end(), refused);
      grew = rest != writes.end();
      writes.erase(rest, writes.end());
    }
    return writes.empty();
  }

 private:
  static HostSpec host_of(const DeviceModel& model, const Configuration& initial,
                          const std::vector<Interface>& interfaces) {
    auto modelled = std::make_shared<ModelledSpec>();
    modelled->model = &model;
    modelled->initial = std::make_shared<const Configuration>(initial);
    for (const Interface one : interfaces) modelled->interfaces.add(one);
    TypeSpec type;
    type.id = type.name = "any";
    type.modelled = modelled;
    auto parent = std::make_shared<ParentSpec>();
    parent->types = {type};
    index_types(*parent);
    HostSpec host;
    host.name = "alpha";
    host.virtual_devices = {{"nic", "nic", parent}};
    return host;
  }
  void create(int n, const Configuration& configuration) {
    World::Writing writing(world());
    const auto outcome = writing.apply(
        Create{TypeId(0), testing::uuid(n), std::make_shared<const Configuration>(configuration)},
        {});
    CHECK(outcome.errc == Errc::ok);
  }

  const std::shared_ptr<const DeviceModel> owner_;
  const DeviceModel& model_;
  Configuration source_;
  Configuration target_;
};

Pair any_pair(const std::vector<Interface>& interfaces) {
  const auto model = testing::any_model();
  const Configuration source = testing::any_configuration(*model);
  const Configuration target = testing::any_configuration(*model);
  return {model, source, target, interfaces};
}

std::set<std::string> words(const std::string& text, char between) {
  std::set<std::string> out;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, between);) out.insert(part);
  return out;
}

// The target is what the client made of it, and that is safe, exactly when the verdict had said so.
void expect_agreement(Pair& pair, bool client_succeeded, int target = 2) {
  RC_ASSERT(client_succeeded == pair.is_possible());
  if (client_succeeded) RC_ASSERT(pair.is_safe_now(target));
}

// Copies the source's active parameters and empties all others of the target.
RC_GTEST_PROP(Interfaces, ParametersCopiedOneByOneAgreeWithTheVerdict, ()) {
  Pair pair = any_pair({Interface::type_attributes, Interface::config_params});
  const auto active = words(pair.read(Pair::device(1) + "/config_params"), ' ');
  std::vector<std::pair<std::string, std::string>> writes;
  for (const std::string& name : active)
    writes.emplace_back(Pair::device(2) + "/" + name, pair.read(Pair::device(1) + "/" + name));
  for (const Parameter& parameter : pair.model().parameters()) {
    const std::string file = Pair::device(2) + "/" + parameter.name;
    const bool is_active_in_target =
        words(pair.read(Pair::device(2) + "/config_params"), ' ').count(parameter.name) != 0;
    if (active.count(parameter.name) == 0 && pair.exists(file) && is_active_in_target)
      writes.emplace_back(file, "");
  }
  expect_agreement(pair, pair.write_all(std::move(writes)));
}

// Version 3 of the document: every parameter off first, then what is active in the source.
RC_GTEST_PROP(Interfaces, MigrationParametersAgreeWithTheVerdict, ()) {
  Pair pair = any_pair({Interface::migration_info, Interface::config_params});
  const auto active = words(pair.read(Pair::device(1) + "/config_params"), ' ');
  const auto in_target = words(pair.read(Pair::device(2) + "/config_params"), ' ');
  std::vector<std::pair<std::string, std::string>> off;
  std::vector<std::pair<std::string, std::string>> on;
  for (const std::string& name : active) {
    const std::string value = pair.read(Pair::device(1) + "/migration/" + name);
    on.emplace_back(Pair::device(2) + "/migration/" + name, value);
  }
  for (const Parameter& parameter : pair.model().parameters()) {
    if (in_target.count(parameter.name) == 0) continue;
    if (parameter.off) {
      off.emplace_back(Pair::device(2) + "/migration/" + parameter.name, to_text(*parameter.off));
    } else if (active.count(parameter.name) == 0) {
      off.emplace_back("no/off/value", "");
    }
  }
  const bool succeeded = pair.write_all(std::move(off)) && pair.write_all(std::move(on));
  expect_agreement(pair, succeeded);
}

// Version 2: the same, staged; one write applies it.
RC_GTEST_PROP(Interfaces, StagedParametersAgreeWithTheVerdict, ()) {
  Pair pair = any_pair({Interface::migration_params, Interface::config_params});
  const auto active = words(pair.read(Pair::device(1) + "/config_params"), ' ');
  const auto in_target = words(pair.read(Pair::device(2) + "/config_params"), ' ');
  const std::string params = Pair::device(2) + "/migration/params/";
  std::vector<std::pair<std::string, std::string>> writes;
  for (const std::string& name : active)
    writes.emplace_back(params + name, pair.read(Pair::device(1) + "/migration/params/" + name));
  for (const Parameter& parameter : pair.model().parameters()) {
    if (in_target.count(parameter.name) == 0 || active.count(parameter.name) != 0) continue;
    writes.emplace_back(parameter.off ? params + parameter.name : "no/off/value",
                        parameter.off ? to_text(*parameter.off) : "");
  }
  const bool succeeded = pair.write_all(std::move(writes)) &&
                         pair.write(Pair::device(2) + "/migration/applied", "1") == Errc::ok;
  expect_agreement(pair, succeeded);
}

// A new device with the target's version and the source's active parameters.
RC_GTEST_PROP(Interfaces, CreatingAgreesWithTheVerdict, ()) {
  Pair pair = any_pair({Interface::create_parameters, Interface::config_params});
  const auto active = words(pair.read(Pair::device(1) + "/config_params"), ' ');
  std::string settings = ",version=" + pair.read(Pair::device(2) + "/version");
  for (const std::string& name : active)
    settings += "," + name + "=" + pair.read(Pair::device(1) + "/" + name);
  for (const Parameter& parameter : pair.model().parameters()) {
    if (active.count(parameter.name) == 0 && pair.exists(Pair::device(2) + "/" + parameter.name) &&
        (parameter.off ||
         pair.read(Pair::device(2) + "/config_params").find(parameter.name) != std::string::npos))
      settings += "," + parameter.name + "=";
  }
  const Errc errc = pair.write(Pair::type() + "/create", uuid_text(3) + settings);
  expect_agreement(pair, errc == Errc::ok, 3);
}

RC_GTEST_PROP(Interfaces, MigrationVersionSaysWhatIsSafeAsItIs, ()) {
  Pair pair = any_pair({Interface::migration_version});
  const std::string source = pair.read(Pair::device(1) + "/migration_version");
  const bool device = pair.write(Pair::device(2) + "/migration_version", source) == Errc::ok;
  const bool type = pair.write(Pair::type() + "/migration_version", source) == Errc::ok;
  RC_ASSERT(device == pair.is_safe_as_it_is());
  RC_ASSERT(type == device);
}

bool holds(const std::string& set, const std::string& value) {
  const auto all = words(set, ' ');
  return std::any_of(all.begin(), all.end(), [&](const std::string& item) {
    const std::size_t dash = item.find('-', 1);
    if (item == value || item == "int" || item == "string") return true;
    if (dash == std::string::npos || value.find_first_not_of("0123456789") != std::string::npos)
      return false;
    return std::stoll(item.substr(0, dash)) <= std::stoll(value) &&
           std::stoll(value) <= std::stoll(item.substr(dash + 1));
  });
}

// The sets first, then the dynamic resources.
RC_GTEST_PROP(Interfaces, SoftwareVersionAgreesWithTheVerdict, ()) {
  Pair pair = any_pair({Interface::software_version});
  std::set<std::string> active;
  bool suits = pair.read(Pair::device(1) + "/compatible_type") ==
               pair.read(Pair::type() + "/compatible_type");
  for (const std::string& name : pair.names(Pair::device(1))) {
    if (!name.starts_with("compatible_") || name == "compatible_type") continue;
    active.insert(name.substr(std::string("compatible_").size()));
    suits = suits &&
            holds(pair.read(Pair::type() + "/" + name), pair.read(Pair::device(1) + "/" + name));
  }
  std::vector<std::pair<std::string, std::string>> writes;
  for (const std::string& name : words(pair.read(Pair::type() + "/dynamic_resources"), ',')) {
    const std::string source = Pair::device(1) + "/" + name;
    const bool is_there = active.count(name) != 0;
    if (is_there || pair.exists(Pair::device(2) + "/compatible_" + name))
      writes.emplace_back(Pair::device(2) + "/" + name, is_there ? pair.read(source) : "");
  }
  expect_agreement(pair, suits && pair.write_all(std::move(writes)));
}

constexpr Interface kConfiguring[] = {Interface::type_attributes,  Interface::create_parameters,
                                      Interface::config_params,    Interface::migration_info,
                                      Interface::migration_params, Interface::software_version};

// What is told to be written, by each interface, makes a device of the target that can take the
// state: one that exists, number 2, and a new one, number 5.
RC_GTEST_PROP(Interfaces, WhatIsToldToBeWrittenMakesTheTargetCompatible, ()) {
  using sysfs::interfaces::Write;
  using sysfs::interfaces::WriteTarget;
  const Interface one =
      *rc::gen::elementOf(std::vector<Interface>(std::begin(kConfiguring), std::end(kConfiguring)));
  Pair pair = any_pair({one});
  const model::Verdict verdict = pair.verdict();
  if (verdict.answer == Answer::incompatible) return;
  const bool is_new = *rc::gen::arbitrary<bool>();
  const int number = is_new ? 5 : 2;
  const std::string uuid = uuid_text(number);
  const auto writes =
      sysfs::interfaces::writes_of(one,
                                   {is_new ? WriteTarget::Kind::type : WriteTarget::Kind::instance,
                                    {pair.model(), pair.target()},
                                    uuid},
                                   verdict);
  RC_ASSERT(writes.has_value());
  for (const Write& write : *writes) {
    const std::string directory =
        write.directory == Write::Directory::type ? Pair::type() : Pair::device(number);
    const std::string text = write.text.empty() ? "\n" : write.text;
    RC_ASSERT(pair.write(directory + "/" + write.file, text) == Errc::ok);
  }
  RC_ASSERT(pair.is_safe_now(number));
}

// By each way that there is to give a parameter a value.
RC_GTEST_PROP(Interfaces, AValueThatIsNotAllowedIsRefusedByEachOfThem, ()) {
  Pair pair =
      any_pair({Interface::type_attributes, Interface::create_parameters, Interface::config_params,
                Interface::migration_info, Interface::migration_params,
                Interface::migration_version, Interface::software_version});
  const Configuration before = pair.target();
  const std::uint32_t version = pair.model().version_of(before);
  for (std::size_t i = 0; i < before.values.size(); ++i) {
    const Parameter& parameter = pair.model().parameters()[i];
    const model::Value value = testing::any_value_of(parameter);
    if (before.values[i].is_absent() || parameter.accepts(value, version)) continue;
    const std::string text = to_text(value);
    const bool is_bool = value.kind == model::ValueKind::boolean;
    const std::string numeric = is_bool ? std::to_string(value.number) : text;
    const std::string setting = parameter.name + "=" + text;
    const std::string control = "kernel/mdevsim/devices/" + uuid_text(2);
    const std::pair<std::string, std::string> writes[] = {
        {Pair::type() + "/" + parameter.name, numeric},
        {Pair::device(2) + "/" + parameter.name, numeric},
        {Pair::device(2) + "/migration/" + parameter.name, text},
        {Pair::device(2) + "/migration/params/" + parameter.name, text},
        {Pair::type() + "/create",
         uuid_text(3) + ",version=" + std::to_string(version) + "," + setting},
        {Pair::type() + "/migration_version", pair.model().name() + "@" + setting},
        {Pair::device(2) + "/migration_version", pair.model().name() + "@" + setting},
        {control + "/configuration", "version=" + std::to_string(version) + "," + setting},
    };
    for (const auto& [file, written] : writes) {
      const Errc errc = pair.write(file, written);
      if (errc != Errc::invalid) RC_LOG() << written << " -> " << file << "\n";
      RC_ASSERT(errc == Errc::invalid);
      RC_ASSERT(!pair.why.empty());
    }
  }
  RC_ASSERT(pair.now(2) == before);
  RC_ASSERT(!pair.exists(Pair::device(3)));
}

// Whatever is written to whichever file, what devices and types are is what the model allows.
RC_GTEST_PROP(Interfaces, NothingThatIsNotAllowedIsEverAccepted, ()) {
  Pair pair =
      any_pair({Interface::type_attributes, Interface::create_parameters, Interface::config_params,
                Interface::migration_info, Interface::migration_params,
                Interface::migration_version, Interface::software_version});
  const std::vector<std::string> folders = {Pair::type(), Pair::device(2),
                                            Pair::device(2) + "/migration",
                                            Pair::device(2) + "/migration/params"};
  for (int i = 0; i < 20; ++i) {
    const std::string folder = *rc::gen::elementOf(folders);
    const auto files = pair.names(folder);
    const std::string file = *rc::gen::elementOf(files);
    const std::string text = *rc::gen::oneOf(
        rc::gen::map(rc::gen::inRange(-3, 400), [](int n) { return std::to_string(n); }),
        rc::gen::element<std::string>("on", "off", "", "xor", "none", "packed", "rss", "rss hash",
                                      "filter ring legacy", "p-0", "p-0 p-1"),
        rc::gen::arbitrary<std::string>());
    if (file == "remove" || pair.stat(folder + "/" + file).type != sysfs::NodeType::attribute)
      continue;
    const std::string parameter = pair.model().parameters().front().name;
    pair.write(folder + "/" + file,
               file == "create" ? uuid_text(9) + "," + parameter + "=" + text : text);
  }
  const World::Reading reading(pair.world());
  std::vector<ObjectRef> all = {{ObjectRef::Type::mdev_type, 0}};
  reading->instances.for_each([&](InstanceId id, const Instance&) {
    all.push_back({ObjectRef::Type::instance, raw(id)});
  });
  for (const ObjectRef& object : all) {
    const auto has = reading->modelled(object);
    RC_ASSERT(!model::check_configuration(has->device_model(), *has->configuration));
  }
}

}  // namespace
}  // namespace mdevsim
