#include "core/model/task_state.h"

#include <gtest/gtest.h>

namespace esaas::model {
namespace {

struct Case {
  TaskState state;
  bool terminal;
  bool may_be_alive;
};

// Every state, so that a new one has to be decided upon here.
constexpr Case kCases[] = {
    {TASK_STATE_UNSPECIFIED, false, false},
    {TASK_STATE_INTENDED, false, true},
    {TASK_STATE_STAGING, false, true},
    {TASK_STATE_STARTING, false, true},
    {TASK_STATE_RUNNING, false, true},
    {TASK_STATE_KILLING, false, true},
    {TASK_STATE_FINISHED, true, false},
    {TASK_STATE_FAILED, true, false},
    {TASK_STATE_KILLED, true, false},
    {TASK_STATE_ERROR, true, false},
    {TASK_STATE_LOST, false, true},
    {TASK_STATE_DROPPED, true, false},
    {TASK_STATE_UNREACHABLE, false, true},
    {TASK_STATE_GONE, true, false},
    {TASK_STATE_GONE_BY_OPERATOR, false, true},
    {TASK_STATE_UNKNOWN, false, true},
};

TEST(TaskState, TheTableHasEveryState) {
  EXPECT_EQ(static_cast<int>(std::size(kCases)), TaskState_descriptor()->value_count());
}

TEST(TaskState, OnlyLastWordsAreTerminalAndWhatCannotBeSeenMayBeAlive) {
  for (const Case& one : kCases) {
    EXPECT_EQ(is_terminal(one.state), one.terminal) << name_of(one.state);
    EXPECT_EQ(may_be_alive(one.state), one.may_be_alive) << name_of(one.state);
  }
}

TEST(TaskState, NamesAreTheEnumeratorsInLowerCase) {
  for (const Case& one : kCases) {
    std::string upper = "TASK_STATE_" + std::string(name_of(one.state));
    for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    EXPECT_EQ(upper, TaskState_Name(one.state));
  }
}

}  // namespace
}  // namespace esaas::model
