#include "core/base/sha2.hpp"

#include "core/base/check.hpp"
#include "core/base/sha2_table.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <functional>

namespace glasslog {

namespace {

// What differs between the two: the word, the rounds, and how far words are turned.
struct Sha256 {
    using Word = std::uint32_t;
    static constexpr std::size_t round_count = 64;
    static constexpr std::array<int, 3> sum_0{2, 13, 22};
    static constexpr std::array<int, 3> sum_1{6, 11, 25};
    static constexpr std::array<int, 3> schedule_0{7, 18, 3};  // the last is a shift
    static constexpr std::array<int, 3> schedule_1{17, 19, 10};

    static constexpr Word constant(std::uint64_t root) { return static_cast<Word>(root >> 32); }
};

struct Sha512 {
    using Word = std::uint64_t;
    static constexpr std::size_t round_count = 80;
    static constexpr std::array<int, 3> sum_0{28, 34, 39};
    static constexpr std::array<int, 3> sum_1{14, 18, 41};
    static constexpr std::array<int, 3> schedule_0{1, 8, 7};
    static constexpr std::array<int, 3> schedule_1{19, 61, 6};

    static constexpr Word constant(std::uint64_t root) { return root; }
};

template <typename Word>
Word turned(Word word, const std::array<int, 3>& by) {
    return std::rotr(word, by[0]) ^ std::rotr(word, by[1]) ^ std::rotr(word, by[2]);
}

template <typename Word>
Word turned_and_shifted(Word word, const std::array<int, 3>& by) {
    return std::rotr(word, by[0]) ^ std::rotr(word, by[1]) ^ (word >> by[2]);
}

template <typename Kind>
void take_block(std::array<typename Kind::Word, 8>& hash, const std::uint8_t* block) {
    using Word = typename Kind::Word;
    std::array<Word, Kind::round_count> w{};
    for (std::size_t t = 0; t < 16; ++t)
        w[t] = load_be<Word>(block + t * sizeof(Word));
    for (std::size_t t = 16; t < w.size(); ++t) {
        w[t] = turned_and_shifted(w[t - 2], Kind::schedule_1) + w[t - 7] +
               turned_and_shifted(w[t - 15], Kind::schedule_0) + w[t - 16];
    }
    auto [a, b, c, d, e, f, g, h] = hash;
    for (std::size_t t = 0; t < w.size(); ++t) {
        const Word choice = (e & f) ^ (~e & g);
        const Word majority = (a & b) ^ (a & c) ^ (b & c);
        const Word one =
            h + turned(e, Kind::sum_1) + choice + Kind::constant(sha2_cube_roots[t]) + w[t];
        const Word two = turned(a, Kind::sum_0) + majority;
        h = g;
        g = f;
        f = e;
        e = d + one;
        d = c;
        c = b;
        b = a;
        a = one + two;
    }
    const std::array<Word, 8> added{a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < hash.size(); ++i)
        hash[i] += added[i];
}

template <typename Kind>
Digest hashed(ByteView input) {
    using Word = typename Kind::Word;
    constexpr std::size_t block_size = 16 * sizeof(Word);
    std::array<Word, 8> hash{};
    for (std::size_t i = 0; i < hash.size(); ++i)
        hash[i] = Kind::constant(sha2_square_roots[i]);

    // A one bit, zeros, and the length in bits at the end of a block.
    std::vector<std::uint8_t> padded(input.begin(), input.end());
    padded.push_back(0x80);
    while (padded.size() % block_size != block_size - 2 * sizeof(Word))
        padded.push_back(0);
    padded.resize(padded.size() + 2 * sizeof(Word) - sizeof(std::uint64_t));
    append_be(padded, static_cast<std::uint64_t>(input.size()) * 8);
    for (std::size_t at = 0; at < padded.size(); at += block_size)
        take_block<Kind>(hash, padded.data() + at);

    Digest digest;
    for (const Word word : hash)
        append_be(digest, word);
    return digest;
}

std::size_t block_size(Sha2 kind) {
    return kind == Sha2::sha256 ? 64 : 128;
}

}  // namespace

Digest sha2(Sha2 kind, ByteView input) {
    return kind == Sha2::sha256 ? hashed<Sha256>(input) : hashed<Sha512>(input);
}

Digest hmac(Sha2 kind, ByteView key, ByteView input) {
    std::vector<std::uint8_t> inner(key.begin(), key.end());
    if (inner.size() > block_size(kind)) inner = sha2(kind, key);
    inner.resize(block_size(kind));
    std::vector<std::uint8_t> outer = inner;
    for (std::uint8_t& byte : inner)
        byte ^= 0x36;
    for (std::uint8_t& byte : outer)
        byte ^= 0x5c;
    inner.insert(inner.end(), input.begin(), input.end());
    const Digest digest = sha2(kind, inner);
    outer.insert(outer.end(), digest.begin(), digest.end());
    return sha2(kind, outer);
}

Digest pbkdf2(Sha2 kind, const Stretching& how) {
    CHECK(how.iteration_count >= 1);
    std::vector<std::uint8_t> first(how.salt.begin(), how.salt.end());
    append_be(first, std::int32_t{1});  // the number of the block
    Digest last = hmac(kind, how.password, first);
    Digest result = last;
    for (std::int32_t i = 1; i < how.iteration_count; ++i) {
        last = hmac(kind, how.password, last);
        std::ranges::transform(result, last, result.begin(), std::bit_xor<std::uint8_t>());
    }
    return result;
}

}  // namespace glasslog
