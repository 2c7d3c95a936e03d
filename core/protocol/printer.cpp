#include "core/protocol/printer.hpp"

#include <cstdlib>

namespace glasslog::protocol {
namespace {

std::uint8_t byte_at(std::string_view text, std::size_t at) {
    return at < text.size() ? static_cast<std::uint8_t>(text[at]) : std::uint8_t{0};
}

// Whether `second` may follow `lead`: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_second(std::uint8_t lead, std::uint8_t second) {
    const std::uint8_t lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const std::uint8_t highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    return lowest <= second && second <= highest;
}

// Bytes of the UTF-8 character that begins at `at`; 0 when none does. Source: RFC 3629, section 4.
std::size_t character_size(std::string_view text, std::size_t at) {
    const std::uint8_t lead = byte_at(text, at);
    if (lead < 0x80) return 1;
    if (lead < 0xC2 || lead > 0xF4) return 0;
    const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (!is_second(lead, byte_at(text, at + 1))) return 0;
    for (std::size_t i = 2; i < size; ++i) {
        if ((byte_at(text, at + i) & 0xC0) != 0x80) return 0;
    }
    return size;
}

void append_ascii(std::string& out, char c) {
    if (c == '"' || c == '\\') {
        out += '\\';
        out += c;
    } else if (c == '\n') {
        out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
        out += c;
    }
}

// Millionths of an IEEE 754 double, rounded; empty when it is too large, or no number.
std::optional<std::int64_t> millionths(Float64 value) {
    constexpr int fraction_bits = 52;
    constexpr int exponent_bias = 1023;
    constexpr int kept_bits = 40;  // of the fraction: times a million they still fit
    constexpr std::uint64_t million = 1'000'000;
    const std::uint64_t implicit = std::uint64_t{1} << fraction_bits;
    const auto exponent =
        static_cast<int>((value.value() >> fraction_bits) & 0x7FF) - exponent_bias;
    if (exponent < -kept_bits) return 0;
    if (exponent >= kept_bits) return std::nullopt;
    const std::uint64_t mantissa = (value.value() & (implicit - 1)) | implicit;
    const int point = fraction_bits - exponent;  // bits behind the binary point, 13 to 92
    const std::uint64_t whole = point < 64 ? mantissa >> point : 0;
    const std::uint64_t behind = point < 64 ? mantissa - (whole << point) : mantissa;
    const std::uint64_t kept =
        point >= kept_bits ? behind >> (point - kept_bits) : behind << (kept_bits - point);
    const std::uint64_t half = std::uint64_t{1} << (kept_bits - 1);
    const auto size =
        static_cast<std::int64_t>(whole * million + ((kept * million + half) >> kept_bits));
    return (value.value() >> 63) != 0 ? -size : size;
}

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t size = character_size(text, at);
        if (size == 0) {
            out += '?';
        } else if (size == 1) {
            append_ascii(out, text[at]);
        } else {
            out += text.substr(at, size);
        }
        at += std::max(size, std::size_t{1});
    }
    out += '"';
}

void Printer::put(const Payload& value) {
    fmt::format_to(std::back_inserter(out_), "\"{} bytes\"", value.size());
}

// At most six decimals; what they cannot say, as its bits.
void Printer::put_float64(Float64 value) {
    const auto scaled = millionths(value);
    if (!scaled) {
        fmt::format_to(std::back_inserter(out_), R"("bits {:016x}")", value.value());
        return;
    }
    constexpr std::int64_t million = 1'000'000;
    const std::int64_t size = std::abs(*scaled);
    fmt::format_to(std::back_inserter(out_), "{}{}", *scaled < 0 ? "-" : "", size / million);
    if (size % million == 0) return;
    std::string decimals = fmt::format(".{:06}", size % million);
    decimals.erase(decimals.find_last_not_of('0') + 1);
    out_ += decimals;
}

void Printer::put_error(WireError error) {
    const std::string_view known = name(error);
    if (known.empty()) {
        fmt::format_to(std::back_inserter(out_), "{}", static_cast<int>(error));
    } else {
        append_quoted(out_, known);
    }
}

}  // namespace glasslog::protocol
