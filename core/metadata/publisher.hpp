#pragma once

// Publisher: gives every committed image to those who asked for it, on their reactors, in order,
// the newest only when several came meanwhile; and tells the trace what changed.

#include "core/base/unique_function.hpp"
#include "core/metadata/image.hpp"
#include "core/runtime/runtime.hpp"

#include <memory>
#include <vector>

namespace glasslog::metadata {

// Receives every committed image, in order, the newest only when several came meanwhile.
using MetadataFeed = UniqueFunction<void(ImagePtr)>;

class Publisher {
public:
    explicit Publisher(const runtime::Runtime& runtime);

    // `feed` runs on `reactor`, first with the present image. Tried again while that reactor's
    // mailbox is full.
    void subscribe(ReactorId reactor, MetadataFeed feed);

    // is_told: what changed was told by an earlier life of this node.
    void publish(Image image, bool is_told);

    // The last one; never null.
    const ImagePtr& image() const { return image_; }

private:
    struct Subscriber {
        ReactorId reactor;
        // Called on `reactor` only; a message on its way shares it with this list.
        std::shared_ptr<MetadataFeed> feed;
        ImagePtr due;  // empty: it has the newest
        runtime::Timer retry;
    };

    void deliver(Subscriber& subscriber);

    const runtime::Runtime& runtime_;
    ImagePtr image_;
    std::vector<std::unique_ptr<Subscriber>> subscribers_;
};

}  // namespace glasslog::metadata
