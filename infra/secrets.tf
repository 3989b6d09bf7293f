# Secrets without their values: a value in Terraform would be in its state. Versions are added by hand.
locals {
  webhook_readers = var.webhook ? toset(["coordinator", "verifier"]) : toset([])
}

resource "google_secret_manager_secret" "api_keys" {
  secret_id           = "${var.name}-api-keys"
  deletion_protection = var.protect
  depends_on          = [time_sleep.services]

  replication {
    auto {}
  }
}

resource "google_secret_manager_secret_iam_member" "api_keys" {
  secret_id = google_secret_manager_secret.api_keys.id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.function["coordinator"].member
}

resource "google_secret_manager_secret" "webhook" {
  count               = var.webhook ? 1 : 0
  secret_id           = "${var.name}-webhook-url"
  deletion_protection = var.protect
  depends_on          = [time_sleep.services]

  replication {
    auto {}
  }
}

resource "google_secret_manager_secret_iam_member" "webhook" {
  for_each  = local.webhook_readers
  secret_id = google_secret_manager_secret.webhook[0].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.function[each.key].member
}
