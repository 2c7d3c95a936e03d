#pragma once

// A request fans out by partition and joins in order: each part is worked on at the reactor that
// owns it, the results come back together, in the order of the parts.

#include "core/broker/reactor.hpp"

#include <map>
#include <utility>
#include <vector>

namespace glasslog::broker {

// How one part is done on its reactor.
template <typename Part, typename Result>
using PartWork = void (*)(Reactor& there, Part part, AnswerDone<Result> done);

template <typename Result>
struct PartResult {
    std::size_t index = 0;
    Result result;
};

// Does all parts here; `done` gets the results in the order of the parts.
template <typename Part, typename Result>
void gather(Reactor& here,
            std::vector<Part> parts,
            PartWork<Part, Result> work,
            AnswerDone<std::vector<Result>> done) {
    if (parts.empty()) return done({});
    const std::size_t count = parts.size();
    const std::uint64_t token = here.parked().park<PartResult<Result>>(
        count,
        [results = std::vector<Result>(count), left = count, done = std::move(done)](
            PartResult<Result> one) mutable {
            results[one.index] = std::move(one.result);
            if (--left == 0) done(std::move(results));
        });
    for (std::size_t index = 0; index < count; ++index) {
        work(here, std::move(parts[index]), [&here, token, index](Result result) {
            here.parked().resume<PartResult<Result>>(token, {index, std::move(result)});
        });
    }
}

// A part, and the reactor that owns it.
template <typename Part>
struct Owned {
    ReactorId owner;
    Part part;
};

// The parts of one reactor, and where their results belong.
template <typename Part>
struct PartGroup {
    std::vector<Part> parts;
    std::vector<std::size_t> indexes;
};

template <typename Part>
std::map<ReactorId, PartGroup<Part>> group_by_owner(std::vector<Owned<Part>> parts) {
    std::map<ReactorId, PartGroup<Part>> groups;
    for (std::size_t index = 0; index < parts.size(); ++index) {
        PartGroup<Part>& group = groups[parts[index].owner];
        group.parts.push_back(std::move(parts[index].part));
        group.indexes.push_back(index);
    }
    return groups;
}

// The results of a group, at their places among all.
template <typename Result>
struct GroupResult {
    std::vector<std::size_t> indexes;
    std::vector<Result> results;
};

template <typename Part, typename Result>
void scatter(Reactor& here,
             std::vector<Owned<Part>> parts,
             PartWork<Part, Result> work,
             AnswerDone<std::vector<Result>> done) {
    if (parts.empty()) return done({});
    const std::size_t count = parts.size();
    auto groups = group_by_owner(std::move(parts));
    if (groups.size() == 1 && groups.begin()->first == here.runtime().reactor) {
        return gather<Part, Result>(here,
                                    std::move(groups.begin()->second.parts),
                                    work,
                                    std::move(done));
    }
    const std::uint64_t token = here.parked().park<GroupResult<Result>>(
        groups.size(),
        [results = std::vector<Result>(count), left = groups.size(), done = std::move(done)](
            GroupResult<Result> group) mutable {
            for (std::size_t i = 0; i < group.indexes.size(); ++i) {
                results[group.indexes[i]] = std::move(group.results[i]);
            }
            if (--left == 0) done(std::move(results));
        });
    for (auto& [owner, group] : groups) {
        const bool is_asked = here.ask<std::vector<Result>>(
            owner,
            [work, parts_there = std::move(group.parts)](
                Reactor& there,
                AnswerDone<std::vector<Result>> reply) mutable {
                gather<Part, Result>(there, std::move(parts_there), work, std::move(reply));
            },
            [&here, token, indexes = std::move(group.indexes)](
                std::vector<Result> results) mutable {
                here.parked().resume<GroupResult<Result>>(token,
                                                          {std::move(indexes), std::move(results)});
            });
        if (!is_asked) return here.parked().forget(token);  // drops `done`: nobody half-answers
    }
}

}  // namespace glasslog::broker
