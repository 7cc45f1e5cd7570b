#pragma once
// Zstd frames: each can be read by itself, and files of them one behind the other are a file again. Pure.

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace esaas::store {

/// Appends the text as one frame, with a checksum. The same text gives the same bytes.
Result<void> append_zstd_frame(std::string_view text, std::string& out);

/// How many bytes the first frame has; 0: it is not there as a whole. kDataLoss for what is no frame.
Result<std::size_t> zstd_frame_size(std::string_view bytes);

}  // namespace esaas::store
