# Published models, by the hash of their content. Rows name the model that made them, and rows have no end: nothing deletes
# an artefact, and no function may replace one. It is empty, and free, until an operator publishes.
resource "google_storage_bucket" "models" {
  name                        = "${var.project_id}-${var.name}-models"
  location                    = var.region
  force_destroy               = !var.protect
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true
  depends_on                  = [time_sleep.services]

  # checkov:skip=CKV_GCP_62:who took a model into use is in the audit table; each row names its model
  # checkov:skip=CKV_GCP_63:it logs nowhere, and so not to itself

  versioning {
    enabled = true
  }
}

# The coordinator looks whether a model is there before a batch pins it, and keeps the release's own for later releases.
resource "google_storage_bucket_iam_member" "models_keeper" {
  bucket = google_storage_bucket.models.name
  role   = "roles/storage.objectCreator"
  member = google_service_account.function["coordinator"].member
}

resource "google_storage_bucket_iam_member" "models_reader" {
  for_each = toset(["coordinator", "worker"])
  bucket   = google_storage_bucket.models.name
  role     = "roles/storage.objectViewer"
  member   = google_service_account.function[each.value].member
}

# `regen models publish`, and `regen explain-row`.
resource "google_storage_bucket_iam_member" "models_operator" {
  for_each = { for pair in setproduct(var.operators, ["objectCreator", "objectViewer"]) : join(" ", pair) => pair }
  bucket   = google_storage_bucket.models.name
  role     = "roles/storage.${each.value[1]}"
  member   = each.value[0]
}
