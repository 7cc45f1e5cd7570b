#pragma once
// Requests to Elasticsearch on behalf of operations and policies: intended once, sent again until they are answered,
// and then looked at. What is known of one is in state::Cluster.requests, so that all of this survives a restart. A
// request is told by (operation, purpose, node, subject). Pure.

#include <string>
#include <string_view>
#include <vector>

#include "reconcilers/draft.h"

namespace esaas::reconcile {

/// Purposes that more than one place knows. A snapshot's subject is "REPOSITORY/SNAPSHOT".
inline constexpr std::string_view kTakeSnapshot = "take_snapshot";
inline constexpr std::string_view kSetReplicas = "set_replicas";

/// The rule of a request that nobody has answered for a while.
inline constexpr std::string_view kElasticsearchDoesNotAnswer = "elasticsearch_does_not_answer";

/// What is to be asked. It must do no harm when it is sent twice.
struct WantedRequest {
  std::string operation = {};  ///< empty: of the controller itself, and `purpose` begins with "policy_"
  std::string purpose = {};
  std::string node = {};     ///< that it is about; empty: none
  std::string subject = {};  ///< what else it is about
  std::string method = {};
  std::string path = {};
  std::string body = {};
  std::vector<event::SettingChange> changes = {};
};

enum class RequestProgress : std::uint8_t {
  kWaits,  ///< intended just now, or not answered yet
  kAccepted,
  kRefused,
};

struct RequestAnswered {
  RequestProgress progress = RequestProgress::kWaits;
  std::string_view why = {};                             ///< Elasticsearch's words when it refused
  const state::ElasticsearchRequest* request = nullptr;  ///< null when it was intended just now
};

/// The newest request of that name, or null.
const state::ElasticsearchRequest* find_request(const state::Cluster& cluster, std::string_view operation,
                                                std::string_view purpose, std::string_view node = {},
                                                std::string_view subject = {});

/// The intent, as it is appended.
event::Event intent_of(const WantedRequest& wanted);

/// Intends the request unless the state knows it, repeats it while it is unanswered (held by
/// kElasticsearchDoesNotAnswer once that has been so for a while), and tells what came of it. An accepted request of
/// the controller itself is forgotten at once: it would be asked anew.
RequestAnswered ask(const View& view, Draft& draft, const WantedRequest& wanted);

/// Repeats one that is in the state and unanswered; holds as `ask` does.
void repeat_request(const View& view, Draft& draft, const state::ElasticsearchRequest& request);

/// What `fresh()` shows was asked after every answer that there was: nobody has changed a setting through us since.
/// False without a fresh observation.
bool sees_all_answers(const View& view);

/// Joins names with commas into parts that each fit into a request's path. Never empty parts.
std::vector<std::string> joined_in_parts(const std::vector<std::string>& names);

/// `text` as a part of a path: everything but letters, digits and "-_.~*," is written as %XX.
std::string path_escaped(std::string_view text);

}  // namespace esaas::reconcile
