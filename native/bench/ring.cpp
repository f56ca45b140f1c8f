// Figures of the ring beside other queues and plain memory, one JSON object on one line. Built and run by bench/ring.py.
//
// Many short runs, the best of which counts: on a busy machine a long run always meets somebody else's turn on the
// core, a run of 30 ms often does not. The two threads are held on cores of their own, so that no run becomes fast by
// both sharing one core's cache.
#include "core/ring.hpp"

#include <pthread.h>
#include <sched.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

using namespace neural_focus;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t capacity = 1 << 12, batch = 1 << 10;
constexpr std::uint64_t total = 64 * 64'000;
constexpr int runs = 60;

// Prepared, so that what is measured is the queue and not the making of a record.
std::vector<Event> prepared() {
  std::vector<Event> made(64, Event{});
  for (std::size_t index = 0; index < made.size(); ++index) made[index].timestamp_us = index;
  return made;
}
const std::vector<Event> records = prepared();

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// Holds the calling thread on the `number`th of the cores that this process may use.
void hold_on_core(int number) {
  cpu_set_t mine, one;
  if (sched_getaffinity(0, sizeof mine, &mine) != 0) return;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &mine) || number-- > 0) continue;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    pthread_setaffinity_np(pthread_self(), sizeof one, &one);
    return;
  }
}

// Each queue has `push`, false when full, and `drain`, which adds up the stamps of at most `most` records, oldest first.

class OurRing {
 public:
  bool push(const Event& record) noexcept { return ring_.push(record); }
  std::size_t drain(std::size_t most, std::uint64_t& sum) noexcept {
    return ring_.consume(most, [&sum](const Event* first, std::size_t count) noexcept {
      for (std::size_t index = 0; index < count; ++index) sum += first[index].timestamp_us;
    });
  }

 private:
  Ring ring_{capacity};
};

// Erik Rigtorp's SPSCQueue in its idea: cached indices too, but an element is taken and freed at a time.
class ElementRing {
 public:
  bool push(const Event& record) noexcept {
    const std::uint64_t index = write_.load(std::memory_order_relaxed);
    if (index - read_cached_ == capacity) {
      read_cached_ = read_.load(std::memory_order_acquire);
      if (index - read_cached_ == capacity) return false;
    }
    slots_[index % capacity] = record;
    write_.store(index + 1, std::memory_order_release);
    return true;
  }
  std::size_t drain(std::size_t most, std::uint64_t& sum) noexcept {
    std::size_t taken = 0;
    for (; taken < most; ++taken) {
      const std::uint64_t index = read_.load(std::memory_order_relaxed);
      if (index == write_cached_) {
        write_cached_ = write_.load(std::memory_order_acquire);
        if (index == write_cached_) break;
      }
      sum += slots_[index % capacity].timestamp_us;
      read_.store(index + 1, std::memory_order_release);
    }
    return taken;
  }

 private:
  std::vector<Event> slots_ = std::vector<Event>(capacity);
  alignas(64) std::atomic<std::uint64_t> write_{0};
  alignas(64) std::uint64_t read_cached_ = 0;
  alignas(64) std::atomic<std::uint64_t> read_{0};
  alignas(64) std::uint64_t write_cached_ = 0;
};

class MutexDeque {
 public:
  bool push(const Event& record) {
    const std::lock_guard hold(mutex_);
    if (lane_.size() == capacity) return false;
    lane_.push_back(record);
    return true;
  }
  std::size_t drain(std::size_t most, std::uint64_t& sum) {
    const std::lock_guard hold(mutex_);
    std::size_t taken = 0;
    for (; taken < most && !lane_.empty(); ++taken, lane_.pop_front()) sum += lane_.front().timestamp_us;
    return taken;
  }

 private:
  std::mutex mutex_;
  std::deque<Event> lane_;
};

// ns a push, with room and nobody else at work: what the hook pays.
template <class Queue>
double push_ns() {
  Queue queue;
  std::uint64_t sum = 0;
  double best = 1e9;
  for (int run = 0; run < runs * 4; ++run) {
    const auto start = Clock::now();
    for (std::size_t index = 0; index < capacity; ++index) queue.push(records[index % 64]);
    best = std::min(best, seconds_since(start) * 1e9 / capacity);
    while (queue.drain(batch, sum) > 0) {}
  }
  return best;
}

// Million records a second between two threads, drained in batches.
template <class Queue>
double through(std::uint64_t count) {
  double best = 0;
  for (int run = 0; run < runs; ++run) {
    Queue queue;
    const auto start = Clock::now();
    std::thread producer([&queue, count] {
      hold_on_core(1);
      for (std::uint64_t number = 0; number < count; ++number)
        while (!queue.push(records[number % 64])) std::this_thread::yield();
    });
    std::uint64_t received = 0, sum = 0;
    while (received < count) {
      const std::size_t taken = queue.drain(batch, sum);
      if (taken == 0) std::this_thread::yield();
      received += taken;
    }
    producer.join();
    if (sum != count / 64 * (63 * 64 / 2)) {
      std::fputs("records were lost on their way\n", stderr);
      std::exit(1);
    }
    best = std::max(best, static_cast<double>(count) / seconds_since(start) / 1e6);
  }
  return best;
}

// Million records a second that one core copies into the same room and nobody reads: no ring can pass it.
double copy_only() {
  std::vector<Event> room(capacity);
  double best = 0;
  for (int run = 0; run < runs; ++run) {
    const auto start = Clock::now();
    for (std::uint64_t number = 0; number < total; number += 64) {
      std::memcpy(&room[number % capacity], records.data(), 64 * sizeof(Event));
      asm volatile("" : : "g"(room.data()) : "memory");  // or the compiler leaves the copies away
    }
    best = std::max(best, static_cast<double>(total) / seconds_since(start) / 1e6);
  }
  return best;
}

}  // namespace

int main() {
  hold_on_core(0);
  std::printf("{\"push_ns\": %.3f, \"element_push_ns\": %.3f, \"mutex_push_ns\": %.3f, ", push_ns<OurRing>(),
              push_ns<ElementRing>(), push_ns<MutexDeque>());
  std::printf("\"through\": %.3f, \"element_through\": %.3f, \"mutex_through\": %.3f, \"copy\": %.3f}\n",
              through<OurRing>(total), through<ElementRing>(total), through<MutexDeque>(total / 10), copy_only());
}
