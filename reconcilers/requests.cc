#include "reconcilers/requests.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <ranges>

namespace esaas::reconcile {
namespace {

/// A cluster that is asked may be slow; only then does somebody want to know that nothing has come back.
constexpr Duration kPatience = std::chrono::seconds{15};
/// Elasticsearch takes a first line of at most 4096 bytes.
constexpr std::size_t kPartBytesMax = 2000;

event::Event intent_of(const state::ElasticsearchRequest& request) {
  event::Event event;
  event.set_seq(request.seq());
  event.set_operation_id(request.operation());
  auto& payload = *event.mutable_elasticsearch_request_intended();
  payload.set_purpose(request.purpose());
  payload.set_node(request.node());
  payload.set_subject(request.subject());
  payload.set_method(request.method());
  payload.set_path(request.path());
  payload.set_body(request.body());
  return event;
}

void hold_unanswered(const View& view, Draft& draft, const state::ElasticsearchRequest& request) {
  if (view.now() - from_us(request.intended_at_us()) < kPatience) return;
  const std::string whose = request.operation().empty() ? "The controller" : request.operation();
  Refusal refusal{fmt::format("{} waits for an answer to {} {}; it is sent again until there is one.", whose,
                              request.method(), request.path()),
                  {}};
  if (!request.operation().empty()) refusal.basis.push_back(figure("operation", request.operation()));
  refusal.basis.push_back(figure("purpose", request.purpose()));
  draft.hold_also(kElasticsearchDoesNotAnswer, request.node(), std::move(refusal));
}

}  // namespace

const state::ElasticsearchRequest* find_request(const state::Cluster& cluster, std::string_view operation,
                                                std::string_view purpose, std::string_view node,
                                                std::string_view subject) {
  for (const state::ElasticsearchRequest& request : cluster.requests() | std::views::reverse) {
    if (request.operation() == operation && request.purpose() == purpose && request.node() == node &&
        request.subject() == subject) {
      return &request;
    }
  }
  return nullptr;
}

event::Event intent_of(const WantedRequest& wanted) {
  event::Event event;
  event.set_operation_id(wanted.operation);
  auto& payload = *event.mutable_elasticsearch_request_intended();
  payload.set_purpose(wanted.purpose);
  payload.set_node(wanted.node);
  payload.set_subject(wanted.subject);
  payload.set_method(wanted.method);
  payload.set_path(wanted.path);
  payload.set_body(wanted.body);
  for (const event::SettingChange& change : wanted.changes) *payload.add_changes() = change;
  return event;
}

void repeat_request(const View& view, Draft& draft, const state::ElasticsearchRequest& request) {
  draft.repeat(intent_of(request));
  draft.check_soon();
  hold_unanswered(view, draft, request);
}

RequestAnswered ask(const View& view, Draft& draft, const WantedRequest& wanted) {
  const auto* request = find_request(view.cluster(), wanted.operation, wanted.purpose, wanted.node, wanted.subject);
  if (request == nullptr) {
    draft.act("ask_elasticsearch", intent_of(wanted));
    draft.check_soon();
    return {};
  }
  if (!request->answered()) {
    repeat_request(view, draft, *request);
    return {.progress = RequestProgress::kWaits, .request = request};
  }
  return {.progress = request->accepted() ? RequestProgress::kAccepted : RequestProgress::kRefused,
          .why = request->why(),
          .request = request};
}

bool sees_all_answers(const View& view) {
  // The controller forgets the settings of an observation when an answer overtakes it.
  return view.fresh() != nullptr && view.fresh()->persistent_settings.has_value();
}

std::vector<std::string> joined_in_parts(const std::vector<std::string>& names) {
  std::vector<std::string> parts;
  for (const std::string& name : names) {
    const bool fits = !parts.empty() && parts.back().size() + name.size() < kPartBytesMax;
    if (!fits) parts.emplace_back(name);
    if (fits) parts.back() += "," + name;
  }
  return parts;
}

std::string path_escaped(std::string_view text) {
  constexpr std::string_view kPlain = "-_.~*,";
  std::string escaped;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || kPlain.find(c) != std::string_view::npos) {
      escaped += c;
    } else {
      escaped += fmt::format("%{:02X}", byte);
    }
  }
  return escaped;
}

}  // namespace esaas::reconcile
