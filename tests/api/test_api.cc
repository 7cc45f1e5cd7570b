#include "tests/api/test_api.h"

#include <gtest/gtest.h>

#include "api/auth/token.h"

namespace esaas::api {

TestApi::TestApi(http::Limits limits, std::size_t threads, BackupService* backups) {
  for (const char* tenant : {"shop", "other"}) front.must(command::CreateTenant{tenant});
  admin_token = make_token(model::TOKEN_ROLE_ADMIN, "");
  service_ = std::make_unique<ApiService>(Foundation{.front = front,
                                                     .log = front.log,
                                                     .reads = reads_,
                                                     .feed = feed_,
                                                     .metrics = metrics_,
                                                     .limits = limits,
                                                     .now = [] { return kTestNow; },
                                                     .version = "test",
                                                     .secrets = &secrets,
                                                     .backups = backups,
                                                     .past_states = past_states_.get()});
  http::ServerSettings settings;
  settings.threads = threads;
  settings.limits = limits;
  settings.on_exception = [](std::string_view what) { ADD_FAILURE() << what; };
  server_ = std::make_unique<http::Server>(std::move(settings), *service_);
  const auto started = server_->start();
  EXPECT_TRUE(started.has_value()) << (started ? "" : started.error().detail);
}

TestApi::~TestApi() {
  server_->stop();
  reads_.finish();
}

std::string TestApi::make_token(model::TokenRole role, const std::string& tenant, Time expires_at) {
  const auto made = auth::make_token();
  // One that has expired was issued when it had not.
  event::Event event;
  auto& issued = *event.mutable_token_issued();
  issued.set_token_id(made.token_id);
  issued.set_tenant(tenant);
  issued.set_role(role);
  issued.set_hash(made.hash);
  issued.set_expires_at_us(to_us(expires_at));
  event.set_tenant(tenant);
  event.mutable_actor()->set_kind(event::ACTOR_KIND_USER);
  event.mutable_actor()->set_name("test");
  front.append(std::move(event));
  last_token_id = made.token_id;
  return made.token;
}

std::unique_ptr<TestClient> TestApi::connect() { return connect(admin_token); }

std::unique_ptr<TestClient> TestApi::connect(const std::string& token) {
  auto client = std::make_unique<TestClient>(server_->port());
  client->token = token;
  return client;
}

loop::Accepted TestApi::create_cluster(const std::string& name, const std::string& tenant) {
  command::SubmitOperation operation;
  operation.cluster = name;
  auto& create = *operation.request.mutable_create();
  create.set_name(name);
  create.set_tenant(tenant);
  create.mutable_spec()->set_version("2.3.3");
  auto& group = *create.mutable_spec()->add_node_groups();
  group.set_name("data");
  group.add_roles(model::NODE_ROLE_MASTER);
  group.add_roles(model::NODE_ROLE_DATA);
  group.set_count(3);
  group.mutable_resources()->set_cpus_milli(500);
  group.mutable_resources()->set_mem_mib(512);
  group.mutable_resources()->set_disk_mib(1024);
  return front.must(std::move(operation));
}

void TestApi::add_nodes(const std::string& cluster, int count) {
  for (int i = 0; i < count; ++i) {
    event::Event event;
    event.mutable_node_added()->set_node("data-" + std::to_string(i));
    event.mutable_node_added()->set_group("data");
    event.set_cluster(cluster);
    event.set_tenant(front.cluster(cluster)->tenant());
    event.mutable_actor()->set_kind(event::ACTOR_KIND_CONTROLLER);
    front.append(std::move(event));
  }
}

void TestApi::add_noise(int count) {
  for (int i = 0; i < count; ++i) {
    event::Event event;
    event.mutable_unknown_task_observed()->set_task_id("unknown." + std::to_string(i));
    event.mutable_actor()->set_kind(event::ACTOR_KIND_MESOS);
    front.append(std::move(event));
  }
}

void TestApi::finish(const std::string& cluster, const std::string& operation, model::OperationStatus status) {
  event::Event event;
  event.mutable_operation_finished()->set_id(operation);
  event.mutable_operation_finished()->set_status(status);
  event.mutable_operation_finished()->set_detail("because it is over");
  event.set_operation_id(operation);
  event.set_cluster(cluster);
  event.set_tenant(front.cluster(cluster)->tenant());
  event.mutable_actor()->set_kind(event::ACTOR_KIND_CONTROLLER);
  front.append(std::move(event));
}

std::string create_body(const std::string& name, const std::string& tenant) {
  return R"({"name":")" + name + R"(","tenant":")" + tenant +
         R"(","spec":{"version":"2.3.3","node_groups":[{"name":"data","roles":["master","data"],"count":3,)"
         R"("resources":{"cpus_milli":500,"mem_mib":512,"disk_mib":1024}}]}})";
}

}  // namespace esaas::api
