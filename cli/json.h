// What --json needs of JSON: json_string.
#pragma once

#include "sim/base/json.h"
