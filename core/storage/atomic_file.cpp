#include "core/storage/atomic_file.hpp"

#include "core/base/check.hpp"
#include "core/storage/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace glasslog::storage {

std::vector<DiskOp> write_atomically(const std::string& path, Bytes content, FileSlot slot) {
    const std::string temporary = path + std::string(temporary_suffix);
    std::vector<DiskOp> operations;
    // One that a crash left behind would be continued.
    operations.emplace_back(RemovePath{temporary, IfMissing::go_on});
    operations.emplace_back(OpenFile{slot, temporary, runtime::OpenMode::create, IfMissing::fail});
    if (!content.empty()) operations.emplace_back(AppendFile{slot, Payload(std::move(content))});
    operations.emplace_back(SyncFile{slot});
    operations.emplace_back(CloseFile{slot});
    operations.emplace_back(RenamePath{temporary, path, IfMissing::fail});
    operations.emplace_back(SyncDirectory{parent_of(path)});
    return operations;
}

std::string parent_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

AtomicFile::AtomicFile(runtime::Executor& executor, runtime::Disk& disk, std::string path)
    : path_(std::move(path)), executor_(executor), runner_(executor, disk) {}

void AtomicFile::write(Bytes content, runtime::IoDone<void> done) {
    if (failure_) {
        executor_.post(gate_.wrap([done = std::move(done), failure = *failure_]() mutable {
            done(Unexpected{std::move(failure)});
        }));
        return;
    }
    next_ = std::move(content);
    waiting_.push_back(std::move(done));
    if (!runner_.is_running()) start();
}

void AtomicFile::start() {
    in_flight_ = std::exchange(waiting_, {});
    Bytes content = *std::exchange(next_, std::nullopt);
    runner_.run(run_in_order(write_atomically(path_, std::move(content))),
                [this](Expected<void, IoError> outcome) { finished(std::move(outcome)); });
}

// The callbacks may destroy this object.
void AtomicFile::finished(Expected<void, IoError> outcome) {
    std::vector<runtime::IoDone<void>> answered = std::exchange(in_flight_, {});
    if (!outcome) {
        failure_ = outcome.error();
        std::move(waiting_.begin(), waiting_.end(), std::back_inserter(answered));
        waiting_.clear();
        next_.reset();
    } else if (next_) {
        start();
    }
    for (runtime::IoDone<void>& done : answered)
        done(outcome);
}

Job read_whole(ReadWhole what, std::shared_ptr<std::vector<std::uint8_t>> content) {
    enum class At : std::uint8_t { begin, opened, reading, closed };
    static constexpr FileSlot slot{0};
    return [what = std::move(what), content = std::move(content), at = At::begin](
               const Completion& completion) mutable -> Step {
        if (completion.error) return Finished{completion.error};
        if (at == At::begin) {
            at = At::opened;
            return OpenFile{slot, what.path, runtime::OpenMode::read, IfMissing::fail};
        }
        if (at == At::opened && completion.size > what.bytes_max) {
            return Finished{IoError{
                .code = IoCode::failed,
                .subject = what.path,
                .detail = fmt::format("{} bytes are more than such a file has", completion.size)}};
        }
        if (at == At::closed) return Finished{};
        if (at == At::reading) {
            const ByteView got = completion.bytes.view();
            content->insert(content->end(), got.begin(), got.end());
            if (got.empty() || content->size() > what.bytes_max) {
                at = At::closed;
                return CloseFile{slot};
            }
        }
        at = At::reading;
        return ReadFile{slot, content->size(), chunk_bytes_max};
    };
}

}  // namespace glasslog::storage
