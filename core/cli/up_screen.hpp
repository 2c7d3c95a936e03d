#pragma once

// Where `glasslog up` shows what it knows: a table that is redrawn in place on a terminal, a line
// for each change elsewhere, or an object for each.

#include "core/cli/up_status.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace glasslog::cli {

class UpScreen {
public:
    enum class Form : std::uint8_t { in_place, lines, objects };

    explicit UpScreen(Form form) : form_(form) {}

    // As standard output is a terminal or not.
    static Form form_for(bool is_json);

    // What stands there now, and what is new in it.
    void show(const ClusterRows& rows);

    // For people; nothing where objects are wanted.
    void say(const std::string& text);

    // For programs: {"event": …}; nothing elsewhere.
    void tell(const Json& event);

    // The table stays as it is; what comes next is below it.
    void leave();

private:
    // The table as it is to be printed; counts its lines.
    std::string drawn();

    // What takes the last table away.
    std::string erased();

    // The table in place of the last one.
    std::string redrawn();

    Form form_;
    ClusterRows shown_;
    std::size_t drawn_count_ = 0;  // lines of the table above the cursor
};

}  // namespace glasslog::cli
