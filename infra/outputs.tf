output "api_keys_secret" {
  description = "Secret that takes the API keys as `id:key`, several joined by commas, or one key alone."
  value       = google_secret_manager_secret.api_keys.secret_id
}

output "code_version" {
  description = "What is deployed; `GET /health` and every prediction row name it too."
  value       = local.manifest.code_version
}

output "console_url" {
  description = "Address of the console; null without one."
  value       = local.console_address
}

output "coordinator_url" {
  description = "Address of the coordinator."
  value       = local.uris.coordinator
}

output "datasets" {
  description = "Datasets of outputs, inputs and staging, by their name in the documentation."
  value       = merge(local.dataset_ids, { (local.staging_dataset) = google_bigquery_dataset.staging.dataset_id })
}

output "env" {
  description = "What the command line needs beside the API key, a KEY=value a line: terraform output -raw env > cloud.env"
  value = join("\n", [
    "COORDINATOR_URL=${local.uris.coordinator}",
    "PROJECT_ID=${var.project_id}",
    "REGEN_DATASET_PREFIX=${local.values.REGEN_DATASET_PREFIX}",
    "REGEN_LOCATION=${local.values.REGEN_LOCATION}",
    "REGEN_NAME=${var.name}",
    "REGEN_REGION=${var.region}",
    "",
  ])
}

output "service_accounts" {
  description = "The identity of each function."
  value       = { for key, a in google_service_account.function : key => a.email }
}

output "webhook_secret" {
  description = "Secret that takes the address of the chat webhook; null without one."
  value       = one(google_secret_manager_secret.webhook[*].secret_id)
}
