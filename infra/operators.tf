# The people of the command line: they read, and the coordinator changes things for them. No secret (it holds all keys
# keys: who hands them out reads it), and no Firestore (the coordinator answers from it).
locals {
  operator_roles = toset([
    "roles/bigquery.jobUser",
    "roles/cloudscheduler.viewer",
    "roles/eventarc.viewer",
    "roles/logging.viewer",
    "roles/monitoring.viewer",
    "roles/pubsub.viewer",
    "roles/run.viewer",
  ])
  operators_on_project = { for pair in setproduct(var.operators, local.operator_roles) : "${pair[0]} ${pair[1]}" => { member = pair[0], role = pair[1] } }
  operators_on_datasets = {
    for pair in setproduct(var.operators, setunion(toset([for t in local.output_tables : t.dataset]), local.input_datasets)) :
    "${pair[0]} ${pair[1]}" => { member = pair[0], dataset = pair[1] }
  }
  operators_on_inputs = local.inputs_from == "views" ? {
    for pair in setproduct(var.operators, local.input_datasets) : "${pair[0]} ${pair[1]}" => { member = pair[0], dataset = pair[1] }
  } : {}
}

resource "google_project_iam_member" "operator" {
  for_each = local.operators_on_project
  project  = var.project_id
  role     = each.value.role
  member   = each.value.member
}

resource "google_bigquery_dataset_iam_member" "operator" {
  for_each   = local.operators_on_datasets
  dataset_id = local.dataset_ids[each.value.dataset]
  role       = "roles/bigquery.dataViewer"
  member     = each.value.member
}

# A view is read with the rights of who asks.
resource "google_bigquery_dataset_iam_member" "operator_input" {
  for_each   = local.operators_on_inputs
  project    = local.input_project
  dataset_id = each.value.dataset
  role       = "roles/bigquery.dataViewer"
  member     = each.value.member
}

resource "google_bigquery_dataset_iam_member" "operator_input_view" {
  for_each   = { for pair in setproduct(var.operators, var.input_view_datasets) : join(" ", pair) => pair }
  project    = local.input_project
  dataset_id = each.value[1]
  role       = "roles/bigquery.dataViewer"
  member     = each.value[0]
}

# `regen verify` lists what staging left behind.
resource "google_bigquery_dataset_iam_member" "operator_staging" {
  for_each   = var.operators
  dataset_id = google_bigquery_dataset.staging.dataset_id
  role       = "roles/bigquery.metadataViewer"
  member     = each.value
}
