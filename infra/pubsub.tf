resource "google_pubsub_topic" "this" {
  for_each   = local.topics
  name       = each.key
  depends_on = [time_sleep.services]

  # checkov:skip=CKV_GCP_83:messages hold ids, dates and counts; Google's own key serves

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }

  # A topic that was there before keeps its key.
  lifecycle {
    ignore_changes = [kms_key_name]
  }
}

resource "google_pubsub_subscription" "push" {
  for_each                   = local.pushes
  name                       = each.key
  topic                      = google_pubsub_topic.this[each.value.topic].id
  ack_deadline_seconds       = var.functions[each.value.service].ack_deadline_seconds
  message_retention_duration = "604800s"

  expiration_policy {
    ttl = ""
  }

  push_config {
    push_endpoint = "${local.uris[each.value.service]}${each.value.path}"

    oidc_token {
      service_account_email = google_service_account.push[each.value.service].email
      audience              = local.audiences[each.value.service]
    }
  }

  retry_policy {
    minimum_backoff = "${each.value.min_backoff_seconds}s"
    maximum_backoff = "${each.value.max_backoff_seconds}s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.this[each.value.dead_letter_topic].id
    max_delivery_attempts = each.value.max_delivery_attempts
  }

  depends_on = [google_service_account_iam_member.push_tokens]
}

resource "google_pubsub_subscription" "pull" {
  for_each                   = local.pulls
  name                       = each.key
  topic                      = google_pubsub_topic.this[each.value.topic].id
  ack_deadline_seconds       = 60
  message_retention_duration = "604800s"

  expiration_policy {
    ttl = ""
  }
}

# Pub/Sub itself forwards dead letters: it must be allowed to publish them, and to acknowledge the originals.
resource "google_pubsub_topic_iam_member" "dead_letters" {
  for_each = toset([for s in local.topology.push_subscriptions : s.dead_letter_topic])
  topic    = google_pubsub_topic.this[each.key].id
  role     = "roles/pubsub.publisher"
  member   = google_project_service_identity.pubsub.member
}

resource "google_pubsub_subscription_iam_member" "dead_letters" {
  for_each     = local.pushes
  subscription = google_pubsub_subscription.push[each.key].id
  role         = "roles/pubsub.subscriber"
  member       = google_project_service_identity.pubsub.member
}

# And it signs each push in the name of the account that may call the function.
resource "google_service_account_iam_member" "push_tokens" {
  for_each           = local.function_keys
  service_account_id = google_service_account.push[each.key].name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = google_project_service_identity.pubsub.member
}

# Eventarc's own subscription is signed by the same agent. Its role as an agent covers that, unless it was revoked.
resource "google_service_account_iam_member" "event_tokens" {
  service_account_id = google_service_account.events.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = google_project_service_identity.pubsub.member
}
