# Who may call which function. Given on the service below the function, and given again when that is made anew.
locals {
  coordinator_callers = var.coordinator_public ? { everybody = "allUsers" } : merge(
    {
      push      = google_service_account.push["coordinator"].member
      scheduler = google_service_account.scheduler.member
    },
    { for m in var.operators : m => m },
    { for a in google_service_account.console : "console" => a.member },
    { for a in google_service_account.refit : "refit" => a.member },
  )
}

resource "google_cloud_run_v2_service_iam_member" "coordinator" {
  for_each = local.coordinator_callers
  name     = google_cloudfunctions2_function.this["coordinator"].name
  location = var.region
  role     = "roles/run.invoker"
  member   = each.value

  # checkov:skip=CKV_GCP_102:the one public door; its code checks key or signature before it reads a body

  lifecycle {
    replace_triggered_by = [google_cloudfunctions2_function.this["coordinator"].id]
  }
}

resource "google_cloud_run_v2_service_iam_member" "worker" {
  for_each = { push = google_service_account.push["worker"].member }
  name     = google_cloudfunctions2_function.this["worker"].name
  location = var.region
  role     = "roles/run.invoker"
  member   = each.value

  lifecycle {
    replace_triggered_by = [google_cloudfunctions2_function.this["worker"].id]
  }
}

resource "google_cloud_run_v2_service_iam_member" "verifier" {
  for_each = {
    events    = google_service_account.events.member
    push      = google_service_account.push["verifier"].member
    scheduler = google_service_account.scheduler.member
  }
  name     = google_cloudfunctions2_function.this["verifier"].name
  location = var.region
  role     = "roles/run.invoker"
  member   = each.value

  lifecycle {
    replace_triggered_by = [google_cloudfunctions2_function.this["verifier"].id]
  }
}
