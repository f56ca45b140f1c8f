// The little of a file system that the spool asks for and the standard library does not give: positioned writes, sync,
// a lock. Errors are returned, for a full disk is no exception here. file_posix.cpp, file_windows.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <system_error>
#include <vector>

namespace neural_focus {

class File {
 public:
  enum class Mode { read, create };  // create: it must not be there yet; new files are the owner's alone

  // nullptr and `error` when it cannot be opened. Others may read and delete it meanwhile.
  static std::shared_ptr<File> open(const std::filesystem::path& path, Mode mode, std::error_code& error);
  explicit File(std::intptr_t handle) : handle_(handle) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File();

  std::error_code read(std::uint64_t offset, std::vector<std::byte>& bytes) const;      // from there to the end
  std::error_code write(std::span<const std::byte> bytes, std::uint64_t offset) const;  // all, or an error
  std::error_code truncate(std::uint64_t size) const;
  std::error_code sync() const;

 private:
  const std::intptr_t handle_;
};

// Held until it is destroyed, or the process is.
class FolderLock {
 public:
  // nullptr when another process holds it (errc::resource_unavailable_try_again) or it cannot be made.
  static std::unique_ptr<FolderLock> take(const std::filesystem::path& file, std::error_code& error);
  explicit FolderLock(std::intptr_t handle) : handle_(handle) {}
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock();

 private:
  const std::intptr_t handle_;
};

// A rename or a new name is only durable when the folder is.
void sync_folder(const std::filesystem::path& folder);

}  // namespace neural_focus
