#pragma once
// ESAAS_ASSERT: for what cannot happen unless this program is wrong. On in every build: it prints and aborts, and the
// log makes the restart cheap. Never for input from outside, and never for the environment.

#include <string_view>

namespace esaas {
[[noreturn]] void assertion_failed(std::string_view condition, std::string_view detail, const char* file, int line);
}  // namespace esaas

#define ESAAS_ASSERT(condition, detail)                                    \
  do {                                                                     \
    if (!(condition)) [[unlikely]]                                         \
      ::esaas::assertion_failed(#condition, (detail), __FILE__, __LINE__); \
  } while (false)
