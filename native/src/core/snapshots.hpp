// Closed snapshots, column by column, in memory that can be handed to NumPy as it is.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <utility>

#include "core/feature.hpp"

namespace neural_focus {

// An array of plain values that grows without touching the new part.
template <typename T>
class PlainArray {
 public:
  [[nodiscard]] T* data() noexcept { return data_.get(); }
  [[nodiscard]] const T* data() const noexcept { return data_.get(); }
  [[nodiscard]] T* release() noexcept { return data_.release(); }

  void resize(std::size_t count) {
    void* wider = std::realloc(data_.get(), count * sizeof(T));
    if (wider == nullptr) throw std::bad_alloc{};
    (void)data_.release();
    data_.reset(static_cast<T*>(wider));
  }

 private:
  struct Free {
    void operator()(T* pointer) const noexcept { std::free(pointer); }
  };
  std::unique_ptr<T, Free> data_;
};

struct Snapshots {
  std::size_t count = 0, capacity = 0;
  PlainArray<std::int64_t> times_us;  // [count]
  PlainArray<float> features;         // [count, feature_count]
  PlainArray<std::uint8_t> sequence;  // [count, sequence_length]

  Snapshots() = default;
  Snapshots(Snapshots&& other) noexcept { *this = std::move(other); }
  Snapshots& operator=(Snapshots&& other) noexcept {
    count = std::exchange(other.count, 0);
    capacity = std::exchange(other.capacity, 0);
    times_us = std::move(other.times_us);
    features = std::move(other.features);
    sequence = std::move(other.sequence);
    return *this;
  }

  // Room for `more` further snapshots.
  void reserve(std::size_t more) {
    if (count + more <= capacity) return;
    const std::size_t wider = count + more > 2 * capacity ? count + more : 2 * capacity;
    times_us.resize(wider);
    features.resize(wider * feature_count);
    sequence.resize(wider * sequence_length);
    capacity = wider;
  }
};

}  // namespace neural_focus
