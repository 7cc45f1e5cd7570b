#pragma once
// ESAAS_TRY and ESAAS_CHECK (core/base/result.h) for coroutines that answer a Result.

#include "core/base/result.h"

#define ESAAS_CO_TRY(declaration, expression) \
  ESAAS_CO_TRY_INNER(ESAAS_CONCAT(esaas_result_, __LINE__), declaration, expression)
#define ESAAS_CO_TRY_INNER(name, declaration, expression)        \
  auto name = (expression);                                      \
  if (!name) co_return std::unexpected(std::move(name).error()); \
  declaration = std::move(*name)

#define ESAAS_CO_CHECK(expression) ESAAS_CO_CHECK_INNER(ESAAS_CONCAT(esaas_result_, __LINE__), expression)
#define ESAAS_CO_CHECK_INNER(name, expression) \
  if (auto name = (expression); !name) co_return std::unexpected(std::move(name).error())
