# The console in the cloud. Nothing here can create anything: every provider is a mock.
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
  project_id        = "demo-project"
  console           = true
  console_viewers   = ["group:data@example.com"]
  console_operators = ["user:Ann@example.com"]
}

run "a_console_behind_iap" {
  command = apply

  assert {
    condition     = google_cloud_run_v2_service.console["console"].iap_enabled && google_cloud_run_v2_service.console["console"].template[0].scaling[0].min_instance_count == 0
    error_message = "Identity-Aware Proxy asks who comes, and nothing runs when no one looks"
  }
  assert {
    condition     = toset(keys(google_iap_web_cloud_run_service_iam_member.console)) == toset(["group:data@example.com", "user:Ann@example.com"])
    error_message = "viewers and operators are let in"
  }
  assert {
    condition     = google_cloudfunctions2_function.this["coordinator"].service_config[0].environment_variables["REGEN_CONSOLE_OPERATORS"] == "ann@example.com"
    error_message = "the coordinator knows who may give orders"
  }
  assert {
    condition     = google_cloudfunctions2_function.this["coordinator"].service_config[0].environment_variables["REGEN_IAP_AUDIENCE"] == "/projects/123456/locations/us-central1/services/regen-console"
    error_message = "an assertion is meant for the console"
  }
  assert {
    condition     = output.console_url == "https://regen-console-123456.us-central1.run.app"
    error_message = "the address is known before the service is"
  }
}

run "a_console_of_a_private_coordinator" {
  command = apply

  variables {
    coordinator_public = false
  }

  assert {
    condition     = contains(keys(google_cloud_run_v2_service_iam_member.coordinator), "console")
    error_message = "the console may invoke a coordinator that is not public"
  }
}

run "an_address_of_its_own" {
  command = apply

  variables {
    console_url = "https://regen.example.com"
  }

  assert {
    condition     = output.console_url == "https://regen.example.com"
    error_message = "a domain that leads to the console is its address"
  }
}
