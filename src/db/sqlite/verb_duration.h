// How long verbs take from asking to answer, waits for the writer or a free reader included.
#pragma once

#include <string_view>

#include "base/metrics.h"

namespace imgmill::sqlite {

[[nodiscard]] inline metrics::Histogram verb_duration(std::string_view kind) {
  return metrics::histogram(
      {"imgmill_db_verb_duration_seconds", "Time of a database call, its waits included."},
      metrics::short_waits(), {{"kind", kind}});
}

}  // namespace imgmill::sqlite
