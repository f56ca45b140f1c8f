// Figures of the ring beside a mutex around a deque, one JSON object on one line. Built and run by bench/ring.py.
#include "core/ring.hpp"

#include <chrono>
#include <cstdio>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

using namespace neural_focus;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t capacity = 1 << 12, batch = 1 << 10;
constexpr std::uint64_t total = 20'000'000;
constexpr int runs = 5;

// Prepared, so that what is measured is the queue and not the making of a record.
std::vector<Event> prepared() {
  std::vector<Event> records(64, Event{});
  for (std::size_t index = 0; index < records.size(); ++index) records[index].timestamp_us = index;
  return records;
}
const std::vector<Event> records = prepared();

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

class MutexQueue {
 public:
  void push(const Event& record) {
    const std::lock_guard hold(mutex_);
    lane_.push_back(record);
  }
  std::size_t pop(Event* out, std::size_t most) {
    const std::lock_guard hold(mutex_);
    const std::size_t count = std::min(most, lane_.size());
    std::copy_n(lane_.begin(), count, out);
    lane_.erase(lane_.begin(), lane_.begin() + static_cast<std::ptrdiff_t>(count));
    return count;
  }

 private:
  std::mutex mutex_;
  std::deque<Event> lane_;
};

template <class T>
void keep(const T& value) {
  asm volatile("" : : "g"(&value) : "memory");
}

// ns a push, with room and nobody else at work: what the hook pays.
double ring_push_ns() {
  Ring ring(capacity);
  std::vector<Event> out(capacity);
  double best = 1e9;
  for (int run = 0; run < runs * 20; ++run) {
    const auto start = Clock::now();
    for (std::size_t index = 0; index < capacity; ++index) { ring.push(records[index % 64]); }
    best = std::min(best, seconds_since(start) * 1e9 / capacity);
    ring.pop(out.data(), capacity);
    keep(out);
  }
  return best;
}

double mutex_push_ns() {
  std::vector<Event> out(capacity);
  double best = 1e9;
  for (int run = 0; run < runs * 4; ++run) {
    MutexQueue queue;
    const auto start = Clock::now();
    for (std::size_t index = 0; index < capacity; ++index) { queue.push(records[index % 64]); }
    best = std::min(best, seconds_since(start) * 1e9 / capacity);
    queue.pop(out.data(), capacity);
  }
  return best;
}

// Million records a second between two threads, drained in batches and read in place.
double ring_through() {
  double best = 0;
  for (int run = 0; run < runs; ++run) {
    Ring ring(capacity);
    const auto start = Clock::now();
    std::thread producer([&ring] {
      for (std::uint64_t number = 0; number < total; ++number)
        while (!ring.push(records[number % 64])) std::this_thread::yield();
    });
    std::uint64_t received = 0, sum = 0;
    while (received < total) {
      const std::size_t count = ring.consume(batch, [&sum](const Event* first, std::size_t run_length) noexcept {
        for (std::size_t index = 0; index < run_length; ++index) sum += first[index].timestamp_us;
      });
      if (count == 0) std::this_thread::yield();
      received += count;
    }
    producer.join();
    if (sum != total / 64 * (63 * 64 / 2)) std::puts("{\"error\": \"records were lost\"}");
    best = std::max(best, static_cast<double>(total) / seconds_since(start) / 1e6);
  }
  return best;
}

double mutex_through() {
  constexpr std::uint64_t some = total / 10;
  double best = 0;
  for (int run = 0; run < runs; ++run) {
    MutexQueue queue;
    std::vector<Event> out(batch);
    const auto start = Clock::now();
    std::thread producer([&queue] {
      for (std::uint64_t number = 0; number < some; ++number) queue.push(records[number % 64]);
    });
    std::uint64_t received = 0;
    while (received < some) {
      const std::size_t count = queue.pop(out.data(), batch);
      if (count == 0) std::this_thread::yield();
      received += count;
    }
    producer.join();
    best = std::max(best, static_cast<double>(some) / seconds_since(start) / 1e6);
  }
  return best;
}

}  // namespace

int main() {
  std::printf("{\"ring_push_ns\": %.3f, \"mutex_push_ns\": %.3f, \"ring_millions\": %.3f, \"mutex_millions\": %.3f}\n",
              ring_push_ns(), mutex_push_ns(), ring_through(), mutex_through());
}
