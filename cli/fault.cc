// mdevsim fault: what is to go wrong in a running simulated host. An ordinary client of
// SYSROOT/kernel/mdevsim/faults.
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/sysroot.h"
#include "fusefs/launch/fd.h"
#include "sim/base/json.h"
#include "sim/model/fault_rule.h"

namespace mdevsim::cli {
namespace po = boost::program_options;
namespace {

using Words = std::vector<std::string>;

Syntax syntax() {
  Syntax syntax;
  syntax.usage =
      "mdevsim fault list [OPTION...] | add KEY=VALUE... | remove ID|all  [--sysroot DIR | "
      "--inside PID]";
  syntax.purpose =
      "Lists, adds and removes rules of what is to go wrong in a running simulated host, such as\n"
      "  mdevsim fault add at=create errno=ENOSPC times=1\n"
      "mdevsim-fault(1) tells the keys.\n\n"
      "Ends with 0, 1 failed, 2 usage.";
  syntax.options.add_options()("words", po::value<Words>());
  add_sysroot_options(syntax);
  syntax.options.add_options()("json", "list: as JSON");
  syntax.positional.add("words", -1);
  syntax.required = {"words"};
  return syntax;
}

int failed(const std::string& why) {
  fmt::print(stderr, "mdevsim: error: {}\n", why);
  return kExitFailed;
}

// `change` is a line.
std::string meaning(int error, const std::string& sysroot, const std::string& change) {
  if (error == ENOENT && change.starts_with("remove=")) {
    return fmt::format("there is no rule {}; mdevsim fault list tells which there are",
                       change.substr(change.find('=') + 1, change.size() - change.find('=') - 2));
  }
  if (error == ENOMEM) return "the host has as many rules as it can; remove some";
  return why_no_host(error, sysroot, "faults");
}

int change_rules(const std::string& sysroot, const std::string& change) {
  const std::string path = sysroot + "/kernel/mdevsim/faults";
  const launch::Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.is_open()) return failed(why_no_host(errno, sysroot, "faults"));
  if (::write(file.get(), change.data(), change.size()) >= 0) return kExitOk;
  return failed(meaning(errno, sysroot, change));
}

// "id=1 at=create ..." as {"id": "1", "at": "create", ...}
std::string as_json(std::string_view line) {
  std::string out;
  while (!line.empty()) {
    const std::string_view word = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(word.size() + 1, line.size()));
    const std::size_t equals = word.find('=');
    out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", json_string(word.substr(0, equals)),
                       json_string(word.substr(equals + 1)));
  }
  return "{" + out + "}";
}

int list_rules(const std::string& sysroot, bool json) {
  const launch::Fd file(::open((sysroot + "/kernel/mdevsim/faults").c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return failed(why_no_host(errno, sysroot, "faults"));
  std::string text;
  std::array<char, 4096> buffer;
  for (ssize_t count = 0; (count = ::read(file.get(), buffer.data(), buffer.size())) != 0;) {
    if (count < 0) return failed(why_no_host(errno, sysroot, "faults"));
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  if (!json) {
    fmt::print("{}", text);
    return kExitOk;
  }
  std::string rules;
  for (std::size_t from = 0; from < text.size(); from = text.find('\n', from) + 1) {
    const std::string_view line = std::string_view(text).substr(from, text.find('\n', from) - from);
    rules += (rules.empty() ? "\n  " : ",\n  ") + as_json(line);
  }
  fmt::print("[{}{}]\n", rules, rules.empty() ? "" : "\n");
  return kExitOk;
}

bool is_id(const std::string& word) {
  return word == "all" || (!word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
           return c >= '0' && c <= '9';
         }));
}

}  // namespace

int fault_main(std::span<char*> args) {
  const Syntax expected = syntax();
  const Arguments given = parse_arguments(expected, args);
  if (given.exit_status) return *given.exit_status;
  const auto words = given.values["words"].as<Words>();
  const std::string& verb = words[0];
  std::string change;
  if (verb == "add") {
    change = fmt::format("{}", fmt::join(words.begin() + 1, words.end(), " "));
    if (const auto rule = model::parse_fault(change); !rule) {
      return usage_error(expected, rule.error().why);
    }
  } else if (verb == "remove" && words.size() == 2 && is_id(words[1])) {
    change = "remove=" + words[1];
  } else if (verb != "list" || words.size() != 1) {
    return usage_error(expected, fmt::format("`{}`: write list, add KEY=VALUE... or remove ID|all",
                                             fmt::join(words, " ")));
  }
  const Result<std::string> sysroot = sysroot_of(given);
  if (!sysroot) return failed(sysroot.error().why);
  return change.empty() ? list_rules(*sysroot, given.has("json"))
                        : change_rules(*sysroot, change + '\n');
}

}  // namespace mdevsim::cli
