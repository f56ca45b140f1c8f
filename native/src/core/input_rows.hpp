// Inputs that were written and not yet taken out, column by column, in memory that can be handed to NumPy as it is.
#pragma once

#include <algorithm>
#include <array>
#include <utility>

#include "core/input.hpp"
#include "core/record_view.hpp"
#include "core/snapshots.hpp"

namespace neural_focus {

struct InputRows {
  std::size_t count = 0, capacity = 0;
  PlainArray<std::int64_t> times_us;  // [count]
  PlainArray<float> values;           // [count, input_count]
  PlainArray<AppName> apps;           // [count, 2]: the one that holds the focus, and the one before

  InputRows() = default;
  InputRows(InputRows&& other) noexcept { *this = std::move(other); }
  InputRows& operator=(InputRows&& other) noexcept {
    count = std::exchange(other.count, 0);
    capacity = std::exchange(other.capacity, 0);
    times_us = std::move(other.times_us);
    values = std::move(other.values);
    apps = std::move(other.apps);
    return *this;
  }

  void reserve(std::size_t more) {
    if (count + more <= capacity) return;
    const std::size_t wider = std::max(count + more, 2 * capacity);
    times_us.resize(wider);
    values.resize(wider * input_count);
    apps.resize(wider * 2);
    capacity = wider;
  }

  void push_back(std::int64_t time_us, const std::array<float, input_count>& row, const AppName& app,
                 const AppName& previous) {
    reserve(1);
    times_us.data()[count] = time_us;
    std::copy(row.begin(), row.end(), values.data() + count * input_count);
    apps.data()[count * 2] = app;
    apps.data()[count * 2 + 1] = previous;
    ++count;
  }
};

}  // namespace neural_focus
