#pragma once
// RecordSource: what an export consists of, record by record, always in the same order. One thread at a time.

#include <string>

#include "core/base/result.h"

namespace esaas::store {

class RecordSource {
 public:
  virtual ~RecordSource() = default;
  /// Appends the next record, a line, to `out`; passes over it when `out` is null. False: there is none.
  virtual Result<bool> next(std::string* out) = 0;
};

}  // namespace esaas::store
