#include "gui/sources/source.hpp"

#include "core/os/process.hpp"

#include <QFile>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace glasslog::gui {
namespace {

constexpr std::size_t piece_bytes = 256 * 1024;
constexpr std::size_t pending_events_max = 100'000;
constexpr auto moment = std::chrono::milliseconds(100);

class FileSource final : public Source {
public:
    explicit FileSource(const std::string& path)
        : Source(false), file_(QString::fromStdString(path)) {
        begin();
    }

    ~FileSource() override { finish(); }

protected:
    Piece read() override {
        if (!file_.isOpen() && !file_.open(QIODevice::ReadOnly))
            return {{}, true, file_.errorString().toStdString()};
        const QByteArray bytes = file_.read(piece_bytes);
        if (bytes.isEmpty()) pause();  // it may grow
        return {Bytes::copy_of(as_bytes({bytes.data(), std::size_t(bytes.size())})), false, {}};
    }

private:
    QFile file_;
};

class ChildSource final : public Source {
public:
    explicit ChildSource(os::Spawned child) : Source(true), child_(std::move(child)) { begin(); }

    // The child ends by itself: nobody speaks to it and nobody reads what it says.
    ~ChildSource() override {
        child_.input.close();
        finish();
    }

    void send(const std::string& line) override {
        const auto written = os::write_all(child_.input.get(), as_bytes(line + "\n"));
        ignore(written, "the end of its output tells that it is gone");
    }

protected:
    Piece read() override {
        const int output = child_.output.get();
        if (!os::wait_readable({output}, Duration::milliseconds(100))) return {};
        auto bytes = os::read_some(output, piece_bytes);
        if (bytes && !bytes->empty()) return {*bytes, false, {}};
        const auto status = child_.child.wait();
        const bool is_good = status && status->is_success();
        if (is_good) return {{}, true, {}};
        return {{}, true, "the simulator " + (status ? status->text() : "is gone")};
    }

private:
    os::Spawned child_;
};

}  // namespace

Batch Source::take() {
    const std::lock_guard lock(mutex_);
    Batch out = std::exchange(pending_, {});
    pending_.is_ended = out.is_ended;
    changed_.notify_all();
    return out;
}

void Source::begin() {
    thread_ = std::thread([this] { run(); });
}

void Source::finish() {
    {
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
        changed_.notify_all();
    }
    thread_.join();
}

void Source::pause() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, moment, [this] { return is_stopping_; });
}

void Source::run() {
    trace::TraceReader reader;
    while (true) {
        const Piece piece = read();
        deliver(reader, piece);
        std::unique_lock lock(mutex_);
        // A window that is behind makes the reader wait, and through the pipe the simulator.
        changed_.wait(lock, [this] {
            return is_stopping_ || pending_.events.size() < pending_events_max;
        });
        if (is_stopping_ || pending_.is_ended) return;
    }
}

void Source::deliver(trace::TraceReader& reader, const Piece& piece) {
    reader.feed(piece.bytes.view());
    std::vector<trace::Event> events;
    std::string problem = piece.problem;
    bool is_ended = piece.is_end;
    while (true) {
        auto event = reader.next();
        if (!event) problem = event.error().text();
        is_ended = is_ended || !event || reader.is_finished();
        if (!event || !*event) break;
        events.push_back(std::move(**event));
    }
    const std::lock_guard lock(mutex_);
    std::move(events.begin(), events.end(), std::back_inserter(pending_.events));
    pending_.header = reader.header();
    pending_.problem = problem;
    pending_.is_ended = is_ended;
}

std::unique_ptr<Source> open_file(const std::string& path) {
    return std::make_unique<FileSource>(path);
}

Expected<std::unique_ptr<Source>, IoError> start_simulator(const std::string& program,
                                                           const std::string& scenario) {
    auto child = TRY(os::spawn({.program = program,
                                .arguments = {"sim", "serve", scenario},
                                .output_file = {},
                                .has_pipes = true}));
    return std::unique_ptr<Source>(std::make_unique<ChildSource>(std::move(child)));
}

}  // namespace glasslog::gui
