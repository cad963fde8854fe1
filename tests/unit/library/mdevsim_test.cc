#include "library/mdevsim.h"

#include <gmock/gmock.h>

#include <cerrno>
#include <string>
#include <string_view>

namespace {

using ::testing::HasSubstr;

constexpr const char* kType = "class/mdev_bus/mtty/mdev_supported_types/mtty-2/";
constexpr std::string_view kUuid = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";

class CApi : public ::testing::Test {
 protected:
  CApi() { EXPECT_EQ(mdevsim_open_file("builtin:kernel-samples", &simulation_), 0); }
  ~CApi() override { mdevsim_close(simulation_); }

  int create() {
    const std::string path = std::string(kType) + "create";
    return mdevsim_write(simulation_, path.c_str(), kUuid.data(), kUuid.size());
  }

  mdevsim_simulation* simulation_ = nullptr;
};

TEST_F(CApi, AFileThatIsWrongIsToldWhy) {
  mdevsim_simulation* none = nullptr;
  EXPECT_EQ(mdevsim_open_text("nonsense", &none), -EINVAL);
  EXPECT_EQ(none, nullptr);
  EXPECT_THAT(mdevsim_last_error(), HasSubstr("error"));
  EXPECT_EQ(create(), 0);
  EXPECT_STREQ(mdevsim_last_error(), "");
}

TEST_F(CApi, WritesGiveTheKernelsErrno) {
  EXPECT_EQ(create(), 0);
  EXPECT_EQ(create(), -EEXIST);
}

TEST_F(CApi, AShortBufferGetsTheBeginningAndTheWholeLength) {
  const std::string path = std::string(kType) + "device_api";
  char text[4];
  EXPECT_EQ(mdevsim_read(simulation_, path.c_str(), text, sizeof text), 9);
  EXPECT_STREQ(text, "vfi");
  EXPECT_EQ(mdevsim_list(simulation_, "bus", nullptr, 0), 9) << "mdev and pci";
}

TEST_F(CApi, EventsAreLines) {
  mdevsim_take_events(simulation_, nullptr, 0);
  ASSERT_EQ(create(), 0);
  char text[1000];
  ASSERT_GT(mdevsim_take_events(simulation_, text, sizeof text), 0);
  EXPECT_THAT(text, HasSubstr("samples add@/devices/virtual/mtty/mtty/83b8f4f2"));
  EXPECT_EQ(mdevsim_take_events(simulation_, text, sizeof text), 0);
}

TEST_F(CApi, LinksTellTheirText) {
  char text[200];
  ASSERT_GT(mdevsim_read_link(simulation_, "class/mdev_bus/mtty", text, sizeof text), 0);
  EXPECT_STREQ(text, "../../devices/virtual/mtty/mtty");
  EXPECT_EQ(mdevsim_read_link(simulation_, "class/mdev_bus", text, sizeof text), -EINVAL);
}

TEST_F(CApi, WhatIsNoDeviceIsNotMigrated) {
  EXPECT_EQ(mdevsim_migrate(simulation_, "bus", "bus", 0, 0, nullptr), -ENOTTY);
  EXPECT_THAT(mdevsim_last_error(), HasSubstr("no device"));
}

TEST_F(CApi, ClosingNothingIsFine) { mdevsim_close(nullptr); }

}  // namespace
