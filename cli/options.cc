#include "cli/options.h"

#include <fmt/format.h>

#include <exception>
#include <iostream>
#include <sstream>

#include "cli/commands.h"

namespace mdevsim::cli {
namespace po = boost::program_options;
namespace {

bool is_positional(const Syntax& syntax, const std::string& name) {
  for (unsigned i = 0; i < syntax.positional.max_total_count() && i < 16; ++i) {
    if (syntax.positional.name_for_position(i) == name) return true;
  }
  return false;
}

std::string upper_case(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

void print_help(const Syntax& syntax) {
  po::options_description shown("options");
  for (const auto& option : syntax.options.options()) {
    if (!is_positional(syntax, option->long_name())) shown.add(option);
  }
  shown.add_options()("help,h", "print this help and exit");
  std::cout << "usage: " << syntax.usage << "\n\n" << syntax.purpose << "\n\n" << shown;
}

}  // namespace

int usage_error(const Syntax& syntax, const std::string& text) {
  std::cerr << fmt::format("mdevsim: error: {}\nusage: {}\n", text, syntax.usage);
  return kExitUsage;
}

Arguments parse_arguments(const Syntax& syntax, std::span<char*> args) {
  Arguments parsed;
  try {
    po::options_description all;
    all.add(syntax.options);
    all.add_options()("help,h", "print this help and exit");
    const std::vector<std::string> words(args.begin(), args.end());
    po::store(
        po::command_line_parser(words)
            .options(all)
            .positional(syntax.positional)
            .style(po::command_line_style::default_style & ~po::command_line_style::allow_guessing)
            .run(),
        parsed.values);
    po::notify(parsed.values);
  } catch (const std::exception& error) {
    parsed.exit_status = usage_error(syntax, error.what());
    return parsed;
  }
  if (parsed.has("help")) {
    print_help(syntax);
    parsed.exit_status = kExitOk;
    return parsed;
  }
  for (const std::string& name : syntax.required) {
    if (parsed.values.count(name) == 0) {
      const std::string shown = is_positional(syntax, name) ? upper_case(name) : "--" + name;
      parsed.exit_status = usage_error(syntax, shown + " is missing");
      return parsed;
    }
  }
  return parsed;
}

}  // namespace mdevsim::cli
