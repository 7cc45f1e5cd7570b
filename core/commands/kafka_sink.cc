#include "core/commands/kafka_sink.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <string>
#include <string_view>

#include "core/commands/checks.h"

namespace esaas::command {
namespace {

constexpr std::array<std::string_view, 4> kProtocols{"plaintext", "ssl", "sasl_plaintext", "sasl_ssl"};
constexpr std::array<std::string_view, 3> kMechanisms{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"};

bool is_one_of(std::span<const std::string_view> known, std::string_view word) {
  return std::ranges::find(known, word) != known.end();
}

bool is_broker(std::string_view broker) {
  const auto colon = broker.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view port = broker.substr(colon + 1);
  std::uint16_t number = 0;
  const auto parsed = std::from_chars(port.data(), port.data() + port.size(), number);
  if (parsed.ec != std::errc{} || parsed.ptr != port.data() + port.size() || number == 0) return false;
  return std::ranges::all_of(broker.substr(0, colon), [](char c) {
    return is_lower(c) || is_upper(c) || is_digit(c) || std::string_view(".-_:[]").contains(c);
  });
}

Result<void> check_brokers(std::string_view brokers) {
  if (brokers.empty()) return refuse("kafka.brokers", "is missing", "required");
  if (brokers.size() > kSinkBrokersLengthMax) {
    return refuse("kafka.brokers", "have more than " + std::to_string(kSinkBrokersLengthMax) + " characters", "length");
  }
  int count = 0;
  for (std::string_view rest = brokers;; ++count) {
    const auto comma = rest.find(',');
    if (!is_broker(rest.substr(0, comma))) {
      return refuse("kafka.brokers", "name them as HOST:PORT, with commas between", "brokers");
    }
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  if (count < kSinkBrokersMax) return {};
  return refuse("kafka.brokers", "are more than " + std::to_string(kSinkBrokersMax), "length");
}

/// Whether they parse is for whoever can parse them to see, before it comes here.
Result<void> check_certificates(const model::KafkaSink& kafka) {
  const std::string& text = kafka.ca_certificates();
  if (text.empty()) return {};
  if (!kafka.security_protocol().ends_with("ssl")) {
    return refuse("kafka.ca_certificates", "are only for the security_protocol ssl or sasl_ssl", "security_protocol");
  }
  if (text.size() > kSinkCertificatesBytesMax) {
    return refuse("kafka.ca_certificates", "have more than " + std::to_string(kSinkCertificatesBytesMax) + " bytes",
                  "length");
  }
  return {};
}

Result<void> check_no_sasl(const model::KafkaSink& kafka) {
  const auto unused = [](const char* field) {
    return refuse(std::string("kafka.") + field, "is only for the security_protocol sasl_plaintext or sasl_ssl",
                  "security_protocol");
  };
  if (!kafka.sasl_mechanism().empty()) return unused("sasl_mechanism");
  if (!kafka.sasl_username().empty()) return unused("sasl_username");
  if (!kafka.secret_id().empty()) return unused("sasl_password");
  return {};
}

Result<void> check_sasl(const model::KafkaSink& kafka, const model::KafkaSink& before) {
  if (!is_one_of(kMechanisms, kafka.sasl_mechanism())) {
    return refuse("kafka.sasl_mechanism", "has to be one of " + joined(kMechanisms), "known_mechanism");
  }
  const std::string& user = kafka.sasl_username();
  const bool is_printable = std::ranges::all_of(user, [](char c) { return c >= ' ' && c <= '~'; });
  if (user.empty() || user.size() > kSinkUserLengthMax || !is_printable) {
    return refuse("kafka.sasl_username",
                  "has to be of 1 to " + std::to_string(kSinkUserLengthMax) + " printable ASCII characters",
                  "characters");
  }
  if (kafka.secret_id().empty()) return refuse("kafka.sasl_password", "is missing", "required");
  const bool is_the_old_one =
      kafka.secret_id() == before.secret_id() && kafka.secret_version() == before.secret_version();
  const bool goes_the_same_way = kafka.brokers() == before.brokers() &&
                                 kafka.security_protocol() == before.security_protocol() &&
                                 kafka.sasl_mechanism() == before.sasl_mechanism();
  if (!is_the_old_one || goes_the_same_way) return {};
  return refuse("kafka.sasl_password",
                "has to be given again when brokers, security_protocol or sasl_mechanism become other ones",
                "password_again");
}

}  // namespace

Result<void> check_kafka(const model::KafkaSink& kafka, const model::KafkaSink& before) {
  ESAAS_CHECK(check_brokers(kafka.brokers()));
  ESAAS_CHECK(validate_word(kafka.topic(), "kafka.topic", "._-", 249));
  if (kafka.topic() == "." || kafka.topic() == "..") return refuse("kafka.topic", "is no topic", "characters");
  if (!kafka.security_protocol().empty() && !is_one_of(kProtocols, kafka.security_protocol())) {
    return refuse("kafka.security_protocol", "has to be one of " + joined(kProtocols), "known_protocol");
  }
  ESAAS_CHECK(check_certificates(kafka));
  return kafka.security_protocol().starts_with("sasl_") ? check_sasl(kafka, before) : check_no_sasl(kafka);
}

}  // namespace esaas::command
