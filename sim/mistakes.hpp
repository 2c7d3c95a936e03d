#pragma once

// Historically real mistakes, by the names under which a scenario orders them (`mistake
// keep-torn-tail`): the twin of a scenario makes one and must fail. The real broker has no way to
// make them.

#include "core/broker/broker.hpp"

#include <string>
#include <vector>

namespace glasslog::sim {

const std::vector<std::string>& mistake_names();

// The rules with this one mistake; "" is none.
broker::BrokerRules rules_with(const std::string& mistake);

}  // namespace glasslog::sim
