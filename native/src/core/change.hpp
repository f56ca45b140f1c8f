// What happened in a stream: who came to hold the focus, and when idle began and ended. A row is written when it becomes
// known and never again; a stay lasts to the next app's row, so that nothing is open or has to be put right.
//
//   events   first x   focus B      idle known      input
//   rows     app_known A  ─ app_switch B ─ idle_start ─── idle_end
//                                          └ since_us: the last input before it
#pragma once

#include <cstdint>

#include "core/record_view.hpp"

namespace neural_focus {

enum class ChangeKind : std::uint32_t {
  app_known = 1,   // the app that holds the focus before the first switch
  app_switch = 2,  // another app holds it from here on
  idle_start = 3,  // idle (idle_union.hpp) is known from here on; it began at since_us
  idle_end = 4,    // since_us is as it is known by now: a second source may have told of an earlier last input
};

struct Change {
  std::int64_t time_us, since_us;  // since_us differs for idle
  AppName app;                     // that holds the focus from here on; empty for idle
  std::uint32_t hint;              // the focus change's bits of category
  ChangeKind kind;
};

static_assert(sizeof(Change) == 56, "saved and handed to NumPy without padding");

}  // namespace neural_focus
