// Subordinate ids (/etc/subuid, /etc/subgid): the range of ids that a user may map into a user
// namespace of their own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mdevsim::launch {

struct SubidRange {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  bool operator==(const SubidRange&) const = default;
};

// The largest range of `user` (a name) or `id` (the same user's number) in the text of such a file;
// lines that are not NAME:FIRST:COUNT are passed over, as newuidmap does.
std::optional<SubidRange> find_subid_range(std::string_view text, std::string_view user,
                                           std::uint32_t id);

// The arguments of newuidmap or newgidmap behind the pid: `id` becomes 0 inside, the range 1 and
// up.
std::string id_map_arguments(std::uint32_t id, const SubidRange& range);

}  // namespace mdevsim::launch
