locals {
  # Collections whose documents end by themselves. Not `leases`: their tokens must never start again from one.
  expiring = toset(["alerts", "backfills", "excluded", "idempotency", "news_events", "prediction_batches", "requests"])

  # Fields that no query uses are not indexed: each index entry costs a write, and rising values make a hot spot.
  unindexed = {
    alerts             = ["batch_id", "event_id", "game_date", "key", "look", "resolved_at", "resolved_why", "runbook", "schema", "severity", "type", "until", "why"]
    backfills          = ["dates", "metadata", "schema", "updated_at"]
    controls           = ["at", "by", "challenges", "halted", "reason", "schema", "uses"]
    excluded           = ["players"]
    game_dates         = ["carried", "coalesced", "promoted", "schema", "withdrawn"]
    heartbeats         = ["at", "code_version", "live", "trouble"]
    idempotency        = ["answer", "fingerprint", "key"]
    leases             = ["expires_at", "owner", "schema", "token"]
    news_events        = ["events", "last", "schema", "tip_off", "tips", "watched"]
    outbox             = ["attempts", "error", "failing_since", "payload", "published", "schema"]
    outbox_dead        = ["attempts", "batch_id", "due_at", "error", "event_id", "failing_since", "kind", "payload", "published", "schema"]
    prediction_batches = ["challenger_problems", "challengers", "command", "counts", "external_systems", "history", "metadata", "models", "schema", "scope", "slate", "thresholds", "timings", "updated_at", "verdict"]
    requests           = ["challengers", "created_at", "done_at", "error", "given", "inputs", "outcomes", "players", "schema", "systems"]
  }

  firestore_fields = merge(
    { for c in local.expiring : "${c}.expires_at" => { collection = c, field = "expires_at", expires = true } },
    merge([
      for c, fields in local.unindexed : {
        for f in fields : "${c}.${f}" => { collection = c, field = f, expires = false }
      }
    ]...),
  )
}

# Every query of the code is on equalities, or on one field: no composite index is needed (a test keeps this true).
resource "google_firestore_database" "this" {
  name                              = "(default)"
  location_id                       = coalesce(var.firestore_location, var.region)
  type                              = "FIRESTORE_NATIVE"
  delete_protection_state           = var.protect ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  deletion_policy                   = var.protect ? "ABANDON" : "DELETE"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED"
  depends_on                        = [time_sleep.services]

  # A database that was there before stays as it is: another location, edition, key or tag would be a plan to make it anew,
  # and empty.
  lifecycle {
    ignore_changes = [location_id, cmek_config, database_edition, tags]
  }
}

# Beside recovery to any minute of the last seven days: what outlives the database itself.
resource "google_firestore_backup_schedule" "daily" {
  database  = google_firestore_database.this.name
  retention = "604800s"

  daily_recurrence {}
}

resource "google_firestore_field" "this" {
  for_each   = local.firestore_fields
  database   = google_firestore_database.this.name
  collection = each.value.collection
  field      = each.value.field

  index_config {}

  dynamic "ttl_config" {
    for_each = each.value.expires ? [true] : []
    content {}
  }
}
