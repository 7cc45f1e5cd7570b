// Exchanges with a real Mesos master, replayed: what it sent must be understood, and what is
// answered must be what the real master took. The files in fixtures/ say in their first line how to
// read them.

#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "reconcilers/effects/mesos/calls.h"
#include "reconcilers/effects/mesos/recordio.h"
#include "reconcilers/effects/mesos/scheduler_session.h"

namespace esaas::mesos {
namespace {

using google::protobuf::util::MessageDifferencer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using wire::scheduler::Call;
using wire::scheduler::Event;

struct Transcript {
  std::vector<Call> calls;
  std::vector<Event> events;
};

template <typename Message>
Message parse(const std::string& json) {
  Message message;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;  // what is left out of our .proto files
  const auto status = google::protobuf::util::JsonStringToMessage(json, &message, options);
  EXPECT_TRUE(status.ok()) << status.ToString() << " in " << json;
  EXPECT_TRUE(message.IsInitialized()) << message.InitializationErrorString();
  return message;
}

Transcript load(const std::string& name) {
  Transcript transcript;
  std::ifstream file(std::string(ESAAS_SOURCE_DIR) + "/tests/reconcilers/mesos/fixtures/" + name);
  EXPECT_TRUE(file.good()) << name;
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with("> ")) transcript.calls.push_back(parse<Call>(line.substr(2)));
    if (line.starts_with("< ")) transcript.events.push_back(parse<Event>(line.substr(2)));
  }
  return transcript;
}

/// A session that has sent SUBSCRIBE and was answered 200.
class Replay {
 public:
  explicit Replay(const std::string& id) : session_(config()) {
    wire::FrameworkInfo info;
    info.set_user("root");
    info.set_name("probe");
    if (!id.empty()) info.mutable_id()->set_value(id);
    session_.start(info, Time{});
    ResponseHead head;
    head.status = 200;
    head.content_type = "application/x-protobuf";
    head.stream_id = "s";
    session_.on_response_head(head, Time{});
  }

  /// The actions that follow from these events.
  SessionActions run(const std::vector<Event>& events) {
    SessionActions all;
    for (const auto& event : events) {
      for (auto& action : session_.on_body(encode_record(event.SerializeAsString()), Time{})) {
        all.push_back(std::move(action));
      }
    }
    return all;
  }

  SchedulerSession& session() { return session_; }

 private:
  static SessionConfig config() {
    SessionConfig config;
    config.masters = {{"m", 5050}};
    return config;
  }
  SchedulerSession session_;
};

Event subscribed(const std::string& id) {
  Event event;
  event.set_type(Event::SUBSCRIBED);
  event.mutable_subscribed()->mutable_framework_id()->set_value(id);
  return event;
}

TEST(Transcript, LifeOfOneTaskIsDeliveredInOrder) {
  const Transcript transcript = load("one_task_life.txt");
  Replay replay("master1-0000");
  std::vector<std::string> seen;
  for (const auto& action : replay.run(transcript.events)) {
    if (const auto* delivered = std::get_if<DeliverEvent>(&action)) {
      const auto& event = delivered->event;
      std::string line = Event::Type_Name(event.type());
      if (event.has_update()) line += " " + wire::TaskState_Name(event.update().status().state());
      seen.push_back(line);
    } else {
      EXPECT_TRUE(std::holds_alternative<SubscribedTo>(action));
    }
  }
  EXPECT_THAT(seen, ElementsAre("OFFERS", "UPDATE_OPERATION_STATUS", "OFFERS", "UPDATE TASK_STARTING", "OFFERS",
                                "UPDATE TASK_RUNNING", "UPDATE TASK_RUNNING", "UPDATE TASK_GONE", "UPDATE TASK_KILLED",
                                "OFFERS", "OFFERS"));
}

TEST(Transcript, AcknowledgementsAreThoseThatTheMasterTook) {
  const Transcript transcript = load("one_task_life.txt");
  std::vector<Call> want;
  for (Call call : transcript.calls) {
    if (call.type() != Call::ACKNOWLEDGE) continue;
    call.clear_framework_id();  // stamped by the client
    want.push_back(call);
  }
  std::vector<Call> got;
  for (const auto& event : transcript.events) {
    if (!event.has_update()) continue;
    if (auto call = calls::acknowledge(event.update().status())) got.push_back(*call);
  }
  ASSERT_EQ(want.size(), 3U);
  ASSERT_EQ(got.size(), want.size()) << "answers to reconciliation are not acknowledged";
  for (std::size_t i = 0; i < want.size(); ++i) EXPECT_TRUE(MessageDifferencer::Equals(got[i], want[i])) << i;
}

TEST(Transcript, OfferedResourcesGoBackAsTheyCame) {
  for (const auto& event : load("one_task_life.txt").events) {
    for (const auto& offer : event.offers().offers()) {
      EXPECT_EQ(offer.allocation_info().role(), "es");
      for (const auto& resource : offer.resources()) EXPECT_EQ(resource.allocation_info().role(), "es");
    }
  }
}

TEST(Transcript, RemovedFrameworkStops) {
  Replay replay("master1-0000");
  const auto actions = replay.run(load("removed.txt").events);
  ASSERT_FALSE(actions.empty());
  const auto* stopped = std::get_if<SessionStopped>(&actions.back());
  ASSERT_NE(stopped, nullptr);
  EXPECT_EQ(stopped->reason, StopReason::kFrameworkRemoved);
}

TEST(Transcript, FailedOverFrameworkStops) {
  Replay replay("");
  const auto transcript = load("failed_over.txt");
  auto actions = replay.run({transcript.events.front()});
  replay.session().confirm_framework_id_durable(Time{});
  actions = replay.run({transcript.events.back()});
  ASSERT_FALSE(actions.empty());
  const auto* stopped = std::get_if<SessionStopped>(&actions.back());
  ASSERT_NE(stopped, nullptr);
  EXPECT_EQ(stopped->reason, StopReason::kFailedOver);
}

TEST(Transcript, RareEventsAreUnderstood) {
  const auto transcript = load("odd_events.txt");
  Replay replay("fw-1");
  ASSERT_EQ(replay.run({subscribed("fw-1")}).size(), 1U);
  std::vector<std::string> seen;
  for (const auto& action : replay.run(transcript.events)) {
    const auto* delivered = std::get_if<DeliverEvent>(&action);
    ASSERT_NE(delivered, nullptr);
    const auto& event = delivered->event;
    std::string line = Event::Type_Name(event.type());
    if (event.has_update()) {
      line += " " + wire::TaskState_Name(event.update().status().state()) + " " +
              wire::TaskStatus::Reason_Name(event.update().status().reason());
    }
    if (event.has_update_operation_status()) {
      const auto& status = event.update_operation_status().status();
      line += " " + wire::OperationState_Name(status.state());
      EXPECT_FALSE(calls::acknowledge_operation(status)) << line;
    }
    if (event.has_failure()) line += event.failure().has_executor_id() ? " executor" : " agent";
    seen.push_back(line);
  }
  EXPECT_THAT(seen,
              ElementsAre("UPDATE TASK_UNREACHABLE REASON_AGENT_REMOVED", "RESCIND", "FAILURE agent",
                          "UPDATE TASK_RUNNING REASON_AGENT_REREGISTERED", "UPDATE_OPERATION_STATUS OPERATION_ERROR",
                          "UPDATE_OPERATION_STATUS OPERATION_UNREACHABLE", "UPDATE TASK_ERROR REASON_TASK_INVALID",
                          "UPDATE TASK_DROPPED REASON_INVALID_OFFERS", "UPDATE TASK_ERROR REASON_TASK_GROUP_INVALID",
                          "FAILURE executor", "INVERSE_OFFERS", "UPDATE_OPERATION_STATUS OPERATION_UNKNOWN"));
}

}  // namespace
}  // namespace esaas::mesos
