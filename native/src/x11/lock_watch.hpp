// Whether the screen is locked, as D-Bus tells: the screen savers' ActiveChanged on the session bus, logind's Lock and
// Unlock for this login session on the system bus. Without a bus the screen counts as never locked.
#pragma once

#include <atomic>
#include <thread>

struct DBusConnection;
struct DBusMessage;

namespace neural_focus::x11 {

class LockWatch {
 public:
  // `news`: an eventfd that is told of each change; -1: nobody.
  explicit LockWatch(int news = -1);
  LockWatch(const LockWatch&) = delete;
  LockWatch& operator=(const LockWatch&) = delete;
  ~LockWatch();

  bool locked() const noexcept { return locked_.load(std::memory_order_relaxed); }
  bool listening() const noexcept { return listening_.load(std::memory_order_relaxed); }

 private:
  void run();
  void take(DBusMessage* message);
  void set_locked(bool locked);

  DBusConnection* session_ = nullptr;
  DBusConnection* system_ = nullptr;
  const int news_;
  int waker_ = -1;
  std::atomic<bool> locked_{false}, listening_{false};
  std::thread thread_;
};

}  // namespace neural_focus::x11
