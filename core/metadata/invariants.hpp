#pragma once

// What must hold of the controller's image, of each step from one image to the next, and of each
// decision. Names are those of docs/metadata.md, "Invariants". The simulator and the tests call
// these after every decision that was replayed.

#include "core/metadata/controller.hpp"
#include "core/metadata/image.hpp"

#include <optional>
#include <string>

namespace glasslog::metadata {

// K16 and the shape of partitions, brokers and topics. A sentence for what is broken, else empty.
std::optional<std::string> check_invariants(const Image& image);

// M8 broker epochs only rise; M10 every change of a partition raises its epoch; M11 leader epochs
// do not fall and rise with every change of the leader; M12 a topic id means one topic; M14 the
// next producer id does not fall; K16 only live brokers join an in-sync set that has a leader.
std::optional<std::string> check_step(const Image& before, const Image& after);

// M8 a request of an earlier incarnation changes nothing; M10 an in-sync set is replaced by whom
// knew it; M14 a block of producer ids that is given is in the records; K16 who is let into an
// in-sync set is the incarnation that its leader speaks of.
std::optional<std::string> check_decision(const Image& before,
                                          const Request& request,
                                          const Decision& decision);

}  // namespace glasslog::metadata
