#include "core/protocol/schema.hpp"

namespace glasslog::protocol {
namespace {

std::string_view kind_name(MessageKind kind) {
    switch (kind) {
        case MessageKind::request:
            return "request";
        case MessageKind::response:
            return "response";
        case MessageKind::header:
            return "header";
        case MessageKind::metadata:
            return "metadata";
        case MessageKind::data:
            return "data";
    }
    UNREACHABLE("{}", static_cast<int>(kind));
}

std::string flexible_text(VersionRange versions, Version flexible_from) {
    if (flexible_from.value() > versions.last) return "none";
    return fmt::format("{}+", flexible_from.value());
}

}  // namespace

std::string schema_name(std::string_view field) {
    std::string out;
    bool is_upper = true;
    for (const char c : field) {
        if (c == '_') {
            is_upper = true;
            continue;
        }
        out += is_upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        is_upper = false;
    }
    return out;
}

std::string schema_versions(VersionRange versions) {
    if (versions.last == version_max) return fmt::format("{}+", versions.first);
    if (versions.last == versions.first) return fmt::format("{}", versions.first);
    return fmt::format("{}-{}", versions.first, versions.last);
}

void SchemaWriter::open(std::string_view name, const std::string& type, const Spec& spec) {
    if (!out_.empty()) out_ += ',';
    out_ += fmt::format(R"({{"name":"{}","type":"{}","versions":"{}")",
                        schema_name(name),
                        type,
                        schema_versions(spec.versions));
    if (spec.null_versions.first <= spec.null_versions.last) {
        out_ += fmt::format(R"(,"nullableVersions":"{}")", schema_versions(spec.null_versions));
    }
    if (spec.is_tagged()) {
        out_ += fmt::format(R"(,"taggedVersions":"{}","tag":{})",
                            schema_versions(spec.versions),
                            spec.tag);
    }
    if (spec.is_rigid) out_ += R"(,"flexibleVersions":"none")";
}

std::string schema_message(const SchemaHead& head, const std::string& fields) {
    std::string out = fmt::format(R"({{"name":"{}","type":"{}")", head.name, kind_name(head.kind));
    if (head.key.has_value()) out += fmt::format(R"(,"apiKey":{})", *head.key);
    return out + fmt::format(R"(,"validVersions":"{}","flexibleVersions":"{}","fields":[{}]}})",
                             schema_versions(head.versions),
                             flexible_text(head.versions, head.flexible_from),
                             fields);
}

}  // namespace glasslog::protocol
