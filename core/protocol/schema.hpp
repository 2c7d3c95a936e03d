#pragma once

// The walker that dumps a declaration in the vocabulary of Kafka's message definitions, and the
// dump of all messages (`glasslog wire schema --json`).

#include "core/base/check.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/walk.hpp"

#include <fmt/format.h>

#include <utility>

namespace glasslog::protocol {

// A JSON array with every message declared in messages/, in the order of their keys.
std::string schema_json();

// "throttle_time_ms" -> "ThrottleTimeMs".
std::string schema_name(std::string_view field);

// "3-13", "4+", "0".
std::string schema_versions(VersionRange versions);

class SchemaWriter {
public:
    // The "fields" list of T, without its brackets.
    template <Walkable T>
    std::string fields_of() {
        const T initial;
        std::string outer = std::exchange(out_, {});
        T::walk(initial, *this);
        return std::exchange(out_, std::move(outer));
    }

    template <typename T>
    void field(std::string_view name, const T& initial, Spec spec = {}) {
        const bool has_null = spec.null_versions.first <= spec.null_versions.last;
        CHECK(is_optional<T> == has_null, "{}", name);
        if constexpr (Number<T>) {
            CHECK(!spec.is_tagged() || is_tag_default(initial, spec), "{}", name);
        }
        open(name, type_of<T>(name), spec);
        put_nested<T>();
        out_ += '}';
    }

    template <typename T>
    void array(std::string_view name, const T& initial, Spec spec = {}) {
        field(name, initial, spec);
    }

private:
    template <typename T>
    struct Element {
        using Type = T;
    };

    template <typename T>
    struct Element<std::optional<T>> : Element<T> {};

    template <typename T>
    struct Element<std::vector<T>> : Element<T> {};

    template <typename T>
    static std::string type_of(std::string_view name) {
        if constexpr (is_optional<T>) {
            return type_of<typename T::value_type>(name);
        } else if constexpr (Walkable<T>) {
            return schema_name(name);
        } else if constexpr (std::is_same_v<T, std::string>) {
            return "string";
        } else if constexpr (std::is_same_v<T, Uuid>) {
            return "uuid";
        } else if constexpr (std::is_same_v<T, Bytes>) {
            return "bytes";
        } else if constexpr (std::is_same_v<T, Payload>) {
            return "records";
        } else if constexpr (std::is_same_v<T, bool>) {
            return "bool";
        } else if constexpr (std::is_same_v<T, Float64>) {
            return "float64";
        } else if constexpr (Number<T>) {
            using Wire = NumberOnWire<T>;
            return fmt::format("{}int{}", std::is_unsigned_v<Wire> ? "u" : "", sizeof(Wire) * 8);
        } else {
            return "[]" + type_of<typename T::value_type>(name);
        }
    }

    template <typename T>
    void put_nested() {
        using Inner = typename Element<T>::Type;
        if constexpr (Walkable<Inner>) {
            const std::string nested = fields_of<Inner>();
            out_ += ",\"fields\":[" + nested + "]";
        }
    }

    // {"name":…,"type":…,"versions":… and what else the spec says; the brace stays open.
    void open(std::string_view name, const std::string& type, const Spec& spec);

    std::string out_;
};

// What a dump says of a message besides its fields.
struct SchemaHead {
    std::string_view name;
    MessageKind kind;
    std::optional<std::int16_t> key;
    VersionRange versions;
    Version flexible_from;
};

// {"name":…,"type":…,"apiKey":…,"validVersions":…,"flexibleVersions":…,"fields":[…]}
std::string schema_message(const SchemaHead& head, const std::string& fields);

}  // namespace glasslog::protocol
