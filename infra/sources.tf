resource "google_storage_bucket" "sources" {
  name                        = "${var.project_id}-${var.name}-sources"
  location                    = var.region
  force_destroy               = !var.protect
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true
  depends_on                  = [time_sleep.services]

  # checkov:skip=CKV_GCP_62:the bucket holds what this repository holds; who reads it is of no interest
  # checkov:skip=CKV_GCP_63:it logs nowhere, and so not to itself

  versioning {
    enabled = true
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      num_newer_versions = 3
      with_state         = "ARCHIVED"
    }
  }
}

# Named by content: the same code is not deployed again, other code always is, and an older release is one apply away.
resource "google_storage_bucket_object" "package" {
  for_each = local.function_keys
  name     = "${each.key}-${local.manifest.functions[each.key].sha256}.zip"
  bucket   = google_storage_bucket.sources.name
  source   = "${local.packages}/${each.key}.zip"

  lifecycle {
    precondition {
      condition     = filesha256("${local.packages}/${each.key}.zip") == local.manifest.functions[each.key].sha256
      error_message = "build/packages is not what its manifest says. Run: make package"
    }
  }
}

resource "google_artifact_registry_repository" "images" {
  repository_id = var.name
  location      = var.region
  format        = "DOCKER"
  description   = "What Cloud Build makes of the sources"
  depends_on    = [time_sleep.services]

  # checkov:skip=CKV_GCP_84:the images hold no data; Google's own key serves

  cleanup_policies {
    id     = "keep-recent"
    action = "KEEP"
    most_recent_versions {
      keep_count = 3
    }
  }
  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"
    condition {
      older_than = "2592000s"
    }
  }
}

resource "google_artifact_registry_repository_iam_member" "build" {
  repository = google_artifact_registry_repository.images.name
  location   = google_artifact_registry_repository.images.location
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.build.member
}

resource "google_project_iam_member" "build_logs" {
  project = var.project_id
  role    = "roles/logging.logWriter"
  member  = google_service_account.build.member
}

# The platform copies the sources into a bucket of its own before it builds them.
resource "google_project_iam_member" "build_sources" {
  project = var.project_id
  role    = "roles/storage.objectViewer"
  member  = google_service_account.build.member

  condition {
    title      = "sources of functions only"
    expression = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-\") || resource.name.startsWith(\"projects/_/buckets/gcf-v2-uploads-\")"
  }
}
