// Records as a stranger may produce them, or as a damaged file may hold them. First byte even: the
// bytes as they are. Odd: length, magic and CRC are made right, so that the records are reached.

#include "core/base/check.hpp"
#include "core/base/crc32c.hpp"
#include "core/protocol/batch_validation.hpp"
#include "core/protocol/metadata_record.hpp"
#include "tests/support/allocations.hpp"

namespace glasslog::protocol {
namespace {

constexpr std::size_t content_max = 1U << 20;

void make_head_right(std::vector<std::uint8_t>& bytes) {
    if (bytes.size() < batch_header_size) bytes.resize(batch_header_size);
    store_be(bytes.data(), std::int64_t{0});
    store_be(bytes.data() + 8, static_cast<std::int32_t>(bytes.size() - batch_length_end));
    store_be(bytes.data() + 16, batch_magic);
    store_be(bytes.data() + 17, crc32c(ByteView(bytes).subspan(batch_crc_begin)));
}

void try_records(const BatchView& batch) {
    const auto before = support::allocations();
    const auto section = RecordSection::open(batch, content_max);
    CHECK((support::allocations() - before).bytes <= 8 * content_max);
    if (!section) return;
    RecordIterator records = section->records();
    while (records.next()) {
        HeaderView header;
        for (HeaderIterator headers(records.record()); headers.next(header);) {
        }
        if (!records.record().value) continue;
        const auto record = decode_metadata_record(Bytes::copy_of(*records.record().value));
        if (record) CHECK(!print_metadata_record(*record).empty());
    }
}

// What passes the checks of a leader can be built again, and passes again.
void try_validation(ByteView bytes) {
    const BatchRules rules{.decompressed_bytes_max = content_max, .now_ms = 1'700'000'000'000};
    const auto batch = check_produced_format(bytes, Version{13});
    if (!batch) return;
    const auto checked = check_produced_batch(*batch, rules);
    if (!checked) return;
    const auto again = rebuilt(*batch, Compression::none, content_max);
    CHECK(again.has_value());
    const auto same = check_produced_format(again->view(), Version{13});
    CHECK(same.has_value());
    CHECK(same->record_count() == batch->record_count());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    std::vector<std::uint8_t> bytes(data + 1, data + size);
    if ((data[0] & 1) != 0) make_head_right(bytes);
    if (const auto batch = BatchView::read(bytes)) try_records(*batch);
    try_validation(bytes);
    return 0;
}

}  // namespace glasslog::protocol
