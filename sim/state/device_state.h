// The state of one device: real bytes, made from a seed, changed by a workload, compared by digest.
//
// A state has no clock and no thread: whoever owns it says what time it is. One thread at a time
// may call it.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include "sim/base/result.h"
#include "sim/model/verdict.h"
#include "sim/state/digest.h"
#include "sim/state/dirty_log.h"
#include "sim/state/layout.h"
#include "sim/state/memory.h"
#include "sim/state/workload.h"

namespace mdevsim::state {

struct DeviceStateOptions {
  std::uint64_t seed = 0;  // of this device, beside the model's: two devices hold different states
  std::shared_ptr<MemoryBudget> budget;  // none: as much as the machine has
  std::shared_ptr<ArenaPool> pool;
};

class DeviceState {
 public:
  // With its initial contents, at time 0, not running. Borrows the model. ENOTTY when the model has
  // no state, ENOMEM when there is not enough memory.
  static Result<DeviceState> create(const model::DeviceModel& model,
                                    model::Configuration configuration,
                                    DeviceStateOptions options = {});
  static Result<DeviceState> create(model::DeviceModel&& model, model::Configuration,
                                    DeviceStateOptions = {}) = delete;

  model::Device device() const { return {*model_, configuration_}; }
  const model::StateSpec& spec() const { return *model_->state(); }
  const Layout& layout() const { return layout_; }
  const std::string& identity() const { return identity_; }  // identity_text()

  DeviceMemory& memory() { return memory_; }
  const DeviceMemory& memory() const { return memory_; }
  Bytes section(const Section& section) {
    return memory_.bytes().subspan(section.offset(), section.bytes);
  }
  DirtyLog& dirty_log() { return *dirty_log_; }

  // Writes what a guest or a test writes, and logs it. ERANGE when it is not within the section,
  // ENOMEM when sparse memory cannot grow. (A write to a register costs nanoseconds, so what all
  // writes need is here.)
  Result<void> write(const Section& section, std::uint64_t offset, ConstBytes bytes) {
    if (offset > section.bytes || bytes.size() > section.bytes - offset || bytes.empty())
      return not_written(section, offset, bytes.size());
    const std::size_t at = section.offset() + offset;
    if (auto committed = memory_.commit({at, bytes.size()}); !committed) return committed;
    std::memcpy(memory_.bytes().data() + at, bytes.data(), bytes.size());
    dirty_log_->mark(at, bytes.size());
    return {};
  }

  // The workload works while the device runs, up to the time that it is told. ENOMEM when sparse
  // memory cannot grow: the device has broken down then.
  void set_running(bool running);
  bool is_running() const { return running_; }
  Result<void> advance(std::int64_t now_us);
  std::int64_t now_us() const { return now_us_; }
  std::uint64_t dirty_rate_bytes_per_s() const { return workload_.rate_bytes_per_s(); }
  // ERANGE above kDirtyRateMax.
  Result<void> set_dirty_rate(std::uint64_t bytes_per_s);

  // Of model, active parameters and all sections. EBUSY while a workload changes them.
  Result<Digest> digest() const;

  // As it was created, but for the time and the dirty rate. ENOMEM.
  Result<void> reset();

 private:
  DeviceState(const model::DeviceModel& model, model::Configuration configuration, Layout layout,
              DeviceMemory memory, DeviceStateOptions options);

  // Nothing is there to be written, or no place for it.
  static Result<void> not_written(const Section& section, std::uint64_t offset, std::size_t bytes);

  Result<void> fill();
  Result<void> fill_block(const Section& section, std::uint64_t block);
  void fill_page(const Section& section, std::uint64_t page, std::uint64_t seed);
  Result<void> apply(const PageWrite& write);

  const model::DeviceModel* model_;
  model::Configuration configuration_;
  Layout layout_;
  std::string identity_;
  DeviceMemory memory_;
  std::unique_ptr<DirtyLog> dirty_log_;
  DeviceStateOptions options_;
  Workload workload_;
  bool running_ = false;
  std::int64_t now_us_ = 0;
};

}  // namespace mdevsim::state
