#include "sim/direct/command.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

namespace glasslog::sim::direct {
namespace {

// What stands behind a command's word.
enum class Shape : std::uint8_t { message, node, node_count, link, link_or_all, pair, count };

struct Word {
    std::string_view text;
    Shape shape;
};

// By Verb.
constexpr std::array<Word, 28> words{
    {{"deliver", Shape::message},   {"drop", Shape::message},       {"fail", Shape::message},
     {"duplicate", Shape::message}, {"tick", Shape::node},          {"sync", Shape::node},
     {"crash", Shape::node_count},  {"restart", Shape::node},       {"cut", Shape::link},
     {"heal", Shape::link_or_all},  {"pause", Shape::node},         {"resume", Shape::node},
     {"wipe", Shape::node},         {"unlist", Shape::node},        {"refused", Shape::pair},
     {"reset", Shape::pair},        {"propose", Shape::node_count}, {"read", Shape::node},
     {"snapshot", Shape::node},     {"add-voter", Shape::pair},     {"remove-voter", Shape::pair},
     {"update-voter", Shape::pair}, {"upgrade", Shape::node},       {"resign", Shape::node},
     {"run", Shape::count},         {"steady", Shape::count},       {"alone", Shape::node_count},
     {"settle", Shape::count}}};

constexpr std::array<std::string_view, 9> request_words{
    "vote", "begin", "end", "fetch", "fetch-snapshot", "add", "remove", "update", "probe"};
constexpr std::array<std::string_view, 7> answer_words{"vote-answer",
                                                       "begin-answer",
                                                       "end-answer",
                                                       "fetch-answer",
                                                       "fetch-snapshot-answer",
                                                       "change-answer",
                                                       "probe-answer"};

std::string_view kind_word(std::uint8_t kind) {
    if (kind == any_kind) return "any";
    if (kind >= first_answer_kind) return answer_words.at(kind - std::size_t{first_answer_kind});
    return request_words.at(kind);
}

std::optional<std::uint8_t> kind_of(std::string_view word) {
    if (word == "any") return any_kind;
    for (std::size_t i = 0; i < request_words.size(); ++i) {
        if (request_words[i] == word) return static_cast<std::uint8_t>(i);
    }
    for (std::size_t i = 0; i < answer_words.size(); ++i) {
        if (answer_words[i] == word) return static_cast<std::uint8_t>(first_answer_kind + i);
    }
    return std::nullopt;
}

std::string operands(const Command& command) {
    const MessageName& name = command.message;
    switch (words.at(static_cast<std::size_t>(command.verb)).shape) {
        case Shape::message: {
            const std::string n = name.n == 0 ? "" : fmt::format("#{}", name.n);
            return fmt::format(" {}>{} {}{}", name.from, name.to, kind_word(name.kind), n);
        }
        case Shape::node:
            return fmt::format(" {}", command.node);
        case Shape::node_count:
            if (command.extra != 0)
                return fmt::format(" {} {} {}", command.node, command.count, command.extra);
            if (command.count != 0) return fmt::format(" {} {}", command.node, command.count);
            return fmt::format(" {}", command.node);
        case Shape::link:
            return fmt::format(" {}>{}", command.node, command.peer);
        case Shape::link_or_all:
            return command.node == 0 ? "" : fmt::format(" {}>{}", command.node, command.peer);
        case Shape::pair:
            return fmt::format(" {} {}", command.node, command.peer);
        case Shape::count:
            return fmt::format(" {}", command.count);
    }
    UNREACHABLE("shape of {}", word(command.verb));
}

// Takes a line apart, remembering where it stands.
class LineReader {
public:
    LineReader(std::string_view line, std::string_view where) : line_(line), where_(where) {}

    std::string_view next_word() {
        skip_spaces();
        const std::size_t begin = at_;
        while (at_ < line_.size() && line_[at_] != ' ')
            ++at_;
        return line_.substr(begin, at_ - begin);
    }

    template <typename Number>
    bool take_number(Number& out) {
        const char* const begin = line_.data() + at_;
        const auto [end, error] = std::from_chars(begin, line_.data() + line_.size(), out);
        if (error != std::errc() || end == begin) return false;
        at_ += static_cast<std::size_t>(end - begin);
        return true;
    }

    bool take(char c) {
        if (at_ >= line_.size() || line_[at_] != c) return false;
        ++at_;
        return true;
    }

    void skip_spaces() {
        while (at_ < line_.size() && line_[at_] == ' ')
            ++at_;
    }

    bool is_at_end() {
        skip_spaces();
        return at_ == line_.size();
    }

    Unexpected<InputError> refuse(std::string what, std::string expected) const {
        return Unexpected{InputError{.where = fmt::format("{}:{}", where_, at_ + 1),
                                     .what = std::move(what),
                                     .expected = std::move(expected),
                                     .hint = {}}};
    }

private:
    std::string_view line_;
    std::string_view where_;
    std::size_t at_ = 0;
};

bool take_link(LineReader& reader, std::uint8_t& from, std::uint8_t& to) {
    reader.skip_spaces();
    return reader.take_number(from) && reader.take('>') && reader.take_number(to);
}

bool take_message(LineReader& reader, MessageName& name) {
    if (!take_link(reader, name.from, name.to)) return false;
    std::string_view kind = reader.next_word();
    const std::size_t mark = kind.find('#');
    if (mark != std::string_view::npos) {
        LineReader number(kind.substr(mark + 1), {});
        if (!number.take_number(name.n)) return false;
        kind = kind.substr(0, mark);
    }
    const auto known = kind_of(kind);
    name.kind = known.value_or(0);
    return known.has_value();
}

bool take_operands(LineReader& reader, Shape shape, Command& command) {
    const auto take_next = [&](auto& out) {
        reader.skip_spaces();
        return reader.take_number(out);
    };
    switch (shape) {
        case Shape::message:
            return take_message(reader, command.message);
        case Shape::node:
            return take_next(command.node);
        case Shape::node_count:
            if (!take_next(command.node)) return false;
            if (reader.is_at_end()) return true;
            if (!take_next(command.count)) return false;
            return reader.is_at_end() || take_next(command.extra);
        case Shape::link:
            return take_link(reader, command.node, command.peer);
        case Shape::link_or_all:
            return reader.is_at_end() || take_link(reader, command.node, command.peer);
        case Shape::pair:
            return take_next(command.node) && take_next(command.peer);
        case Shape::count:
            return take_next(command.count);
    }
    return false;
}

}  // namespace

std::string_view word(Verb verb) {
    return words.at(static_cast<std::size_t>(verb)).text;
}

bool names_message(Verb verb) {
    return words.at(static_cast<std::size_t>(verb)).shape == Shape::message;
}

std::string text(const Command& command) {
    const std::string at =
        command.at == Instant{} ? "" : fmt::format("@{} ", command.at.nanoseconds());
    return fmt::format("{}{}{}", at, word(command.verb), operands(command));
}

Expected<Command, InputError> parse_command(std::string_view line, std::string_view where) {
    LineReader reader(line, where);
    Command command;
    reader.skip_spaces();
    if (reader.take('@')) {
        std::int64_t at = 0;
        if (!reader.take_number(at)) return reader.refuse("no time behind '@'", "nanoseconds");
        command.at = Instant::from_nanoseconds(at);
    }
    const std::string_view verb = reader.next_word();
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i].text != verb) continue;
        command.verb = static_cast<Verb>(i);
        if (take_operands(reader, words[i].shape, command) && reader.is_at_end()) return command;
        return reader.refuse(fmt::format("'{}' is followed by something else", verb),
                             "for example: deliver 1>2 vote, tick 1, cut 1>2, crash 1 0 0");
    }
    return reader.refuse(fmt::format("unknown command '{}'", verb),
                         "deliver, drop, tick, sync, crash, restart, …");
}

}  // namespace glasslog::sim::direct
