// A device's model as metadata that goes where sysfs does not: into a module's .modinfo section, a
// file of its own, a vendor's tool.
#pragma once

#include <string>

#include "sim/model/verdict.h"

namespace mdevsim::model {

// Lines of KEY=TEXT, as modinfo knows them. Of the device:
//   device_model=vendor-a.com/my-nic   device_api=vfio-pci   device_description=a network card
//   configuration=version=2            latest_configuration=version=3
// and of each parameter that the device has, NAME:TEXT:
//   parm=rss:receive side scaling      parmtype=rss:bool     parmvalue=rss:on
//   parminitial=rss:off                parmoff=rss:off       (no parmoff: it cannot be disabled)
//   parmallowed=rx-filter-size:0 32 64-256                   (in the device's version; none: any)
//   parmrequires=rss-hash:rss
std::string to_modinfo(const Device& device);

}  // namespace mdevsim::model
