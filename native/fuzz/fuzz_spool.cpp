// libFuzzer: whatever lies in a segment, decoding it neither crashes nor reads past it, and what is whole survives
// being written again.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

#include "core/spool_format.hpp"

using namespace neural_focus;

namespace {

void expect(bool holds) {
  if (!holds) std::abort();
}

void decode_all(std::span<const std::byte> rest, std::uint64_t sequence) {
  while (!rest.empty()) {
    const spool::Batch batch = spool::decode_batch(rest, sequence);
    if (batch.status != spool::BatchStatus::whole) return;
    expect(batch.size <= rest.size() && batch.records.size() % sizeof(Event) == 0);
    const auto again = spool::encode_batch(batch.records, sequence, batch.titles);
    const spool::Batch same = spool::decode_batch(again, sequence);
    expect(same.status == spool::BatchStatus::whole && same.titles == batch.titles &&
           same.records.size() == batch.records.size());
    sequence += batch.records.size() / sizeof(Event);
    rest = rest.subspan(batch.size);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  spool::SegmentHeader header;
  try {
    if (spool::decode_header(bytes, header)) decode_all(bytes.subspan(spool::header_bytes), header.base_sequence);
  } catch (const spool::ForeignFormat&) {}
  decode_all(bytes, 0);
  // A checksum is hard to guess: also feed the batch decoder bytes whose checksum is right.
  if (size < 8) return 0;
  std::uint32_t count = 0;
  std::memcpy(&count, data, sizeof count);
  const std::size_t records = std::min<std::size_t>(count % 16, (size - 4) / sizeof(Event));
  const std::string title(reinterpret_cast<const char*>(data) + 4, std::min<std::size_t>(size - 4, 100));
  auto batch = spool::encode_batch(bytes.subspan(4, records * sizeof(Event)), 7, {{count, title}});
  expect(spool::decode_batch(batch, 7).status == spool::BatchStatus::whole);
  batch[size % batch.size()] ^= std::byte{1};
  expect(spool::decode_batch(batch, 7).status != spool::BatchStatus::whole);
  return 0;
}
