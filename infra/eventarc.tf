resource "google_eventarc_trigger" "this" {
  for_each                = local.triggers
  name                    = each.key
  location                = google_firestore_database.this.location_id
  service_account         = google_service_account.events.email
  event_data_content_type = "application/protobuf"
  depends_on              = [time_sleep.rights, google_cloud_run_v2_service_iam_member.verifier]

  matching_criteria {
    attribute = "type"
    value     = each.value.event
  }
  matching_criteria {
    attribute = "database"
    value     = google_firestore_database.this.name
  }
  matching_criteria {
    attribute = "document"
    operator  = "match-path-pattern"
    value     = each.value.document
  }

  destination {
    cloud_run_service {
      service = google_cloudfunctions2_function.this[each.value.service].name
      region  = var.region
      path    = each.value.path
    }
  }
}

resource "google_project_iam_member" "event_receiver" {
  project = var.project_id
  role    = "roles/eventarc.eventReceiver"
  member  = google_service_account.events.member
}

resource "google_project_iam_member" "eventarc_agent" {
  # checkov:skip=CKV_GCP_49:the role is Google's own for its agent, and the agent is refused without it
  project = var.project_id
  role    = "roles/eventarc.serviceAgent"
  member  = google_project_service_identity.eventarc.member
}
