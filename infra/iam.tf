# Rights by member, one at a time: nothing that others have given is taken away.
locals {
  firestore_condition = "resource.name == \"projects/${var.project_id}/databases/${google_firestore_database.this.name}\""

  # Who publishes to what. The worker publishes nothing: it writes into Firestore, and the change is the message.
  publishers = merge([
    for key, topics in {
      coordinator = ["prediction-request", "prediction-verify", "nba-prediction-trigger", "prediction-batch-complete", "nba-phase5-predictions-complete", "prediction-alerts"]
      verifier    = ["prediction-request", "prediction-verify", "nba-prediction-trigger", "prediction-batch-complete", "nba-phase5-predictions-complete", "prediction-alerts"]
    } : { for topic in topics : "${key}.${topic}" => { function = key, topic = topic } }
  ]...)

  # Who changes which table. Predictions are the verifier's alone.
  writers = merge([
    for key, tables in {
      coordinator = ["pending_bdb_games", "prediction_accuracy", "prediction_challengers", "prediction_quality", "statement_locks"]
      verifier    = ["player_prop_predictions", "prediction_challengers", "prediction_regeneration_audit", "prediction_worker_runs", "promotion_fence", "statement_locks"]
    } : { for table in tables : "${key}.${table}" => { function = key, table = table } }
  ]...)

  readers = merge([
    for key in ["coordinator", "verifier"] : {
      for dataset in setunion(toset([for t in local.output_tables : t.dataset]), local.input_datasets) :
      "${key}.${dataset}" => { function = key, dataset = dataset }
    }
  ]...)
  input_readers = local.inputs_from == "views" ? merge([
    for key in ["coordinator", "verifier"] : {
      for dataset in local.input_datasets : "${key}.${dataset}" => { function = key, dataset = dataset }
    }
  ]...) : {}
}

resource "google_project_iam_member" "firestore" {
  for_each = local.function_keys
  project  = var.project_id
  role     = "roles/datastore.user"
  member   = google_service_account.function[each.key].member

  condition {
    title      = "the database of regen only"
    expression = local.firestore_condition
  }
}

resource "google_pubsub_topic_iam_member" "publisher" {
  for_each = local.publishers
  topic    = google_pubsub_topic.this[each.value.topic].id
  role     = "roles/pubsub.publisher"
  member   = google_service_account.function[each.value.function].member
}

resource "google_project_iam_member" "bigquery_jobs" {
  for_each = toset(["coordinator", "verifier"])
  project  = var.project_id
  role     = "roles/bigquery.jobUser"
  member   = google_service_account.function[each.key].member
}

resource "google_bigquery_dataset_iam_member" "reader" {
  for_each   = local.readers
  dataset_id = local.dataset_ids[each.value.dataset]
  role       = "roles/bigquery.dataViewer"
  member     = google_service_account.function[each.value.function].member
}

# A view is read with the rights of who asks.
resource "google_bigquery_dataset_iam_member" "input_reader" {
  for_each   = local.input_readers
  project    = local.input_project
  dataset_id = each.value.dataset
  role       = "roles/bigquery.dataViewer"
  member     = google_service_account.function[each.value.function].member
}

# Datasets that a deployment's own queries for views of inputs read beside the input tables.
resource "google_bigquery_dataset_iam_member" "input_view_reader" {
  for_each   = { for pair in setproduct(["coordinator", "verifier"], var.input_view_datasets) : join(".", pair) => pair }
  project    = local.input_project
  dataset_id = each.value[1]
  role       = "roles/bigquery.dataViewer"
  member     = google_service_account.function[each.value[0]].member
}

resource "google_bigquery_table_iam_member" "writer" {
  for_each   = local.writers
  dataset_id = local.dataset_ids[local.tables[each.value.table].dataset]
  table_id   = each.value.table
  role       = "roles/bigquery.dataEditor"
  member     = google_service_account.function[each.value.function].member
  depends_on = [google_bigquery_table.this]
}

resource "google_bigquery_dataset_iam_member" "staging_editor" {
  dataset_id = google_bigquery_dataset.staging.dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = google_service_account.function["verifier"].member
}

resource "google_bigquery_dataset_iam_member" "staging_lister" {
  dataset_id = google_bigquery_dataset.staging.dataset_id
  role       = "roles/bigquery.metadataViewer"
  member     = google_service_account.function["coordinator"].member
}

resource "google_project_iam_member" "spans" {
  for_each = local.values.REGEN_TRACING == "otlp" ? local.function_keys : toset([])
  project  = var.project_id
  role     = "roles/telemetry.tracesWriter"
  member   = google_service_account.function[each.key].member
}
