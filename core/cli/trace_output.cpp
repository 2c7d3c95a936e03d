#include "core/cli/trace_output.hpp"

#include "core/cli/shareable_text.hpp"
#include "core/trace/writer.hpp"

#include <fmt/format.h>

namespace glasslog::cli {
namespace {

constexpr const char* ring_file = "glasslog.trace";

Expected<std::size_t, InputError> size_of(const std::string& text) {
    std::size_t used = 0;
    unsigned long long count = 0;
    while (used < text.size() && text[used] >= '0' && text[used] <= '9' && used < 12) {
        count = count * 10 + static_cast<unsigned long long>(text[used++] - '0');
    }
    const std::string unit = text.substr(used);
    const std::size_t scale = unit == "MiB"   ? 1 << 20
                              : unit == "KiB" ? 1 << 10
                              : unit.empty()  ? 1
                                              : 0;
    if (count > 0 && scale > 0) return static_cast<std::size_t>(count) * scale;
    return Unexpected{
        InputError{"--trace", fmt::format("'ring:{}' has no size", text), "ring:64MiB", {}}};
}

InputError unwritable(const IoError& error) {
    return InputError{"--trace", error.text(), "a file that can be written", {}};
}

}  // namespace

Expected<std::unique_ptr<TraceOutput>, InputError> TraceOutput::open(
    const std::string& where, const broker::Config& config, const trace::ClockOrigin& origin) {
    auto output = std::make_unique<TraceOutput>();
    if (where.empty()) return output;
    const trace::TraceHeader header{.seed = 0,
                                    .build = "glasslog",
                                    .configuration = shareable_text(config.properties),
                                    .origin = origin};
    if (where.starts_with("ring:")) {
        const std::size_t bytes = TRY(size_of(where.substr(5)));
        output->ring_ = std::make_unique<trace::RingSink>(bytes);
    } else {
        auto file = os::FileSink::create(where);
        if (!file) return Unexpected{unwritable(file.error())};
        output->file_ = std::move(*file);
    }
    const auto written = trace::write_header(*output->sink(), header);
    if (!written) return Unexpected{unwritable(written.error())};
    return output;
}

trace::Sink* TraceOutput::sink() const {
    if (ring_) return ring_.get();
    return file_.get();
}

Expected<void, IoError> TraceOutput::finish() {
    if (ring_) {
        file_ = TRY(os::FileSink::create(ring_file));
        TRY(ring_->dump(*file_));
    }
    if (file_) TRY(file_->finish());
    if (ring_) {
        fmt::print(stderr,
                   "glasslog broker: the newest {} bytes of the trace are in {}\n",
                   ring_->bytes(),
                   ring_file);
    }
    return {};
}

}  // namespace glasslog::cli
