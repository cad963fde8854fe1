// Hundreds of versions from a rule. The same rule gives the same versions, on every machine.
#pragma once

#include <vector>

#include "sim/model/spec.h"

namespace mdevsim::model {

// The values of every parameter in one version: the spec's, else the initial ones; absent where the
// version does not have the parameter. Names that no parameter has are passed over.
std::vector<Value> resolve(const std::vector<Parameter>& parameters, const VersionSpec& version);

// The values of every parameter in each of the versions 1 to `count`. What the parameters require
// exists and makes no circle.
std::vector<std::vector<Value>> expand_family(const std::vector<Parameter>& parameters,
                                              const FamilySpec& family);

}  // namespace mdevsim::model
