#include "wayland/devices.hpp"

#include <dirent.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

namespace neural_focus::wayland {
namespace {

constexpr std::size_t most_waiting = 4096;

bool names_device(const std::string& name) { return name.rfind("event", 0) == 0; }

std::uint64_t stamp_of(const input_event& event) {
  return static_cast<std::uint64_t>(event.input_event_sec) * 1'000'000 +
         static_cast<std::uint64_t>(event.input_event_usec);
}

}  // namespace

Devices::Devices(const std::string& folder) : folder_(folder) {
  events_.reserve(most_waiting);  // growing would leave codes behind in memory
  waiting_.reserve(most_waiting);
  watch_ = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  // Rights are given after a device was made: IN_ATTRIB is a second chance.
  if (watch_ >= 0)
    ::inotify_add_watch(watch_, folder.c_str(), IN_CREATE | IN_ATTRIB | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM);
  scan();
}

Devices::~Devices() {
  if (watch_ >= 0) ::close(watch_);
}

void Devices::scan() {
  DIR* folder = ::opendir(folder_.c_str());
  if (folder == nullptr) return;
  while (const dirent* entry = ::readdir(folder))
    if (names_device(entry->d_name)) open(entry->d_name);
  ::closedir(folder);
}

void Devices::open(const std::string& name) {
  if (devices_.count(name) > 0 || ended_.count(name) > 0) return;
  bool denied = false;
  if (auto device = Device::open(folder_ + "/" + name, denied)) devices_.emplace(name, std::move(device));
  if (denied) {
    denied_.insert(name);
  } else {
    denied_.erase(name);
  }
}

void Devices::refresh() {
  alignas(inotify_event) std::array<char, 4096> buffer{};
  while (true) {
    const ssize_t bytes = watch_ < 0 ? 0 : ::read(watch_, buffer.data(), buffer.size());
    if (bytes <= 0) return;
    for (std::size_t place = 0; place < static_cast<std::size_t>(bytes);) {
      inotify_event change{};
      std::memcpy(&change, buffer.data() + place, sizeof change);
      const std::string name = change.len > 0 ? buffer.data() + place + sizeof change : "";
      place += sizeof change + change.len;
      if ((change.mask & IN_Q_OVERFLOW) != 0) scan();
      if (!names_device(name)) continue;
      if ((change.mask & (IN_DELETE | IN_MOVED_FROM)) != 0) {
        denied_.erase(name);
        ended_.erase(name);
      } else {
        if ((change.mask & IN_ATTRIB) == 0) ended_.erase(name);
        open(name);
      }
    }
  }
}

void Devices::add_sources(std::vector<pollfd>& sources) const {
  if (watch_ >= 0) sources.push_back({watch_, POLLIN, 0});
  for (const auto& [name, device] : devices_) sources.push_back({device->descriptor(), POLLIN, 0});
}

void Devices::collect(std::uint64_t now_us) {
  for (auto entry = devices_.begin(); entry != devices_.end();) {
    Device& device = *entry->second;
    const bool here = device.read(events_);
    for (const input_event& event : events_)
      waiting_.push_back({device.stamped() ? std::min(stamp_of(event), now_us) : now_us, &device, event});
    ::explicit_bzero(events_.data(), events_.size() * sizeof(input_event));
    events_.clear();
    if (here) {
      ++entry;
    } else {
      ended_.insert(entry->first);  // opened again when its name comes anew
      leaving_.push_back(std::move(entry->second));
      entry = devices_.erase(entry);
    }
  }
  std::stable_sort(waiting_.begin(), waiting_.end(),
                   [](const Waiting& one, const Waiting& other) { return one.t_us < other.t_us; });
}

void Devices::forget_waiting() {
  ::explicit_bzero(waiting_.data(), waiting_.size() * sizeof(Waiting));  // key codes end here
  waiting_.clear();
  leaving_.clear();
}

InputCounts Devices::counts() const {
  InputCounts counts;
  counts.denied = static_cast<unsigned>(denied_.size());
  for (const auto& [name, device] : devices_) {
    counts.keyboards += device->is_keyboard() ? 1 : 0;
    counts.pointers += device->is_pointer() ? 1 : 0;
  }
  return counts;
}

InputCounts count_inputs(const std::string& folder) { return Devices(folder).counts(); }

}  // namespace neural_focus::wayland
