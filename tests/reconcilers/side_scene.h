#pragma once
// SideScene: a cluster at rest with operations that run beside the active one. It folds what a plan appends for
// requests and operations, and answers as Elasticsearch would, so that a test tells the story of one operation.

#include <memory>
#include <string>
#include <vector>

#include "tests/reconcilers/scene.h"

namespace esaas::test {

class SideScene {
 public:
  explicit SideScene(std::uint32_t nodes = 3, const std::string& version = "2.3.3");

  /// An operation of this kind starts now. Observations before `look` are older than it.
  state::Operation& start(model::Request request);
  /// The cluster is asked, and answers.
  void look();
  /// Reconciles until nothing new is intended; what is intended or finished is folded. The last plan is kept in `plan`.
  void reconcile();
  /// Elasticsearch answers the oldest request that is unanswered, now.
  void answer(bool accepted, const std::string& why = {});
  void wait(Duration duration) { scene.now += duration; }

  [[nodiscard]] reconcile::Input input() const;
  /// Requests that were intended so far.
  [[nodiscard]] const std::vector<event::Event>& intended() const { return intended_; }
  [[nodiscard]] std::vector<std::string> lines() const;  ///< "PUT /path body" of each
  [[nodiscard]] bool holds(std::string_view rule) const;
  /// The plan's hold by this rule; empty when there is none.
  [[nodiscard]] std::string why(std::string_view rule) const;
  /// How the operation ended: "succeeded: ..." or "failed: ..."; empty while it is open.
  [[nodiscard]] std::string outcome(const std::string& operation = "op-1") const;
  reconcile::IndexInfo& index(const std::string& name, std::uint32_t replicas);

  Scene scene;
  state::Tenant tenant;
  reconcile::Plan plan;
  std::vector<event::Event> log;  ///< all that was appended

 private:
  /// False: it is about something else, and is left out.
  bool fold(event::Event event);

  std::vector<std::unique_ptr<state::Operation>> operations_;
  std::vector<event::Event> intended_;
  std::uint64_t seq_ = 1000;
};

}  // namespace esaas::test
