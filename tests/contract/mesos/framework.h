#pragma once
// Framework: a whole framework in a test: it subscribes, keeps offers, acknowledges what it sees, and is torn down when
// it goes. Blocking; not thread-safe.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/contract/mesos/raw_client.h"

namespace esaas::contract {

using Operation = wire::Offer::Operation;

/// A description with the capabilities that the controller has.
wire::FrameworkInfo describe(const std::string& role, const std::string& principal = "contract");

class Framework {
 public:
  Framework(Endpoint master, std::string role, Encoding encoding = Encoding::kProtobuf);
  ~Framework();
  Framework(const Framework&) = delete;
  Framework& operator=(const Framework&) = delete;

  /// Anew, or again with the id of before. The stream of before stays open until it is replaced or ended by the master.
  void subscribe(const std::vector<std::string>& suppressed = {});
  [[nodiscard]] Call make(Call::Type type) const;
  RawReply send(const Call& call);
  /// The same, and it has to be taken.
  void expect_taken(const Call& call);

  /// The next event of the kind; updates and operation statuses that pass are acknowledged, offers are kept.
  std::optional<Event> next(const std::function<bool(const Event&)>& wanted,
                            std::chrono::milliseconds timeout = std::chrono::seconds(15));
  /// The next status of this task (and state).
  std::optional<wire::TaskStatus> next_status(const std::string& task_id);
  std::optional<wire::TaskStatus> next_status(const std::string& task_id, wire::TaskState state);
  std::optional<wire::OperationStatus> next_operation(const std::string& id,
                                                      std::chrono::milliseconds timeout = std::chrono::seconds(15));
  /// An offer that holds at least these, waiting for one if there is none. Taken out of the kept ones.
  std::optional<wire::Offer> take_offer(double cpus = 0.1, const std::function<bool(const wire::Offer&)>& wanted = {});
  /// No offer comes in this time.
  bool stays_without_offers(std::chrono::milliseconds timeout);
  /// Answers `offer` with these operations.
  void accept(const wire::Offer& offer, const std::vector<Operation>& operations, double refuse_seconds = 0);
  void decline(const wire::Offer& offer, double refuse_seconds);

  [[nodiscard]] const std::string& role() const { return role_; }
  [[nodiscard]] const std::string& id() const { return id_; }
  RawStream& stream() { return *stream_; }
  std::unique_ptr<RawStream> replace_stream() { return std::move(stream_); }
  /// What the next subscription says it is; from the start what `describe` says of the role.
  wire::FrameworkInfo info;
  /// Whether what passes is acknowledged; on from the start.
  bool acknowledges = true;

 private:
  void acknowledge(const Event& event);

  Endpoint master_;
  std::string role_;
  Encoding encoding_;
  std::string id_;
  std::unique_ptr<RawStream> stream_;
  std::map<std::string, wire::Offer> offers_;
};

/// Building blocks of operations.
wire::Resource scalar(const std::string& name, double value, const std::string& role);
wire::Resource ports(std::uint64_t begin, std::uint64_t end, const std::string& role);
wire::Resource reserved(wire::Resource resource, const std::string& role, const std::string& label,
                        const std::string& principal = "contract");
wire::Resource volume(const wire::Resource& reserved_disk, const std::string& id,
                      const std::string& principal = "contract");
Operation reserve(const std::vector<wire::Resource>& resources, const std::string& id = {});
Operation unreserve(const std::vector<wire::Resource>& resources, const std::string& id = {});
Operation create(const wire::Resource& volume, const std::string& id = {});
Operation destroy(const wire::Resource& volume, const std::string& id = {});
Operation launch(const wire::Offer& offer, const std::string& task_id, const std::vector<wire::Resource>& resources,
                 const std::string& shell = "sleep 600");

/// The sum of a scalar in an offer; only what is (not) reserved.
double sum(const wire::Offer& offer, const std::string& name, bool of_reserved);
/// The first port that is offered unreserved.
std::uint64_t first_port(const wire::Offer& offer);

}  // namespace esaas::contract
