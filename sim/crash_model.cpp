#include "sim/crash_model.hpp"

namespace glasslog::sim {

std::vector<CrashModel> all_crash_models() {
    std::vector<CrashModel> models;
    for (const Unsynced contents :
         {Unsynced::kept, Unsynced::lost, Unsynced::suffix_lost, Unsynced::subset_lost}) {
        for (const Unsynced names : {Unsynced::kept, Unsynced::lost, Unsynced::subset_lost})
            models.push_back({contents, names, 0});
    }
    for (const std::uint32_t sector : {512U, 4096U}) {
        models.push_back({Unsynced::lost, Unsynced::kept, sector});
        models.push_back({Unsynced::suffix_lost, Unsynced::suffix_lost, sector});
    }
    return models;
}

namespace {

std::string_view word(Unsynced fate) {
    switch (fate) {
        case Unsynced::kept:
            return "keep";
        case Unsynced::lost:
            return "lose-unsynced";
        case Unsynced::suffix_lost:
            return "lose-suffix";
        case Unsynced::subset_lost:
            return "lose-subset";
    }
    return "";
}

}  // namespace

std::string text(const CrashModel& model) {
    std::string out(word(model.contents));
    if (model.sector_bytes == 512) out += "+tear";
    if (model.sector_bytes != 0 && model.sector_bytes != 512) {
        out += "+tear-" + std::to_string(model.sector_bytes);
    }
    if (model.names != model.contents) {
        out += "+names-";
        out += word(model.names);
    }
    return out;
}

}  // namespace glasslog::sim
