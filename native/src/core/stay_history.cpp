#include "core/stay_history.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace neural_focus {
namespace {

constexpr std::array<double, 10> decay_s{15, 30, 60, 120, 300, 900, 3'600, 14'400, 86'400, 604'800};
constexpr std::array<std::size_t, 4> rate_decays{5, 6, 8, 9};  // 15 min, an hour, a day, a week
constexpr std::int64_t longest_stay_s = 3'600;
constexpr std::int64_t active_s = 600;  // a stay counts as activity for ten minutes at most: nights are no quiet work
constexpr double never_left_s = 3'600'000;

double as_double(std::int64_t value) noexcept { return static_cast<double>(value); }

// Takes ln(1 + s) of a stay into a mean over at most 1 / floor stays; returns the weight that it got.
double learn(double& mean, std::uint32_t stays, double log_stay, double floor) noexcept {
  const double weight = std::max(1.0 / as_double(stays), floor);
  mean += weight * (log_stay - mean);
  return weight;
}

// Seconds of activity in a stay that began `age` ago, each faded by its own age.
double active_seconds(double age, double tau, double faded) noexcept {
  const double active = std::min(age, as_double(active_s));
  return tau * (natural_exp(-(age - active) / tau) - faded);
}

// Of the stays that lasted longer than `age`: how many, and how many of them ended within 30 s more.
struct Alive {
  double count, ended;
};
template <std::size_t N>
Alive alive_at(const std::array<std::uint16_t, N>& stays_s, std::int64_t age) noexcept {
  const auto now = static_cast<std::uint16_t>(std::min<std::int64_t>(age, 0xFFFF - 30));
  const auto soon = static_cast<std::uint16_t>(now + 30);
  std::uint16_t alive = 0, beyond = 0;
  for (const std::uint16_t stay : stays_s) {
    alive = static_cast<std::uint16_t>(alive + (stay > now ? 1 : 0));
    beyond = static_cast<std::uint16_t>(beyond + (stay > soon ? 1 : 0));
  }
  return {as_double(alive), as_double(alive - beyond)};
}

// The share that ended, shrunk to a prior that weighs as much as four stays.
double hazard(const Alive& stays, double prior) noexcept { return (stays.ended + 4.0 * prior) / (stays.count + 4.0); }

// Everybody's hazard of leaving an app within 30 s after so long in it.
double usual_hazard(std::int64_t age) noexcept {
  if (age == 0) return 0.65;
  return std::clamp(0.65 / (1.0 + natural_exp(0.8 * natural_log(as_double(age) / 40.0))), 0.02, 0.95);
}

}  // namespace

void StayHistory::begin(std::int64_t second, const AppName& app) {
  state_.previous = nobody;
  state_.mean = typical_log_s;
  state_.recent.fill(typical_log_s);
  enter(second, find_or_add(app));
}

void StayHistory::change(std::int64_t second, const AppName& app) {
  end_stay(second);
  state_.previous = state_.app;
  enter(second, find_or_add(app));
}

void StayHistory::end_stay(std::int64_t second) {
  const std::int64_t length = second - state_.since_s;
  const auto kept = static_cast<std::uint16_t>(std::min(length, longest_stay_s));
  const double log_stay = natural_log1p(as_double(kept));
  for (std::size_t i = 0; i < decay_count; ++i) {
    state_.decayed[i] = state_.decayed[i] * natural_exp(-as_double(length) / decay_s[i]) + 1.0;
  }
  for (std::size_t i = 0; i < rate_count; ++i) {
    const double tau = decay_s[rate_decays[i]];
    const double faded = natural_exp(-as_double(length) / tau);
    state_.exposure[i] = state_.exposure[i] * faded + active_seconds(as_double(length), tau, faded);
  }
  learn(state_.mean, ++state_.stays, log_stay, 0.01);
  state_.stays_s[(state_.stays - 1) % all_stays] = kept;
  std::copy_backward(state_.recent.begin(), state_.recent.end() - 1, state_.recent.end());
  state_.recent[0] = log_stay;

  App& own = apps_[state_.app];
  const double step = log_stay - own.mean;
  const double weight = learn(own.mean, ++own.stays, log_stay, 0.05);
  own.variance = (1.0 - weight) * (own.variance + weight * step * step);
  own.left_s = static_cast<std::uint32_t>(second);
  own.stays_s[(own.stays - 1) % own_stays] = kept;
  if (state_.previous == nobody) return;
  Pair& pair = find_or_add_pair(state_.previous, state_.app);
  learn(pair.mean, ++pair.stays, log_stay, 0.1);
  pair.left_s = static_cast<std::uint32_t>(second);
}

void StayHistory::enter(std::int64_t second, std::uint16_t app) {
  state_.app = app;
  state_.since_s = second;
  if (state_.known_apps == last_count) {
    std::copy(state_.last_apps.begin() + 1, state_.last_apps.end(), state_.last_apps.begin());
    --state_.known_apps;
  }
  state_.last_apps[state_.known_apps++] = app;
  fix_columns(second);
}

// The stay before has ended: whoever was left longest ago is not one of the last 21.
std::uint16_t StayHistory::find_or_add(const AppName& name) {
  for (std::size_t i = 0; i < apps_.size(); ++i) {
    if (apps_[i].name == name) return static_cast<std::uint16_t>(i);
  }
  const App fresh{name, {}, 0.0, 1.0, 0, 0};
  if (apps_.size() < max_apps) {
    apps_.push_back(fresh);
    return static_cast<std::uint16_t>(apps_.size() - 1);
  }
  const auto oldest =
      std::min_element(apps_.begin(), apps_.end(), [](const App& a, const App& b) { return a.left_s < b.left_s; });
  *oldest = fresh;
  const auto place = static_cast<std::uint16_t>(oldest - apps_.begin());
  forget_pairs_of(place);
  ++state_.forgotten;
  return place;
}

void StayHistory::forget_pairs_of(std::uint16_t app) noexcept {
  std::erase_if(pairs_, [app](const Pair& pair) { return pair.before == app || pair.now == app; });
}

StayHistory::Pair* StayHistory::find_pair(std::uint16_t before, std::uint16_t now) noexcept {
  for (Pair& pair : pairs_) {
    if (pair.before == before && pair.now == now) return &pair;
  }
  return nullptr;
}

StayHistory::Pair& StayHistory::find_or_add_pair(std::uint16_t before, std::uint16_t now) {
  if (Pair* known = find_pair(before, now)) return *known;
  if (pairs_.size() == max_pairs) {
    pairs_.erase(std::min_element(pairs_.begin(), pairs_.end(),
                                  [](const Pair& a, const Pair& b) { return a.left_s < b.left_s; }));
  }
  return pairs_.emplace_back(Pair{0.0, 0, 0, before, now, 0});
}

std::size_t StayHistory::distinct_of_last(std::size_t count) const noexcept {
  const std::size_t from = state_.known_apps - std::min<std::size_t>(count, state_.known_apps);
  std::size_t distinct = 0;
  for (std::size_t i = from; i < state_.known_apps; ++i) {
    const auto before = state_.last_apps.begin() + static_cast<std::ptrdiff_t>(i);
    distinct += std::find(state_.last_apps.begin() + static_cast<std::ptrdiff_t>(from), before, *before) == before;
  }
  return distinct;
}

void StayHistory::fix_columns(std::int64_t second) noexcept {
  const auto put = [this](std::size_t column, double value) {
    state_.fixed[column - first_fixed] = static_cast<float>(value);
  };
  const App& own = apps_[state_.app];
  const App* before = state_.previous == nobody ? nullptr : &apps_[state_.previous];
  const Pair* pair = before == nullptr ? nullptr : find_pair(state_.previous, state_.app);
  const double stays = as_double(own.stays);
  state_.usual = (own.mean * stays + state_.mean * 3.0) / (stays + 3.0);
  state_.spread = std::sqrt(own.variance + 0.1);
  for (std::size_t i = 0; i < 4; ++i) put(input::stay_before_1_log_s + i, state_.recent[i]);
  double sum = 0;
  for (std::size_t i = 0; i < recent_count; ++i) {
    sum += state_.recent[i];
    if (i == 4) put(input::stays_before_5_log_s, sum / 5.0);
  }
  put(input::stays_before_10_log_s, sum / 10.0);
  const std::uint32_t last = own.stays == 0 ? 0 : own.stays_s[(own.stays - 1) % own_stays];
  put(input::app_stays, natural_log1p(stays));
  put(input::app_usual_log_s, state_.usual);
  put(input::app_spread_log_s, state_.spread);
  put(input::app_away_log_s, natural_log1p(own.stays == 0 ? never_left_s : as_double(second - own.left_s)));
  put(input::app_last_log_s, own.stays == 0 ? state_.mean : natural_log1p(as_double(last)));
  const std::uint16_t* end = state_.last_apps.data() + state_.known_apps;
  put(input::app_in_last_20, as_double(std::count(end - state_.known_apps, end - 1, state_.app)));
  const double pairs = pair == nullptr ? 0.0 : as_double(pair->stays);
  put(input::pair_stays, natural_log1p(pairs));
  put(input::pair_usual_log_s, ((pair == nullptr ? 0.0 : pair->mean) * pairs + state_.usual * 2.0) / (pairs + 2.0));
  const bool came_back = state_.known_apps > 2 && end[-3] == end[-1];
  put(input::came_back, came_back ? 1.0 : 0.0);
  put(input::alternating, came_back && state_.known_apps > 3 && end[-4] == end[-2] ? 1.0 : 0.0);
  put(input::apps_in_last_5, as_double(static_cast<std::int64_t>(distinct_of_last(5))));
  put(input::apps_in_last_10, as_double(static_cast<std::int64_t>(distinct_of_last(10))));
  put(input::apps_in_last_20, as_double(static_cast<std::int64_t>(distinct_of_last(20))));
  put(input::previous_app_usual_log_s, before == nullptr ? state_.mean : before->mean);
  put(input::previous_app_stays, natural_log1p(before == nullptr ? 0.0 : as_double(before->stays)));
  put(input::usual_log_s, state_.mean);
}

void StayHistory::write(float* row, std::int64_t second) const noexcept {
  static_assert(input::switch_rate_900s - input::switches_decayed_15s == decay_count);
  static_assert(input::stay_before_1_log_s - input::switch_rate_900s == rate_count);
  const std::int64_t age_s = second - state_.since_s;
  const double age = as_double(age_s);
  const double log_age = natural_log1p(as_double(std::min(age_s, 4 * longest_stay_s)));
  std::memcpy(row + first_fixed, state_.fixed.data(), sizeof state_.fixed);
  row[input::stay_log_s] = static_cast<float>(log_age);
  row[input::app_overstay] = static_cast<float>((log_age - state_.usual) / state_.spread);
  std::array<double, decay_count> faded;
  for (std::size_t i = 0; i < decay_count; ++i) faded[i] = natural_exp(-age / decay_s[i]);
  for (std::size_t i = 0; i < decay_count; ++i) {
    row[input::switches_decayed_15s + i] = static_cast<float>(natural_log1p(state_.decayed[i] * faded[i]));
  }
  for (std::size_t i = 0; i < rate_count; ++i) {
    const std::size_t which = rate_decays[i];
    const double exposure = state_.exposure[i] * faded[which] + active_seconds(age, decay_s[which], faded[which]);
    const double rate = (state_.decayed[which] * faded[which] + 0.5) / (exposure + 60.0);
    row[input::switch_rate_900s + i] = static_cast<float>(natural_log(rate));
  }
  const double of_all = hazard(alive_at(state_.stays_s, age_s), usual_hazard(age_s));
  const Alive own = alive_at(apps_[state_.app].stays_s, age_s);
  row[input::hazard_all] = static_cast<float>(of_all);
  row[input::hazard_app] = static_cast<float>(hazard(own, of_all));
  row[input::hazard_app_stays] = static_cast<float>(natural_log1p(own.count));
}

}  // namespace neural_focus
