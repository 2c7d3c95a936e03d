// ApiVersions: which APIs, in which versions, and which features.

#include "core/broker/handlers/handlers.hpp"
#include "core/broker/reactor.hpp"
#include "core/metadata/features.hpp"

#include <algorithm>
#include <cctype>

namespace glasslog::broker {
namespace {

using protocol::ApiVersionsResponse;

ApiVersionsResponse::Api entry(const protocol::Api& api) {
    return {api.key, api.advertised.first, api.advertised.last};
}

bool is_alphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// [a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?
bool is_software_name(const std::string& text) {
    return !text.empty() && is_alphanumeric(text.front()) && is_alphanumeric(text.back()) &&
           std::ranges::all_of(text,
                               [](char c) { return is_alphanumeric(c) || c == '-' || c == '.'; });
}

// Before version 4 a feature that may be at level 0 must not be told: old clients refuse it.
void add_features(const metadata::Image& image,
                  protocol::Version version,
                  ApiVersionsResponse& out) {
    for (const metadata::SupportedFeature& feature : metadata::supported_features()) {
        if (version < protocol::Version(4) && feature.levels.first == 0) continue;
        out.supported_features.push_back(
            {std::string(feature.name), feature.levels.first, feature.levels.last});
    }
    out.finalized_features_epoch = image.offset.value();
    // Levels of features that are not spoken yet stand in the metadata log, for Kafka to find.
    for (const metadata::SupportedFeature& feature : metadata::supported_features()) {
        const auto level = image.features.find(std::string(feature.name));
        if (level == image.features.end()) continue;
        out.finalized_features.push_back({level->first, level->second, level->second});
    }
}

}  // namespace

ApiVersionsResponse unsupported_api_versions() {
    ApiVersionsResponse response;
    response.error_code = protocol::WireError::unsupported_version;
    response.api_keys.push_back(entry(*protocol::find_api(protocol::ApiKey::api_versions)));
    return response;
}

void handle_api_versions(Reactor& reactor, Call<protocol::ApiVersionsRequest> call) {
    ApiVersionsResponse response;
    const bool names_software = call.version >= protocol::Version(3);
    if (names_software && (!is_software_name(call.body.client_software_name) ||
                           !is_software_name(call.body.client_software_version))) {
        response.error_code = protocol::WireError::invalid_request;
        return call.answer(response);
    }
    for (const protocol::Api& api : protocol::apis()) {
        if (api.served_on.broker) response.api_keys.push_back(entry(api));
    }
    add_features(reactor.image(), call.version, response);
    call.answer(response);
}

}  // namespace glasslog::broker
