// The benchmarks. Each adds its rows to the lab's report; names here are what --only matches and
// --list prints.
#pragma once

#include <array>
#include <string_view>

#include "bench/lab.h"

namespace mdevsim::bench {

void measure_components(const Lab& lab);
void measure_noise(const Lab& lab);
void measure_attributes(const Lab& lab);
void measure_trace(const Lab& lab);
void measure_create(const Lab& lab);
void measure_clients(const Lab& lab);
void measure_walks(const Lab& lab);
void measure_memory(const Lab& lab);
void measure_instances(const Lab& lab);
void measure_start(const Lab& lab);
void measure_versions(const Lab& lab);
void measure_scale(const Lab& lab);
void measure_libvirt(const Lab& lab);
void measure_scenarios(const Lab& lab);
void measure_verdicts(const Lab& lab);
void measure_references(const Lab& lab);
void measure_state(const Lab& lab);
void measure_migration(const Lab& lab);
void measure_threads(const Lab& lab);
void measure_state_tools(const Lab& lab);
void measure_data_files(const Lab& lab);

struct Bench {
  std::string_view name;
  std::string_view what;
  void (*measure)(const Lab& lab);
};

inline constexpr std::array kBenches{
    Bench{"noise", "one floor server against another: how far from 1.00 a ratio is by chance",
          measure_noise},
    Bench{"attribute", "open+read+close, read, write, stat and list, one client",
          measure_attributes},
    Bench{"component", "what requests cost inside of the server, without FUSE", measure_components},
    Bench{"trace", "what tracing costs the server", measure_trace},
    Bench{"create", "write of create until another process sees the directory", measure_create},
    Bench{"clients", "4 clients' throughput", measure_clients},
    Bench{"walk", "ls -lR and find over 111,000 nodes", measure_walks},
    Bench{"memory", "server memory after walking a million nodes, and after forget",
          measure_memory},
    Bench{"instances", "memory of a million instances", measure_instances},
    Bench{"start", "start until the first read with 100 hosts of 1000 types", measure_start},
    Bench{"scale", "mdevctl and find on 64 parents of 1000 types with 10,000 instances",
          measure_scale},
    Bench{"versions", "mdevctl on a model of 1000 versions and 64 parameters, all interfaces",
          measure_versions},
    Bench{"data", "a device's stream through its file, read and written", measure_data_files},
    Bench{"libvirt", "libvirt's nodedev-create inside mdevsim run", measure_libvirt},
    Bench{"scenario", "small cases of mdevsim test in a second", measure_scenarios},
    Bench{"compat", "verdicts on a million pairs, and the best of 100,000 destinations",
          measure_verdicts},
    Bench{"state", "what moving device state is made of, in process", measure_state},
    Bench{"migration", "devices saved and loaded, in process", measure_migration},
    Bench{"threads", "devices saved and loaded by two threads, in process", measure_threads},
    Bench{"tools", "QEMU, zstd and lz4 on the bytes of device state", measure_state_tools},
    Bench{"reference", "the machine's own /sys, tmpfs and umockdev-run", measure_references},
};

}  // namespace mdevsim::bench
