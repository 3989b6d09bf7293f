# One identity for each function, and one for each caller.
resource "google_service_account" "function" {
  for_each     = local.function_keys
  account_id   = "${var.name}-${each.key}"
  display_name = "${var.name} ${each.key}: runs the function"
  depends_on   = [time_sleep.services]
}

resource "google_service_account" "push" {
  for_each     = local.function_keys
  account_id   = "${var.name}-push-${each.key}"
  display_name = "${var.name}: Pub/Sub calls the ${each.key}"
  depends_on   = [time_sleep.services]
}

resource "google_service_account" "events" {
  account_id   = "${var.name}-events"
  display_name = "${var.name}: Eventarc calls the verifier"
  depends_on   = [time_sleep.services]
}

resource "google_service_account" "scheduler" {
  account_id   = "${var.name}-scheduler"
  display_name = "${var.name}: Cloud Scheduler calls coordinator and verifier"
  depends_on   = [time_sleep.services]
}

resource "google_service_account" "build" {
  account_id   = "${var.name}-build"
  display_name = "${var.name}: builds the functions"
  depends_on   = [time_sleep.services]
}
