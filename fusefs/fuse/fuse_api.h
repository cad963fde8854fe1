// libfuse3's low-level interface, included in this one way. Debian 12 has 3.14; what newer releases
// add is asked for where it is used.
#pragma once

#define FUSE_USE_VERSION 312
#include <fuse_lowlevel.h>
