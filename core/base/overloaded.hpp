#pragma once

// std::visit(overloaded{[](const A&) {…}, [](const B&) {…}}, variant).

namespace glasslog {

template <typename... Fs>
struct overloaded : Fs... {
    using Fs::operator()...;
};

template <typename... Fs>
overloaded(Fs...) -> overloaded<Fs...>;

}  // namespace glasslog
