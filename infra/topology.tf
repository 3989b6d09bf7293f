# The one definition of what connects the functions, and of their settings: the code, the local stack and the tests read the same files.
locals {
  checkout = coalesce(var.checkout, "${path.module}/..")
  sources  = "${local.checkout}/src/regen"
  packages = "${local.checkout}/build/packages"

  topology = jsondecode(file("${local.sources}/topology.json"))
  settings = jsondecode(file("${local.sources}/settings.json"))
  manifest = jsondecode(file("${local.packages}/manifest.json"))

  labels = { app = var.name }

  topics        = toset(local.topology.topics)
  pushes        = { for s in local.topology.push_subscriptions : s.name => s }
  pulls         = { for s in local.topology.pull_subscriptions : s.name => s }
  triggers      = { for t in local.topology.firestore_triggers : t.name => t }
  schedules     = { for s in local.topology.schedules : s.name => s }
  function_keys = toset(["coordinator", "verifier", "worker"])

  # The platform accepts this address as a function's audience from the start; the other one is known only afterwards.
  audiences = {
    for key in local.function_keys :
    key => "https://${var.region}-${var.project_id}.cloudfunctions.net/${var.name}-${key}"
  }
  uris = { for key, f in google_cloudfunctions2_function.this : key => f.service_config[0].uri }
}
