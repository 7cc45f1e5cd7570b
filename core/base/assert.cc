#include "core/base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace esaas {

void assertion_failed(std::string_view condition, std::string_view detail, const char* file, int line) {
  std::fprintf(stderr, "assertion failed: %.*s: %.*s (%s:%d)\n", static_cast<int>(condition.size()), condition.data(),
               static_cast<int>(detail.size()), detail.data(), file, line);
  std::abort();
}

}  // namespace esaas
