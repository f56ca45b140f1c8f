// Who held the focus for how long: the stays of a stream, taken at the ends of seconds.
//
//   events    A─────A B─A────────────B──────C B─────        the app in focus
//   seconds  ─────│──────│──────│──────│──────│─────
//   stays     A    A      A      B      B               B and C, for part of a second each, were passed through
//
// Counts of switches fade exponentially (a Hawkes kernel: no events are kept); lengths of stays are kept as running
// means of ln(1 + s) that forget, and the last stays of each app give its empirical hazard of being left.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/exact_math.hpp"
#include "core/input.hpp"
#include "core/record_view.hpp"

namespace neural_focus {

class StayHistory {
 public:
  // Of more apps than this, the one that was left longest ago is forgotten; of pairs in the same way.
  static constexpr std::size_t max_apps = 256, max_pairs = 512;

  [[nodiscard]] bool begun() const noexcept { return !apps_.empty(); }
  [[nodiscard]] const AppName& app() const noexcept { return apps_[state_.app].name; }
  // The app that held the focus before; without a name before the first switch.
  [[nodiscard]] AppName previous_app() const noexcept {
    return state_.previous == nobody ? AppName{} : apps_[state_.previous].name;
  }
  [[nodiscard]] std::int64_t since_s() const noexcept { return state_.since_s; }
  [[nodiscard]] std::uint64_t forgotten() const noexcept { return state_.forgotten; }

  // The first app, at the end of a second.
  void begin(std::int64_t second, const AppName& app);
  // Another app than the one before holds the focus at the end of a second.
  void change(std::int64_t second, const AppName& app);

  void write(float* row, std::int64_t second) const noexcept;

  template <typename Archive>
  void archive(Archive& archive) {
    archive(state_);
    archive_all(archive, apps_, max_apps);
    archive_all(archive, pairs_, max_pairs);
    archive.check(apps_.empty() || (state_.app < apps_.size() && is_known(state_.previous)));
    archive.check(state_.known_apps <= state_.last_apps.size());
    for (std::size_t i = 0; i < state_.known_apps; ++i) archive.check(state_.last_apps[i] < apps_.size());
  }

 private:
  static constexpr std::size_t own_stays = 32, all_stays = 96, decay_count = 10, rate_count = 4, recent_count = 10;
  static constexpr std::size_t last_count = 21;
  static constexpr std::size_t first_fixed = input::stay_before_1_log_s;
  static constexpr std::size_t fixed_count = input::hazard_all - first_fixed;
  static constexpr std::uint16_t nobody = 0xFFFF;
  static constexpr double typical_log_s = 4.110873864173311;  // ln 61

  // Running figures of an app: stays so far; mean and variance of ln(1 + s), the newest twenty weigh most.
  struct App {
    AppName name;
    std::array<std::uint16_t, own_stays> stays_s;  // the last ones; those that were not are 0
    double mean, variance;
    std::uint32_t stays, left_s;  // left_s: when it was left last; 0 for never
  };
  struct Pair {
    double mean;
    std::uint32_t stays, left_s;
    std::uint16_t before, now;
    std::uint32_t reserved;
  };
  struct State {
    std::int64_t since_s;
    std::uint64_t forgotten;
    std::array<double, decay_count> decayed;  // Σ e^(-age/τ) over switches, as of the begin of the stay
    std::array<double, rate_count> exposure;  // seconds of activity, faded in the same way
    std::array<double, recent_count> recent;  // ln(1 + s) of the stays before, the newest first
    double mean;                              // of all stays
    double usual, spread;                     // what the app's stay is compared with
    std::array<std::uint16_t, all_stays> stays_s;
    std::array<std::uint16_t, last_count> last_apps;  // the newest last
    std::uint16_t known_apps, app, previous;          // known_apps: how many of them there are
    std::uint32_t stays;
    std::array<float, fixed_count> fixed;  // columns that stay as they are until the next switch
  };

  template <typename Archive, typename T>
  static void archive_all(Archive& archive, std::vector<T>& entries, std::size_t most) {
    auto count = static_cast<std::uint64_t>(entries.size());
    archive(count);
    archive.check(count <= most);
    entries.resize(static_cast<std::size_t>(count));
    archive.array(entries.data(), entries.size());
  }
  [[nodiscard]] bool is_known(std::uint16_t app) const noexcept { return app == nobody || app < apps_.size(); }

  void end_stay(std::int64_t second);
  void enter(std::int64_t second, std::uint16_t app);
  [[nodiscard]] std::uint16_t find_or_add(const AppName& name);
  void forget_pairs_of(std::uint16_t app) noexcept;
  [[nodiscard]] Pair* find_pair(std::uint16_t before, std::uint16_t now) noexcept;
  [[nodiscard]] Pair& find_or_add_pair(std::uint16_t before, std::uint16_t now);
  void fix_columns(std::int64_t second) noexcept;
  [[nodiscard]] std::size_t distinct_of_last(std::size_t count) const noexcept;

  static_assert(sizeof(State) == 568 && sizeof(App) == 120 && sizeof(Pair) == 24, "saved without padding");

  State state_ = {};
  std::vector<App> apps_;
  std::vector<Pair> pairs_;
};

}  // namespace neural_focus
