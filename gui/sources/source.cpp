#include "gui/sources/source.hpp"

#include "core/os/process.hpp"
#include "core/os/trace_files.hpp"
#include "core/trace/join.hpp"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

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

// The header at the beginning of a file; empty while it is not whole.
std::optional<trace::TraceHeader> header_of(const std::string& path) {
    QFile file(QString::fromStdString(path));
    if (!file.open(QIODevice::ReadOnly)) return std::nullopt;
    trace::TraceReader reader;
    while (!reader.header()) {
        const QByteArray bytes = file.read(piece_bytes);
        reader.feed(as_bytes({bytes.data(), std::size_t(bytes.size())}));
        if (bytes.isEmpty() || !reader.next()) break;
    }
    return reader.header();
}

bool is_directly_in(const std::string& file, const std::string& directory) {
    const QDir above = QFileInfo(QString::fromStdString(file)).absoluteDir();
    return above == QDir(QString::fromStdString(directory));
}

class JoinedSource final : public Source {
public:
    explicit JoinedSource(std::vector<std::string> paths)
        : Source(false), paths_(std::move(paths)) {
        look();
        begin();
    }

    ~JoinedSource() override { finish(); }

protected:
    Piece read() override {
        if (joiner_.problem() && problem_.empty()) problem_ = joiner_.problem()->text();
        if (!problem_.empty()) return {.bytes = {}, .is_end = true, .problem = problem_};
        // The first file comes last in a turn, so that all have begun before all can be over.
        for (std::size_t turn = 0; turn < files_.size(); ++turn) {
            next_ = (next_ + 1) % files_.size();
            const QByteArray bytes = files_[next_]->read(piece_bytes);
            if (bytes.isEmpty()) continue;
            return {.bytes = Bytes::copy_of(as_bytes({bytes.data(), std::size_t(bytes.size())})),
                    .is_end = false,
                    .problem = {},
                    .file = next_};
        }
        if (last_ && has_ended(*last_)) return {.bytes = {}, .is_end = true, .problem = {}};
        pause();
        constexpr int pauses_between_looks = 10;
        if (++pauses_ % pauses_between_looks == 0) look();
        return {};
    }

    trace::Event placed(std::size_t file, trace::Event event) override {
        return joiner_.take(file + 1, std::move(event));
    }

private:
    void look();
    void add(const std::string& path);

    std::vector<std::string> paths_;
    std::vector<std::unique_ptr<QFile>> files_;
    std::set<std::int64_t> origins_;   // of files_
    std::optional<std::size_t> last_;  // the one that outlives the others: of `up` itself
    trace::Joiner joiner_;
    std::string problem_;
    std::size_t next_ = 0;
    int pauses_ = 0;
};

void JoinedSource::look() {
    for (const std::string& path : paths_) {
        if (!os::is_directory(path)) {
            add(path);
            continue;
        }
        const auto found = os::trace_files(path);
        if (!found) problem_ = found.error().text();
        for (const std::string& file : found ? *found : std::vector<std::string>()) {
            add(file);
            if (!last_ && files_.size() == 1 && is_directly_in(file, path)) last_ = 0;
        }
    }
}

// A node that starts again renames its last trace: a file is known by its origin, not by its name.
void JoinedSource::add(const std::string& path) {
    const auto header = header_of(path);
    if (!header || origins_.contains(header->origin.steady_ns)) return;
    auto file = std::make_unique<QFile>(QString::fromStdString(path));
    if (!file->open(QIODevice::ReadOnly)) return;
    const auto number = joiner_.add(path, *header);
    if (!number) problem_ = number.error().text();
    if (!number) return;
    origins_.insert(header->origin.steady_ns);
    files_.push_back(std::move(file));
}

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
    while (true) {
        const Piece piece = read();
        deliver(piece);
        std::unique_lock lock(mutex_);
        // A window that is behind makes the reader wait, and through the pipe the simulator.
        changed_.wait(lock, [this] {
            return is_stopping_ || pending_.events.size() < pending_events_max;
        });
        if (is_stopping_ || pending_.is_ended) return;
    }
}

void Source::deliver(const Piece& piece) {
    if (piece.file >= readings_.size()) readings_.resize(piece.file + 1);
    Reading& reading = readings_[piece.file];
    reading.reader.feed(piece.bytes.view());
    std::vector<trace::Event> events;
    std::string problem = piece.problem;
    while (true) {
        auto event = reading.reader.next();
        if (!event) problem = event.error().text();
        reading.is_over = reading.is_over || !event || reading.reader.is_finished();
        if (!event || !*event) break;
        events.push_back(placed(piece.file, std::move(**event)));
    }
    const std::lock_guard lock(mutex_);
    std::move(events.begin(), events.end(), std::back_inserter(pending_.events));
    if (const auto& header = readings_.front().reader.header()) pending_.header = header;
    if (!problem.empty()) pending_.problem = problem;
    pending_.is_ended = piece.is_end || is_over();
}

// Of several files the others go on when one has ended.
bool Source::is_over() const {
    return std::all_of(readings_.begin(), readings_.end(), [](const Reading& reading) {
        return reading.is_over;
    });
}

std::unique_ptr<Source> open_file(const std::string& path) {
    return std::make_unique<FileSource>(path);
}

std::unique_ptr<Source> open_joined(std::vector<std::string> paths) {
    return std::make_unique<JoinedSource>(std::move(paths));
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
