#pragma once
// Fetching of a task's URIs into its sandbox. Blocking: the supervisor does it in a process of its own.
//
// Taken are plain paths, file:// and http:// on loopback. Archives (.tar .tar.gz .tgz .tar.bz2 .tar.xz .zip) are
// unpacked by tar and unzip unless `extract` is false. With `cache` a local archive is unpacked once per path, size and
// modification time into a folder that nobody may write, and the sandbox gets a link to each of its top-level entries;
// a local file is linked to. Several tasks may fetch at once.

#include <filesystem>

#include "core/base/result.h"
#include "reconcilers/effects/mesos/wire/mesos.pb.h"

namespace esaas::embedded {

/// The error is a sentence that names the URI.
Result<void> fetch(const esaas::mesos::wire::CommandInfo::URI& uri, const std::filesystem::path& sandbox,
                   const std::filesystem::path& cache);

}  // namespace esaas::embedded
