#include "api/routes/trace_text.h"

#include "api/routes/present.h"
#include "store/export/otlp.h"

namespace esaas::api {

http::Response trace_response(store::Trace trace, std::string_view format, const Hash& log_identity,
                              std::string_view version) {
  if (format == "json") return http::json_response(present(std::move(trace)));
  http::Response response;
  if (format == "otlp") {
    response.body = store::to_otlp_json(trace, log_identity, version);
  } else {
    response.content_type = "text/plain; charset=utf-8";
    response.body = store::to_text(trace);
  }
  return response;
}

}  // namespace esaas::api
