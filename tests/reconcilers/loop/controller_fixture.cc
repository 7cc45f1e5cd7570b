#include "tests/reconcilers/loop/controller_fixture.h"

#include <utility>

#include "reconcilers/effects/mesos/resources.h"

namespace esaas::loop {
namespace {

namespace wire = mesos::wire;

constexpr const char* kRole = "es-shop";

wire::Offer& add_empty_offer(wire::scheduler::Event& event, const std::string& id, const std::string& agent,
                             const std::string& hostname) {
  event.set_type(wire::scheduler::Event::OFFERS);
  auto& offer = *event.mutable_offers()->add_offers();
  offer.mutable_id()->set_value(id);
  offer.mutable_agent_id()->set_value(agent);
  offer.mutable_framework_id()->set_value("fw-1");
  offer.set_hostname(hostname);
  offer.mutable_allocation_info()->set_role(kRole);
  return offer;
}

}  // namespace

Submission by_admin(command::Command command) {
  Submission submission;
  submission.command = std::move(command);
  submission.caller = {.token_id = "root", .tenant = "", .role = model::TOKEN_ROLE_ADMIN, .address = "127.0.0.1"};
  return submission;
}

Submission create(const std::string& name) {
  command::SubmitOperation operation;
  operation.cluster = name;
  auto& request = *operation.request.mutable_create();
  request.set_name(name);
  request.set_tenant("shop");
  request.mutable_spec()->set_version("2.3.3");
  auto& group = *request.mutable_spec()->add_node_groups();
  group.set_name("data");
  group.add_roles(model::NODE_ROLE_MASTER);
  group.add_roles(model::NODE_ROLE_DATA);
  group.set_count(1);
  group.mutable_resources()->set_cpus_milli(1000);
  group.mutable_resources()->set_mem_mib(512);
  group.mutable_resources()->set_disk_mib(512);
  return by_admin(std::move(operation));
}

ControllerFixture::ControllerFixture() {
  options_.settings.catalogue.artifacts["2.3.3"].uri = "file:///archive.tar.gz";
  begin({});
}

void ControllerFixture::restart() {
  state::FleetState state = controller_->state();
  controller_.reset();
  begin(std::move(state));
}

std::vector<event::Event> ControllerFixture::logged(event::Event::PayloadCase kind) const {
  std::vector<event::Event> found;
  for (std::uint64_t seq = 1; seq <= log_.last_seq(); ++seq) {
    event::Event event = *log_.read_one(seq);
    if (event.payload_case() == kind) found.push_back(std::move(event));
  }
  return found;
}

void ControllerFixture::begin(state::FleetState state) {
  controller_.emplace(options_, std::move(state), log_, *writer_, published_, ports_);
  controller_->start(now_);
  settle();
}

void ControllerFixture::settle() {
  controller_->turn(now_);
  while (!ports_.posted.empty()) {
    ports_.run_posted();
    controller_->turn(now_);
  }
}

void ControllerFixture::give(const Event& event) {
  controller_->mesos_event(event, now_);
  settle();
}

Result<Accepted> ControllerFixture::submit(Submission submission) {
  Result<Accepted> got = fail(ErrorCode::kInternal, "no answer");
  controller_->submit({std::move(submission)}, [&got](auto results) { got = std::move(results[0]); }, now_);
  settle();
  return got;
}

void ControllerFixture::subscribe(const std::string& framework_id) {
  Event::Subscribed subscribed;
  subscribed.mutable_framework_id()->set_value(framework_id);
  controller_->mesos_subscribed(subscribed, true, now_);
  settle();
}

void ControllerFixture::add_offer(Event& event, const std::string& id, const Free& free) {
  auto& offer = add_empty_offer(event, id, "agent-1", "127.0.0.11");
  const auto add = [&offer](wire::Resource resource) {
    resource.clear_allocation_info();
    *offer.add_resources() = std::move(resource);
  };
  if (free.cpus > 0) add(mesos::scalar_resource("cpus", free.cpus, kRole));
  if (free.mem > 0) add(mesos::scalar_resource("mem", free.mem, kRole));
  add(mesos::scalar_resource("disk", 10240, kRole));
  if (free.ports) add(mesos::port_resource(31000, 31099, kRole));
}

void ControllerFixture::offer(const std::string& id, const Free& free) {
  Event event;
  add_offer(event, id, free);
  give(event);
}

std::vector<wire::Resource> ControllerFixture::reserved_for(const model::Place& place) const {
  const mesos::Reservation reservation{
      .role = kRole,
      .principal = "esaas",
      .labels = {{"cluster", "search"}, {"node", search_node().name()}, {"place", place.volume_id()}}};
  const auto reserved = [&](wire::Resource resource) { return mesos::reserved(std::move(resource), reservation); };
  return {reserved(mesos::scalar_resource("cpus", 1, kRole)), reserved(mesos::scalar_resource("mem", 512, kRole)),
          reserved(mesos::port_resource(place.http_port(), place.transport_port(), kRole)),
          mesos::persistent_volume(reserved(mesos::scalar_resource("disk", 512, kRole)), place.volume_id(), "esaas",
                                   "data")};
}

void ControllerFixture::offer_reserved(const std::string& id, const std::string& agent, const model::Place& place) {
  Event event;
  auto& offer = add_empty_offer(event, id, agent, "127.0.0.12");
  for (wire::Resource& resource : reserved_for(place)) *offer.add_resources() = std::move(resource);
  give(event);
}

void ControllerFixture::place_search() {
  subscribe();
  submit(command::CreateTenant{"shop"});
  submit(create("search"));
  offer("o1");
  for (const auto& operation : {search_node().reserve_operation(), search_node().create_operation()}) {
    Event event;
    event.set_type(Event::UPDATE_OPERATION_STATUS);
    auto& status = *event.mutable_update_operation_status()->mutable_status();
    status.mutable_operation_id()->set_value(operation);
    status.set_state(wire::OPERATION_FINISHED);
    status.mutable_uuid()->set_value("u");
    status.mutable_agent_id()->set_value("agent-1");
    give(event);
  }
}

void ControllerFixture::report(wire::TaskState state, const std::string& message) {
  Event event;
  event.set_type(Event::UPDATE);
  auto& status = *event.mutable_update()->mutable_status();
  status.mutable_task_id()->set_value(search_node().task().task_id());
  status.mutable_agent_id()->set_value("agent-1");
  status.set_state(state);
  status.set_uuid("u");
  status.set_message(message);
  controller_->mesos_event(event, now_);
  controller_->turn(now_);
}

}  // namespace esaas::loop
