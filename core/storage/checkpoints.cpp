#include "core/storage/checkpoints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <vector>

namespace glasslog::storage {

namespace {

template <typename T>
std::optional<T> parse_number(std::string_view text) {
    T value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// Takes lines from the front; a last line may lack its newline.
class Lines {
public:
    explicit Lines(ByteView bytes) : size_(bytes.size()), rest_(as_text(bytes)) {}

    bool next(std::string_view& line) {
        if (rest_.empty()) return false;
        begin_ = size_ - rest_.size();
        const std::size_t end = std::min(rest_.find('\n'), rest_.size());
        line = rest_.substr(0, end);
        rest_.remove_prefix(std::min(end + 1, rest_.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        return true;
    }

    // Of the line that next() gave.
    std::size_t begin() const { return begin_; }

private:
    std::size_t size_;
    std::string_view rest_;
    std::size_t begin_ = 0;
};

struct CheckpointLine {
    PartitionName name;
    Offset offset;
};

std::optional<CheckpointLine> parse_checkpoint_line(std::string_view line) {
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == 0 || first == std::string_view::npos || first == last) return std::nullopt;
    const auto index = parse_number<std::int32_t>(line.substr(first + 1, last - first - 1));
    const auto offset = parse_number<std::int64_t>(line.substr(last + 1));
    if (!index || *index < 0 || !offset || *offset < 0) return std::nullopt;
    return CheckpointLine{{std::string(line.substr(0, first)), PartitionIndex(*index)},
                          Offset(*offset)};
}

// "key=value" of a Java properties file: '#' and '!' begin comments, a backslash keeps the
// character behind it.
using Properties = std::map<std::string, std::string>;

std::string unescaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) ++i;
        out += text[i];
    }
    return out;
}

std::string_view trimmed(std::string_view text) {
    const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && is_blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back()))
        text.remove_suffix(1);
    return text;
}

Properties parse_properties(ByteView text) {
    Properties properties;
    Lines lines(text);
    std::string_view line;
    while (lines.next(line)) {
        line = trimmed(line);
        if (line.empty() || line.front() == '#' || line.front() == '!') continue;
        const std::size_t sign = std::min(line.find_first_of("=:"), line.size());
        const std::string_view value = sign < line.size() ? line.substr(sign + 1) : "";
        properties[unescaped(trimmed(line.substr(0, sign)))] = unescaped(trimmed(value));
    }
    return properties;
}

// The integer behind `"key":` in a flat JSON object.
std::optional<std::int64_t> json_integer(std::string_view text, std::string_view key) {
    const std::size_t at = text.find(fmt::format("\"{}\"", key));
    if (at == std::string_view::npos) return std::nullopt;
    const std::size_t colon = text.find(':', at);
    if (colon == std::string_view::npos) return std::nullopt;
    const std::size_t end = std::min(text.find_first_of(",}", colon), text.size());
    return parse_number<std::int64_t>(trimmed(text.substr(colon + 1, end - colon - 1)));
}

DecodeError broken(const char* what, std::size_t at = 0) {
    return DecodeError{what, at};
}

}  // namespace

std::string encode_offset_checkpoint(const OffsetCheckpoint& offsets) {
    std::string text = fmt::format("0\n{}\n", offsets.size());
    for (const auto& [name, offset] : offsets)
        text += fmt::format("{} {} {}\n", name.topic, name.index, offset);
    return text;
}

Expected<OffsetCheckpoint, DecodeError> decode_offset_checkpoint(ByteView text) {
    Lines lines(text);
    std::string_view line;
    if (!lines.next(line) || parse_number<std::int32_t>(line) != 0)
        return Unexpected{broken("offset checkpoint: the version is not 0")};
    const bool has_count = lines.next(line);
    const auto count = has_count ? parse_number<std::int32_t>(line) : std::nullopt;
    if (!count || *count < 0)
        return Unexpected{broken("offset checkpoint: no count", lines.begin())};

    OffsetCheckpoint offsets;
    std::int32_t line_count = 0;
    while (lines.next(line)) {
        auto entry = parse_checkpoint_line(line);
        if (!entry) return Unexpected{broken("offset checkpoint: a broken line", lines.begin())};
        offsets[std::move(entry->name)] = entry->offset;
        ++line_count;
    }
    if (line_count != *count)
        return Unexpected{broken("offset checkpoint: not as many lines as counted", text.size())};
    return offsets;
}

std::string encode_partition_metadata(const Uuid& topic_id) {
    return fmt::format("version: 0\ntopic_id: {}", topic_id);
}

Expected<Uuid, DecodeError> decode_partition_metadata(ByteView text) {
    const Properties properties = parse_properties(text);
    const auto version = properties.find("version");
    if (version == properties.end() || version->second != "0")
        return Unexpected{broken("partition.metadata: the version is not 0")};
    const auto id = properties.find("topic_id");
    const auto uuid = id == properties.end() ? std::nullopt : Uuid::parse(id->second);
    if (!uuid || uuid->is_zero()) return Unexpected{broken("partition.metadata: no topic id")};
    return *uuid;
}

std::string encode_meta_properties(const MetaProperties& properties) {
    std::string text = fmt::format("#\nnode.id={}\n", properties.node_id);
    if (!properties.directory_id.is_zero())
        text += fmt::format("directory.id={}\n", properties.directory_id);
    text += fmt::format("version=1\ncluster.id={}\n", properties.cluster_id);
    return text;
}

Expected<MetaProperties, DecodeError> decode_meta_properties(ByteView text) {
    Properties found = parse_properties(text);
    const std::string version = found["version"];
    if (version != "0" && version != "1")
        return Unexpected{broken("meta.properties: the version is neither 0 nor 1")};
    // Version 0 is of ZooKeeper's time and calls the node a broker.
    const char* const id_key = version == "0" ? "broker.id" : "node.id";
    const auto node_id = parse_number<std::int32_t>(found[id_key]);
    if (!node_id || *node_id < 0) return Unexpected{broken("meta.properties: no node id")};
    const std::string cluster_id = found["cluster.id"];
    if (cluster_id.empty()) return Unexpected{broken("meta.properties: no cluster id")};

    MetaProperties properties{.cluster_id = cluster_id,
                              .node_id = NodeId(*node_id),
                              .directory_id = {}};
    const std::string directory_id = found["directory.id"];
    if (!directory_id.empty()) {
        const auto uuid = Uuid::parse(directory_id);
        if (!uuid) return Unexpected{broken("meta.properties: the directory id is no id")};
        properties.directory_id = *uuid;
    }
    return properties;
}

std::string encode_clean_shutdown(BrokerEpoch epoch) {
    return fmt::format("{{\"version\":0,\"brokerEpoch\":{}}}", epoch);
}

Expected<BrokerEpoch, DecodeError> decode_clean_shutdown(ByteView text) {
    if (json_integer(as_text(text), "version") != 0)
        return Unexpected{broken("clean shutdown: the version is not 0")};
    const auto epoch = json_integer(as_text(text), "brokerEpoch");
    if (!epoch) return Unexpected{broken("clean shutdown: no broker epoch")};
    return BrokerEpoch(*epoch);
}

}  // namespace glasslog::storage
