#include "sim/model/modinfo.h"

#include <gtest/gtest.h>

#include "tests/support/sample_models.h"

namespace mdevsim::model {
namespace {

TEST(Modinfo, TellsTheModelAndTheParametersThatTheDeviceHas) {
  ModelSpec spec = testing::my_nic_spec();
  spec.description = "a card\nthat grew";
  spec.parameters[0].description = "receive side scaling";
  spec.parameters[1].requires_active = {"rss"};
  spec.parameters.push_back(testing::text_parameter("ring", {"split", "packed"}));
  const DeviceModel model = testing::built(spec);
  const Configuration configuration = *parse_configuration(model, "version=2,ring=packed");
  EXPECT_EQ(to_modinfo({model, configuration}),
            "device_model=https://vendor-a.com/my-nic\n"
            "device_api=vfio-pci\n"
            "device_description=a card that grew\n"
            "configuration=version=2,ring=packed\n"
            "latest_configuration=version=3\n"
            "parm=ring:\n"
            "parmtype=ring:string\n"
            "parmvalue=ring:packed\n"
            "parminitial=ring:split\n"
            "parmallowed=ring:split packed\n"
            "parm=rss:receive side scaling\n"
            "parmtype=rss:bool\n"
            "parmvalue=rss:on\n"
            "parminitial=rss:off\n"
            "parmoff=rss:off\n"
            "parm=rx-filter-size:\n"
            "parmtype=rx-filter-size:int\n"
            "parmvalue=rx-filter-size:0\n"
            "parminitial=rx-filter-size:0\n"
            "parmoff=rx-filter-size:0\n"
            "parmallowed=rx-filter-size:0-64\n"
            "parmrequires=rx-filter-size:rss\n");
}

TEST(Modinfo, LeavesOutWhatTheVersionDoesNotHave) {
  const DeviceModel model = testing::built(testing::my_nic_spec());
  const Configuration configuration = *parse_configuration(model, "version=1");
  EXPECT_EQ(to_modinfo({model, configuration}).find("parm"), std::string::npos);
}

}  // namespace
}  // namespace mdevsim::model
