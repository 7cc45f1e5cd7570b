#pragma once
// Routes: one HTTP request to one answer, as a real master gives it. No I/O: the session reads and writes.

#include <memory>
#include <string>

#include <boost/beast/http.hpp>

#include "reconcilers/embedded/front/engine.h"
#include "reconcilers/embedded/front/http_front.h"
#include "reconcilers/embedded/front/messages.h"

namespace esaas::embedded {

using HttpRequest = boost::beast::http::request<boost::beast::http::string_body>;
using HttpResponse = boost::beast::http::response<boost::beast::http::string_body>;

struct RoutedAnswer {
  HttpResponse response;
  /// Set for a subscription: the response is only the head, and this is what follows.
  std::shared_ptr<EventStream> stream = {};
  Encoding stream_encoding = Encoding::kProtobuf;
};

class Routes {
 public:
  Routes(Engine& engine, const std::optional<FrontCredentials>& credentials);

  RoutedAnswer answer(const HttpRequest& request) const;

 private:
  RoutedAnswer scheduler(const HttpRequest& request) const;
  HttpResponse operate(const HttpRequest& request) const;

  Engine& engine_;
  std::optional<std::string> principal_;  ///< of who knows the secret
  std::string authorization_;             ///< the only header that is let in, when there is a principal
};

/// An answer with a sentence as its body.
HttpResponse text_response(const HttpRequest& request, unsigned status, std::string text);

}  // namespace esaas::embedded
