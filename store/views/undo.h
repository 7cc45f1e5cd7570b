#pragma once
// UndoView: the request that takes an operation's change back, from what the log says was before it. Thread-safe; must
// not outlive the log. May block on the disk.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/model/model.pb.h"
#include "core/state/state.pb.h"
#include "store/log/event_log.h"

namespace esaas::store {

struct Undo {
  /// One after the other; nearly always one. More only where indices had different numbers of replicas.
  std::vector<model::Request> requests;
  std::vector<std::string> changes;  ///< each a sentence: "The count of group data becomes 3 again."
};

using OpenOperations = std::vector<std::shared_ptr<const state::Operation>>;

class UndoView {
 public:
  explicit UndoView(const EventLog& log) : log_(log) {}

  /// `cluster` and `open` as they are now, read before the log is: what happens between is found in the log, or refused
  /// by the revision. `confirm` goes into a request that must repeat the cluster's name.
  /// Errors: kNotFound (no such operation); kConflict with the rule `has_an_inverse`, `operation_has_begun`,
  /// `operation_is_over`, `changed_something`, `taken_back_once` or `touched_later`, which names the later operation.
  [[nodiscard]] Result<Undo> undo(std::string_view operation_id, const state::Cluster& cluster,
                                  const OpenOperations& open, const std::string& confirm) const;

 private:
  const EventLog& log_;
};

}  // namespace esaas::store
