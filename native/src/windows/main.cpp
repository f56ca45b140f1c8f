// neural-focus-capture.exe: captures on this Windows desktop into a spool folder until it is told to stop.
//
//   neural-focus-capture --spool DIR --machine HEX32 --boot HEX32 --agreed yes [--titles] [--until-eof]
//
// Ctrl-C ends it; with --until-eof also the end of its standard input, so that it never outlives who started it.
// The shipper reads the same segments that it reads on any other system.
#include <windows.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>

#include "core/spool.hpp"
#include "windows/capture.hpp"
#include "windows/windows.hpp"

namespace {

using namespace neural_focus;

struct Arguments {
  std::filesystem::path spool;
  spool::Id machine{}, boot{};
  bool agreed = false, titles = false, until_eof = false;
};

spool::Id parse_id(const std::string& hex) {
  spool::Id id{};
  if (hex.size() != 2 * id.size() || hex.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos)
    throw std::invalid_argument("an id is 32 hex digits, found '" + hex + "'");
  for (std::size_t index = 0; index < id.size(); ++index)
    id[index] = static_cast<std::uint8_t>(std::stoul(hex.substr(2 * index, 2), nullptr, 16));
  return id;
}

Arguments parse(int count, char** words) {
  Arguments arguments;
  for (int index = 1; index < count; ++index) {
    const std::string name = words[index];
    if (name == "--titles" || name == "--until-eof") {
      (name == "--titles" ? arguments.titles : arguments.until_eof) = true;
      continue;
    }
    if (index + 1 == count) throw std::invalid_argument(name + " wants a value");
    const std::string value = words[++index];
    if (name == "--spool") arguments.spool = value;
    else if (name == "--machine") arguments.machine = parse_id(value);
    else if (name == "--boot") arguments.boot = parse_id(value);
    else if (name == "--agreed") arguments.agreed = value == "yes";
    else throw std::invalid_argument("unknown option " + name);
  }
  if (arguments.spool.empty()) throw std::invalid_argument("--spool is missing");
  if (!arguments.agreed)
    throw std::invalid_argument("nothing is captured before the person agreed: pass --agreed yes once they have");
  return arguments;
}

std::int64_t unix_minus_boot_us() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count() -
         static_cast<std::int64_t>(windows::boot_clock_us());
}

// Titles leave the process only where the person wants them; their length is in the record either way.
spool::Titles titles_of(Recorder::Drained& drained, bool wanted, std::uint32_t& next_id) {
  spool::Titles titles;
  if (!wanted) return titles;
  for (auto& [index, text] : drained.texts) {
    Event& record = drained.records[index];
    if (record.event_type != static_cast<std::uint32_t>(EventType::window_title_change)) continue;
    record.data.window_title.title_id = ++next_id;
    titles.emplace_back(next_id, std::move(text));
  }
  return titles;
}

std::atomic<bool> told_to_stop{false};

BOOL WINAPI on_control(DWORD what) {
  if (what != CTRL_C_EVENT && what != CTRL_BREAK_EVENT) return FALSE;
  told_to_stop = true;
  return TRUE;
}

void stop_at_eof() {
  std::thread([] {
    while (std::fgetc(stdin) != EOF) {}
    told_to_stop = true;
  }).detach();  // it waits in a read that nothing can end but the input's end
}

int capture(const Arguments& arguments) {
  spool::Writer writer(arguments.spool, arguments.machine, arguments.boot, {});
  windows::Capture source({.offset_us = unix_minus_boot_us()});
  source.start();
  ::SetConsoleCtrlHandler(on_control, TRUE);
  if (arguments.until_eof) stop_at_eof();
  std::uint32_t next_title = 0;
  const auto take = [&] {
    Recorder::Drained drained = source.drain(4096);
    const spool::Titles titles = titles_of(drained, arguments.titles, next_title);
    writer.append(std::as_bytes(std::span(drained.records)), titles);
  };
  while (!told_to_stop) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    take();
  }
  source.stop();
  take();
  std::printf("captured %llu, spooled %llu, refused %llu\n",
              static_cast<unsigned long long>(source.recorder().captured()),
              static_cast<unsigned long long>(writer.counters().appended),
              static_cast<unsigned long long>(writer.counters().refused));
  return 0;
}

}  // namespace

int main(int count, char** words) {
  try {
    return capture(parse(count, words));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "neural-focus-capture: %s\n", error.what());
    return 1;
  }
}
