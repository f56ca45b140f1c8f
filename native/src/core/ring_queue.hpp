// A queue of trivially copyable elements that grows up to a fixed number and then makes room at the front.
#pragma once

#include <cstddef>
#include <type_traits>
#include <vector>

namespace neural_focus {

template <typename T, std::size_t Max>
class RingQueue {
  static_assert(std::is_trivially_copyable_v<T>);
  static_assert((Max & (Max - 1)) == 0, "indices are masked");

 public:
  using value_type = T;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] bool full() const noexcept { return size_ == Max; }
  [[nodiscard]] T& operator[](std::size_t index) noexcept { return slots_[(head_ + index) & (slots_.size() - 1)]; }
  [[nodiscard]] const T& operator[](std::size_t index) const noexcept {
    return slots_[(head_ + index) & (slots_.size() - 1)];
  }
  [[nodiscard]] const T& front() const noexcept { return (*this)[0]; }
  [[nodiscard]] const T& back() const noexcept { return (*this)[size_ - 1]; }

  // Requires !full().
  void push_back(const T& value) {
    if (size_ == slots_.size()) grow();
    ++size_;
    (*this)[size_ - 1] = value;
  }
  void pop_front() noexcept {
    head_ = (head_ + 1) & (slots_.size() - 1);
    --size_;
  }
  void pop_back() noexcept { --size_; }
  void erase(std::size_t index) noexcept {
    for (; index + 1 < size_; ++index) (*this)[index] = (*this)[index + 1];
    --size_;
  }

 private:
  void grow() {
    std::vector<T> wider(slots_.empty() ? 8 : slots_.size() * 2);
    for (std::size_t i = 0; i < size_; ++i) wider[i] = (*this)[i];
    slots_.swap(wider);
    head_ = 0;
  }

  std::vector<T> slots_;
  std::size_t head_ = 0, size_ = 0;
};

}  // namespace neural_focus
