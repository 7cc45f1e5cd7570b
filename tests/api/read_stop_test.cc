// A stop while somebody reads much: the read ends within a bound, and what waits behind it is not begun.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "store/log/stoppable_log.h"
#include "tests/api/test_api.h"

namespace esaas::api {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

/// Its reads never come to an end.
class EndlessLog final : public store::EventLog {
 public:
  explicit EndlessLog(store::EventLog& log) : log_(log) {}

  mutable std::atomic<int> begun = 0;  ///< reads

  Result<void> append(store::Batch batch) override { return log_.append(std::move(batch)); }
  [[nodiscard]] std::uint64_t last_seq() const override { return log_.last_seq(); }
  [[nodiscard]] std::int64_t last_time_at_us() const override { return log_.last_time_at_us(); }
  [[nodiscard]] Result<std::optional<store::IdempotencyEntry>> find_idempotency(std::string_view key) const override {
    return log_.find_idempotency(key);
  }
  [[nodiscard]] Result<std::unique_ptr<store::Cursor>> read(std::uint64_t, store::ReadOptions) const override {
    ++begun;
    ESAAS_TRY(event::Event first, log_.read_one(1));
    return std::make_unique<EndlessCursor>(std::move(first));
  }
  [[nodiscard]] Result<event::Event> read_one(std::uint64_t seq) const override { return log_.read_one(seq); }
  [[nodiscard]] Result<Hash> hash_of(std::uint64_t seq) const override { return log_.hash_of(seq); }
  [[nodiscard]] Result<std::vector<std::uint64_t>> read_index(const store::IndexQuery& query) const override {
    return log_.read_index(query);
  }
  [[nodiscard]] std::uint64_t events_to_index() const override { return 0; }
  [[nodiscard]] store::Tail& tail() override { return log_.tail(); }

 private:
  class EndlessCursor final : public store::Cursor {
   public:
    explicit EndlessCursor(event::Event event) : event_(std::move(event)) {}
    Result<const event::Event*> next() override {
      std::this_thread::sleep_for(100us);
      return &event_;
    }

   private:
    event::Event event_;
  };

  store::EventLog& log_;
};

/// The API on such a log, which is stopped as `esaas serve` is.
class ReadStopTest : public ::testing::Test {
 protected:
  ReadStopTest() {
    limits_.shutdown_grace = 100ms;
    http::ServerSettings settings;
    settings.limits = limits_;
    server_.emplace(std::move(settings), service_);
    EXPECT_TRUE(server_->start());
  }

  std::unique_ptr<TestClient> connect() {
    auto client = std::make_unique<TestClient>(server_->port());
    client->token = with_front_.admin_token;
    return client;
  }

  TestApi with_front_;
  http::Limits limits_;
  EndlessLog endless_{with_front_.front.log};
  ReadPool reads_{1};
  store::StoppableLog log_{endless_, reads_.stop()};
  EventFeed feed_{log_};
  Metrics metrics_{std::make_shared<prometheus::Registry>()};
  ApiService service_{Foundation{.front = with_front_.front,
                                 .log = log_,
                                 .reads = reads_,
                                 .feed = feed_,
                                 .metrics = metrics_,
                                 .limits = {},
                                 .now = [] { return kTestNow; },
                                 .version = "test"}};
  std::optional<http::Server> server_;
};

TEST_F(ReadStopTest, EndsALongReadSoon) {
  const auto reader = connect();
  const auto waiter = connect();
  const auto ask = [](TestClient& client) { client.request("GET", "/v1/usage?to=2016-10-10T00:00:00Z"); };
  std::jthread reading(ask, std::ref(*reader));
  for (int i = 0; i < 1'000 && endless_.begun == 0; ++i) std::this_thread::sleep_for(10ms);
  ASSERT_EQ(endless_.begun, 1);
  std::jthread waiting(ask, std::ref(*waiter));
  std::this_thread::sleep_for(200ms);
  EXPECT_EQ(endless_.begun, 1) << "the pool has one thread";
  const auto begin = Clock::now();
  server_->stop();
  reads_.finish();
  EXPECT_LT(Clock::now() - begin, 5s);
  EXPECT_EQ(endless_.begun, 1) << "what waited is not begun";
}

}  // namespace
}  // namespace esaas::api
