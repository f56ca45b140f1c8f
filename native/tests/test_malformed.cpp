// A million malformed records among good ones, under sanitizers: nothing crashes, each is counted by its reason, and
// the good neighbours give the same bits as if they were alone. A name that is no text makes no record bad: it gives the
// same bits as the name that a capture would have written.
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string_view>
#include <vector>

#include "core/engine.hpp"

using namespace neural_focus;

namespace {

void check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "FAILED: %s\n", what);
  std::exit(1);
}

using Dice = std::mt19937_64;  // its numbers are the same everywhere

struct Name {
  std::string_view raw, text;
};
#define R "\uFFFD"
constexpr Name no_text[] = {
    {"\x80", R},                                // a continuation that continues nothing
    {"\xC0\xAF", R R},                          // overlong '/'
    {"\xC1\xBF", R R},                          //
    {"\xE0\x9F\xBF", R R R},                    // overlong, three bytes
    {"\xF0\x8F\xBF\xBF", R R R R},              // overlong, four bytes
    {"\xED\xA0\x80", R R R},                    // a surrogate
    {"\xF4\x90\x80\x80", R R R R},              // beyond U+10FFFF
    {"\xF5\x80\x80\x80", R R R R},              //
    {"\xFE", R},                                // never in UTF-8
    {"\xC3(", R "("},                           // a lead without its continuation
    {"\xF0\x9F\x98!", R "!"},                   // three of four bytes are one fault
    {"ok \xE2\x82", "ok "},                     // cut off by the end of the name
    {"\xE6\x97\xA5\xE6\x9C", "日"},             //
    {"a\x1B[2J\x7F\xC2\x85", "a" R "[2J" R R},  // control characters
    {std::string_view{"ok\0\xFF", 4}, "ok"},    // what comes after a NUL is not looked at
    {"ein sehr langer Name \xFF\xFF\xFF\xFF\xFF", "ein sehr langer Name " R R R},  // no room for a fourth
};
#undef R

void check_repair() {
  for (const Name& name : no_text) {
    char to[33] = {};
    const std::size_t size = repair_text(name.raw, to, 32);
    check(std::string_view(to, size) == name.text, "a name is repaired");
    char again[33] = {};
    check(repair_text({to, size}, again, 32) == size && std::memcmp(to, again, sizeof to) == 0, "once and for all");
  }
  check(looks_like_utf8("日本語"), "UTF-8 in a STRING property");
  check(looks_like_utf8({"日\xE6\x9C\0日\xE6\x9C", 11}), "cut off at the end of each part");
  check(!looks_like_utf8("caf\xE9") && !looks_like_utf8("caf\xE9 日"), "Latin-1");
  check(!looks_like_utf8("firefox"), "ASCII is neither");
}

Event good_record(Dice& dice, std::uint64_t& now_us) {
  constexpr const char* apps[] = {"code", "firefox", "éditeur", "日本語", ""};
  Event event{};
  now_us += dice() % 200'000;
  event.timestamp_us = now_us;
  event.event_type = static_cast<std::uint32_t>(1 + dice() % 15);
  std::snprintf(event.app_name, sizeof event.app_name, "%s", apps[dice() % 5]);
  for (std::size_t at = 0; at < sizeof event.data.raw; ++at) event.data.raw[at] = static_cast<std::uint8_t>(dice() % 8);
  return event;
}

void fill_with_noise(Dice& dice, Event& event) {
  std::uint64_t words[sizeof(Event) / 8];
  for (std::uint64_t& word : words) word = dice();
  std::memcpy(&event, words, sizeof event);
}

// A good record with one thing wrong, or 64 random bytes. Returns the reason for which it must be put aside.
Fault spoil(Dice& dice, Event& event) {
  switch (dice() % 3) {
    case 0:
      do event.event_type = static_cast<std::uint32_t>(dice() >> (dice() % 32));
      while (event.event_type >= 1 && event.event_type <= 15);
      return Fault::unknown_type;
    case 1: {
      const std::uint64_t low = dice() % min_timestamp_us;
      const std::uint64_t high = max_timestamp_us + dice() % (~std::uint64_t{0} - max_timestamp_us);
      const std::uint64_t edges[] = {0, min_timestamp_us - 1, max_timestamp_us, ~std::uint64_t{0}, low, high};
      event.timestamp_us = edges[dice() % 6];
      return Fault::timestamp_out_of_range;
    }
    default:
      fill_with_noise(dice, event);
      event.event_type |= 16;  // noise that is good by chance is not malformed
      return Fault::unknown_type;
  }
}

void name(Event& event, std::string_view raw) {
  std::memset(event.app_name, 0, sizeof event.app_name);
  std::memcpy(event.app_name, raw.data(), raw.size());
}

struct Stream {
  std::vector<Event> mixed, good;
  std::array<std::uint64_t, fault_count> expected{};
};

Stream make_stream(std::size_t malformed) {
  Dice dice{3};
  Stream stream;
  std::uint64_t now_us = 1'700'000'000'000'000;
  for (std::size_t spoiled = 0; spoiled < malformed;) {
    Event event = good_record(dice, now_us);
    if (dice() % 4 == 0) {
      stream.good.push_back(event);
      ++stream.expected[0];
      if (dice() % 4 == 0) {
        const Name& wrong = no_text[dice() % std::size(no_text)];
        name(event, wrong.raw);
        name(stream.good.back(), wrong.text);
      }
    } else {
      ++stream.expected[static_cast<std::size_t>(spoil(dice, event))];
      ++spoiled;
    }
    stream.mixed.push_back(event);
  }
  return stream;
}

// At an odd address, in odd pieces: a buffer need not be aligned.
Snapshots feed(Engine& engine, const std::vector<Event>& events) {
  constexpr std::size_t piece = 4'099;
  const auto bytes = std::make_unique<std::byte[]>(piece * sizeof(Event) + 1);
  for (std::size_t done = 0; done < events.size(); done += piece) {
    const std::size_t count = std::min(piece, events.size() - done);
    std::memcpy(bytes.get() + 1, &events[done], count * sizeof(Event));
    engine.push(bytes.get() + 1, count);
  }
  engine.close_until(std::numeric_limits<std::int64_t>::max());
  return engine.take_snapshots();
}

bool same(const Snapshots& a, const Snapshots& b) {
  return a.count == b.count && std::memcmp(a.times_us.data(), b.times_us.data(), a.count * sizeof(std::int64_t)) == 0 &&
         std::memcmp(a.features.data(), b.features.data(), a.count * feature_count * sizeof(float)) == 0 &&
         std::memcmp(a.sequence.data(), b.sequence.data(), a.count * sequence_length) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  check_repair();
  const std::size_t malformed = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const Stream stream = make_stream(malformed);
  const auto* mixed = reinterpret_cast<const std::byte*>(stream.mixed.data());
  const auto good = std::make_unique<bool[]>(stream.mixed.size());
  check(validate(mixed, stream.mixed.size(), good.get()) == stream.expected, "each is counted by its reason");

  const ZoneTable zone{{0}, {3600}};
  Engine with{zone}, without{zone};
  check(same(feed(with, stream.mixed), feed(without, stream.good)), "the good neighbours give the same bits");
  const Counters counted = with.counters();
  check(counted.events == stream.good.size(), "every good neighbour is kept");
  for (std::size_t fault = 1; fault < fault_count; ++fault)
    check(counted.rejected[fault] == stream.expected[fault], "the engine counts by the same reasons");
  std::printf("malformed: %zu put aside (", malformed);
  for (std::size_t fault = 1; fault < fault_count; ++fault)
    std::printf("%s%s %" PRIu64, fault > 1 ? ", " : "", fault_names[fault].data(), stream.expected[fault]);
  std::printf("), %zu good neighbours kept, the same bits\n", stream.good.size());
}
