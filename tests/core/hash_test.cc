#include "core/base/hash.h"

#include <gtest/gtest.h>

namespace esaas {
namespace {

// Computed with `b2sum -l 256`.
TEST(Hash, IsBlake2b256) {
  EXPECT_EQ(to_hex(to_bytes(blake2b_256(""))), "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
  EXPECT_EQ(to_hex(to_bytes(blake2b_256("abc"))), "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
}

TEST(Hash, HexShowsEveryByteAsTwoDigits) { EXPECT_EQ(to_hex(std::string("\x00\x0f\xf0\xff", 4)), "000ff0ff"); }

}  // namespace
}  // namespace esaas
