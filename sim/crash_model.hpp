#pragma once

// What a power loss does to what a disk was not told to sync.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace glasslog::sim {

// kept: all of it happened to be written. lost: none. suffix_lost: a keyed-random prefix of the
// writes survives. subset_lost: each page (4 KiB) and each directory entry survives or not by
// itself; a page that is lost inside a surviving length reads as zeros.
// What was synced before survives under every model.
enum class Unsynced : std::uint8_t { kept, lost, suffix_lost, subset_lost };

// contents: appended bytes and truncations. names: created, renamed and removed directory entries
// that no sync_directory covered. sector_bytes: 0, or the first write that is lost survives up to
// a sector of this size (512, 4096), which tears it.
struct CrashModel {
    Unsynced contents = Unsynced::lost;
    Unsynced names = Unsynced::lost;
    std::uint32_t sector_bytes = 0;

    friend bool operator==(const CrashModel&, const CrashModel&) = default;
};

// Every combination that makes sense, for tests that try all.
std::vector<CrashModel> all_crash_models();

// "lose-unsynced+tear", the words of the scenario language.
std::string text(const CrashModel& model);

}  // namespace glasslog::sim
