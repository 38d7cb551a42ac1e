#include "intake/csv_tokenizer.h"

#include "base/limits.h"

namespace imgmill {

CsvTokenizer::CsvTokenizer(char delimiter) : delimiter_(delimiter) {
  for (const char stop : {delimiter, '"', '\r', '\n'}) {
    stops_plain_[static_cast<unsigned char>(stop)] = true;
  }
}

CsvTokenizer::Step CsvTokenizer::next(std::string_view& text) {
  if (fault_ != CsvFault::kNone) return Step::kFault;
  if (state_ == State::kDone) {
    text_.clear();
    ends_.clear();
    field_begin_ = 0;
    field_blank_ = true;
    state_ = State::kPlain;
  }
  while (!text.empty() && state_ != State::kDone && fault_ == CsvFault::kNone) take(text);
  return step();
}

CsvTokenizer::Step CsvTokenizer::finish() {
  if (fault_ != CsvFault::kNone) return Step::kFault;
  if (state_ == State::kDone) return Step::kMoreText;
  const bool begun = !text_.empty() || !ends_.empty() || state_ != State::kPlain;
  if (state_ == State::kQuoted) fault_ = CsvFault::kUnclosedQuote;
  if (state_ == State::kCarriageReturn) {
    end_record("\r");
  } else if (fault_ == CsvFault::kNone && begun) {
    end_field('\n');
  }
  return step();
}

CsvTokenizer::Step CsvTokenizer::step() const {
  if (fault_ != CsvFault::kNone) return Step::kFault;
  return state_ == State::kDone ? Step::kRecord : Step::kMoreText;
}

void CsvTokenizer::take(std::string_view& text) {
  switch (state_) {
    case State::kPlain:
      return take_plain(text);
    case State::kQuoted:
      return take_quoted(text);
    case State::kQuoteSeen:
    case State::kClosed:
      return take_after_quote(text);
    case State::kCarriageReturn:
      return take_after_carriage_return(text);
    case State::kDone:
      return;
  }
}

void CsvTokenizer::take_plain(std::string_view& text) {
  std::size_t run = 0;
  while (run < text.size() && !stops_plain_[static_cast<unsigned char>(text[run])]) ++run;
  field_blank_ =
      field_blank_ && text.substr(0, run).find_first_not_of(' ') == std::string_view::npos;
  append(text.substr(0, run));
  if (run == text.size() || fault_ != CsvFault::kNone) return text.remove_prefix(run);
  const char stop = text[run];
  text.remove_prefix(run + 1);
  if (stop != '"') return end_field(stop);
  if (!field_blank_) return append("\"");
  text_.resize(field_begin_);
  state_ = State::kQuoted;
}

void CsvTokenizer::take_quoted(std::string_view& text) {
  const std::size_t quote = text.find('"');
  append(text.substr(0, quote));
  if (quote == std::string_view::npos) return text.remove_prefix(text.size());
  text.remove_prefix(quote + 1);
  state_ = State::kQuoteSeen;
}

void CsvTokenizer::take_after_quote(std::string_view& text) {
  const char next = text.front();
  text.remove_prefix(1);
  if (next == '"' && state_ == State::kQuoteSeen) {
    state_ = State::kQuoted;
    return append("\"");
  }
  if (next == delimiter_ || next == '\r' || next == '\n') return end_field(next);
  state_ = State::kClosed;
  if (next != ' ') fault_ = CsvFault::kTextAfterQuote;
}

void CsvTokenizer::take_after_carriage_return(std::string_view& text) {
  const bool has_line_feed = text.front() == '\n';
  if (has_line_feed) text.remove_prefix(1);
  end_record(has_line_feed ? "\r\n" : "\r");
}

void CsvTokenizer::end_field(char stop) {
  if (ends_.size() == limits::kCsvColumnsMax) {
    fault_ = CsvFault::kTooManyFields;
    return;
  }
  ends_.push_back(text_.size());
  field_begin_ = text_.size();
  field_blank_ = true;
  state_ = stop == '\r' ? State::kCarriageReturn : State::kPlain;
  if (stop == '\n') end_record("\n");
}

void CsvTokenizer::end_record(std::string_view line_ending) {
  fields_.clear();
  std::size_t begin = 0;
  for (const std::size_t end : ends_) {
    fields_.emplace_back(text_.data() + begin, end - begin);
    begin = end;
  }
  line_ending_ = line_ending;
  state_ = State::kDone;
}

// The bound that is reached first is the one that is told, wherever the chunks were cut.
void CsvTokenizer::append(std::string_view run) {
  const std::size_t field_room = limits::kCsvFieldBytesMax - (text_.size() - field_begin_);
  const std::size_t record_room = limits::kCsvRowBytesMax - text_.size();
  if (run.size() <= field_room && run.size() <= record_room) {
    text_.append(run);
  } else if (record_room < field_room) {
    fault_ = CsvFault::kRecordTooLong;
  } else {
    const bool quoted = state_ == State::kQuoted || state_ == State::kQuoteSeen;
    fault_ = quoted ? CsvFault::kQuotedFieldTooLong : CsvFault::kFieldTooLong;
  }
}

}  // namespace imgmill
