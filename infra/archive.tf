# What promoted predictions were computed from. It is kept as long as their rows, and rows have no end: nothing deletes an
# object, and no function may replace one.
resource "google_storage_bucket" "inputs" {
  name                        = "${var.project_id}-${var.name}-inputs"
  location                    = var.region
  force_destroy               = !var.protect
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true
  depends_on                  = [time_sleep.services]

  # checkov:skip=CKV_GCP_62:every promotion that writes here is in the audit table; people read it to explain a row
  # checkov:skip=CKV_GCP_63:it logs nowhere, and so not to itself

  versioning {
    enabled = true
  }

  # A row is explained in its first weeks, if ever; later it costs a fifth to keep what it rests on.
  lifecycle_rule {
    action {
      type          = "SetStorageClass"
      storage_class = "COLDLINE"
    }
    condition {
      age                   = 90
      matches_storage_class = ["STANDARD"]
    }
  }
}

resource "google_storage_bucket_iam_member" "inputs_writer" {
  bucket = google_storage_bucket.inputs.name
  role   = "roles/storage.objectCreator"
  member = google_service_account.function["verifier"].member
}

# An upload of what is there already may be refused instead of answered with 412; then the verifier looks whether it is there.
resource "google_storage_bucket_iam_member" "inputs_reader" {
  bucket = google_storage_bucket.inputs.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.function["verifier"].member
}

# `regen explain-row`.
resource "google_storage_bucket_iam_member" "inputs_operator" {
  for_each = var.operators
  bucket   = google_storage_bucket.inputs.name
  role     = "roles/storage.objectViewer"
  member   = each.value
}
