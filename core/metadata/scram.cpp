#include "core/metadata/scram.hpp"

#include "core/metadata/sha2.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace glasslog::metadata {

namespace {

constexpr std::int32_t iterations_min = 4096;
constexpr std::int32_t iterations_max = 16384;

struct Mechanism {
    std::string_view name;
    std::int8_t number;
    Sha2 hash;
};

constexpr std::array mechanisms{Mechanism{"SCRAM-SHA-256", 1, Sha2::sha256},
                                Mechanism{"SCRAM-SHA-512", 2, Sha2::sha512}};

Unexpected<InputError> refuse(std::string what, std::string expected) {
    return Unexpected{InputError{"--add-scram",
                                 std::move(what),
                                 std::move(expected),
                                 "'SCRAM-SHA-256=[name=alice,password=alice-secret]'"}};
}

// The alphabet of RFC 4648, 4; padding may be left out.
std::optional<Bytes> decode_base64(std::string_view text) {
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    while (text.ends_with('='))
        text.remove_suffix(1);
    std::vector<std::uint8_t> bytes;
    std::uint32_t bits = 0;
    int bit_count = 0;
    for (const char c : text) {
        const std::size_t value = alphabet.find(c);
        if (value == std::string_view::npos) return std::nullopt;
        bits = (bits << 6) | static_cast<std::uint32_t>(value);
        bit_count += 6;
        if (bit_count < 8) continue;
        bit_count -= 8;
        bytes.push_back(static_cast<std::uint8_t>(bits >> bit_count));
    }
    return Bytes::from(std::move(bytes));
}

using Parts = std::map<std::string, std::string, std::less<>>;

// "name=alice,salt="…"": the quotes go.
Expected<Parts, InputError> parse_parts(std::string_view text) {
    Parts parts;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(','), text.size());
        const std::string_view part = text.substr(0, end);
        const std::size_t sign = part.find('=');
        if (sign == std::string_view::npos) {
            return refuse(fmt::format("'{}' is no part of a credential", part), "key=value");
        }
        std::string_view value = part.substr(sign + 1);
        if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
            value = value.substr(1, value.size() - 2);
        }
        const std::string key(part.substr(0, sign));
        constexpr std::array known{"name", "password", "iterations", "salt", "saltedpassword"};
        if (std::ranges::find(known, key) == known.end()) {
            return refuse(fmt::format("'{}' is no part of a credential", key),
                          "name, password, iterations, salt or saltedpassword");
        }
        parts[key] = value;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

Expected<std::int32_t, InputError> iterations_of(const Parts& parts) {
    const auto found = parts.find("iterations");
    if (found == parts.end()) return iterations_min;
    const std::string& text = found->second;
    std::int32_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    const bool is_number = error == std::errc() && end == text.data() + text.size();
    if (is_number && count >= iterations_min && count <= iterations_max) return count;
    return refuse(fmt::format("iterations={} cannot be used", text),
                  fmt::format("a number from {} to {}", iterations_min, iterations_max));
}

Expected<Bytes, InputError> bytes_of(const Parts& parts, const char* key) {
    auto bytes = decode_base64(parts.find(key)->second);
    if (!bytes || bytes->empty()) return refuse(fmt::format("{} is no base64", key), "base64");
    return *std::move(bytes);
}

Expected<Bytes, InputError> salted_password(const Parts& parts,
                                            Sha2 hash,
                                            const protocol::UserScramCredentialRecord& record) {
    const bool is_salted = parts.contains("saltedpassword");
    if (is_salted == parts.contains("password")) {
        return refuse("one of password and saltedpassword is needed", "exactly one of them");
    }
    if (!is_salted) {
        return Bytes::from(pbkdf2(hash,
                                  {.password = as_bytes(parts.find("password")->second),
                                   .salt = record.salt.view(),
                                   .iteration_count = record.iterations}));
    }
    if (!parts.contains("salt")) return refuse("saltedpassword without its salt", "salt=BASE64");
    return bytes_of(parts, "saltedpassword");
}

}  // namespace

Expected<protocol::UserScramCredentialRecord, InputError> scram_credential(std::string_view text,
                                                                           const Bytes& salt) {
    const std::size_t sign = std::min(text.find('='), text.size());
    const auto mechanism = std::ranges::find(mechanisms, text.substr(0, sign), &Mechanism::name);
    if (mechanism == mechanisms.end()) {
        return refuse(fmt::format("no mechanism '{}'", text.substr(0, sign)),
                      "SCRAM-SHA-256 or SCRAM-SHA-512");
    }
    const std::string_view list = text.substr(std::min(sign + 1, text.size()));
    if (list.size() < 2 || list.front() != '[' || list.back() != ']') {
        return refuse("no list of parts", "MECHANISM=[key=value,...]");
    }
    const Parts parts = TRY(parse_parts(list.substr(1, list.size() - 2)));
    if (!parts.contains("name")) return refuse("no name", "name=USER");
    protocol::UserScramCredentialRecord record;
    record.name = parts.find("name")->second;
    record.mechanism = mechanism->number;
    record.salt = parts.contains("salt") ? TRY(bytes_of(parts, "salt")) : salt;
    record.iterations = TRY(iterations_of(parts));
    const Bytes salted = TRY(salted_password(parts, mechanism->hash, record));
    const Digest client = hmac(mechanism->hash, salted.view(), as_bytes("Client Key"));
    record.stored_key = Bytes::from(sha2(mechanism->hash, client));
    record.server_key = Bytes::from(hmac(mechanism->hash, salted.view(), as_bytes("Server Key")));
    return record;
}

}  // namespace glasslog::metadata
