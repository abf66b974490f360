// Copyright (c) 2026, the ramet authors. BSD-3-Clause; see LICENSE.

/// @file
/// A file of records that is only ever written at its end.

#pragma once

#include "file.hpp"

#include <boost/interprocess/sync/file_lock.hpp>

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

namespace examples::kv {

/// When the disk has what was committed. A killed process loses nothing by any
/// of them; they matter when the machine loses its power.
enum class sync_policy {
  no,       ///< when the operating system thinks best
  everysec, ///< a second later at most
  always,   ///< when commit() returns
};

/// Keeps records of bytes, each with a checksum. A process killed while it
/// writes leaves a last record that is not whole: the next replay() cuts it
/// off, and everything before is as it was committed.
///
/// @code
/// append_log log{"shard.log", sync_policy::everysec};
/// auto found = log.replay([&](std::string_view record) { apply(record); });
/// log.append("one");
/// log.append("two");
/// log.commit();                        // both are safe, by one write
/// @endcode
///
/// One process has a log at a time, and one thread uses it.
class append_log {
public:
  using record_function = std::function<void(std::string_view record)>;

  /// What a replay found.
  struct recovery {
    std::uint64_t records = 0;
    std::uint64_t cut_bytes = 0; ///< at the end, which made no whole record
    /// The file that has these bytes now; empty if there were none.
    std::filesystem::path cut_file;
  };

  /// Opens the log, or makes an empty one. While another process has it, as one
  /// that has just been killed may, waits some seconds.
  /// @throws std::system_error, std::runtime_error when it stays in use
  append_log(const std::filesystem::path& path, sync_policy policy);
  ~append_log();

  /// Gives all committed records to `apply`, in order. Comes before the first
  /// append(). What follows the last whole record is put aside into a file of
  /// its own.
  /// @throws std::system_error, std::runtime_error when it is no log at all
  recovery replay(const record_function& apply);

  /// Adds a record to those that the next commit() writes.
  void append(std::string_view record);

  /// Writes what was appended.
  /// @throws std::system_error; then none of it is in the log, or, if not even
  ///   that could be brought about, replay() says what is
  void commit();

  /// Replaces all records by those that `fill` gives to its argument, in one
  /// step: whoever is killed meanwhile leaves either the old or the new ones.
  /// Nothing may wait for a commit.
  /// @throws std::system_error; then the old ones are still there
  void rewrite(const std::function<void(const record_function& put)>& fill);

  const std::filesystem::path& path() const { return path_; }

  /// Of the file, in bytes.
  std::uint64_t size() const { return end_; }

  /// What a record of that size takes in the file.
  static std::uint64_t bytes_of_record(std::size_t size);

private:
  void sync_every_second(const std::stop_token& stop);

  std::filesystem::path path_;
  sync_policy policy_;
  boost::interprocess::file_lock lock_;
  std::uint64_t end_ = 0; ///< of the last whole record
  std::string pending_;   ///< records for the next commit

  std::mutex file_mutex_; ///< guards file_ against being swapped amid a sync
  std::optional<file> file_;

  std::mutex mutex_; ///< guards the two below
  bool unsynced_ = false;
  std::exception_ptr sync_failure_;
  std::condition_variable_any changed_;
  std::jthread syncer_; ///< the last member: it uses the others
};

} // namespace examples::kv
