#include "sim/state/device_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "sim/base/limits.h"
#include "sim/base/random.h"
#include "sim/state/identity.h"

namespace mdevsim::state {
namespace {

constexpr std::size_t kWordBytes = sizeof(std::uint64_t);
constexpr std::uint64_t kWordsPerWrite = 8;
constexpr std::uint64_t kBlockPages = DeviceMemory::kChunkBytes / kPageBytes;

std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
  return Random(a ^ Random(b).next()).next();
}

std::uint64_t seed_of(const Section& section, std::uint64_t seed) {
  for (const char c : section.name) seed = mixed(seed, static_cast<unsigned char>(c));
  return seed;
}

void put(Bytes bytes, std::size_t at, std::uint64_t word) {
  std::memcpy(bytes.data() + at, &word, std::min(kWordBytes, bytes.size() - at));
}

}  // namespace

Result<DeviceState> DeviceState::create(const model::DeviceModel& model,
                                        model::Configuration configuration,
                                        DeviceStateOptions options) {
  TRY_SET(Layout layout, Layout::of({model, configuration}));
  TRY_SET(DeviceMemory memory,
          DeviceMemory::create(layout.memory_bytes(), {.sparse = model.state()->sparse,
                                                       .prefault = false,
                                                       .budget = options.budget,
                                                       .pool = options.pool}));
  DeviceState state(model, std::move(configuration), std::move(layout), std::move(memory),
                    std::move(options));
  if (auto filled = state.fill(); !filled) return tl::unexpected(std::move(filled).error());
  return state;
}

DeviceState::DeviceState(const model::DeviceModel& model, model::Configuration configuration,
                         Layout layout, DeviceMemory memory, DeviceStateOptions options)
    : model_(&model),
      configuration_(std::move(configuration)),
      layout_(std::move(layout)),
      identity_(identity_text({*model_, configuration_}, layout_)),
      memory_(std::move(memory)),
      dirty_log_(std::make_unique<DirtyLog>(layout_.memory_bytes())),
      options_(std::move(options)),
      workload_(model.state()->workload, mixed(model.state()->seed, ~options_.seed),
                layout_.pages()) {}

// Whether a block of sparse memory, or a page of any other, is zero follows from its seed.
Result<void> DeviceState::fill() {
  for (const Section& section : layout_.sections()) {
    for (std::uint64_t block = 0; block * kBlockPages < section.pages; ++block) {
      if (auto filled = fill_block(section, block); !filled) return filled;
    }
  }
  return {};
}

Result<void> DeviceState::fill_block(const Section& section, std::uint64_t block) {
  const std::uint64_t seed = seed_of(section, mixed(spec().seed, options_.seed));
  const auto is_zero = [&](std::uint64_t draw) { return draw % 100 < spec().zero_percent; };
  const std::uint64_t first = block * kBlockPages;
  const std::uint64_t end = std::min<std::uint64_t>(first + kBlockPages, section.pages);
  if (spec().sparse && is_zero(mixed(seed, ~block))) return {};
  for (std::uint64_t page = first; page < end; ++page) {
    const std::uint64_t page_seed = mixed(seed, page);
    if (!spec().sparse && is_zero(page_seed >> 8)) continue;
    if (auto committed = memory_.commit({section.offset() + page * kPageBytes, kPageBytes});
        !committed)
      return committed;
    fill_page(section, page, page_seed);
  }
  return {};
}

// Half of the pages are noise, as of something encrypted; the others small numbers, as of counters
// and descriptors, which compress.
void DeviceState::fill_page(const Section& section, std::uint64_t page, std::uint64_t seed) {
  const std::uint64_t begin = page * kPageBytes;
  const Bytes bytes = this->section(section).subspan(
      begin, std::min<std::uint64_t>(kPageBytes, section.bytes - begin));
  const std::uint64_t mask = (seed & 1) != 0 ? ~std::uint64_t{0} : 0xFFFF;
  Random random(seed);
  for (std::size_t at = 0; at < bytes.size(); at += kWordBytes)
    put(bytes, at, random.next() & mask);
}

Result<void> DeviceState::not_written(const Section& section, std::uint64_t offset,
                                      std::size_t bytes) {
  if (offset <= section.bytes && bytes == 0) return {};
  return fail(Errc::range, fmt::format("section `{}`: {} bytes at {} are not within {}",
                                       section.name, bytes, offset, section.bytes));
}

void DeviceState::set_running(bool running) {
  if (running && !running_) workload_.start(now_us_);
  running_ = running;
}

Result<void> DeviceState::advance(std::int64_t now_us) {
  now_us_ = std::max(now_us_, now_us);
  if (!running_) return {};
  for (std::uint64_t due = workload_.due(now_us_); due > 0; --due) {
    if (auto applied = apply(workload_.take()); !applied) return applied;
  }
  return {};
}

Result<void> DeviceState::apply(const PageWrite& write) {
  const auto& sections = layout_.sections();
  const auto behind = std::upper_bound(
      sections.begin(), sections.end(), write.page,
      [](std::uint32_t page, const Section& section) { return page < section.first_page; });
  const Section& section = *std::prev(behind);
  const std::uint64_t begin = std::uint64_t{write.page - section.first_page} * kPageBytes;
  if (auto committed = memory_.commit({section.offset() + begin, kPageBytes}); !committed)
    return committed;
  const Bytes bytes = this->section(section).subspan(
      begin, std::min<std::uint64_t>(kPageBytes, section.bytes - begin));
  const std::uint64_t words = std::max<std::uint64_t>(bytes.size() / kWordBytes, 1);
  Random random(write.seed);
  for (std::uint64_t i = 0; i < kWordsPerWrite; ++i) {
    const std::uint64_t at = (random.next() % words) * kWordBytes;
    put(bytes, at, random.next());
  }
  dirty_log_->mark(section.offset() + begin, bytes.size());
  return {};
}

Result<void> DeviceState::set_dirty_rate(std::uint64_t bytes_per_s) {
  if (bytes_per_s > kDirtyRateMax) {
    return fail(Errc::range, fmt::format("a dirty rate of {} bytes/s is more than {}", bytes_per_s,
                                         kDirtyRateMax));
  }
  workload_.set_rate(bytes_per_s, now_us_);
  return {};
}

Result<Digest> DeviceState::digest() const {
  if (running_ && dirty_rate_bytes_per_s() != 0)
    return fail(Errc::busy, "the device runs and changes its state: stop it for a digest");
  return digest_of(identity_, layout_, memory_);
}

Result<void> DeviceState::reset() {
  workload_.reset(now_us_);
  memory_.clear({0, memory_.size()});
  dirty_log_->mark_all();
  return fill();
}

}  // namespace mdevsim::state
