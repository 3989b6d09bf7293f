variable "console" {
  description = "Whether the console is deployed beside the functions, as a Cloud Run service behind Identity-Aware Proxy."
  type        = bool
  default     = false
  nullable    = false
}

variable "console_viewers" {
  description = "IAM members who may look at the console, such as `group:data@example.com`."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for m in var.console_viewers : can(regex("^(user|group|domain):", m))])
    error_message = "console_viewers: each begins with user:, group: or domain:."
  }
}

variable "console_operators" {
  description = <<-EOT
    People who may look at the console and give orders there, each by the own address, such as `user:ann@example.com`. No
    groups: an assertion of Identity-Aware Proxy names the person and not the groups.
  EOT
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for m in var.console_operators : can(regex("^user:[^@\\s,]+@[^@\\s,]+$", m))])
    error_message = "console_operators: each is user: and an address: an assertion names no groups."
  }
}
