#include "core/protocol/metadata_record.hpp"

#include "core/base/check.hpp"
#include "core/base/overloaded.hpp"
#include "core/base/varint.hpp"
#include "core/protocol/codec.hpp"

namespace glasslog::protocol {
namespace {

constexpr std::uint32_t frame_version = 1;

// Takes an unsigned varint of at most 15 bits from the front of `left`.
std::optional<std::int16_t> take_number(ByteView& left) {
    const auto number = read_unsigned_varint(left);
    if (!number || number->value > INT16_MAX) return std::nullopt;
    left = left.subspan(number->size);
    return static_cast<std::int16_t>(number->value);
}

template <typename Record>
Expected<MetadataRecord, DecodeError> decode_as(const Bytes& body, Version version) {
    auto record = TRY(decode<Record>(body, version));
    return MetadataRecord(std::move(record));
}

template <typename... Records>
Expected<MetadataRecord, DecodeError> decode_body(std::variant<Records...>* /*of*/,
                                                  std::int16_t key,
                                                  Version version,
                                                  const Bytes& body) {
    Expected<MetadataRecord, DecodeError> result = MetadataRecord(UnknownRecord{key, body});
    const auto attempt = [&]<typename Record>(Record* /*of*/) {
        if constexpr (Walkable<Record>) {
            if (Record::key == key) result = decode_as<Record>(body, version);
        }
    };
    (attempt(static_cast<Records*>(nullptr)), ...);
    return result;
}

}  // namespace

Bytes encode_metadata_record(const VersionedRecord& record) {
    std::int16_t key = 0;
    Payload body;
    std::visit(overloaded{[&](const UnknownRecord& unknown) {
                              key = unknown.key;
                              body = Payload(unknown.body);
                          },
                          [&]<typename Record>(const Record& known) {
                              key = Record::key;
                              body = encode(known, record.version);
                          }},
               record.record);
    std::vector<std::uint8_t> out;
    append_unsigned_varint(out, frame_version);
    append_unsigned_varint(out, static_cast<std::uint64_t>(key));
    append_unsigned_varint(out, static_cast<std::uint64_t>(record.version.value()));
    for (const Bytes& part : body.parts())
        out.insert(out.end(), part.view().begin(), part.view().end());
    return Bytes::from(std::move(out));
}

Expected<VersionedRecord, DecodeError> decode_metadata_record(const Bytes& value) {
    ByteView left = value.view();
    const auto frame = take_number(left);
    if (frame != frame_version) return Unexpected{DecodeError{"no metadata record frame", 0}};
    const auto key = take_number(left);
    const auto version = key.has_value() ? take_number(left) : std::nullopt;
    if (!version) return Unexpected{DecodeError{"broken metadata record frame", 1}};
    const Bytes body = value.slice(value.size() - left.size(), left.size());
    constexpr MetadataRecord* types = nullptr;
    auto record = TRY(decode_body(types, *key, Version{*version}, body));
    return VersionedRecord{std::move(record), Version{*version}};
}

std::string metadata_record_name(const MetadataRecord& record) {
    return std::visit(
        overloaded{
            [](const UnknownRecord& unknown) { return fmt::format("record type {}", unknown.key); },
            []<typename Record>(const Record&) { return std::string(Record::message_name); }},
        record);
}

std::string print_metadata_record(const VersionedRecord& record) {
    return std::visit(overloaded{[](const UnknownRecord& unknown) {
                                     return fmt::format(R"({{"body":"{}"}})",
                                                        to_hex(unknown.body.view()));
                                 },
                                 [&](const auto& known) { return print(known, record.version); }},
                      record.record);
}

}  // namespace glasslog::protocol
