// What all subcommands share in reading their options: --help, unknown options, missing arguments.
// Boost.Program_options throws; the exceptions end here.
#pragma once

#include <boost/program_options.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mdevsim::cli {

struct Syntax {
  std::string usage;    // "mdevsim check FILE..."
  std::string purpose;  // one or two sentences for --help
  boost::program_options::options_description options{"options"};
  boost::program_options::positional_options_description positional;
  std::vector<std::string>
      required;  // names of the options that must be given, positional ones too
};

struct Arguments {
  boost::program_options::variables_map values;
  std::optional<int> exit_status;  // set when there is nothing left to do: --help, or a usage error

  bool has(const char* name) const { return values.count(name) != 0; }
  std::string text(const char* name) const {
    return has(name) ? values[name].as<std::string>() : std::string();
  }
};

// Adds --help to the options, parses, prints help or the usage error. A positional argument's
// option is not listed in the help: describe it in `usage`.
Arguments parse_arguments(const Syntax& syntax, std::span<char*> args);

// Prints "mdevsim: error: TEXT" and the usage line; returns kExitUsage.
int usage_error(const Syntax& syntax, const std::string& text);

}  // namespace mdevsim::cli
