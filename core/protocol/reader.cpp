#include "core/protocol/reader.hpp"

#include "core/base/varint.hpp"
#include "core/protocol/limits.hpp"

namespace glasslog::protocol {

void Reader::get(std::string_view name, Uuid& value, const Spec&) {
    const std::uint8_t* at = take(name, 16);
    if (at != nullptr) value = {load_be<std::uint64_t>(at), load_be<std::uint64_t>(at + 8)};
}

void Reader::get(std::string_view name, std::string& value, const Spec& spec) {
    get_text(name, string_length(name, spec), value);
}

void Reader::get(std::string_view name, Bytes& value, const Spec& spec) {
    get_slice(name, array_length(name, spec), value);
}

void Reader::get(std::string_view name, Payload& value, const Spec& spec) {
    Bytes bytes;
    get_slice(name, array_length(name, spec), bytes);
    value = Payload(std::move(bytes));
}

std::int64_t Reader::string_length(std::string_view name, const Spec& spec) {
    if (!is_flexible_ || spec.is_rigid) {
        std::int16_t length = 0;
        get(name, length, spec);
        return checked_length(name, length, spec);
    }
    const std::int64_t length = std::int64_t{unsigned_varint(name)} - 1;
    if (length > std::int64_t{string_bytes_max}) {
        fail(fmt::format("{}: a string of {} bytes", name, length));
        return 0;
    }
    return checked_length(name, length, spec);
}

std::int64_t Reader::array_length(std::string_view name, const Spec& spec) {
    if (is_flexible_) return checked_length(name, std::int64_t{unsigned_varint(name)} - 1, spec);
    std::int32_t length = 0;
    get(name, length, spec);
    return checked_length(name, length, spec);
}

std::int64_t Reader::checked_length(std::string_view name, std::int64_t length, const Spec& spec) {
    if (!ok() || length >= 0) return length;
    // Kafka takes every negative length for null where null is legal.
    if (spec.may_be_null_in(version_)) return null_length;
    fail(length == null_length ? fmt::format("{} is null", name)
                               : fmt::format("{}: length {}", name, length));
    return 0;
}

std::uint32_t Reader::unsigned_varint(std::string_view name) {
    if (!ok()) return 1;  // as a compact length: empty
    const auto number = read_unsigned_varint(bytes_.view().subspan(at_, left()));
    if (!number) {
        fail(fmt::format("{}: not a varint of 32 bits", name));
        return 1;
    }
    at_ += number->size;
    return number->value;
}

const std::uint8_t* Reader::take(std::string_view name, std::size_t size) {
    if (!ok()) return nullptr;
    if (size > left()) {
        fail(fmt::format("{}: {} bytes wanted, {} left", name, size, left()));
        return nullptr;
    }
    const std::uint8_t* at = bytes_.data() + at_;
    at_ += size;
    return at;
}

void Reader::get_text(std::string_view name, std::int64_t length, std::string& value) {
    const auto size = static_cast<std::size_t>(length);
    const std::uint8_t* at = take(name, size);
    if (at != nullptr) value.assign(as_text({at, size}));
}

void Reader::get_slice(std::string_view name, std::int64_t length, Bytes& value) {
    const auto size = static_cast<std::size_t>(length);
    const std::size_t begin = at_;
    if (take(name, size) != nullptr) value = bytes_.slice(begin, size);
}

void Reader::fail(std::string what) {
    if (!error_.has_value()) error_ = DecodeError{std::move(what), at_};
}

}  // namespace glasslog::protocol
