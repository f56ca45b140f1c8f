// The way from the hook thread to the drain: a wait-free ring of cache lines, one producer, one consumer.
//
//        consumer.own ─┐                       ┌─ producer.own
//                      ▼                       ▼
//      … free │ free │ rec │ rec │ rec │ rec │ free │ free …        capacity slots of 64 bytes
//
//  * Indices count up for ever and are masked on use: `producer - consumer` is the fill, modulo 2^64.
//  * Each side owns a private copy of its own index, publishes it in `shared`, and caches the other's: the other's
//    cache line is only read when the cached value says full (or empty), once a lap in the steady state.
//  * When full, the newest record is dropped and counted by type (`WhenFull::drop_newest`). The hook never waits: a
//    hook that blocks delays the whole desktop's input, a dropped record costs one count.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

#include "core/record.hpp"

namespace neural_focus {

enum class WhenFull { drop_newest };

class Ring {
 public:
  static constexpr WhenFull when_full = WhenFull::drop_newest;
  using DropCounts = std::array<std::uint64_t, event_type_count>;

  // `capacity` must be a power of two, at least 2: it is used as a mask, and guessing another would hide a mistake.
  explicit Ring(std::size_t capacity)
      : mask_(checked(capacity) - 1), slots_(std::make_unique_for_overwrite<Event[]>(capacity)) {}
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  std::size_t capacity() const noexcept { return mask_ + 1; }

  // Producer only. False when full: the record is dropped and counted.
  bool push(const Event& record) noexcept {
    const std::uint64_t index = producer_.own;
    if (index - producer_.others > mask_) {
      // acquire: pairs with the consumer's release in `pop`. Its copies out of the slots we are about to write over
      // happened before it published this index.
      producer_.others = consumer_.shared.load(std::memory_order_acquire);
      if (index - producer_.others > mask_) {
        count_drop(record.event_type);
        return false;
      }
    }
    slots_[index & mask_] = record;
    producer_.own = index + 1;
    // release: the slot's 64 bytes are visible to whoever reads this index with acquire.
    producer_.shared.store(index + 1, std::memory_order_release);
    return true;
  }

  // Consumer only. Copies at most `most` records to `out`, oldest first, and frees their slots; returns how many.
  std::size_t pop(Event* out, std::size_t most) noexcept {
    return consume(most, [&out](const Event* first, std::size_t count) noexcept {
      std::copy_n(first, count, out);
      out += count;
    });
  }

  // Consumer only. Calls `visit(const Event*, count)` on at most two contiguous runs in place, then frees them.
  template <class Visit>
  std::size_t consume(std::size_t most, Visit&& visit) noexcept {
    const std::uint64_t index = consumer_.own;
    std::uint64_t ready = consumer_.others - index;
    if (ready < most) {
      // acquire: pairs with the producer's release in `push`, so the records below this index are complete.
      consumer_.others = producer_.shared.load(std::memory_order_acquire);
      ready = consumer_.others - index;
    }
    const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(ready, most));
    if (count == 0) return 0;
    const std::size_t start = static_cast<std::size_t>(index & mask_);
    const std::size_t until_wrap = std::min(count, capacity() - start);
    visit(&slots_[start], until_wrap);
    if (count > until_wrap) visit(&slots_[0], count - until_wrap);
    consumer_.own = index + count;
    // release: our reads of the slots are over before the producer sees that they are free.
    consumer_.shared.store(index + count, std::memory_order_release);
    return count;
  }

  // Any thread. relaxed: a count to look at, no other memory depends on it.
  DropCounts dropped() const noexcept {
    DropCounts counts{};
    for (std::size_t type = 0; type < counts.size(); ++type)
      counts[type] = dropped_[type].load(std::memory_order_relaxed);
    return counts;
  }

 private:
  struct alignas(64) Side {
    std::uint64_t own = 0;     // what this side has done; only this side touches it
    std::uint64_t others = 0;  // the other side's index when last looked at; only this side touches it
    alignas(64) std::atomic<std::uint64_t> shared{0};  // `own`, published on a line of its own
  };

  static std::size_t checked(std::size_t capacity) {
    if (capacity < 2 || !std::has_single_bit(capacity))
      throw std::invalid_argument("a ring's capacity is a power of two, at least 2; found " + std::to_string(capacity));
    return capacity;
  }

  void count_drop(std::uint32_t type) noexcept {
    auto& count = dropped_[type < event_type_count ? type : 0];
    // Only the producer writes: a load and a store do, without the bus lock of fetch_add.
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  const std::uint64_t mask_;
  const std::unique_ptr<Event[]> slots_;
  Side producer_;
  Side consumer_;
  alignas(64) std::array<std::atomic<std::uint64_t>, event_type_count> dropped_{};
};

}  // namespace neural_focus
