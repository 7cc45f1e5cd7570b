#pragma once
// OperationView: operations from the log, the finished ones too, which the controller's memory has let go. Thread-safe;
// must not outlive the log. May block on the disk.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/model/model.pb.h"
#include "core/state/state.pb.h"
#include "store/log/event_log.h"

namespace esaas::store {

/// Empty fields do not filter.
struct FinishedQuery {
  std::string tenant = {};
  std::string cluster = {};
  model::OperationStatus status = model::OPERATION_STATUS_UNSPECIFIED;
  std::uint64_t before_seq = 0;  ///< a cursor: only operations requested before this seq; 0: all
  std::size_t limit = 100;       ///< at the most kViewPageMax are given
};

struct FinishedPage {
  std::vector<state::Operation> operations;  ///< newest request first
  std::uint64_t next_before_seq = 0;  ///< the cursor for the next page; 0: no more. A page may be short and go on.
};

/// The most items that one page of any view holds.
inline constexpr std::size_t kViewPageMax = 500;
/// The most events that one page looks at, so that a filter that matches nothing is paid in pages too.
inline constexpr std::size_t kViewScanMax = 20'000;

class OperationView {
 public:
  explicit OperationView(const EventLog& log) : log_(log) {}

  /// As the fold of its events; open or finished. kNotFound when no operation has this id.
  [[nodiscard]] Result<state::Operation> find(std::string_view id) const;

  [[nodiscard]] Result<FinishedPage> finished(const FinishedQuery& query) const;

 private:
  const EventLog& log_;
};

/// "succeeded", "running": the lower-case name.
std::string_view name_of(model::OperationStatus status);

}  // namespace esaas::store
