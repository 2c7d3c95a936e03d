#pragma once

// A SCRAM credential from what a person writes: what the server keeps of a password, as a metadata
// record. Source: RFC 5802, KIP-84, KIP-900.

#include "core/base/bytes.hpp"
#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/protocol/messages/security_records.hpp"

#include <string_view>

namespace glasslog::metadata {

// text: "SCRAM-SHA-256=[name=alice,password=alice-secret]", or with SCRAM-SHA-512, and with
// iterations=N (4096 to 16384), salt="base64", saltedpassword="base64" in place of the password.
// salt: used when the text has none. Refuses what lacks a part, with a hint.
Expected<protocol::UserScramCredentialRecord, InputError> scram_credential(std::string_view text,
                                                                           const Bytes& salt);

}  // namespace glasslog::metadata
