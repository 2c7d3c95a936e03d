#pragma once

// "acked-topics-kept": every topic whose creation was acknowledged stands, with its id, in the
// committed image of every controller.

#include "core/metadata/image.hpp"
#include "sim/history.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace glasslog::sim {

// When everything has come to rest. node: whose image it is.
inline std::optional<std::string> acked_topics_kept(const History& history,
                                                    const std::string& node,
                                                    const metadata::Image& image) {
    for (const auto& [creator, mine] : history.creators()) {
        for (std::size_t i = 0; i < mine.topics.size(); ++i) {
            const CreatorHistory::Asked& asked = mine.topics[i];
            if (asked.outcome != Outcome::acked) continue;
            const std::string name = topic_name(creator, static_cast<std::int64_t>(i));
            const metadata::Topic* const topic = image.find_topic(name);
            if (topic == nullptr)
                return fmt::format("topic {} was acknowledged, and {} does not know it",
                                   name,
                                   node);
            if (topic->id != asked.id)
                return fmt::format("topic {} was acknowledged with id {}, {} knows it as {}",
                                   name,
                                   asked.id.text(),
                                   node,
                                   topic->id.text());
        }
    }
    return std::nullopt;
}

}  // namespace glasslog::sim
