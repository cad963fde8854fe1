// Names of device models and of parameters.
#include <gtest/gtest.h>

#include "sim/model/catalog.h"
#include "sim/model/model_name.h"
#include "sim/model/parameter.h"
#include "tests/support/sample_models.h"

namespace mdevsim::model {
namespace {

TEST(ModelName, IsADomainAndAPath) {
  for (const char* const name : {"vendor-a.com/my-nic", "qemu.org/pci/10ec/8139", "a.b/c",
                                 "https://vendor-a.com/my-nic", "x.y.z/under_score+~v1.2"}) {
    EXPECT_EQ(check_model_name(name), std::nullopt) << name;
  }
}

TEST(ModelName, IsNothingElse) {
  for (const char* const name :
       {"", "my-nic", "vendor-a.com", "vendor-a.com/", "/my-nic", "vendor-a.com//my-nic",
        "vendor-a.com/my nic", "vendor-a.com/..", "vendor-a.com/my-nic/", "vendor-a.com/a@b",
        "-a.com/x", "a-.com/x", "a..com/x", ".com/x", "a.com./x", "http://vendor-a.com/my-nic",
        "https://"}) {
    EXPECT_NE(check_model_name(name), std::nullopt) << name;
  }
  EXPECT_NE(check_model_name("a.b/" + std::string(300, 'c')), std::nullopt);
}

TEST(ParameterName, IsAFileNameWithoutTheMarksOfConfigurations) {
  for (const char* const name : {"rss", "rx-filter-size", "Größe", "a.b", "v"})
    EXPECT_EQ(check_parameter_name(name), std::nullopt) << name;
  for (const char* const name :
       {"", ".", "..", "a=b", "a/b", "a,b", "a b", "a\tb", "a\nb", "version", "aggregate"})
    EXPECT_NE(check_parameter_name(name), std::nullopt) << name;
}

TEST(Catalog, FindsModelsWithAndWithoutTheScheme) {
  ModelSpec other = testing::my_nic_spec();
  other.name = "vendor-a.com/another";
  std::vector<DeviceModel> models;
  models.push_back(testing::built(testing::my_nic_spec()));
  models.push_back(testing::built(other));
  const auto catalog = Catalog::build(std::move(models));
  ASSERT_TRUE(catalog.has_value());
  ASSERT_NE(catalog->find("vendor-a.com/my-nic"), nullptr);
  EXPECT_EQ(catalog->find("vendor-a.com/my-nic"), catalog->find("https://vendor-a.com/my-nic"));
  EXPECT_EQ(catalog->find("https://vendor-a.com/another")->name(), "vendor-a.com/another");
  EXPECT_EQ(catalog->find("vendor-a.com/my"), nullptr);
  EXPECT_EQ(catalog->find(""), nullptr);
}

TEST(Catalog, HasNoNameTwice) {
  ModelSpec other = testing::my_nic_spec();
  other.name = "vendor-a.com/my-nic";
  std::vector<DeviceModel> models;
  models.push_back(testing::built(testing::my_nic_spec()));
  models.push_back(testing::built(other));
  EXPECT_EQ(Catalog::build(std::move(models)).error().code, Errc::exists);
}

}  // namespace
}  // namespace mdevsim::model
