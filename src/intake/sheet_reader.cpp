#include "intake/sheet_reader.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "intake/csv_tokenizer.h"
#include "intake/fault_text.h"
#include "intake/row_check.h"
#include "intake/sheet_columns.h"
#include "intake/text_decoder.h"

namespace imgmill {

// Bytes -> TextDecoder -> text -> HeaderFinder, then CsvTokenizer -> records -> RowCheck -> sink.
class SheetReader::Impl {
 public:
  Impl(SheetRules rules, SheetSink& sink) : rules_(rules), sink_(sink) {}

  Result<void> feed(std::span<const std::byte> bytes) {
    return once([&] { return take_bytes(bytes); });
  }
  Result<void> finish() {
    return once([&] { return take_end(); });
  }

 private:
  // After a failure, the same failure for ever: what was read cannot be trusted.
  template <class Step>
  Result<void> once(Step step) {
    if (failure_) return std::unexpected(*failure_);
    Result<void> done = step();
    if (!done) failure_ = done.error();
    return done;
  }

  // The first bytes are held back until they are enough to tell another kind of file by.
  Result<void> take_bytes(std::span<const std::byte> bytes) {
    if (first_bytes_.size() < kForeignMarkBytes) {
      const std::size_t missing = kForeignMarkBytes - first_bytes_.size();
      const auto mark = bytes.first(std::min(missing, bytes.size()));
      first_bytes_.append(reinterpret_cast<const char*>(mark.data()), mark.size());
      bytes = bytes.subspan(mark.size());
      if (mark.size() < missing) return {};
      TRY_VOID(decode(std::as_bytes(std::span(first_bytes_))));
    }
    return decode(bytes);
  }

  Result<void> decode(std::span<const std::byte> bytes) {
    while (!bytes.empty()) TRY_VOID(take_decoded(decoder_.next(bytes)));
    return {};
  }

  Result<void> take_decoded(DecodedText decoded) {
    TRY_VOID(take_text(decoded.text));
    if (decoded.fault != TextFault::kNone) return refuse(text_of(decoded.fault, place()));
    return {};
  }

  Result<void> take_text(std::string_view text) {
    if (tokenizer_) return take_records(text);
    auto found = finder_.feed(text);
    if (!found) return refuse(std::move(found).error().text);
    if (!found->has_value()) return {};
    return take_header(**std::move(found));
  }

  Result<void> take_header(FoundHeader found) {
    TRY_VOID(sink_.on_header(found.columns.header));
    check_.emplace(std::move(found.columns), rules_);
    tokenizer_.emplace(std::move(found.tokenizer));
    return take_records(found.rest);
  }

  Result<void> take_records(std::string_view text) {
    while (true) {
      const CsvTokenizer::Step step = tokenizer_->next(text);
      if (step == CsvTokenizer::Step::kMoreText) return {};
      TRY_VOID(take_step(step));
    }
  }

  Result<void> take_step(CsvTokenizer::Step step) {
    if (step == CsvTokenizer::Step::kFault) return refuse(text_of(tokenizer_->fault(), place()));
    if (tokenizer_->blank()) return {};
    return sink_.on_row(check_->check(++rows_, tokenizer_->fields()));
  }

  Result<void> take_end() {
    if (first_bytes_.size() < kForeignMarkBytes) {
      TRY_VOID(decode(std::as_bytes(std::span(first_bytes_))));
    }
    TRY_VOID(take_decoded(decoder_.finish()));
    if (!tokenizer_) {
      auto found = finder_.finish();
      if (!found) return refuse(std::move(found).error().text);
      TRY_VOID(take_header(*std::move(found)));
    }
    if (const auto step = tokenizer_->finish(); step != CsvTokenizer::Step::kMoreText) {
      TRY_VOID(take_step(step));
    }
    if (rows_ == 0) return refuse("there is no data row: only the header was found");
    return {};
  }

  // Without a header the file may be no CSV at all, and that is what should be said then.
  Result<void> refuse(std::string text) const {
    auto foreign = tokenizer_ ? std::nullopt : text_of_foreign_file(first_bytes_);
    return fail(ErrorCode::kInvalid, std::move(foreign).value_or(std::move(text)));
  }

  [[nodiscard]] std::string place() const {
    return tokenizer_ ? fmt::format("data row {}", std::uint64_t{rows_} + 1) : "the header";
  }

  SheetRules rules_;
  SheetSink& sink_;
  TextDecoder decoder_;
  HeaderFinder finder_;
  std::optional<CsvTokenizer> tokenizer_;  // from the header on
  std::optional<RowCheck> check_;          // the same
  std::string first_bytes_;
  std::uint32_t rows_ = 0;
  std::optional<Error> failure_;
};

SheetReader::SheetReader(SheetRules rules, SheetSink& sink)
    : impl_(std::make_unique<Impl>(rules, sink)) {}
SheetReader::~SheetReader() = default;
SheetReader::SheetReader(SheetReader&&) noexcept = default;

Result<void> SheetReader::feed(std::span<const std::byte> bytes) { return impl_->feed(bytes); }
Result<void> SheetReader::finish() { return impl_->finish(); }

}  // namespace imgmill
