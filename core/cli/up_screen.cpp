#include "core/cli/up_screen.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

namespace glasslog::cli {
namespace {

// A line that wraps would be two, and the table would climb.
std::size_t columns_max() {
    winsize size{};
    const bool is_known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return is_known ? size.ws_col : 80;
}

}  // namespace

UpScreen::Form UpScreen::form_for(bool is_json) {
    if (is_json) return Form::objects;
    return ::isatty(STDOUT_FILENO) == 1 ? Form::in_place : Form::lines;
}

void UpScreen::show(const ClusterRows& rows) {
    const ClusterRows before = std::exchange(shown_, rows);
    switch (form_) {
        case Form::in_place:
            if (before == rows && drawn_count_ > 0) return;
            erase();
            draw();
            break;
        case Form::lines:
            for (const std::string& line : news(before, rows))
                fmt::print("{}\n", line);
            break;
        case Form::objects:
            for (const Json& object : news_objects(before, rows))
                fmt::print("{}\n", to_line(object));
            break;
    }
    std::fflush(stdout);
}

void UpScreen::say(const std::string& text) {
    if (form_ == Form::objects) return;
    const bool has_table = drawn_count_ > 0;
    erase();
    fmt::print("{}\n", text);
    if (has_table) draw();
    std::fflush(stdout);
}

void UpScreen::tell(const Json& event) {
    if (form_ != Form::objects) return;
    fmt::print("{}\n", to_line(event));
    std::fflush(stdout);
}

void UpScreen::leave() {
    drawn_count_ = 0;
}

void UpScreen::erase() {
    if (drawn_count_ > 0) fmt::print("\033[{}A\r\033[J", drawn_count_);
    drawn_count_ = 0;
}

void UpScreen::draw() {
    const std::size_t width = columns_max();
    for (const std::string& line : table(shown_)) {
        fmt::print("{}\n", line.substr(0, width));
        ++drawn_count_;
    }
}

}  // namespace glasslog::cli
