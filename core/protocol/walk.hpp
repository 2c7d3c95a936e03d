#pragma once

// The vocabulary of a message declaration. A message is a struct of values with
//   static constexpr std::string_view message_name; MessageKind kind; VersionRange versions;
//   static constexpr Version flexible_from;          (never_flexible when it has no tag buffers)
//   static void walk(auto& self, auto& w);           fields in wire order
// and in walk one call per field:
//   w.field("rack", self.rack, since(1) | nullable());
//   w.array("topics", self.topics);
//   w.field("epoch", self.epoch, tagged(1, -1) | since(3));
// Writer, reader, printer, schema dump and the test generator walk this one declaration.
// Source of every fact: Kafka's message definitions (KIP-482 for flexible versions and tags).

#include "core/base/bytes.hpp"
#include "core/base/ids.hpp"
#include "core/base/payload.hpp"
#include "core/base/uuid.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace glasslog::protocol {

// Of one API's messages, or of a record type.
using Version = Strong<struct VersionTag, std::int16_t>;

// A float64 as the wire has it: its bits. Nothing here computes with one.
using Float64 = Strong<struct Float64Tag, std::uint64_t>;

inline constexpr std::int16_t version_max = 32767;
inline constexpr Version never_flexible{version_max};

// Closed: both ends belong to it.
struct VersionRange {
    std::int16_t first = 0;
    std::int16_t last = 0;

    constexpr bool contains(Version version) const {
        return first <= version.value() && version.value() <= last;
    }

    friend bool operator==(VersionRange, VersionRange) = default;
};

// What a message is for. Bytes after the body are ignored in a request, refused elsewhere.
enum class MessageKind : std::uint8_t { request, response, header, metadata, data };

// When and how one field travels. Written by since, until, nullable, tagged, rigid, secret, joined
// by |.
struct Spec {
    VersionRange versions{0, version_max};
    VersionRange null_versions{1, 0};  // empty: null is never legal
    std::int32_t tag = -1;             // -1: not tagged
    std::int64_t tag_default = 0;      // an integer of this value is left out of the tag buffer
    bool is_rigid = false;             // never in compact form, although the message is flexible
    bool is_secret = false;            // never printed

    constexpr bool exists_in(Version version) const { return versions.contains(version); }

    constexpr bool may_be_null_in(Version version) const { return null_versions.contains(version); }

    constexpr bool is_tagged() const { return tag >= 0; }
};

constexpr Spec since(int version) {
    return {.versions = {static_cast<std::int16_t>(version), version_max}};
}

constexpr Spec until(int version) {
    return {.versions = {0, static_cast<std::int16_t>(version)}};
}

// Null is legal from `version` on; before it an absent value travels as an empty one.
constexpr Spec nullable(int version = 0) {
    return {.null_versions = {static_cast<std::int16_t>(version), version_max}};
}

// Travels in the tag buffer, and only when it differs from its default: `default_value` for an
// integer or bool, the type's own initial value for anything else.
constexpr Spec tagged(int tag, std::int64_t default_value = 0) {
    return {.tag = tag, .tag_default = default_value};
}

// Keeps the old length form in flexible versions: only the client id of a request header.
constexpr Spec rigid() {
    return {.is_rigid = true};
}

// Travels as anything else does; traces, dumps and the window must not show it.
constexpr Spec secret() {
    return {.is_secret = true};
}

constexpr Spec operator|(Spec a, Spec b) {
    const bool a_has_null = a.null_versions.first <= a.null_versions.last;
    const Spec& tag = a.is_tagged() ? a : b;
    return {.versions = {std::max(a.versions.first, b.versions.first),
                         std::min(a.versions.last, b.versions.last)},
            .null_versions = a_has_null ? a.null_versions : b.null_versions,
            .tag = tag.tag,
            .tag_default = tag.tag_default,
            .is_rigid = a.is_rigid || b.is_rigid,
            .is_secret = a.is_secret || b.is_secret};
}

// True for a struct that declares its fields with walk.
template <typename T>
concept Walkable = requires(T& self, struct AnyWalker& walker) { T::walk(self, walker); };

template <typename T>
inline constexpr bool is_optional = false;
template <typename T>
inline constexpr bool is_optional<std::optional<T>> = true;

// Integers in all their dresses: plain, bool, enum, Strong.
template <typename T>
concept Number = std::is_integral_v<T> || std::is_enum_v<T> || is_strong<T>;

template <typename T>
struct NumberRepresentation {
    using Type = T;
};

template <typename T>
    requires std::is_enum_v<T>
struct NumberRepresentation<T> {
    using Type = std::underlying_type_t<T>;
};

template <typename T>
    requires is_strong<T>
struct NumberRepresentation<T> {
    using Type = typename T::Representation;
};

template <>
struct NumberRepresentation<bool> {
    using Type = std::int8_t;  // one byte: 0 false, anything else true
};

// The integer that travels for T.
template <Number T>
using NumberOnWire = typename NumberRepresentation<T>::Type;

template <Number T>
constexpr NumberOnWire<T> to_wire(T value) {
    if constexpr (is_strong<T>) {
        return value.value();
    } else {
        return static_cast<NumberOnWire<T>>(value);
    }
}

template <Number T>
constexpr T from_wire(NumberOnWire<T> value) {
    if constexpr (std::is_same_v<T, bool>) {
        return value != 0;
    } else {
        return static_cast<T>(value);
    }
}

// True when a tagged field need not travel.
template <typename T>
bool is_tag_default(const T& value, const Spec& spec) {
    if constexpr (Number<T>) {
        return static_cast<std::int64_t>(to_wire(value)) == spec.tag_default;
    } else {
        return value == T{};
    }
}

}  // namespace glasslog::protocol
