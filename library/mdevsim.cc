#include "library/mdevsim.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <string>

#include "library/simulation.h"

struct mdevsim_simulation {
  std::unique_ptr<mdevsim::Simulation> cxx;
};

namespace mdevsim {
namespace {

std::string& last_error() {
  thread_local std::string text;
  return text;
}

int fail_with(const Error& error) {
  last_error() = error.why;
  return -errc_number(error.code);
}

// No exception leaves a C function: what the standard library throws is memory that is not there.
template <typename Body>
auto guarded(Body body) noexcept -> decltype(body()) {
  try {
    last_error().clear();
    return body();
  } catch (const std::bad_alloc&) {
    return -errc_number(Errc::no_memory);
  } catch (const std::exception&) {
    return -errc_number(Errc::io);
  }
}

int open(Result<std::unique_ptr<Simulation>> made, mdevsim_simulation** out) {
  if (!made) return fail_with(made.error());
  *out = new mdevsim_simulation{std::move(*made)};
  return 0;
}

long copy_text(std::string_view text, char* buffer, std::size_t size) {
  if (size > 0) {
    const std::size_t fits = std::min(size - 1, text.size());
    std::memcpy(buffer, text.data(), fits);
    buffer[fits] = '\0';
  }
  return static_cast<long>(text.size());
}

long copy_out(const Result<std::string>& text, char* buffer, std::size_t size) {
  return text ? copy_text(*text, buffer, size) : long{fail_with(text.error())};
}

Result<std::string> lines(const Result<std::vector<std::string>>& names) {
  if (!names) return tl::unexpected(names.error());
  std::string text;
  for (const std::string& name : *names) text.append(name).append("\n");
  return text;
}

}  // namespace
}  // namespace mdevsim

using mdevsim::guarded;

int mdevsim_open_file(const char* path, mdevsim_simulation** out) {
  return guarded([&] { return mdevsim::open(mdevsim::Simulation::from_file(path), out); });
}

int mdevsim_open_text(const char* toml, mdevsim_simulation** out) {
  return guarded([&] { return mdevsim::open(mdevsim::Simulation::from_text(toml), out); });
}

void mdevsim_close(mdevsim_simulation* simulation) { delete simulation; }

long mdevsim_list(const mdevsim_simulation* simulation, const char* path, char* buffer,
                  std::size_t size) {
  return guarded(
      [&] { return mdevsim::copy_out(mdevsim::lines(simulation->cxx->list(path)), buffer, size); });
}

long mdevsim_read(const mdevsim_simulation* simulation, const char* path, char* buffer,
                  std::size_t size) {
  return guarded([&] { return mdevsim::copy_out(simulation->cxx->read(path), buffer, size); });
}

long mdevsim_read_link(const mdevsim_simulation* simulation, const char* path, char* buffer,
                       std::size_t size) {
  return guarded([&] { return mdevsim::copy_out(simulation->cxx->read_link(path), buffer, size); });
}

int mdevsim_write(mdevsim_simulation* simulation, const char* path, const char* bytes,
                  std::size_t size) {
  return guarded([&] {
    const auto written = simulation->cxx->write(path, {bytes, size});
    return written ? 0 : mdevsim::fail_with(written.error());
  });
}

long mdevsim_take_events(mdevsim_simulation* simulation, char* buffer, std::size_t size) {
  return guarded([&] {
    std::string text;
    for (const mdevsim::SimulatedEvent& event : simulation->cxx->take_events())
      text += event.host + " " + event.action + "@" + event.devpath + "\n";
    return mdevsim::copy_text(text, buffer, size);
  });
}

int mdevsim_migrate(mdevsim_simulation* simulation, const char* from, const char* to,
                    std::uint64_t bandwidth_bytes_per_s, std::uint64_t downtime_limit_us,
                    mdevsim_migration* report) {
  return guarded([&] {
    const auto migrated =
        simulation->cxx->migrate(from, to,
                                 {.bandwidth_bytes_per_s = bandwidth_bytes_per_s,
                                  .downtime_us = static_cast<std::int64_t>(downtime_limit_us)});
    if (!migrated) return mdevsim::fail_with(migrated.error());
    if (report == nullptr) return 0;
    *report = {migrated->bytes,
               migrated->rounds.size(),
               static_cast<std::uint64_t>(migrated->total_us),
               static_cast<std::uint64_t>(migrated->downtime_us),
               {}};
    mdevsim::copy_text(migrated->digest->to_string(), report->digest, sizeof report->digest);
    return 0;
  });
}

void mdevsim_advance(mdevsim_simulation* simulation, std::uint64_t nanoseconds) {
  simulation->cxx->advance(std::chrono::nanoseconds(nanoseconds));
}

const char* mdevsim_last_error(void) { return mdevsim::last_error().c_str(); }
