#include "core/raft/quorum_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

namespace glasslog::raft {

namespace {

constexpr std::size_t depth_max = 4;

// Walks the little JSON that Kafka writes: objects, arrays, strings without escapes, integers.
// Keeps the integers and strings of the outermost object; null, true and false are words.
class JsonObject {
public:
    static Expected<JsonObject, DecodeError> read(std::string_view text) {
        JsonObject object(text);
        const bool is_whole = object.take_object(1) && object.at_end();
        if (!is_whole) return Unexpected{DecodeError{"quorum-state: no JSON object", object.at_}};
        return object;
    }

    // Empty: there is none, or it is no integer from `low` to 2147483647.
    std::optional<std::int32_t> number(const char* key, std::int32_t low) const {
        const auto found = values_.find(key);
        if (found == values_.end()) return std::nullopt;
        const std::string_view text = found->second;
        std::int32_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        const bool is_number = error == std::errc() && end == text.data() + text.size();
        return is_number && value >= low ? std::optional(value) : std::nullopt;
    }

    // With its quotes.
    std::optional<std::string_view> word(const char* key) const {
        const auto found = values_.find(key);
        return found == values_.end() ? std::nullopt : std::optional(found->second);
    }

private:
    explicit JsonObject(std::string_view text) : text_(text) {}

    void skip_space() {
        while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != text_.npos)
            ++at_;
    }

    bool take(char expected) {
        skip_space();
        if (at_ >= text_.size() || text_[at_] != expected) return false;
        ++at_;
        return true;
    }

    bool at_end() {
        skip_space();
        return at_ == text_.size();
    }

    // `item` takes one; items are separated by commas and end with `close`.
    template <typename Item>
    bool take_list(char close, Item item) {
        if (take(close)) return true;
        do {
            if (!item()) return false;
        } while (take(','));
        return take(close);
    }

    bool take_object(std::size_t depth) {
        return take('{') && take_list('}', [&] { return take_member(depth); });
    }

    bool take_member(std::size_t depth) {
        const auto key = take_string();
        if (!key || !take(':')) return false;
        skip_space();
        const std::size_t begin = at_;
        if (!take_value(depth)) return false;
        if (depth > 1) return true;
        const std::string name(key->substr(1, key->size() - 2));
        return values_.emplace(name, text_.substr(begin, at_ - begin)).second;
    }

    bool take_value(std::size_t depth) {
        skip_space();
        if (at_ >= text_.size() || depth > depth_max) return false;
        if (text_[at_] == '{') return take_object(depth + 1);
        if (text_[at_] == '"') return take_string().has_value();
        if (take('[')) return take_list(']', [&] { return take_value(depth + 1); });
        const std::size_t end =
            text_.find_first_not_of("-0123456789abcdefghijklmnopqrstuvwxyz", at_);
        const std::size_t begin = std::exchange(at_, std::min(end, text_.size()));
        return at_ > begin;
    }

    std::optional<std::string_view> take_string() {
        if (!take('"')) return std::nullopt;
        const std::size_t begin = at_ - 1;
        const std::size_t end = text_.find_first_of("\"\\", at_);
        if (end == std::string_view::npos || text_[end] != '"') return std::nullopt;
        at_ = end + 1;
        return text_.substr(begin, at_ - begin);
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::map<std::string, std::string_view, std::less<>> values_;
};

DecodeError broken(const char* what) {
    return {fmt::format("quorum-state: {}", what), 0};
}

Expected<Uuid, DecodeError> read_directory(const JsonObject& object) {
    const auto word = object.word("votedDirectoryId");
    const bool is_quoted = word && word->size() >= 2 && word->front() == '"';
    const auto id = is_quoted ? Uuid::parse(word->substr(1, word->size() - 2)) : std::nullopt;
    if (!id) return Unexpected{broken("votedDirectoryId is no id")};
    return *id;
}

}  // namespace

std::string encode_quorum_state(const QuorumState& state) {
    return fmt::format(R"({{"leaderId":{},"leaderEpoch":{},"votedId":{},"votedDirectoryId":"{}",)"
                       R"("data_version":1}})",
                       state.leader,
                       state.epoch,
                       state.voted.id,
                       state.voted.directory);
}

std::string encode_quorum_state_with_voters(const QuorumState& state,
                                            std::span<const NodeId> voters) {
    std::string list;
    for (const NodeId voter : voters)
        list += fmt::format(R"({}{{"voterId":{}}})", list.empty() ? "" : ",", voter);
    return fmt::format(R"({{"clusterId":"","leaderId":{},"leaderEpoch":{},"votedId":{},)"
                       R"("appliedOffset":0,"currentVoters":[{}],"data_version":0}})",
                       state.leader,
                       state.epoch,
                       state.voted.id,
                       list);
}

Expected<QuorumState, DecodeError> decode_quorum_state(std::string_view text) {
    const auto object = TRY(JsonObject::read(text));
    const auto version = object.number("data_version", 0);
    if (!version || *version > 1) return Unexpected{broken("data_version is neither 0 nor 1")};
    const auto leader = object.number("leaderId", -1);
    const auto epoch = object.number("leaderEpoch", 0);
    const auto voted = object.number("votedId", -1);
    if (!leader) return Unexpected{broken("leaderId is no node id")};
    if (!epoch) return Unexpected{broken("leaderEpoch is no epoch")};
    if (!voted) return Unexpected{broken("votedId is no node id")};
    QuorumState state{LeaderEpoch(*epoch), NodeId(*leader), {NodeId(*voted), {}}};
    if (*version == 0) return state;
    state.voted.directory = TRY(read_directory(object));
    if (state.voted.id == no_node && !state.voted.directory.is_zero()) {
        return Unexpected{broken("a voted directory, but no vote")};
    }
    return state;
}

}  // namespace glasslog::raft
