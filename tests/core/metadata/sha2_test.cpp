#include "core/metadata/sha2.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace glasslog::metadata {
namespace {

std::string hash(Sha2 kind, std::string_view text) {
    return to_hex(sha2(kind, as_bytes(text)));
}

// The examples of FIPS 180-4.
TEST(Sha2Test, HashesTheExamplesOfTheStandard) {
    EXPECT_EQ(hash(Sha2::sha256, "abc"),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hash(Sha2::sha256, ""),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(hash(Sha2::sha512, "abc"),
              "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
              "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

// Every length around the ends of blocks; expected: the same chain by Python's hashlib.
TEST(Sha2Test, HashesInputsOfEveryLength) {
    const auto chain = [](Sha2 kind) {
        Digest last;
        for (std::size_t n = 0; n < 300; ++n) {
            std::vector<std::uint8_t> input(last);
            input.insert(input.end(), n, static_cast<std::uint8_t>(n % 251));
            last = sha2(kind, input);
        }
        return to_hex(last);
    };

    EXPECT_EQ(chain(Sha2::sha256),
              "2351cef3bbbe1f13ccad57f4360aadc4f9daf5d764d25199303d3baf73492fdd");
    EXPECT_EQ(chain(Sha2::sha512),
              "16b7fdf3b87a5e1e23c57d39ed9cc0dd15d5a12a64436d0151e59eee3a794dcd"
              "168dd55ecaf4e8bb5b86e79d999648da296a751d404c811c280191e6350812c6");
}

// RFC 4231, cases 2 and 6.
TEST(Sha2Test, AuthenticatesTheExamplesOfTheRfc) {
    const std::vector<std::uint8_t> long_key(131, 0xaa);
    const ByteView text = as_bytes("Test Using Larger Than Block-Size Key - Hash Key First");

    EXPECT_EQ(
        to_hex(hmac(Sha2::sha256, as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(to_hex(hmac(Sha2::sha256, long_key, text)),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    EXPECT_EQ(to_hex(hmac(Sha2::sha512, long_key, text)),
              "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
              "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598");
}

TEST(Sha2Test, StretchesPasswords) {
    const auto stretched = [](Sha2 kind, std::int32_t count) {
        return to_hex(pbkdf2(kind,
                             {.password = as_bytes("password"),
                              .salt = as_bytes("salt"),
                              .iteration_count = count}));
    };

    EXPECT_EQ(stretched(Sha2::sha256, 1),
              "120fb6cffcf8b32c43e7225256c4f837a86548c92ccc35480805987cb70be17b");
    EXPECT_EQ(stretched(Sha2::sha256, 4096),
              "c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a");
    EXPECT_EQ(stretched(Sha2::sha512, 4096),
              "d197b1b33db0143e018b12f3d1d1479e6cdebdcc97c5c0f87f6902e072f457b5"
              "143f30602641b3d55cd335988cb36b84376060ecd532e039b742a239434af2d5");
}

}  // namespace
}  // namespace glasslog::metadata
