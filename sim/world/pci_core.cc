// What drivers/pci does to functions: removal, rescan, and the few registers and settings that can
// be written.
#include <fmt/format.h>

#include <algorithm>

#include "sim/world/change.h"
#include "sim/world/pci_config.h"

namespace mdevsim {

void Change::operator()(const RemoveFunction& command) {
  const PciFunction* function = state_.function(command.function);
  if (function == nullptr) return fail_with(Errc::no_device, "the function is gone");
  std::deque<Step> steps;
  collect_removal(state_.index_of(*function), steps);
  start(std::move(steps));
}

// A bridge takes what is below it along, children first.
void Change::collect_removal(std::uint16_t index, std::deque<Step>& steps) {
  for (std::size_t i = 0; i < state_.functions.size(); ++i) {
    if (state_.functions[i].present && state_.functions[i].bridge == index) {
      collect_removal(static_cast<std::uint16_t>(i), steps);
    }
  }
  begin_unbind(index, steps);
  steps.emplace_back(DeleteFunction{index});
}

bool Change::perform(const DeleteFunction& step) {
  PciFunction& function = state_.functions[step.function];
  if (!function.present) return true;
  vanished(ref(function), Facet::device);
  event(Action::remove, ref(function));
  const ObjectRef gone = ref(function);
  state_.knobs.erase(state_.knobs.lower_bound({gone, Knob{}}),
                     state_.knobs.upper_bound({gone, Knob::broken_parity_status}));
  state_.function_settings.erase(step.function);
  function.present = false;
  return true;
}

void Change::operator()(const Rescan&) {
  std::vector<std::uint16_t> found;
  for (std::size_t i = 0; i < state_.functions.size(); ++i) {
    PciFunction& function = state_.functions[i];
    if (function.present) continue;
    function.present = true;
    ++function.generation;  // a new object, to whoever held the old one
    function.driver_override.clear();
    function.enable_count = 0;
    function.numa_node = function.spec.numa_node;
    function.config = make_pci_config(function.spec, function.bars);
    found.push_back(static_cast<std::uint16_t>(i));
  }
  for (const std::uint16_t index : found) {
    const PciFunction& function = state_.functions[index];
    appeared(ref(function), Facet::device);
    event(Action::add, ref(function));
    if (state_.autoprobe[static_cast<std::size_t>(BusKind::pci)]) probe(index);
  }
}

void Change::operator()(const EnableFunction& command) {
  const PciFunction* found = state_.function(command.function);
  if (found == nullptr) return fail_with(Errc::no_device, "the function is gone");
  PciFunction& function = state_.functions[state_.index_of(*found)];
  if (function.driver) return fail_with(Errc::busy, "the function belongs to its driver");
  if (!command.on && function.enable_count == 0)
    return fail_with(Errc::io, "the function is not enabled");
  command.on ? ++function.enable_count : --function.enable_count;
}

void Change::operator()(const SetNumaNode& command) {
  const PciFunction* function = state_.function(command.function);
  if (function == nullptr) return fail_with(Errc::no_device, "the function is gone");
  state_.functions[state_.index_of(*function)].numa_node = command.node;
}

void Change::operator()(const WriteConfig& command) {
  const PciFunction* function = state_.function(command.function);
  if (function == nullptr) return fail_with(Errc::no_device, "the function is gone");
  write_pci_config(state_.functions[state_.index_of(*function)].config, command.offset,
                   command.bytes);
}

}  // namespace mdevsim
