#pragma once

// Words, strings and signs of one line of the scenario language.

#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/base/time.hpp"
#include "sim/latency.hpp"
#include "sim/scenario.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace glasslog::sim {

enum class TokenKind : std::uint8_t { word, text, sign, end };

struct Token {
    TokenKind kind = TokenKind::end;
    std::string text;  // of a text: without quotes
    std::int32_t column = 0;
};

// One line, and where the reader stands in it. Every take_… moves on or says what was expected.
class TokenLine {
public:
    template <typename T>
    using Read = Expected<T, InputError>;

    // number: of the line, from 1.
    static Read<TokenLine> split(std::string_view line,
                                 const std::string& where,
                                 std::int32_t number);

    bool is_empty() const { return tokens_.size() == 1; }

    bool is_indented() const { return is_indented_; }

    bool is_at_end() const { return peek().kind == TokenKind::end; }

    const Token& peek() const { return tokens_[at_]; }

    TextPlace place() const { return {number_, peek().column}; }

    // True, and past it, when the next token is this word or sign.
    bool skip(std::string_view text);

    Read<std::string> take_word(const std::string& expected);
    Read<std::string> take_text();

    // One of `words`.
    Read<std::string> take_one_of(const std::vector<std::string>& words);

    // One of `names`, which are what `kind` says ("a topic"): for errors, also when there is none.
    Read<std::string> take_name(const std::string& kind, const std::vector<std::string>& names);
    Read<void> take_sign(const std::string& sign);
    Read<std::int64_t> take_count(std::int64_t low, std::int64_t high = INT64_MAX);

    // "1.5s", "20ms", "300us", "5ns"; of at most three years.
    Read<Duration> take_duration();

    // "-5s" too.
    Read<Duration> take_signed_duration();

    // "1ms..5ms" or "2ms"; of at most a minute.
    Read<Latency> take_range();
    Read<void> take_end();

    // The next token cannot stand here.
    InputError error(const std::string& expected,
                     const std::vector<std::string>& candidates = {}) const;
    InputError error_at(TextPlace place,
                        std::string what,
                        std::string expected,
                        std::string hint) const;

private:
    Read<Duration> take_duration(Duration low, const std::string& expected);

    const Token& next() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }

    std::string where_;
    std::int32_t number_ = 0;
    bool is_indented_ = false;
    std::vector<Token> tokens_;  // ends with an `end`
    std::size_t at_ = 0;
};

std::optional<Duration> to_duration(std::string_view text);
std::optional<std::int64_t> to_integer(std::string_view text);

// "0.2" is 200: a number with up to three places after the point.
std::optional<std::int64_t> to_thousandths(std::string_view text);

// The shortest text that to_thousandths() reads as the same.
std::string thousandths_text(std::int64_t thousandths);

// "1.5s": the shortest text that to_duration() reads as the same.
std::string duration_text(Duration duration);

}  // namespace glasslog::sim
