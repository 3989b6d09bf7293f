locals {
  log_metrics = {
    opened = {
      filter = "${local.log_of.coordinator} AND jsonPayload.action=\"open\""
      what   = "Triggers by what became of them"
    }
    verified = {
      filter = "${local.log_of.verifier} AND jsonPayload.action=\"verify\""
      what   = "Verifications by their outcome"
    }
    processed = {
      filter = "${local.log_of.worker} AND jsonPayload.action=\"process\""
      what   = "Requests by what the worker did"
    }
    coverage = {
      filter = "${local.log_of.verifier} AND jsonPayload.action=\"end\" AND jsonPayload.coverage_pct>=0"
      what   = "Coverage that verifications measured, in percent, by how the batch ended"
      value  = "EXTRACT(jsonPayload.coverage_pct)"
    }
    # One line a sweep, and no label: the alert on its absence sees one thing.
    sweeps = {
      filter = "${local.log_of.verifier} AND jsonPayload.action=\"sweep\" AND jsonPayload.outcome=\"swept\""
      what   = "Sweeps that came to their end"
      labels = []
    }
  }

  run_services   = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=monitoring.regex.full_match(\"${var.name}-(${join("|", local.function_keys)})\")"
  log_metric_for = { for key in keys(local.log_metrics) : key => "metric.type=\"logging.googleapis.com/user/${var.name}/${key}\" AND resource.type=\"cloud_run_revision\"" }

  charts = [
    { title = "Triggers, by outcome", filter = local.log_metric_for.opened, aligner = "ALIGN_DELTA", by = "metric.label.outcome" },
    { title = "Verifications, by outcome", filter = local.log_metric_for.verified, aligner = "ALIGN_DELTA", by = "metric.label.outcome" },
    { title = "Requests processed, by outcome", filter = local.log_metric_for.processed, aligner = "ALIGN_DELTA", by = "metric.label.outcome" },
    { title = "Coverage (%), mean of the batches that ended", filter = local.log_metric_for.coverage, aligner = "ALIGN_DELTA", reducer = "REDUCE_MEAN", by = "metric.label.outcome" },
    { title = "Answers, by class", filter = "metric.type=\"run.googleapis.com/request_count\" AND ${local.run_services}", aligner = "ALIGN_RATE", by = "metric.label.response_code_class" },
    { title = "Latency p95 (ms)", filter = "metric.type=\"run.googleapis.com/request_latencies\" AND ${local.run_services}", aligner = "ALIGN_PERCENTILE_95", by = "resource.label.service_name" },
    { title = "Oldest waiting message (s)", filter = "metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\" AND resource.type=\"pubsub_subscription\"", aligner = "ALIGN_MAX", by = "resource.label.subscription_id" },
    { title = "Dead letters", filter = "metric.type=\"pubsub.googleapis.com/subscription/dead_letter_message_count\" AND resource.type=\"pubsub_subscription\"", aligner = "ALIGN_DELTA", by = "resource.label.subscription_id" },
    { title = "Cost: billable instance time (s/s)", filter = "metric.type=\"run.googleapis.com/container/billable_instance_time\" AND ${local.run_services}", aligner = "ALIGN_RATE", by = "resource.label.service_name" },
    { title = "Cost: Firestore writes", filter = "metric.type=\"firestore.googleapis.com/document/write_count\" AND resource.type=\"firestore_instance\"", aligner = "ALIGN_RATE", by = "metric.label.op" },
    { title = "Cost: bytes billed by BigQuery", filter = "metric.type=\"bigquery.googleapis.com/query/statement_scanned_bytes_billed\" AND resource.type=\"global\"", aligner = "ALIGN_DELTA", by = "metric.label.priority" },
  ]

  tiles = [
    for i, chart in local.charts : {
      xPos   = (i % 2) * 24
      yPos   = floor(i / 2) * 12
      width  = 24
      height = 12
      widget = {
        title = chart.title
        xyChart = {
          dataSets = [{
            plotType = "LINE"
            timeSeriesQuery = {
              timeSeriesFilter = {
                filter = chart.filter
                aggregation = {
                  alignmentPeriod    = "300s"
                  perSeriesAligner   = chart.aligner
                  crossSeriesReducer = try(chart.reducer, contains(["ALIGN_MAX", "ALIGN_PERCENTILE_95"], chart.aligner) ? "REDUCE_MAX" : "REDUCE_SUM")
                  groupByFields      = [chart.by]
                }
              }
            }
          }]
        }
      }
    }
  ]
  coverage_tile = {
    xPos   = 0
    yPos   = ceil(length(local.charts) / 2) * 12
    width  = 48
    height = 8
    widget = {
      title = "Coverage of each date"
      text = {
        format  = "MARKDOWN"
        content = "Coverage of each date, against its slate: `regen coverage`, or\n\n    SELECT * FROM `${local.sql_names.nba_predictions}.prediction_coverage` WHERE game_date >= CURRENT_DATE() - 14 ORDER BY game_date DESC"
      }
    }
  }
}

resource "google_logging_metric" "this" {
  for_each         = local.log_metrics
  name             = "${var.name}/${each.key}"
  description      = each.value.what
  filter           = each.value.filter
  value_extractor  = try(each.value.value, null)
  label_extractors = { for label in try(each.value.labels, ["outcome"]) : label => "EXTRACT(jsonPayload.${label})" }
  depends_on       = [time_sleep.services]

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = can(each.value.value) ? "DISTRIBUTION" : "INT64"
    dynamic "labels" {
      for_each = toset(try(each.value.labels, ["outcome"]))
      content {
        key = labels.value
      }
    }
  }

  dynamic "bucket_options" {
    for_each = can(each.value.value) ? [1] : []
    content {
      linear_buckets {
        num_finite_buckets = 21
        width              = 5
        offset             = 0
      }
    }
  }
}

resource "google_monitoring_dashboard" "this" {
  dashboard_json = jsonencode({
    displayName  = var.name
    mosaicLayout = { columns = 48, tiles = concat(local.tiles, [local.coverage_tile]) }
  })
  depends_on = [google_logging_metric.this]
}
