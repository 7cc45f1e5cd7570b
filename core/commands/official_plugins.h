#pragma once
// The plugins that a version's own tool finds by their name alone. Pure.

#include <string_view>

namespace esaas::command {

/// That a version of that major, 2 to 7, does. From each release's plugins.txt (5 to 7) and PluginManager (2); what
/// Elastic released beside it (x-pack, license, shield, watcher, marvel-agent, graph) as its guides name it.
bool is_official_plugin(std::string_view name, unsigned major);

/// That some version does.
bool is_official_plugin(std::string_view name);

}  // namespace esaas::command
