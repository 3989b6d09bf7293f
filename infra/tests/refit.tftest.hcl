# The weekly refit. Nothing here can create anything: every provider is a mock.
mock_provider "google" {
  mock_resource "google_cloudfunctions2_function" {
    defaults = {
      service_config = { uri = "https://function.run.app" }
    }
  }
  mock_resource "google_service_account" {
    defaults = {
      email  = "account@demo-project.iam.gserviceaccount.com"
      member = "serviceAccount:account@demo-project.iam.gserviceaccount.com"
      name   = "projects/demo-project/serviceAccounts/account@demo-project.iam.gserviceaccount.com"
      id     = "projects/demo-project/serviceAccounts/account@demo-project.iam.gserviceaccount.com"
    }
  }
  mock_data "google_project" {
    defaults = { number = "123456" }
  }
}

mock_provider "google-beta" {
  mock_resource "google_project_service_identity" {
    defaults = { member = "serviceAccount:agent@example.iam.gserviceaccount.com" }
  }
}

mock_provider "time" {}

variables {
  project_id  = "demo-project"
  refit       = true
  refit_image = "us-central1-docker.pkg.dev/demo-project/regen-jobs/refit:0.1.0"
}

run "a_refit_that_publishes" {
  command = apply

  assert {
    condition     = google_cloud_run_v2_job.refit["refit"].template[0].template[0].containers[0].args == tolist(["models", "refit", "--from-warehouse", "--features", "regen_v1"])
    error_message = "it publishes what passes, and does not use it"
  }
  assert {
    condition     = google_cloudfunctions2_function.this["coordinator"].service_config[0].environment_variables["REGEN_REFIT_USES"] == "false"
    error_message = "the coordinator takes no order from it"
  }
  assert {
    condition     = endswith(google_cloud_scheduler_job.refit["refit"].http_target[0].uri, "/jobs/regen-refit:run")
    error_message = "the schedule starts it"
  }
}

run "a_refit_that_uses" {
  command = apply

  variables {
    refit_uses     = true
    refit_features = "regen_v2"
    refit_schedule = "0 12 * * 2"
  }

  assert {
    condition     = contains(google_cloud_run_v2_job.refit["refit"].template[0].template[0].containers[0].args, "--use")
    error_message = "what passes is used"
  }
  assert {
    condition     = google_cloudfunctions2_function.this["coordinator"].service_config[0].environment_variables["REGEN_REFIT_USES"] == "true"
    error_message = "the coordinator takes the order"
  }
  assert {
    condition     = google_cloud_scheduler_job.refit["refit"].schedule == "0 12 * * 2"
    error_message = "at the time that is asked for"
  }
}

run "a_refit_of_a_private_coordinator" {
  command = apply

  variables {
    coordinator_public = false
  }

  assert {
    condition     = contains(keys(google_cloud_run_v2_service_iam_member.coordinator), "refit")
    error_message = "the refit may ask a coordinator that is not public"
  }
}

run "no_refit_without_an_image" {
  command = plan

  variables {
    refit_image = null
  }

  expect_failures = [var.refit]
}

run "no_image_without_a_tag" {
  command = plan

  variables {
    refit_image = "us-central1-docker.pkg.dev/demo-project/regen-jobs/refit"
  }

  expect_failures = [var.refit_image]
}

run "off_by_default" {
  command = apply

  variables {
    refit       = false
    refit_image = null
  }

  assert {
    condition     = length(google_cloud_run_v2_job.refit) == 0 && length(google_cloud_scheduler_job.refit) == 0 && length(google_service_account.refit) == 0
    error_message = "nothing is made"
  }
  assert {
    condition     = google_cloudfunctions2_function.this["coordinator"].service_config[0].environment_variables["REGEN_REFIT_ACCOUNT"] == ""
    error_message = "the coordinator lets no account in"
  }
}
