#include "core/metadata/sha2.hpp"

#include "core/base/check.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace glasslog::metadata {

namespace {

const EVP_MD* algorithm(Sha2 kind) {
    return kind == Sha2::sha256 ? EVP_sha256() : EVP_sha512();
}

Digest empty_digest(Sha2 kind) {
    return Digest(kind == Sha2::sha256 ? 32 : 64);
}

}  // namespace

Digest sha2(Sha2 kind, ByteView input) {
    Digest digest = empty_digest(kind);
    const int done =
        EVP_Digest(input.data(), input.size(), digest.data(), nullptr, algorithm(kind), nullptr);
    CHECK(done == 1, "libcrypto has SHA-2");
    return digest;
}

Digest hmac(Sha2 kind, ByteView key, ByteView input) {
    Digest digest = empty_digest(kind);
    const auto* done = HMAC(algorithm(kind),
                            key.data(),
                            static_cast<int>(key.size()),
                            input.data(),
                            input.size(),
                            digest.data(),
                            nullptr);
    CHECK(done != nullptr, "libcrypto has HMAC");
    return digest;
}

Digest pbkdf2(Sha2 kind, const Stretching& how) {
    CHECK(how.iteration_count > 0);
    Digest digest = empty_digest(kind);
    const std::string_view password = as_text(how.password);
    const int done = PKCS5_PBKDF2_HMAC(password.data(),
                                       static_cast<int>(password.size()),
                                       how.salt.data(),
                                       static_cast<int>(how.salt.size()),
                                       how.iteration_count,
                                       algorithm(kind),
                                       static_cast<int>(digest.size()),
                                       digest.data());
    CHECK(done == 1, "libcrypto has PBKDF2");
    return digest;
}

}  // namespace glasslog::metadata
