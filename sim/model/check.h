// What is wrong with the spec of a device model, all of it, each with the place in the spec that it
// is about.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/model/spec.h"

namespace mdevsim::model {

struct Fault {
  enum class Place : std::uint8_t {
    name,             // of the model
    disable_string,   //
    parameter,        // its name, or the whole of it
    versions,         // of a parameter: since, until
    allowed,          // item `index`
    off,              //
    initial,          //
    requires_active,  // item `index`
    version,          // number `version`
    version_value,    // what version `version` says of `parameter`
    pattern,          // pattern `index` of the family
    pattern_value,    // its first value that is wrong
    family,           //
    state,            // of the model's devices
    section,          // of the state, number `index`
    section_size,     //
    section_when,     //
    workload,         //
    features,         // of migration
  };

  Place place = Place::name;
  std::string parameter = {};
  std::uint32_t version = 0;
  std::size_t index = 0;
  std::string why = {};
  std::string help = {};
};

std::vector<Fault> check(const ModelSpec& spec);

}  // namespace mdevsim::model
