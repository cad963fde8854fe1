#include "scenarios/runner/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/base/limits.h"
#include "tests/support/memory_files.h"

namespace mdevsim::scenario {
namespace {

constexpr const char* kHost =
    "[host.alpha.virtual.\"mtty/mtty\"]\nmdev_types = [{ id = \"1\", instances = 4 }]\n";

Loaded load_text(const std::string& text) {
  config::MemoryFiles files({{"dir/s.toml", text}, {"dir/hosts/h.toml", kHost}});
  return scenario::load(files, "dir/s.toml");
}

// The only case of a text that has no problem.
Case case_of(const std::string& text) {
  Loaded loaded = load_text(text);
  for (const config::Diagnostic& problem : loaded.diagnostics)
    ADD_FAILURE() << config::render(problem, false);
  if (loaded.cases.size() != 1) {
    ADD_FAILURE() << loaded.cases.size() << " cases";
    return {};
  }
  return loaded.cases.front();
}

std::vector<std::string> ids_of(const std::string& text) {
  std::vector<std::string> ids;
  for (const Case& one : load_text(text).cases) ids.push_back(one.id);
  return ids;
}

TEST(LoadScenario, TheMatrixIsMultipliedOut) {
  EXPECT_THAT(ids_of(std::string("matrix.a = [1, 2]\nmatrix.b = [\"x\", \"y\"]\n"
                                 "step = [{ run = \"true\" }]\n") +
                     kHost),
              testing::ElementsAre("dir/s.toml[a=1,b=x]", "dir/s.toml[a=1,b=y]",
                                   "dir/s.toml[a=2,b=x]", "dir/s.toml[a=2,b=y]"));
}

TEST(LoadScenario, IncludesAreRelativeToTheFileAndStayAskedFor) {
  const Case one = case_of("include = \"hosts/h.toml\"\nstep = [{ run = \"true\" }]\n");
  EXPECT_THAT(one.hosts, testing::ElementsAre("alpha"));
  EXPECT_EQ(one.host_text, "\"include\" = \"dir/hosts/h.toml\"\n");
  EXPECT_EQ(one.folder, "dir");
}

TEST(LoadScenario, HostsMayDependOnTheMatrix) {
  const Loaded loaded = load_text(
      "matrix.kernel = [\"6.1\", \"6.12\"]\nstep = [{ run = \"true\" }]\n"
      "[host.alpha]\nkernel = \"{kernel}\"\n");
  ASSERT_EQ(loaded.cases.size(), 2U);
  EXPECT_EQ(loaded.cases[1].host_text, "\"host\" = {\"alpha\" = {\"kernel\" = \"6.12\"}}\n");
}

TEST(LoadScenario, AVariableMayBeMadeOfThoseAboveIt) {
  const Case one = case_of(std::string("vars.a = \"x\"\nvars.b = \"{a}y\"\n"
                                       "step = [{ read = \"/sys/{b}\" }]\n") +
                           kHost);
  EXPECT_EQ(one.steps.at(0).path, "xy");
}

TEST(LoadScenario, CreateIsAWriteToTheTypesFile) {
  const Case one =
      case_of(std::string("step = [{ create = \"u\", type = \"mtty/mtty-1\" }]\n") + kHost);
  const Step& step = one.steps.at(0);
  EXPECT_EQ(step.verb, Verb::write);
  EXPECT_EQ(step.path, "class/mdev_bus/mtty/mdev_supported_types/mtty-1/create");
  EXPECT_EQ(step.text, "u");
  EXPECT_EQ(step.host, "alpha");
}

TEST(LoadScenario, APlainExpectationIsTheVerbsFirstKey) {
  const Case one = case_of(std::string("[[step]]\nread = \"a\"\nexpect = \"16\"\n"
                                       "[[step]]\nremove = \"u\"\nexpect = \"ENOENT\"\n"
                                       "[[step]]\nrun = \"x\"\nexpect = 3\n") +
                           kHost);
  EXPECT_EQ(one.steps.at(0).expect.output.text, "16");
  EXPECT_EQ(one.steps.at(1).expect.error, "ENOENT");
  EXPECT_THAT(one.steps.at(2).expect.statuses, testing::ElementsAre(3));
}

TEST(LoadScenario, WithSeveralHostsACommandRunsBesideThem) {
  const Case one = case_of(
      "[host.a]\n[host.b]\n[[step]]\nrun = \"true\"\n"
      "[[step]]\non = \"b\"\nrun = \"true\"\n");
  EXPECT_EQ(one.steps.at(0).host, "");
  EXPECT_EQ(one.steps.at(1).host, "b");
}

TEST(LoadScenario, ConfiguringIsDoneToWhatRuns) {
  const Case one = case_of(
      "[host.a]\n[host.b]\n"
      "[[step]]\nconfigure = { from = \"a/u\", to = \"b/mtty/mtty-1\", uuid = \"v\" }\n"
      "[[step]]\nconfigure = { from = \"x.com/m@version=1\", to = \"b/u\" }\n");
  const std::string devices = "/kernel/mdevsim/devices/";
  EXPECT_THAT(one.steps.at(0).words,
              testing::ElementsAre("mdevsim", "compat", "-", "--from", "/sys/a" + devices + "u",
                                   "--to", "/sys/b/class/mdev_bus/mtty/mdev_supported_types/mtty-1",
                                   "--apply", "--uuid", "v"));
  EXPECT_THAT(one.steps.at(1).words,
              testing::ElementsAre("mdevsim", "compat", "-", "--from", "x.com/m@version=1", "--to",
                                   "/sys/b" + devices + "u", "--apply"));
}

TEST(LoadScenario, EachWordForAnEndIsOfOneStatus) {
  const Case one = case_of(
      "[host.a]\n[host.b]\n"
      "[[step]]\nmigrate = { from = \"a/u\", to = \"b/u\", cancel_after = \"1s\" }\n"
      "expect = [\"done\", \"failed\", \"not-converged\", \"refused\", \"cancelled\"]\n");
  EXPECT_THAT(one.steps.at(0).expect.statuses, testing::ElementsAre(0, 1, 5, 6, 7));
  EXPECT_EQ(one.steps.at(0).words.back(), "1000ms");
}

TEST(LoadScenario, SkippingIsSaidInTwoSpellings) {
  for (const std::string key : {"skip-if", "skip_if"}) {
    const Case one =
        case_of(key + " = { missing = [\"x\"] }\nstep = [{ run = \"true\" }]\n" + kHost);
    EXPECT_THAT(one.skip.programs, testing::ElementsAre("x")) << key;
  }
}

TEST(LoadScenario, GroupsHaveALimit) {
  std::string steps = "{ run = \"true\" }";
  for (std::size_t i = 0; i < kGroupDepthMax; ++i) steps = "{ steps = [" + steps + "] }";
  EXPECT_TRUE(load_text("step = [" + steps + "]\n" + kHost).diagnostics.empty());
  const Loaded deeper = load_text("step = [{ steps = [" + steps + "] }]\n" + kHost);
  ASSERT_EQ(deeper.diagnostics.size(), 1U);
  EXPECT_EQ(deeper.diagnostics[0].message, "groups are nested too deeply");
}

TEST(LoadScenario, CopiesHaveALimit) {
  const auto with = [](std::uint32_t copies) {
    return load_text("step = [{ parallel = [{ run = \"true\", copies = " + std::to_string(copies) +
                     " }] }]\n" + kHost);
  };
  EXPECT_TRUE(with(kCopiesMax).diagnostics.empty());
  EXPECT_FALSE(with(kCopiesMax + 1).diagnostics.empty());
}

TEST(LoadScenario, TheSameProblemOfAllCasesIsToldOnce) {
  const Loaded loaded =
      load_text(std::string("matrix.a = [1, 2, 3]\nstep = [{ reaad = \"x\" }]\n") + kHost);
  ASSERT_EQ(loaded.diagnostics.size(), 2U);
  EXPECT_EQ(loaded.diagnostics[0].message, "a step has no `read`");
  EXPECT_EQ(loaded.diagnostics[1].help, "did you mean `read`?");
}

TEST(LoadScenario, AMatrixHasALimit) {
  std::string text = "step = [{ run = \"true\" }]\n[matrix]\n";
  for (const char* axis : {"a", "b", "c"}) {
    text += std::string(axis) + " = [0";
    for (int i = 1; i < 50; ++i) text += ", " + std::to_string(i);
    text += "]\n";
  }
  const Loaded loaded = load_text(text + kHost);
  ASSERT_FALSE(loaded.diagnostics.empty());
  EXPECT_EQ(loaded.diagnostics[0].message,
            "the matrix has more than " + std::to_string(kCasesMax) + " cases");
}

TEST(IsScenario, IsAFileWithSteps) {
  EXPECT_TRUE(is_scenario("[[step]]\nrun = \"true\"\n"));
  EXPECT_FALSE(is_scenario(kHost));
}

TEST(IsScenario, InAFolderWhatIsBrokenMayBeOne) {
  EXPECT_TRUE(may_be_scenario("[[step]]\nrun = \"true\"\n"));
  EXPECT_TRUE(may_be_scenario("[[step]\nrun = \"true\"\n"));
  EXPECT_TRUE(may_be_scenario(std::string(kHost) + "[[stpe]]\nrun = \"true\"\n"));
  EXPECT_FALSE(may_be_scenario(kHost));
  EXPECT_FALSE(may_be_scenario("[project]\nname = \"somebody else's\"\n"));
}

}  // namespace
}  // namespace mdevsim::scenario
