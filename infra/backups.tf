# A snapshot of the tables a day, all as of one moment, in a dataset of their own: it outlives a table or a dataset that is
# deleted, and the seven days of BigQuery's time travel. Firestore's are in firestore.tf.
locals {
  backups_dataset = "nba_predictions_backups"
  # A table whose schema file says that it can be made again has no snapshot, and says there why. Upstream's are upstream's.
  backed_tables = { for name, t in local.output_tables : name => t if try(t.made_again, null) == null }

  snapshot_names = {
    project         = var.project_id
    backups         = "${var.project_id}.${google_bigquery_dataset.backups.dataset_id}"
    snapshot_days   = tostring(var.snapshot_days)
    snapshot_tables = join(", ", [for name, t in local.backed_tables : "('${local.dataset_ids[t.dataset]}', '${name}')"])
  }
  snapshot_script = join("", [
    for i, part in split("{", replace(file("${path.module}/sql/snapshot_tables.sql"), "/(?m)^\\s*--[^\\n]*\\n/", "")) :
    i == 0 ? part : "${local.snapshot_names[split("}", part)[0]]}${join("}", slice(split("}", part), 1, length(split("}", part))))}"
  ])

  # What BigQuery asks for a snapshot that expires (https://cloud.google.com/bigquery/docs/table-snapshots-create): no predefined
  # role below the owner of the data has deleteSnapshot, and that owner could delete the tables, too.
  snapshot_permissions = {
    source = [
      "bigquery.tables.createSnapshot",
      "bigquery.tables.deleteSnapshot",
      "bigquery.tables.get",
      "bigquery.tables.getData",
    ]
    target = [
      "bigquery.datasets.get",
      "bigquery.tables.create",
      "bigquery.tables.deleteSnapshot",
      "bigquery.tables.get",
      "bigquery.tables.updateData",
    ]
  }
}

resource "google_bigquery_dataset" "backups" {
  dataset_id                 = "${local.values.REGEN_DATASET_PREFIX}${local.backups_dataset}"
  location                   = local.values.REGEN_LOCATION
  description                = "Snapshots of the tables, one set a day; each expires by itself"
  delete_contents_on_destroy = !var.protect
  depends_on                 = [time_sleep.services]

  # checkov:skip=CKV_GCP_15:rights are given by members, and an access block would take others away
  # checkov:skip=CKV_GCP_81:public sports statistics; Google's own key serves
}

resource "google_service_account" "backups" {
  account_id   = "${var.name}-backups"
  display_name = "${var.name}: takes the snapshots of the tables"
  depends_on   = [time_sleep.services]
}

resource "google_project_iam_custom_role" "snapshots" {
  for_each    = local.snapshot_permissions
  role_id     = "${replace(var.name, "-", "_")}_snapshot_${each.key}"
  title       = "${var.name}: snapshots, ${each.key}"
  permissions = each.value
  depends_on  = [time_sleep.services]
}

resource "google_project_iam_member" "backups_jobs" {
  project = var.project_id
  role    = "roles/bigquery.jobUser"
  member  = google_service_account.backups.member
}

resource "google_bigquery_dataset_iam_member" "backups" {
  dataset_id = google_bigquery_dataset.backups.dataset_id
  role       = google_project_iam_custom_role.snapshots["target"].id
  member     = google_service_account.backups.member
}

resource "google_bigquery_table_iam_member" "backups" {
  for_each   = local.backed_tables
  dataset_id = local.dataset_ids[each.value.dataset]
  table_id   = each.key
  role       = google_project_iam_custom_role.snapshots["source"].id
  member     = google_service_account.backups.member
  depends_on = [google_bigquery_table.this]
}

# Scheduled queries run as this account, in whose name the service's own one signs.
resource "google_project_service_identity" "transfers" {
  provider   = google-beta
  service    = "bigquerydatatransfer.googleapis.com"
  depends_on = [time_sleep.services]
}

resource "google_service_account_iam_member" "backups_tokens" {
  service_account_id = google_service_account.backups.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = google_project_service_identity.transfers.member
}

resource "google_bigquery_data_transfer_config" "snapshots" {
  display_name         = "${var.name}: snapshots of the tables"
  data_source_id       = "scheduled_query"
  location             = local.values.REGEN_LOCATION
  schedule             = "every day 09:30"
  service_account_name = google_service_account.backups.email
  params               = { query = local.snapshot_script }
  depends_on           = [time_sleep.backups]
}

# Rights take up to two minutes until they hold everywhere; the first run follows the making.
resource "time_sleep" "backups" {
  depends_on = [
    google_bigquery_dataset_iam_member.backups,
    google_bigquery_table_iam_member.backups,
    google_project_iam_member.backups_jobs,
    google_service_account_iam_member.backups_tokens,
  ]
  create_duration = "120s"
}
