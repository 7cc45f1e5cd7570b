// esaas trace, diff: what led to what, and what differs between two moments.

#include <algorithm>
#include <memory>

#include "api/cli/commands.h"
#include "api/http/target.h"

namespace esaas::api::cli {
namespace {

bool is_seq(const std::string& text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// Nobody has asked for another one.
std::string text_unless(const Session& session, const std::string& format) {
  if (!format.empty()) return format;
  return session.json ? "json" : "text";
}

struct TraceOptions {
  std::string subject;
  std::string format;
};

void add_trace(CLI::App& app, const Session& session, Action& action) {
  auto options = std::make_shared<TraceOptions>();
  auto* command = app.add_subcommand(
      "trace",
      "All that an operation led to, each event below its cause; or why an event happened, and what it led to");
  command->add_option("subject", options->subject, "An operation's id (op-4711), or the seq of an event (4711)")
      ->required();
  command->add_option("--format", options->format, "text, json, or otlp: spans for Jaeger or Tempo")
      ->check(CLI::IsMember({"text", "json", "otlp"}));
  command->callback([options, &session, &action] {
    action = [options, &session] {
      const std::string name = http::percent_encode(options->subject);
      const std::string path = is_seq(options->subject) ? "/v1/events/" + name + "/trace" : "/v1/trace/" + name;
      return print_stream(session, with_query(path, {{"format", text_unless(session, options->format)}}));
    };
  });
}

struct DiffOptions {
  std::string from, to, cluster, tenant;
};

void add_diff(CLI::App& app, const Session& session, Action& action) {
  auto options = std::make_shared<DiffOptions>();
  auto* command = app.add_subcommand("diff", "What differs between two moments, field by field");
  command->add_option("--from", options->from, "The seq of an event, or an RFC 3339 time")->required();
  command->add_option("--to", options->to, "The same; now when absent");
  command->add_option("--cluster", options->cluster, "Only of this cluster");
  command->add_option("--tenant", options->tenant, "Only this tenant's");
  command->callback([options, &session, &action] {
    action = [options, &session] {
      return print_stream(session, with_query("/v1/diff", {{"from", options->from},
                                                           {"to", options->to},
                                                           {"cluster", options->cluster},
                                                           {"tenant", options->tenant},
                                                           {"format", session.json ? "json" : "text"}}));
    };
  });
}

}  // namespace

void add_past_commands(CLI::App& app, const Session& session, Action& action) {
  add_trace(app, session, action);
  add_diff(app, session, action);
}

}  // namespace esaas::api::cli
