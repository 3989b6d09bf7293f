# The weekly refit as a Cloud Run job: only if it is asked for (docs/models.md#every-week). It reads the input tables, publishes
# what passes the gate, and has it used only if `refit_uses` says so.
locals {
  refits     = var.refit ? toset(["refit"]) : toset([])
  refit_name = "${var.name}-refit"

  refit_environment = merge(local.environment, {
    COORDINATOR_URL     = local.uris.coordinator
    PROJECT_ID          = var.project_id
    REGEN_OIDC_AUDIENCE = local.audiences.coordinator
  })
  refit_arguments = concat(["models", "refit", "--from-warehouse", "--features", var.refit_features], var.refit_uses ? ["--use", "--yes"] : [])

  # What `regen models refit --from-warehouse` reads: box scores, and lines by way of views of ours.
  refit_reads  = var.refit ? setunion(["nba_predictions"], local.input_datasets) : toset([])
  refit_inputs = var.refit && local.inputs_from == "views" ? local.input_datasets : toset([])

  coordinators_refit = merge([
    for a in google_service_account.refit : { REGEN_REFIT_ACCOUNT = a.email, REGEN_REFIT_USES = tostring(var.refit_uses) }
  ]...)
}

resource "google_service_account" "refit" {
  for_each     = local.refits
  account_id   = local.refit_name
  display_name = "${var.name} refit: fits models, and publishes what passes the gate"
  depends_on   = [time_sleep.services]
}

resource "google_service_account" "refit_starter" {
  for_each     = local.refits
  account_id   = "${local.refit_name}-starter"
  display_name = "${var.name}: Cloud Scheduler starts the refit"
  depends_on   = [time_sleep.services]
}

resource "google_cloud_run_v2_job" "refit" {
  for_each            = local.refits
  name                = local.refit_name
  location            = var.region
  deletion_protection = false
  labels              = local.labels
  depends_on          = [time_sleep.rights, google_bigquery_table.this]

  template {
    task_count  = 1
    parallelism = 1

    template {
      service_account = google_service_account.refit[each.key].email
      timeout         = "3600s"
      max_retries     = 1

      containers {
        image = var.refit_image
        args  = local.refit_arguments

        resources {
          limits = { cpu = "1", memory = "4Gi" }
        }

        dynamic "env" {
          for_each = local.refit_environment
          content {
            name  = env.key
            value = env.value
          }
        }
      }
    }
  }
}

# Starts it, and may do no more: https://cloud.google.com/run/docs/execute/jobs-on-schedule
resource "google_cloud_run_v2_job_iam_member" "refit" {
  for_each = local.refits
  name     = google_cloud_run_v2_job.refit[each.key].name
  location = var.region
  role     = "roles/run.invoker"
  member   = google_service_account.refit_starter[each.key].member
}

resource "google_cloud_scheduler_job" "refit" {
  for_each         = local.refits
  name             = local.refit_name
  region           = var.region
  schedule         = var.refit_schedule
  time_zone        = "America/New_York"
  paused           = contains(var.paused_schedules, local.refit_name)
  attempt_deadline = "180s"

  retry_config {
    retry_count          = 2
    min_backoff_duration = "30s"
    max_backoff_duration = "300s"
  }

  http_target {
    http_method = "POST"
    uri         = "https://run.googleapis.com/v2/projects/${var.project_id}/locations/${var.region}/jobs/${google_cloud_run_v2_job.refit[each.key].name}:run"

    oauth_token {
      service_account_email = google_service_account.refit_starter[each.key].email
    }
  }
}

resource "google_project_iam_member" "refit_jobs" {
  for_each = local.refits
  project  = var.project_id
  role     = "roles/bigquery.jobUser"
  member   = google_service_account.refit[each.key].member
}

resource "google_bigquery_dataset_iam_member" "refit" {
  for_each   = local.refit_reads
  dataset_id = local.dataset_ids[each.value]
  role       = "roles/bigquery.dataViewer"
  member     = google_service_account.refit["refit"].member
}

# A view is read with the rights of who asks.
resource "google_bigquery_dataset_iam_member" "refit_input" {
  for_each   = local.refit_inputs
  project    = local.input_project
  dataset_id = each.value
  role       = "roles/bigquery.dataViewer"
  member     = google_service_account.refit["refit"].member
}

resource "google_bigquery_dataset_iam_member" "refit_input_view" {
  for_each   = var.refit ? var.input_view_datasets : toset([])
  project    = local.input_project
  dataset_id = each.value
  role       = "roles/bigquery.dataViewer"
  member     = google_service_account.refit["refit"].member
}

# It publishes, and reads back what it has published, and the model in use. Nothing is replaced.
resource "google_storage_bucket_iam_member" "refit" {
  for_each = var.refit ? toset(["objectCreator", "objectViewer"]) : toset([])
  bucket   = google_storage_bucket.models.name
  role     = "roles/storage.${each.value}"
  member   = google_service_account.refit["refit"].member
}
