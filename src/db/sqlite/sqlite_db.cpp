#include "db/sqlite/sqlite_db.h"

#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "db/sqlite/connection.h"
#include "db/sqlite/readers.h"
#include "db/sqlite/schema.h"
#include "db/sqlite/verbs.h"
#include "db/sqlite/writer.h"

namespace imgmill {

using sqlite::Connection;
using sqlite::Durability;

namespace {

Result<Connection> open_connection(const SqliteOptions& options) {
  TRY(Connection connection, Connection::open(options.file, options.vfs));
  connection.set_busy_timeout(options.busy_timeout);
  return connection;
}

Result<Connection> open_writer(const SqliteOptions& options, const Clock& clock) {
  TRY(Connection connection, open_connection(options));
  TRY_VOID(sqlite::migrate(connection, clock.now()));
  TRY_VOID(sqlite::set_up_writer(connection));
  return connection;
}

Result<std::vector<Connection>> open_readers(const SqliteOptions& options) {
  std::vector<Connection> connections;
  for (int i = 0; i < options.readers; ++i) {
    TRY(Connection connection, open_connection(options));
    TRY_VOID(sqlite::set_up_reader(connection));
    connections.push_back(std::move(connection));
  }
  return connections;
}

std::unexpected<Error> with_file(Error error, const std::filesystem::path& file) {
  if (!error.detail.starts_with(file.native())) {
    error.detail = error.detail.empty() ? file.native()
                                        : fmt::format("{}: {}", file.native(), error.detail);
  }
  return std::unexpected(std::move(error));
}

}  // namespace

Result<std::unique_ptr<SqliteDb>> SqliteDb::open(SqliteOptions options, const Clock& clock) {
  CHECK(options.readers > 0);
  Result<Connection> connection = open_writer(options, clock);
  if (!connection) return with_file(std::move(connection).error(), options.file);
  auto writer = std::make_unique<sqlite::Writer>(*std::move(connection));
  Result<std::vector<Connection>> connections = open_readers(options);
  if (!connections) return with_file(std::move(connections).error(), options.file);
  auto readers = std::make_unique<sqlite::Readers>(*std::move(connections));
  return std::unique_ptr<SqliteDb>(new SqliteDb(std::move(writer), std::move(readers), clock));
}

SqliteDb::SqliteDb(std::unique_ptr<sqlite::Writer> writer, std::unique_ptr<sqlite::Readers> readers,
                   const Clock& clock)
    : clock_(clock), writer_(std::move(writer)), readers_(std::move(readers)) {}

SqliteDb::~SqliteDb() = default;

Result<BatchKey> SqliteDb::open_batch(const NewBatch& batch, Time now) {
  return writer_->run(Durability::kWithNextSync, [&](Connection& connection) {
    return sqlite::open_batch(connection, batch, now);
  });
}

Result<void> SqliteDb::append_images(BatchKey batch, std::span<const NewImage> images,
                                     std::span<const NewPlacement> placements) {
  return writer_->run(Durability::kWithNextSync, [&](Connection& connection) {
    return sqlite::append_images(connection, batch, images, placements);
  });
}

Result<void> SqliteDb::seal_batch(BatchKey batch, Time now) {
  return writer_->run(Durability::kAtOnce, [&](Connection& connection) {
    return sqlite::seal_batch(connection, batch, now);
  });
}

Result<void> SqliteDb::discard_batch(BatchKey batch) {
  for (std::uint32_t slice = 0;; ++slice) {
    TRY(const bool gone, writer_->run(Durability::kWithNextSync, [&](Connection& connection) {
      return sqlite::discard_slice(connection, batch, slice);
    }));
    if (gone) return {};
  }
}

Result<std::vector<Batch>> SqliteDb::find_receiving(Time opened_before) {
  return readers_->run(
      [&](Connection& connection) { return sqlite::find_receiving(connection, opened_before); });
}

Result<std::optional<Batch>> SqliteDb::find_batch(std::string_view request_id) {
  return readers_->run(
      [&](Connection& connection) { return sqlite::find_batch(connection, request_id); });
}

Result<std::vector<PlacementOutput>> SqliteDb::list_outputs(BatchKey batch, std::uint64_t first,
                                                            std::uint32_t limit) {
  return readers_->run([&](Connection& connection) {
    return sqlite::list_outputs(connection, batch, first, limit);
  });
}

Result<std::vector<PlacementFailure>> SqliteDb::list_failures(BatchKey batch, std::uint64_t first,
                                                              std::uint32_t limit) {
  return readers_->run([&](Connection& connection) {
    return sqlite::list_failures(connection, batch, first, limit);
  });
}

Result<std::vector<Batch>> SqliteDb::list_batches(const BatchFilter& only,
                                                  std::optional<BatchKey> before,
                                                  std::uint32_t limit) {
  return readers_->run([&](Connection& connection) {
    return sqlite::list_batches(connection, only, before, limit);
  });
}

Result<PlacementPage> SqliteDb::list_placements(BatchKey batch, std::optional<ImageStatus> only,
                                                std::uint64_t first, std::uint32_t limit) {
  return readers_->run([&](Connection& connection) {
    return sqlite::list_placements(connection, batch, only, first, limit);
  });
}

Result<void> SqliteDb::cancel_batch(BatchKey batch, Time now) {
  TRY_VOID(writer_->run(Durability::kAtOnce, [&](Connection& connection) {
    return sqlite::mark_cancelled(connection, batch, now);
  }));
  TRY_VOID(queue_retried(batch));
  for (;;) {
    TRY(const std::uint32_t images, writer_->run(Durability::kAtOnce, [&](Connection& connection) {
      return sqlite::cancel_slice(connection, batch, now);
    }));
    if (images == 0) return {};
  }
}

Result<void> SqliteDb::retry_batch(BatchKey batch, Time now) {
  TRY(const sqlite::Retriable counted, readers_->run([&](Connection& connection) {
    return sqlite::count_retriable(connection, batch);
  }));
  TRY_VOID(writer_->run(Durability::kAtOnce, [&](Connection& connection) {
    return sqlite::begin_retry(connection, batch, counted, now);
  }));
  return queue_retried(batch);
}

Result<void> SqliteDb::queue_retried(BatchKey batch) {
  for (;;) {
    TRY(const bool more, writer_->run(Durability::kWithNextSync, [&](Connection& connection) {
      return sqlite::retry_slice(connection, batch);
    }));
    if (!more) return {};
  }
}

Result<void> SqliteDb::begin_deletion(BatchKey batch) {
  return writer_->run(Durability::kAtOnce, [&](Connection& connection) {
    return sqlite::begin_deletion(connection, batch);
  });
}

Result<std::vector<Batch>> SqliteDb::find_deleting() {
  return readers_->run([&](Connection& connection) { return sqlite::find_deleting(connection); });
}

Result<std::uint32_t> SqliteDb::begin_deletions(Time finished_before, std::uint32_t limit) {
  return writer_->run(Durability::kAtOnce, [&](Connection& connection) {
    return sqlite::begin_deletions(connection, finished_before, limit);
  });
}

Result<std::vector<StoredRendition>> SqliteDb::list_renditions(BatchKey batch, std::uint32_t first,
                                                               std::uint32_t limit) {
  return readers_->run([&](Connection& connection) {
    return sqlite::list_renditions(connection, batch, first, limit);
  });
}

Result<bool> SqliteDb::erase_slice(BatchKey batch) {
  return writer_->run(Durability::kWithNextSync, [&](Connection& connection) {
    return sqlite::erase_slice(connection, batch);
  });
}

Result<std::vector<Lease>> SqliteDb::lease_images(std::string_view owner, std::uint32_t images_max,
                                                  std::span<const BatchKey> skip, Time now,
                                                  Time until) {
  return writer_->run(Durability::kWithNextSync, [&](Connection& connection) {
    return sqlite::lease_images(connection, owner, images_max, skip, now, until);
  });
}

Result<void> SqliteDb::extend_leases(std::span<const LeaseId> leases, Time until) {
  return writer_->run(Durability::kWithNextSync, [&](Connection& connection) {
    return sqlite::extend_leases(connection, leases, until);
  });
}

Result<FinishReport> SqliteDb::finish_images(std::span<const Outcome> outcomes, Time now) {
  return writer_->run(Durability::kAtOnce, [&](Connection& connection) {
    return sqlite::finish_images(connection, outcomes, now);
  });
}

Result<void> SqliteDb::release_leases(std::string_view owner) {
  return writer_->run(Durability::kWithNextSync, [&](Connection& connection) {
    return sqlite::release_leases(connection, owner);
  });
}

Result<std::vector<Delivery>> SqliteDb::lease_deliveries(std::string_view owner,
                                                         std::uint32_t limit, Time now,
                                                         Time until) {
  return writer_->run(Durability::kWithNextSync, [&](Connection& connection) {
    return sqlite::lease_deliveries(connection, owner, limit, now, until);
  });
}

Result<void> SqliteDb::finish_delivery(const Delivery& delivery, const DeliveryAttempt& attempt,
                                       DeliveryVerdict verdict, std::optional<Time> again_at,
                                       Time now) {
  return writer_->run(Durability::kAtOnce, [&](Connection& connection) {
    return sqlite::finish_delivery(connection, delivery, attempt, verdict, again_at, now);
  });
}

Result<std::vector<RecordedAttempt>> SqliteDb::list_attempts(BatchKey batch, std::uint32_t limit) {
  return readers_->run(
      [&](Connection& connection) { return sqlite::list_attempts(connection, batch, limit); });
}

Result<void> SqliteDb::redeliver(BatchKey batch, Time now) {
  return writer_->run(Durability::kAtOnce, [&](Connection& connection) {
    return sqlite::redeliver(connection, batch, now);
  });
}

Result<std::optional<PastUpload>> SqliteDb::find_upload(std::optional<KeyNumber> owner,
                                                        std::string_view key, Time now) {
  return readers_->run(
      [&](Connection& connection) { return sqlite::find_upload(connection, owner, key, now); });
}

Result<void> SqliteDb::create_key(const NewKey& key, Time now) {
  return writer_->run(Durability::kAtOnce, [&](Connection& connection) {
    return sqlite::create_key(connection, key, now);
  });
}

Result<std::vector<ApiKey>> SqliteDb::list_keys() {
  return readers_->run([](Connection& connection) { return sqlite::list_keys(connection); });
}

Result<void> SqliteDb::revoke_key(KeyNumber key, Time now) {
  return writer_->run(Durability::kAtOnce, [&](Connection& connection) {
    return sqlite::revoke_key(connection, key, now);
  });
}

Result<KeyLookup> SqliteDb::find_key(std::string_view id) {
  return readers_->run([&](Connection& connection) { return sqlite::find_key(connection, id); });
}

Result<void> SqliteDb::touch_key(KeyNumber key, Time now) {
  return writer_->run(Durability::kWithNextSync, [&](Connection& connection) {
    return sqlite::touch_key(connection, key, now);
  });
}

Result<QueueState> SqliteDb::queue_state(Time now) {
  return readers_->run(
      [&](Connection& connection) { return sqlite::queue_state(connection, now); });
}

Result<void> SqliteDb::check() {
  return writer_->run(Durability::kWithNextSync, [&](Connection& connection) -> Result<void> {
    TRY(sqlite::Statement beat, connection.query(sqlite::Query::beat));
    return beat.bind(to_us(clock_.now())).run();
  });
}

}  // namespace imgmill
