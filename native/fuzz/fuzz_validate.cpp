// libFuzzer: whatever a record holds, judging it reads nothing beyond it, and its name is repaired once and for all.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "core/engine.hpp"

using namespace neural_focus;

namespace {

void expect(bool holds) {
  if (!holds) std::abort();
}

void judge(const std::byte* records, std::size_t count) {
  const auto good = std::make_unique<bool[]>(count + 1);
  const auto faults = validate(records, count, good.get());
  std::uint64_t total = 0;
  for (const std::uint64_t fault : faults) total += fault;
  expect(total == count);
  for (std::size_t i = 0; i < count; ++i) {
    const RecordView record{records + i * sizeof(Event)};
    const AppName name = record.app();
    Event again{};
    std::memcpy(again.app_name, &name, sizeof name);
    expect(RecordView{reinterpret_cast<const std::byte*>(&again)}.app() == name);
    expect(good[i] == (find_fault(record) == Fault::none));
  }
}

void restore(std::span<const std::byte> bytes) {
  try {
    Engine engine = Engine::load(bytes);
    engine.close_until(static_cast<std::int64_t>(min_timestamp_us));
  } catch (const std::invalid_argument&) {}
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  judge(bytes, size / sizeof(Event));
  restore({bytes, size});
  return 0;
}
