#include "core/trace/kinds.hpp"

#include "core/protocol/reader.hpp"
#include "core/protocol/writer.hpp"
#include "core/trace/json.hpp"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <type_traits>
#include <utility>

namespace glasslog::trace {
namespace {

using protocol::Version;

// The one version in which kinds are encoded. Flexible: a field of a later build is a tagged one,
// which this build skips.
constexpr Version only_version{0};
constexpr bool is_flexible = true;

// The walker that lists names and values.
class Lister {
public:
    template <typename T>
    void field(std::string_view name, const T& value, protocol::Spec spec = {}) {
        if (spec.is_tagged() && protocol::is_tag_default(value, spec)) return;
        constexpr bool is_text = std::is_same_v<T, std::string>;
        out.push_back({std::string(name), fmt::format("{}", value), is_text});
    }

    std::vector<Field> out;
};

struct KindEntry {
    KindFacts facts;
    Expected<AnyKind, DecodeError> (*decode)(const Bytes&);
};

template <typename Kind>
Expected<AnyKind, DecodeError> decode_as(const Bytes& bytes) {
    Kind fields;
    protocol::Reader reader(bytes, only_version, is_flexible);
    reader.structure(fields);
    if (!reader.ok()) return Unexpected{reader.error()};
    return AnyKind(std::move(fields));
}

template <std::size_t... I>
constexpr auto make_entries(std::index_sequence<I...>) {
    return std::array<KindEntry, sizeof...(I)>{
        KindEntry{std::variant_alternative_t<I + 1, AnyKind>::kind,
                  decode_as<std::variant_alternative_t<I + 1, AnyKind>>}...};
}

constexpr auto entries = make_entries(std::make_index_sequence<std::variant_size_v<AnyKind> - 1>());

constexpr bool numbers_ascend() {
    for (std::size_t i = 1; i < entries.size(); ++i) {
        if (entries[i - 1].facts.number >= entries[i].facts.number) return false;
    }
    return true;
}

static_assert(numbers_ascend(), "AnyKind is in order of the numbers, each used once");

constexpr std::size_t numbers_end = entries.back().facts.number + 1;

constexpr auto by_number = [] {
    std::array<std::uint8_t, numbers_end> positions{};
    for (std::size_t i = 0; i < entries.size(); ++i)
        positions[entries[i].facts.number] = static_cast<std::uint8_t>(i + 1);
    return positions;
}();

const KindEntry* find(std::uint16_t number) {
    if (number >= numbers_end || by_number[number] == 0) return nullptr;
    return &entries[by_number[number] - 1U];
}

}  // namespace

template <typename Kind>
std::vector<std::uint8_t> encode(const Kind& fields) {
    protocol::Writer writer(only_version, is_flexible);
    writer.structure(fields);
    const Bytes bytes = writer.finish().flatten();
    return {bytes.view().begin(), bytes.view().end()};
}

// Instantiates encode() for every kind, by taking its address.
template <std::size_t... I>
auto instantiate_encoders(std::index_sequence<I...>) {
    return std::make_tuple(&encode<std::variant_alternative_t<I + 1, AnyKind>>...);
}

template auto instantiate_encoders(std::make_index_sequence<std::variant_size_v<AnyKind> - 1>);

Expected<AnyKind, DecodeError> decode_kind(std::uint16_t number, const Bytes& bytes) {
    const KindEntry* const entry = find(number);
    if (entry == nullptr) return AnyKind();
    return entry->decode(bytes);
}

std::string kind_name(std::uint16_t number) {
    const KindEntry* const entry = find(number);
    return entry == nullptr ? fmt::format("kind {}", number) : std::string(entry->facts.name);
}

std::optional<std::uint16_t> kind_number(std::string_view name) {
    for (const KindEntry& entry : entries) {
        if (entry.facts.name == name) return entry.facts.number;
    }
    return std::nullopt;
}

std::vector<Field> fields_of(std::uint16_t number, const Bytes& bytes) {
    const auto decoded = decode_kind(number, bytes);
    Lister lister;
    if (!decoded || std::holds_alternative<std::monostate>(*decoded)) {
        lister.field("bytes", to_hex(bytes.view()));
        return std::move(lister.out);
    }
    std::visit(
        [&](const auto& fields) {
            using Kind = std::remove_cvref_t<decltype(fields)>;
            if constexpr (!std::is_same_v<Kind, std::monostate>) Kind::walk(fields, lister);
        },
        *decoded);
    return std::move(lister.out);
}

std::string fields_json(std::uint16_t number, const Bytes& bytes) {
    std::string out;
    for (const Field& field : fields_of(number, bytes)) {
        out += fmt::format("{}\"{}\":{}",
                           out.empty() ? "" : ",",
                           field.name,
                           field.is_text ? json_string(field.value) : field.value);
    }
    return "{" + out + "}";
}

std::string fields_text(std::uint16_t number, const Bytes& bytes) {
    std::string out;
    for (const Field& field : fields_of(number, bytes)) {
        const bool is_word =
            !field.value.empty() && field.value.find_first_of(" \"=\n") == std::string::npos;
        out += fmt::format("{}{}={}",
                           out.empty() ? "" : " ",
                           field.name,
                           is_word ? field.value : json_string(field.value));
    }
    return out;
}

}  // namespace glasslog::trace
