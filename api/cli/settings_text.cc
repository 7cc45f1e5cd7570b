#include "api/cli/settings_text.h"

namespace esaas::api::cli {

Result<boost::json::array> settings_of(const std::vector<std::string>& texts) {
  boost::json::array settings;
  for (const auto& text : texts) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return fail(ErrorCode::kInvalidArgument, "\"" + text + "\" is not KEY=VALUE", "settings");
    }
    boost::json::object setting{{"key", text.substr(0, equals)}};
    if (equals + 1 == text.size()) {
      setting["unset"] = true;
    } else {
      setting["value"] = text.substr(equals + 1);
    }
    settings.push_back(std::move(setting));
  }
  return settings;
}

}  // namespace esaas::api::cli
