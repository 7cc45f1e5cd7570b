#include "reconcilers/effects/sinks/kafka.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>

namespace esaas::sinks {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// How long a stop may go unnoticed.
constexpr milliseconds kPollInterval{100};
/// So that every message has its report before the delivery's own time is over.
constexpr milliseconds kReportTime{500};

struct ProducerDeleter {
  void operator()(rd_kafka_t* producer) const {
    rd_kafka_purge(producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
    rd_kafka_poll(producer, 0);
    rd_kafka_destroy(producer);
  }
};
using Producer = std::unique_ptr<rd_kafka_t, ProducerDeleter>;

/// What the reports of one delivery's messages came to.
struct Reports {
  std::size_t awaited = 0;
  std::string failure;  ///< the first one
};

void on_report(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
  auto& reports = *static_cast<Reports*>(message->_private);
  --reports.awaited;
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR && reports.failure.empty()) {
    reports.failure = rd_kafka_err2str(message->err);
  }
}

class Kafka final : public Destination {
 public:
  explicit Kafka(const model::KafkaSink& sink) : brokers_(sink.brokers()), topic_(sink.topic()) {}

  Result<void> deliver(const Delivery& delivery, Duration timeout, std::stop_token stop) override {
    const auto deadline = steady_clock::now() + timeout;
    if (producer_ == nullptr) ESAAS_CHECK(start(timeout));
    auto reports = std::make_unique<Reports>();
    for (const OutEvent& event : delivery.events) {
      if (const auto refused = send(delivery.sink, event, *reports); !refused.empty()) {
        reports->failure = refused;
        break;
      }
      ++reports->awaited;
    }
    while (reports->awaited > 0 && reports->failure.empty() && !stop.stop_requested() &&
           steady_clock::now() < deadline) {
      rd_kafka_poll(producer_.get(), static_cast<int>(kPollInterval.count()));
    }
    if (reports->awaited == 0 && reports->failure.empty()) return {};
    const std::string why = why_not(*reports);
    // With a new producer nothing of this delivery can come behind what is sent next. Its end reports what is left.
    producer_.reset();
    return fail(ErrorCode::kUnavailable, "topic " + topic_ + " at " + brokers_ + ": " + why);
  }

 private:
  Result<void> start(Duration timeout) {
    rd_kafka_conf_t* settings = rd_kafka_conf_new();
    const auto sent_within = std::max(std::chrono::duration_cast<milliseconds>(timeout) - kReportTime, kReportTime);
    const std::array<std::pair<const char*, std::string>, 8> wanted{
        {{"bootstrap.servers", brokers_},
         {"client.id", "esaas"},
         {"acks", "all"},
         {"enable.idempotence", "true"},
         // Rather no message than one before another.
         {"enable.gapless.guarantee", "true"},
         {"message.max.bytes", "8000000"},
         {"reconnect.backoff.max.ms", "1000"},
         {"message.timeout.ms", std::to_string(sent_within.count())}}};
    std::array<char, 512> why{};
    for (const auto& [name, value] : wanted) {
      if (rd_kafka_conf_set(settings, name, value.c_str(), why.data(), why.size()) == RD_KAFKA_CONF_OK) continue;
      rd_kafka_conf_destroy(settings);
      return fail(ErrorCode::kInvalidArgument, std::string(name) + ": " + why.data());
    }
    rd_kafka_conf_set_dr_msg_cb(settings, &on_report);
    rd_kafka_conf_set_log_cb(settings, nullptr);  // what matters is in the reports
    producer_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, settings, why.data(), why.size()));
    if (producer_ != nullptr) return {};
    rd_kafka_conf_destroy(settings);  // taken only by a producer that there is
    return fail(ErrorCode::kInternal, why.data());
  }

  /// Empty when it is on its way, else why not.
  std::string send(const std::string& sink, const OutEvent& event, Reports& reports) {
    const std::string seq = std::to_string(event.seq);
    const auto failed =
        rd_kafka_producev(producer_.get(), RD_KAFKA_V_TOPIC(topic_.c_str()),
                          RD_KAFKA_V_KEY(event.key.empty() ? nullptr : event.key.data(), event.key.size()),
                          RD_KAFKA_V_VALUE(const_cast<char*>(event.json.data()), event.json.size()),
                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                          RD_KAFKA_V_HEADER("seq", seq.data(), static_cast<ssize_t>(seq.size())),
                          RD_KAFKA_V_HEADER("sink", sink.data(), static_cast<ssize_t>(sink.size())),
                          RD_KAFKA_V_OPAQUE(&reports), RD_KAFKA_V_END);
    if (failed == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    return "event " + seq + ": " + rd_kafka_err2str(failed);
  }

  std::string why_not(const Reports& reports) const {
    std::array<char, 512> why{};
    if (rd_kafka_fatal_error(producer_.get(), why.data(), why.size()) != RD_KAFKA_RESP_ERR_NO_ERROR) return why.data();
    if (!reports.failure.empty()) return reports.failure;
    return std::to_string(reports.awaited) + " messages are not acknowledged";
  }

  const std::string brokers_;
  const std::string topic_;
  Producer producer_;
};

}  // namespace

std::unique_ptr<Destination> make_kafka(const model::KafkaSink& sink) { return std::make_unique<Kafka>(sink); }

}  // namespace esaas::sinks
