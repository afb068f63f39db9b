variable "account_id" {
  description = "The 12 digits of this AWS account."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "An AWS account id has 12 digits."
  }
}

variable "principal_arn" {
  description = "The AWS principal of Portcullis, shown on the connection's set-up page."
  type        = string
}

variable "external_id" {
  description = "The external id Portcullis made for this connection. The role accepts Portcullis only with it."
  type        = string

  validation {
    condition     = length(var.external_id) >= 16
    error_message = "Copy the external id from the connection's set-up page; never make one up."
  }
}
