// libFuzzer: records and controls of any kind but set_back, after which rows may go back. Nothing crashes, every record
// is taken or counted, rows stay in time order, and pushing all at once or one by one gives the same bits.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "core/engine.hpp"

using namespace neural_focus;

namespace {

constexpr std::int64_t forever = std::numeric_limits<std::int64_t>::max();

void expect(bool holds) {
  if (!holds) std::abort();
}

// Sixteen input bytes make a record or a control: mostly plausible, so that the fuzzer gets beyond validation.
struct Script {
  std::vector<Event> events;
  std::vector<Control> controls;
};

Script read_script(const std::uint8_t* data, std::size_t size) {
  Script script;
  std::uint64_t now_us = 1'700'000'000'000'000;
  for (; size >= 16; data += 16, size -= 16) {
    std::uint32_t step = 0;
    std::memcpy(&step, data + 1, sizeof step);
    now_us += step >> (data[5] % 32);
    if (data[0] >= 0xE0) {
      const auto kind = static_cast<ControlKind>(data[0] % 6);
      script.controls.push_back({static_cast<std::int64_t>(now_us), kind, static_cast<double>(data[6])});
      continue;
    }
    Event event{};
    event.timestamp_us = data[5] == 0xFF ? now_us - step : now_us;
    event.event_type = data[0] % 17;
    std::memset(event.app_name, data[6], 1 + data[6] % 31);
    std::memcpy(event.data.raw, data + 4, sizeof event.data.raw);
    script.events.push_back(event);
  }
  return script;
}

void check_rows(const Snapshots& rows) {
  for (std::size_t i = 0; i < rows.count; ++i) {
    expect(i == 0 || rows.times_us.data()[i] > rows.times_us.data()[i - 1]);
    for (std::size_t k = 0; k < feature_count; ++k) {
      const float value = rows.features.data()[i * feature_count + k];
      expect(value - value == 0.0F);  // finite
      expect(value >= 0 || k == keystroke_interval_trend);
    }
  }
}

bool same(const InputRows& a, const InputRows& b) {
  if (a.count != b.count) return false;
  return a.count == 0 || (std::memcmp(a.times_us.data(), b.times_us.data(), a.count * sizeof(std::int64_t)) == 0 &&
                          std::memcmp(a.values.data(), b.values.data(), a.count * input_count * sizeof(float)) == 0 &&
                          std::memcmp(a.apps.data(), b.apps.data(), 2 * a.count * sizeof(AppName)) == 0);
}

void check_rows(const InputRows& rows) {
  for (std::size_t i = 0; i < rows.count * input_count; ++i) {
    const float value = rows.values.data()[i];
    expect(value - value == 0.0F);  // finite
  }
}

bool same(const Snapshots& a, const Snapshots& b) {
  if (a.count != b.count) return false;
  return a.count == 0 ||
         (std::memcmp(a.times_us.data(), b.times_us.data(), a.count * sizeof(std::int64_t)) == 0 &&
          std::memcmp(a.features.data(), b.features.data(), a.count * feature_count * sizeof(float)) == 0 &&
          std::memcmp(a.sequence.data(), b.sequence.data(), a.count * sequence_length) == 0);
}

const std::byte* as_bytes(const Event* events) { return reinterpret_cast<const std::byte*>(events); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Script script = read_script(data, std::min<std::size_t>(size, 4'096));
  const ZoneTable zone{{0, 1'700'001'000'000'000}, {3600, -3600}};
  Engine whole{zone, 2, true};
  whole.push(as_bytes(script.events.data()), script.events.size(), script.controls);
  whole.close_until(forever);
  check_rows(whole.take_snapshots());
  check_rows(whole.take_inputs());

  Engine batch{zone, 2, true};
  batch.push(as_bytes(script.events.data()), script.events.size());
  batch.close_until(forever);
  Engine piecewise{zone, 2, true};
  for (std::size_t i = 0; i < script.events.size(); ++i) {
    piecewise.push(as_bytes(&script.events[i]), 1);
    if (i % 8 == 0) piecewise = Engine::load(piecewise.save());
  }
  piecewise.close_until(forever);
  expect(same(batch.take_snapshots(), piecewise.take_snapshots()));
  expect(same(batch.take_inputs(), piecewise.take_inputs()));
  const std::vector<Change> changes = batch.take_changes(), again = piecewise.take_changes();
  expect(changes.size() == again.size());
  expect(changes.empty() || std::memcmp(changes.data(), again.data(), changes.size() * sizeof(Change)) == 0);

  const Counters counted = batch.counters();
  std::uint64_t total = counted.events;
  for (const std::uint64_t rejected : counted.rejected) total += rejected;
  expect(total == script.events.size());
  return 0;
}
