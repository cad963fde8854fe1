// How a case ended, and why.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "scenarios/runner/text_rule.h"
#include "scenarios/runner/wire.h"

namespace mdevsim::scenario {

struct Failure {
  std::string step{};    // its name
  std::string place{};   // "scenarios/race.toml:24:1"
  std::string action{};  // what it did
  std::string host{};
  std::vector<Mismatch> mismatches{};
  std::vector<std::string> trace{};  // of the host: the requests around it, one a line
  bool has_trace = false;            // there was a host to be asked, even if nobody did
};

enum class Status : std::uint8_t { passed, failed, skipped };

struct CaseResult {
  Status status = Status::passed;
  std::string id{};
  std::string file{};
  std::uint64_t seed = 0;
  std::string reason{};         // why it was skipped
  bool machine_cannot = false;  // its failure is that this machine, or user, lacks something
  std::vector<Failure> failures{};
  std::string log{};    // what the simulators said
  std::string trace{};  // of all hosts, JSON lines; where it was asked for
  std::int64_t duration_ms = 0;
  std::int64_t timeout_ms = 0;  // where it is not the scenario's own: it is to be repeated with it
};

std::string_view status_name(Status status);

void write(WireWriter& out, const Failure& failure);
Failure read_failure(WireReader& in);
void write(WireWriter& out, const CaseResult& result);
CaseResult read_result(WireReader& in);

// The command that runs this one case again.
std::string reproduction(const CaseResult& result);

}  // namespace mdevsim::scenario
