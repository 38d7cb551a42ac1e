// One image through its steps: fetch → codec → hash and store → Outcome. What can be tried again
// comes back as such, with its time. The database is not touched here.
//
// A coroutine on the engine's thread; hashing and storing run on the blocking pool.
#pragma once

#include <optional>
#include <string>

#include "base/async.h"
#include "db/db.h"
#include "work/engine.h"

namespace imgmill {

struct ImageJob {
  LeaseId lease;
  LeasedImage image;
  Recipe recipe;
  std::string request_id;
  RenditionPlace place;
};

// nullopt: the codec or the fetcher is shutting down and the image was not dealt with.
[[nodiscard]] Task<std::optional<Outcome>> run_image(EngineParts parts, ImageJob job);

// The outcome of a fault: to be tried again when its kind and the tries allow, else failed.
[[nodiscard]] Outcome outcome_of(const FetchFault& fault, const ImageJob& job, Time now);

}  // namespace imgmill
