#pragma once

// A broker's properties in a file that is made to be passed on.

#include <algorithm>
#include <cctype>
#include <map>
#include <string>
#include <string_view>

namespace glasslog::cli {

// Whether the value of this property may be a secret: passwords, JAAS lines, keys, tokens.
inline bool is_secret_name(std::string name) {
    std::ranges::transform(name, name.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    for (const std::string_view word : {"password", "secret", "jaas", "key", "token"}) {
        if (name.find(word) != std::string::npos) return true;
    }
    return false;
}

// One line each, without the values of those.
inline std::string shareable_text(const std::map<std::string, std::string>& properties) {
    std::string text;
    for (const auto& [name, value] : properties)
        text += name + "=" + (is_secret_name(name) ? "[hidden]" : value) + "\n";
    return text;
}

}  // namespace glasslog::cli
