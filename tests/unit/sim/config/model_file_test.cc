// Device models in files: every key, includes, and the models that are shipped.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "sim/config/host_files.h"
#include "sim/model/configuration.h"
#include "tests/support/memory_files.h"

namespace mdevsim::config {
namespace {

std::string said_about(const Loaded& loaded) {
  std::string said;
  for (const Diagnostic& problem : loaded.diagnostics) said += render(problem, false);
  return said;
}

// The catalog of a text that has no problem.
std::shared_ptr<const model::Catalog> catalog_of(std::map<std::string, std::string> texts) {
  MemoryFiles files(std::move(texts));
  const Loaded loaded = load(files, "models.toml");
  EXPECT_EQ(said_about(loaded), "");
  return loaded.configuration ? loaded.configuration->catalog
                              : std::make_shared<const model::Catalog>();
}

TEST(ModelFile, ReadsEveryKeyOfAState) {
  const auto catalog = catalog_of({{"models.toml", R"(
[model."a.b/c"]
params.rss = { type = "bool", off = false }

[model."a.b/c".state]
registers = 100
queues = "4KiB"
memory = "64MiB"
sections = [ { name = "rss-table", size = "8KiB", when = "rss" } ]
dirty_rate = "200MiB/s"
pattern = "hot-set"
hot_set = "1MiB"
features = ["stop-copy", "pre-copy"]
compression = ["zstd"]
delta = true
unchecked = true
seed = 7
zero_pages = 12
sparse = true

[model."a.b/d"]
state = { memory = 4096, dirty_rate = 4096, pattern = "burst", burst = { every_ms = 1000, for_ms = 100 } }
)"}});
  ASSERT_EQ(catalog->models().size(), 2U);
  model::StateSpec first;
  first.sections = {{"memory", std::uint64_t{64} << 20, ""},
                    {"queues", 4096, ""},
                    {"registers", 100, ""},
                    {"rss-table", 8192, "rss"}};
  first.workload = {.dirty_bytes_per_s = std::uint64_t{200} << 20,
                    .pattern = model::WritePattern::hot_set,
                    .hot_set_bytes = std::uint64_t{1} << 20};
  first.features = {.stop_copy = true, .p2p = false, .pre_copy = true};
  first.stream = {.lz4 = false, .zstd = true, .delta = true, .unchecked = true};
  first.seed = 7;
  first.zero_percent = 12;
  first.sparse = true;
  EXPECT_EQ(catalog->models()[0].state(), first);

  model::StateSpec second;
  second.sections = {{"memory", 4096, ""}};
  second.workload = {.dirty_bytes_per_s = 4096,
                     .pattern = model::WritePattern::burst,
                     .burst_every_ms = 1000,
                     .burst_ms = 100};
  EXPECT_EQ(catalog->models()[1].state(), second);
  EXPECT_TRUE(second.features.stop_copy && second.features.p2p && second.features.pre_copy);
}

TEST(ModelFile, ReadsEveryKey) {
  const auto catalog = catalog_of({{"models.toml", R"(
[model."https://a.b/c"]
device_api = "vfio-ccw"
description = "a device"
params.size = { type = "int", off = 0, initial = -3, since = 2, until = 4, description = "how large", requires = ["on"], allowed = [0, "-5--3", { value = "64-256", since = 3, until = 4 }] }
params.on = { type = "bool", initial = true, allowed = [true] }
params.mode = { type = "string", off = "", initial = "a" }
versions.1 = {}
versions.4 = { size = 256 }
)"}});
  ASSERT_EQ(catalog->models().size(), 1U);
  const model::DeviceModel& model = catalog->models()[0];
  EXPECT_EQ(model.name(), "https://a.b/c");
  EXPECT_EQ(model.device_api(), "vfio-ccw");
  EXPECT_EQ(model.description(), "a device");
  ASSERT_EQ(model.parameters().size(), 3U);
  const model::Parameter& size = model.parameters()[2];
  EXPECT_EQ(size.name, "size");
  EXPECT_EQ(size.kind, model::ValueKind::integer);
  EXPECT_EQ(size.off, model::Value::integer(0));
  EXPECT_EQ(size.initial, model::Value::integer(-3));
  EXPECT_EQ(size.versions, (model::Versions{2, 4}));
  EXPECT_EQ(size.description, "how large");
  EXPECT_EQ(size.requires_active, std::vector<std::string>{"on"});
  EXPECT_EQ(size.allowed, (std::vector<model::Allowed>{
                              {model::Value::integer(0), model::Value::integer(0), {}},
                              {model::Value::integer(-5), model::Value::integer(-3), {}},
                              {model::Value::integer(64), model::Value::integer(256), {3, 4}}}));
  EXPECT_EQ(model.parameters()[1].off, std::nullopt);
  EXPECT_EQ(model::to_full_text(model, model.find_version(1)->configuration), "mode=a,on=on");
  EXPECT_EQ(model::to_full_text(model, model.find_version(4)->configuration),
            "mode=a,on=on,size=256");
}

TEST(ModelFile, ReadsFamilies) {
  const auto catalog = catalog_of({{"models.toml", R"(
[model."a.b/c"]
params.rss = { type = "bool", off = false }
params.queues = { type = "int", initial = 1 }
versions.count = 6
versions.pattern = [ { param = "rss", value = true, every = 2 }, { param = "queues", values = [1, 4], hold = 3 } ]
versions.6 = { queues = 8 }
)"}});
  const model::DeviceModel& model = catalog->models().at(0);
  std::string said;
  for (const model::Version& version : model.versions())
    said += model::to_full_text(model, version.configuration) + "\n";
  EXPECT_EQ(said,
            "queues=1,rss=off\nqueues=1,rss=on\nqueues=1,rss=off\nqueues=4,rss=on\n"
            "queues=4,rss=off\nqueues=8,rss=off\n");
}

TEST(ModelFile, ModelsOfIncludedFilesAreThereToo) {
  const auto catalog = catalog_of({{"models.toml", "include = \"a.toml\"\n[model.\"x.y/b\"]\n"},
                                   {"a.toml", "[model.\"x.y/a\"]\n[host.alpha]\n"}});
  ASSERT_EQ(catalog->models().size(), 2U);
  EXPECT_NE(catalog->find("x.y/a"), nullptr);
  EXPECT_NE(catalog->find("x.y/b"), nullptr);
}

TEST(ModelFile, WithoutAHostIsNoHostFile) {
  const Loaded models = load_file("scenarios/models/my-nic.toml");
  EXPECT_EQ(said_about(models), "");
  const Loaded hosts = load_host_file("scenarios/models/my-nic.toml");
  EXPECT_FALSE(hosts.configuration.has_value());
  EXPECT_NE(said_about(hosts).find("but no host"), std::string::npos);
}

TEST(ModelFile, MyNicIsTheDiscussions) {
  const Loaded loaded = load_file("scenarios/models/my-nic.toml");
  ASSERT_EQ(said_about(loaded), "");
  const model::DeviceModel* model = loaded.configuration->catalog->find("vendor-a.com/my-nic");
  ASSERT_NE(model, nullptr);
  for (const char* const text : {"version=1", "version=2,rx-filter-size=64", "rx-filter-size=0"})
    EXPECT_TRUE(model::parse_configuration(*model, text).has_value()) << text;
}

TEST(ModelFile, TheFamilyIsAsLargeAsItSays) {
  const Loaded loaded = load_file("scenarios/models/family-500.toml");
  ASSERT_EQ(said_about(loaded), "");
  const model::DeviceModel& model = loaded.configuration->catalog->models().at(0);
  EXPECT_EQ(model.versions().size(), 500U);
  EXPECT_EQ(model::to_full_text(model, model.find_version(500)->configuration),
            "checksum-offload=off,queues=16,ring-format=packed,rss=on,rss-hash=none,"
            "rx-filter-size=1024");
}

}  // namespace
}  // namespace mdevsim::config
