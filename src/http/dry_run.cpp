#include "http/dry_run.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "intake/url.h"

namespace imgmill {
namespace {

namespace json = boost::json;

json::value bound_or_null(std::uint64_t bound) {
  return bound == 0 ? json::value() : json::value(bound);
}

json::object json_of(const UploadOptions& options) {
  const Recipe& recipe = options.recipe;
  json::object object;
  object["quality"] =
      recipe.quality == kQualityAuto ? json::value(kQualityAutoWord) : json::value(recipe.quality);
  object["format"] = recipe.format ? names_of(*recipe.format).name : "keep";
  object["max_width"] = bound_or_null(recipe.max_width);
  object["max_height"] = bound_or_null(recipe.max_height);
  object["max_bytes"] = bound_or_null(recipe.max_bytes);
  object["on_invalid"] = options.skip_invalid_rows ? "skip" : "reject";
  object["webhook_url"] =
      options.webhook_url ? json::value(without_credentials(*options.webhook_url)) : json::value();
  return object;
}

json::object json_of(const std::string& url, const UrlSample& sample) {
  json::object object{{"input_url", without_credentials(url)}, {"ok", !sample.fault}};
  object["http_status"] = sample.http_status == 0 ? json::value() : json::value(sample.http_status);
  object["error"] = nullptr;
  if (sample.fault) {
    object["error"] =
        json::object{{"code", code_word(*sample.fault)}, {"message", sample.fault->message}};
  }
  object["format"] = sample.format.empty() ? json::value() : json::value(sample.format);
  object["content_type"] = sample.mime_type.empty() ? json::value() : json::value(sample.mime_type);
  object["bytes"] = sample.bytes ? json::value(*sample.bytes) : json::value();
  return object;
}

json::array hosts_json(const SheetSurvey& survey) {
  json::array hosts;
  for (const HostCount& one : survey.top_hosts) {
    hosts.push_back(json::object{{"host", one.host}, {"urls", one.urls}});
  }
  return hosts;
}

json::array faults_json(const std::vector<RowFault>& faults) {
  json::array list;
  for (const RowFault& fault : faults) {
    list.push_back(
        json::object{{"row", fault.row}, {"column", fault.column}, {"message", fault.message}});
  }
  return list;
}

json::array sample_json(const DryRun& dry_run) {
  json::array sample;
  for (std::size_t i = 0; i < dry_run.samples.size(); ++i) {
    sample.push_back(json_of(dry_run.survey.sample[i], dry_run.samples[i]));
  }
  return sample;
}

}  // namespace

std::string dry_run_json(const DryRun& dry_run) {
  const SheetReport& report = dry_run.report;
  const auto& refusal = dry_run.refusal;
  json::object object{{"dry_run", true}, {"valid", !refusal}};
  object["error"] = refusal ? json::value(refusal->error) : json::value();
  object["detail"] = refusal ? json::value(refusal->detail) : json::value();
  object["rows"] = report.rows;
  object["rows_invalid"] = report.rows_invalid;
  object["total_images"] = report.placements;
  object["distinct_urls"] = dry_run.survey.distinct_urls;
  object["hosts"] = dry_run.survey.hosts;
  object["top_hosts"] = hosts_json(dry_run.survey);
  object["options"] = dry_run.options ? json::value(json_of(*dry_run.options)) : json::value();
  object["errors"] = faults_json(report.faults);
  object["errors_total"] = report.faults_total;
  object["sample"] = sample_json(dry_run);
  return json::serialize(object);
}

}  // namespace imgmill
