// glasslog wire schema|decode: what we speak, and what bytes say.

#include "core/cli/session.hpp"
#include "core/cli/verbs.hpp"
#include "core/os/process.hpp"
#include "core/protocol/frame.hpp"
#include "core/protocol/schema.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace glasslog::cli {
namespace {

struct WireFlags {
    bool is_json = false;
    std::string hex;  // "-": standard input
    std::optional<std::int16_t> api_key;
    std::optional<std::int16_t> version;
    bool is_response = false;
    bool is_body = false;
    bool has_length = false;
};

constexpr std::size_t input_bytes_max = 256 * 1024 * 1024;

std::string_view listeners(protocol::ListenerKinds kinds) {
    if (kinds.broker && kinds.controller) return "broker, controller";
    return kinds.broker ? "broker" : "controller";
}

ExitCode schema(const WireFlags& flags) {
    if (flags.is_json) {
        fmt::print("{}\n", protocol::schema_json());
        return ExitCode::done;
    }
    fmt::print("{:>4} {:<28} {:>9} {:>11} {:>9}  {}\n",
               "KEY",
               "NAME",
               "SPOKEN",
               "ADVERTISED",
               "FLEXIBLE",
               "LISTENERS");
    for (const protocol::Api& api : protocol::apis()) {
        const bool is_served = api.served_on != protocol::ListenerKinds{};
        fmt::print("{:>4} {:<28} {:>9} {:>11} {:>9}  {}\n",
                   static_cast<int>(api.key),
                   api.name,
                   protocol::schema_versions(api.versions),
                   is_served ? protocol::schema_versions(api.advertised) : "-",
                   fmt::format("{}+", api.flexible_from),
                   listeners(api.belongs_to));
    }
    return ExitCode::done;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// Spaces and line ends between digits are left out.
Expected<Bytes, InputError> parse_hex(std::string_view text) {
    std::vector<std::uint8_t> bytes;
    int high = -1;
    std::size_t at = 0;
    for (const char c : text) {
        ++at;
        if (c == ' ' || c == '\n' || c == '\r' || c == '\t') continue;
        const int digit = hex_digit(c);
        if (digit < 0) {
            return Unexpected{InputError{"HEX",
                                         fmt::format("'{}' at position {}", c, at),
                                         "pairs of hexadecimal digits",
                                         {}}};
        }
        if (high < 0) {
            high = digit;
            continue;
        }
        bytes.push_back(static_cast<std::uint8_t>(high * 16 + digit));
        high = -1;
    }
    if (high < 0) return Bytes::from(std::move(bytes));
    return Unexpected{InputError{"HEX", "an odd number of digits", "pairs of digits", {}}};
}

Expected<Bytes, InputError> input_of(const WireFlags& flags) {
    if (flags.hex != "-") return parse_hex(flags.hex);
    std::string text;
    while (text.size() < input_bytes_max) {
        const auto chunk = os::read_some(STDIN_FILENO, 64 * 1024);
        if (!chunk || chunk->empty()) break;
        text += as_text(chunk->view());
    }
    return parse_hex(text);
}

ExitCode unreadable(const DecodeError& error) {
    fmt::print(stderr, "glasslog wire decode: {}\n", error.text());
    return ExitCode::failed;
}

ExitCode print_body(protocol::ApiKey key,
                    protocol::Version version,
                    protocol::Side side,
                    const Bytes& body) {
    const auto text = protocol::describe(key, version, side, body);
    if (!text) return unreadable(text.error());
    fmt::print("{}\n", *text);
    return ExitCode::done;
}

ExitCode decode_request(const WireFlags& flags, const Bytes& frame) {
    if (flags.is_body) {
        return print_body(protocol::ApiKey{*flags.api_key},
                          protocol::Version{*flags.version},
                          protocol::Side::request,
                          frame);
    }
    const auto request = protocol::decode_request_frame(frame);
    if (!request) return unreadable(request.error());
    const protocol::RequestHeader& header = request->header;
    fmt::print("{} request, version {}, correlation id {}, client id {}\n",
               protocol::api_name(header.request_api_key),
               header.request_api_version,
               header.correlation_id,
               header.client_id.value_or("null"));
    return print_body(header.request_api_key,
                      header.request_api_version,
                      protocol::Side::request,
                      request->body);
}

ExitCode decode_response(const WireFlags& flags, const Bytes& frame) {
    const protocol::ApiKey key{*flags.api_key};
    const protocol::Version version{*flags.version};
    if (flags.is_body) return print_body(key, version, protocol::Side::response, frame);
    const auto response = protocol::decode_response_frame(key, version, frame);
    if (!response) return unreadable(response.error());
    fmt::print("{} response, version {}, correlation id {}\n",
               protocol::api_name(key),
               version,
               response->correlation_id);
    return print_body(key, version, protocol::Side::response, response->body);
}

ExitCode decode(const WireFlags& flags) {
    auto bytes = input_of(flags);
    if (!bytes) return complain("wire decode", bytes.error());
    const bool needs_key = flags.is_response || flags.is_body;
    if (needs_key && (!flags.api_key.has_value() || !flags.version.has_value())) {
        return complain("wire decode",
                        InputError{"--api-key",
                                   "a response or a body does not say what it is",
                                   "--api-key and --api-version",
                                   "for example --api-key 18 --api-version 3"});
    }
    Bytes frame = std::move(*bytes);
    if (flags.has_length) {
        if (frame.size() < protocol::length_prefix_size) {
            return unreadable(DecodeError{"no length", frame.size()});
        }
        frame =
            frame.slice(protocol::length_prefix_size, frame.size() - protocol::length_prefix_size);
    }
    return flags.is_response ? decode_response(flags, frame) : decode_request(flags, frame);
}

}  // namespace

void add_wire_verb(CLI::App& app, Action& action) {
    CLI::App* wire = app.add_subcommand("wire", "Kafka's wire format as it is spoken here");
    wire->require_subcommand(1);
    wire->footer(
        "Examples:\n"
        "  glasslog wire schema\n"
        "  glasslog wire decode 0012000000000007000474657374");
    auto flags = std::make_shared<WireFlags>();

    CLI::App* verb = wire->add_subcommand("schema", "List APIs, or every field of every message");
    verb->add_flag("--json", flags->is_json, "All fields, in the words of Kafka's definitions");
    verb->footer("Examples:\n  glasslog wire schema\n  glasslog wire schema --json > ours.json");
    verb->callback([flags, &action] { action = [flags] { return schema(*flags); }; });

    verb = wire->add_subcommand("decode", "Print a request or response as JSON");
    verb->add_option("hex", flags->hex, "The bytes in hexadecimal; - reads standard input")
        ->required();
    verb->add_flag("--response", flags->is_response, "It is a response");
    verb->add_option("--api-key", flags->api_key, "Of a response, or of a body");
    verb->add_option("--api-version", flags->version, "Of a response, or of a body");
    verb->add_flag("--body", flags->is_body, "Only the body: no header");
    verb->add_flag("--length", flags->has_length, "The four bytes of the length come first");
    verb->footer(
        "Examples:\n"
        "  glasslog wire decode 0012000000000007000474657374\n"
        "  glasslog wire decode --response --api-key 18 --api-version 0 - < answer.hex");
    verb->callback([flags, &action] { action = [flags] { return decode(*flags); }; });
}

}  // namespace glasslog::cli
