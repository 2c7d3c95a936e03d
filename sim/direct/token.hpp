#pragma once

// What a direct world packs into a RequestToken, so that no table of owed answers is needed.

#include "core/raft/types.hpp"

#include <cstdint>

namespace glasslog::sim::direct {

inline constexpr std::uint8_t client_number = 15;

// asker: the node's number, or client_number, then `request` is the operation. copy: tells apart
// the answers that are owed for copies of one message; only its low bits are kept.
struct Token {
    std::uint8_t asker = 0;
    std::uint32_t life = 0;
    std::uint64_t request = 0;
    bool is_pre_vote = false;
    std::uint32_t copy = 0;
};

//   63..60 asker   59..48 life   47..16 request   15 pre-vote   14..0 copy
inline raft::RequestToken pack(const Token& token) {
    return raft::RequestToken(std::uint64_t{token.asker} << 60 |
                              (std::uint64_t{token.life} & 0xFFF) << 48 |
                              (token.request & 0xFFFFFFFF) << 16 |
                              (token.is_pre_vote ? 0x8000U : 0U) | (token.copy & 0x7FFF));
}

inline Token unpack(raft::RequestToken packed) {
    const std::uint64_t bits = packed.value();
    return {.asker = static_cast<std::uint8_t>(bits >> 60),
            .life = static_cast<std::uint32_t>(bits >> 48 & 0xFFF),
            .request = bits >> 16 & 0xFFFFFFFF,
            .is_pre_vote = (bits & 0x8000) != 0,
            .copy = static_cast<std::uint32_t>(bits & 0x7FFF)};
}

inline Token client_token(std::uint64_t operation) {
    return {.asker = client_number,
            .life = 0,
            .request = operation,
            .is_pre_vote = false,
            .copy = 0};
}

}  // namespace glasslog::sim::direct
