// What people move state with today, on the same bytes: QEMU's migration to a file, zstd, lz4. No
// goals; mdevsim beside them is in stream_bench.cc.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "bench/benches.h"
#include "bench/client_ops.h"
#include "bench/fatal.h"
#include "bench/state_material.h"
#include "bench/statistics.h"

namespace mdevsim::bench {
namespace {

void write_file(const std::string& path, state::ConstBytes bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) fatal("cannot be written", path);
}

double first_number(const std::string& path) {
  std::ifstream file(path);
  double number = 0;
  if (!(file >> number)) fatal("has no number", path);
  return number;
}

bool is_installed(const Lab& lab, std::string_view program, std::string_view package) {
  if (access(fmt::format("/usr/bin/{}", program).c_str(), X_OK) == 0) return true;
  lab.report().remark(fmt::format("reference {}: not measured, it is not installed (package {})",
                                  program, package));
  return false;
}

double rate(std::size_t bytes, double seconds) {
  return static_cast<double>(bytes) / seconds / 1e9;
}

void measure_qemu(const Lab& lab, std::size_t bytes, const std::string& ram) {
  if (!is_installed(lab, "qemu-system-x86_64", "qemu-system-x86")) return;
  const std::string stream = lab.scratch() + "/qemu.stream";
  const std::string printed = lab.scratch() + "/qemu.out";
  const std::string memory_mib = std::to_string((bytes >> 20) + 64);  // and what firmware needs
  std::vector<double> rates;
  for (int i = 0; i < lab.repetitions() / 2; ++i) {
    command_s({Lab::script("qemu_save"), memory_mib, ram, stream}, printed);
    rates.push_back(rate(bytes, first_number(printed) / 1e3));
    unlink(stream.c_str());
  }
  lab.report().add("reference: qemu-system-x86_64 migrates guest memory to a file", "GB/s",
                   median(std::move(rates)));
}

void measure_compressor(const Lab& lab, std::string_view program, std::size_t bytes,
                        const std::string& ram) {
  if (!is_installed(lab, program, program)) return;
  const std::string packed = fmt::format("{}/{}.out", lab.scratch(), program);
  std::vector<std::string> command{std::string(program), "-1", "-q", "-f", ram, packed};
  if (program == "zstd") command = {"zstd", "-1", "-q", "-f", "-o", packed, ram};
  std::vector<double> rates;
  for (int i = 0; i < lab.repetitions() / 2; ++i) rates.push_back(rate(bytes, command_s(command)));
  lab.report().add(fmt::format("reference: {} -1 of a file to a file", program), "GB/s",
                   median(std::move(rates)));
  unlink(packed.c_str());
}

}  // namespace

void measure_state_tools(const Lab& lab) {
  const std::size_t bytes = state_bytes(lab);
  const std::string ram = lab.scratch() + "/ram";
  {
    state::DeviceMemory memory = warm_memory(bytes);
    fill_like_a_device(memory.bytes());
    write_file(ram, memory.bytes());
  }
  measure_qemu(lab, bytes, ram);
  measure_compressor(lab, "zstd", bytes, ram);
  measure_compressor(lab, "lz4", bytes, ram);
  unlink(ram.c_str());
}

}  // namespace mdevsim::bench
