#pragma once
// Sums of amounts in a currency's smallest unit, exact or refused. Pure.

#include <cstdint>

#include "core/base/result.h"

namespace esaas::store {

/// kResourceExhausted when 64 bits do not hold it.
inline Result<std::int64_t> add_minor(std::int64_t left, std::int64_t right) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(left, right, &sum)) return sum;
  return fail(ErrorCode::kResourceExhausted, "a sum of amounts is more than can be billed");
}

inline Result<std::int64_t> subtract_minor(std::int64_t left, std::int64_t right) {
  std::int64_t difference = 0;
  if (!__builtin_sub_overflow(left, right, &difference)) return difference;
  return fail(ErrorCode::kResourceExhausted, "a difference of amounts is more than can be billed");
}

}  // namespace esaas::store
