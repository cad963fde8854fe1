// Any bytes as a host file: loading ends, and what it returns keeps the invariants. A form feed
// separates files, which include one another as "1", "2" and so on.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "sim/config/loader.h"
#include "tests/support/config_invariants.h"
#include "tests/support/memory_files.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using mdevsim::config::Loaded;
  std::map<std::string, std::string> texts;
  std::string* text = &texts["0"];
  for (std::size_t i = 0; i < size; ++i) {
    if (data[i] == '\f') {
      text = &texts[std::to_string(texts.size())];
    } else {
      text->push_back(static_cast<char>(data[i]));
    }
  }
  mdevsim::config::MemoryFiles files(std::move(texts));
  const Loaded loaded = load(files, "0");
  if (const std::string broken = broken_invariant(loaded); !broken.empty()) {
    std::fprintf(stderr, "broken invariant: %s\n", broken.c_str());
    std::abort();
  }
  return 0;
}
