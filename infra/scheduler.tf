locals {
  # The sweep comes again in a minute by itself; a start that was missed would not.
  schedule_retries = { regen-start = 5, regen-start-last-call = 5, regen-start-retry = 5, regen-sweep = 0 }
}

resource "google_cloud_scheduler_job" "this" {
  for_each         = local.schedules
  name             = each.key
  region           = var.region
  schedule         = each.value.cron
  time_zone        = each.value.time_zone
  paused           = contains(var.paused_schedules, each.key)
  attempt_deadline = "${var.functions[each.value.service].ack_deadline_seconds}s"
  depends_on       = [time_sleep.services]

  retry_config {
    retry_count          = lookup(local.schedule_retries, each.key, 2)
    min_backoff_duration = "30s"
    max_backoff_duration = "300s"
  }

  http_target {
    http_method = "POST"
    uri         = "${local.uris[each.value.service]}${each.value.path}"
    headers     = { "Content-Type" = "application/json" }
    body        = base64encode(jsonencode(each.value.body))

    oidc_token {
      service_account_email = google_service_account.scheduler.email
      audience              = local.audiences[each.value.service]
    }
  }
}
