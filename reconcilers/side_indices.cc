// Opening and closing of indices.

#include <vector>

#include "reconcilers/side_operation.h"

namespace esaas::reconcile {
namespace {

using Names = google::protobuf::RepeatedPtrField<std::string>;

/// One request for as many names as fit into a path, one after the other.
void ask_of_each(SideOperation& operation, const Names& names, std::string_view verb, std::string_view done) {
  const auto parts = joined_in_parts({names.begin(), names.end()});
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const RequestAnswered answer = operation.ask(
        {.purpose = std::string(verb) + "_indices",
         .subject = parts[i],
         .method = "POST",
         .path = "/" + path_escaped(parts[i]) + "/_" + std::string(verb) + "?master_timeout=10s&timeout=10s"});
    if (answer.progress == RequestProgress::kWaits) return;
    if (answer.progress == RequestProgress::kRefused) return operation.fail(std::string(answer.why));
  }
  operation.succeed(std::string(done));
}

}  // namespace

void reconcile_open(SideOperation& operation) {
  ask_of_each(operation, operation.request().open_indices().indices(), "open", "The indices are open.");
}

void reconcile_close(SideOperation& operation) {
  ask_of_each(operation, operation.request().close_indices().indices(), "close",
              "The indices are closed: their data stays where it is, and nobody reads or writes it.");
}

}  // namespace esaas::reconcile
