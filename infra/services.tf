locals {
  services = setunion(local.values.REGEN_TRACING == "otlp" ? ["telemetry.googleapis.com"] : [], var.console ? ["iap.googleapis.com"] : [], [
    "artifactregistry.googleapis.com",
    "bigquery.googleapis.com",
    "bigquerydatatransfer.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudfunctions.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "cloudscheduler.googleapis.com",
    "eventarc.googleapis.com",
    "eventarcpublishing.googleapis.com",
    "firestore.googleapis.com",
    "iam.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "serviceusage.googleapis.com",
    "storage.googleapis.com",
  ])
}

resource "google_project_service" "this" {
  for_each           = local.services
  service            = each.key
  disable_on_destroy = false
}

# An API that was enabled a moment ago still answers that it is not.
resource "time_sleep" "services" {
  depends_on      = [google_project_service.this]
  create_duration = "60s"
}

resource "google_project_service_identity" "eventarc" {
  provider   = google-beta
  service    = "eventarc.googleapis.com"
  depends_on = [time_sleep.services]
}

resource "google_project_service_identity" "pubsub" {
  provider   = google-beta
  service    = "pubsub.googleapis.com"
  depends_on = [time_sleep.services]
}

# Rights take up to two minutes until they hold everywhere; a trigger made before that is refused.
resource "time_sleep" "rights" {
  depends_on = [
    google_artifact_registry_repository_iam_member.build,
    google_project_iam_member.build_logs,
    google_project_iam_member.build_sources,
    google_project_iam_member.event_receiver,
    google_project_iam_member.eventarc_agent,
    google_secret_manager_secret_iam_member.api_keys,
    google_secret_manager_secret_iam_member.webhook,
    google_service_account_iam_member.event_tokens,
    google_service_account_iam_member.push_tokens,
  ]
  create_duration = "120s"
}
