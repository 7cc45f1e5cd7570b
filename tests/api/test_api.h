#pragma once
// TestApi: the whole API on a free port before a FakeFront, with a tenant, a cluster, and a token of every role.

#include <prometheus/registry.h>

#include <memory>
#include <string>

#include "api/http/server.h"
#include "api/routes/api_service.h"
#include "api/routes/event_feed.h"
#include "api/routes/metrics.h"
#include "api/routes/read_pool.h"
#include "store/snapshots/past_states.h"
#include "tests/api/fake_front.h"
#include "tests/api/fake_secrets.h"
#include "tests/api/test_client.h"

namespace esaas::api {

class TestApi {
 public:
  explicit TestApi(http::Limits limits = {}, std::size_t threads = 1, BackupService* backups = nullptr);
  ~TestApi();

  /// A token with this role; an empty tenant is all tenants.
  std::string make_token(model::TokenRole role, const std::string& tenant,
                         Time expires_at = kTestNow + std::chrono::hours{1});
  /// A connection with a token of an administrator of all tenants (or another).
  std::unique_ptr<TestClient> connect();
  std::unique_ptr<TestClient> connect(const std::string& token);
  /// A cluster of three data nodes.
  loop::Accepted create_cluster(const std::string& name, const std::string& tenant = "shop");
  /// Nodes data-0, data-1, ... as a reconciler would add them.
  void add_nodes(const std::string& cluster, int count);
  /// Events that change nothing but the log.
  void add_noise(int count);
  /// Ends an operation as a reconciler would.
  void finish(const std::string& cluster, const std::string& operation, model::OperationStatus status);

  FakeFront front;
  FakeSecrets secrets;
  std::string admin_token;
  std::string last_token_id;  ///< of the token that `make_token` made last
  http::Server& server() { return *server_; }
  void stop() { server_->stop(); }

 private:
  ReadPool reads_{1};
  std::unique_ptr<store::PastStates> past_states_ = *store::PastStates::open(front.log, {});
  EventFeed feed_{front.log};
  Metrics metrics_{std::make_shared<prometheus::Registry>()};
  std::unique_ptr<ApiService> service_;
  std::unique_ptr<http::Server> server_;
};

/// {"name":...} of a cluster that is accepted.
std::string create_body(const std::string& name, const std::string& tenant = "shop");

}  // namespace esaas::api
