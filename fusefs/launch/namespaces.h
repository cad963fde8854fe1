// The private namespaces of a run.
#pragma once

#include "fusefs/launch/failure.h"

namespace mdevsim::launch {

struct NamespaceOptions {
  bool private_network = true;
  bool in_user_namespace = false;  // in which the caller is root: it has been entered before
};

struct Namespaces {
  bool has_user_namespace = false;  // the caller, who is not root, became root inside
  bool has_id_range = false;        // and has subordinate ids
};

// Moves this process, which must have one thread, into a mount namespace of its own and, if wanted,
// a network namespace with its loopback interface up. Who may not do that gets a user namespace
// first, in which the caller is root; the network namespace must come in a second step, or the
// kernel's files about it belong to nobody.
Outcome<Namespaces> enter_namespaces(const NamespaceOptions& options);

}  // namespace mdevsim::launch
