#include "db/sqlite/writer.h"

#include <algorithm>

#include "base/log.h"
#include "base/test_point.h"

namespace imgmill::sqlite {
namespace {

// 16 MB of 4 KB pages: long enough to write a page changed many times once, short enough for a
// quick start after a crash.
constexpr int kCheckpointPages = 4'096;

int note_wal_pages(void* pages, sqlite3*, const char*, int pages_in_wal) {
  *static_cast<int*>(pages) = pages_in_wal;
  return SQLITE_OK;
}

}  // namespace

Writer::Writer(Connection connection) : connection_(std::move(connection)) {
  sqlite3_wal_hook(connection_.handle(), note_wal_pages, &wal_pages_);
  thread_ = std::thread([this] { loop(); });
}

Writer::~Writer() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  work_.notify_one();
  thread_.join();
}

Result<void> Writer::wait_for(Verb& verb) {
  const metrics::Timer timer(verb_time_);
  std::unique_lock lock(mutex_);
  waiting_.push_back(&verb);
  work_.notify_one();
  verb.changed.wait(lock, [&verb] { return verb.answered; });
  return std::move(verb.answer);
}

std::size_t Writer::waiting() {
  const std::scoped_lock lock(mutex_);
  return waiting_.size();
}

void Writer::loop() {
  for (;;) {
    Group group;
    {
      std::unique_lock lock(mutex_);
      work_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      group.swap(waiting_);
    }
    run_group(group);
    checkpoint_if_long();
  }
}

void Writer::run_group(const Group& group) {
  Result<void> done = begin(group);
  if (done) done = run_all(group);
  if (done) done = commit();
  if (!done) roll_back();
  answer(group, done);
}

Result<void> Writer::begin(const Group& group) {
  const bool sync = std::ranges::any_of(
      group, [](const Verb* verb) { return verb->durability == Durability::kAtOnce; });
  if (sync != syncs_) {
    TRY_VOID(
        connection_.execute(sync ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL"));
    syncs_ = sync;
  }
  return control(Query::begin_writing);
}

Result<void> Writer::run_all(const Group& group) {
  bool any = false;
  for (Verb* verb : group) {
    verb->answer = run_one(*verb, group.size() == 1);
    any = any || verb->answer.has_value();
    // Some errors (a full disk, for one) end the whole transaction: the other verbs share them.
    if (!connection_.in_transaction()) return std::unexpected(verb->answer.error());
  }
  if (!any) roll_back();
  return {};
}

Result<void> Writer::run_one(Verb& verb, bool alone) {
  // Alone, the transaction is savepoint enough.
  if (alone) return verb.run(connection_);
  TRY_VOID(control(Query::start_verb));
  Result<void> done = verb.run(connection_);
  if (!connection_.in_transaction()) return done;
  Result<void> closed = done ? Result<void>{} : control(Query::undo_verb);
  if (closed) closed = control(Query::end_verb);
  if (closed) return done;
  roll_back();
  return closed;
}

Result<void> Writer::control(Query query) {
  TRY(Statement statement, connection_.query(query));
  return statement.run();
}

Result<void> Writer::commit() {
  if (!connection_.in_transaction()) return {};  // nothing succeeded
  TEST_POINT("db.commit.before");
  const metrics::Timer timer(commit_time_);
  TRY_VOID(control(Query::commit));
  TEST_POINT("db.commit.after");
  return {};
}

void Writer::roll_back() {
  if (!connection_.in_transaction()) return;
  if (Result<void> done = connection_.execute("ROLLBACK"); !done) {
    log::error("database transaction could not be rolled back",
               {{"reason", describe(done.error())}});
  }
}

void Writer::answer(const Group& group, const Result<void>& committed) {
  const std::scoped_lock lock(mutex_);
  for (Verb* verb : group) {
    if (!committed && verb->answer) verb->answer = committed;
    verb->answered = true;
    // Under the lock: the caller's Verb is gone as soon as it sees `answered`.
    verb->changed.notify_one();
  }
}

void Writer::checkpoint_if_long() {
  if (wal_pages_ < kCheckpointPages) return;
  wal_pages_ = 0;  // the hook tells again at the next commit
  const int code = sqlite3_wal_checkpoint_v2(connection_.handle(), nullptr,
                                             SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  const bool fails = code != SQLITE_OK && code != SQLITE_BUSY;
  if (fails && !checkpoint_fails_) {
    log::warn("database checkpoint failed; it will be tried again",
              {{"reason", describe(fail_sqlite(connection_.handle()).error())}});
  }
  checkpoint_fails_ = fails;
}

}  // namespace imgmill::sqlite
