#include "fusefs/sysfs/path.h"

#include <algorithm>
#include <array>

#include "sim/base/check.h"

namespace mdevsim::sysfs {
namespace {

constexpr std::size_t kDepthMax = 64;

bool is_root(NodeId node) { return node.kind() == Kind::host && node.row() == 0; }

// From the node itself up to the root.
struct Chain {
  std::array<NodeId, kDepthMax> nodes{};
  std::size_t length = 0;
};

Chain chain_of(const State& state, NodeId node) {
  Chain chain;
  for (;; node = directory_of(state, node)) {
    CHECK(chain.length < kDepthMax);
    chain.nodes[chain.length++] = node;
    if (is_root(node)) return chain;
  }
}

}  // namespace

NodeId directory_of(const State& state, NodeId node) {
  if (is_root(node)) return node;
  const Row& row = row_of(node);
  if (row.parent != kNoParent) return node.at(row.parent);
  return row.holder({state, node});
}

void append_name(const State& state, NodeId node, std::string& out) {
  const Row& row = row_of(node);
  if (row.name_of != nullptr) {
    row.name_of({state, node}, out);
  } else {
    out += row.name;
  }
}

void append_path(const State& state, NodeId node, std::string& out) {
  const Chain chain = chain_of(state, node);
  for (std::size_t i = chain.length - 1; i-- > 0;) {
    out += '/';
    append_name(state, chain.nodes[i], out);
  }
}

void append_link_text(const State& state, NodeId link, NodeId target, std::string& out) {
  const Chain to = chain_of(state, target);
  NodeId base = directory_of(state, link);
  std::size_t common = to.length - 1;
  for (;; base = directory_of(state, base)) {
    const auto* begin = to.nodes.begin() + 1;
    const auto* found = std::find(begin, to.nodes.begin() + to.length, base);
    if (found != to.nodes.begin() + to.length) {
      common = static_cast<std::size_t>(found - to.nodes.begin());
      break;
    }
    out += "../";
  }
  for (std::size_t i = common; i-- > 0;) {
    append_name(state, to.nodes[i], out);
    if (i > 0) out += '/';
  }
}

}  // namespace mdevsim::sysfs
