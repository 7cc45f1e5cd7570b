#pragma once
// IntervalRecords: the intervals of use as they are, a line each: CSV or JSON lines.

#include <utility>

#include "store/export/record_source.h"
#include "store/export/usage_export.h"

namespace esaas::store {

class IntervalRecords final : public RecordSource {
 public:
  IntervalRecords(UsageCursor cursor, UsageFormat format) : cursor_(std::move(cursor)), format_(format) {}

  Result<bool> next(std::string* out) override {
    ESAAS_TRY(const UsageInterval* interval, cursor_.next());
    if (interval == nullptr) return false;
    if (out != nullptr) append_interval(*interval, format_, *out);
    return true;
  }

 private:
  UsageCursor cursor_;
  UsageFormat format_;
};

}  // namespace esaas::store
