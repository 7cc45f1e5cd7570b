#include "store/export/zstd_frames.h"

#include <zstd.h>
#include <zstd_errors.h>

#include <memory>

namespace esaas::store {
namespace {

constexpr int kLevel = 3;

std::unexpected<Error> failed(std::size_t code) {
  return fail(ErrorCode::kInternal, std::string("cannot compress: ") + ZSTD_getErrorName(code));
}

}  // namespace

Result<void> append_zstd_frame(std::string_view text, std::string& out) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), &ZSTD_freeCCtx);
  if (!context) return fail(ErrorCode::kResourceExhausted, "there is no memory to compress");
  for (const auto& [parameter, value] : {std::pair{ZSTD_c_compressionLevel, kLevel}, {ZSTD_c_checksumFlag, 1}}) {
    const std::size_t set = ZSTD_CCtx_setParameter(context.get(), parameter, value);
    if (ZSTD_isError(set) != 0) return failed(set);
  }
  const std::size_t begin = out.size();
  out.resize(begin + ZSTD_compressBound(text.size()));
  const std::size_t size =
      ZSTD_compress2(context.get(), out.data() + begin, out.size() - begin, text.data(), text.size());
  if (ZSTD_isError(size) != 0) {
    out.resize(begin);
    return failed(size);
  }
  out.resize(begin + size);
  return {};
}

Result<std::size_t> zstd_frame_size(std::string_view bytes) {
  const std::size_t size = ZSTD_findFrameCompressedSize(bytes.data(), bytes.size());
  if (ZSTD_isError(size) == 0) return size;
  if (ZSTD_getErrorCode(size) == ZSTD_error_srcSize_wrong) return std::size_t{0};
  return fail(ErrorCode::kDataLoss, std::string("this is no zstd frame: ") + ZSTD_getErrorName(size));
}

}  // namespace esaas::store
