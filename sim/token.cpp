#include "sim/token.hpp"

#include "sim/scenario_parser.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace glasslog::sim {
namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

constexpr std::array<std::string_view, 6> long_signs{"==", "!=", "<=", ">=", "->", "|"};
constexpr std::string_view short_signs = "(){},<>=|";

struct Unit {
    std::string_view name;
    std::int64_t nanoseconds;
};

// So that no sum of times in a scenario overflows.
constexpr Duration duration_max = Duration::seconds(100'000'000);
constexpr Duration latency_max = Duration::seconds(60);

constexpr std::array units{Unit{"ns", 1},
                           Unit{"us", 1'000},
                           Unit{"ms", 1'000'000},
                           Unit{"min", 60'000'000'000},
                           Unit{"s", 1'000'000'000}};

// The sign that begins here, or nothing.
std::string_view sign_at(std::string_view rest) {
    for (const std::string_view sign : long_signs) {
        if (rest.starts_with(sign)) return rest.substr(0, sign.size());
    }
    return short_signs.find(rest.front()) == std::string_view::npos ? "" : rest.substr(0, 1);
}

// Within a word only these end it: "acks=all" and "b1->c1" differ.
bool ends_word(char c) {
    return is_blank(c) || std::string_view("(){},<>|\"#").find(c) != std::string_view::npos;
}

// Letters to add, drop or change, and neighbours to exchange.
std::size_t edits_between(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> rows(a.size() + 1,
                                               std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) {
        for (std::size_t j = 0; j <= b.size(); ++j) {
            if (i == 0 || j == 0) {
                rows[i][j] = i + j;
                continue;
            }
            const std::size_t change = rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            rows[i][j] = std::min({change, rows[i - 1][j] + 1, rows[i][j - 1] + 1});
            const bool is_exchange = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (is_exchange) rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
        }
    }
    return rows.back().back();
}

}  // namespace

TokenLine::Read<TokenLine> TokenLine::split(std::string_view line,
                                            const std::string& where,
                                            std::int32_t number) {
    TokenLine out;
    out.where_ = where;
    out.number_ = number;
    out.is_indented_ = !line.empty() && is_blank(line.front());
    std::size_t at = 0;
    while (at < line.size()) {
        if (is_blank(line[at])) {
            ++at;
            continue;
        }
        if (line[at] == '#') break;
        Token token;
        token.column = static_cast<std::int32_t>(at) + 1;
        if (line[at] == '"') {
            const std::size_t close = line.find('"', at + 1);
            if (close == std::string_view::npos) {
                return Unexpected{out.error_at({number, token.column},
                                               "a text that does not end",
                                               "a closing \"",
                                               {})};
            }
            token.kind = TokenKind::text;
            token.text = line.substr(at + 1, close - at - 1);
            at = close + 1;
        } else if (const std::string_view sign = sign_at(line.substr(at)); !sign.empty()) {
            token.kind = TokenKind::sign;
            token.text = sign;
            at += sign.size();
        } else {
            const std::size_t begin = at;
            while (at < line.size() && !ends_word(line[at]))
                ++at;
            token.kind = TokenKind::word;
            token.text = line.substr(begin, at - begin);
        }
        out.tokens_.push_back(std::move(token));
    }
    out.tokens_.push_back({TokenKind::end, "", static_cast<std::int32_t>(line.size()) + 1});
    return out;
}

bool TokenLine::skip(std::string_view text) {
    if (peek().kind == TokenKind::text || peek().kind == TokenKind::end) return false;
    if (peek().text != text) return false;
    next();
    return true;
}

InputError TokenLine::error_at(TextPlace place,
                               std::string what,
                               std::string expected,
                               std::string hint) const {
    return {fmt::format("{}:{}:{}", where_, place.line, place.column),
            std::move(what),
            std::move(expected),
            std::move(hint)};
}

InputError TokenLine::error(const std::string& expected,
                            const std::vector<std::string>& candidates) const {
    const Token& token = peek();
    std::string what = "the line ends too early";
    if (token.kind == TokenKind::text) what = fmt::format("unexpected text \"{}\"", token.text);
    if (token.kind == TokenKind::word) what = fmt::format("unexpected word '{}'", token.text);
    if (token.kind == TokenKind::sign) what = fmt::format("unexpected '{}'", token.text);
    std::string hint;
    const std::string near =
        token.kind == TokenKind::word ? nearest_word(token.text, candidates) : "";
    if (!near.empty()) hint = fmt::format("did you mean '{}'?", near);
    return error_at(place(), std::move(what), expected, std::move(hint));
}

TokenLine::Read<std::string> TokenLine::take_word(const std::string& expected) {
    if (peek().kind != TokenKind::word) return Unexpected{error(expected)};
    return next().text;
}

TokenLine::Read<std::string> TokenLine::take_text() {
    if (peek().kind != TokenKind::text) return Unexpected{error("a text in \"quotes\"")};
    return next().text;
}

TokenLine::Read<std::string> TokenLine::take_one_of(const std::vector<std::string>& words) {
    for (const std::string& word : words) {
        if (skip(word)) return word;
    }
    std::string expected;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) expected += i + 1 == words.size() ? " or " : ", ";
        expected += words[i];
    }
    return Unexpected{error(expected, words)};
}

TokenLine::Read<std::string> TokenLine::take_name(const std::string& kind,
                                                  const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        if (skip(name)) return name;
    }
    const char* const colon = names.empty() ? "; there is none" : ": ";
    return Unexpected{error(fmt::format("{}{}{}", kind, colon, fmt::join(names, ", ")), names)};
}

TokenLine::Read<void> TokenLine::take_sign(const std::string& sign) {
    if (!skip(sign)) return Unexpected{error("'" + sign + "'")};
    return {};
}

TokenLine::Read<std::int64_t> TokenLine::take_count(std::int64_t low, std::int64_t high) {
    const std::string expected = high == INT64_MAX
                                     ? fmt::format("a number from {}", low)
                                     : fmt::format("a number from {} to {}", low, high);
    if (peek().kind != TokenKind::word) return Unexpected{error(expected)};
    const auto value = to_integer(peek().text);
    if (!value || *value < low || *value > high) return Unexpected{error(expected)};
    next();
    return *value;
}

TokenLine::Read<Duration> TokenLine::take_duration() {
    return take_duration(Duration{}, "a time as 1.5s, 20ms or 300us");
}

TokenLine::Read<Duration> TokenLine::take_signed_duration() {
    return take_duration(Duration{} - duration_max, "a time as 1.5s or -20ms");
}

TokenLine::Read<Duration> TokenLine::take_duration(Duration low, const std::string& expected) {
    if (peek().kind != TokenKind::word) return Unexpected{error(expected)};
    const auto value = to_duration(peek().text);
    if (!value || *value < low || *value > duration_max) return Unexpected{error(expected)};
    next();
    return *value;
}

TokenLine::Read<Latency> TokenLine::take_range() {
    const std::string expected = "a range of times as 1ms..5ms, at most 60s";
    if (peek().kind != TokenKind::word) return Unexpected{error(expected)};
    const std::string_view text = peek().text;
    const std::size_t dots = text.find("..");
    const bool is_single = dots == std::string_view::npos;
    const auto low = to_duration(text.substr(0, dots));
    const auto high = is_single ? low : to_duration(text.substr(dots + 2));
    if (!low || !high || *low > *high || *low < Duration{} || *high > latency_max)
        return Unexpected{error(expected)};
    next();
    return Latency{*low, *high, Shape::uniform};
}

TokenLine::Read<void> TokenLine::take_end() {
    if (!is_at_end()) return Unexpected{error("the end of the line")};
    return {};
}

std::optional<std::int64_t> to_integer(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<Duration> to_duration(std::string_view text) {
    if (text.starts_with('-')) {
        if (text.starts_with("--")) return std::nullopt;
        const auto positive = to_duration(text.substr(1));
        return positive ? std::optional(Duration{} - *positive) : std::nullopt;
    }
    for (const Unit& unit : units) {
        if (!text.ends_with(unit.name)) continue;
        const std::string_view digits = text.substr(0, text.size() - unit.name.size());
        const std::size_t dot = digits.find('.');
        const auto whole = to_integer(digits.substr(0, dot));
        if (!whole || *whole > 1'000'000'000'000'000'000 / unit.nanoseconds) return std::nullopt;
        std::int64_t ns = *whole * unit.nanoseconds;
        if (dot == std::string_view::npos) return Duration::nanoseconds(ns);
        std::int64_t place = unit.nanoseconds;
        for (const char c : digits.substr(dot + 1)) {
            if (c < '0' || c > '9') return std::nullopt;
            place /= 10;
            ns += (c - '0') * place;
        }
        return Duration::nanoseconds(ns);
    }
    return std::nullopt;
}

std::string duration_text(Duration duration) {
    const std::int64_t ns = duration.nanoseconds();
    for (const std::string_view name : {"s", "ms", "us"}) {
        for (const Unit& unit : units) {
            if (unit.name == name && ns % unit.nanoseconds == 0) {
                return fmt::format("{}{}", ns / unit.nanoseconds, name);
            }
        }
    }
    return fmt::format("{}ns", ns);
}

std::optional<std::int64_t> to_thousandths(std::string_view text) {
    constexpr std::int64_t thousandth = 1'000'000;  // of a second, in nanoseconds
    const auto seconds = to_duration(std::string(text) + "s");
    if (!seconds || seconds->nanoseconds() % thousandth != 0) return std::nullopt;
    return seconds->nanoseconds() / thousandth;
}

std::string thousandths_text(std::int64_t thousandths) {
    std::string out = std::to_string(thousandths / 1000);
    if (thousandths % 1000 == 0) return out;
    out += fmt::format(".{:03}", thousandths % 1000);
    while (out.back() == '0')
        out.pop_back();
    return out;
}

std::string nearest_word(const std::string& word, const std::vector<std::string>& candidates) {
    std::string best;
    std::size_t best_distance = word.size() / 2 + 1;
    for (const std::string& candidate : candidates) {
        const std::size_t distance = edits_between(word, candidate);
        if (distance >= best_distance) continue;
        best_distance = distance;
        best = candidate;
    }
    return best;
}

}  // namespace glasslog::sim
