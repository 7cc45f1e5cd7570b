// esaas sink ...

#include <boost/json/serialize.hpp>

#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string_view>

#include "api/cli/commands.h"
#include "api/http/target.h"

namespace esaas::api::cli {
namespace {

namespace json = boost::json;

struct SinkOptions {
  std::string name, webhook, secret_file, format, brokers, topic, tenant, cluster;
  std::string protocol, ca_file, mechanism, user, password_file;
  std::uint64_t from_seq = 0;
  bool no_secret = false;
  ChangeOptions change;
};
using Options = std::shared_ptr<SinkOptions>;

std::string sink_path(const std::string& name) { return "/v1/sinks/" + http::percent_encode(name); }

void add_sink_change_options(CLI::App& command, ChangeOptions& change) {
  command.add_option("--reason", change.reason, "Why; kept in the audit");
  command.add_option("--idempotency-key", change.idempotency_key, "The same key gives the same answer for 7 days");
  command.add_flag("--dry-run,-n", change.dry_run, "Show what would happen, change nothing");
}

/// The first line of the file: a secret has no place on a command line, which everybody sees.
Result<std::string> read_secret(const std::string& path, const char* option) {
  std::ifstream file(path);
  std::string line;
  if (!file || !std::getline(file, line) || line.empty()) {
    return fail(ErrorCode::kInvalidArgument, "cannot read a secret from " + path, option, "readable");
  }
  return line;
}

Result<std::string> read_whole(const std::string& path, const char* option) {
  std::ifstream file(path);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (file.bad() || text.empty()) {
    return fail(ErrorCode::kInvalidArgument, "cannot read " + path, option, "readable");
  }
  return text;
}

Result<json::object> kafka_of(const SinkOptions& options) {
  json::object kafka{{"brokers", options.brokers}, {"topic", options.topic}};
  if (!options.protocol.empty()) kafka["security_protocol"] = options.protocol;
  if (!options.ca_file.empty()) {
    ESAAS_TRY(kafka["ca_certificates"], read_whole(options.ca_file, "ca-certificates"));
  }
  if (!options.mechanism.empty()) kafka["sasl_mechanism"] = options.mechanism;
  if (!options.user.empty()) kafka["sasl_username"] = options.user;
  if (!options.password_file.empty()) {
    ESAAS_TRY(kafka["sasl_password"], read_secret(options.password_file, "sasl-password-file"));
  }
  return kafka;
}

Result<json::object> body_of(const SinkOptions& options) {
  json::object body;
  if (!options.webhook.empty()) {
    json::object& webhook = body["webhook"].emplace_object();
    webhook["url"] = options.webhook;
    if (options.no_secret) webhook["secret"] = "";
    if (!options.secret_file.empty()) {
      ESAAS_TRY(webhook["secret"], read_secret(options.secret_file, "secret-file"));
    }
    if (!options.format.empty()) webhook["format"] = options.format;
  } else {
    ESAAS_TRY(body["kafka"], kafka_of(options));
  }
  if (!options.tenant.empty()) body["tenant"] = options.tenant;
  if (!options.cluster.empty()) body["cluster"] = options.cluster;
  if (options.from_seq != 0) body["from_seq"] = options.from_seq;
  return body;
}

int print_change(const Session& session, const SinkOptions& options, const Result<json::object>& answer,
                 const std::string& done) {
  if (!answer) return print_error(answer.error());
  const std::string told = options.change.dry_run ? "it would be taken; nothing is changed" : done;
  std::cout << (session.json ? json::serialize(*answer) : told) << "\n";
  if (const json::value* warnings = answer->if_contains("warnings"); warnings != nullptr && warnings->is_array()) {
    for (const json::value& warning : warnings->get_array()) {
      if (warning.is_string()) std::cerr << "esaas: warning: " << std::string_view(warning.get_string()) << "\n";
    }
  }
  return kSuccess;
}

int set(const Session& session, const SinkOptions& options) {
  const auto body = body_of(options);
  if (!body) return print_error(body.error());
  return print_change(session, options, send_change(session, options.change, "PUT", sink_path(options.name), *body),
                      "sink " + options.name + " is configured");
}

void add_security(CLI::App& command, CLI::Option& brokers, SinkOptions& options) {
  command
      .add_option("--security-protocol", options.protocol, "plaintext (the default), ssl, sasl_plaintext or sasl_ssl")
      ->needs(&brokers);
  command
      .add_option("--ca-certificates", options.ca_file,
                  "PEM of who signs the brokers' certificates; else those that the server's machine trusts")
      ->needs(&brokers);
  command.add_option("--sasl-mechanism", options.mechanism, "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512")->needs(&brokers);
  command.add_option("--sasl-username", options.user, "Who the brokers know it as")->needs(&brokers);
  command
      .add_option("--sasl-password-file", options.password_file,
                  "The password is the first line of this file; else what was set stays")
      ->needs(&brokers);
}

void add_set(CLI::App& sink, Session& session, Action& action) {
  const auto options = std::make_shared<SinkOptions>();
  auto* command = sink.add_subcommand("set", "Send events on to a webhook or to Kafka, from now on or from a seq");
  command->add_option("name", options->name, "Lower-case letters, digits and dashes")->required();
  auto* webhook = command->add_option("--webhook", options->webhook, "POST them to this URL");
  auto* secret = command->add_option("--secret-file", options->secret_file,
                                     "Sign each body with the first line of this file (HMAC-SHA-256)");
  auto* none = command->add_flag("--no-secret", options->no_secret, "Sign no more; else what was set stays");
  command
      ->add_option("--format", options->format,
                   "Of a body: cloudevents-batch (an array), cloudevents (one event each); else an envelope of our own")
      ->needs(webhook);
  auto* brokers = command->add_option("--kafka", options->brokers, "HOST:PORT of brokers, with commas between");
  auto* topic = command->add_option("--topic", options->topic, "The topic that they are sent to");
  secret->needs(webhook);
  none->needs(webhook)->excludes(secret);
  brokers->needs(topic)->excludes(webhook);
  topic->needs(brokers);
  add_security(*command, *brokers, *options);
  command->add_option("--tenant", options->tenant, "Only events of this tenant");
  command->add_option("--cluster", options->cluster, "Only events of this cluster");
  command->add_option(
      "--from-seq", options->from_seq,
      "The first event; 1 for all. Else a new sink begins with what happens next, and one that is there "
      "goes on where it is");
  add_sink_change_options(*command, options->change);
  command->callback([options, &session, &action] { action = [options, &session] { return set(session, *options); }; });
}

}  // namespace

void add_sink_commands(CLI::App& app, Session& session, Action& action) {
  auto* sink = app.add_subcommand("sink", "Send the events of the log on to webhooks and to Kafka");
  sink->require_subcommand(1);
  add_set(*sink, session, action);
  sink->add_subcommand("list", "List the sinks and how far they are")->callback([&session, &action] {
    action = [&session] {
      return session.print_list("/v1/sinks", 0,
                                {{"NAME", "name"},
                                 {"WEBHOOK", "webhook.url"},
                                 {"TOPIC", "kafka.topic"},
                                 {"TENANT", "tenant"},
                                 {"CLUSTER", "cluster"},
                                 {"THROUGH SEQ", "through_seq"},
                                 {"LAG", "lag_events"},
                                 {"STALLED SINCE", "stalled.since"}});
    };
  });

  const auto shown = std::make_shared<SinkOptions>();
  auto* show = sink->add_subcommand("show", "One sink, with the last error");
  show->add_option("name", shown->name)->required();
  show->callback([shown, &session, &action] {
    action = [shown, &session] {
      return session.print_object(sink_path(shown->name), {{"name", "name"},
                                                           {"webhook", "webhook.url"},
                                                           {"format", "webhook.format"},
                                                           {"signed", "webhook.signed"},
                                                           {"brokers", "kafka.brokers"},
                                                           {"topic", "kafka.topic"},
                                                           {"security protocol", "kafka.security_protocol"},
                                                           {"sasl mechanism", "kafka.sasl_mechanism"},
                                                           {"sasl username", "kafka.sasl_username"},
                                                           {"has password", "kafka.has_password"},
                                                           {"tenant", "tenant"},
                                                           {"cluster", "cluster"},
                                                           {"from seq", "from_seq"},
                                                           {"through seq", "through_seq"},
                                                           {"lag", "lag_events"},
                                                           {"failures", "failures"},
                                                           {"last error", "last_error"},
                                                           {"stalled since", "stalled.since"},
                                                           {"stalled by", "stalled.why"}});
    };
  });

  const auto removed = std::make_shared<SinkOptions>();
  auto* remove = sink->add_subcommand("remove", "Send nothing more to a sink, and forget how far it was");
  remove->add_option("name", removed->name)->required();
  add_sink_change_options(*remove, removed->change);
  remove->callback([removed, &session, &action] {
    action = [removed, &session] {
      return print_change(session, *removed,
                          send_change(session, removed->change, "DELETE", sink_path(removed->name), {}),
                          "sink " + removed->name + " is removed");
    };
  });
}

}  // namespace esaas::api::cli
