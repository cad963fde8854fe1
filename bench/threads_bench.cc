// Devices saved and loaded by two threads, in process. The floors are one thread's, as those of one
// thread.
#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "bench/benches.h"
#include "bench/migrating_device.h"
#include "fusefs/fuse/thread_pool.h"

namespace mdevsim::bench {
namespace {

constexpr std::size_t kThreads = 2;
// Records of 1 MiB are what threads share out.
constexpr std::size_t kPieceBytes = std::size_t{32} << 20;

void measure_save_and_load(const Lab& lab, Devices& devices, const PlainCopy& best) {
  std::size_t saved = 0;
  const std::function<void()> save_all = [&] {
    saved = save(*devices.source, devices.stream.bytes(), kPieceBytes);
  };
  const std::function<void()> load_all = [&] {
    load(*devices.target, devices.stream.bytes().first(saved), kPieceBytes);
  };
  const auto add = [&](std::string_view what, const std::function<void()>& work,
                       std::optional<Goal> goal) {
    lab.report().add(fmt::format("migration: {}, 2 threads, against {}", what, best.name), "GB/s",
                     rates(lab, devices.size(), work, [&] { devices.copy_plainly(best); }), goal);
  };
  add("save into a warm arena, with checksums", save_all, {});
  add("load from a warm arena, with checksums", load_all, {});
  must_succeed(devices.source->migration.use({.unchecked = true}), "stream without checksums");
  add("save into a warm arena, without checksums", save_all, ratio_at_least(0.90));
  add("load from a warm arena, without checksums", load_all, {});
  must_succeed(devices.source->migration.use({}), "stream with checksums");
}

void measure_zeros(const Lab& lab, Devices& devices, std::uint64_t per_mille,
                   std::optional<Goal> goal) {
  fill_with_zero_pages(devices, per_mille);
  lab.report().add(
      fmt::format("migration: save with {:.1f} % zero pages, 2 threads, against memcpy",
                  static_cast<double>(per_mille) / 10),
      "GB/s",
      rates(
          lab, devices.size(), [&] { save(*devices.source, devices.stream.bytes(), kPieceBytes); },
          [&] { devices.copy_by_memcpy(); }),
      goal);
}

// Each thread has half of the devices.
void measure_small_devices(const Lab& lab, Executor& threads) {
  constexpr std::size_t kEach = SmallDevices::kDevices / kThreads;
  SmallDevices small;
  const auto save_all = [&] {
    threads.run(kThreads, [&](std::size_t i) { small.save(i * kEach, (i + 1) * kEach); });
  };
  lab.report().add(
      "migration: save 10000 devices of 16 KiB, 2 threads, a device, against one flat memcpy", "us",
      interleaved(
          lab.repetitions(), [&] { return small.us_of(save_all); },
          [&] { return small.us_of([&] { small.copy_flat(); }); }),
      ratio_at_most(1.25));
}

}  // namespace

void measure_threads(const Lab& lab) {
  if (lab.cpus() < 2) {
    lab.report().remark("rows of 2 threads: not measurable here, there is one CPU");
    return;
  }
  fusefs::ThreadPool threads(kThreads);
  {
    Devices devices(state_bytes(lab));
    devices.source->migration.share_out(threads);
    devices.target->migration.share_out(threads);
    const PlainCopy best = best_plain_copy(lab, devices.plain.bytes(), devices.from());
    measure_save_and_load(lab, devices, best);
    measure_zeros(lab, devices, 125, {});
    measure_zeros(lab, devices, 900, ratio_at_least(2.0));
  }
  measure_small_devices(lab, threads);
}

}  // namespace mdevsim::bench
