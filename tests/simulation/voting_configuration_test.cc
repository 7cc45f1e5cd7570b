// The voting configuration as 7.17 makes it, row by row.

#include "tests/simulation/voting_configuration.h"

#include <gtest/gtest.h>

namespace esaas::simulation {
namespace {

using Ids = std::set<std::string>;

struct Row {
  const char* name;
  Ids voting;
  Ids live;
  Ids excluded;
  const char* master;
  Ids next;
};
std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }

class Reconfigured : public testing::TestWithParam<Row> {};

TEST_P(Reconfigured, IsAsRealNodesHaveIt) {
  const Row& row = GetParam();
  EXPECT_EQ(reconfigured(row.voting, row.live, row.excluded, row.master), row.next);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Reconfigured,
    testing::Values(
        Row{"AloneStaysAlone", {"a"}, {"a"}, {}, "a", {"a"}},
        Row{"OfTwoTheMasterVotes", {"a"}, {"a", "b"}, {}, "a", {"a"}},
        Row{"OfThreeAllVote", {"b"}, {"a", "b", "c"}, {}, "b", {"a", "b", "c"}},
        Row{"OfFourThree", {"a", "b", "c"}, {"a", "b", "c", "d"}, {}, "a", {"a", "b", "c"}},
        Row{"ThreeDoNotShrinkByThemselves", {"a", "b", "c"}, {"a", "b"}, {}, "a", {"a", "b", "c"}},
        Row{"FiveShrinkToThree", {"a", "b", "c", "d", "e"}, {"a", "b", "c"}, {}, "c", {"a", "b", "c"}},
        Row{"ALiveOneTakesTheVoteOfOneThatIsAway", {"a", "b", "c"}, {"a", "b", "d"}, {}, "a", {"a", "b", "d"}},
        Row{"AnExcludedOneLosesItsVote", {"a", "b", "c"}, {"a", "b", "c"}, {"c"}, "a", {"a", "b"}},
        Row{"AnExcludedMasterLosesItToo", {"a"}, {"a", "b"}, {"a"}, "a", {"b"}},
        Row{"NotWithoutAMajorityOfTheNewOnes", {"a", "b", "c"}, {"a", "b"}, {"b"}, "a", {"a", "b", "c"}}),
    [](const auto& test) { return test.param.name; });

TEST(Majority, IsMoreThanHalf) {
  EXPECT_FALSE(has_majority({}, {"a"}));
  EXPECT_TRUE(has_majority({"a"}, {"a", "b"}));
  EXPECT_FALSE(has_majority({"a", "b"}, {"a"}));
  EXPECT_TRUE(has_majority({"a", "b", "c"}, {"a", "c"}));
}

}  // namespace
}  // namespace esaas::simulation
