#include "db/sqlite/writer.h"

#include <latch>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "db/sqlite/readers.h"
#include "db/sqlite/schema.h"
#include "db/sqlite/temp_folder.h"

namespace imgmill::sqlite {
namespace {

int count_commit(void* commits) {
  ++*static_cast<int*>(commits);
  return 0;
}

class SqliteWriter : public testing::Test {
 protected:
  [[nodiscard]] Connection open() {
    Connection connection = Connection::open(folder_ / "db", {}).value();
    EXPECT_TRUE(set_up_writer(connection));
    EXPECT_TRUE(connection.execute("CREATE TABLE IF NOT EXISTS numbers (number INTEGER UNIQUE)"));
    sqlite3_commit_hook(connection.handle(), count_commit, &commits_);
    return connection;
  }

  [[nodiscard]] static Result<void> insert(Connection& connection, int number) {
    return connection.execute("INSERT INTO numbers VALUES (" + std::to_string(number) + ")");
  }

  [[nodiscard]] static Result<std::int64_t> count(Connection& connection) {
    TRY(Statement statement, connection.prepare_once("SELECT count(*) FROM numbers"));
    TRY_VOID(statement.step());
    return statement.integer(0);
  }

  // Starts fn(0), fn(1), … on threads of their own while the writer is held up, so that they come
  // in one group.
  template <class Fn>
  void run_together(Writer& writer, int verbs, Fn fn) {
    std::latch held(1);
    std::latch go(1);
    std::jthread holder([&] {
      EXPECT_TRUE(writer.run(Durability::kAtOnce, [&](Connection&) -> Result<void> {
        held.count_down();
        go.wait();
        return {};
      }));
    });
    held.wait();
    std::vector<std::jthread> threads;
    for (int i = 0; i < verbs; ++i) threads.emplace_back([&fn, i] { fn(i); });
    while (writer.waiting() < static_cast<std::size_t>(verbs)) std::this_thread::yield();
    commits_ = 0;
    go.count_down();
  }

  TempFolder folder_;
  int commits_ = 0;
};

TEST_F(SqliteWriter, VerbsThatWaitTogetherShareOneCommit) {
  Writer writer(open());
  run_together(writer, 8, [&](int i) {
    EXPECT_TRUE(writer.run(Durability::kAtOnce,
                           [i](Connection& connection) { return insert(connection, i); }));
  });
  EXPECT_EQ(writer.run(Durability::kAtOnce, count).value(), 8);
  EXPECT_LE(commits_, 3);  // the holder's own, theirs, and the count's
}

TEST_F(SqliteWriter, AFailedVerbLeavesNoTraceAndHurtsNobody) {
  Writer writer(open());
  run_together(writer, 8, [&](int i) {
    const bool fails = i % 2 == 0;
    const Result<void> done =
        writer.run(Durability::kAtOnce, [&](Connection& connection) -> Result<void> {
          TRY_VOID(insert(connection, i));
          return fails ? Result<void>(fail(ErrorCode::kInvalid, "no")) : Result<void>();
        });
    EXPECT_EQ(done.has_value(), !fails);
  });
  EXPECT_EQ(writer.run(Durability::kAtOnce, count).value(), 4);
}

TEST_F(SqliteWriter, AFailedCommitIsEverybodysAnswerAndTheNextOneWorks) {
  Connection connection = open();
  bool refuse = false;
  sqlite3_commit_hook(
      connection.handle(), [](void* refuses) { return *static_cast<bool*>(refuses) ? 1 : 0; },
      &refuse);
  Writer writer(std::move(connection));
  run_together(writer, 4, [&](int i) {
    EXPECT_FALSE(writer.run(Durability::kAtOnce, [&, i](Connection& c) {
      refuse = true;
      return insert(c, i);
    }));
  });
  EXPECT_TRUE(writer.run(Durability::kAtOnce, [&](Connection& c) {
    refuse = false;
    return insert(c, 1);
  }));
  EXPECT_EQ(writer.run(Durability::kAtOnce, count).value(), 1);
}

TEST_F(SqliteWriter, WhatWaitsAtTheEndIsStillRun) {
  {
    Writer writer(open());
    for (int i = 0; i < 3; ++i) {
      EXPECT_TRUE(writer.run(Durability::kWithNextSync,
                             [i](Connection& connection) { return insert(connection, i); }));
    }
  }
  Connection again = open();
  EXPECT_EQ(count(again).value(), 3);
}

TEST_F(SqliteWriter, ReadersAreHandedToOneThreadAtATimeAndSeeWhatWasAnswered) {
  Writer writer(open());
  std::vector<Connection> connections;
  for (int i = 0; i < 2; ++i) connections.push_back(open());
  Readers readers(std::move(connections));
  std::vector<std::jthread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      EXPECT_TRUE(writer.run(Durability::kWithNextSync,
                             [i](Connection& connection) { return insert(connection, i); }));
      EXPECT_GE(readers.run(count).value(), 1);
    });
  }
  threads.clear();
  EXPECT_EQ(readers.run(count).value(), 6);
}

}  // namespace
}  // namespace imgmill::sqlite
