#include "sim/disk_image.hpp"

#include "core/base/check.hpp"
#include "core/base/random.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::sim {
namespace {

constexpr InodeId root{1};
constexpr InodeId nothing{0};

std::vector<std::string_view> split(std::string_view path) {
    std::vector<std::string_view> parts;
    std::size_t begin = 0;
    while (begin < path.size()) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const std::string_view part = path.substr(begin, end - begin);
        if (!part.empty() && part != ".") parts.push_back(part);
        begin = end + 1;
    }
    return parts;
}

Unexpected<IoError> error(IoCode code, const std::string& path, std::string detail = {}) {
    return Unexpected{IoError{code, path, 0, std::move(detail)}};
}

}  // namespace

DiskImage::DiskImage() {
    directories_[root];
}

DiskImage::File& DiskImage::file(InodeId id) {
    const auto found = files_.find(id);
    CHECK(found != files_.end(), "inode {}", id);
    return found->second;
}

const DiskImage::File& DiskImage::file(InodeId id) const {
    const auto found = files_.find(id);
    CHECK(found != files_.end(), "inode {}", id);
    return found->second;
}

// --- names --------------------------------------------------------------------------------------

Expected<DiskImage::Place, IoError> DiskImage::locate(const std::string& path) const {
    const std::vector<std::string_view> parts = split(path);
    InodeId at = root;
    if (parts.empty()) return Place{nothing, "", root};
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
        const Entries& entries = directories_.at(at).cached;
        const auto found = entries.find(parts[i]);
        if (found == entries.end() || !is_directory(found->second)) {
            return error(IoCode::not_found, path);
        }
        at = found->second;
    }
    const Entries& entries = directories_.at(at).cached;
    const auto found = entries.find(parts.back());
    return Place{at, std::string(parts.back()), found == entries.end() ? nothing : found->second};
}

Expected<InodeId, IoError> DiskImage::directory_at(const std::string& path) const {
    const Place place = TRY(locate(path));
    if (!is_directory(place.inode)) return error(IoCode::not_found, path);
    return place.inode;
}

void DiskImage::apply(NameChange change) {
    for (const Edit& edit : change) {
        Entries& entries = directories_.at(edit.directory).cached;
        if (edit.inode == nothing) {
            entries.erase(edit.name);
        } else {
            entries[edit.name] = edit.inode;
        }
    }
    unsynced_names_.push_back(std::move(change));
}

Expected<InodeId, IoError> DiskImage::open(const std::string& path, runtime::OpenMode mode) {
    const Place place = TRY(locate(path));
    if (is_directory(place.inode)) return error(IoCode::failed, path, "is a directory");
    const bool exists = place.inode != nothing;
    const bool may_create =
        mode == runtime::OpenMode::create || mode == runtime::OpenMode::create_or_append;
    if (exists && mode == runtime::OpenMode::create) return error(IoCode::exists, path);
    if (!exists && !may_create) return error(IoCode::not_found, path);
    if (exists) return place.inode;
    const InodeId id(++last_inode_);
    files_[id];
    apply({{place.directory, place.name, id}});
    return id;
}

Expected<void, IoError> DiskImage::rename(const std::string& from, const std::string& to) {
    const Place source = TRY(locate(from));
    const Place target = TRY(locate(to));
    if (source.inode == nothing || source.inode == root) return error(IoCode::not_found, from);
    if (target.inode == root) return error(IoCode::exists, to);
    if (source.inode == target.inode) return {};
    if (target.inode != nothing && is_directory(target.inode)) {
        if (!is_directory(source.inode) || !directories_.at(target.inode).cached.empty()) {
            return error(IoCode::exists, to);
        }
    }
    apply(
        {{source.directory, source.name, nothing}, {target.directory, target.name, source.inode}});
    return {};
}

Expected<void, IoError> DiskImage::remove(const std::string& path) {
    const Place place = TRY(locate(path));
    if (place.inode == nothing || place.inode == root) return error(IoCode::not_found, path);
    if (is_directory(place.inode) && !directories_.at(place.inode).cached.empty()) {
        return error(IoCode::failed, path, "the directory is not empty");
    }
    apply({{place.directory, place.name, nothing}});
    return {};
}

Expected<void, IoError> DiskImage::make_directory(const std::string& path) {
    std::string so_far;
    for (const std::string_view part : split(path)) {
        so_far += '/';
        so_far += part;
        const Place place = TRY(locate(so_far));
        if (is_directory(place.inode)) continue;
        if (place.inode != nothing) return error(IoCode::exists, so_far, "is a file");
        const InodeId id(++last_inode_);
        directories_[id];
        apply({{place.directory, place.name, id}});
    }
    return {};
}

Expected<void, IoError> DiskImage::sync_directory(const std::string& path) {
    const InodeId id = TRY(directory_at(path));
    bool removed = false;
    std::erase_if(unsynced_names_, [&](const NameChange& change) {
        const bool covered =
            std::ranges::any_of(change, [&](const Edit& edit) { return edit.directory == id; });
        if (!covered) return false;
        for (const Edit& edit : change) {
            const auto directory = directories_.find(edit.directory);
            if (directory == directories_.end()) continue;
            removed = true;
            if (edit.inode == nothing) {
                directory->second.durable.erase(edit.name);
            } else {
                directory->second.durable[edit.name] = edit.inode;
            }
        }
        return true;
    });
    if (removed) collect_garbage();
    return {};
}

Expected<std::vector<runtime::DirectoryEntry>, IoError> DiskImage::list(
    const std::string& path) const {
    const InodeId id = TRY(directory_at(path));
    std::vector<runtime::DirectoryEntry> out;
    for (const auto& [name, inode] : directories_.at(id).cached) {
        const bool directory = is_directory(inode);
        out.push_back({name, directory, directory ? 0 : file(inode).bytes.size()});
    }
    return out;
}

std::optional<InodeId> DiskImage::find(const std::string& path) const {
    const auto place = locate(path);
    if (!place || !files_.contains(place->inode)) return std::nullopt;
    return place->inode;
}

// --- contents -----------------------------------------------------------------------------------

void DiskImage::append(InodeId id, const Payload& payload, WallTime now) {
    append_part(id, payload, payload.size());
    file(id).modified = now;
}

void DiskImage::append_part(InodeId id, const Payload& payload, std::uint64_t bytes) {
    File& f = file(id);
    const std::uint64_t begin = f.bytes.size();
    std::uint64_t left = std::min<std::uint64_t>(bytes, payload.size());
    for (const Bytes& part : payload.parts()) {
        const std::uint64_t take = std::min<std::uint64_t>(left, part.size());
        f.bytes.insert(f.bytes.end(), part.data(), part.data() + take);
        left -= take;
    }
    used_bytes_ += f.bytes.size() - begin;
    ++f.changes;
    f.unsynced.push_back({true, begin, f.bytes.size(), {}});
}

void DiskImage::truncate(InodeId id, std::uint64_t size, WallTime now) {
    File& f = file(id);
    CHECK(size <= f.bytes.size(), "to {} of {}", size, f.bytes.size());
    const auto cut = f.bytes.begin() + static_cast<std::ptrdiff_t>(size);
    ++f.changes;
    f.unsynced.push_back({false, size, f.bytes.size(), {cut, f.bytes.end()}});
    used_bytes_ -= f.bytes.size() - size;
    f.bytes.erase(cut, f.bytes.end());
    f.modified = now;
}

Bytes DiskImage::read(InodeId id, std::uint64_t position, std::size_t max) const {
    const File& f = file(id);
    if (position >= f.bytes.size()) return {};
    const std::size_t count = std::min<std::size_t>(max, f.bytes.size() - position);
    return Bytes::copy_of(ByteView(f.bytes).subspan(position, count));
}

std::uint64_t DiskImage::size(InodeId id) const {
    return file(id).bytes.size();
}

WallTime DiskImage::modified_at(InodeId id) const {
    return file(id).modified;
}

std::uint64_t DiskImage::changes(InodeId id) const {
    return file(id).changes;
}

void DiskImage::sync_upto(InodeId id, std::uint64_t change) {
    File& f = file(id);
    const std::uint64_t first = f.changes - f.unsynced.size();
    if (change <= first) return;
    const auto count = static_cast<std::ptrdiff_t>(std::min(change, f.changes) - first);
    f.unsynced.erase(f.unsynced.begin(), f.unsynced.begin() + count);
}

bool DiskImage::has_unsynced() const {
    return std::ranges::any_of(files_, [](const auto& f) { return !f.second.unsynced.empty(); });
}

std::uint64_t DiskImage::unsynced_bytes(InodeId id) const {
    std::uint64_t bytes = 0;
    for (const Change& change : file(id).unsynced) {
        if (change.is_append) bytes += change.end - change.begin;
    }
    return bytes;
}

void DiskImage::pin(InodeId id) {
    ++file(id).pins;
}

void DiskImage::unpin(InodeId id) {
    --file(id).pins;
    CHECK(file(id).pins >= 0);
}

void DiskImage::drop_pins() {
    for (auto& [id, f] : files_)
        f.pins = 0;
}

bool DiskImage::rot(InodeId id, std::uint64_t position, std::uint8_t bit) {
    File& f = file(id);
    if (position >= f.bytes.size()) return false;
    f.bytes[position] = static_cast<std::uint8_t>(f.bytes[position] ^ (1U << (bit & 7U)));
    return true;
}

std::optional<Bytes> DiskImage::contents(const std::string& path) const {
    const auto id = find(path);
    if (!id) return std::nullopt;
    return read(*id, 0, SIZE_MAX);
}

std::vector<std::string> DiskImage::files() const {
    std::vector<std::string> out;
    for (const auto& [id, path] : paths()) {
        if (files_.contains(id)) out.push_back(path);
    }
    std::ranges::sort(out);
    return out;
}

void DiskImage::put(const std::string& path, const Bytes& content) {
    for (std::size_t at = path.find('/'); at != std::string::npos; at = path.find('/', at + 1)) {
        const std::string folder = path.substr(0, at);
        if (!list(folder)) CHECK(make_directory(folder).has_value(), "{}", folder);
    }
    const auto id = open(path, runtime::OpenMode::create);
    CHECK(id.has_value(), "{}", path);
    append(*id, Payload(content), WallTime());
    sync_upto(*id, changes(*id));
    std::string folder = path;
    do {
        const std::size_t slash = folder.rfind('/');
        folder = slash == std::string::npos ? "" : folder.substr(0, slash);
        CHECK(sync_directory(folder).has_value(), "{}", folder);
    } while (!folder.empty());
}

// --- power loss ---------------------------------------------------------------------------------

std::map<InodeId, std::string> DiskImage::paths() const {
    std::map<InodeId, std::string> out;
    walk(root, "", out);
    return out;
}

void DiskImage::walk(InodeId directory,
                     const std::string& prefix,
                     std::map<InodeId, std::string>& out) const {
    for (const auto& [name, inode] : directories_.at(directory).cached) {
        out[inode] = prefix + name;
        if (is_directory(inode)) walk(inode, prefix + name + "/", out);
    }
}

std::vector<FileCrash> DiskImage::power_loss(const CrashModel& model, Draw draw) {
    std::vector<FileCrash> report;
    const std::map<InodeId, std::string> names = paths();
    for (auto& [id, f] : files_) {
        f.pins = 0;
        if (f.unsynced.empty()) continue;
        const auto name = names.find(id);
        const std::string path = name == names.end() ? "" : name->second;
        FileCrash crash = resolve(f, path, model, draw);
        if (!path.empty()) report.push_back(std::move(crash));
    }
    resolve_names(model.names, draw);
    collect_garbage();
    return report;
}

void DiskImage::resolve_names(Unsynced fate, Draw& draw) {
    std::size_t prefix = fate == Unsynced::kept ? unsynced_names_.size() : 0;
    if (fate == Unsynced::suffix_lost) {
        prefix = below(draw("crash-names", ""), unsynced_names_.size() + 1);
    }
    for (std::size_t i = 0; i < unsynced_names_.size(); ++i) {
        const NameChange& change = unsynced_names_[i];
        const bool by_itself = fate == Unsynced::subset_lost &&
                               Ratio{1, 2}.holds(draw("crash-name", change.back().name));
        if (i >= prefix && !by_itself) continue;
        for (const Edit& edit : change) {
            Entries& entries = directories_.at(edit.directory).durable;
            if (edit.inode == nothing) {
                entries.erase(edit.name);
            } else {
                entries[edit.name] = edit.inode;
            }
        }
    }
    unsynced_names_.clear();
    for (auto& [id, directory] : directories_)
        directory.cached = directory.durable;
}

namespace {

constexpr std::uint64_t page_bytes = 4096;

}  // namespace

FileCrash DiskImage::resolve(File& f,
                             const std::string& path,
                             const CrashModel& model,
                             Draw& draw) {
    FileCrash out{path, 0, 0, false};
    for (const Change& change : f.unsynced)
        out.written_bytes += change.is_append ? change.end - change.begin : 0;
    std::size_t keep = model.contents == Unsynced::kept ? f.unsynced.size() : 0;
    const bool partly =
        model.contents == Unsynced::suffix_lost || model.contents == Unsynced::subset_lost;
    if (partly) keep = below(draw("crash-keep", path), f.unsynced.size() + 1);
    std::vector<std::uint8_t> torn;  // bytes of the first append that is lost
    std::vector<std::uint8_t> after;
    std::uint64_t touched = f.bytes.size();
    std::vector<Change> changes = std::exchange(f.unsynced, {});
    for (std::size_t i = changes.size(); i-- > 0;) {
        const Change& change = changes[i];
        if (i + 1 == keep) after = f.bytes;
        touched = std::min(touched, change.begin);
        const auto begin = static_cast<std::ptrdiff_t>(change.begin);
        if (change.is_append) {
            if (i == keep) torn.assign(f.bytes.begin() + begin, f.bytes.end());
            f.bytes.resize(change.begin);
        } else {
            f.bytes.insert(f.bytes.end(), change.removed.begin(), change.removed.end());
        }
    }
    if (keep > 0) {
        const std::vector<std::uint8_t> platter = std::exchange(f.bytes, std::move(after));
        for (std::size_t i = 0; i < keep; ++i)
            out.kept_bytes += changes[i].is_append ? changes[i].end - changes[i].begin : 0;
        const std::uint64_t first = touched / page_bytes * page_bytes;
        for (std::uint64_t page = first;
             model.contents == Unsynced::subset_lost && page < f.bytes.size();
             page += page_bytes) {
            if (Ratio{1, 2}.holds(draw("crash-page", path))) continue;
            const std::uint64_t end = std::min<std::uint64_t>(page + page_bytes, f.bytes.size());
            for (std::uint64_t at = std::max(page, touched); at < end; ++at)
                f.bytes[at] = at < platter.size() ? platter[at] : 0;
            out.is_torn = true;
        }
    }
    if (model.sector_bytes != 0 && !torn.empty()) {
        const std::uint64_t begin = f.bytes.size();
        const std::uint64_t reached = begin + below(draw("crash-tear", path), torn.size());
        const std::uint64_t cut = reached / model.sector_bytes * model.sector_bytes;
        if (cut > begin) {
            const auto count = static_cast<std::ptrdiff_t>(cut - begin);
            f.bytes.insert(f.bytes.end(), torn.begin(), torn.begin() + count);
            out.kept_bytes += cut - begin;
            out.is_torn = out.is_torn || cut - begin < torn.size();
        }
    }
    return out;
}

// Files and directories that no name, no change and no handle reaches are gone.
void DiskImage::collect_garbage() {
    std::set<InodeId> reached;
    reach(root, reached);
    for (const NameChange& change : unsynced_names_) {
        for (const Edit& edit : change) {
            reached.insert(edit.directory);
            if (edit.inode != nothing) reached.insert(edit.inode);
        }
    }
    const auto is_reached = [&](InodeId id) { return reached.contains(id); };
    used_bytes_ = 0;
    std::erase_if(files_, [&](const auto& entry) {
        const bool keep = entry.second.pins > 0 || is_reached(entry.first);
        if (keep) used_bytes_ += entry.second.bytes.size();
        return !keep;
    });
    std::erase_if(directories_, [&](const auto& entry) { return !is_reached(entry.first); });
}

void DiskImage::reach(InodeId id, std::set<InodeId>& reached) const {
    if (!reached.insert(id).second) return;
    const auto found = directories_.find(id);
    if (found == directories_.end()) return;
    for (const auto& [name, inode] : found->second.cached)
        reach(inode, reached);
    for (const auto& [name, inode] : found->second.durable)
        reach(inode, reached);
}

}  // namespace glasslog::sim
