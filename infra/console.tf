# The console as a Cloud Run service behind Identity-Aware Proxy: only if it is asked for (docs/console.md#in-the-cloud).
locals {
  consoles     = var.console ? toset(["console"]) : toset([])
  console_name = "${var.name}-console"
  project      = one(values(data.google_project.this)[*].number)

  # Cloud Run's address by number, which is known before the service exists.
  console_address = var.console ? coalesce(var.console_url, "https://${local.console_name}-${local.project}.${var.region}.run.app") : var.console_url
  console_image   = "${var.region}-docker.pkg.dev/${var.project_id}/${google_artifact_registry_repository.images.repository_id}/console"
  console_base    = "${var.region}-docker.pkg.dev/serverless-runtimes/google-22-full/runtimes/python313"

  # What an assertion is meant for (https://cloud.google.com/iap/docs/signed-headers-howto).
  iap_settings = var.console ? {
    REGEN_CONSOLE_OPERATORS = join(",", [for member in sort(var.console_operators) : lower(trimprefix(member, "user:"))])
    REGEN_IAP_AUDIENCE      = "/projects/${local.project}/locations/${var.region}/services/${local.console_name}"
  } : {}
  coordinators_console = merge(local.iap_settings, { for a in google_service_account.console : "REGEN_CONSOLE_ACCOUNT" => a.email })
  console_environment = merge(local.environment, local.iap_settings, {
    LOG_EXECUTION_ID      = "true"
    REGEN_COORDINATOR_URL = local.uris.coordinator
    REGEN_OIDC_AUDIENCE   = local.audiences.coordinator
  })

  # It reads what operators read, and nothing else; what changes something goes through the coordinator.
  console_reads  = var.console ? setunion(toset([for t in local.output_tables : t.dataset]), local.input_datasets) : toset([])
  console_inputs = var.console && local.inputs_from == "views" ? local.input_datasets : toset([])
}

data "google_project" "this" {
  for_each   = local.consoles
  project_id = var.project_id
  depends_on = [time_sleep.services]
}

resource "google_project_service_identity" "iap" {
  for_each   = local.consoles
  provider   = google-beta
  service    = "iap.googleapis.com"
  depends_on = [time_sleep.services]
}

resource "google_service_account" "console" {
  for_each     = local.consoles
  account_id   = local.console_name
  display_name = "${var.name} console: shows, and asks the coordinator"
  depends_on   = [time_sleep.services]
}

resource "google_storage_bucket_object" "console" {
  for_each = local.consoles
  name     = "console-${local.manifest.functions.console.sha256}.zip"
  bucket   = google_storage_bucket.sources.name
  source   = "${local.packages}/console.zip"

  lifecycle {
    precondition {
      condition     = filesha256("${local.packages}/console.zip") == local.manifest.functions.console.sha256
      error_message = "build/packages is not what its manifest says. Run: make package"
    }
  }
}

# A service is built from the bucket itself; functions are built from the platform's copy.
resource "google_storage_bucket_iam_member" "console_sources" {
  for_each = local.consoles
  bucket   = google_storage_bucket.sources.name
  role     = "roles/storage.objectViewer"
  member   = google_service_account.build.member
}

resource "google_cloud_run_v2_service" "console" {
  for_each            = local.consoles
  name                = local.console_name
  location            = var.region
  description         = "regen ${local.manifest.version}: console"
  ingress             = "INGRESS_TRAFFIC_ALL"
  iap_enabled         = true
  deletion_protection = false
  labels              = local.labels
  depends_on          = [time_sleep.rights, google_storage_bucket_iam_member.console_sources, google_bigquery_table.this]

  build_config {
    source_location          = "gs://${google_storage_bucket.sources.name}/${google_storage_bucket_object.console[each.key].name}"
    function_target          = "main"
    image_uri                = local.console_image
    base_image               = local.console_base
    enable_automatic_updates = true
    service_account          = google_service_account.build.id
  }

  template {
    service_account                  = google_service_account.console[each.key].email
    max_instance_request_concurrency = 16
    timeout                          = "60s"

    scaling {
      min_instance_count = 0
      max_instance_count = 2
    }

    containers {
      image          = local.console_image
      base_image_uri = local.console_base

      resources {
        limits            = { cpu = "1", memory = "512Mi" }
        cpu_idle          = true
        startup_cpu_boost = true
      }

      dynamic "env" {
        for_each = merge(local.console_environment, { REGEN_CONSOLE_URL = local.console_address })
        content {
          name  = env.key
          value = env.value
        }
      }
    }
  }
}

# Who gets in: Identity-Aware Proxy asks, and it alone may invoke the service.
resource "google_cloud_run_v2_service_iam_member" "console" {
  for_each = { for key, agent in google_project_service_identity.iap : key => agent.member }
  name     = google_cloud_run_v2_service.console[each.key].name
  location = var.region
  role     = "roles/run.invoker"
  member   = each.value
}

resource "google_iap_web_cloud_run_service_iam_member" "console" {
  for_each               = var.console ? setunion(var.console_viewers, var.console_operators) : toset([])
  location               = var.region
  cloud_run_service_name = google_cloud_run_v2_service.console["console"].name
  role                   = "roles/iap.httpsResourceAccessor"
  member                 = each.value
}

resource "google_project_iam_member" "console_jobs" {
  for_each = local.consoles
  project  = var.project_id
  role     = "roles/bigquery.jobUser"
  member   = google_service_account.console[each.key].member
}

resource "google_bigquery_dataset_iam_member" "console" {
  for_each   = local.console_reads
  dataset_id = local.dataset_ids[each.value]
  role       = "roles/bigquery.dataViewer"
  member     = google_service_account.console["console"].member
}

# A view is read with the rights of who asks.
resource "google_bigquery_dataset_iam_member" "console_input" {
  for_each   = local.console_inputs
  project    = local.input_project
  dataset_id = each.value
  role       = "roles/bigquery.dataViewer"
  member     = google_service_account.console["console"].member
}

resource "google_bigquery_dataset_iam_member" "console_input_view" {
  for_each   = var.console ? var.input_view_datasets : toset([])
  project    = local.input_project
  dataset_id = each.value
  role       = "roles/bigquery.dataViewer"
  member     = google_service_account.console["console"].member
}
