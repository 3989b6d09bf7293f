locals {
  service_names = { for key in local.function_keys : key => "${var.name}-${key}" }
  log_of        = { for key, name in local.service_names : key => "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${name}\"" }
  log_of_any    = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=~\"^${var.name}-(${join("|", local.function_keys)})$\""

  # A test takes the lines that the code really writes and evaluates each of these filters on them.
  log_alerts = {
    batch_rejected = {
      severity = "ERROR"
      filter   = "${local.log_of.verifier} AND jsonPayload.action=\"verify\" AND jsonPayload.outcome=\"rejected\""
      what     = "A batch did not pass its checks. Every current prediction stayed as it was. See `regen status` and `regen verify`; then `regen redrive`, or `regen promote` with the checks that you accept."
    }
    batch_held = {
      severity = "WARNING"
      filter   = "${local.log_of.verifier} AND jsonPayload.action=\"verify\" AND jsonPayload.outcome=\"held\""
      what     = "A batch passed its checks and waits for a person, as was asked. See `regen diff` for what would move; then `regen promote`, or let it be."
    }
    batch_healed = {
      severity = "WARNING"
      filter   = "${local.log_of.verifier} AND jsonPayload.action=\"sweep\" AND jsonPayload.message=~\"opening_lost|past the deadline\""
      what     = "A batch lost its opener, or did not finish before its deadline, and the sweep ended it. See `regen status`: what is missing is named there."
    }
    dead_letter = {
      severity = "ERROR"
      filter   = "${local.log_of.verifier} AND jsonPayload.action=\"dead_letter\""
      what     = "Pub/Sub gave up on a message. A request has its failed outcome by now; a trigger is on record in the audit table."
    }
    source_late = {
      severity = "WARNING"
      filter   = "${local.log_of_any} AND jsonPayload.action=\"sources\" AND jsonPayload.outcome=\"late\""
      what     = "An input of a date is not complete although its time has come. See `regen sources DATE`: the games that it lacks are named there."
    }
    source_shrunk = {
      severity = "WARNING"
      filter   = "${local.log_of_any} AND jsonPayload.action=\"sources\" AND jsonPayload.outcome=\"shrunk\""
      what     = "An input of a date has far fewer players than usual. See `regen sources DATE`, and look at the input's loader."
    }
    live_quality = {
      severity = "WARNING"
      filter   = "${local.log_of.coordinator} AND jsonPayload.action=\"quality\" AND jsonPayload.outcome=~\"^quality_(bias|skew|lines|drift)$\""
      what     = "Graded predictions are surely beyond a limit: bias, one side, lost lines, or an error that has grown. See `regen quality --beyond`; the runbook has a heading for each `outcome`."
    }
    malformed = {
      severity = "WARNING"
      filter   = "${local.log_of_any} AND jsonPayload.action=\"malformed\""
      what     = "A sender's messages are malformed. The body is in the audit table, event `malformed`."
    }
    snapshots_failed = {
      severity = "ERROR"
      filter   = "resource.type=\"bigquery_dts_config\" AND resource.labels.config_id=\"${reverse(split("/", google_bigquery_data_transfer_config.snapshots.name))[0]}\" AND severity>=ERROR"
      what     = "A table has no snapshot of today. `bq ls --transfer_run CONFIG` has the error; the runbook's section on backups says where CONFIG is. BigQuery itself still has the last seven days."
    }
    unexpected_error = {
      severity = "ERROR"
      # Not the platform's own lines: of requests (every 503 and 504 is an ERROR there, and the code answers 503 on purpose),
      # and of deployments (a revision that does not start; the apply says so, and the old one goes on serving).
      filter = "${local.log_of_any} AND severity>=ERROR AND NOT log_id(\"run.googleapis.com/requests\") AND NOT log_id(\"cloudaudit.googleapis.com/system_event\") AND NOT log_id(\"cloudaudit.googleapis.com/activity\")"
      what   = "An error that the code has no name for, or an alert that the webhook did not take. See the log and Error Reporting."
    }
  }

  # Series differ by revision and by response code, and each would be judged by itself: `by` is what the alert names.
  subscription_of = "resource.type=\"pubsub_subscription\""
  threshold_alerts = {
    parked_messages = {
      severity  = "ERROR"
      filter    = "metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\" AND ${local.subscription_of} AND resource.labels.subscription_id=\"prediction-parked-sub\""
      aligner   = "ALIGN_MAX"
      reducer   = "REDUCE_MAX"
      by        = "resource.label.subscription_id"
      threshold = 0
      duration  = "0s"
      what      = "Not even the verifier could take a dead letter. Read it: `gcloud pubsub subscriptions pull prediction-parked-sub`."
    }
    waiting_messages = {
      severity  = "WARNING"
      filter    = "metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\" AND ${local.subscription_of} AND resource.labels.subscription_id=one_of(${join(",", [for name in keys(local.pushes) : "\"${name}\""])})"
      aligner   = "ALIGN_MAX"
      reducer   = "REDUCE_MAX"
      by        = "resource.label.subscription_id"
      threshold = 600
      duration  = "300s"
      what      = "A message has waited for ten minutes: a function refuses it, or there are too few instances."
    }
    server_errors = {
      severity  = "ERROR"
      filter    = "metric.type=\"run.googleapis.com/request_count\" AND resource.type=\"cloud_run_revision\" AND resource.labels.service_name=one_of(${join(",", [for name in values(local.service_names) : "\"${name}\""])}) AND metric.labels.response_code_class=\"5xx\""
      aligner   = "ALIGN_RATE"
      reducer   = "REDUCE_SUM"
      by        = "resource.label.service_name"
      threshold = 0.1
      duration  = "300s"
      what      = "A function has answered 5xx more than six times a minute for five minutes. Pub/Sub redelivers; see the log for the dependency that fails."
    }
  }
}

locals {
  channels = concat([for c in google_monitoring_notification_channel.email : c.name], sort(var.notification_channels))
}

resource "google_monitoring_notification_channel" "email" {
  for_each     = var.alert_emails
  display_name = "${var.name}: ${each.key}"
  type         = "email"
  labels       = { email_address = each.key }
  depends_on   = [time_sleep.services]
}

resource "google_monitoring_alert_policy" "log" {
  for_each              = local.log_alerts
  display_name          = "${var.name}: ${replace(each.key, "_", " ")}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = local.channels
  depends_on            = [time_sleep.services]

  conditions {
    display_name = replace(each.key, "_", " ")
    condition_matched_log {
      filter = each.value.filter
    }
  }

  alert_strategy {
    auto_close = "86400s"
    notification_rate_limit {
      period = "900s"
    }
  }

  documentation {
    content   = each.value.what
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "threshold" {
  for_each              = local.threshold_alerts
  display_name          = "${var.name}: ${replace(each.key, "_", " ")}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = local.channels
  depends_on            = [google_cloudfunctions2_function.this, google_pubsub_subscription.push, google_pubsub_subscription.pull]

  conditions {
    display_name = replace(each.key, "_", " ")
    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.threshold
      duration        = each.value.duration

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = each.value.aligner
        cross_series_reducer = each.value.reducer
        group_by_fields      = [each.value.by]
      }
    }
  }

  alert_strategy {
    auto_close = "86400s"
  }

  documentation {
    content   = each.value.what
    mime_type = "text/markdown"
  }
}

# An alert on a metric that was made a moment ago is refused: `Cannot find metric`, for up to ten minutes.
resource "time_sleep" "log_metrics" {
  triggers        = { sweeps = google_logging_metric.this["sweeps"].id }
  create_duration = "600s"
}

# Nothing heals a system whose sweep does not come. It is judged by its own line, over all revisions together: the
# verifier answers other calls while the sweep is paused, and a deployment ends the series of the revision before it.
resource "google_monitoring_alert_policy" "sweep_missing" {
  display_name          = "${var.name}: sweep missing"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels
  depends_on            = [google_cloudfunctions2_function.this, google_cloud_scheduler_job.this, time_sleep.log_metrics]

  conditions {
    display_name = "no sweep for ten minutes"
    condition_absent {
      filter   = local.log_metric_for.sweeps
      duration = "600s"

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  # Where the metric goes on with zeros instead of ending, which the platform's documents leave open.
  conditions {
    display_name = "zero sweeps in ten minutes"
    condition_threshold {
      filter          = local.log_metric_for.sweeps
      comparison      = "COMPARISON_LT"
      threshold_value = 1
      duration        = "0s"

      aggregations {
        alignment_period     = "600s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  alert_strategy {
    auto_close = "86400s"
  }

  documentation {
    content   = "No sweep for ten minutes: is the schedule `regen-sweep` paused, or the verifier failing? Until it comes again, batches that died half-way stay so."
    mime_type = "text/markdown"
  }
}
