// Hour and weekday in a person's time zone, from a table of offsets.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

#include "core/engine_time.hpp"

namespace neural_focus {

struct ZoneTable {
  std::vector<std::int64_t> from_us;   // ascending; before the first one the first offset holds
  std::vector<std::int32_t> offset_s;  // local time minus UTC, one for each entry of from_us

  void check() const {
    if (from_us.empty() || from_us.size() != offset_s.size()) {
      throw std::invalid_argument("a zone table needs at least one transition, and one offset for each");
    }
    if (!std::is_sorted(from_us.begin(), from_us.end())) {
      throw std::invalid_argument("the transitions of a zone table must ascend");
    }
    if (std::any_of(offset_s.begin(), offset_s.end(), [](auto s) { return s <= -172'800 || s >= 172'800; })) {
      throw std::invalid_argument("an offset of a zone table is two days or more");
    }
  }
};

class LocalCalendar {
 public:
  explicit LocalCalendar(ZoneTable zone) : zone_{std::move(zone)} { zone_.check(); }

  void set_zone(ZoneTable zone) {
    zone.check();
    zone_ = std::move(zone);
    valid_until_s_ = std::numeric_limits<std::int64_t>::min();
  }

  // Brings hour() and weekday() to second `now_s`, which must not lie before the last one.
  void advance(std::int64_t now_s) noexcept {
    if (now_s >= valid_until_s_) look_up(now_s);
  }

  [[nodiscard]] float hour() const noexcept { return hour_; }
  [[nodiscard]] float weekday() const noexcept { return weekday_; }  // 0 = Monday
  [[nodiscard]] const ZoneTable& zone() const noexcept { return zone_; }

 private:
  void look_up(std::int64_t now_s) noexcept {
    const auto next = std::upper_bound(zone_.from_us.begin(), zone_.from_us.end(), now_s * second_us);
    const auto at = static_cast<std::size_t>(next - zone_.from_us.begin());
    const std::int64_t local_s = now_s + zone_.offset_s[at == 0 ? 0 : at - 1];
    const std::int64_t days = local_s / 86'400;  // no time before 1970 comes here
    hour_ = static_cast<float>(local_s % 86'400 / 3'600);
    weekday_ = static_cast<float>((days + 3) % 7);  // 1970-01-01 was a Thursday
    valid_until_s_ = now_s + 3'600 - local_s % 3'600;
    if (next != zone_.from_us.end()) valid_until_s_ = std::min(valid_until_s_, second_of(*next));
  }

  ZoneTable zone_;
  std::int64_t valid_until_s_ = std::numeric_limits<std::int64_t>::min();
  float hour_ = 0, weekday_ = 0;
};

}  // namespace neural_focus
