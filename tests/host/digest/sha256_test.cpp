// SPDX-License-Identifier: Apache-2.0
#include "digest/sha256.h"

#include <gtest/gtest.h>

namespace kith::host {
namespace {

TEST(Sha256Test, EqualsThePublishedDigestsInOnePieceOrMany) {
  // FIPS 180-4's examples: the empty message and "abc".
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 hash;
  hash.update("a", 1);
  hash.update("", 0);
  hash.update("bc", 2);
  EXPECT_EQ(hash.finish(), sha256_hex("abc"));
}

}  // namespace
}  // namespace kith::host
