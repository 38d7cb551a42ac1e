// Outcomes become durable together: the renditions first, then one transaction for all that came
// while the one before was being written. What the database cannot take now is kept and written
// later; what the store cannot make durable is tried again as an image.
//
// Engine thread only; the writing runs on the blocking pool.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "work/engine.h"
#include "work/signal.h"

namespace imgmill {

class Finisher {
 public:
  // Called on the engine's thread after each transaction, with the batches that became final in it,
  // as far as they could be read.
  using Written = std::function<void(std::span<const Outcome>, const FinishReport&,
                                     std::span<const Batch> final_batches)>;

  Finisher(EngineParts parts, const asio::any_io_executor& executor, Written written);

  void add(Outcome outcome);
  // Added and not yet written.
  [[nodiscard]] std::size_t outcomes() const { return pending_.size() + being_written_; }
  // Nothing more will come for now: what is here is written without waiting for company.
  void hurry();
  // Writes until stop().
  [[nodiscard]] Task<void> run();
  // run() returns when everything added has been written, or cannot be for
  // limits::kShutdownDeadline's sake: then the leases lapse and the images are run again.
  void stop();

 private:
  [[nodiscard]] Task<bool> write_pending();

  EngineParts parts_;
  Written written_;
  Signal signal_;
  std::vector<Outcome> pending_;
  std::size_t being_written_ = 0;
  bool hurrying_ = false;
  bool stopping_ = false;
};

}  // namespace imgmill
