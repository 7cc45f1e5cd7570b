#include "reconcilers/effects/sinks/kafka.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

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

/// What the connections to the brokers came to.
struct Connections {
  std::string last_error;
  bool is_refused = false;  ///< by a broker that does not know the user, or one that is not trusted
  bool are_all_down = false;
};

void on_error(rd_kafka_t*, int code, const char* why, void* opaque) {
  auto& connections = *static_cast<Connections*>(opaque);
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
    connections.are_all_down = true;  // each of them has said why
    return;
  }
  connections.last_error = why;
  // A certificate that is not trusted is now of the one kind, now of the other, as the peer's end comes sooner or
  // later.
  const bool is_distrust = connections.last_error.contains("certificate verify failed");
  if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION || code == RD_KAFKA_RESP_ERR__SSL || is_distrust) {
    connections.is_refused = true;
  }
}

using Settings = std::vector<std::pair<const char*, std::string>>;

void add_security(const model::KafkaSink& sink, const std::string& password, Settings& settings) {
  if (sink.security_protocol().empty()) return;
  settings.emplace_back("security.protocol", sink.security_protocol());
  if (sink.security_protocol().ends_with("ssl")) {
    settings.emplace_back("enable.ssl.certificate.verification", "true");
    settings.emplace_back("ssl.endpoint.identification.algorithm", "https");
    if (!sink.ca_certificates().empty()) settings.emplace_back("ssl.ca.pem", sink.ca_certificates());
  }
  if (sink.security_protocol().starts_with("sasl_")) {
    settings.emplace_back("sasl.mechanism", sink.sasl_mechanism());
    settings.emplace_back("sasl.username", sink.sasl_username());
    settings.emplace_back("sasl.password", password);
  }
}

class Kafka final : public Destination {
 public:
  Kafka(const model::KafkaSink& sink, std::string password) : sink_(sink), password_(std::move(password)) {}

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
    while (reports->awaited > 0 && reports->failure.empty() && !is_hopeless() && !stop.stop_requested() &&
           steady_clock::now() < deadline) {
      rd_kafka_poll(producer_.get(), static_cast<int>(kPollInterval.count()));
    }
    if (reports->awaited == 0 && reports->failure.empty()) return {};
    const std::string why = why_not(*reports);
    // With a new producer nothing of this delivery can come behind what is sent next. Its end reports what is left.
    producer_.reset();
    return fail(ErrorCode::kUnavailable, "topic " + sink_.topic() + " at " + sink_.brokers() + ": " + why);
  }

 private:
  Result<void> start(Duration timeout) {
    rd_kafka_conf_t* settings = rd_kafka_conf_new();
    const auto sent_within = std::max(std::chrono::duration_cast<milliseconds>(timeout) - kReportTime, kReportTime);
    Settings wanted{{"bootstrap.servers", sink_.brokers()},
                    {"client.id", "esaas"},
                    {"acks", "all"},
                    {"enable.idempotence", "true"},
                    // Rather no message than one before another.
                    {"enable.gapless.guarantee", "true"},
                    {"message.max.bytes", "8000000"},
                    {"reconnect.backoff.max.ms", "1000"},
                    {"message.timeout.ms", std::to_string(sent_within.count())}};
    add_security(sink_, password_, wanted);
    std::array<char, 512> why{};
    for (const auto& [name, value] : wanted) {
      if (rd_kafka_conf_set(settings, name, value.c_str(), why.data(), why.size()) == RD_KAFKA_CONF_OK) continue;
      rd_kafka_conf_destroy(settings);
      return fail(ErrorCode::kInvalidArgument, std::string(name) + ": " + why.data());
    }
    rd_kafka_conf_set_dr_msg_cb(settings, &on_report);
    rd_kafka_conf_set_log_cb(settings, nullptr);  // what matters is in the reports, and in what connections came to
    connections_ = {};
    rd_kafka_conf_set_opaque(settings, &connections_);
    rd_kafka_conf_set_error_cb(settings, &on_error);
    producer_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, settings, why.data(), why.size()));
    if (producer_ != nullptr) return {};
    rd_kafka_conf_destroy(settings);  // taken only by a producer that there is
    return fail(ErrorCode::kInternal, why.data());
  }

  /// Empty when it is on its way, else why not.
  std::string send(const std::string& sink, const OutEvent& event, Reports& reports) {
    const std::string seq = std::to_string(event.seq);
    const auto failed =
        rd_kafka_producev(producer_.get(), RD_KAFKA_V_TOPIC(sink_.topic().c_str()),
                          RD_KAFKA_V_KEY(event.key.empty() ? nullptr : event.key.data(), event.key.size()),
                          RD_KAFKA_V_VALUE(const_cast<char*>(event.json.data()), event.json.size()),
                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                          RD_KAFKA_V_HEADER("seq", seq.data(), static_cast<ssize_t>(seq.size())),
                          RD_KAFKA_V_HEADER("sink", sink.data(), static_cast<ssize_t>(sink.size())),
                          RD_KAFKA_V_OPAQUE(&reports), RD_KAFKA_V_END);
    if (failed == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    return "event " + seq + ": " + rd_kafka_err2str(failed);
  }

  /// A broker may say anything, also what it was sent: then that it did is all that is told of it.
  std::string why_not(const Reports& reports) const {
    std::string why = why_as_told(reports);
    if (password_.empty() || !why.contains(password_)) return why;
    return "what is said of it holds the password, and is not told";
  }

  std::string why_as_told(const Reports& reports) const {
    std::array<char, 512> why{};
    if (rd_kafka_fatal_error(producer_.get(), why.data(), why.size()) != RD_KAFKA_RESP_ERR_NO_ERROR) return why.data();
    const std::string what =
        reports.failure.empty() ? std::to_string(reports.awaited) + " messages are not acknowledged" : reports.failure;
    return connections_.last_error.empty() ? what : what + ": " + connections_.last_error;
  }

  /// No broker is left that could take anything, and to wait makes none of them take this user, or be trusted.
  [[nodiscard]] bool is_hopeless() const { return connections_.is_refused && connections_.are_all_down; }

  const model::KafkaSink sink_;
  const std::string password_;
  Connections connections_;  // outlives the producer, whose end may still tell of errors
  Producer producer_;
};

}  // namespace

std::unique_ptr<Destination> make_kafka(const model::KafkaSink& sink, std::string password) {
  return std::make_unique<Kafka>(sink, std::move(password));
}

}  // namespace esaas::sinks
