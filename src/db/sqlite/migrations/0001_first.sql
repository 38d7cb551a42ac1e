-- The schema of DESIGN: its CHECKs are the state machine. Times are microseconds since 1970, UTC.

CREATE TABLE batches (
  batch         INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice: late outcomes carry it
  request_id    TEXT    NOT NULL UNIQUE,
  state         TEXT    NOT NULL DEFAULT 'receiving'
                CHECK (state IN ('receiving', 'sealed', 'completed', 'failed', 'cancelled')),
  quality       INTEGER NOT NULL CHECK (quality BETWEEN 1 AND 100),
  csv_key       TEXT    NOT NULL,
  webhook_url   TEXT,
  webhook_state TEXT    NOT NULL DEFAULT 'not_sent'
                CHECK (webhook_state IN ('not_sent', 'sent', 'failed')),
  -- Distinct URLs.
  images        INTEGER NOT NULL DEFAULT 0 CHECK (images >= 0),
  images_left   INTEGER NOT NULL DEFAULT 0 CHECK (images_left >= 0),
  images_done   INTEGER NOT NULL DEFAULT 0 CHECK (images_done >= 0),
  -- Places in the CSV: what the API counts.
  placements    INTEGER NOT NULL DEFAULT 0 CHECK (placements >= 0),
  processed     INTEGER NOT NULL DEFAULT 0 CHECK (processed BETWEEN 0 AND placements),
  failed        INTEGER NOT NULL DEFAULT 0 CHECK (failed BETWEEN 0 AND processed),
  bytes_in      INTEGER NOT NULL DEFAULT 0 CHECK (bytes_in >= 0),
  bytes_out     INTEGER NOT NULL DEFAULT 0 CHECK (bytes_out >= 0),
  created_us    INTEGER NOT NULL,
  updated_us    INTEGER NOT NULL,
  started_us    INTEGER,
  finished_us   INTEGER,
  CHECK (images_done + images_left <= images),
  CHECK ((state IN ('completed', 'failed', 'cancelled')) = (finished_us IS NOT NULL)),
  CHECK (state NOT IN ('completed', 'failed') OR images_left = 0),
  CHECK (state <> 'sealed' OR images_left > 0)
) STRICT;

CREATE INDEX batches_receiving ON batches (created_us) WHERE state = 'receiving';

-- An image is finished when it has an outcome, waiting when it is in `waiting`, else queued: this
-- row never changes after the batch is sealed.
CREATE TABLE images (
  batch  INTEGER NOT NULL,
  image  INTEGER NOT NULL CHECK (image >= 0),
  places INTEGER NOT NULL CHECK (places >= 0),  -- placements that share it
  url    TEXT    NOT NULL,
  PRIMARY KEY (batch, image)
) STRICT, WITHOUT ROWID;

CREATE TABLE placements (
  batch         INTEGER NOT NULL,
  number        INTEGER NOT NULL CHECK (number >= 0),  -- CSV order
  image         INTEGER NOT NULL,
  row           INTEGER NOT NULL,
  position      INTEGER NOT NULL,
  serial_number TEXT    NOT NULL,
  product_name  TEXT    NOT NULL,
  PRIMARY KEY (batch, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE outcomes (
  batch      INTEGER NOT NULL,
  image      INTEGER NOT NULL,
  state      TEXT    NOT NULL CHECK (state IN ('done', 'failed', 'cancelled')),
  tries      INTEGER NOT NULL,
  fault      TEXT,
  message    TEXT,
  output_key TEXT,
  format     TEXT,
  width      INTEGER,
  height     INTEGER,
  bytes_in   INTEGER,
  bytes_out  INTEGER,
  PRIMARY KEY (batch, image),
  CHECK ((state = 'done') = (output_key IS NOT NULL)),
  CHECK ((state = 'done') = (fault IS NULL))
) STRICT, WITHOUT ROWID;

-- Up to 32 consecutive images, aligned; the row lives until the last of them is finished or
-- waiting. available_us: free (owner NULL): from when on; held: when the lease runs out.
CREATE TABLE chunks (
  batch        INTEGER NOT NULL,
  first_image  INTEGER NOT NULL,
  images_left  INTEGER NOT NULL CHECK (images_left > 0),
  attempt      INTEGER NOT NULL DEFAULT 0,
  available_us INTEGER NOT NULL DEFAULT 0,
  owner        TEXT,
  PRIMARY KEY (batch, first_image)
) STRICT, WITHOUT ROWID;

CREATE INDEX chunks_available ON chunks (batch, available_us);
CREATE INDEX chunks_held ON chunks (owner) WHERE owner IS NOT NULL;

-- Images to be tried again, leased one by one.
CREATE TABLE waiting (
  batch        INTEGER NOT NULL,
  image        INTEGER NOT NULL,
  tries        INTEGER NOT NULL,
  attempt      INTEGER NOT NULL DEFAULT 0,
  available_us INTEGER NOT NULL,
  owner        TEXT,
  PRIMARY KEY (batch, image)
) STRICT, WITHOUT ROWID;

CREATE INDEX waiting_available ON waiting (batch, available_us);
CREATE INDEX waiting_held ON waiting (owner) WHERE owner IS NOT NULL;

-- One row for each sealed batch that is not final; the lowest turn is next. available_us is never
-- later than the first moment at which the batch has something to lease: a batch with everything
-- leased out costs nothing to pass over.
CREATE TABLE turns (
  batch        INTEGER PRIMARY KEY,
  turn         INTEGER NOT NULL UNIQUE,
  available_us INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE deliveries (
  delivery     INTEGER PRIMARY KEY AUTOINCREMENT,
  batch        INTEGER NOT NULL,
  event_id     TEXT    NOT NULL UNIQUE,
  url          TEXT    NOT NULL,
  state        TEXT    NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'delivered', 'dead')),
  attempt      INTEGER NOT NULL DEFAULT 0,
  available_us INTEGER NOT NULL,
  owner        TEXT,  -- of the lease
  -- The batch as it was when it became final.
  batch_state  TEXT    NOT NULL CHECK (batch_state IN ('completed', 'failed', 'cancelled')),
  placements   INTEGER NOT NULL,
  processed    INTEGER NOT NULL,
  failed       INTEGER NOT NULL,
  finished_us  INTEGER NOT NULL
) STRICT;

CREATE INDEX deliveries_due ON deliveries (available_us) WHERE state = 'queued';
CREATE INDEX deliveries_held ON deliveries (owner) WHERE owner IS NOT NULL;
CREATE INDEX deliveries_of_batch ON deliveries (batch);

CREATE TABLE delivery_attempts (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  delivery    INTEGER NOT NULL,
  at_us       INTEGER NOT NULL,
  http_status INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  error       TEXT    NOT NULL
) STRICT;

CREATE INDEX delivery_attempts_of ON delivery_attempts (delivery);

-- Written by check(): a database that can be read but not written is not ready.
CREATE TABLE heartbeat (
  id    INTEGER PRIMARY KEY CHECK (id = 1),
  at_us INTEGER NOT NULL
) STRICT;
