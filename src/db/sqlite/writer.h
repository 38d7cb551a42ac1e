// The one thread that writes. Verbs that are waiting when it looks are run in one transaction, each
// in its own savepoint, and are answered after the commit: many callers share one wait for the
// disk.
//
// run() may be called from any thread and blocks until the commit.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/metrics.h"
#include "db/sqlite/connection.h"
#include "db/sqlite/verb_duration.h"

namespace imgmill::sqlite {

// When a verb's effect must outlive a power cut. The end of the process loses neither.
enum class Durability : bool {
  kWithNextSync,  // becomes durable together with the next verb that syncs
  kAtOnce,
};

class Writer {
 public:
  explicit Writer(Connection connection);
  // Runs what is waiting and ends the thread. No run() may start any more.
  ~Writer();

  // What fn(connection) returned, a Result, once it is committed; or the commit's error. A failed
  // fn leaves no trace.
  template <class Fn>
  [[nodiscard]] auto run(Durability durability, Fn fn) -> std::invoke_result_t<Fn&, Connection&> {
    std::optional<std::invoke_result_t<Fn&, Connection&>> result;
    Verb verb(durability, [&](Connection& connection) -> Result<void> {
      result.emplace(fn(connection));
      if (!*result) return std::unexpected(result->error());
      return {};
    });
    TRY_VOID(wait_for(verb));
    return *std::move(result);
  }

  // Verbs that nobody has begun to run.
  [[nodiscard]] std::size_t waiting();

 private:
  struct Verb {
    Verb(Durability how, std::move_only_function<Result<void>(Connection&)> what)
        : durability(how), run(std::move(what)) {}

    Durability durability;
    std::move_only_function<Result<void>(Connection&)> run;
    Result<void> answer;
    bool answered = false;
    std::condition_variable changed;
  };
  using Group = std::vector<Verb*>;

  [[nodiscard]] Result<void> wait_for(Verb& verb);
  void loop();
  void run_group(const Group& group);
  [[nodiscard]] Result<void> begin(const Group& group);
  [[nodiscard]] Result<void> run_one(Verb& verb, bool alone);
  [[nodiscard]] Result<void> run_all(const Group& group);
  [[nodiscard]] Result<void> commit();
  [[nodiscard]] Result<void> control(Query query);
  void roll_back();
  void answer(const Group& group, const Result<void>& committed);
  void checkpoint_if_long();

  Connection connection_;
  bool syncs_ = true;  // PRAGMA synchronous: FULL, else NORMAL
  const metrics::Histogram verb_time_ = verb_duration("write");
  const metrics::Histogram commit_time_ = metrics::histogram(
      {"imgmill_db_commit_duration_seconds", "Time of a commit, its wait for the disk included."},
      metrics::short_waits());
  bool checkpoint_fails_ = false;
  int wal_pages_ = 0;

  std::mutex mutex_;
  std::condition_variable work_;
  Group waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace imgmill::sqlite
