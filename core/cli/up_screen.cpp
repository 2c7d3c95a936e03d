#include "core/cli/up_screen.hpp"

#include "core/os/process.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

namespace glasslog::cli {
namespace {

// A line that wraps would be two, and the table would climb; so would one that is higher than the
// terminal.
struct Room {
    std::size_t columns = 80;
    std::size_t lines = 24;
};

Room room() {
    winsize size{};
    const bool is_known =
        ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 2;
    return is_known ? Room{size.ws_col, size.ws_row} : Room{};
}

// At once, so that what a person types, ^C above all, is not echoed into the middle.
void put(const std::string& text) {
    std::fflush(stdout);
    ignore(os::write_all(STDOUT_FILENO, as_bytes(text)), "a terminal that is gone misses nothing");
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
            put(redrawn());
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
    if (form_ == Form::lines) {
        fmt::print("{}\n", text);
        std::fflush(stdout);
        return;
    }
    const bool has_table = drawn_count_ > 0;
    std::string all = erased();
    all += text + "\n";
    if (has_table) all += drawn();
    put(all);
}

void UpScreen::tell(const Json& event) {
    if (form_ != Form::objects) return;
    fmt::print("{}\n", to_line(event));
    std::fflush(stdout);
}

void UpScreen::leave() {
    drawn_count_ = 0;
}

std::string UpScreen::erased() {
    const std::size_t count = std::exchange(drawn_count_, 0);
    return count > 0 ? fmt::format("\033[{}A\r\033[J", count) : std::string();
}

// In this order: drawn() counts the lines that the next one erases.
std::string UpScreen::redrawn() {
    std::string text = erased();
    text += drawn();
    return text;
}

// Without the line that the cursor is on at the end.
std::string UpScreen::drawn() {
    const Room now = room();
    std::vector<std::string> lines = table(shown_);
    if (lines.size() >= now.lines) {
        const std::string last = lines.back();  // who leads
        lines.resize(now.lines - 1);
        lines.back() = last;
    }
    std::string text;
    for (const std::string& line : lines)
        text += line.substr(0, now.columns) + "\n";
    drawn_count_ = lines.size();
    return text;
}

}  // namespace glasslog::cli
