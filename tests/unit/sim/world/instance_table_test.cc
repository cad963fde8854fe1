#include "sim/world/instance_table.h"

#include <gtest/gtest.h>

#include <map>

#include "sim/base/random.h"

namespace mdevsim {
namespace {

TEST(InstanceTable, FindsByIdAndUuidUnderRandomInsertsAndErases) {
  InstanceTable table;
  std::map<Uuid, InstanceId> expected;
  Random random(1);
  std::uint32_t next = 1;
  for (int step = 0; step < 20'000; ++step) {
    const bool erase = !expected.empty() && random.next() % 5 < 2;
    if (erase) {
      auto victim = expected.lower_bound(random.next_uuid());
      if (victim == expected.end()) victim = expected.begin();
      table.erase(victim->second);
      EXPECT_EQ(table.find(victim->second), nullptr);
      expected.erase(victim);
    } else {
      Instance instance;
      instance.uuid = random.next_uuid();
      expected[instance.uuid] = InstanceId(next);
      table.insert(InstanceId(next++), instance);
    }
  }
  ASSERT_EQ(table.size(), expected.size());
  for (const auto& [uuid, id] : expected) {
    EXPECT_EQ(table.find_uuid(uuid), id);
    EXPECT_EQ(table.find(id)->uuid, uuid);
  }
  EXPECT_EQ(table.find_uuid(random.next_uuid()), InstanceId::none);
  std::size_t visited = 0;
  table.for_each([&](InstanceId id, const Instance& instance) {
    ++visited;
    EXPECT_EQ(expected.at(instance.uuid), id);
  });
  EXPECT_EQ(visited, expected.size());
}

TEST(InstanceTable, NumbersLeadToTheInstanceUntilTheyAreForgotten) {
  InstanceTable table;
  Instance instance;
  instance.group = 9;
  instance.vfio_number = 5000;
  table.insert(InstanceId(7), instance);
  EXPECT_EQ(table.find_group(9), InstanceId::none);
  table.index_numbers(InstanceId(7));
  EXPECT_EQ(table.find_group(9), InstanceId(7));
  EXPECT_EQ(table.find_vfio(5000), InstanceId(7));
  EXPECT_EQ(table.find_vfio(70'000), InstanceId::none);
  table.forget_numbers(instance);
  EXPECT_EQ(table.find_group(9), InstanceId::none);
}

}  // namespace
}  // namespace mdevsim
