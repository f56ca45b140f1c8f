// Titles on their way from the hook thread to the drain. A record has no room for one, and a lock could make the hook
// wait: each text lies on a shelf of its own under a number that the record carries, until the drain takes it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace neural_focus {

class TextShelf {
 public:
  TextShelf() = default;
  TextShelf(const TextShelf&) = delete;
  TextShelf& operator=(const TextShelf&) = delete;
  ~TextShelf() {
    for (auto& place : places_) delete place.load();
  }

  // Hook thread. A text that was not taken in time gives way to the one that comes `size` later.
  std::uint32_t put(std::string text) {
    if (++last_ == 0) last_ = 1;  // 0 says that there is no text
    auto item = std::make_unique<Item>(Item{last_, std::move(text)});
    // acq_rel: release, so that the drain sees the whole item; acquire, so that we may delete what it left.
    const std::unique_ptr<Item> old(places_[last_ % size].exchange(item.release(), std::memory_order_acq_rel));
    // Only this thread writes the count; relaxed: nothing else depends on it.
    if (old != nullptr) lost_.store(lost_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    return last_;
  }

  // Any thread: texts that gave way before they were taken.
  std::uint64_t lost() const noexcept { return lost_.load(std::memory_order_relaxed); }

  // Drain. Empty when it is gone.
  std::string take(std::uint32_t number) {
    // acquire: pairs with the release in `put`.
    const std::unique_ptr<Item> item(places_[number % size].exchange(nullptr, std::memory_order_acq_rel));
    return item != nullptr && item->number == number ? std::move(item->text) : std::string();
  }

 private:
  static constexpr std::size_t size = 256;
  struct Item {
    std::uint32_t number;
    std::string text;
  };
  std::array<std::atomic<Item*>, size> places_{};
  std::uint32_t last_ = 0;
  std::atomic<std::uint64_t> lost_{0};
};

}  // namespace neural_focus
