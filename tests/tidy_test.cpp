// The style guide, as far as a machine can check it. Every ban says what to use instead; every
// rule has a specimen below that breaks it, so that the rule itself is known to work.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace glasslog {
namespace {

namespace fs = std::filesystem;

struct SourceFile {
    std::string path;  // from the root: "core/base/bytes.hpp"
    std::vector<std::string> lines;
};

using Findings = std::vector<std::string>;

bool starts_with(const std::string& text, const std::string& prefix) {
    return text.compare(0, prefix.size(), prefix) == 0;
}

bool ends_with(const std::string& text, const std::string& suffix) {
    return text.size() >= suffix.size() &&
           text.compare(text.size() - suffix.size(), suffix.size(), suffix) == 0;
}

std::string trimmed(const std::string& line) {
    const std::size_t begin = line.find_first_not_of(' ');
    if (begin == std::string::npos) return {};
    return line.substr(begin, line.find_last_not_of(" \r") + 1 - begin);
}

std::size_t indentation(const std::string& line) {
    const std::size_t begin = line.find_first_not_of(' ');
    return begin == std::string::npos ? 0 : begin;
}

std::size_t columns(const std::string& line) {
    return static_cast<std::size_t>(
        std::ranges::count_if(line, [](char c) { return (c & 0xC0) != 0x80; }));
}

// Code without comments and string contents, so that bans do not trip over prose.
std::string code_of(const std::string& line) {
    std::string out;
    char quote = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (quote != 0) {
            if (c == '\\') {
                ++i;
            } else if (c == quote) {
                quote = 0;
                out += c;
            }
            continue;
        }
        if (c == '/' && i + 1 < line.size() && line[i + 1] == '/') break;
        const bool digit_separator =
            c == '\'' && i > 0 && std::isalnum(static_cast<unsigned char>(line[i - 1])) != 0;
        if ((c == '"' || c == '\'') && !digit_separator) quote = c;
        out += c;
    }
    return out;
}

// --- sizes --------------------------------------------------------------------------------------

bool is_test(const SourceFile& file) {
    return starts_with(file.path, "tests/");
}

bool is_table(const SourceFile& file) {
    return file.path.find("_table.") != std::string::npos;
}

void check_size(const SourceFile& file, Findings& out) {
    const std::size_t limit = is_test(file) ? 800 : ends_with(file.path, ".hpp") ? 300 : 600;
    if (!is_table(file) && file.lines.size() > limit) {
        out.push_back(fmt::format("{}: {} lines, at most {}: split it by concern",
                                  file.path,
                                  file.lines.size(),
                                  limit));
    }
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
        if (columns(file.lines[i]) <= 100) continue;
        out.push_back(fmt::format("{}:{}: {} columns, at most 100",
                                  file.path,
                                  i + 1,
                                  columns(file.lines[i])));
    }
}

struct Function {
    std::size_t begin = 0;  // line index of the signature's first line
    std::size_t open = 0;   // of the line that ends in '{'
    std::size_t end = 0;    // of the closing '}'
};

bool begins_with_any(const std::string& text, const std::vector<std::string>& prefixes) {
    return std::ranges::any_of(prefixes, [&](const std::string& prefix) {
        return starts_with(text, prefix);
    });
}

bool begins_function(const std::string& line) {
    static const std::vector<std::string> other{
        "namespace", "class",    "struct",     "enum",         "union",   "extern", "if",
        "for",       "while",    "switch",     "do",           "else",    "case",   "return",
        "#",         "//",       "}",          "public",       "private", "using",  "TEST",
        "template",  "RC_GTEST", "TYPED_TEST", "static_assert"};
    return !line.empty() && indentation(line) <= 8 && line.find('(') != std::string::npos &&
           !begins_with_any(trimmed(line), other);
}

// Finds `signature… {` … `}` with the closing brace in the signature's column: what clang-format
// makes of every function.
std::vector<Function> functions_of(const SourceFile& file) {
    std::vector<Function> found;
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
        if (!begins_function(file.lines[i])) continue;
        std::size_t open = i;
        while (open < file.lines.size() && open < i + 12 && !ends_with(file.lines[open], "{") &&
               !ends_with(file.lines[open], ";") && !ends_with(file.lines[open], "}")) {
            ++open;
        }
        if (open >= file.lines.size() || !ends_with(file.lines[open], " {")) continue;
        const std::string closing = std::string(indentation(file.lines[i]), ' ') + "}";
        std::size_t end = open + 1;
        while (end < file.lines.size() && file.lines[end] != closing) {
            if (!file.lines[end].empty() && indentation(file.lines[end]) < closing.size() - 1)
                break;
            ++end;
        }
        if (end >= file.lines.size() || file.lines[end] != closing) continue;
        found.push_back({i, open, end});
        i = end;
    }
    return found;
}

// Commas at the top level of the first parenthesis of the signature, plus one.
std::size_t parameters_of(const SourceFile& file, const Function& function) {
    std::string signature;
    for (std::size_t i = function.begin; i <= function.open; ++i)
        signature += code_of(file.lines[i]);
    const std::size_t begin = signature.find('(');
    int depth = 0;
    std::size_t count = signature.compare(begin, 2, "()") == 0 ? 0 : 1;
    for (std::size_t i = begin; i < signature.size(); ++i) {
        const char c = signature[i];
        if (c == '(' || c == '<' || c == '{' || c == '[') ++depth;
        if (c == ')' || c == '>' || c == '}' || c == ']') --depth;
        if (c == ',' && depth == 1) ++count;
        if (depth == 0) break;
    }
    return count;
}

bool is_pure_switch(const SourceFile& file, const Function& function) {
    std::size_t cases = 0;
    for (std::size_t i = function.open + 1; i < function.end; ++i) {
        const std::string line = trimmed(file.lines[i]);
        if (starts_with(line, "case ") && line.find(": return") != std::string::npos) ++cases;
    }
    return cases * 10 >= (function.end - function.open) * 8;
}

void check_functions(const SourceFile& file, Findings& out) {
    if (is_table(file)) return;
    for (const Function& function : functions_of(file)) {
        const std::size_t length = function.end - function.begin + 1;
        if (length > 70 && !is_pure_switch(file, function)) {
            out.push_back(fmt::format("{}:{}: a function of {} lines, at most 70",
                                      file.path,
                                      function.begin + 1,
                                      length));
        }
        if (parameters_of(file, function) > 5) {
            out.push_back(fmt::format("{}:{}: {} parameters, at most 5: make a struct",
                                      file.path,
                                      function.begin + 1,
                                      parameters_of(file, function)));
        }
    }
}

// Control statements inside control statements; a switch counts once though it indents twice.
void check_nesting(const SourceFile& file, Findings& out) {
    static const std::vector<std::string> control{"if (",
                                                  "if constexpr",
                                                  "for (",
                                                  "while (",
                                                  "do {",
                                                  "switch ("};
    for (const Function& function : functions_of(file)) {
        std::vector<std::size_t> open;  // columns of the control statements around this line
        for (std::size_t i = function.open + 1; i < function.end; ++i) {
            const std::string line = trimmed(file.lines[i]);
            if (line.empty()) continue;
            const std::size_t column = indentation(file.lines[i]);
            while (!open.empty() && open.back() >= column && line[0] != '}')
                open.pop_back();
            if (!begins_with_any(line, control)) continue;
            open.push_back(column);
            if (open.size() <= 3) continue;
            out.push_back(
                fmt::format("{}:{}: nested {} deep, at most 3: return early or name a function",
                            file.path,
                            i + 1,
                            open.size()));
        }
    }
}

// --- who may include whom -----------------------------------------------------------------------

const std::vector<std::string>& core_row() {
    static const std::vector<std::string> row{"base",
                                              "runtime",
                                              "protocol",
                                              "trace",
                                              "log",
                                              "storage",
                                              "rpc",
                                              "raft",
                                              "metadata",
                                              "zookeeper",
                                              "replication",
                                              "coordinator",
                                              "broker"};
    return row;
}

std::set<std::string> allowed_for(const std::string& folder) {
    if (folder == "protocol") return {"base", "protocol"};
    if (folder == "log") return {"base", "protocol", "log"};
    if (folder == "client") return {"base", "runtime", "protocol", "trace", "rpc", "client"};
    if (folder == "os") return {"base", "runtime", "protocol", "trace", "os"};
    std::set<std::string> allowed;
    for (const std::string& left : core_row()) {
        allowed.insert(left);
        if (left == folder) return allowed;
    }
    return {};
}

// Machines are values: no I/O interface reaches them.
bool is_machine(const std::string& path) {
    static const std::set<std::string> stems{
        "core/replication/partition",   "core/replication/isr",
        "core/metadata/controller",     "core/metadata/topics",
        "core/metadata/configs",        "core/metadata/image",
        "core/metadata/records",        "core/metadata/alter_configs",
        "core/metadata/brokers",        "core/metadata/directories",
        "core/metadata/elections",      "core/metadata/elr",
        "core/metadata/feature_levels", "core/metadata/features",
        "core/metadata/heartbeats",     "core/metadata/image_delta",
        "core/metadata/invariants",     "core/metadata/leader_elections",
        "core/metadata/node_sets",      "core/metadata/partition_change",
        "core/metadata/partitions",     "core/metadata/placement",
        "core/metadata/reassignment",   "core/metadata/requests",
        "core/metadata/rules",          "core/metadata/soft"};
    return stems.contains(path.substr(0, path.rfind('.')));
}

std::optional<std::string> include_of(const std::string& line) {
    static const std::regex include(R"re(^#include "([^"]+)".*)re");
    if (!starts_with(line, "#include \"")) return std::nullopt;
    std::smatch match;
    if (!std::regex_match(line, match, include)) return std::nullopt;
    return match[1].str();
}

std::string folder_of(const std::string& path) {
    std::stringstream parts(path);
    std::string first;
    std::string second;
    std::getline(parts, first, '/');
    std::getline(parts, second, '/');
    return first == "core" ? second : first;
}

bool may_include(const std::string& from, const std::string& to) {
    const std::string folder = folder_of(from);
    const std::string other = folder_of(to);
    if (starts_with(from, "tests/")) return true;
    if (folder == "cli") return other != "gui";
    if (folder == "sim") return other != "os" && other != "cli" && other != "gui";
    if (folder == "gui") {
        static const std::set<std::string>
            seen{"base", "runtime", "protocol", "trace", "rpc", "client", "os", "gui"};
        return seen.contains(other);
    }
    if (is_machine(from) && (other == "runtime" || other == "storage" || other == "rpc"))
        return false;
    return starts_with(to, "core/") && allowed_for(folder).contains(other);
}

void check_includes(const SourceFile& file, Findings& out) {
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
        const auto target = include_of(file.lines[i]);
        if (!target) continue;
        if (target->find('/') == std::string::npos && !ends_with(*target, ".moc")) {
            out.push_back(
                fmt::format("{}:{}: include \"{}\" from the root", file.path, i + 1, *target));
        } else if (!may_include(file.path, *target)) {
            out.push_back(fmt::format("{}:{}: {} may not include {}: see docs/architecture.md",
                                      file.path,
                                      i + 1,
                                      folder_of(file.path),
                                      *target));
        }
    }
}

// --- bans ---------------------------------------------------------------------------------------

struct Ban {
    std::string pattern;
    std::string instead;
    std::vector<std::string> where;   // path prefixes
    std::vector<std::string> except;  // path prefixes
    // A line without any of these cannot match: std::regex is slow, most lines are innocent.
    std::vector<std::string> triggers;
};

// Spelled apart, so that a search finds only what is left over.
const std::string to_do = std::string("TO") + "DO";
const std::string fix_me = std::string("FIX") + "ME";
const std::string three_x(3, 'X');
const std::string simulated = std::string("is_simu") + "lated";
const std::string simulation = std::string("SIMU") + "LATION";

const std::vector<Ban>& word_bans() {
    static const std::vector<std::string> core_and_sim{"core/", "sim/"};
    static const std::vector<std::string> everything{"core/", "sim/", "gui/", "tests/"};
    static const std::vector<std::string> real_world{"core/os/", "core/cli/"};
    static const std::vector<Ban> list{
        {R"(\bunordered_\w+)",
         "std::map, a sorted vector or base/hash_map",
         core_and_sim,
         real_world,
         {"unordered_"}},
        {R"(\bstd::hash\b)", "StableHash", core_and_sim, real_world, {"std::hash"}},
        {R"(_distribution\b|\bstd::shuffle\b|\brandom_device\b|\bmt19937)",
         "runtime::Random",
         core_and_sim,
         {},
         {"_distribution", "shuffle", "random_device", "mt19937"}},
        {R"(\b(s?rand)\()", "runtime::Random", everything, {}, {"rand("}},
        {R"(\b(system_clock|steady_clock|high_resolution_clock)\b)",
         "runtime::Clock",
         core_and_sim,
         {"core/os/"},
         {"_clock"}},
        {R"(\b(double|float)\b)",
         "Ratio, Duration or integers",
         core_and_sim,
         {"core/cli/"},
         {"double", "float"}},
        {R"(\bstd::(thread|mutex|jthread|condition_variable|atomic|future|async)\b)"
         R"(|\bstd::(lock_guard|unique_lock)\b)",
         "the executor, or core/os",
         core_and_sim,
         {"core/os/"},
         {"std::"}},
        {R"(\b(getenv|setlocale)\b|\bstd::locale\b)",
         "Config",
         core_and_sim,
         real_world,
         {"getenv", "setlocale", "std::locale"}},
        {R"(\bthread_local\b)", "a member", everything, {}, {"thread_local"}},
        {R"(\bthrow\b)", "Expected", core_and_sim, {}, {"throw"}},
        {R"(\bco_(await|return|yield)\b)", "a named state", everything, {}, {"co_"}},
        {R"(\bassert\()", "CHECK", everything, {}, {"assert("}},
        {R"(\busing namespace\b)", "names", everything, {}, {"using namespace"}},
        {"\\b(" + to_do + "|" + fix_me + "|" + three_x + ")\\b",
         "an issue, or the fix",
         everything,
         {},
         {to_do, fix_me, three_x}},
        {"\\b" + simulated + "\\b|ifdef " + simulation,
         "an interface of core/runtime",
         everything,
         {},
         {simulated, simulation}},
        {R"(\bmalloc\(|\bfree\(|\bnew\s+char\[)",
         "std::vector or Bytes",
         core_and_sim,
         {},
         {"malloc(", "free(", "char["}},
        {R"(\b(sleep_for|usleep|sleep)\()",
         "virtual time, or a condition",
         everything,
         {},
         {"sleep"}},
    };
    return list;
}

const std::vector<Ban>& include_bans() {
    static const std::vector<std::string> core_and_sim{"core/", "sim/"};
    static const std::vector<std::string> real_world{"core/os/", "core/cli/"};
    static const std::vector<Ban> list{
        {R"(#include <(thread|mutex|atomic|condition_variable|future)>)"
         R"(|#include <(random|regex|iostream|locale|chrono)>)",
         "core/os, core/cli or nothing",
         core_and_sim,
         real_world,
         {"#include <"}},
        {R"(#include <(boost/asio|sys/|unistd|fcntl|netinet|arpa/|poll|csignal|pthread))",
         "core/os",
         {"core/", "sim/", "gui/"},
         real_world,
         {"#include <"}},
        {R"(#include <Q)", "gui/", core_and_sim, {}, {"#include <Q"}},
    };
    return list;
}

const std::vector<Ban>& bans() {
    static const std::vector<Ban> all = [] {
        std::vector<Ban> joined = word_bans();
        joined.insert(joined.end(), include_bans().begin(), include_bans().end());
        return joined;
    }();
    return all;
}

bool contains_any(const std::string& line, const std::vector<std::string>& words) {
    return std::ranges::any_of(words, [&](const std::string& word) {
        return line.find(word) != std::string::npos;
    });
}

bool under_any(const std::string& path, const std::vector<std::string>& prefixes) {
    return std::ranges::any_of(prefixes,
                               [&](const std::string& p) { return starts_with(path, p); });
}

void check_bans(const SourceFile& file, Findings& out) {
    static const std::vector<std::regex> patterns = [] {
        std::vector<std::regex> compiled;
        for (const Ban& ban : bans())
            compiled.emplace_back(ban.pattern);
        return compiled;
    }();
    if (file.path == "tests/tidy_test.cpp") return;
    for (std::size_t b = 0; b < bans().size(); ++b) {
        const Ban& ban = bans()[b];
        if (!under_any(file.path, ban.where) || under_any(file.path, ban.except)) continue;
        const bool in_prose = ban.pattern.find(fix_me) != std::string::npos;
        for (std::size_t i = 0; i < file.lines.size(); ++i) {
            if (!contains_any(file.lines[i], ban.triggers)) continue;
            const std::string text = in_prose ? file.lines[i] : code_of(file.lines[i]);
            std::smatch match;
            if (!std::regex_search(text, match, patterns[b])) continue;
            out.push_back(
                fmt::format("{}:{}: '{}': use {}", file.path, i + 1, match.str(), ban.instead));
        }
    }
}

// --- names, headers, comments -------------------------------------------------------------------

void check_names(const SourceFile& file, Findings& out) {
    static const std::regex type(R"(^\s*(?:class|struct|enum class)\s+([A-Za-z_]\w*)\b[^;]*\{?$)");
    static const std::regex pascal(R"([A-Z][A-Za-z0-9]*)");
    static const std::set<std::string> like_std{"overloaded"};
    static const std::regex macro(R"(^#define\s+([A-Za-z_]\w*).*)");
    static const std::set<std::string> macros{"CHECK", "UNREACHABLE", "TRY"};
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
        if (!contains_any(file.lines[i], {"class ", "struct ", "#define "})) continue;
        std::smatch match;
        const std::string line = code_of(file.lines[i]);
        if (std::regex_match(line, match, type) && !std::regex_match(match[1].str(), pascal) &&
            line.find("::") == std::string::npos && !like_std.contains(match[1].str())) {
            out.push_back(
                fmt::format("{}:{}: type {} is not PascalCase", file.path, i + 1, match[1].str()));
        }
        if (std::regex_match(line, match, macro) && !macros.contains(match[1].str()) &&
            !is_test(file)) {
            out.push_back(fmt::format("{}:{}: macro {}: only CHECK, UNREACHABLE and TRY",
                                      file.path,
                                      i + 1,
                                      match[1].str()));
        }
    }
}

void check_header(const SourceFile& file, Findings& out) {
    if (!ends_with(file.path, ".hpp")) return;
    if (std::ranges::find(file.lines, "#pragma once") == file.lines.end()) {
        out.push_back(file.path + ": #pragma once is missing");
    }
    const bool commented = std::ranges::any_of(file.lines, [](const std::string& line) {
        return starts_with(trimmed(line), "//");
    });
    if (!commented && !is_test(file)) out.push_back(file.path + ": a header without a comment");
}

// --- the tree -----------------------------------------------------------------------------------

SourceFile source(std::string path, const std::string& text) {
    SourceFile file{std::move(path), {}};
    std::stringstream stream(text);
    for (std::string line; std::getline(stream, line);)
        file.lines.push_back(line);
    return file;
}

std::vector<SourceFile> tree() {
    const fs::path root(GLASSLOG_SOURCE_DIR);
    std::vector<SourceFile> files;
    for (const char* top : {"core", "sim", "gui", "tests"}) {
        if (!fs::exists(root / top)) continue;
        for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
            const std::string path = fs::relative(entry.path(), root).string();
            if (!ends_with(path, ".hpp") && !ends_with(path, ".cpp")) continue;
            std::ifstream stream(entry.path());
            const std::string text{std::istreambuf_iterator<char>(stream), {}};
            files.push_back(source(path, text));
        }
    }
    std::ranges::sort(files, {}, &SourceFile::path);
    return files;
}

Findings all_findings(const SourceFile& file) {
    Findings out;
    check_size(file, out);
    check_functions(file, out);
    check_nesting(file, out);
    check_includes(file, out);
    check_bans(file, out);
    check_names(file, out);
    check_header(file, out);
    return out;
}

TEST(TidyTest, TheTreeFollowsTheGuide) {
    std::size_t seen = 0;

    for (const SourceFile& file : tree()) {
        ++seen;
        for (const std::string& finding : all_findings(file))
            ADD_FAILURE() << finding;
    }

    EXPECT_GT(seen, 20U) << "the tree was not found under " << GLASSLOG_SOURCE_DIR;
}

// file:function references of the documents must exist: `core/log/epoch_cache.hpp:end_offset_for`.
TEST(TidyTest, DocumentsNameFunctionsThatExist) {
    static const std::regex reference(
        R"re(`((?:core|sim|gui|tests)/[\w/]+\.(?:hpp|cpp))(?::(\w+))?`)re");
    const fs::path root(GLASSLOG_SOURCE_DIR);
    if (!fs::exists(root / "docs")) GTEST_SKIP() << "no docs";
    for (const auto& entry : fs::recursive_directory_iterator(root / "docs")) {
        if (entry.path().extension() != ".md") continue;
        std::ifstream stream(entry.path());
        const std::string text{std::istreambuf_iterator<char>(stream), {}};
        for (std::sregex_iterator match(text.begin(), text.end(), reference), none; match != none;
             ++match) {
            const fs::path target = root / (*match)[1].str();
            std::ifstream code(target);
            const std::string body{std::istreambuf_iterator<char>(code), {}};
            EXPECT_TRUE(fs::exists(target)) << entry.path() << " names " << (*match)[1];
            EXPECT_NE(body.find((*match)[2].str()), std::string::npos)
                << entry.path() << " names " << (*match)[0];
        }
    }
}

// --- specimens: each rule bites -----------------------------------------------------------------

std::string first_finding(const std::string& path, const std::string& text) {
    const Findings found = all_findings(source(path, text));
    return found.empty() ? "nothing" : found.front();
}

TEST(TidyTest, FindsALongFunction) {
    std::string text = "void f() {\n";
    for (int i = 0; i < 80; ++i)
        text += "    g();\n";

    EXPECT_EQ(first_finding("core/log/x.cpp", text + "}\n"),
              "core/log/x.cpp:1: a function of 82 lines, at most 70");
}

TEST(TidyTest, FindsSixParameters) {
    EXPECT_EQ(
        first_finding("core/log/x.cpp",
                      "void f(int a, std::map<int, int> b, int c, int d, int e, int g) {\n}\n"),
        "core/log/x.cpp:1: 6 parameters, at most 5: make a struct");
    EXPECT_EQ(first_finding("core/log/x.cpp",
                            "void f(int a, std::map<int, int> b, int c, int d, int e) {\n}\n"),
              "nothing");
}

TEST(TidyTest, FindsDeepNesting) {
    const std::string text =
        "void f() {\n    if (a) {\n        for (;;) {\n            if (b) {\n                if "
        "(c) {\n"
        "                }\n            }\n        }\n    }\n}\n";

    EXPECT_EQ(first_finding("core/log/x.cpp", text),
              "core/log/x.cpp:5: nested 4 deep, at most 3: return early or name a function");
}

TEST(TidyTest, FindsAnUpwardInclude) {
    EXPECT_EQ(
        first_finding("core/log/x.cpp", "#include \"core/storage/segment.hpp\"\n"),
        "core/log/x.cpp:1: log may not include core/storage/segment.hpp: see docs/architecture.md");
    EXPECT_EQ(
        first_finding("core/replication/partition.cpp", "#include \"core/runtime/disk.hpp\"\n"),
        "core/replication/partition.cpp:1: replication may not include core/runtime/disk.hpp: see "
        "docs/architecture.md");
    EXPECT_EQ(first_finding("core/storage/x.cpp", "#include \"core/log/epoch_cache.hpp\"\n"),
              "nothing");
}

TEST(TidyTest, FindsBannedWordsInCodeOnly) {
    EXPECT_EQ(first_finding("sim/x.cpp", "std::unordered_map<int, int> m;\n"),
              "sim/x.cpp:1: 'unordered_map': use std::map, a sorted vector or base/hash_map");
    EXPECT_EQ(first_finding("core/log/x.cpp", "int a = 1;  // no unordered_map here\n"), "nothing");
    EXPECT_EQ(first_finding("core/os/x.cpp", "std::chrono::steady_clock::now();\n"), "nothing");
}

TEST(TidyTest, FindsLongLinesAndBadNames) {
    EXPECT_EQ(first_finding("core/log/x.cpp", std::string(101, 'a') + "\n"),
              "core/log/x.cpp:1: 101 columns, at most 100");
    EXPECT_EQ(first_finding("core/log/x.cpp", "struct bad_name {\n"),
              "core/log/x.cpp:1: type bad_name is not PascalCase");
    EXPECT_EQ(first_finding("core/log/x.hpp", "#pragma once\nint f();\n"),
              "core/log/x.hpp: a header without a comment");
}

}  // namespace
}  // namespace glasslog
