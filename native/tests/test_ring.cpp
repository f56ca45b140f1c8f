// One producer, one consumer, no pauses: every record arrives once, whole and in order, or is counted as dropped.
// Meant for ThreadSanitizer: g++ -std=c++20 -fsanitize=thread -Inative/src native/tests/test_ring.cpp -pthread
#include "core/ring.hpp"

#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

using namespace neural_focus;

namespace {

void check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "FAILED: %s\n", what);
  std::exit(1);
}

Event numbered(std::uint64_t number) {
  Event record{};
  record.timestamp_us = number;
  record.event_type = static_cast<std::uint32_t>(number % event_type_count);
  record.window_handle = static_cast<std::uint32_t>(number * 2654435761U);  // the last bytes must come along too
  record.data.mouse_move = {static_cast<std::int32_t>(number), 0, static_cast<std::uint32_t>(~number)};
  return record;
}

void check_whole(const Event& record) {
  const Event expected = numbered(record.timestamp_us);
  check(record.window_handle == expected.window_handle &&
            record.data.mouse_move.speed_pps == static_cast<std::uint32_t>(~record.timestamp_us),
        "a record arrived whole");
}

void refuses_odd_capacities() {
  for (const std::size_t capacity : std::initializer_list<std::size_t>{0, 1, 3, 1000}) {
    bool thrown = false;
    try {
      const Ring ring(capacity);
    } catch (const std::invalid_argument&) { thrown = true; }
    check(thrown, "a capacity that is no power of two is refused");
  }
}

void drops_the_newest_and_counts_it() {
  Ring ring(8);
  for (std::uint64_t number = 0; number < 20; ++number) ring.push(numbered(number));
  std::vector<Event> out(20);
  check(ring.pop(out.data(), out.size()) == 8, "a full ring holds its capacity");
  for (std::uint64_t number = 0; number < 8; ++number) check(out[number].timestamp_us == number, "the oldest are kept");
  std::uint64_t dropped = 0;
  for (const std::uint64_t count : ring.dropped()) dropped += count;
  check(dropped == 12 && ring.dropped()[8] == 1 && ring.dropped()[0] == 1, "drops are counted by type");
  Event foreign = numbered(1);
  foreign.event_type = 77;
  for (int time = 0; time < 9; ++time) ring.push(foreign);
  check(ring.dropped()[0] == 2, "a foreign type is counted as unknown");
}

void delivers_between_threads(std::size_t capacity, bool patient) {
  constexpr std::uint64_t total = 150'000;
  Ring ring(capacity);
  std::atomic<bool> done{false};
  std::thread producer([&] {
    for (std::uint64_t number = 0; number < total; ++number)
      while (!ring.push(numbered(number)) && patient) std::this_thread::yield();
    done.store(true, std::memory_order_release);
  });
  std::uint64_t received = 0, next = 0;
  const auto take = [&](const Event* first, std::size_t count) noexcept {
    for (std::size_t index = 0; index < count; ++index) {
      check_whole(first[index]);
      check(first[index].timestamp_us >= next, "records come in order");
      next = first[index].timestamp_us + 1;
    }
    received += count;
  };
  while (!done.load(std::memory_order_acquire)) ring.consume(1000, take);
  while (ring.consume(1000, take) > 0) {}
  producer.join();
  std::uint64_t dropped = 0;
  for (const std::uint64_t count : ring.dropped()) dropped += count;
  check(patient ? received == total : received + dropped == total, "nothing is lost without being counted");
}

}  // namespace

int main() {
  refuses_odd_capacities();
  drops_the_newest_and_counts_it();
  delivers_between_threads(64, true);
  delivers_between_threads(1 << 14, true);
  delivers_between_threads(64, false);
  std::puts("ring: well");
}
